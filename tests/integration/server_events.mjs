/*
 * Server-sent events under load: readers whose connections break at random come back with the number of their last event
 * and have missed nothing; sessions that end, end their streams; nobody sees what is not his.
 */
import { atMost, equal, eventually, firstAdmin, firstLogin, Listener, listen, login, makeClass, random, report, startServer, test } from './lib/server.mjs';

const READERS = 12, EVENTS = 400, WRITERS = 4;

/** Reads until `until` has come, breaking the connection again and again; every event's number, in order of arrival. */
async function readWithBreaks(person, lastId, until, chance) {
    const seen = [];
    let reconnects = 0;
    while (Number(lastId) < until) {
        const listener = new Listener(person, { lastId });
        const take = 1 + Math.floor(chance() * 40);
        const got = () => listener.events.filter((event) => event.event === 'correction');
        await listener.until(() => got().length >= take || Number(listener.lastId) >= until, 20000, `events after ${lastId}`);
        await listener.cut();
        if (listener.of('reset').length > 0) throw new Error('told to load anew');
        seen.push(...got().map((event) => event.data.feed));
        lastId = listener.lastId;
        reconnects++;
    }
    return { seen, reconnects };
}

for (const threads of [1, 2]) {
    await test(`nothing is missed and nothing comes twice, on ${threads} loop${threads > 1 ? 's' : ''}`, async () => {
        const server = await startServer({ args: ['--threads', String(threads)], env: { ROLLCALL_SERVER_STREAMS_PER_SESSION: '100', ROLLCALL_SERVER_STREAMS_PER_USER: '100' } });
        const admin = await firstAdmin(server);
        const students = await makeClass(admin, 'T1', 8);
        const { today } = (await admin.get('/api/me')).school;
        const first = await listen(admin);
        const from = first.lastId;
        await first.cut();
        const last = Number(from) + EVENTS; /* known before: nothing comes after it that could wake a reader */
        const chance = random(threads);
        const readers = Array.from({ length: READERS }, () => readWithBreaks(admin, from, last, chance));
        let written = 0;
        await Promise.all(Array.from({ length: WRITERS }, async () => {
            while (written < EVENTS) {
                const n = written++;
                await admin.post(`/api/rolls/T1/${today}/corrections`, { student_id: students[n % 8], status: n % 2 ? 'excused' : 'absent', reason: `n ${n}` });
            }
        }));
        const wanted = Array.from({ length: EVENTS }, (_, i) => Number(from) + 1 + i);
        let reconnects = 0;
        for (const reader of await Promise.all(readers)) {
            equal(reader.seen, wanted, 'numbers of the events');
            reconnects += reader.reconnects;
        }
        await server.stop();
        return `${EVENTS} events, ${READERS} readers, ${reconnects} connections`;
    });
}

await test('a correction made in one page is in another within a second', async () => {
    const server = await startServer();
    const admin = await firstAdmin(server);
    const [student] = await makeClass(admin, 'T1', 1);
    const { today } = (await admin.get('/api/me')).school;
    const page = await listen(admin), times = [];
    for (let i = 0; i < 20; i++) {
        const began = Date.now();
        await admin.post(`/api/rolls/T1/${today}/corrections`, { student_id: student, status: 'excused', reason: `n ${i}` });
        const event = await page.until((one) => one.event === 'correction' && one.data.reason === `n ${i}`, 1000, 'the correction');
        times.push(event.at - began);
    }
    const { data } = page.of('correction').at(-1);
    equal([data.student_id, data.name, data.class_id, data.date, data.status, data.reason], [student, `Student ${student}`, 'T1', today, 'excused', 'n 19'], 'what it says');
    await page.cut();
    await server.stop();
    times.sort((a, b) => a - b);
    atMost(times.at(-1), 1000, 'milliseconds, the slowest of 20');
    return `median ${times[10]} ms, slowest ${times.at(-1)} ms, from the request on`;
});

await test('a session that ends, ends its streams; others go on', async () => {
    const server = await startServer();
    const admin = await firstAdmin(server);
    const other = await admin.post('/api/users', { name: 'second', full_name: 'Second', role: 'admin' });
    const second = await firstLogin(server, 'second', other.one_time_password);
    const mine = await listen(admin), theirs = await listen(second);
    await second.post('/api/auth/logout');
    const began = Date.now();
    await Promise.race([theirs.ended, new Promise((resolve) => setTimeout(resolve, 5000))]);
    equal(theirs.over, true, 'the stream of a session that ended is over within 5 s');
    const took = Date.now() - began;
    equal(mine.over ?? false, false, 'the stream of the other session is over');
    await eventually('a heartbeat', () => mine.comments > 0, 20000);
    await mine.cut();
    await server.stop();
    return `after ${(took / 1000).toFixed(1)} s`;
});

for (const threads of [1, 2]) {
    await test(`one session and one user have so many streams and no more, on ${threads} loop${threads > 1 ? 's' : ''}`, async () => {
        const server = await startServer({ args: ['--threads', String(threads)] });
        const admin = await firstAdmin(server);
        const made = await admin.post('/api/users', { name: 'second', full_name: 'Second', role: 'admin' });
        const second = await firstLogin(server, 'second', made.one_time_password, 'another password here');
        const again = await login(server, 'second', 'another password here'), third = await login(server, 'second', 'another password here');
        const full = async (person, what) => {
            const answer = await person.ask('GET', '/api/events');
            equal([answer.status, answer.body.error?.code, answer.headers.get('retry-after')], [429, 'too_many_streams', '30'], what);
        };
        const open = (person, count) => Promise.all(Array.from({ length: count }, () => listen(person)));
        const pages = await open(second, 8);
        await full(second, 'the ninth of a session');
        pages.push(...await open(again, 8));
        await full(third, 'the seventeenth of a user');
        const others = await open(admin, 8);
        await pages.pop().cut();
        await eventually('room after a page was closed', async () => {
            const page = new Listener(third);
            const got = await Promise.race([page.until((event) => event.event === 'hello', 1000, 'a greeting').then(() => true, () => false), page.ended.then(() => false)]);
            if (!got) return false;
            pages.push(page);
            return true;
        });
        await full(third, 'full again');
        for (const page of [...pages, ...others]) await page.cut();
        await server.stop();
    });
}

await test('coordinators get their classes, students themselves', async () => {
    const server = await startServer();
    const admin = await firstAdmin(server);
    const [a1, a2] = await makeClass(admin, 'TA', 2), [b1] = await makeClass(admin, 'TB', 1);
    const { today } = (await admin.get('/api/me')).school;
    const add = async (user) => firstLogin(server, user.name, (await admin.post('/api/users', user)).one_time_password);
    const people = {
        coordinator: await add({ name: 'coordinator', full_name: 'C', role: 'coordinator', classes: ['TB'] }),
        student: await add({ name: 'student', full_name: 'S', role: 'student', student_id: a2 }),
        admin,
    };
    const pages = Object.fromEntries(await Promise.all(Object.entries(people).map(async ([who, person]) => [who, await listen(person)])));
    const correct = (id, student) => admin.post(`/api/rolls/${id}/${today}/corrections`, { student_id: student, status: 'excused', reason: 'x' });
    await correct('TA', a1);
    await correct('TB', b1);
    await correct('TA', a2);
    await pages.admin.until((event) => event.data.student_id === a2, 2000, 'the last correction');
    await pages.student.until((event) => event.data.student_id === a2, 2000, 'his own');
    await pages.coordinator.until((event) => event.data.student_id === b1, 2000, 'her class');
    const seen = (who) => pages[who].of('correction').map((event) => event.data.student_id);
    equal(seen('admin'), [a1, b1, a2], 'the admin');
    equal(seen('coordinator'), [b1], 'the coordinator of TB');
    equal(seen('student'), [a2], 'the student');
    equal(pages.student.of('changed').filter((event) => Object.keys(event.data).join() !== 'what'), [], 'details for the student');
    for (const page of Object.values(pages)) await page.cut();
    await server.stop();
});

report();
