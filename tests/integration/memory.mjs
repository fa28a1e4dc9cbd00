/*
 * What the server remembers of passwords: after they were used, no byte of them may stand in its memory. The real program is
 * searched through /proc/PID/mem, plain and under TLS.
 */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { spawnSync } from 'node:child_process';
import { equal, eventually, folder, report, startServer, test } from './lib/server.mjs';

const PIECE = 1 << 20;

/** How often each of the texts stands in what the process may write to. */
function countIn(pid, texts) {
    const found = Object.fromEntries(texts.map((text) => [text, 0]));
    const memory = fs.openSync(`/proc/${pid}/mem`, 'r'), buffer = Buffer.alloc(PIECE + 256);
    for (const line of fs.readFileSync(`/proc/${pid}/maps`, 'utf8').trim().split('\n')) {
        const [, from, to, flags, name] = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)$/.exec(line);
        if (!flags.startsWith('rw') || name.endsWith('.mdb') || name === '[vvar]') continue;
        const [first, end] = [Number(`0x${from}`), Number(`0x${to}`)];
        if (end - first > 2 ** 32 || end > 2 ** 52) continue; // the sanitizer's shadow
        for (let at = first; at < end; at += PIECE) {
            let size;
            try {
                size = fs.readSync(memory, buffer, 0, Math.min(buffer.length, end - at), at);
            } catch {
                continue; // reserved, not there
            }
            const bytes = buffer.subarray(0, size);
            for (const text of texts) for (let i = bytes.indexOf(text); i >= 0; i = bytes.indexOf(text, i + 1)) found[text]++;
        }
    }
    fs.closeSync(memory);
    return found;
}

/** One request on a connection of its own; in pieces, as a slow line sends it. */
function raw(server, secure, pieces) {
    return new Promise((resolve, reject) => {
        const open = secure ? () => tls.connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false }) : () => net.connect(server.port, '127.0.0.1');
        const socket = open();
        let text = '';
        socket.setNoDelay(true);
        socket.on('data', (bytes) => (text += bytes));
        socket.on('error', reject);
        socket.on('close', () => resolve(text));
        socket.once(secure ? 'secureConnect' : 'connect', async () => {
            for (const piece of pieces) await new Promise((done) => socket.write(piece, () => setImmediate(done)));
        });
    });
}

async function ask(server, secure, method, where, body, token, { cut = [], twice = false } = {}) {
    const text = JSON.stringify(body), origin = `${secure ? 'https' : 'http'}://127.0.0.1:${server.port}`;
    const head = (last) => `${method} ${where} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nOrigin: ${origin}\r\n${token ? `Authorization: Bearer ${token}\r\n` : ''}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n${last ? 'Connection: close\r\n' : ''}\r\n`;
    const whole = (twice ? head(false) + text : '') + head(true) + text;
    const marks = [0, ...cut.map((back) => whole.length - back), whole.length];
    const answer = await raw(server, secure, marks.slice(1).map((to, i) => whole.slice(marks[i], to)));
    const last = answer.slice(answer.lastIndexOf('HTTP/1.1 '));
    return { status: Number(last.slice(9, 12)), body: JSON.parse(last.slice(last.indexOf('\r\n\r\n') + 4) || 'null') };
}

for (const secure of [false, true]) {
    await test(`passwords that were used are nowhere in memory, ${secure ? 'under TLS' : 'plain'}`, async () => {
        const args = [], env = {};
        if (secure) {
            const dir = folder(), files = ['cert.pem', 'key.pem'].map((name) => path.join(dir, name));
            spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1', '-out', files[0], '-keyout', files[1]]);
            Object.assign(env, { ROLLCALL_SERVER_CERTIFICATE: files[0], ROLLCALL_SERVER_KEY: files[1] });
        }
        const server = await startServer({ args, env });
        const chosen = 'Grünkohl-Zebra-5518-waits', wrong = 'Kohlrabi-Giraffe-9921-is-wrong', broken = 'Pastinake-Okapi-7733-not-json';
        const first = await ask(server, secure, 'POST', '/api/auth/login', { username: 'admin', password: server.oneTimePassword });
        equal(first.status, 200, 'the first login');
        const changed = await ask(server, secure, 'POST', '/api/auth/change-password', { current: server.oneTimePassword, new: chosen }, first.body.token, { cut: [20, 7] });
        equal(changed.status, 200, 'the change');
        equal((await ask(server, secure, 'POST', '/api/auth/login', { username: 'admin', password: wrong }, null, { twice: true })).status, 401, 'a wrong one, pipelined');
        equal((await ask(server, secure, 'POST', '/api/auth/login', { username: 'admin', password: broken, more: [broken] })).status, 422, 'a body that is refused');
        equal((await ask(server, secure, 'POST', '/api/auth/login', { username: 'admin', password: chosen }, null, { cut: [12] })).status, 200, 'the new one');
        const made = await ask(server, secure, 'POST', '/api/users', { name: 'second', full_name: 'Second', role: 'admin' }, changed.body.token);
        equal(made.status, 201, 'a user');
        const again = await ask(server, secure, 'POST', '/api/users/second/reset', {}, changed.body.token);
        const station = await ask(server, secure, 'POST', '/api/stations', { name: 'Door', classes: [] }, changed.body.token);
        equal([again.status, station.status], [200, 201], 'a reset, a station');
        const secrets = [server.oneTimePassword, chosen, 'Zebra-5518', wrong, broken, made.body.one_time_password, again.body.one_time_password, station.body.code];
        await eventually('nothing of them in memory', () => {
            const { '/api/auth/login': control, ...found } = countIn(server.process.child.pid, [...secrets, '/api/auth/login']);
            equal(control > 0, true, 'what is there is found');
            const left = Object.entries(found).filter(([, count]) => count > 0);
            if (left.length > 0) console.log(`          ${left.map(([text, count]) => `${text}: ${count}`).join(', ')}`);
            return left.length === 0;
        });
        await server.stop();
    });
}

report();
