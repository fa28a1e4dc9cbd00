/*
 * Everything that the server does, at once, on four loops, the writer and the threads of passwords and signals: what the
 * thread sanitizer is to look at (packaging/test runs it in its second part). Whether the answers are right is the business
 * of the other tests; here nothing may fail by itself (5xx), no sanitizer may speak up, and the store must be whole.
 */
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';

import { atLeast, equal, eventually, firstAdmin, folder, holds, Listener, login, makeClass, NotHere, Person, report, required, serverFolder, serverJson, serverRun, skip, start, startServer, test, within } from './lib/server.mjs';

const load = path.join(required('ROLLCALL_TEST_BIN'), 'rollcall-load');
if (!fs.existsSync(load)) skip(`${load} is missing`);
const PASSWORDS = ['a password for tests', 'another one for tests'], STATIONS = 3, THREADS = ['--threads', '4'];

// ---- a station that speaks just enough --------------------------------------------------------------------------------

/** A text of msgpack, shorter than 32 bytes. */
const text = (value) => Buffer.concat([Buffer.from([0xa0 | value.length]), Buffer.from(value)]);
const MSGPACK = { 'content-type': 'application/msgpack' };

/** Pairs; a Person whose token is a station's. */
async function pairStation(server, admin, name) {
    const { station, code } = await admin.post('/api/stations', { name, classes: [] });
    const key = generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
    const body = Buffer.concat([Buffer.from([0x83, 1]), text(code), Buffer.from([2, 0xc4, 32]), key, Buffer.from([3]), text('test')]);
    const response = await fetch(`${server.url}/sync/v1/pair`, { method: 'POST', body, headers: MSGPACK });
    equal(response.status, 200, 'pairing');
    const [token] = Buffer.from(await response.arrayBuffer()).toString('latin1').match(/[A-Za-z0-9_-]{43}/);
    return Object.assign(new Person(server, token), { id: station.id });
}

// ---- work that goes on until it is told to end --------------------------------------------------------------------------

/** Runs body again and again, side by side with the others; end() waits for the last. A connection may break at the end. */
class Crowd {
    constructor() {
        this.over = false;
        this.ending = false;
        this.rounds = {};
        this.workers = [];
    }

    add(name, body) {
        this.rounds[name] = 0;
        const worker = (async () => {
            while (!this.over) {
                try {
                    await body(this.rounds[name]);
                    this.rounds[name]++;
                } catch (error) {
                    if (!this.ending) throw Object.assign(error, { message: `${name}: ${error.message}` });
                    return;
                }
            }
        })();
        worker.catch(() => {}); // whoever awaits it sees it
        this.workers.push(worker);
    }

    /** Until everybody has done that much. */
    async busy(rounds, ms) {
        await Promise.race([Promise.all(this.workers), eventually('everybody at work', () => Object.values(this.rounds).every((count) => count >= rounds), ms)]);
    }

    async end() {
        this.over = true;
        await Promise.all(this.workers);
    }
}

const fine = (answer, what) => {
    if (answer.status >= 500 && answer.status !== 503) throw new Error(`${what}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer;
};
const asks = (person, method, where, body, headers) => person.ask(method, where, body, headers).then((answer) => fine(answer, `${method} ${where}`));

const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(6000, 0x55)]);

/** Watches a camera until a frame has come, then hangs up. */
function watchCamera(admin, id, ms) {
    return new Promise((resolve) => {
        let seen = 0;
        const request = http.get(`${admin.server.url}/api/stations/${id}/live`, { agent: false, headers: { authorization: `Bearer ${admin.token}` } }, (response) => {
            response.on('data', (bytes) => {
                seen += bytes.length;
                if (seen > jpeg.length) request.destroy();
            });
            response.on('close', () => resolve(seen)).on('error', () => resolve(seen));
        });
        request.setTimeout(ms, () => request.destroy());
        request.on('error', () => resolve(seen)).on('close', () => resolve(seen));
    });
}

function readers(crowd, admin, id, today) {
    const addresses = ['/api/students?limit=20', `/api/stats?date=${today}`, `/api/rolls?date=${today}&class=T1`, '/api/leaderboard?class=T1', '/api/activity?limit=5',
        '/api/stations', '/metrics', '/healthz', `/api/students/${id}/attendance?month=${today.slice(0, 7)}`, `/api/export/attendance?from=${today}&to=${today}`, '/', '/api/openapi.json'];
    for (const name of ['one', 'two', 'three'])
        crowd.add(`reader ${name}`, (round) => asks(admin, 'GET', addresses[round % addresses.length]));
}

function writers(crowd, admin, [first, second], today) {
    crowd.add('corrections', (round) => asks(admin, 'POST', `/api/rolls/T1/${today}/corrections`, { student_id: first, status: round % 2 ? 'late' : 'excused', reason: `n ${round}` }));
    crowd.add('students', (round) => asks(admin, 'PATCH', `/api/students/${second}`, { name: `Name ${round}` }));
    crowd.add('settings', (round) => asks(admin, 'PATCH', '/api/settings', { school_name: `School ${round}` }));
    crowd.add('closing', (round) => asks(admin, 'POST', `/api/rolls/T1/${today}/${round % 2 ? 'reopen' : 'close'}`, {}));
    crowd.add('imports', (round) => asks(admin, 'POST', `/api/students/import?dry_run=${round % 2}`, { files: [{ name: 'more.csv', text: `id,name,class\nI-${round % 7},Imported ${round},T1\n` }] }));
    crowd.add('coming and going', async () => {
        await asks(admin, 'POST', '/api/students', { id: 'gone', name: 'Gone Soon', class_id: 'T1' });
        await asks(admin, 'DELETE', '/api/students/gone', { confirm: 'gone' });
    });
}

function people(crowd, server) {
    crowd.add('logins', async (round) => {
        const current = PASSWORDS[round % 2], next = PASSWORDS[(round + 1) % 2];
        const person = await login(server, 'cora', current);
        await asks(person, 'GET', '/api/me');
        const { body } = await asks(person, 'POST', '/api/auth/change-password', { current, new: next });
        await asks(new Person(server, body.token), 'POST', '/api/auth/logout', {});
    });
    crowd.add('strangers', (round) => asks(new Person(server, 'x.y.z'), round % 2 ? 'GET' : 'POST', round % 2 ? '/api/me' : '/sync/v1/pair', round % 2 ? undefined : Buffer.from('nothing'), MSGPACK));
}

function stations(crowd, admin, list) {
    for (const [i, station] of list.entries()) {
        let cursor = '';
        crowd.add(`pull ${i}`, async () => {
            const response = await fetch(`${station.server.url}/sync/v1/changes?cursor=${cursor}&wait=1&last=0&camera=clear`, { headers: { authorization: `Bearer ${station.token}` } });
            const body = Buffer.from(await response.arrayBuffer()).toString('latin1');
            cursor = body.match(/[0-9a-f]{32}(\.[0-9a-f]+)+/)?.[0] ?? '';
        });
        crowd.add(`frames ${i}`, () => asks(station, 'POST', '/sync/v1/preview', jpeg, { 'content-type': 'image/jpeg' }));
        crowd.add(`viewer ${i}`, () => watchCamera(admin, station.id, 500));
        crowd.add(`camera ${i}`, (round) => asks(admin, 'POST', `/api/stations/${station.id}/camera`, { on: round % 3 !== 2 }));
    }
    crowd.add('photos', async () => {
        await asks(admin, 'POST', '/api/students/T1-001/consent', { state: 'given', by: 'Latha Nair, mother' });
        const { body } = await asks(admin, 'POST', '/api/students/T1-001/photo', jpeg, { 'content-type': 'image/jpeg' });
        if (!body.job) return;
        await asks(list[0], 'GET', `/sync/v1/jobs/${body.job.id}/photo`);
        const refused = Buffer.concat([Buffer.from([0x86, 1, 0xc2, 2]), text('blurred'), Buffer.from([3]), text('hold still'), Buffer.from([4, 0xc4, 4, 0, 0, 0, 0, 5, 0, 6, 0xc4, 0])]);
        await asks(list[0], 'POST', `/sync/v1/jobs/${body.job.id}/result`, refused, MSGPACK);
        await asks(admin, 'GET', `/api/enrolments/${body.job.id}`);
    });
}

function listeners(crowd, admin) {
    for (let i = 0; i < 5; i++)
        crowd.add(`page ${i}`, async (round) => {
            const page = new Listener(admin, round % 2 ? { lastId: '1' } : {});
            await page.until((event) => event.event === 'hello', 20000, 'hello');
            await Promise.race([page.ended, page.until((event) => event.event === 'correction', 3000, 'an event').catch(() => {})]);
            await page.cut();
        });
}

function push(server, codes) {
    const { port } = new URL(server.url);
    return start(load, ['push', '--port', port, '--events', '1500', '--batch', '50', '--students', '30', ...codes]).done;
}

await test('everything at once, on four loops, until it is stopped', async () => {
    const data = serverFolder();
    const server = await startServer({ data, args: THREADS });
    const admin = await firstAdmin(server);
    const students = await makeClass(admin, 'T1', 3);
    const { today } = (await admin.get('/api/me')).school;
    await admin.post('/api/students/import', { files: [{ name: 's.csv', text: `id,name,class\n${Array.from({ length: 30 }, (_, i) => `S${String(i + 1).padStart(4, '0')},Pushed ${i},6-A\n`).join('')}` }] });
    const cora = await admin.post('/api/users', { name: 'cora', full_name: 'Cora', role: 'coordinator', classes: ['T1'] });
    const first = await login(server, 'cora', cora.one_time_password);
    await first.post('/api/auth/change-password', { current: cora.one_time_password, new: PASSWORDS[0] });
    const list = [];
    for (let i = 0; i < STATIONS; i++) list.push(await pairStation(server, admin, `door ${i}`));
    const codes = [];
    for (let i = 0; i < STATIONS; i++) codes.push((await admin.post('/api/stations', { name: `load ${i}`, classes: [] })).code);

    const crowd = new Crowd();
    readers(crowd, admin, students[0], today);
    writers(crowd, admin, students, today);
    people(crowd, server);
    stations(crowd, admin, list);
    listeners(crowd, admin);
    const pushed = push(server, codes);
    const backup = path.join(folder('backups'), 'one');
    await serverJson(['backup', backup, '--data', data]);
    await serverJson(['station', 'revoke', 'door 2', '--data', data]);
    const result = await pushed;
    equal([result.code, result.stderr], [0, ''], 'the pushes');
    await crowd.busy(4, 40000);
    crowd.ending = true;
    const ended = server.stop();
    await Promise.all([within(15000, 'the end', ended), crowd.end()]);
    for (const store of [data, null]) {
        const dir = store ?? path.join(folder('restored'), 'data');
        if (store === null) equal((await serverRun(['restore', backup, '--data', dir])).code, 0, 'the restore');
        equal((await serverRun(['check', '--data', dir])).code, 0, 'the check');
    }
    return `${Object.values(crowd.rounds).reduce((sum, count) => sum + count, 0)} requests`;
});

// ---- TLS ---------------------------------------------------------------------------------------------------------------

function certify(data, name) {
    const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
        '-keyout', path.join(data, 'key.pem'), '-out', path.join(data, 'cert.pem')], { encoding: 'utf8' });
    if (made.error) throw new NotHere('there is no openssl to make a certificate with');
    equal(made.status, 0, made.stderr);
}

/** One request on a connection of its own. */
function askSecure(url, where, headers = {}) {
    return new Promise((resolve, reject) => {
        const request = https.get(url + where, { agent: false, rejectUnauthorized: false, headers }, (response) => {
            const name = response.socket.getPeerCertificate().subject?.CN;
            response.on('data', () => {}).on('end', () => resolve({ status: response.statusCode, name })).on('error', reject);
        });
        request.setTimeout(10000, () => request.destroy(new Error('no answer'))).on('error', reject);
    });
}

await test('certificates read anew while clients come and go', async () => {
    const data = serverFolder('[server]\ncertificate = cert.pem\nkey = key.pem\n');
    certify(data, 'n0');
    const server = await startServer({ data, args: THREADS });
    const crowd = new Crowd(), names = new Set();
    for (let i = 0; i < 6; i++)
        crowd.add(`client ${i}`, async (round) => {
            const { status, name } = await askSecure(server.url, round % 2 ? '/' : '/healthz');
            equal(status, 200, 'the status');
            names.add(name);
        });
    await eventually('certificate 0', () => names.has('n0'), 15000);
    for (let i = 1; i <= 3; i++) {
        certify(data, `n${i}`);
        server.process.child.kill('SIGHUP');
        await eventually(`certificate ${i}`, () => names.has(`n${i}`), 15000);
    }
    crowd.ending = true;
    await Promise.all([within(15000, 'the end', server.stop()), crowd.end()]);
    atLeast(names.size, 4, 'certificates seen');
    holds(server.process.stderr, 'certificate read anew', 'the log');
});

report();
