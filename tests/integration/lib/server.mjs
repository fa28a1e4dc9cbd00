/*
 * What the tests of the server share besides lib/program.mjs, which comes along: a real server on a free port with a data
 * folder of its own, people who log in, and listeners to its events.
 */
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

import { folder, noonZone, required, skip, start } from './program.mjs';

export * from './program.mjs';

export const serverProgram = path.join(required('ROLLCALL_TEST_BIN'), 'rollcall-server');
if (!fs.existsSync(serverProgram)) skip(`${serverProgram} is missing`);

/** A promise that fails after so long, with what was waited for. */
export function within(ms, what, promise) {
    let timer;
    const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms); });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Asks again and again until the answer is there (not undefined, false or null), with a deadline. */
export async function eventually(what, ask, ms = 10000) {
    const deadline = Date.now() + ms;
    for (;;) {
        const answer = await ask();
        if (answer) return answer;
        if (Date.now() > deadline) throw new Error(`${what}: not within ${ms} ms`);
        await new Promise((resolve) => setTimeout(resolve, 25));
    }
}

// ---- the program -----------------------------------------------------------------------------------------------------

/** Runs a command of rollcall-server to its end. */
export function serverRun(args, options) {
    return start(serverProgram, args, options).done;
}

/** Runs a command of rollcall-server, which must succeed; the JSON lines that it printed. */
export async function serverJson(args, options) {
    const result = await serverRun([...args, '--json'], options);
    if (result.code !== 0) throw new Error(`rollcall-server ${args.join(' ')}: exit ${result.code ?? result.signal}\n${result.stdout}${result.stderr}`);
    return result.events;
}

/** A data folder with settings: it is noon, so that classes are open and the day does not end. */
export function serverFolder(settings = '') {
    const data = folder('server');
    fs.writeFileSync(path.join(data, 'server.conf'), `[school]\nname = Test School\ntimezone = ${noonZone()}\n${settings}`);
    return data;
}

/**
 * Starts rollcall-server and waits until it listens. The result has url, port, data, oneTimePassword (of "admin", at the
 * first start, else undefined), process (as start() of program.mjs gives it), stop() and kill().
 */
export async function startServer({ data = serverFolder(), args = [], env = {}, listen = '127.0.0.1:0', timeoutS = 300 } = {}) {
    const process_ = start(serverProgram, ['run', '--data', data, '--listen', listen, '--json', ...args], { env, timeoutS });
    const began = Date.now();
    const line = await process_.until((event) => event.listening);
    if (!line) {
        const { code, stderr } = await process_.done;
        throw new Error(`rollcall-server did not start: exit ${code}\n${stderr}`);
    }
    const url = line.listening;
    const first = process_.events.find((event) => event.one_time_password);
    return {
        url, data, process: process_, startedInMs: Date.now() - began,
        port: Number(new URL(url).port),
        oneTimePassword: first?.one_time_password,
        /** Ends it with a signal; its result, which must be exit 0. */
        async stop(signal = 'SIGTERM') {
            process_.child.kill(signal);
            const result = await process_.done;
            if (result.code !== 0) throw new Error(`rollcall-server ended with ${result.code ?? result.signal}\n${result.stderr}`);
            return result;
        },
        async kill() {
            process_.child.kill('SIGKILL');
            await process_.done;
        },
    };
}

// ---- people ----------------------------------------------------------------------------------------------------------

/** A person with a token: ask(method, path, body) → {status, body, headers}; get, post, put, patch, delete throw unless 2xx. */
export class Person {
    constructor(server, token) {
        this.server = server;
        this.token = token;
    }

    async ask(method, where, body, headers = {}) {
        const json = body !== undefined && !(body instanceof Uint8Array);
        const response = await fetch(this.server.url + where, {
            method,
            headers: { ...(this.token ? { authorization: `Bearer ${this.token}` } : {}), ...(json ? { 'content-type': 'application/json' } : {}), ...headers },
            body: json ? JSON.stringify(body) : body,
        });
        const text = await response.text();
        const type = response.headers.get('content-type') || '';
        return { status: response.status, headers: response.headers, body: type.startsWith('application/json') && text ? JSON.parse(text) : text };
    }

    async must(method, where, body) {
        const answer = await this.ask(method, where, body);
        if (answer.status >= 300) throw new Error(`${method} ${where}: ${answer.status} ${JSON.stringify(answer.body)}`);
        return answer.body;
    }

    get(where) { return this.must('GET', where); }
    post(where, body = {}) { return this.must('POST', where, body); }
    put(where, body = {}) { return this.must('PUT', where, body); }
    patch(where, body = {}) { return this.must('PATCH', where, body); }
    delete(where, body) { return this.must('DELETE', where, body); }
}

export async function login(server, username, password) {
    const { token } = await new Person(server).post('/api/auth/login', { username, password });
    return new Person(server, token);
}

/** Logs in with a one-time password and chooses another. */
export async function firstLogin(server, username, oneTimePassword, password = 'a password for tests') {
    const person = await login(server, username, oneTimePassword);
    const { token } = await person.post('/api/auth/change-password', { current: oneTimePassword, new: password });
    return new Person(server, token);
}

export function firstAdmin(server) {
    return firstLogin(server, 'admin', server.oneTimePassword);
}

/** A class that is open all day on every day, with so many students: their ids, "T1-001" … */
export async function makeClass(admin, id = 'T1', count = 2) {
    await admin.put(`/api/classes/${id}`, { coordinator: '', start: '00:00', late_after_min: 1439, close_after_min: 1439, weekdays: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] });
    const ids = Array.from({ length: count }, (_, i) => `${id}-${String(i + 1).padStart(3, '0')}`);
    for (const student of ids) await admin.post('/api/students', { id: student, name: `Student ${student}`, class_id: id });
    return ids;
}

// ---- server-sent events ----------------------------------------------------------------------------------------------

/**
 * Listens to /api/events as a browser does. events: [{event, id, data}] as they came; lastId: what a reconnect would send;
 * until(predicate, ms): the first that fits, with a deadline; cut(): the connection breaks; ended: a promise of how it ended.
 */
export class Listener {
    constructor(person, { lastId = '' } = {}) {
        this.events = [];
        this.lastId = lastId;
        this.comments = 0;
        this.waiting = [];
        this.rest = '';
        const headers = { authorization: `Bearer ${person.token}`, accept: 'text/event-stream', ...(lastId ? { 'last-event-id': lastId } : {}) };
        this.ended = new Promise((resolve) => {
            this.request = http.get(person.server.url + '/api/events', { headers, agent: false }, (response) => {
                this.status = response.statusCode;
                response.setEncoding('utf8');
                response.on('data', (text) => this.take(text));
                response.on('end', () => resolve('end'));
                response.on('error', () => resolve('cut'));
                response.on('close', () => resolve('close'));
            });
            this.request.on('error', () => resolve('cut'));
        });
        this.ended.then(() => {
            this.over = true;
            this.waiting.splice(0).forEach((wait) => wait.resolve(null));
        });
    }

    take(text) {
        const blocks = (this.rest + text).split('\n\n');
        this.rest = blocks.pop();
        for (const block of blocks) {
            const event = { event: 'message', data: '' };
            for (const line of block.split('\n')) {
                const [, name, value] = /^([a-z]*): ?(.*)$/.exec(line) || [null, '', ''];
                if (name) event[name] = value;
                else this.comments++;
            }
            if (event.id !== undefined) this.lastId = event.id;
            if (event.data === '') continue;
            event.data = JSON.parse(event.data);
            event.at = Date.now();
            this.events.push(event);
            for (const wait of this.waiting.filter((one) => one.predicate(event))) {
                this.waiting.splice(this.waiting.indexOf(wait), 1);
                wait.resolve(event);
            }
        }
    }

    async until(predicate, ms = 5000, what = 'an event') {
        const seen = this.events.find(predicate);
        if (seen || this.over) return seen ?? null;
        return within(ms, what, new Promise((resolve) => this.waiting.push({ predicate, resolve })));
    }

    of(kind) {
        return this.events.filter((event) => event.event === kind);
    }

    cut() {
        this.request.destroy();
        return this.ended;
    }
}

export async function listen(person, options) {
    const listener = new Listener(person, options);
    await listener.until((event) => event.event === 'hello', 5000, 'hello');
    return listener;
}
