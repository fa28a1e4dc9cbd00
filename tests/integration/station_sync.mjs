/*
 * A station and its server: pairing and what can go wrong with it, events that go up once whatever is killed, bundles, a
 * station that was restored from an old backup, a token that was revoked, a clock that is wrong, faces from a photo in the
 * browser, and the camera that an admin watches.
 */
import fs from 'node:fs';
import path from 'node:path';
import { clockOff, copyFolder, equal, finding, folder, good, holds, json, media, report, run, start, station, stationFolder, test } from './lib.mjs';
import { eventually, firstAdmin, makeClass, serverJson, serverRun, startServer } from './lib/server.mjs';
import { enrol, images, parent } from './people.mjs';

const SECOND = 1000;
let server = await startServer();
const admin = await firstAdmin(server);
await makeClass(admin, 'T1', 0);
for (const [id, name] of [['a', 'Asha Able'], ['b', 'Bilal Baker']]) await admin.post('/api/students', { id, name, class_id: 'T1' });

const addStation = (name) => admin.post('/api/stations', { name, classes: ['T1'] });
const atServer = async (id) => (await admin.get('/api/stations')).items.find((item) => item.id === id);
const status = async (data) => (await json(['--data', data, 'status']))[0];
const sync = (data) => good(['--data', data, 'sync', '--once']);
/** An event of the log, without a camera. */
const correct = (data, reason) => good(['--data', data, 'correct', 'a', 'excused', '--by', 'Test', '--reason', reason]);

async function paired(name) {
    const { station: { id }, code } = await addStation(name);
    const data = await stationFolder({ roster: false });
    await good(['--data', data, 'pair', server.url, code]);
    return { id, data };
}

/** A headless station on the test pattern. after(predicate): the next event that fits, from now on. */
function runStation(data, { extra = [], ...options } = {}) {
    const running = start(station, ['--data', data, 'run', '--headless', '--events', '-', '--camera', 'pattern', ...extra], options);
    return {
        ...running,
        until: running.until,
        after(predicate) {
            const seen = running.events.length;
            return running.until((event) => running.events.indexOf(event) >= seen && predicate(event));
        },
        async stop() {
            running.child.kill('SIGTERM');
            return running.done;
        },
    };
}

// ---- pairing ---------------------------------------------------------------------------------------------------------

await test('what goes wrong with pairing is said, and nothing is kept of it', async () => {
    const data = await stationFolder({ roster: false });
    await good(['--data', data, 'status']).catch(() => {}); // there may be no store yet
    const cases = [
        [['pair', server.url, 'WRONGCODE'], 'the code is not right'],
        [['pair', 'http://127.0.0.1:1', 'X'], 'cannot be reached'],
        [['pair', 'http://school.example', 'X'], 'use https://'],
        [['pair', 'ftp://school.example', 'X'], 'use https://'],
        [['pair', server.url, 'X', '--ca', '/nowhere.pem'], '/nowhere.pem'],
        [['pair', server.url, 'X', '--pin', 'sha256//AAAA'], 'the pin is'],
        [['sync', '--once'], 'not paired'],
        [['bundle', 'export', path.join(data, 'x')], 'not paired'],
    ];
    for (const [words, said] of cases) {
        const { code, stderr } = await run(['--data', data, ...words]);
        equal(code, 1, `${words.join(' ')}: exit code`);
        holds(stderr, said, words.join(' '));
        equal(stderr.trim().split('\n').length, 1, 'one line');
    }
    equal((await status(data)).server, null, 'status');
});

const door = await paired('Door 1');

await test('a paired station has the roster of the server and takes no other', async () => {
    await sync(door.data);
    equal((await json(['--data', door.data, 'roster', 'list'])).filter((row) => row.id).map((row) => row.id), ['a', 'b'], 'students');
    const csv = path.join(folder('csv'), 's.csv');
    fs.writeFileSync(csv, 'id,name,class\nc,Chitra Chand,T1\n');
    for (const words of [['roster', 'import', csv], ['enrol', 'c', '--name', 'Chitra', '--class', 'T1', images('a')[0]], ['enrol', 'c', images('a')[0]]]) {
        const { code, stderr } = await run(['--data', door.data, ...words]);
        equal(code, 1, words.join(' '));
        holds(stderr, server.url, 'the sentence names the server');
    }
    const shown = (await status(door.data)).server;
    equal([shown.url, shown.name, shown.trouble, shown.waiting], [server.url, 'Door 1', 'fine', 0], 'status');
    equal((await finding(door.data, 'server')).finding, 'ok', 'doctor');
    equal((await finding(door.data, 'server clock')).finding, 'ok', 'doctor: clock');
});

// ---- events ----------------------------------------------------------------------------------------------------------

await test('events go up once', async () => {
    for (let i = 0; i < 3; i++) await correct(door.data, `number ${i}`);
    const { last_seq: last } = await status(door.data);
    await sync(door.data);
    equal((await atServer(door.id)).acked_seq, last, 'at the server');
    const said = await sync(door.data);
    holds(said.stdout, `all ${last} events`, 'the second time');
    equal((await status(door.data)).server.waiting, 0, 'waiting');
});

await test('killed at any moment, nothing is lost or comes twice', async () => {
    const other = await paired('Door that is killed');
    await sync(other.data);
    for (let round = 0; round < 12; round++) {
        await correct(other.data, `round ${round}`);
        const syncing = start(station, ['--data', other.data, 'sync', '--once']);
        setTimeout(() => syncing.child.kill('SIGKILL'), round * 25);
        await syncing.done;
    }
    await sync(other.data);
    const { last_seq: last } = await status(other.data);
    const shown = await atServer(other.id);
    equal([shown.acked_seq, shown.forked], [last, false], 'at the server');
    equal((await finding(other.data, 'store')).finding, 'ok', 'the store');
});

await test('a bundle brings the same, once', async () => {
    const far = await paired('Far door');
    await sync(far.data);
    for (let i = 0; i < 3; i++) await correct(far.data, `far ${i}`);
    const { last_seq: last } = await status(far.data);
    const file = path.join(folder('stick'), 'far.bundle');
    holds((await good(['--data', far.data, 'bundle', 'export', file])).stdout, '3 events', 'export');
    equal(fs.readFileSync(file).includes('far 1'), false, 'the bundle is sealed');
    const first = await serverRun(['--data', server.data, 'bundle', 'import', file]);
    equal(first.code, 0, `import: ${first.stderr}`);
    equal((await serverRun(['--data', server.data, 'bundle', 'import', file])).code, 0, 'import again');
    await eventually('the events are there', async () => (await atServer(far.id)).acked_seq === last);
    await sync(far.data);
    equal([(await atServer(far.id)).acked_seq, (await atServer(far.id)).forked], [last, false], 'after a sync');
});

await test('what was seen last is known after a clean stop, on both sides', async () => {
    const other = await startServer();
    const head = await firstAdmin(other);
    await makeClass(head, 'T1', 0);
    const { station: { id }, code } = await head.post('/api/stations', { name: 'Door', classes: ['T1'] });
    const data = await stationFolder({ roster: false });
    const began = Date.now();
    await good(['--data', data, 'pair', other.url, code]);
    const contact = async () => (await status(data)).server.last_contact_ms;
    equal(await contact() >= began, true, 'a pairing is a contact');
    await sync(data);
    await other.stop();
    const { last_seen_ms: seen } = (await serverJson(['--data', other.data, 'station', 'list'])).find((row) => row.id === id);
    equal(seen >= began, true, `seen at ${seen}`);
    const before = await contact();
    equal((await run(['--data', data, 'sync', '--once'])).code, 1, 'nobody is there');
    equal([await contact(), (await status(data)).server.trouble], [before, 'server_away'], 'the last contact stays');
});

// ---- forks and revoked tokens ----------------------------------------------------------------------------------------

let settledByPage;
await test('a station that was restored from an old backup is found out, and there is a way out', async () => {
    const original = await paired('Door with a backup');
    await sync(original.data);
    await correct(original.data, 'before the backup');
    await sync(original.data);
    const restored = copyFolder(original.data);
    await correct(original.data, 'after the backup');
    await sync(original.data);
    for (let i = 0; i < 2; i++) await correct(restored, `only in the restored one ${i}`);
    const { code, stderr } = await run(['--data', restored, 'sync', '--once']);
    equal(code, 1, 'exit code');
    holds(stderr, 'pair --renew', 'the way out');
    equal((await status(restored)).server.trouble, 'forked', 'status');
    const doctor = await start(station, ['--data', restored, 'doctor', '--json']).done;
    equal([doctor.code, doctor.events.find((one) => one.topic === 'sync')?.finding], [1, 'broken'], 'doctor');
    holds(doctor.events.find((one) => one.topic === 'sync').text, 'pair', 'the way out');
    equal((await atServer(original.id)).forked, true, 'the server shows it');
    const settled = await serverRun(['--data', server.data, 'station', 'settle', original.id]);
    holds(settled.stderr, 'a fork is settled station="Door with a backup" by="rollcall-server station settle"', 'the log');
    equal((await atServer(original.id)).forked, false, 'it is settled');
    const again = await serverRun(['--data', server.data, 'station', 'settle', original.id]);
    equal([again.code, again.stderr.includes('nothing to settle'), again.stderr.includes('is settled')], [1, true, false], 'settled twice');
    await admin.post(`/api/stations/${original.id}/settle`);
    settledByPage = 'a fork is settled station="Door with a backup" by=admin';

    const renewed = await addStation('Door, renewed');
    const said = await good(['--data', restored, 'pair', '--renew', server.url, renewed.code]);
    holds(said.stdout, 'a new log of 2 events', 'what it says');
    await sync(restored);
    equal([(await atServer(renewed.station.id)).acked_seq, (await atServer(renewed.station.id)).forked], [2, false], 'the new log');
    equal((await finding(restored, 'store')).finding, 'ok', 'the store');
    equal(fs.readdirSync(restored).filter((name) => name.startsWith('old-log-')).length, 1, 'the old log is kept');
    const history = (await admin.get('/api/students/a/history?limit=500')).items.map((item) => item.reason);
    for (const reason of ['before the backup', 'after the backup', 'only in the restored one 0', 'only in the restored one 1'])
        equal(history.filter((one) => one === reason).length, 1, `"${reason}" is at the server`);
});

await test('a revoked station says so, keeps its events, and can be paired again', async () => {
    const other = await paired('Door that is revoked');
    await sync(other.data);
    await correct(other.data, 'before it was revoked');
    await sync(other.data);
    await admin.post(`/api/stations/${other.id}/revoke`);
    await correct(other.data, 'while revoked');
    const { code, stderr } = await run(['--data', other.data, 'sync', '--once']);
    equal(code, 1, 'exit code');
    holds(stderr, 'does not know this station any more', 'what it says');
    const stranger = await addStation('Door, as another');
    holds((await run(['--data', other.data, 'pair', server.url, stranger.code])).stderr, "as another station's", 'its log is known');
    const again = await admin.post(`/api/stations/${other.id}/code`);
    await good(['--data', other.data, 'pair', server.url, again.code]);
    await sync(other.data);
    equal((await atServer(other.id)).acked_seq, (await status(other.data)).last_seq, 'all events are there');
    const history = (await admin.get('/api/students/a/history?limit=500')).items.map((item) => item.reason);
    equal(history.filter((reason) => reason === 'while revoked').length, 1, 'once');
});

// ---- a running station -----------------------------------------------------------------------------------------------

await test('a running station shows the server going away and coming back', async () => {
    const running = runStation(door.data);
    await running.until((event) => event.event === 'sync' && event.online);
    const { port, data } = server;
    const away = running.after((event) => event.event === 'sync' && event.trouble === 'server_away');
    const stopped = await server.stop();
    holds(stopped.stderr, settledByPage, 'who settled a fork on the page is in the log, as with the command');
    await away;
    const waiting = running.after((event) => event.event === 'sync' && event.waiting > 0);
    await correct(door.data, 'while the server was away');
    await waiting;
    const back = running.after((event) => event.event === 'sync' && event.online && event.waiting === 0);
    server = Object.assign(server, await startServer({ data, listen: `127.0.0.1:${port}` }));
    await back;
    await running.stop();
    equal((await atServer(door.id)).acked_seq > 0, true, 'events at the server');
});

await test('a roster edit at the server is on a running station within a second', async () => {
    const running = runStation(door.data);
    await running.until((event) => event.event === 'sync' && event.online);
    const total = running.after((event) => event.event === 'roll' && event.total === 3);
    const began = Date.now();
    await admin.post('/api/students', { id: 'n', name: 'Nila Nair', class_id: 'T1' });
    await total;
    const took = Date.now() - began;
    const gone = running.after((event) => event.event === 'roll' && event.total === 2);
    await admin.delete('/api/students/n', { confirm: 'n' });
    await gone;
    await running.stop();
    if (took > SECOND) throw new Error(`${took} ms`);
    return `${took} ms`;
});

await test('a wrong clock is shown, and trusted again when the server says that it is right', async () => {
    const { data } = await paired('Door with a bad clock');
    const suspect = async (seconds) => {
        const running = runStation(data, seconds ? { env: clockOff(seconds) } : {});
        await running.until((event) => event.event === 'sync' && event.online);
        if (seconds) await running.until((event) => event.event === 'activity' && /the server/.test(event.reason));
        return (await running.stop()).events.filter((event) => event.event === 'activity').map((event) => event.reason);
    };
    holds((await suspect(-600)).join(), 'behind the server', 'ten minutes behind');
    equal(await suspect(0), [], 'right again');
    holds((await suspect(600)).join(), 'ahead of the server', 'ten minutes ahead');
    holds((await suspect(0)).join(), 'ran backwards', 'right, but the log holds later times');
    equal(await suspect(0), [], 'the server said that it is right');
    const { events } = await run(['--data', data, 'doctor', '--json'], { env: clockOff(600) });
    equal(events.find((event) => event.topic === 'server clock').finding, 'broken', 'doctor');
});

await test('a photo from the browser becomes a face at the station, and its refusal a sentence', async () => {
    const running = runStation(door.data);
    await running.until((event) => event.event === 'sync' && event.online);
    const bytes = () => new Uint8Array(fs.readFileSync(images('a')[0]));
    const unasked = await admin.ask('POST', '/api/students/a/photo', bytes(), { 'content-type': 'image/jpeg' });
    equal([unasked.status, unasked.body.error.code], [409, 'consent_missing'], 'before anybody was asked');
    equal((await admin.ask('POST', '/api/consents', { students: ['a', 'b'], state: 'given', by: parent })).body, { changed: 2, unchanged: 0 }, 'consent');
    const upload = async (id, file) => {
        const body = fs.readFileSync(file);
        const answer = await admin.ask('POST', `/api/students/${id}/photo`, new Uint8Array(body), { 'content-type': 'image/jpeg' });
        equal(answer.status, 202, `the upload: ${JSON.stringify(answer.body)}`);
        return eventually('the job ends', async () => {
            const job = await admin.get(`/api/enrolments/${answer.body.job.id}`);
            return ['done', 'refused', 'timed_out'].includes(job.state) && job;
        }, 30000);
    };
    const back = running.after((event) => event.event === 'sync' && /enrolment/.test(event.news || ''));
    const done = await upload('a', images('a')[0]);
    equal([done.state, done.template_count], ['done', 1], 'the job');
    await back;
    equal((await status(door.data)).enrolled, 1, 'enrolled at the station');
    const double = await upload('b', images('a')[1]);
    equal([double.state, double.reason], ['refused', 'duplicate'], 'the same face as somebody else');
    const nobody = path.join(folder('photo'), 'x.jpg');
    fs.writeFileSync(nobody, fs.readFileSync(images('a')[0]).subarray(0, 5000));
    equal((await upload('b', nobody)).state, 'refused', 'half a photo');
    await running.stop();
});

await test('the camera is seen only while somebody watches', async () => {
    const running = runStation(door.data);
    await running.until((event) => event.event === 'sync' && event.online);
    equal(running.events.some((event) => event.event === 'sync' && event.watched), false, 'nobody watches');
    const watched = running.after((event) => event.event === 'sync' && event.watched), began = Date.now();
    const abort = new AbortController();
    const live = await fetch(`${server.url}/api/stations/${door.id}/live`, { headers: { authorization: `Bearer ${admin.token}` }, signal: abort.signal });
    await watched;
    const took = Date.now() - began;
    let bytes = 0, frames = 0;
    for await (const part of live.body) {
        bytes += part.length;
        frames += Buffer.from(part).includes(Buffer.from([0xff, 0xd8, 0xff])) ? 1 : 0;
        if (frames >= 3) break;
    }
    const unwatched = running.after((event) => event.event === 'sync' && !event.watched);
    abort.abort();
    await unwatched;
    await running.stop();
    return `the first after ${took} ms; ${bytes} bytes in ${frames} frames, ${(Date.now() - began) / SECOND} s in all`;
});

await test('templates made at the station go up, and an erasure too', async () => {
    await good(['--data', door.data, 'erase', 'a']);
    await sync(door.data);
    await eventually('the server has none', async () => !(await admin.get('/api/students/a')).enrolled);
    await enrol(door.data, 'a');
    await sync(door.data);
    await sync(door.data);
    equal((await admin.get('/api/students/a')).enrolled, true, 'at the server');
    equal((await status(door.data)).server.uploads_waiting, 0, 'nothing waits');
});

await server.stop();
report();
