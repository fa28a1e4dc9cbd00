/*
 * Alerts on a real server: the nightly job by itself, by hand, and what a dry run says. A student who was absent on three
 * days that were closed; nobody sends here.
 */
import { equal, eventually, firstAdmin, holds, report, serverJson, serverRun, startServer, test } from './lib/server.mjs';

const env = { COORDINATOR_PHONE: '+919000000001' };
let server = await startServer({ env });
let admin = await firstAdmin(server);
const { today } = (await admin.get('/api/me')).school;
const day = (back) => { const date = new Date(`${today}T00:00:00Z`); date.setUTCDate(date.getUTCDate() - back); return date.toISOString().slice(0, 10); };
const command = (...words) => serverJson(['--data', server.data, 'alerts', ...words], { env });

await admin.put('/api/classes/T1', { coordinator: '', start: '00:00', late_after_min: 1439, close_after_min: 1439, weekdays: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] });
for (const id of ['absent', 'there']) await admin.post('/api/students', { id, name: `Student ${id}`, class_id: 'T1', joined: day(9), parent_phone: '+919876543210' });
async function live(back) {
    await admin.post(`/api/rolls/T1/${day(back)}/corrections`, { student_id: 'there', status: 'present', reason: 'a teacher saw him' });
    await admin.post(`/api/rolls/T1/${day(back)}/close`);
}

await test('a dry run says why, and writes nothing', async () => {
    for (const back of [4, 3, 2]) await live(back);
    const lines = await command('run', '--dry-run', '--date', day(2));
    const due = lines.filter((line) => line.verdict === 'due');
    equal(due.map((line) => [line.student_id, line.date, line.absent]), [['absent', day(2), 3]], 'who would be told');
    equal(lines.filter((line) => line.student_id === 'there').map((line) => line.verdict), ['there', 'there', 'there'], 'the other one');
    equal([lines.at(-1).dry_run, lines.at(-1).alerts], [true, 1], 'the end');
    equal(await command('list'), [], 'nothing was made');
    const text = await serverRun(['--data', server.data, 'alerts', 'run', '--dry-run', '--date', day(2)], { env });
    holds(text.stdout, [`Absent on 3 school days in a row, from ${day(4)} to ${day(2)}: to be told.`, '1 alert would be made; nothing was written'], 'as text');
});

await test('by hand, also while the server runs; a second time makes nothing', async () => {
    const [first] = await command('run', '--date', day(2));
    equal([first.alerts, first.messages, first.held], [1, 2, 0], 'the first time');
    const [second] = await command('run', '--date', day(2));
    equal(second.alerts, 0, 'the second time');
    const list = await command('list');
    equal(list.map((one) => [one.student_id, one.date, one.absent, one.state]), [['absent', day(2), 3, 'active']], 'the list');
    equal(list[0].messages.map((one) => [one.recipient, one.state]).sort(), [['coordinator', 'queued'], ['parent', 'queued']], 'the outbox');
    const { items } = await admin.get('/api/alerts?state=open');
    equal(items[0].messages.map((one) => one.phone).sort(), ['+919000000001', '+919876543210'], 'to whom');
    const [third] = await command('run');
    equal([third.alerts, third.held], [0, 1], 'yesterday is open: the class is held');
    equal((await admin.get('/api/alerts/held')).items.map((one) => [one.class_id, one.date]), [['T1', day(1)]], 'shown');
    const last = (await command('list')).at(-1);
    equal([last.class, last.date, last.verdict], ['T1', day(1), 'held'], 'listed');
    holds(last.text, ['Close the roll'], 'what to do');
});

await test('the server does it by itself when it starts', async () => {
    await admin.post(`/api/alerts/${(await command('list'))[0].id}/cancel`, { reason: 'known' });
    await admin.post('/api/students', { id: 'too', name: 'Student too', class_id: 'T1', joined: day(9) });
    await live(1);
    await server.stop();
    server = await startServer({ data: server.data, env });
    const found = await eventually('an alert that nobody asked for', async () => (await command('list')).find((one) => one.student_id === 'too'));
    equal([found.date, found.absent], [day(2), 3], 'of whom: the last evaluated day counts again, and yesterday is no news');
    equal(found.messages.map((one) => [one.recipient, one.state, one.error]).sort(), [['coordinator', 'queued', null], ['parent', 'failed', 'no_address']], 'the parent has no number');
    equal((await command('list')).length, 2, 'and nobody else');
});

await test('wrong usage', async () => {
    for (const [words, said] of [
        [['fly'], 'alerts takes run [--date DATE] [--dry-run], or list'],
        [['list', '--dry-run'], 'alerts takes run [--date DATE] [--dry-run], or list'],
        [['run', '--date', 'soon'], '--date is a date as 2026-11-23 or the word today, not soon'],
    ]) {
        const { code, stderr } = await serverRun(['--data', server.data, 'alerts', ...words], { env });
        equal([code, stderr], [2, `rollcall-server: ${said} (rollcall-server --help)\n`], words.join(' '));
    }
    const early = await serverRun(['--data', server.data, 'alerts', 'run', '--date', today], { env });
    equal([early.code, early.stderr], [1, 'rollcall-server: only days that have ended can be evaluated: yesterday at the latest\n'], 'a day that goes on');
    const number = await serverRun(['--data', server.data, 'alerts', 'list'], { env: { COORDINATOR_PHONE: '98765' } });
    equal([number.code, number.stderr], [1, 'rollcall-server: [alerts] coordinator_phone is a number with its country code, such as +919876543210\n'], 'a number without its country');
});

await server.stop();
report();
