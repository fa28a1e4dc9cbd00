/* Who may log in, from outside: the program's user commands beside a server that runs, secrets, cookies, forged tokens. */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

import { equal, eventually, firstAdmin, firstLogin, folder, holds, login, makeClass, Person, report, serverFolder, serverJson, serverRun, startServer, test } from './lib/server.mjs';

const server = await startServer();
const admin = await firstAdmin(server);
const password = 'a password for tests';
const user = (...words) => serverJson(['--data', server.data, 'user', ...words]);
const refused = (...words) => serverRun(['--data', server.data, 'user', ...words]);

await test('a user made by a command logs in, and must choose a password first', async () => {
    await makeClass(admin, 'T1', 3);
    const [made] = await user('add', 'Ben', '--role', 'coordinator', '--name', 'Ben Baker', '--class', 'T1');
    equal([made.user, made.role], ['ben', 'coordinator'], 'who was made');
    const early = await login(server, 'ben', made.one_time_password);
    equal((await early.ask('GET', '/api/students')).body.error.code, 'password_must_change', 'before it was changed');
    const ben = await firstLogin(server, 'ben', made.one_time_password);
    equal((await ben.get('/api/me')).classes, ['T1'], 'his classes');
    equal((await ben.ask('GET', '/api/users')).status, 403, 'what is not his');
});

await test('what a command does to a user, his open sessions know within a second', async () => {
    for (const [word, undo] of [['disable', 'enable'], ['reset', null], ['delete', null]]) {
        const person = await login(server, 'ben', password);
        await person.get('/api/me');
        const [result] = await user(word, 'ben');
        await eventually(`the end of the session after ${word}`, async () => (await person.ask('GET', '/api/me')).status === 401, 2500);
        if (undo) await user(undo, 'ben');
        if (word === 'reset') await firstLogin(server, 'ben', result.one_time_password);
    }
    equal((await user('list')).map((one) => one.name), ['admin'], 'who is left');
});

await test('slips give a login to each student who has none, once', async () => {
    const slips = await user('slips', '--class', 'T1');
    equal(slips.map((slip) => slip.student_id), ['T1-001', 'T1-002', 'T1-003'], 'whose slips');
    equal(new Set(slips.map((slip) => slip.one_time_password)).size, 3, 'different passwords');
    const student = await firstLogin(server, slips[0].user, slips[0].one_time_password);
    equal((await student.get('/api/me')).student_id, 'T1-001', 'who he is');
    equal((await student.ask('GET', '/api/students/T1-002')).status, 404, 'another student');
    equal(await user('slips', '--class', 'T1'), [], 'slips when all have a login');

    const again = await user('slips', '--class', 'T1', '--again');
    equal(again.map((slip) => slip.student_id), ['T1-002', 'T1-003'], 'lost slips: of those who never came in');
    equal((await new Person(server).ask('POST', '/api/auth/login', { username: slips[1].user, password: slips[1].one_time_password })).status, 401, 'the lost slip');
    await firstLogin(server, again[0].user, again[0].one_time_password);
    equal((await student.get('/api/me')).student_id, 'T1-001', 'who chose a password keeps it');
});

await test('a number that is another\'s user name keeps no slip from the others', async () => {
    for (const id of ['t1-001', 'T1-800']) await admin.post('/api/students', { id, name: `Student ${id}`, class_id: 'T1' });
    const { stdout, stderr, code } = await refused('slips', '--class', 'T1');
    equal(code, 1, 'somebody has none');
    holds(stdout, 'T1-800', 'the slips');
    holds(stderr, "t1-001 is another's user name: rollcall-server user add NAME --role student --student t1-001", 'who has none, and what to do');
    for (const id of ['t1-001', 'T1-800']) await admin.ask('DELETE', `/api/students/${id}`, { confirm: id });
});

await test('slips as a page are for the owner of the file alone, and hold no markup of a name', async () => {
    await admin.post('/api/students', { id: 'T1-900', name: '<script>alert(1)</script> & Co', class_id: 'T1' });
    const file = path.join(folder('slips'), 'slips.html');
    const { stdout, code } = await refused('slips', '--class', 'T1', '--html', file);
    equal(code, 0, 'exit');
    const page = fs.readFileSync(file, 'utf8');
    equal(fs.statSync(file).mode & 0o777, 0o600, 'mode');
    equal(page.includes('<script'), false, 'markup in it');
    holds(page, 'alert(1)', 'the name');
    const [, given] = /Password<\/dt><dd>([a-z0-9-]+)</.exec(page);
    equal(stdout.includes(given), false, 'the password on the terminal too');
    await login(server, 't1-900', given);
});

await test('commands refuse in a sentence', async () => {
    for (const [words, code, said] of [
        [['add', 'x', '--role', 'root'], 2, 'user add takes --role admin, coordinator or student'],
        [['add', 'x y', '--role', 'admin'], 2, 'user add takes one user name'],
        [['add', 'x', '--role', 'student'], 1, "say which student's login it is"],
        [['add', 'x', '--role', 'coordinator', '--class', 'Z9'], 1, 'there is no class Z9'],
        [['add', 'admin', '--role', 'admin'], 1, 'there is a user of this name'],
        [['reset', 'nobody'], 1, 'there is no user nobody'],
        [['delete', 'admin'], 1, 'this is the last admin who can log in'],
        [['disable', 'admin'], 1, 'this is the last admin who can log in'],
        [['slips', '--class', 'Z9'], 1, 'there is no class Z9'],
        [['list', '--html', 'x'], 2, 'user list does not take this option'],
        [['fly'], 2, 'user takes add NAME'],
    ]) {
        const result = await refused(...words);
        equal(result.code, code, `exit of user ${words.join(' ')}`);
        holds(result.stderr, said, `user ${words.join(' ')}`);
        equal(result.stderr.trim().split('\n').length, 1, 'lines');
    }
});

await test('SECRET_KEY that is too short is refused with what to do', async () => {
    const { code, stderr } = await serverRun(['run', '--data', serverFolder(), '--listen', '127.0.0.1:0'], { env: { SECRET_KEY: 'short' } });
    equal(code, 1, 'exit');
    holds(stderr, /SECRET_KEY has 5 bytes.*openssl rand/, 'what it says');
});

await test('a token is of this secret, this algorithm and a session that lives', async () => {
    const secret = crypto.randomBytes(24).toString('hex');
    const other = await startServer({ env: { SECRET_KEY: secret } });
    const boss = await firstAdmin(other);
    const [head, body] = boss.token.split('.').map((part, i) => (i < 2 ? JSON.parse(Buffer.from(part, 'base64url')) : part));
    const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const sign = (header, claims, key = secret, hash = 'sha256') => {
        const text = `${encode(header)}.${encode(claims)}`;
        return `${text}.${crypto.createHmac(hash, key).update(text).digest('base64url')}`;
    };
    const status = async (token) => (await new Person(other, token).ask('GET', '/api/users')).status;
    equal(await status(sign(head, body)), 200, 'as the server makes it');
    for (const [what, token] of [
        ['none', `${encode({ ...head, alg: 'none' })}.${encode(body)}.`],
        ['HS512', sign({ ...head, alg: 'HS512' }, body, secret, 'sha512')],
        ['RS256', sign({ ...head, alg: 'RS256' }, body)],
        ['another secret', sign(head, body, 'x'.repeat(48))],
        ['without end', sign(head, { ...body, exp: undefined })],
        ['over', sign(head, { ...body, exp: body.iat + 1, iat: body.iat - 100 })],
        ['another session', sign(head, { ...body, sid: Buffer.alloc(16, 7).toString('base64url') })],
        ['another user', sign(head, { ...body, sub: 'somebody' })],
        ['another role', sign(head, { ...body, role: 'student' })],
        ['of the other server', admin.token],
    ]) {
        if (what === 'over') await eventually('a second', () => Date.now() / 1000 > body.iat + 1);
        equal(await status(token), 401, what);
    }
    await boss.post('/api/auth/logout');
    equal(await status(boss.token), 401, 'after logout');
    await other.stop();
});

await test('the cookie is for the browser alone, and of our own pages', async () => {
    const answer = await new Person(server).ask('POST', '/api/auth/login', { username: 'admin', password });
    const cookie = answer.headers.get('set-cookie');
    holds(cookie, /^rollcall=[^;]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/, 'the cookie');
    const browser = new Person(server);
    const own = { cookie: cookie.split(';')[0] };
    equal((await browser.ask('GET', '/api/me', undefined, own)).status, 200, 'reading');
    const write = async (headers) => (await browser.ask('PATCH', '/api/settings', { school_name: 'Test School' }, { ...own, ...headers })).status;
    equal(await write({}), 403, 'a write of nowhere');
    equal(await write({ origin: 'http://evil.example' }), 403, 'a write of another site');
    equal(await write({ origin: server.url }), 200, 'a write of our own page');
    equal(await write({ origin: server.url, 'rollcall-user': 'admin' }), 200, 'a write of his own page');
    equal(await write({ origin: server.url, 'rollcall-user': 'ben' }), 409, 'a write of a page where another was signed in');
});

await test('guessing slows down', async () => {
    const nobody = new Person(server);
    let answer;
    for (let i = 0; i < 5; i++) answer = await nobody.ask('POST', '/api/auth/login', { username: 'guessed', password: `guess number ${i}` });
    equal(answer.status, 429, 'the fifth guess');
    holds(answer.headers.get('retry-after'), /^[12]$/, 'Retry-After');
    await login(server, 'admin', password); // others from the same address still come in
});

await server.stop();
await report();
