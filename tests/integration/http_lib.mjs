/*
 * What the tests of the HTTP layer share: the server under test (tests/tools/http-test-server.c), raw connections to it,
 * a strict reader of answers. Unlike lib.mjs it needs neither models nor recordings. Every wait has a deadline.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';

const SKIPPED = 77, DEADLINE_MS = 30000;

export const program = path.join(process.env.ROLLCALL_TEST_BIN || '', 'http-test-server');
if (!fs.existsSync(program)) {
    console.log(`skipped: ${program} is missing`);
    process.exit(SKIPPED);
}
/** A sanitizer makes everything slower and larger. */
export const sanitized = fs.readFileSync(program).includes('__asan_init') || fs.readFileSync(program).includes('__tsan_init');

// ---- assertions and cases --------------------------------------------------------------------------------------------

class Failed extends Error {}
export class NotHere extends Error {}
const show = (value) => JSON.stringify(value);

export function equal(got, wanted, what) {
    if (!isDeepStrictEqual(got, wanted)) throw new Failed(`${what}: got ${show(got)}, wanted ${show(wanted)}`);
}
export function holds(condition, what) {
    if (!condition) throw new Failed(what);
}

const only = process.argv.slice(2);
const counts = { passed: 0, failed: 0, skipped: 0 };
const servers = new Set();

/** Runs a case at once; servers that it started are stopped afterwards, and must end well. */
export async function test(name, body) {
    if (only.length > 0 && !only.some((word) => name.includes(word))) return;
    const began = Date.now();
    const say = (word, rest) => console.log(`${word.padEnd(7)} ${name}${rest ? `: ${rest}` : ''} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
    try {
        const remark = await body();
        for (const server of servers) await server.stop();
        counts.passed++;
        say('ok', remark);
    } catch (error) {
        const skipped = error instanceof NotHere;
        counts[skipped ? 'skipped' : 'failed']++;
        say(skipped ? 'skipped' : 'FAILED', skipped || error instanceof Failed ? error.message : error.stack);
    }
    for (const server of servers) server.child.kill('SIGKILL');
    servers.clear();
}

export function report() {
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    process.exit(counts.failed > 0 ? 1 : counts.passed > 0 ? 0 : SKIPPED);
}

export function within(promise, what, ms = DEADLINE_MS) {
    let timer;
    const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Failed(`${what}: nothing within ${ms} ms`)), ms); });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Asks again until the answer pleases. */
export async function until(ask, what, ms = DEADLINE_MS) {
    const end = Date.now() + ms;
    for (;;) {
        const answer = await ask();
        if (answer) return answer;
        if (Date.now() > end) throw new Failed(`${what}: not within ${ms} ms`);
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
}

// ---- folders ---------------------------------------------------------------------------------------------------------

const scratch = fs.mkdtempSync(path.join(process.env.TMPDIR || os.tmpdir(), 'rollcall-http-'));
process.on('exit', () => {
    for (const server of servers) server.child.kill('SIGKILL');
    fs.rmSync(scratch, { recursive: true, force: true });
});
export const file = (name) => path.join(scratch, name);

// ---- the server ------------------------------------------------------------------------------------------------------

/** Starts the server with words like "idle_timeout_ms=100". */
export async function serve(...words) {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    const server = { child, out: '', err: '', code: undefined };
    child.stdout.setEncoding('utf8').on('data', (text) => { server.out += text; });
    child.stderr.setEncoding('utf8').on('data', (text) => { server.err += text; });
    server.ended = new Promise((resolve) => child.on('close', (code, signal) => { server.code = code ?? signal; resolve(server.code); }));
    server.said = (text) => until(() => server.out.includes(text) || server.code !== undefined, `the server says "${text}"`);
    server.kill = () => child.kill('SIGTERM');
    server.stop = async () => {
        server.kill();
        equal(await within(server.ended, 'the end of the server'), 0, `exit of the server (${server.out}${server.err})`);
        servers.delete(server);
    };
    server.state = async () => JSON.parse((await fetchOne(server, 'GET /state HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).body);
    servers.add(server);
    await server.said('port ');
    server.port = Number(/port (\d+)/.exec(server.out)?.[1]);
    if (server.code !== undefined) servers.delete(server);
    return server;
}

// ---- connections -----------------------------------------------------------------------------------------------------

/** A raw connection: everything that comes is in `bytes`. */
export async function connect(server, options = {}) {
    const socket = net.connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true, ...options });
    return watch(socket, new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject)));
}

export async function watch(socket, ready) {
    const conn = { socket, chunks: [], size: 0, over: false, error: null };
    socket.on('data', (chunk) => { conn.chunks.push(chunk); conn.size += chunk.length; conn.tell?.(); });
    socket.on('end', () => { conn.over = true; conn.tell?.(); });
    socket.on('error', (error) => { conn.error = error.code; });
    socket.on('close', () => { conn.over = true; conn.closed = true; conn.tell?.(); });
    Object.defineProperty(conn, 'text', {
        get() {
            if (conn.chunks.length > 1) conn.chunks = [Buffer.concat(conn.chunks)];
            return conn.chunks.length ? conn.chunks[0].toString('latin1') : '';
        },
    });
    conn.send = (bytes) => new Promise((resolve) => socket.write(Buffer.from(bytes, 'latin1'), resolve));
    conn.until = (condition, what, ms = DEADLINE_MS) => within(new Promise((resolve) => {
        conn.tell = () => { if (condition()) { conn.tell = null; resolve(); } };
        conn.tell();
    }), what, ms);
    conn.closes = (ms) => conn.until(() => conn.over, 'the server closes the connection', ms);
    await within(ready, 'a connection');
    return conn;
}

/** Reads answers off the front of a text. heads: which of them (by number) have no body because they answer HEAD. */
export function answersOf(text, heads = []) {
    const answers = [];
    while (text.length > 0) {
        const end = text.indexOf('\r\n\r\n');
        if (end < 0) break;
        const [first, ...lines] = text.slice(0, end).split('\r\n');
        const match = /^HTTP\/1\.1 (\d{3}) [ -~]+$/.exec(first);
        if (!match) throw new Failed(`no status line: ${show(first)}`);
        const headers = {};
        for (const line of lines) {
            const [, name, value] = /^([A-Za-z-]+): (.*)$/.exec(line) || [];
            if (!name) throw new Failed(`no header line: ${show(line)}`);
            const key = name.toLowerCase();
            headers[key] = key in headers ? `${headers[key]}\n${value}` : value;
        }
        const answer = { status: Number(match[1]), headers, body: '', whole: true };
        let at = end + 4;
        if (heads.includes(answers.length)) {
            // an answer to HEAD
        } else if (headers['transfer-encoding'] === 'chunked') {
            answer.whole = false;
            for (;;) {
                const line = text.indexOf('\r\n', at);
                const size = line < 0 ? NaN : parseInt(text.slice(at, line), 16);
                if (Number.isNaN(size) || text.length < line + 2 + size + 2) break;
                answer.body += text.slice(line + 2, line + 2 + size);
                if (text.slice(line + 2 + size, line + 4 + size) !== '\r\n') throw new Failed('a chunk has no end');
                at = line + 4 + size;
                if (size === 0) { answer.whole = true; break; }
            }
        } else if (answer.status >= 200 && answer.status !== 204 && answer.status !== 304) {
            const length = Number(headers['content-length']);
            if (!/^\d+$/.test(headers['content-length'] || '')) throw new Failed('an answer without Content-Length');
            answer.whole = text.length >= at + length;
            answer.body = text.slice(at, at + length);
            at += length;
        }
        answers.push(answer);
        if (!answer.whole) break;
        text = text.slice(at);
    }
    return answers;
}

export const wholeAnswers = (conn, heads) => answersOf(conn.text, heads).filter((answer) => answer.whole);

/** Sends, and waits for so many whole answers. */
export async function ask(conn, bytes, count = 1, heads = []) {
    const before = wholeAnswers(conn, heads).length;
    await conn.send(bytes);
    await conn.until(() => conn.over || wholeAnswers(conn, heads).length >= before + count, `${count} answers to ${show(bytes.slice(0, 60))}`);
    return wholeAnswers(conn, heads).slice(before);
}

/** One request on a connection of its own. */
export async function fetchOne(server, bytes) {
    const conn = await connect(server);
    const [answer] = await ask(conn, bytes, 1, bytes.startsWith('HEAD') ? [0] : []);
    conn.socket.destroy();
    if (!answer) throw new Failed(`no answer to ${show(bytes.slice(0, 60))}: ${show(conn.text)} ${conn.error}`);
    return answer;
}

export const get = (path_, ...lines) => ['GET ' + path_ + ' HTTP/1.1', 'Host: x', ...lines, '', ''].join('\r\n');
export const post = (path_, body, ...lines) => [`POST ${path_} HTTP/1.1`, 'Host: x', `Content-Length: ${body.length}`, ...lines, '', body].join('\r\n');
