/*
 * What comes in, as an attacker writes it: paths and parameters in odd encodings, fields that are not his to set, texts that
 * are markup, formulas or no text at all, bodies without measure. Nothing breaks, nothing is taken for something else, and
 * what is kept comes back as it was.
 */
import { again, bearer, equal, holds, makeSchool, PASSWORD, Person, raw, readRoutes, report, send, test, tooTalkative, atMost, within } from './security_lib.mjs';

const school = await makeSchool();
const { server, admin, A, a1, a2, today } = school;
const routes = await readRoutes();
const classA = encodeURIComponent(A);

/* Runs beside everything else: it takes its time. */
const slow = raw(server, `POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{`, { ms: 60000 });

// ---- paths -----------------------------------------------------------------------------------------------------------

await test('no path leads out of the assets', async () => {
    const ups = ['..', '%2e%2e', '.%2e', '%2E.', '..%00', '%252e%252e', '%c0%ae%c0%ae', '..%5c', '..%2f', '%2e%2e%2f', '....', '..;', '%uff0e%uff0e'];
    const targets = ups.flatMap((up) => [`/assets/${up}/${up}/etc/passwd`, `/assets/${up}%2f${up}%2fetc%2fpasswd`, `/assets/${up}`, `/${up}/etc/passwd`, `/assets/admin.js/${up}/admin.css`]);
    targets.push('/assets//etc/passwd', '/assets/%2fetc%2fpasswd', '/assets/', '/assets', '/assets/admin.js%00.css', '/assets/admin.js/', '/assets/./admin.js', '/assets/ADMIN.JS', '/assets/admin.html', '/assets/file:%2f%2f%2fetc%2fpasswd', `/assets/${'a'.repeat(4000)}`, '/assets/%', '/assets/%2', '/assets/%zz', '/assets/\\..\\..\\etc\\passwd', '/assets/%5c%5cevil.example%5cx');
    for (const target of targets) {
        const { status, text } = await raw(server, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
        holds(String(status), /^(400|404|414)$/, target);
        equal(/root:|export |function /.test(text.slice(text.indexOf('\r\n\r\n'))), false, `${target}: a file in it`);
    }
    equal((await send(server, 'GET', '/assets/admin.js')).status, 200, 'the real one');
    return `${targets.length} paths`;
});

await test('a path is what it is: no other spelling of one gets by the permissions', async () => {
    const spellings = ['/api//users', '//api/users', '/api/users/', '/API/users', '/api/./users', '/api/x/../users', '/api/users;x', '/api/users%20', '/api/users%00', '/api/%75sers', '/api%2fusers', '/assets/..%2fapi%2fusers', '/api/users%3f', '/api/users/..', '/\\api\\users'];
    for (const target of spellings)
        for (const who of [{}, bearer(school.student.token)]) {
            const { text, status } = await raw(server, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${who.authorization ? `Authorization: ${who.authorization}\r\n` : ''}\r\n`);
            holds(String(status), /^(400|401|403|404)$/, target);
            equal(text.includes('one_time') || text.includes('"full_name"'), false, `${target}: users in it`);
        }
    for (const target of ['http://evil.example/api/users', 'http://127.0.0.1/api/users', '*', 'api/users'])
        holds(String((await raw(server, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)).status), /^(400|401|404)$/, target);
});

await test('every parameter of every route with anything in it', async () => {
    const odd = ['..', '%2e%2e', '%2f', 'a%2fb', '%00', 'x%00y', '%0d%0aX-Evil:%20y', '%0a', '%ff', '%c0%ae', '%ed%a0%80', "'", '%22', '%3Cscript%3E', '%25', '%7B%7D', '-1', '0', '99999999999999999999', '1e9', 'NaN', 'null', 'true', '%20', '%F0%9F%98%80', '%E2%80%AE', 'x'.repeat(63), 'x'.repeat(64), 'x'.repeat(255), 'x'.repeat(300), '%41'.repeat(200), '$(id)', '..%5c', '__proto__', '2026-02-30', '0000-00-00', '9999-12-31'];
    let count = 0;
    for (const route of routes.filter((one) => one.pattern.includes(':')))
        for (const value of odd) {
            const token = route.roles.includes('station') ? school.door.token : route.roles.includes('admin') ? admin.token : school.student.token;
            const target = route.pattern.replace(/:\w+/g, value), json = route.body_type === 'application/json';
            const body = json ? '{}' : '', type = json ? 'Content-Type: application/json\r\n' : '';
            const { text, status } = await raw(server, `${route.method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n${type}${route.method === 'GET' || route.body_max === 0 ? '' : `Content-Length: ${body.length}\r\n`}\r\n${route.body_max === 0 ? '' : body}`);
            const at = text.indexOf('\r\n\r\n');
            count++;
            holds(String(status), /^(200|204|400|404|409|413|414|415|422)$/, `${route.method} ${target}`);
            if (status === 200) holds(route.pattern, /calendar|revoke|stations|classes/, `${target}: what took it`);
            equal(/x-evil/i.test(text.slice(0, at)), false, `${target}: a header of its own`);
            equal(/[\x00-\x08\x0b-\x1f]/.test(text.slice(at + 4)), false, `${target}: control characters in the answer`);
        }
    return `${count} requests`;
});

await test('a parameter that a route does not know is refused by its name', async () => {
    for (const route of routes.filter((one) => one.query !== '?*')) {
        const target = route.pattern.replace(/:id/, route.roles.includes('admin') ? 'none' : a1).replace(/:\w+/g, 'none');
        const caller = route.roles.includes('station') ? { headers: bearer(school.door.token) } : { headers: bearer((route.roles.includes('admin') ? admin : school.student).token) };
        const what = `${route.method} ${target}`;
        for (const query of [`${route.query || '?'}${route.query ? '&' : ''}clas=x`, '?%63las=1', '?clas']) {
            const { status, json } = await send(server, route.method, target + query, caller);
            equal([status, json?.error?.code], [400, 'unknown_parameter'], `${what}${query}`);
            holds(json.error.message, 'clas', what);
        }
    }
});

await test('every query with anything in it', async () => {
    const names = ['class', 'date', 'from', 'to', 'q', 'after', 'limit', 'month', 'months', 'state', 'kind', 'station', 'before', 'archived', 'dry_run'];
    const odd = ['', '%00', '%ff', '%0d%0a', '-1', '0', '1', '501', '99999999999999999999', '2026-13', '2026-02-30', '9999-12-31', '0001-01-01', '%F0%9F%98%80', "'%20OR%201=1--", 'x'.repeat(2000), '%E2%80%AE', '[]', '*', '.*('];
    let count = 0;
    for (const route of routes.filter((one) => one.method === 'GET' && one.pattern.startsWith('/api/') && !one.flags.includes('long') && one.roles.includes('admin')))
        for (const name of names)
            for (const value of odd) {
                const target = `${route.pattern.replace(':id', a1).replace(':job', 'x')}?${name}=${value}`;
                const { status } = await send(server, 'GET', target, { headers: bearer(admin.token) });
                count++;
                holds(String(status), /^(200|400|404|414|422)$/, target);
            }
    for (const query of ['?'.repeat(100), `?${'a=1&'.repeat(500)}`, '?&&&===', '?class', '?class=a&class=b', '?%63lass=x', '?=x', '?a=%'])
        holds(String((await raw(server, `GET /api/students${query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${admin.token}\r\n\r\n`)).status), /^(200|400|404|414|422)$/, query.slice(0, 40));
    return `${count} requests`;
});

// ---- fields that are not his to set ----------------------------------------------------------------------------------

await test('a body sets what its route is for, and nothing else', async () => {
    const extra = { role: 'admin', roles: ['admin'], student_id: a2, password: 'x', password_hash: 'x', disabled: false, must_change_password: false, is_admin: true, classes: [A], by: 'Head', id: 'x1', name: 'x', template_count: 9, points: 999, archived: false, token: 'x', revoked: false, public_key: 'x', acked_seq: 0, feed: 1, __proto__x: 1, constructor: 1 };
    const own = {
        'POST /api/auth/login': [{ username: 'student', password: PASSWORD }, []], 'PATCH /api/me/profile': [{ nickname: 'Fox' }, []],
        'POST /api/users': [{ name: 'massed', full_name: 'M', role: 'coordinator' }, ['role', 'student_id', 'classes', 'name']], 'PATCH /api/users/own': [{ full_name: 'Full own' }, ['classes', 'disabled']],
        'POST /api/students': [{ id: 'massed', name: 'M', class_id: A }, ['id', 'name']], [`PATCH /api/students/${a1}`]: [{ roll_number: '1' }, ['name', 'archived']],
        [`POST /api/rolls/${classA}/${today}/corrections`]: [{ student_id: a2, status: 'excused', reason: 'x' }, ['student_id']], [`POST /api/students/${a1}/disputes`]: [{ date: today, text: 'xyz' }, []],
        'PATCH /api/settings': [{ coverage_percent: 80 }, []], 'POST /api/stations': [{ name: 'M', classes: [] }, ['name', 'classes']], [`PUT /api/calendar/${today}`]: [{ label: 'x' }, []],
        [`PUT /api/classes/${classA}`]: [{ coordinator: 'x', start: '09:00', late_after_min: 1, close_after_min: 2, weekdays: ['Mon'] }, []], 'POST /api/auth/change-password': [{ current: PASSWORD, new: 'another long word' }, []],
    };
    let count = 0;
    for (const [where, [fine, allowed]] of Object.entries(own)) {
        const [method, target] = where.split(' ');
        const who = /profile|disputes|change-password/.test(target) ? school.student : admin;
        for (const [name, value] of Object.entries(extra).filter(([one]) => !allowed.includes(one) && !(one in fine))) {
            const { status, body } = await who.ask(method, target, { ...fine, [name]: value });
            count++;
            equal([status, body.error?.field], [422, name], `${where} with ${name}`);
        }
        const dunder = await send(server, method, target, { headers: bearer(who.token), body: JSON.stringify(fine).replace('{', '{"__proto__":{"role":"admin"},') });
        equal(dunder.status, 422, `${where} with __proto__`);
    }
    const { items: users } = await admin.get('/api/users');
    equal(users.map((one) => `${one.name}:${one.role}`).sort(), ['admin:admin', 'foreign:coordinator', 'fresh:admin', 'other:student', 'own:coordinator', 'stranger:student', 'student:student'], 'the users');
    equal((await school.student.get('/api/me')).role, 'student', 'the student');
    for (const body of [{ name: 'x1', full_name: 'X', role: 'station' }, { name: 'x1', full_name: 'X', role: 'anyone' }, { name: 'x1', full_name: 'X', role: 'Admin' }, { name: 'x1', full_name: 'X', role: ['admin'] }, { name: 'x1', full_name: 'X', role: 'student', student_id: a1 }, { name: 'x1', full_name: 'X', role: 'admin', student_id: a1 }])
        holds(String((await admin.ask('POST', '/api/users', body)).status), /^(409|422)$/, JSON.stringify(body));
    return `${count} bodies`;
});

// ---- texts -----------------------------------------------------------------------------------------------------------

const texts = [
    '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "javascript:alert('1')", '</script><svg onload=alert(1)>', '{{7*7}}${7*7}<%= 7*7 %>', '&lt;b&gt;&amp;', "Robert'); DROP TABLE students;--", '=cmd|\' /C calc\'!A0', '+1+1', '-2+3', '@SUM(1+1)', '=HYPERLINK("http://evil.example","x")', 'a;=1+1;b', '\uff1d1+1',
    'a,b"c', '%0d%0aSet-Cookie: x=y', '%n%n%s%s', '../../etc/passwd', 'नमस्ते 中文 Ünïcödé 🎓', 'مرحبا', 'e\u0301'.repeat(20), '\u2028x', '\u202Egnp.exe', 'a\u0000b', 'a\r\nb', 'a\tb', '\u200bx', '\ufeffx', '\ud83d\ude00', 'x'.repeat(4096), '名'.repeat(1300), ' ', '', '\u0007', '\u007f', '\u0085', 'null', '0',
];

/** Each field that keeps a text: how to write it, and how to read it back. */
const fields = () => {
    const put = (method, where, name, more = {}, who = admin) => (text) => who.ask(method, where, { ...more, [name]: text });
    const student = async (name) => (await admin.get(`/api/students/${a1}`))[name];
    const closure = async () => (await admin.get(`/api/calendar?from=2027-01-04&to=2027-01-04`)).items[0]?.label;
    return {
        'the name of a student': [put('PATCH', `/api/students/${a1}`, 'name'), () => student('name')],
        'his roll number': [put('PATCH', `/api/students/${a1}`, 'roll_number'), () => student('roll_number')],
        'his nickname': [put('PATCH', '/api/me/profile', 'nickname', {}, school.student), () => student('nickname')],
        'the name of a parent': [put('PATCH', `/api/students/${a1}`, 'parent_name'), () => student('parent_name')],
        'a note on him': [put('PATCH', `/api/students/${a1}`, 'note'), () => student('note'), true],
        'the reason of a correction': [put('POST', `/api/rolls/${classA}/${today}/corrections`, 'reason', { student_id: a1, status: 'excused' }), async () => (await admin.get(`/api/rolls?class=${classA}&date=${today}`)).items.find((one) => one.student_id === a1).reason],
        'a label of the calendar': [put('PUT', '/api/calendar/2027-01-04', 'label'), closure],
        'the coordinator of a class': [put('PUT', `/api/classes/${classA}`, 'coordinator', { start: '00:00', late_after_min: 1439, close_after_min: 1439, weekdays: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] }), async () => (await admin.get('/api/classes')).items.find((one) => one.id === A).coordinator],
        'the name of the school': [put('PATCH', '/api/settings', 'school_name'), async () => (await admin.get('/api/settings')).school_name],
        'the name of a station': [put('PATCH', `/api/stations/${school.door.id}`, 'name'), async () => (await admin.get('/api/stations')).items.find((one) => one.id === school.door.id).name],
        'the name of a user': [put('PATCH', '/api/users/own', 'full_name'), async () => (await admin.get('/api/users')).items.find((one) => one.name === 'own').full_name],
        'a note of a review': [put('POST', `/api/activity/${feed}/review`, 'note', { state: 'confirmed' }), async () => (await admin.get('/api/activity?kind=dispute')).items.find((one) => one.feed === feed).note, false],
    };
};
let feed;

await test('any text comes back as it was, or is refused', async () => {
    ({ feed } = await school.student.post(`/api/students/${a1}/disputes`, { date: today, text: texts[0] }));
    let kept = 0, refused = 0;
    for (const [what, [write, read, lines]] of Object.entries(fields()))
        for (const text of texts) {
            const before = await read(), { status, body } = await write(text), name = `${what}: ${JSON.stringify(text.slice(0, 40))}`;
            if (status === 422 || status === 400) { /* 400: NUL, which no JSON of ours may hold */
                refused++;
                equal(await read(), before, `${name}: refused, and yet written`);
                equal(JSON.stringify(body).includes('<script'), false, `${name}: said again in the error`);
                continue;
            }
            kept++;
            holds(String(status), /^20[01]$/, name);
            equal((await read()) ?? '', text.trim(), name);
            equal(/[\u0000\u202e\u2028\u200b\u0007\u007f]/.test(text) || (!lines && /[\r\n\t]/.test(text.trim())), false, `${name}: was kept`);
        }
    const page = await send(server, 'GET', '/admin', { headers: bearer(admin.token) });
    equal(page.text.includes('alert('), false, 'a text in the page itself');
    return `${kept} kept, ${refused} refused`;
});

/** Cells of a line of CSV. */
const cells = (line, separator = ',') => [...line.matchAll(new RegExp(`(?:^|${separator})("((?:[^"]|"")*)"|[^${separator}]*)`, 'g'))].map(([, all, quoted]) => (quoted === undefined ? all : quoted.replaceAll('""', '"')));

await test('the export is no program for a spreadsheet, and one line a student', async () => {
    const evil = texts.filter((text) => /^[=+\-@\uff1d]|;=/.test(text));
    const count = school.studentsA.length;
    for (const text of evil) {
        await admin.patch(`/api/students/${a1}`, { name: text });
        await admin.post(`/api/rolls/${classA}/${today}/corrections`, { student_id: a1, status: 'excused', reason: text });
        const { text: csv, headers } = await send(server, 'GET', `/api/export/attendance?class=${classA}&from=${today}`, { headers: bearer(admin.token) });
        holds(headers['content-disposition'], /^attachment; filename="[\w.-]+"$/, 'it is a file');
        const lines = csv.trimEnd().split('\r\n');
        equal(lines.length, count + 1, `${text}: lines`);
        equal(lines.some((line) => line.replaceAll("'", '').includes(text.replaceAll('"', '""').replaceAll("'", ''))), true, `${text}: it is there`);
        for (const line of lines) {
            for (const cell of cells(line)) equal(/^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/.test(cell), false, `${text}: a cell ${cell}`);
            for (const cell of line.split(';')) equal(/^[" ]*[=+\-@\uff1d]/.test(cell), false, `${text}: a cell ${cell}, split at ";"`);
        }
    }
    await admin.patch(`/api/students/${a1}`, { name: 'Asha Able' });
    return `${evil.length} texts`;
});

await test('an import with anything in it', async () => {
    const run = (files, dry = 1) => admin.ask('POST', `/api/students/import?dry_run=${dry}`, { files });
    const file = (text, name = 's.csv') => [{ name, text }];
    for (const [what, files] of Object.entries({
        'a formula': file(`id,name,class\n${a2},=1+1,${A}\n`), 'no end of a quote': file('id,name,class\n1,"x,T1\n'.repeat(50)), NUL: file('id,name,class\n1,a\u0000b,T1\n'), 'one long line': file(`id,name,class\n1,${'x'.repeat(100000)},T1\n`),
        'many columns': file(`${'a,'.repeat(5000)}\n`), 'a name that is a path': file('id,name,class\n', '../../../../etc/passwd'), 'markup as a name': file('id,name,class\n', '<img src=x onerror=alert(1)>'), 'an id that is a path': file(`id,name,class\n../x,Eve,${A}\n`), 'an id with a line break': file(`id,name,class\n"a\nb",Eve,${A}\n`), 'UTF-16': file('\ufeffi\u0000d\u0000'), nothing: file(''), 'only line ends': file('\n'.repeat(100000)),
    })) {
        const { status, body } = await run(files);
        holds(String(status), /^(200|400|422)$/, what);
        equal(JSON.stringify(body).length < 60000, true, `${what}: the size of the answer`);
    }
    for (const body of [{ files: 'x' }, { files: [] }, { files: [1] }, { files: [{ name: 'x' }] }, { files: [{ name: 'x', text: 'y', path: '/etc/passwd' }] }, { files: Array(500).fill({ name: 'x', text: 'y' }) }, { files: [{ name: 'x', url: 'http://127.0.0.1/' }] }])
        equal((await admin.ask('POST', '/api/students/import?dry_run=1', body)).status, 422, JSON.stringify(body).slice(0, 60));
    holds(String((await admin.ask('GET', `/api/students/${a2}`)).body.name), /^[^=]/, 'what a dry run wrote');
});

// ---- bodies without measure ------------------------------------------------------------------------------------------

await test('a body beyond the limit of its route is refused before it comes', async () => {
    const person = await again(school, 'student');
    for (const route of routes.filter((one) => one.method !== 'GET')) {
        const role = ['station', 'admin', 'student'].find((one) => route.roles.includes(one)), token = { station: school.door.token, admin: admin.token, student: person.token }[role];
        const target = route.pattern.replace(/:id/, route.roles.includes('admin') ? 'none' : a1).replace(/:\w+/g, 'none');
        const head = `${route.method} ${target} HTTP/1.1\r\nHost: x\r\nContent-Type: ${route.body_type || 'image/jpeg'}\r\n${token ? `Authorization: Bearer ${token}\r\n` : ''}`;
        const { status, ms } = await raw(server, `${head}Content-Length: ${route.body_max + 1}\r\n\r\n`);
        equal(status, 413, `${route.method} ${route.pattern} with a byte too much`);
        atMost(ms, 3000, `${route.pattern}: milliseconds`);
        if (route.body_max > 0) { /* a chunk says it too */
            const said = await raw(server, `${head}Transfer-Encoding: chunked\r\n\r\n${(route.body_max + 1).toString(16)}\r\n`);
            equal(said.status, 413, `${route.method} ${route.pattern} with a chunk of a byte too much`);
            atMost(said.ms, 3000, `${route.pattern}: milliseconds`);
        }
        if (route.body_max > 0 && route.body_max <= 65536)
            equal((await raw(server, `${head}Transfer-Encoding: chunked\r\n\r\n${`1000\r\n${' '.repeat(4096)}\r\n`.repeat(17)}`)).status, 413, `${route.method} ${route.pattern} without end`);
    }
    const nobody = await raw(server, 'POST /api/students HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n');
    equal(nobody.status, 401, 'nobody is refused before his body comes');
    atMost(nobody.ms, 3000, 'milliseconds');
});

await test('JSON that is none, too deep, or says a thing twice', async () => {
    const ask = async (body, where = '/api/auth/login') => (await send(server, 'POST', where, { body, headers: where.includes('login') ? {} : bearer(admin.token) })).json.error.code;
    const login = { username: 'student', password: PASSWORD };
    for (const body of ['', ' ', '[]', '"x"', '1', 'null', 'true', '{', '{}x', '{} {}', '\ufeff{}', '{"username":"a",}', "{'username':'a'}", '{"username":NaN}', '{"a":1e999}', '{"username":"\\ud800"}', '{"username":"\\x"}', '[['.repeat(1500), '{"a":'.repeat(500), '{"username":"admin","username":"student","password":"x"}', '// x\n{}', '{"username":"a\nb"}'])
        holds(await ask(body), /^(bad_json|invalid)$/, body.slice(0, 40));
    equal(await ask(new Uint8Array(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).catch(() => 'media_type'), 'media_type', 'bytes without a type');
    for (const [what, body] of Object.entries({ 'a number': { ...login, username: 1 }, 'a list': { ...login, password: [PASSWORD] }, 'an object': { ...login, password: { $ne: '' } }, 'null': { ...login, password: null }, 'a long name': { ...login, username: 'x'.repeat(3000) } }))
        equal(await ask(body), 'invalid', what);
    equal(await ask(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`, '/api/students'), 'bad_json', 'deep');
});

await test('a body that trickles is cut, others are served meanwhile', async () => {
    const { status, ms } = await within(60000, 'the end of the slow body', slow);
    holds(String(status), /^(408|NaN)$/, 'how it ended');
    atMost(ms, 45000, 'milliseconds');
    return `after ${(ms / 1000).toFixed(1)} s`;
});

await test('no refusal told more than it may', async () => equal(tooTalkative(server.data), '', 'the first that did'));
await test('it still stands', async () => {
    equal((await new Person(server).get('/healthz')).status, 'ok', 'health');
    await server.stop();
});
report();
