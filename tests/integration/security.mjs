/*
 * Who may do what, as an attacker tries it: every route of the real table by every caller, another's ids everywhere, forged
 * and stale tokens, other sites' pages. The first case goes by the table: a new route, role or parameter fails it until this
 * file says what is right.
 */
import crypto from 'node:crypto';

import { again, bearer, cookie, equal, eventually, holds, Listener, listen, login, makeSchool, makeStation, MSGPACK, PASSWORD, Person, readRoutes, report, secrets, send, test, tooTalkative, within } from './security_lib.mjs';

const SECRET_KEY = crypto.randomBytes(24).toString('hex');
const school = await makeSchool({ env: { SECRET_KEY } });
const { server, admin, A, B, a1, a2, b1, today } = school;
const routes = await readRoutes();
secrets.add(SECRET_KEY);

const spare = await makeStation(school, 'Spare of A', [A]);
const gone = await makeStation(school, 'Gone', []);
await admin.post(`/api/stations/${gone.id}/revoke`);
await school.makeUser('spare', 'coordinator');
const dispute = await school.student.post(`/api/students/${a1}/disputes`, { date: today, text: 'I was there' });

// ---- every route by every caller -------------------------------------------------------------------------------------

const part = (text) => text.split('.');
const tampered = (token) => { const [head, body, sign] = part(token); return `${head}.${body}.${sign[0] === 'A' ? 'B' : 'A'}${sign.slice(1)}`; };
const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
function sign(head, claims, { key = SECRET_KEY, hash = 'sha256' } = {}) {
    const text = `${encode(head)}.${encode(claims)}`;
    return `${text}.${crypto.createHmac(hash, key).update(text).digest('base64url')}`;
}
const [head, claims] = part(admin.token).slice(0, 2).map((one) => JSON.parse(Buffer.from(one, 'base64url')));
const expired = sign(head, { ...claims, iat: claims.iat - 7200, exp: claims.iat - 3600 });

/* role '': nobody, and the answer is 401. foreign: what of class A or of student a1 does not exist for him. */
const callers = {
    nobody: { role: '' },
    'an expired token': { role: '', token: expired },
    'a tampered token': { role: '', token: tampered(admin.token) },
    'a revoked station': { role: '', token: gone.token },
    'a station': { role: 'station', token: school.door.token },
    'the student': { role: 'student', token: school.student.token },
    'another student': { role: 'student', token: school.other.token, foreign: ['/students/:id'] },
    'a student of another class': { role: 'student', token: school.stranger.token, foreign: ['/students/:id'] },
    'the coordinator': { role: 'coordinator', token: school.own.token },
    'the coordinator of another class': { role: 'coordinator', token: school.foreign.token, foreign: ['/students/:id', '/rolls/:class', '/activity/:feed', '/stations/:id', '/alerts/:id'] },
    'an admin': { role: 'admin', token: admin.token },
    'an admin who must choose a password': { role: 'admin', token: school.fresh.token, mustChange: true },
};

const values = {
    '/students/:id': a1, '/stations/:id': spare.id, ':class': A, ':date': today, ':name': 'spare', ':feed': String(dispute.feed),
    '/alerts/:id': '0190b7a0-0000-8000-8000-0000000000fe', ':message': '0190b7a0-0000-8000-8000-0000000000fd',
    ':job': '0190b7a0-0000-7000-8000-0000000000ff', ':file': 'admin.js',
};
function targetOf(pattern) {
    const target = pattern.replace(/(\/\w+\/)?:(\w+)/g, (all, before = '', name) => {
        const value = values[`${before}:${name}`] ?? values[`:${name}`];
        if (value === undefined) throw new Error(`say in "values" what ${all} of ${pattern} is`);
        return before + encodeURIComponent(value);
    });
    return pattern === '/api/rolls' || pattern === '/api/leaderboard' ? `${target}?class=${encodeURIComponent(A)}` : target;
}
const isForeign = (caller, route) => (caller.foreign || []).some((what) => route.pattern.includes(what)) || (['/api/rolls', '/api/leaderboard'].includes(route.pattern) && /of another class/.test(caller.name));

/** [status, code] that the caller must get; null: he may. */
function refusal(caller, route) {
    if (route.pattern === '/webhooks/whatsapp') return [403, 'forbidden']; // open to whoever has the token, or signs: none of these
    if (route.roles.includes('anyone')) return null;
    if (caller.role === '') return [401, caller.token ? 'session_over' : 'not_logged_in'];
    if (!route.roles.includes(caller.role)) return [403, 'forbidden'];
    if (caller.mustChange && !route.flags.includes('password_may_be_old')) return [403, 'password_must_change'];
    return isForeign(caller, route) ? [404, 'not_found'] : null;
}

const body = (route) => (route.body_max === 0 || route.method === 'GET' ? {} : route.body_type?.endsWith('json') ?? true ? { body: {} } : { headers: { 'content-type': route.body_type }, body: new Uint8Array([0x80]) });

await test('every route by every caller', async () => {
    const names = school.studentsA.map((one) => one.name);
    let count = 0;
    for (const route of routes)
        for (const [name, caller] of Object.entries(callers)) {
            caller.name = name;
            const what = `${route.method} ${route.pattern} by ${name}`, wanted = refusal(caller, route), { headers, ...rest } = body(route);
            if (!wanted && route.pattern === '/api/auth/logout') continue; /* the callers are needed on; a case below logs out */
            const answer = await send(server, route.method, targetOf(route.pattern), { headers: { ...(caller.token ? bearer(caller.token) : {}), ...headers }, ...rest });
            count++;
            if (answer.headers['content-type']) equal(answer.headers['x-content-type-options'], 'nosniff', what);
            if (!wanted) {
                const fine = answer.status !== 403 && (answer.status !== 401 || route.pattern === '/sync/v1/pair') && (answer.status < 500 || ['no_station', 'offline'].includes(answer.json?.error?.code));
                equal(fine, true, `${what}: ${answer.status} ${answer.text.slice(0, 200)}: fine`);
                continue;
            }
            equal([answer.status, answer.json?.error?.code], wanted, what);
            equal(Object.keys(answer.json), ['error'], `${what}: the body`);
            for (const secret of [...names, a1]) if (secret.length > 3) equal(answer.text.includes(secret), false, `${what}: ${secret} in it`);
            if (wanted[0] === 401) holds(answer.headers['www-authenticate'], 'Bearer', what);
        }
    return `${routes.length} routes, ${count} requests`;
});

await test('HEAD is asked for the same permission, other methods do not get by', async () => {
    for (const target of ['/api/students', `/api/students/${a1}`, '/api/users', '/api/export/attendance', '/api/events', '/sync/v1/changes']) {
        equal((await send(server, 'HEAD', target)).status, 401, `HEAD ${target} by nobody`);
        equal((await send(server, 'HEAD', target, { headers: bearer(school.stranger.token) })).status, target === '/api/events' ? 200 : target.includes(a1) ? 404 : 403, `HEAD ${target} by a student`);
    }
    for (const method of ['OPTIONS', 'TRACE', 'PROPFIND'])
        holds(String((await send(server, method, '/api/users', { headers: bearer(school.student.token) })).status), /^(400|405|501)$/, method);
    const renamed = await send(server, 'POST', `/api/students/${a1}`, { headers: { ...bearer(school.own.token), 'x-http-method-override': 'PATCH' }, body: { name: 'Mallory' } });
    equal(renamed.status, 405, 'a method in a header');
});

// ---- what belongs to others ------------------------------------------------------------------------------------------

await test('lists, numbers and exports of a coordinator hold nothing of another class', async () => {
    const { foreign } = school, own = encodeURIComponent(A);
    const ids = school.studentsA.map((one) => one.id);
    const clean = (text, what) => ids.forEach((id) => equal(new RegExp(`(^|[",])${id}([",]|$)`, 'm').test(text), false, `${what}: ${id}`));
    for (const where of ['/api/students?limit=500', '/api/students?q=a&limit=500', '/api/activity?limit=500', '/api/stats', '/api/classes', '/api/stations', `/api/export/attendance?from=${today}`]) {
        const { status, text } = await send(server, 'GET', where, { headers: bearer(foreign.token) });
        equal(status, 200, where);
        clean(text, where);
    }
    for (const where of ['/api/students?class=', '/api/stats?class=', '/api/leaderboard?class=', '/api/rolls?class=', '/api/export/attendance?class='])
        equal((await send(server, 'GET', where + own, { headers: bearer(foreign.token) })).json?.error?.code, 'not_found', where);
    equal((await foreign.get('/api/stats')).classes.map((one) => one.id), [B], 'classes of the numbers');
    equal((await foreign.get('/api/stations')).items.some((one) => one.id === spare.id), false, 'a station of another class');
    const { station: shared } = await admin.post('/api/stations', { name: 'Shared', classes: [A, B] });
    const seen = async (who) => (await who.get('/api/stations')).items.filter((one) => one.id === shared.id).map((one) => [one.classes, one.other_classes])[0];
    equal(await seen(foreign), [[B], 1], 'the classes of a station that serves another one, too');
    equal(await seen(admin), [[A, B], 0], 'the same for an admin');
    for (const where of [`/api/leaderboard?class=${encodeURIComponent(B)}`, '/api/leaderboard?class=none'])
        equal((await school.student.ask('GET', where)).status, 404, `a student: ${where}`);
});

await test('another student in the body of a correction is not found, and nothing is written', async () => {
    const correct = (who, class_id, student_id) => who.ask('POST', `/api/rolls/${encodeURIComponent(class_id)}/${today}/corrections`, { student_id, status: 'excused', reason: 'x' });
    const before = await admin.get(`/api/rolls?class=${encodeURIComponent(A)}&date=${today}`);
    equal((await correct(school.foreign, B, a1)).status, 404, 'a student of another class through an own class');
    equal((await correct(school.foreign, A, a1)).status, 404, 'a foreign class');
    equal((await correct(school.foreign, A, b1)).status, 404, 'an own student through a foreign class');
    for (const verb of ['close', 'reopen']) equal((await school.foreign.ask('POST', `/api/rolls/${encodeURIComponent(A)}/${today}/${verb}`, {})).status, 404, verb);
    equal((await school.foreign.ask('POST', `/api/activity/${dispute.feed}/review`, { state: 'dismissed', note: 'x' })).status, 404, 'a review');
    equal(await admin.get(`/api/rolls?class=${encodeURIComponent(A)}&date=${today}`), before, 'the roll of the class');
    const { items } = await admin.get('/api/activity?kind=dispute');
    equal(items.find((one) => one.feed === dispute.feed).state, 'open', 'the dispute');
});

await test('a page hears of nobody who is not its own', async () => {
    const pages = {};
    for (const name of ['admin', 'own', 'foreign', 'student', 'other', 'stranger']) pages[name] = await listen(school[name]);
    const correct = (class_id, student_id, reason) => admin.post(`/api/rolls/${encodeURIComponent(class_id)}/${today}/corrections`, { student_id, status: 'excused', reason });
    await correct(A, a1, 'secret of a1');
    await school.student.post(`/api/students/${a1}/disputes`, { date: today, text: 'words of a1' }).catch(() => {});
    await admin.patch(`/api/students/${a1}`, { note: 'note of a1' });
    await correct(A, a2, 'secret of a2');
    await correct(B, b1, 'secret of b1');
    for (const [name, last] of [['admin', b1], ['own', a2], ['foreign', b1], ['student', a1], ['other', a2], ['stranger', b1]])
        await pages[name].until((event) => event.event === 'correction' && event.data.student_id === last, 5000, `${name}: the last of his`);
    await admin.get('/api/me'); /* what was on its way has come */
    const of = (name) => pages[name].of('correction').map((event) => event.data.student_id);
    equal([of('admin'), of('own'), of('foreign')], [[a1, a2, b1], [a1, a2], [b1]], 'corrections of staff');
    equal([of('student'), of('other'), of('stranger')], [[a1], [a2], [b1]], 'corrections of students');
    for (const name of ['student', 'other', 'stranger', 'foreign']) equal(pages[name].of('activity').filter((event) => JSON.stringify(event.data).includes('a1')), [], `activity: ${name}`);
    for (const event of pages.stranger.of('changed')) equal(Object.keys(event.data), ['what'], 'what a student is told of changes');
    for (const event of pages.foreign.of('changed')) equal([undefined, B].includes(event.data.class_id), true, `${event.data.what} of ${event.data.class_id} at the other class`);
    /* a reconnect from long ago brings no more */
    const late = new Listener(school.other, { lastId: String(pages.admin.of('hello')[0].data.feed) });
    await late.until((event) => event.event === 'correction' && event.data.student_id === a2, 5000, 'the replay');
    equal(late.of('correction').map((event) => event.data.student_id), [a2], 'the replay');
    for (const page of [...Object.values(pages), late]) await page.cut();
});

// ---- tokens ----------------------------------------------------------------------------------------------------------

await test('a token that was bent is nobody', async () => {
    const [first, second, third] = part(admin.token);
    const key = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
    const rs256 = () => { const text = `${encode({ ...head, alg: 'RS256', jwk: key.publicKey.export({ format: 'jwk' }) })}.${second}`; return `${text}.${crypto.sign('sha256', Buffer.from(text), key.privateKey).toString('base64url')}`; };
    const json = JSON.stringify(claims);
    const bent = {
        'no algorithm': sign({ ...head, alg: undefined }, claims), 'none, empty signature': `${encode({ ...head, alg: 'none' })}.${second}.`, 'None, some signature': `${encode({ ...head, alg: 'None' })}.${second}.${third}`,
        'hs256 in small letters': sign({ ...head, alg: 'hs256' }, claims), HS384: sign({ ...head, alg: 'HS384' }, claims, { hash: 'sha384' }), 'HS512 said, HS256 signed': sign({ ...head, alg: 'HS512' }, claims),
        'RS256 with its own key': rs256(), 'another kid': sign({ ...head, kid: 'x' }, claims), 'a kid that is a path': sign({ ...head, kid: '../../dev/null' }, claims, { key: '' }), 'no kid': sign({ ...head, kid: undefined }, claims),
        'an empty key': sign(head, claims, { key: '' }), 'the kid as the key': sign(head, claims, { key: head.kid }), 'crit': sign({ ...head, crit: ['exp'] }, claims),
        'the role twice': sign(head, `${json.slice(0, -1)},"role":"admin"}`), 'a role that is no text': sign(head, { ...claims, role: 1 }), 'the role station': sign(head, { ...claims, role: 'station' }), 'the role of another': sign(head, { ...claims, role: 'coordinator' }),
        'no end': sign(head, { ...claims, exp: undefined }), 'an end that is a text': sign(head, { ...claims, exp: '9999999999' }), 'an end beyond all numbers': sign(head, json.replace(/"exp":\d+/, '"exp":1e400')), 'an end below zero': sign(head, { ...claims, exp: -1 }),
        'of tomorrow': sign(head, { ...claims, iat: claims.iat + 86400, exp: claims.exp + 86400 }), 'not before tomorrow': sign(head, { ...claims, nbf: claims.iat + 86400 }), 'an id beyond ours': sign(head, { ...claims, jti: 'x' }),
        'another person': sign(head, { ...claims, sub: 'own' }), 'the same in capitals': sign(head, { ...claims, sub: 'ADMIN' }), 'another session': sign(head, { ...claims, sid: encode(Buffer.alloc(16)) }), 'a short session': sign(head, { ...claims, sid: 'AA' }),
        'two parts': `${first}.${second}`, 'four parts': `${admin.token}.x`, 'padding': `${admin.token}=`, 'plain base64': admin.token.replace(/[-_]/g, '+').replace(/\.[^.]*$/, `.${third}+`), 'a bit of the signature': tampered(admin.token),
        'a bit of the claims': `${first}.${second.slice(0, 8)}${second[8] === 'A' ? 'B' : 'A'}${second.slice(9)}.${third}`, 'cut': admin.token.slice(0, -1), 'twice': `${admin.token}${admin.token}`, 'a space in it': `${first}. ${second}.${third}`,
        'very long': `${first}.${second}.${'A'.repeat(6000)}`, 'dots': '..', 'one dot': '.', 'a station with dots': `${school.door.token}.`, 'half a station': school.door.token.slice(0, 40), 'the expired one': expired,
    };
    for (const [what, token] of Object.entries(bent))
        for (const headers of [bearer(token), cookie(token)]) holds(String((await send(server, 'GET', '/api/users', { headers })).status), /^(401|400)$/, `${what} as ${Object.keys(headers)[0]}`);
    equal((await send(server, 'GET', '/api/users', { headers: bearer(sign(head, claims)) })).status, 200, 'as the server makes it');
    return `${Object.keys(bent).length} of them`;
});

await test('where a token stands matters', async () => {
    const ask = async (headers, where = '/api/users') => (await send(server, 'GET', where, { headers })).status;
    equal(await ask({ ...bearer('wrong.one.here'), ...cookie(admin.token) }), 401, 'a wrong bearer beside a right cookie');
    equal(await ask({ ...bearer(school.student.token), ...cookie(admin.token) }), 403, "a student's bearer beside an admin's cookie");
    equal(await ask({}, `/api/users?token=${admin.token}&access_token=${admin.token}`), 401, 'in the query');
    equal(await ask({ authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` }), 401, 'a password in Basic');
    equal(await ask(cookie(school.door.token), '/sync/v1/hash?seq=0'), 401, "a station's token as a cookie");
    equal(await ask({ cookie: `__Host-rollcall=${admin.token}` }), 401, "the cookie of TLS without TLS");
    equal(await ask({ 'x-forwarded-proto': 'https', cookie: `__Host-rollcall=${admin.token}` }), 401, 'and a header that says there is TLS');
    equal(await ask({ cookie: `rollcall=wrong; rollcall=${admin.token}` }) === 200, false, 'a second cookie of the name');
});

const streams = []; /* of sessions that have ended: the last case but one waits for their end */

await test('a session ends with logout, password, disabling, deletion and erasure', async () => {
    const { login: first } = await school.makeUser('leaver', 'coordinator', { classes: [A] });
    await first();
    const status = async (person) => (await person.ask('GET', '/api/me')).status;
    const ends = {
        logout: async (person) => person.post('/api/auth/logout'),
        'a new password of his own': async () => (await again(school, 'leaver')).post('/api/auth/change-password', { current: PASSWORD, new: `${PASSWORD} 2` }).then(({ token }) => new Person(server, token).post('/api/auth/change-password', { current: `${PASSWORD} 2`, new: PASSWORD })),
        disabling: async () => { await admin.patch('/api/users/leaver', { disabled: true }); await admin.patch('/api/users/leaver', { disabled: false }); },
        deletion: async () => admin.delete('/api/users/leaver'),
    };
    for (const [what, end] of Object.entries(ends)) {
        const person = await again(school, 'leaver'), page = await listen(person);
        equal(await status(person), 200, `before ${what}`);
        await end(person);
        equal(await status(person), 401, `after ${what}`);
        equal((await send(server, 'GET', '/api/me', { headers: cookie(person.token) })).status, 401, `after ${what}, as a cookie`);
        streams.push({ what, page });
    }
    const victim = school.studentsA.at(-1).id;
    await (await school.makeUser('erased', 'student', { student_id: victim })).login();
    const person = await again(school, 'erased');
    streams.push({ what: 'erasure', page: await listen(person) });
    await admin.delete(`/api/students/${victim}`, { confirm: victim });
    equal(await status(person), 401, 'after he was erased');
    equal((await new Person(server).ask('POST', '/api/auth/login', { username: 'erased', password: PASSWORD })).status, 401, 'logging in again');
});

await test('what a session may see goes with the classes of its owner', async () => {
    await (await school.makeUser('mover', 'coordinator', { classes: [A] })).login();
    const person = await again(school, 'mover');
    equal((await person.ask('GET', `/api/students/${a1}`)).status, 200, 'his class');
    streams.push({ what: 'a change of his classes', page: await listen(person) });
    await admin.patch('/api/users/mover', { classes: [B] });
    equal((await person.ask('GET', `/api/students/${a1}`)).status, 404, 'when it is his no more');
    await admin.patch('/api/users/mover', { classes: [] });
    equal((await person.get('/api/students')).items, [], 'without a class');
});

// ---- other sites' pages ----------------------------------------------------------------------------------------------

await test('no write by a cookie from anywhere but our own pages', async () => {
    const own = server.url, port = server.port;
    const origins = [
        [{}, false], [{ origin: 'http://evil.example' }, false], [{ origin: 'null' }, false], [{ origin: '' }, false], [{ 'sec-fetch-site': 'cross-site' }, false], [{ 'sec-fetch-site': 'same-site' }, false],
        [{ 'sec-fetch-site': 'cross-site', origin: own }, false], [{ 'sec-fetch-site': '' }, false], [{ 'sec-fetch-site': 'Same-Origin' }, false], [{ origin: own.replace('http:', 'https:') }, false], [{ origin: `http://127.0.0.1:${port + 1}` }, false],
        [{ origin: `${own}.evil.example` }, false], [{ origin: `http://evil.example@127.0.0.1:${port}` }, false], [{ origin: `${own}/` }, false], [{ referer: `${own}/admin` }, false],
        [{ origin: own }, true], [{ 'sec-fetch-site': 'same-origin' }, true], [{ 'sec-fetch-site': 'same-origin', origin: own }, true],
    ];
    const writes = routes.filter((route) => route.method !== 'GET' && !route.roles.includes('station') && !route.roles.includes('anyone'));
    for (const route of writes)
        for (const [headers, fine] of origins) {
            const who = route.pattern === '/api/auth/logout' ? await again(school, 'own') : route.roles.includes('admin') ? admin : school.student;
            const answer = await send(server, route.method, targetOf(route.pattern), { headers: { ...cookie(who.token), host: `127.0.0.1:${port}`, ...headers }, ...body(route) });
            const what = `${route.method} ${route.pattern} from ${JSON.stringify(headers)}`;
            if (fine) equal(answer.status === 403, false, `${what}: refused`);
            else equal([answer.status, answer.json?.error?.code], [403, 'wrong_origin'], what);
        }
    for (const route of routes.filter((one) => one.method !== 'GET' && one.roles.includes('anyone') && !one.flags.includes('origin_any')))
        for (const headers of [{ origin: 'http://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }])
            equal((await send(server, route.method, route.pattern, { headers, body: {} })).json?.error?.code, 'wrong_origin', `${route.pattern} from ${JSON.stringify(headers)}`);
    equal((await send(server, 'POST', '/sync/v1/events', { headers: { ...cookie(admin.token), origin: own, ...MSGPACK }, body: new Uint8Array([0x80]) })).status, 403, "a person at a station's door");
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
        equal((await send(server, 'POST', '/api/auth/login', { headers: { 'content-type': type }, body: '{"username":"admin","password":"x"}' })).status, 415, `a form of type ${type}`);
    return `${writes.length} routes`;
});

await test('no other page may read, frame or embed', async () => {
    for (const target of ['/', '/admin', '/student-dashboard', '/api/me', '/assets/admin.js', '/nowhere']) {
        const { headers } = await send(server, 'GET', target, { headers: { ...bearer(admin.token), origin: 'http://evil.example' } });
        equal(headers['access-control-allow-origin'], undefined, `${target}: CORS`);
        equal(headers['x-frame-options'], 'DENY', `${target}: frames`);
        holds(headers['content-security-policy'], /default-src '(none|self)'/, `${target}: policy`);
        if (!target.startsWith('/assets/')) holds(headers['content-security-policy'], "frame-ancestors 'none'", `${target}: framing`);
        equal(/unsafe-inline|unsafe-eval/.test(headers['content-security-policy'].replace(/style-src[^;]*/, '')), false, `${target}: scripts`);
        if (target.startsWith('/api/')) holds(headers['cache-control'], /no-store|private|no-cache/, `${target}: kept by a cache between`);
    }
});

await test('the streams of a session end with it', async () => {
    for (const { what, page } of streams) {
        await within(20000, `the end of the stream after ${what}`, page.ended);
        equal(page.events.filter((event) => !['hello', 'changed', 'correction', 'reset'].includes(event.event)), [], `${what}: what else it got`);
    }
    return `${streams.length} streams`;
});

// ---- the whole run ---------------------------------------------------------------------------------------------------

await test('no refusal told more than it may', async () => equal(tooTalkative(server.data), '', 'the first that did'));

await test('the log holds no secret', async () => {
    await eventually('the log', () => server.process.stderr.includes('login'));
    const { stderr, stdout } = await server.stop();
    for (const secret of secrets) equal((stderr + stdout.replaceAll(server.oneTimePassword, '')).includes(secret) && secret, false, 'a secret in the log');
});
report();
