/*
 * The doors that stand open to strangers, and what a station may do: guessing at logins, reset codes and pairing codes, what
 * the answers betray, a station in another's place, and where secrets might come out.
 */
import { atMost, bearer, equal, eventually, holds, login, makeSchool, makeStation, message, MSGPACK, pairWith, PASSWORD, report, secrets, send, test, tooTalkative } from './security_lib.mjs';

const school = await makeSchool();
const { server, admin, A, a1, a2, door, gate } = school;
const post = (where, body, from) => send(server, 'POST', where, { body, from });
/** An address that nobody has used yet: every test is throttled for itself. */
let addresses = 10;
const stranger = () => `127.0.${++addresses >> 8}.${addresses & 255}`;
const least = (list) => Math.min(...list); // what else the machine does only adds

// ---- who is there? ---------------------------------------------------------------------------------------------------

await test('login says and takes the same, whoever is asked for', async () => {
    await school.makeUser('shut', 'coordinator');
    await admin.patch('/api/users/shut', { disabled: true });
    const wrong = { 'an admin': 'admin', 'a student': 'student', nobody: 'nemo', 'a disabled user': 'shut', 'no user name at all': "x' OR 1=1" };
    const answers = new Set(), times = {};
    for (let i = 0; i < 12; i++) /* in turns, so that what else the machine does meets all alike */
        for (const [what, username] of Object.entries(wrong)) {
            const began = performance.now();
            const { status, text, headers } = await post('/api/auth/login', { username, password: 'wrong password' }, stranger());
            (times[what] ??= []).push(performance.now() - began);
            answers.add(`${status} ${text} ${Object.keys(headers).sort()}`);
        }
    equal([...answers].length, 1, `answers: ${[...answers].join(' / ')}`);
    const usual = least(times['an admin']);
    for (const what of ['nobody', 'a disabled user', 'no user name at all']) {
        const ratio = least(times[what]) / usual;
        equal(ratio > 0.5 && ratio < 2, true, `${what}: ${ratio.toFixed(2)} of the usual time`);
    }
    return `${usual.toFixed(0)} ms for an admin, ${least(times.nobody).toFixed(0)} ms for nobody`;
});

await test('a reset says the same, whoever is asked for', async () => {
    const answers = [];
    for (const username of ['admin', 'student', 'nemo', "x' OR 1=1"]) {
        const { status, text } = await post('/api/auth/reset/request', { username }, stranger());
        answers.push(`${status} ${text}`);
    }
    equal(new Set(answers).size, 1, answers.join(' / '));
    const confirmed = [];
    for (const username of ['admin', 'student', 'nemo', "x' OR 1=1"]) {
        const { status, text } = await post('/api/auth/reset/confirm', { username, code: 'AAAA-AAAA', new: 'kolam tiger rain' }, stranger());
        confirmed.push(`${status} ${text}`);
    }
    equal(new Set(confirmed).size, 1, confirmed.join(' / '));
    holds(confirmed[0], /^401 .*bad_code/, 'a wrong code');
});

await test('who guesses is slowed down, and keeps nobody else out', async () => {
    const from = stranger();
    let refused = 0, answer;
    const guesses = await Promise.all(Array.from({ length: 40 }, (_, i) => post('/api/auth/login', { username: 'admin', password: `guess ${i}` }, from)));
    refused = guesses.filter((one) => one.status === 429).length;
    equal(refused >= 30, true, `${refused} of 40 at once were refused`);
    answer = await post('/api/auth/login', { username: 'admin', password: PASSWORD }, from);
    equal(answer.status, 429, 'the right password from the guesser');
    holds(answer.headers['retry-after'], /^[1-9]\d*$/, 'Retry-After');
    equal(answer.headers['set-cookie'], undefined, 'a cookie');
    equal((await post('/api/auth/login', { username: 'admin', password: PASSWORD }, stranger())).status, 200, 'the owner from elsewhere');
    equal((await post('/api/auth/login', { username: 'admin', password: PASSWORD }, from)).status, 429, "the owner's success does not free the guesser");
    for (const headers of [{ 'x-forwarded-for': '127.9.9.9' }, { forwarded: 'for=127.9.9.9' }, { 'x-real-ip': '127.9.9.9' }])
        equal((await send(server, 'POST', '/api/auth/login', { body: { username: 'admin', password: PASSWORD }, from, headers })).status, 429, `an address of his own: ${JSON.stringify(headers)}`);
    return `${refused} of 40 refused`;
});

await test('many accounts from one address are slowed down too, with the spellings of one name', async () => {
    const many = stranger(), one = stranger();
    const spread = await Promise.all(Array.from({ length: 60 }, (_, i) => post('/api/auth/login', { username: `user${i}`, password: 'spring is here' }, many)));
    equal(spread.filter((answer) => answer.status === 429).length >= 20, true, 'one password at many accounts');
    const spelled = [];
    for (const username of ['student', 'Student', 'STUDENT', ' student ', 'sTudent', 'studenT']) spelled.push((await post('/api/auth/login', { username, password: 'wrong password' }, one)).status);
    holds(spelled.join(' '), /429/, 'one account in other letters');
});

await test('guessing at a password by one who is logged in is slowed down too', async () => {
    const from = stranger(), statuses = [];
    for (let i = 0; i < 8; i++) statuses.push((await send(server, 'POST', '/api/auth/change-password', { headers: bearer(school.other.token), body: { current: `guess ${i} of it`, new: 'kolam tiger rain' }, from })).status);
    equal(statuses.slice(-3), [429, 429, 429], 'the last guesses');
    const codes = [];
    for (let i = 0; i < 8; i++) codes.push((await post('/api/auth/reset/confirm', { username: 'student', code: `AAAA-AAA${i}`, new: 'kolam tiger rain' }, from)).status);
    equal(codes.at(-1), 429, 'codes of a reset');
});

// ---- pairing ---------------------------------------------------------------------------------------------------------

await test('a pairing code is used once, by one, in its time', async () => {
    const { station: { id }, code } = await admin.post('/api/stations', { name: 'Once', classes: [A] });
    secrets.add(code);
    const both = await Promise.all([pairWith(server, code, { from: stranger() }), pairWith(server, code, { from: stranger() })]);
    equal(both.map((one) => one.status).sort(), [200, 401], 'two at the same time');
    equal((await pairWith(server, code, { from: stranger() })).status, 401, 'a third');
    const { code: first } = await admin.post(`/api/stations/${id}/code`), { code: second } = await admin.post(`/api/stations/${id}/code`);
    equal((await pairWith(server, first, { from: stranger() })).status, 401, 'the older of two codes');
    await admin.post(`/api/stations/${id}/revoke`);
    equal((await pairWith(server, second, { from: stranger() })).status, 401, 'a code from before the station was revoked');
    equal((await admin.get('/api/stations')).items.find((one) => one.id === id).revoked, true, 'still revoked');
});

await test('guessing at pairing codes is slowed down, at once', async () => {
    const from = stranger();
    const { code } = await admin.post('/api/stations', { name: 'Guessed', classes: [] });
    const answers = await Promise.all(Array.from({ length: 120 }, (_, i) => pairWith(server, `ZZZZ-${String(i).padStart(4, '2')}`, { from })));
    const judged = answers.filter((one) => one.status === 401).length;
    equal(answers.every((one) => [401, 429].includes(one.status)), true, 'what was answered');
    atMost(judged, 31, 'codes that were looked at of 120 at once');
    const late = await pairWith(server, code, { from });
    equal(late.status, 429, 'the right code from the guesser');
    holds(late.headers['retry-after'], /^[1-9]\d*$/, 'Retry-After');
    equal((await pairWith(server, code, { from: stranger() })).status, 200, 'the right one from elsewhere');
    return `${judged} of 120 were looked at`;
});

await test('guessing at pairing codes from many addresses is slowed down, and locks no station out', async () => {
    const { code } = await admin.post('/api/stations', { name: 'Guessed at by many', classes: [] });
    const wrong = (from) => pairWith(server, 'ZZZZ-ZZZZ', { from }).then((answer) => answer.status);
    for (let i = 0; i < 30; i++) await Promise.all([1, 2, 3, 4].map(() => stranger()).map(wrong)); /* from each once */
    const guesser = stranger();
    equal([await wrong(guesser), await wrong(guesser)], [401, 429], 'one address later');
    equal((await pairWith(server, code, { from: stranger() })).status, 200, 'the right one');
});

// ---- a station in another's place ------------------------------------------------------------------------------------

await test("a station's token opens nothing but the stations' doors", async () => {
    for (const where of ['/api/me', '/api/students', `/api/students/${a1}`, '/api/users', '/api/settings', '/api/events', '/api/activity', `/api/rolls?class=${encodeURIComponent(A)}`, `/api/stations/${door.id}/live`])
        equal((await send(server, 'GET', where, { headers: bearer(door.token) })).status, 403, where);
    for (const where of ['/api/students', '/api/users', '/api/stations', `/api/stations/${door.id}/code`, `/api/students/${a1}/photo`])
        equal((await send(server, 'POST', where, { headers: bearer(door.token), body: {} })).status, 403, `POST ${where}`);
});

await test('a station gets the students of its classes alone', async () => {
    const whole = async (station) => {
        const { status, text } = await station.sync('GET', 'changes?last=0');
        equal(status, 200, station.name);
        return text;
    };
    const ofDoor = await whole(door), ofGate = await whole(gate);
    for (const { id, name } of school.studentsB) equal(ofDoor.includes(name) && !school.studentsA.some((one) => one.name === name) && id, false, 'a student of B at the door of A');
    for (const { id, name } of school.studentsA) equal(ofGate.includes(name) && !school.studentsB.some((one) => one.name === name) && id, false, 'a student of A at the gate of B');
    equal(ofDoor.includes(school.studentsA[0].name), true, 'its own');
    equal(/\+\d{10}|parent|note/.test(ofDoor), false, "parents' numbers at a station");
});

await test('nobody pushes as another station, and nothing without its key', async () => {
    const batch = () => message(1, new Uint8Array(32), new Uint8Array(64).fill(7), [new Uint8Array([0x80])], 0, '1.0', 'ok', Date.now());
    for (const body of [batch(), message(2, new Uint8Array(32), new Uint8Array(64), [new Uint8Array([1])], 0, '1.0', 'ok', 1)]) {
        const { status } = await door.sync('POST', 'events', new Uint8Array(body));
        equal(status, 422, 'a signature of somebody else');
    }
    for (const body of [new Uint8Array(0), new Uint8Array([0xc0]), new Uint8Array([0xdf, 0xff, 0xff, 0xff, 0xff]), new Uint8Array([0x81, 1, 0xdd, 0xff, 0xff, 0xff, 0xff]), new Uint8Array(5000).fill(0x91)])
        equal((await door.sync('POST', 'events', body)).status, 400, 'nonsense');
    equal((await admin.get('/api/stations')).items.find((one) => one.id === door.id).acked_seq, 0, 'what was taken of it');
    const stranger_ = await door.sync('POST', 'templates', new Uint8Array(message(school.b1, new Uint8Array(80), 0, 0)));
    holds(String(stranger_.status), /^(404|422)$/, 'templates of a student of another class');
    equal((await door.sync('POST', 'templates', new Uint8Array(message(a1, new Uint8Array(80), 0, 0)))).status, 422, 'templates that are not sealed to the server');
    equal((await admin.get(`/api/students/${school.b1}`)).template_count, school.studentsB[0].template_count, 'the templates of that student');
    for (const query of ['cursor=../../x', 'cursor=%00', `cursor=${'f'.repeat(200)}`, 'wait=-1', 'wait=1e9', 'wait=31', 'backlog=x', 'wall_ms=99999999999999999999', 'version=%0d%0aX:y', 'camera=%3Cscript%3E%3C%2Fscript%3E%3Cscript%3E%3C%2Fscript%3E'])
        holds(String((await door.sync('GET', `changes?${query}`)).status), /^(200|400)$/, query);
});

await test('a photo goes to one station of the class, its result comes from that one', async () => {
    const second = await makeStation(school, 'Second door of A', [A]);
    const photo = new Uint8Array(300).fill(1);
    photo.set([0xff, 0xd8, 0xff]);
    await admin.post(`/api/students/${a2}/consent`, { state: 'given', by: 'Latha Nair, mother' });
    await Promise.all([door, second, gate].map((station) => station.sync('GET', 'changes?last=0&camera=ok&version=1.0')));
    const { status, json } = await send(server, 'POST', `/api/students/${a2}/photo`, { headers: { ...bearer(admin.token), 'content-type': 'image/jpeg' }, body: photo });
    equal(status, 202, 'the photo');
    const { id } = json.job, result = (ok) => new Uint8Array(message(ok, ok ? '' : 'blurred', 'x', { real: 0.5 }, 0, new Uint8Array(0)));
    const state = async () => (await admin.get(`/api/enrolments/${id}`)).state;
    equal((await gate.sync('GET', `jobs/${id}/photo`)).status, 404, 'a station of another class');
    for (const station of [gate, door]) equal((await station.sync('POST', `jobs/${id}/result`, result(false))).status, 404, `a result of ${station.name}, which did not take it`);
    for (const who of [school.own, school.student, school.other]) equal((await who.ask('GET', `/api/enrolments/${id}`)).status, 403, 'somebody who is no admin');
    equal(await state(), 'waiting', 'so far');
    const taken = await door.sync('GET', `jobs/${id}/photo`);
    equal([taken.status, taken.headers['content-type'], taken.headers['cache-control']], [200, 'image/jpeg', 'no-store'], 'the station of the class');
    equal((await second.sync('GET', `jobs/${id}/photo`)).status, 404, 'another station of the class, once it is taken');
    equal((await door.sync('GET', `jobs/${id}/photo`)).status, 200, 'the same again: its download may have been cut');
    for (const station of [second, gate]) equal((await station.sync('POST', `jobs/${id}/result`, result(false))).status, 404, `a result of ${station.name}`);
    equal(await state(), 'taken', 'still');
    equal((await door.sync('POST', `jobs/${id}/result`, result(true))).status, 200, 'templates that are none');
    equal([await state(), (await admin.get(`/api/students/${a2}`)).template_count], ['refused', school.studentsA.find((one) => one.id === a2).template_count], 'how it ended');
});

await test('a picture of a station reaches whoever may see that station', async () => {
    for (const who of [school.foreign, school.student]) {
        holds(String((await who.ask('GET', `/api/stations/${door.id}/live`)).status), /^40[34]$/, 'the picture');
        holds(String((await who.ask('POST', `/api/stations/${door.id}/camera`, { on: true })).status), /^40[34]$/, 'the camera');
    }
    equal((await admin.get('/api/stations')).items.find((one) => one.id === door.id).watched, false, 'watched');
    const html = new Uint8Array(Buffer.from('<html><script>alert(1)</script>'));
    equal((await door.sync('POST', 'preview', html, { 'content-type': 'image/jpeg' })).status, 400, 'a page for a picture');
});

// ---- where secrets might come out ------------------------------------------------------------------------------------

await test('no secret in what machines and staff may read', async () => {
    for (const where of ['/healthz', '/metrics', '/api/openapi.json', '/api/settings', '/api/users', '/api/stations', '/api/classes', `/api/students/${a1}`, `/api/students/${a1}/export`, '/api/activity?limit=500', '/api/me', '/', '/admin']) {
        const { status, text } = await send(server, 'GET', where, { headers: bearer(admin.token) });
        equal(status, 200, where);
        for (const secret of secrets) equal(text.includes(secret) && secret, false, where);
        equal(/argon2|password_hash|token_hash|secret_key|private|"session/i.test(text) && where !== '/api/openapi.json' && where, false, `${where}: a word that should not be there`);
    }
    const passed = await send(server, 'GET', '/metrics', { headers: { 'x-forwarded-for': '203.0.113.9' } });
    equal(passed.status, 403, 'the metrics through a proxy');
    equal((await send(server, 'GET', '/metrics', { headers: { 'x-forwarded-for': '203.0.113.9', ...bearer(school.own.token) } })).status, 403, 'the metrics for a coordinator');
    equal((await send(server, 'GET', '/metrics', { headers: { 'x-forwarded-for': '203.0.113.9', ...bearer(admin.token) } })).status, 200, 'the metrics for an admin');
});

await test('no refusal told more than it may', async () => equal(tooTalkative(server.data), '', 'the first that did'));

await test('the log of all this holds no secret and no line of a stranger', async () => {
    await send(server, 'POST', '/api/auth/login', { body: { username: 'x\\n2026 INFO forged', password: PASSWORD }, headers: { 'user-agent': 'agent\tforged' } });
    await login(server, 'foreign', PASSWORD);
    await eventually('the log', () => server.process.stderr.includes('login'));
    const { stderr, stdout } = await server.stop();
    for (const secret of secrets) equal((stderr + stdout.replaceAll(server.oneTimePassword, '')).includes(secret) && secret, false, 'a secret in the log');
    equal(/guess \d|wrong password|kolam tiger rain|forged/.test(stderr), false, 'what was tried');
    for (const line of stderr.trim().split('\n')) equal(/[\x00-\x08\x0b-\x1f]/.test(line), false, `control characters: ${line}`);
});
report();
