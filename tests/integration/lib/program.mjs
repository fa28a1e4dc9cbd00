/*
 * What all integration tests share: starting programs, folders of their own, assertions that print both values, and a list
 * of cases with one line each. lib.mjs adds what tests of the station need, lib/server.mjs what tests of the server need.
 *
 * A test is a script: it declares cases by `test(name, body)` and ends with `await report()`. Exit 0: all passed,
 * 1: some failed, 77: nothing could be tested, and why. Words on the command line run only the cases whose names hold
 * them. Everything is bounded: a program that hangs is killed after its deadline, and that fails the case.
 *
 * The environment, set by ctest: ROLLCALL_TEST_BIN (folder of the programs), ROLLCALL_TEST_ROOT (the source tree), and
 * from the machine ROLLCALL_MODELS (folder of the models) and ROLLCALL_MEDIA (folder of the recordings).
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';

const SKIPPED = 77;

export function skip(why) {
    console.log(`skipped: ${why}`);
    process.exit(SKIPPED);
}

export function required(variable) {
    const value = process.env[variable];
    if (!value) skip(`${variable} is not set`);
    return value;
}

export const root = required('ROLLCALL_TEST_ROOT');

// ---- folders ---------------------------------------------------------------------------------------------------------

const scratch = fs.mkdtempSync(path.join(process.env.TMPDIR || os.tmpdir(), 'rollcall-it-'));
let folders = 0;
process.on('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

/** A new empty folder that goes when the test ends. */
export function folder(name = 'dir') {
    const dir = path.join(scratch, `${name}-${++folders}`);
    fs.mkdirSync(dir);
    return dir;
}

export function remove(file) {
    fs.rmSync(file, { recursive: true, force: true });
}

/** A place whose local time is about noon now, so that no test meets the end of a day. */
export function noonZone(now = new Date()) {
    const ahead = 12 - now.getUTCHours(); // hours that local time is ahead; the names of these zones have the sign turned
    return ahead === 0 ? 'Etc/GMT' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
}

/** A copy of a data folder, as if the station had stood still for a moment. */
export function copyFolder(data) {
    const copy = path.join(scratch, `copy-${++folders}`);
    fs.cpSync(data, copy, { recursive: true });
    return copy;
}

// ---- programs --------------------------------------------------------------------------------------------------------

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/* Nothing of the caller's settings reaches the program, and it knows no home but ours. */
function environment(extra) {
    const env = { HOME: scratch, PATH: process.env.PATH, LANG: 'C.UTF-8', TMPDIR: scratch, TERM: 'dumb' };
    for (const name of ['ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS', 'TSAN_OPTIONS'])
        if (process.env[name]) env[name] = process.env[name];
    return { ...env, ...extra };
}

/**
 * Starts a program. The result has `child`, `events` (JSON lines of stdout as they came), `done` (a promise of {code,
 * signal, stdout, stderr, events}), and `until(predicate)`, a promise of the first event that fits, or null at its end.
 */
export function start(program, args, { env = {}, timeoutS = 120, cwd = scratch, stdin = 'ignore' } = {}) {
    const child = spawn(program, args, { env: environment(env), cwd, stdio: [stdin, 'pipe', 'pipe'] });
    const process_ = { child, events: [], stdout: '', stderr: '', hung: false };
    const waiting = [];
    let rest = '';
    running.add(child);
    const deadline = setTimeout(() => {
        process_.hung = true;
        child.kill('SIGKILL');
    }, timeoutS * 1000);
    child.stdout.setEncoding('utf8').on('data', (text) => {
        process_.stdout += text;
        const lines = (rest + text).split('\n');
        rest = lines.pop();
        for (const line of lines) {
            if (!line.startsWith('{')) continue;
            const event = JSON.parse(line);
            process_.events.push(event);
            for (const wait of waiting.slice())
                if (wait.predicate(event)) {
                    waiting.splice(waiting.indexOf(wait), 1);
                    wait.resolve(event);
                }
        }
    });
    child.stderr.setEncoding('utf8').on('data', (text) => { process_.stderr += text; });
    process_.until = (predicate) => {
        const seen = process_.events.find(predicate);
        return seen || process_.over ? Promise.resolve(seen || null) : new Promise((resolve) => waiting.push({ predicate, resolve }));
    };
    process_.done = new Promise((resolve, reject) => {
        child.on('error', reject);
        child.on('close', (code, signal) => {
            clearTimeout(deadline);
            running.delete(child);
            process_.over = true;
            waiting.forEach((wait) => wait.resolve(null));
            const { stdout, stderr, events } = process_;
            if (process_.hung) reject(new Error(`no end after ${timeoutS} s: ${path.basename(program)} ${args.join(' ')}\n${stderr.slice(-2000)}`));
            else if (/(ERROR|WARNING): (Address|Leak|Thread)Sanitizer|runtime error:/.test(stderr)) reject(new Error(`a sanitizer spoke up:\n${stderr.slice(0, 6000)}`));
            else resolve({ code, signal, stdout, stderr, events });
        });
    });
    process_.done.catch(() => {}); // whoever awaits it sees it
    return process_;
}

export function of(events, kind) {
    return events.filter((event) => event.event === kind);
}

// ---- assertions ------------------------------------------------------------------------------------------------------

class Failed extends Error {}

function show(value) {
    return typeof value === 'string' ? JSON.stringify(value) : JSON.stringify(value, null, 1)?.replace(/\n\s*/g, ' ') ?? String(value);
}

export function equal(got, wanted, what) {
    if (!isDeepStrictEqual(got, wanted)) throw new Failed(`${what}: got ${show(got)}, wanted ${show(wanted)}`);
}

export function atLeast(got, least, what) {
    if (!(got >= least)) throw new Failed(`${what}: got ${show(got)}, wanted at least ${show(least)}`);
}

export function atMost(got, most, what) {
    if (!(got <= most)) throw new Failed(`${what}: got ${show(got)}, wanted at most ${show(most)}`);
}

/** text holds each of the words; a word may be a regular expression. */
export function holds(text, words, what) {
    for (const word of [words].flat())
        if (!(word instanceof RegExp ? word.test(text) : text.includes(word))) throw new Failed(`${what}: ${show(text)} does not hold ${word instanceof RegExp ? word : show(word)}`);
}

// ---- cases -----------------------------------------------------------------------------------------------------------

const only = process.argv.slice(2);
const counts = { passed: 0, failed: 0, skipped: 0 };

/** A case of which this machine lacks something. */
export class NotHere extends Error {}

/** Runs a case at once. What its body returns is shown beside its name. */
export async function test(name, body) {
    if (only.length > 0 && !only.some((word) => name.includes(word))) return;
    const began = Date.now();
    const say = (word, rest) => console.log(`${word.padEnd(7)} ${name}${rest ? `: ${rest}` : ''} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
    try {
        const remark = await body();
        counts.passed++;
        say('ok', remark);
    } catch (error) {
        if (error instanceof NotHere) {
            counts.skipped++;
            say('skipped', error.message);
            return;
        }
        counts.failed++;
        say('FAILED', error instanceof Failed ? error.message : error.stack);
    }
}

export function report() {
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    process.exit(counts.failed > 0 ? 1 : counts.passed > 0 ? 0 : SKIPPED);
}

// ---- chance with a seed ----------------------------------------------------------------------------------------------

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function random(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = state;
        t = Math.imul(t ^ (t >>> 15), t | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}
