/*
 * A school day with a bad network: a server, three stations on recordings of real people. Two are enrolled at one station,
 * and the others get their templates from the server; the network is cut, the stations mark, the network comes back, in
 * every order: all marks arrive once, with the times at which they were captured.
 */
import net from 'node:net';
import path from 'node:path';
import { atMost, equal, folder, good, json, make, media, of, report, start, station as stationProgram, stationFolder, test } from './lib.mjs';
import { firstAdmin, firstLogin, listen, makeClass, startServer, within } from './lib/server.mjs';
import { enrol } from './people.mjs';

/** The network between the stations and the server: a wire that can be cut. */
class Wire {
    constructor(port) {
        this.target = port;
        this.open = true;
        this.ends = new Set();
        this.listener = net.createServer((near) => {
            if (!this.open) return near.destroy();
            const far = net.connect(this.target, '127.0.0.1');
            for (const [one, other] of [[near, far], [far, near]]) {
                this.ends.add(one);
                one.on('data', (bytes) => other.write(bytes));
                one.on('close', () => { this.ends.delete(one); other.destroy(); });
                one.on('error', () => {});
            }
        });
    }

    async start() {
        await new Promise((resolve) => this.listener.listen(0, '127.0.0.1', resolve));
        this.url = `http://127.0.0.1:${this.listener.address().port}`;
    }

    cut() {
        this.open = false;
        for (const end of this.ends) end.destroy();
    }

    mend() {
        this.open = true;
    }

    stop() {
        this.cut();
        this.listener.close();
    }
}

const clips = folder('clips');
const clip = { a: await make('cut', path.join(clips, 'a.avi'), media('franck.mp4'), 0, 400), b: await make('cut', path.join(clips, 'b.avi'), media('cap13_edit2.mp4'), 300, 700) };

const server = await startServer();
const admin = await firstAdmin(server);
await makeClass(admin, 'T1', 0);
for (const [id, name] of [['a', 'Asha Able'], ['b', 'Bilal Baker']]) await admin.post('/api/students', { id, name, class_id: 'T1' });
const wire = new Wire(server.port);
await wire.start();

async function pairStation(name) {
    const { code } = await admin.post('/api/stations', { name, classes: ['T1'] });
    const data = await stationFolder({ roster: false });
    await good(['--data', data, 'pair', wire.url, code]);
    await good(['--data', data, 'sync', '--once']);
    return { name, data };
}

const play = (station, id) => good(['--data', station.data, 'run', '--headless', '--until-eof', '--events', '-', '--camera', `replay:${clip[id]}?speed=max`]).then((result) => result.events);
const syncOnce = (station) => good(['--data', station.data, 'sync', '--once']);
const marksOf = async (id) => (await admin.get(`/api/students/${id}/history`)).items.filter((item) => item.kind === 'mark');
const stations = [];

await test('three stations are paired and have the roster of the server', async () => {
    for (const name of ['Door 1', 'Door 2', 'Door 3']) stations.push(await pairStation(name));
    for (const station of stations)
        equal((await json(['--data', station.data, 'roster', 'list'])).filter((row) => row.id === 'a' || row.id === 'b').length, 2, `students at ${station.name}`);
});

await test('who is enrolled at one station is known at the others', async () => {
    for (const id of ['a', 'b']) await enrol(stations[0].data, id);
    await syncOnce(stations[0]);
    for (const station of stations) {
        await syncOnce(station);
        equal((await json(['--data', station.data, 'status']))[0].enrolled, 2, `enrolled at ${station.name}`);
    }
    equal((await admin.get('/api/students/a')).enrolled, true, 'the server says that Asha is enrolled');
});

const offline = [];

await test('with the network cut the stations mark as ever', async () => {
    wire.cut();
    const wanted = ['a', 'b', 'a'];
    for (const [i, station] of stations.entries()) {
        const marks = of(await play(station, wanted[i]), 'marked');
        equal(marks.map((mark) => mark.student), [wanted[i]], `marked at ${station.name}`);
        offline.push({ station: station.name, student: wanted[i], captured: marks[0].captured_ms });
    }
    equal((await marksOf('a')).length, 0, 'marks of Asha at the server');
});

await test('when it is back, all marks arrive once, in whatever order, and keep their times', async () => {
    wire.mend();
    for (const i of [2, 0, 1]) await syncOnce(stations[i]);
    for (const station of stations) await syncOnce(station); // and once more: nothing changes
    const names = new Map((await admin.get('/api/stations')).items.map((station) => [station.id, station.name]));
    for (const id of ['a', 'b']) {
        const arrived = (await marksOf(id)).map((mark) => ({ station: names.get(mark.station), student: id, captured: Date.parse(mark.captured) }));
        const sent = offline.filter((mark) => mark.student === id);
        const order = (x, y) => x.captured - y.captured || x.station.localeCompare(y.station);
        equal(arrived.sort(order), sent.sort(order), `marks of ${id}`);
    }
    const today = (await admin.get('/api/me')).school.today;
    const roll = await admin.get(`/api/rolls?date=${today}&class=T1`);
    for (const id of ['a', 'b']) {
        const first = Math.min(...offline.filter((mark) => mark.student === id).map((mark) => mark.captured));
        const row = roll.items.find((item) => item.student_id === id);
        equal([row.status, Date.parse(row.captured)], ['present', first], `the roll of ${id}: the first mark counts`);
    }
});

await test('the student sees the day in his own calendar', async () => {
    const { user, one_time_password } = await admin.post('/api/users', { name: 'asha', full_name: 'Asha Able', role: 'student', student_id: 'a' });
    const asha = await firstLogin(server, user.name, one_time_password);
    const today = (await asha.get('/api/me')).school.today;
    const month = await asha.get(`/api/students/a/attendance?month=${today.slice(0, 7)}`);
    const day = month.days.find((one) => one.date === today);
    equal([day.status, day.method], ['present', 'face'], 'today');
});

/** A station that runs until it is told to stop, on a recording at its real speed that comes round again. */
function run(station, id) {
    return start(stationProgram, ['--data', station.data, 'run', '--headless', '--events', '-', '--camera', `replay:${clip[id]}?loop=1`], { timeoutS: 300 });
}

async function end(running) {
    running.child.kill('SIGTERM');
    equal((await running.done).code, 0, 'exit code of the station');
}

await test('an edit of the roster reaches the screen of a running station within a second', async () => {
    const running = run(stations[0], 'b');
    await within(60000, 'the station is online', running.until((event) => event.event === 'sync' && event.online));
    const began = Date.now();
    await admin.post('/api/students', { id: 'c', name: 'Chitra Chand', class_id: 'T1' });
    const event = await within(10000, 'the new student is there', running.until((one) => one.event === 'roll' && one.total === 3));
    const ms = event.at_ms - began;
    atMost(ms, 1000, 'milliseconds');
    await end(running);
    return `${ms} ms`;
});

await test('a mark is in an open page within a second', async () => {
    const listener = await listen(admin);
    const fresh = await pairStation('Door 4');
    await syncOnce(fresh);
    const running = run(fresh, 'a');
    const marked = await within(200000, 'a mark on the station', running.until((event) => event.event === 'marked')); // a slow machine misses blinks
    const event = await listener.until((one) => one.event === 'mark' && one.data.station === 'Door 4', 10000, 'the mark');
    await end(running);
    await listener.cut();
    equal([event.data.student_id, Date.parse(event.data.captured)], ['a', marked.captured_ms], 'who and when');
    atMost(event.at - marked.at_ms, 1000, 'milliseconds after the mark');
    return `${event.at - marked.at_ms} ms after the mark`;
});

await test('an erased student is gone everywhere', async () => {
    await admin.delete('/api/students/b', { confirm: 'b' });
    for (const station of stations) {
        await syncOnce(station);
        const [status] = await json(['--data', station.data, 'status']);
        equal(status.enrolled, 1, `enrolled at ${station.name}`);
    }
    equal((await admin.ask('GET', '/api/students/b')).status, 404, 'the server');
});

wire.stop();
await server.stop();
report();
