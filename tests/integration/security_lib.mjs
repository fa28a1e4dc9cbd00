/*
 * What the security tests share: a school of demo data with every kind of caller, requests that are not tidied up on their
 * way out (paths as written, any header, any loopback address as the sender), the table of routes, a little msgpack.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';

import { firstAdmin, firstLogin, login, required, serverFolder, serverRun, skip, start, startServer } from './lib/server.mjs';

export * from './lib/server.mjs';

export const PASSWORD = 'a password for tests';
export const bearer = (token) => ({ authorization: `Bearer ${token}` });
export const cookie = (token) => ({ cookie: `rollcall=${token}` });

// ---- the table of routes ---------------------------------------------------------------------------------------------

export async function readRoutes() {
    const program = path.join(required('ROLLCALL_TEST_BIN'), 'rollcall-routes');
    if (!fs.existsSync(program)) skip(`${program} is missing`);
    const { code, events, stderr } = await start(program, []).done;
    if (code !== 0) throw new Error(`rollcall-routes: ${stderr}`);
    return events;
}

// ---- requests --------------------------------------------------------------------------------------------------------

/** Whatever was answered with an error, of the whole run: judged at the end. */
export const refusals = [];

/**
 * One request on a connection of its own. body: an object (JSON), text or bytes. from: the sender's address. Of an answer
 * without an end, what comes within streamMs. Resolves to {status, headers, text, json}.
 */
export function send(server, method, target, { headers = {}, body, from = '127.0.0.1', streamMs = 150 } = {}) {
    const bytes = body === undefined ? undefined : body instanceof Uint8Array || typeof body === 'string' ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
    const type = body !== undefined && !(body instanceof Uint8Array) ? { 'content-type': 'application/json' } : {};
    const length = bytes ? { 'content-length': bytes.length } : {};
    return new Promise((resolve, reject) => {
        const options = { method, path: target, host: '127.0.0.1', port: server.port, localAddress: from, agent: false, headers: { ...type, ...length, ...headers } };
        const request = http.request(options, (response) => {
            let text = '';
            const done = () => {
                const isJson = (response.headers['content-type'] || '').startsWith('application/json');
                const answer = { status: response.statusCode, headers: response.headers, text, json: isJson && text ? JSON.parse(text) : undefined };
                if (answer.status >= 400) refusals.push({ method, target, ...answer });
                resolve(answer);
            };
            response.setEncoding('utf8').on('data', (chunk) => { text += chunk; }).on('end', done).on('error', done);
            if (/event-stream|x-mixed-replace/.test(response.headers['content-type'] || '')) setTimeout(() => request.destroy(), streamMs);
        });
        request.setTimeout(30000, () => request.destroy(new Error(`${method} ${target}: no answer`)));
        request.on('error', (error) => (request.res ? undefined : reject(error)));
        request.end(bytes);
    });
}

/** Bytes as they are; everything that comes until the server closes, or ms have passed. */
export function raw(server, bytes, { ms = 5000 } = {}) {
    return new Promise((resolve) => {
        let text = '';
        const began = Date.now();
        const socket = net.connect({ port: server.port, host: '127.0.0.1' }, () => socket.write(bytes));
        const timer = setTimeout(() => socket.destroy(), ms);
        socket.setEncoding('latin1').on('data', (chunk) => { text += chunk; }).on('error', () => {});
        socket.on('close', () => { clearTimeout(timer); resolve({ text, status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), ms: Date.now() - began }); });
    });
}

// ---- msgpack, as far as stations speak it ----------------------------------------------------------------------------

function number(value) {
    if (value < 128) return Buffer.from([value]);
    const bytes = Buffer.alloc(9, 0xcf);
    bytes.writeBigUInt64BE(BigInt(value), 1);
    const small = value < 256 ? [0xcc, bytes.subarray(8)] : value < 65536 ? [0xcd, bytes.subarray(7)] : value < 2 ** 32 ? [0xce, bytes.subarray(5)] : [0xcf, bytes.subarray(1)];
    return Buffer.concat([Buffer.from([small[0]]), small[1]]);
}

/** numbers, true/false, texts, bytes, lists, {real: x}, and maps as Map. */
export function pack(value) {
    if (typeof value === 'boolean') return Buffer.from([value ? 0xc3 : 0xc2]);
    if (typeof value === 'number') return number(value);
    if (typeof value === 'string') {
        const text = Buffer.from(value);
        return Buffer.concat([text.length < 32 ? Buffer.from([0xa0 | text.length]) : Buffer.from([0xd9, text.length]), text]);
    }
    if (value instanceof Uint8Array) return Buffer.concat([value.length < 256 ? Buffer.from([0xc4, value.length]) : Buffer.from([0xc5, value.length >> 8, value.length & 255]), value]);
    if (Array.isArray(value)) return Buffer.concat([Buffer.from([0x90 | value.length]), ...value.map(pack)]);
    if (value instanceof Map) return Buffer.concat([Buffer.from([0x80 | value.size]), ...[...value].flatMap(([key, one]) => [pack(key), pack(one)])]);
    const real = Buffer.alloc(4);
    real.writeFloatLE(value.real); /* as records have it */
    return pack(real);
}

/** The message of a struct whose keys are 1, 2, 3 … */
export const message = (...values) => pack(new Map(values.map((value, i) => [i + 1, value])));
export const MSGPACK = { 'content-type': 'application/msgpack' };

// ---- stations --------------------------------------------------------------------------------------------------------

export function pairWith(server, code, { from, key = crypto.generateKeyPairSync('ed25519').publicKey } = {}) {
    const point = key.export({ type: 'spki', format: 'der' }).subarray(-32);
    return send(server, 'POST', '/sync/v1/pair', { headers: MSGPACK, body: new Uint8Array(message(code, point, '1.0')), from });
}

/** A paired station: {id, token, code, sync(method, path, body, headers)}. */
export async function makeStation(school, name, classes) {
    const { station: { id }, code } = await school.admin.post('/api/stations', { name, classes });
    const answer = await pairWith(school.server, code);
    const token = /[\w-]{43}/.exec(answer.text.slice(answer.text.indexOf(id) + id.length))?.[0];
    if (answer.status !== 200 || !token) throw new Error(`pairing: ${answer.status}`);
    const sync = (method, where, body, headers = MSGPACK) => send(school.server, method, `/sync/v1/${where}`, { headers: { ...bearer(token), ...(body ? headers : {}) }, body });
    return { id, token, code, name, sync };
}

// ---- a school --------------------------------------------------------------------------------------------------------

/** Everything secret that was ever handed out: nothing of it may turn up anywhere. */
export const secrets = new Set();

async function makeUser(school, name, role, more = {}) {
    const { one_time_password: once } = await school.admin.post('/api/users', { name, full_name: `Full ${name}`, role, ...more });
    secrets.add(once);
    return { once, login: async () => firstLogin(school.server, name, once, PASSWORD) };
}

/** Another session of somebody. */
export async function again(school, name) {
    const person = await login(school.server, name, PASSWORD);
    secrets.add(person.token);
    return person;
}

/**
 * Demo data of two classes or more, and callers: admin, fresh (an admin who must choose a password), own and foreign
 * (coordinators of class A and B), student and other (of class A), stranger (a student of class B), door (a station of A).
 */
export async function makeSchool({ env = {} } = {}) {
    const data = serverFolder();
    const filled = await serverRun(['demo-data', '--data', data, '--students', '80', '--days', '12']);
    if (filled.code !== 0) throw new Error(filled.stderr);
    const server = await startServer({ data, env });
    const school = { server, admin: await firstAdmin(server) };
    for (const secret of [server.oneTimePassword, PASSWORD, school.admin.token]) secrets.add(secret);
    const { items: classes } = await school.admin.get('/api/classes');
    [school.A, school.B] = classes.map((one) => one.id);
    school.today = (await school.admin.get('/api/me')).school.today;
    const ofClass = async (id) => (await school.admin.get(`/api/students?class=${encodeURIComponent(id)}`)).items;
    school.studentsA = await ofClass(school.A);
    school.studentsB = await ofClass(school.B);
    [school.a1, school.a2] = school.studentsA.map((one) => one.id);
    school.b1 = school.studentsB[0].id;
    const people = { own: ['coordinator', { classes: [school.A] }], foreign: ['coordinator', { classes: [school.B] }], student: ['student', { student_id: school.a1 }], other: ['student', { student_id: school.a2 }], stranger: ['student', { student_id: school.b1 }] };
    for (const [name, [role, more]] of Object.entries(people)) {
        school[name] = await (await makeUser(school, name, role, more)).login();
        secrets.add(school[name].token);
    }
    school.fresh = await login(server, 'fresh', (await makeUser(school, 'fresh', 'admin')).once);
    secrets.add(school.fresh.token);
    school.makeUser = (...words) => makeUser(school, ...words);
    school.door = await makeStation(school, 'Door of A', [school.A]);
    school.gate = await makeStation(school, 'Gate of B', [school.B]);
    for (const station of [school.door, school.gate]) secrets.add(station.token).add(station.code);
    return school;
}

// ---- what no error may tell ------------------------------------------------------------------------------------------

const INSIDE = /\/(tmp|home|work|usr|var|etc)\/|\.[ch]:\d|MDB_|lmdb|jansson|libuv|llhttp|libsodium|argon2|0x[0-9a-f]{6,}|stack|errno|\(null\)|%[sd]\b/i;

/** The first refusal of the run that says more than it may, as text; '' when there is none. */
export function tooTalkative(data) {
    for (const { method, target, status, text, json } of refusals) {
        const where = `${method} ${target.slice(0, 100)} → ${status}: ${text.slice(0, 300)}`;
        if (text.startsWith('{') && json?.error) {
            const { error, ...rest } = json;
            const unknown = Object.keys(error).filter((name) => !['code', 'message', 'field'].includes(name));
            if (unknown.length > 0 || (Object.keys(rest).length > 0 && !('problems' in rest))) return `an unknown field: ${where}`;
        } else if (text !== '' && !target.startsWith('/sync/')) {
            return `no error of ours: ${where}`;
        }
        if (INSIDE.test(json?.error?.message ?? '') || text.includes(data)) return `the inside shows: ${where}`;
        for (const secret of secrets) if (text.includes(secret)) return `a secret: ${where}`;
    }
    return '';
}
