/*
 * The JSON API of a real server: every answer is held against /api/openapi.json, and every operation of it is called. What
 * the handlers decide is the unit tests' business (tests/unit/server_api); here is what people and programs see over HTTP.
 */
import fs from 'node:fs';
import path from 'node:path';
import { Description } from './lib/schema.mjs';
import { equal, firstAdmin, firstLogin, folder, holds, listen, makeClass, Person, report, serverJson, serverRun, startServer, test } from './lib/server.mjs';

const server = await startServer();
const admin = await firstAdmin(server);
const { body: document } = await new Person(server).ask('GET', '/api/openapi.json');
const description = new Description(document);
const called = new Set();

/* From here on every answer is checked. */
const ask = Person.prototype.ask;
Person.prototype.ask = async function (method, where, body, headers) {
    const answer = await ask.call(this, method, where, body, headers);
    called.add(`${method} ${description.operation(method, where)?.[0]}`);
    equal(description.check(method, where, answer), [], `the answer to ${method} ${where}`);
    return answer;
};

await makeClass(admin, 'T1', 3);
await makeClass(admin, 'T2', 1);
const made = await admin.post('/api/users', { name: 'cora', full_name: 'Cora C', role: 'coordinator', classes: ['T1'] });
const cora = await firstLogin(server, 'cora', made.one_time_password, 'another password here');
const slip = await admin.post('/api/users', { name: 'asha', full_name: 'Asha', role: 'student', student_id: 'T1-001' });
const asha = await firstLogin(server, 'asha', slip.one_time_password, 'a third password here');
const { today } = (await admin.get('/api/me')).school;
const nobody = new Person(server);

await test('students: names come back as they were typed, whatever is in them', async () => {
    const name = '<img src=x onerror=alert(1)> "\' & मीरा';
    await admin.patch('/api/students/T1-002', { name, note: '<script>\n</script>', parent_phone: '+919876543210' });
    const student = await admin.get('/api/students/T1-002');
    equal([student.name, student.note], [name, '<script>\n</script>'], 'name and note');
    equal((await cora.get(`/api/students?q=${encodeURIComponent('मीरा')}`)).items.map((item) => item.id), ['T1-002'], 'found');
});

await test('what a caller may not see is answered like what there is not', async () => {
    for (const person of [cora, asha])
        for (const where of ['', '/attendance', '/trend', '/history', '/export']) {
            const foreign = await person.ask('GET', `/api/students/T2-001${where}`);
            const unknown = await person.ask('GET', `/api/students/nobody${where}`);
            equal([foreign.status, foreign.body], [404, unknown.body], `of ${where}`);
        }
    equal((await cora.ask('GET', '/api/rolls?class=T2')).status, 404, 'a foreign roll');
    equal((await asha.ask('GET', '/api/leaderboard?class=T2')).status, 404, 'a foreign board');
    equal((await asha.ask('GET', '/api/students')).status, 403, 'the list');
    equal((await nobody.ask('GET', '/api/students')).status, 401, 'without a session');
});

await test('a day: correct, close, reopen; the student sees it', async () => {
    const item = await cora.post(`/api/rolls/T1/${today}/corrections`, { student_id: 'T1-001', status: 'present', reason: 'was on the roof' });
    equal([item.status, item.corrected_by], ['present', 'Cora C'], 'the correction');
    equal((await cora.post(`/api/rolls/T1/${today}/close`)).session.state, 'closed', 'closed');
    equal((await cora.get(`/api/rolls?class=T1&date=${today}`)).counts.absent, 2, 'absent');
    equal((await cora.post(`/api/rolls/T1/${today}/reopen`)).session.state, 'open', 'reopened');
    const none = (await cora.post(`/api/rolls/T1/${today}/no-session`, { reason: 'rain' })).session;
    equal([none.word.word, none.word.reason], ['no_session', 'rain'], 'no session');
    equal((await cora.post(`/api/rolls/T1/${today}/reopen`)).session.word.word, 'reopened', 'a session after all');
    const month = await asha.get('/api/students/T1-001/attendance');
    equal(month.days.find((day) => day.date === today).status, 'present', 'her day');
    equal((await asha.get('/api/students/T1-001/trend')).months.at(-1).present, 1, 'her trend');
    equal((await asha.get('/api/students/T1-001/history')).items.map((one) => one.kind), ['correction'], 'her history');
    equal((await asha.get('/api/leaderboard')).items[0].me, true, 'her board');
    equal((await admin.get(`/api/stats?date=${today}`)).total.present, 1, 'the numbers');
});

await test('a dispute reaches the coordinator, who looks at it', async () => {
    const page = await listen(admin);
    const { feed } = await asha.post('/api/students/T1-001/disputes', { date: today, text: 'it was the stairs' });
    const live = await page.until((one) => one.event === 'activity' && one.data.feed === feed, 2000, 'the dispute in an open page');
    equal([live.data.kind, live.data.student_id, live.data.student], ['dispute', 'T1-001', (await admin.get('/api/students/T1-001')).name], 'what it says');
    await page.cut();
    equal((await asha.ask('POST', '/api/students/T1-001/disputes', { date: today, text: 'again' })).status, 409, 'twice');
    const { items } = await cora.get('/api/activity?state=open');
    equal(items.map((item) => [item.feed, item.kind, item.student_id]), [[feed, 'dispute', 'T1-001']], 'the activity');
    equal((await cora.post(`/api/activity/${feed}/review`, { state: 'dismissed', note: 'roof it was' })).state, 'dismissed', 'reviewed');
    equal((await cora.get('/api/activity?state=open')).items, [], 'nothing open');
});

await test('profile, export of one\'s own data', async () => {
    await asha.patch('/api/me/profile', { nickname: 'Ace', board_hidden: true });
    const own = await asha.get('/api/students/T1-001/export');
    equal([own.student.nickname, own.student.note], ['Ace', null], 'in the export');
});

await test('classes, calendar, settings', async () => {
    equal((await cora.get('/api/classes')).items.map((item) => item.id), ['T1'], 'her classes');
    equal((await admin.ask('DELETE', '/api/classes/T2')).status, 409, 'a class with students');
    await admin.put('/api/classes/T3', { start: '08:45', weekdays: ['Mon'] });
    await admin.delete('/api/classes/T3');
    const rows = await admin.post('/api/calendar/import', { format: 'csv', text: `date,label,class\n${today},Holi,T2\n`, dry_run: true });
    equal([rows.added, rows.changes[0].label], [1, 'Holi'], 'what an import would change');
    await admin.put(`/api/calendar/${today}`, { label: 'Holi', class_id: 'T2' });
    equal((await admin.get(`/api/stats?date=${today}`)).no_school, [{ class_id: 'T2', label: 'Holi' }], 'no school');
    await admin.delete(`/api/calendar/${today}?class=T2`);
    equal((await cora.get('/api/calendar')).items, [], 'the calendar');
    equal((await admin.patch('/api/settings', { school_name: 'Hill School' })).school_name, 'Hill School', 'the name');
    await cora.get('/api/settings');
    equal((await admin.ask('POST', '/api/settings/test-message', { phone: '+919876543210' })).body.error.code, 'no_provider', 'nobody carries messages');
});

await test('import: dry run, problems with file and line, OneRoster', async () => {
    const files = [{ name: 'students.csv', text: 'id,name,class\nn1,New One,T4\n' }];
    equal((await admin.post('/api/students/import?dry_run=1', { files })).students.added, 1, 'would add');
    equal((await admin.ask('GET', '/api/students/n1')).status, 404, 'after the dry run');
    await admin.post('/api/students/import', { files });
    equal((await admin.get('/api/students/n1')).class_id, 'T4', 'after the import');
    const bad = await admin.ask('POST', '/api/students/import', { files: [{ name: 'bad.csv', text: 'id,name,class\n,A,T1\n' }] });
    equal([bad.status, bad.body.problems], [422, [{ file: 'bad.csv', line: 2, message: 'the id is empty' }]], 'the problem');
});

await test('CSV: a stream whose cells are no formulas', async () => {
    await admin.patch('/api/students/T1-003', { name: '=1+1' });
    const answer = await cora.ask('GET', `/api/export/attendance?from=${today}&to=${today}`);
    holds(answer.headers.get('content-disposition'), 'attachment', 'the disposition');
    const lines = answer.body.trim().split('\r\n');
    equal(lines[0], 'date,class,student_id,name,status,captured,method,points,corrected_by,reason', 'the header');
    equal(lines.length, 4, 'lines');
    holds(lines[3], ",T1-003,'=1+1,", 'the formula');
});

await test('reports: of his own classes, as JSON and as CSV', async () => {
    const of = (what, more = '') => cora.ask('GET', `/api/reports/${what}?class=T1${more}`);
    for (const what of ['month', 'absence', 'punctuality', 'stations']) {
        equal((await of(what)).status, 200, what);
        const csv = await of(what, '&format=csv');
        equal([csv.status, /^text\/csv/.test(csv.headers.get('content-type'))], [200, true], `${what} as CSV`);
        equal((await cora.ask('GET', `/api/reports/${what}?class=T2`)).status, 404, `${what} of a class that is not his`);
        equal((await admin.ask('GET', `/api/reports/${what}?class=T1&format=pdf`)).status, 422, `${what} in a form that there is not`);
    }
});

await test('stations, users, enrolment: their answers are as described', async () => {
    const { station } = await admin.post('/api/stations', { name: 'door', classes: ['T1'] });
    await admin.post(`/api/stations/${station.id}/code`);
    await admin.patch(`/api/stations/${station.id}`, { name: 'front door' });
    await cora.get('/api/stations');
    await cora.post(`/api/stations/${station.id}/camera`, { on: true });
    await cora.ask('GET', `/api/stations/${station.id}/live`);
    await admin.post(`/api/stations/${station.id}/settle`);
    await admin.post(`/api/stations/${station.id}/revoke`);
    await admin.get('/api/users');
    await admin.patch('/api/users/cora', { full_name: 'Cora D' });
    const { one_time_password: again } = await admin.post('/api/users/asha/reset');
    holds(again, /-/, 'a password');
    await admin.delete('/api/users/asha');
    equal((await cora.post('/api/students/T1-002/consent', { state: 'given', by: 'Latha Nair, mother', note: 'on paper' })).consent, 'given', 'consent');
    await cora.post('/api/consents', { state: 'given', by: 'parents’ evening', class_id: 'T1' });
    holds((await cora.post('/api/students/T1-002/card')).svg, /^<svg /, 'a card');
    await cora.post('/api/classes/T1/cards', { everybody: true });
    await cora.post('/api/students/T1-002/pin', { pin: '4071' });
    const photo = await admin.ask('POST', '/api/students/T1-002/photo', Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(1000)]), { 'content-type': 'image/jpeg' });
    equal(photo.status, 503, 'no station');
    equal((await admin.ask('GET', '/api/enrolments/none')).status, 404, 'no job');
    await admin.delete('/api/students/T1-002/templates');
});

await test('alerts: what can be asked and done', async () => {
    const day = (back) => { const date = new Date(`${today}T00:00:00Z`); date.setUTCDate(date.getUTCDate() - back); return date.toISOString().slice(0, 10); };
    await admin.patch('/api/users/cora', { phone: '+919000000001', email: 'cora@school.example' });
    await admin.post('/api/students', { id: 'T1-009', name: 'Student T1-009', class_id: 'T1', joined: day(5) });
    for (const back of [3, 2, 1]) await cora.post(`/api/rolls/T1/${day(back)}/close`);
    await serverJson(['--data', server.data, 'alerts', 'run']);
    const { items: [alert] } = await cora.get('/api/alerts?class=T1');
    equal([alert.student_id, alert.absent, alert.trigger_date, alert.state], ['T1-009', 3, day(1), 'active'], 'the alert');
    const whole = await cora.get(`/api/alerts/${alert.id}`);
    equal(whole.days.map((one) => [one.date, one.closed_by]), [3, 2, 1].map((back) => [day(back), 'Cora D']), 'the days');
    equal(whole.messages.map((one) => [one.recipient, one.email, one.state]).sort(), [['coordinator', 'cora@school.example', 'queued'], ['parent', null, 'failed']], 'to whom');
    equal((await cora.post(`/api/alerts/${alert.id}/acknowledge`)).acknowledged !== null, true, 'acknowledged');
    equal((await cora.post(`/api/alerts/${alert.id}/retry`)).messages.every((one) => one.state === 'queued'), true, 'again');
    equal((await cora.ask('POST', `/api/alerts/${alert.id}/messages/${whole.messages[0].id}/resolve`, { was_sent: true })).status, 409, 'nothing to resolve');
    equal((await cora.post(`/api/alerts/${alert.id}/cancel`, { reason: 'rang them' })).state, 'cancelled', 'taken back');
    equal((await cora.get('/api/alerts/held')).items, [], 'held');
    equal((await cora.get('/api/alerts/why?student=T1-009')).verdict, 'told', 'why');
    await admin.delete('/api/students/T1-009', { confirm: 'T1-009' });
    equal((await cora.ask('GET', `/api/alerts/${alert.id}`)).status, 404, 'erased');
});

await test('sessions: their answers are as described', async () => {
    equal((await nobody.ask('POST', '/api/auth/login', { username: 'admin', password: 'wrong' })).status, 401, 'a wrong password');
    await nobody.ask('POST', '/api/auth/reset/request', { username: 'cora' });
    await nobody.ask('POST', '/api/auth/reset/confirm', { username: 'cora', code: '1234', new: 'whatever it may be' });
    const { token } = await nobody.post('/api/auth/login', { username: 'cora', password: 'another password here' });
    const person = new Person(server, token);
    await person.post('/api/auth/change-password', { current: 'another password here', new: 'yet another password' });
    const { token: last } = await nobody.post('/api/auth/login', { username: 'cora', password: 'yet another password' });
    await new Person(server, last).post('/api/auth/logout');
});

await test('for machines', async () => {
    equal((await nobody.get('/healthz')).status, 'ok', 'health');
    holds(await nobody.get('/metrics'), [/^rollcall_writer_commits_total \d+$/m, '# TYPE rollcall_http_requests_total counter'], 'metrics');
    equal((await nobody.ask('GET', '/metrics', undefined, { 'x-forwarded-for': '203.0.113.7' })).status, 403, 'through a proxy');
    equal((await admin.ask('GET', '/metrics', undefined, { 'x-forwarded-for': '203.0.113.7' })).status, 200, 'with an admin\'s token');
    await admin.get('/api/alerts');
    await nobody.ask('GET', '/api/openapi.json');
});

await test('erasing, and the id is free', async () => {
    equal((await admin.ask('DELETE', '/api/students/T2-001', { confirm: 'no' })).status, 422, 'without a confirmation');
    await admin.delete('/api/students/T2-001', { confirm: 'T2-001' });
    equal((await admin.ask('GET', '/api/students/T2-001')).status, 404, 'afterwards');
});

await test('every operation for people was called', async () => {
    const streams = ['GET /api/events'];
    const all = Object.entries(document.paths).flatMap(([where, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${where}`));
    const missed = all.filter((one) => one.includes(' /api/') && !called.has(one) && !streams.includes(one));
    equal(missed, [], 'not called');
    return `${called.size} operations`;
});

await test('commands: roster import, export, erase', async () => {
    const dir = folder('oneroster');
    const write = (name, text) => fs.writeFileSync(path.join(dir, name), text);
    write('users.csv', 'sourcedId,status,dateLastModified,role,givenName,familyName\nu1,,,student,Uma,Iyer\nu2,,,student,Lal,Das\n');
    write('classes.csv', 'sourcedId,status,dateLastModified,title,classCode,classType\nc1,,,Seven,7-A,homeroom\n');
    write('enrollments.csv', 'sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role\ne1,,,c1,o,u1,student\ne2,,,c1,o,u2,student\n');
    const data = server.data;
    const refused = await serverRun(['--data', data, 'roster', 'import', dir, '--dry-run']);
    equal(refused.code, 1, 'a whole school that takes everybody away');
    holds(refused.stderr, '4 of 4 students would be removed, more than 20 %: say --force if that is meant', 'why');
    const [result] = await serverJson(['--data', data, 'roster', 'import', dir, '--force']);
    equal([result.students.added, result.students.removed, result.classes.added], [2, 4, 1], 'the import');
    equal((await admin.get('/api/students/u1')).class_id, '7-A', 'seen by the server that runs');
    const csv = await serverRun(['--data', data, 'export', 'attendance', '--from', today, '--to', today, '--class', '7-A']);
    equal(csv.stdout.split('\r\n').length, 4, 'lines of the export');
    const asked = await serverRun(['--data', data, 'erase', 'u1']);
    equal(asked.code, 2, 'erase without --yes');
    holds(asked.stderr, ['Uma Iyer', '--yes'], 'what it asks');
    equal(await serverJson(['--data', data, 'erase', 'u1', '--yes']), [{ erased: 'u1' }], 'erased');
    equal((await serverRun(['--data', data, 'erase', 'u1', '--yes'])).code, 1, 'erased twice');
    equal((await serverRun(['--data', data, 'export', 'attendance', '--class', 'none'])).code, 1, 'an unknown class');
    equal((await serverRun(['--data', data, 'roster', 'import', path.join(dir, 'none.csv')])).code, 1, 'no such file');
});

await server.stop();
report();
