/*
 * rollcall-server as a program: start and stop, signals, the first password, restart, what it refuses, commands beside a
 * server that runs.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';

import { atMost, equal, eventually, firstAdmin, holds, listen, login, makeClass, NotHere, Person, report, serverFolder, serverJson, serverRun, startServer, test, within } from './lib/server.mjs';

await test('it starts, says where, and ends by SIGTERM and SIGINT', async () => {
    for (const signal of ['SIGTERM', 'SIGINT']) {
        const server = await startServer();
        holds(server.url, /^http:\/\/127\.0\.0\.1:\d+$/, 'the address');
        const health = await new Person(server).get('/healthz');
        equal(health.status, 'ok', 'health');
        const { stderr } = await within(5000, `the end by ${signal}`, server.stop(signal));
        holds(stderr, 'stopping', 'the log');
    }
});

await test('the first password is shown once, works once, and is nowhere else', async () => {
    const server = await startServer();
    const password = server.oneTimePassword;
    holds(password, /^[a-z]+(-[a-z]+)+-\d+$/, 'the one-time password');
    const early = await login(server, 'admin', password);
    equal((await early.ask('GET', '/api/students')).status, 403, 'before it was changed');
    const admin = await firstAdmin(server);
    equal((await admin.get('/api/me')).must_change_password, false, 'afterwards');
    equal((await new Person(server).ask('POST', '/api/auth/login', { username: 'admin', password })).status, 401, 'the old one');
    const { stderr } = await server.stop();
    equal(stderr.includes(password), false, 'it is in the log');
    const again = await startServer({ data: server.data });
    equal(again.oneTimePassword, undefined, 'a password at the second start');
    const { stdout } = await again.stop();
    equal(/password/.test(stdout), false, 'a word about it at the second start');
});

await test('a restart keeps everything: data, sessions, the numbers of events', async () => {
    const first = await startServer();
    const admin = await firstAdmin(first);
    const [student] = await makeClass(admin, 'T1', 2);
    const { today } = (await admin.get('/api/me')).school;
    const page = await listen(admin);
    await admin.post(`/api/rolls/T1/${today}/corrections`, { student_id: student, status: 'excused', reason: 'ill' });
    await page.until((event) => event.event === 'correction', 2000, 'the correction');
    const roll = await admin.get(`/api/rolls?date=${today}&class=T1`), { lastId } = page;
    await first.kill(); /* no orderly end */
    const second = await startServer({ data: first.data });
    const same = new Person(second, admin.token);
    equal(await same.get(`/api/rolls?date=${today}&class=T1`), roll, 'the roll');
    const listener = await listen(same, { lastId });
    equal(listener.events.map((event) => event.event), ['hello'], 'events after the restart');
    await listener.cut();
    await second.stop();
});

await test('it ends at once although pages listen', async () => {
    const server = await startServer({ args: ['--threads', '2'] });
    const admin = await firstAdmin(server);
    const pages = await Promise.all(Array.from({ length: 6 }, () => listen(admin)));
    const began = Date.now();
    await server.stop();
    const took = Date.now() - began;
    equal(await Promise.all(pages.map((page) => within(1000, 'the end of a stream', page.ended))), Array(6).fill('end'), 'how their streams ended');
    atMost(took, 3000, 'milliseconds to the end');
    return `${took} ms`;
});

function certify(data, name) {
    const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
        '-keyout', path.join(data, 'key.pem'), '-out', path.join(data, 'cert.pem')], { encoding: 'utf8' });
    if (made.error) throw new NotHere('there is no openssl to make a certificate with');
    equal(made.status, 0, made.stderr);
}

function certificateOf(server) {
    return new Promise((resolve, reject) => {
        const socket = tls.connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
            resolve(socket.getPeerCertificate().subject.CN);
            socket.destroy();
        }).once('error', reject);
    });
}

await test('with a certificate it listens everywhere, and reads it anew on SIGHUP', async () => {
    const data = serverFolder('[server]\ncertificate = cert.pem\nkey = key.pem\n');
    certify(data, 'first');
    const server = await startServer({ data, listen: '0.0.0.0:0' });
    holds(server.url, /^https:/, 'the address');
    equal(await certificateOf(server), 'first', 'the certificate');
    fs.writeFileSync(path.join(data, 'cert.pem'), 'nothing');
    server.process.child.kill('SIGHUP');
    await eventually('the refusal in the log', () => server.process.stderr.includes('could not be read anew'));
    equal(await certificateOf(server), 'first', 'the certificate after a damaged file');
    certify(data, 'second');
    server.process.child.kill('SIGHUP');
    await eventually('the new certificate', async () => await certificateOf(server) === 'second');
    await server.stop();
});

await test('plain HTTP stays on this machine unless it is allowed', async () => {
    const refused = await serverRun(['run', '--data', serverFolder(), '--listen', '0.0.0.0:0']);
    equal(refused.code, 1, 'exit');
    holds(refused.stderr, [/^rollcall-server: without TLS only a loopback address/m], 'what it says');
    const allowed = await startServer({ data: serverFolder('[server]\nplain_anywhere = yes\n'), listen: '0.0.0.0:0' });
    const { stderr } = await allowed.stop();
    holds(stderr, 'plain HTTP beyond this machine', 'the warning');
});

await test('what is wrong is said in one line', async () => {
    const data = serverFolder(), taken = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const cases = [
        [['run', '--listen', `127.0.0.1:${taken.address().port}`], 1, /127\.0\.0\.1/],
        [['run', '--listen', '127.0.0.1:http'], 2, /--listen/],
        [['run', '--listen', '::1:80'], 2, /brackets/],
        [['run', '--threads', '0'], 2, /--threads is a whole number/],
        [['run', 'away'], 2, /run takes no away/],
        [['walk'], 2, /walk is not a command/],
        [['run', '--class', 'T1'], 2, /run does not take --class/],
        [['run', '--config', path.join(data, 'none.conf')], 1, /none\.conf/],
        [['station', 'add', 'Door', '--class', 'none'], 1, /there is no class none/],
        [['station', 'code', 'nobody'], 1, /there is no station nobody/],
        [[], 2, /say what to do/],
    ];
    for (const [args, code, text] of cases) {
        const result = await serverRun([...args, ...(args.includes('--config') ? [] : ['--data', data])]);
        equal(result.code, code, `exit of ${args.join(' ')}`);
        holds(result.stderr, text, args.join(' '));
        equal(result.stderr.trimEnd().split('\n').length, 1, `lines of ${args.join(' ')}`);
    }
    taken.close();
    const secret = await serverRun(['run', '--data', data, '--listen', '127.0.0.1:0'], { env: { SECRET_KEY: 'too short' } });
    equal(secret.code, 1, 'exit with a short secret');
    equal(secret.stderr.includes('too short'), false, 'the secret is in the message');
});

await test('one server a folder', async () => {
    const server = await startServer();
    const second = await serverRun(['run', '--data', server.data, '--listen', '127.0.0.1:0']);
    equal(second.code, 1, 'exit');
    holds(second.stderr, 'runs on', 'what it says');
    await server.stop();
});

await test('commands beside it: what they change, the server and its pages have within a second', async () => {
    const server = await startServer();
    const admin = await firstAdmin(server);
    const listener = await listen(admin);
    const began = Date.now();
    const [added] = await serverJson(['station', 'add', 'Front door', '--data', server.data]);
    holds(added.code, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/, 'the code');
    await listener.until((event) => event.event === 'changed' && event.data.what === 'stations', 2500, 'the page is told');
    const told = Date.now() - began;
    const { items } = await admin.get('/api/stations');
    equal(items.map((station) => [station.name, station.paired, station.online, station.classes]), [['Front door', false, false, []]], 'stations');
    equal((await serverRun(['station', 'add', 'Front door', '--data', server.data])).code, 1, 'the same name again');
    await serverJson(['station', 'revoke', 'Front door', '--data', server.data]);
    await eventually('the station is revoked', async () => (await admin.get('/api/stations')).items[0].revoked);
    equal((await serverRun(['station', 'code', 'Front door', '--data', server.data])).code, 0, 'a code admits it again');
    await eventually('the station is not revoked any more', async () => !(await admin.get('/api/stations')).items[0].revoked);
    await listener.cut();
    await server.stop();
    return `told after ${told} ms, the command's own time included`;
});

await test('stations by the pages: add, rename, new code, revoke', async () => {
    const server = await startServer();
    const admin = await firstAdmin(server);
    await makeClass(admin, 'T1', 1);
    const { station, code } = await admin.post('/api/stations', { name: 'Door', classes: ['T1'] });
    holds(code, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/, 'the code');
    equal([station.name, station.classes, station.paired], ['Door', ['T1'], false], 'the station');
    equal((await admin.ask('POST', '/api/stations', { name: 'Door', classes: [] })).status, 409, 'the same name');
    equal((await admin.ask('POST', '/api/stations', { name: 'Gate', classes: ['none'] })).body.error.field, 'classes', 'an unknown class');
    equal((await admin.patch(`/api/stations/${station.id}`, { classes: [] })).classes, [], 'classes taken away: it serves all');
    equal((await admin.post(`/api/stations/${station.id}/code`)).code === code, false, 'a new code is the old one');
    equal(await admin.post(`/api/stations/${station.id}/camera`, { on: true }), { watched: true, online: false }, 'camera on');
    equal((await admin.ask('GET', `/api/stations/${station.id}/live`)).status, 503, 'the picture of a station that is not there');
    equal(await admin.post(`/api/stations/${station.id}/camera`, { on: false }), { watched: false, online: false }, 'camera off');
    equal((await admin.post(`/api/stations/${station.id}/revoke`)).revoked, true, 'revoked');
    equal((await admin.ask('POST', `/api/stations/${station.id}/code`)).status, 200, 'a code admits it again');
    equal((await admin.ask('PATCH', '/api/stations/none', { name: 'x' })).status, 404, 'an unknown station');
    await server.stop();
});

await test('a photo without a station that could use it is refused and not kept', async () => {
    const server = await startServer();
    const admin = await firstAdmin(server);
    const [student] = await makeClass(admin, 'T1', 1);
    await admin.post(`/api/students/${student}/consent`, { state: 'given', by: 'Latha Nair, mother' });
    const photo = (bytes) => admin.ask('POST', `/api/students/${student}/photo`, new Uint8Array(bytes), { 'content-type': 'image/jpeg' });
    equal((await photo([...Array(100).keys()])).body.error.code, 'not_a_picture', 'no picture');
    equal((await photo([0xff, 0xd8, 0xff, 0xe0, ...Array(100).fill(0)])).body.error.code, 'no_station', 'no station');
    equal((await admin.ask('GET', '/api/enrolments/none')).status, 404, 'an unknown enrolment');
    await server.stop();
});

await test('it starts quickly and is small', async () => {
    const server = await startServer();
    const status = fs.readFileSync(`/proc/${server.process.child.pid}/status`, 'utf8');
    const rss = Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024;
    const sanitized = /asan|tsan/.test(fs.readFileSync(`/proc/${server.process.child.pid}/maps`, 'utf8'));
    await server.stop();
    if (!sanitized) {
        atMost(server.startedInMs, 200, 'milliseconds to start');
        atMost(rss, 30, 'MB of memory at rest');
    }
    return `${server.startedInMs} ms, ${rss.toFixed(1)} MB${sanitized ? ' (with sanitizers: not judged)' : ''}`;
});

report();
