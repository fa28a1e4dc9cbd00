/*
 * Messages from the outbox to the Cloud API, as the real server sends them: what is sent, what is taken back in time, what each
 * answer means, and how fast.
 */
import fs from 'node:fs';

import {
    CloudApi, Person, absentClass, alertsFolder, alertsServer, dateFrom, eventually, equal, holds, inState, login, messageTo, messages, report, runAlerts, serverFolder, startServer, test,
} from './lib/alerts.mjs';

const phone = (n) => `+9198765${String(n).padStart(5, '0')}`;
const school = await alertsServer({ settings: 'coordinator_phone = +919876599999' });
const { cloud, server, admin, today } = school;

await test('absent three days: the parent and the coordinator are told, and it was delivered', async () => {
    const { classId, ids } = await absentClass(school, [phone(1)]);
    await runAlerts(server);
    const message = await cloud.until((one) => one.to === phone(1).slice(1));
    const dates = [3, 2, 1].map((back) => new Date(`${dateFrom(today, -back)}T12:00:00Z`).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' }).replace('Sept', 'Sep')).join(', ');
    equal([message.template, message.language, message.parameters], ['absence_alert', 'en', ['Parent 1', `Student ${ids[0]}`, classId, '3', dates, 'Test School']], 'what the parent reads');
    const staff = await cloud.until((one) => one.to === '919876599999');
    equal([staff.template, staff.parameters[0]], ['absence_staff', `Student ${ids[0]}`], 'what the coordinator reads');
    const delivered = await inState(admin, ids[0], 'delivered');
    equal([delivered.provider, delivered.tries, delivered.error], ['whatsapp', 1, null], 'the message');
    equal(message.callback, delivered.id, 'what the provider was told as ours');
    holds(delivered.steps.map((step) => step.state).join(' '), /^queued sending (sent )?delivered$/, 'its history');
    await runAlerts(server);
    equal(cloud.to(phone(1)).length, 1, 'the job again tells nobody twice');
});

await test('the token, whole numbers and names are in no log', async () => {
    for (const secret of [cloud.token, cloud.appSecret, phone(1), phone(1).slice(1), 'Student A'])
        equal(server.process.child.exitCode === null && logged().includes(secret), false, `"${secret}" in the log`);
    holds(logged(), '+91******', 'a shortened number');
});

function logged() {
    return server.process.stderr ?? '';
}

await test('131026: the number has no WhatsApp; failed for good, and listed', async () => {
    const { ids } = await absentClass(school, [phone(2)]);
    cloud.toward(phone(2), { error: 131026 });
    await runAlerts(server);
    const failed = await inState(admin, ids[0], 'failed');
    equal([failed.error_code, failed.tries], [131026, 1], 'code and tries');
    equal(cloud.to(phone(2)).length, 0, 'taken');
});

await test('131047: failed for good; a person may send it again', async () => {
    const { ids } = await absentClass(school, [phone(3)]);
    cloud.toward(phone(3), { error: 131047 });
    await runAlerts(server);
    const failed = await inState(admin, ids[0], 'failed');
    equal(failed.error_code, 131047, 'the code');
    await admin.post(`/api/alerts/${failed.alert_id}/retry`);
    equal((await inState(admin, ids[0], 'delivered')).tries, 2, 'tries');
    equal(cloud.to(phone(3)).length, 1, 'taken once');
});

await test('130429 and 5xx: later, as long as it is said, and once', async () => {
    const { ids } = await absentClass(school, [phone(4), phone(5)]);
    cloud.toward(phone(4), { error: 130429, retryAfter: 2 }, { error: 131000 });
    cloud.toward(phone(5), { status: 503, retryAfter: 1 }, { status: 500 });
    await runAlerts(server);
    for (const [i, id] of ids.entries()) {
        const delivered = await inState(admin, id, 'delivered', 60000);
        equal(delivered.tries >= 2, true, `tries of ${id}: ${delivered.tries}`);
        equal(cloud.to(phone(4 + i)).length, 1, 'taken');
    }
    const asked = cloud.requests.filter((one) => one.body?.to === phone(4).slice(1));
    equal(asked[0].answer.status, 429, 'the first answer');
    const gap = asked[1].at - asked[0].at;
    equal(gap >= 1900, true, `Retry-After of 2 s: the next came after ${gap} ms`);
});

await test('correction one minute before sending: nobody is told', async () => {
    await admin.patch('/api/settings', { send_from: '19:58', send_to: '20:00' }); /* it is about noon: they wait */
    const { classId, ids } = await absentClass(school, [phone(6), phone(7)]);
    await runAlerts(server);
    await inState(admin, ids[0], 'queued');
    equal(cloud.to(phone(6)).length, 0, 'sent in quiet hours');
    await admin.post(`/api/rolls/${classId}/${dateFrom(today, -2)}/corrections`, { student_id: ids[0], status: 'present', reason: 'was in the library' });
    await admin.patch('/api/settings', { send_from: '00:00', send_to: '23:59' }); /* now they may leave */
    await cloud.until((one) => one.to === phone(7).slice(1));
    const cancelled = await inState(admin, ids[0], 'cancelled');
    equal(cancelled.alert_state, 'withdrawn', 'the alert');
    equal(cloud.to(phone(6)).length, 0, 'the corrected one was sent');
});

await test('one person has two children: one message after the other, six seconds apart', async () => {
    const { ids } = await absentClass(school, [phone(8), phone(8)]);
    await runAlerts(server);
    for (const id of ids) await inState(admin, id, 'delivered', 30000);
    const [first, second] = cloud.to(phone(8));
    equal(second.at - first.at >= 5900, true, `${second.at - first.at} ms apart`);
});

await test('the connection is dropped after it was taken: unknown, not sent again, resolved by the webhook', async () => {
    const { ids } = await absentClass(school, [phone(9)]);
    cloud.toward(phone(9), { drop: 'after', silent: true });
    await runAlerts(server);
    const message = await cloud.until((one) => one.to === phone(9).slice(1));
    await inState(admin, ids[0], 'unknown');
    await runAlerts(server);
    equal(cloud.requests.filter((one) => one.body?.to === phone(9).slice(1)).length, 1, 'requests');
    equal(await cloud.tell(message, 'delivered'), 200, 'the webhook');
    await inState(admin, ids[0], 'delivered');
});

await test('the connection is dropped before it was taken: nobody knows, a person says so, then it is sent', async () => {
    const { ids } = await absentClass(school, [phone(10)]);
    cloud.toward(phone(10), { drop: 'before' });
    await runAlerts(server);
    const unknown = await inState(admin, ids[0], 'unknown');
    equal(cloud.to(phone(10)).length, 0, 'taken');
    await admin.post(`/api/alerts/${unknown.alert_id}/messages/${unknown.id}/resolve`, { was_sent: false });
    await inState(admin, ids[0], 'delivered');
    equal(cloud.to(phone(10)).length, 1, 'taken once');
});

await test('no number: failed from the start, for a letter', async () => {
    const { ids } = await absentClass(school, [null]);
    await runAlerts(server);
    equal((await inState(admin, ids[0], 'failed')).error, 'no_address', 'why');
});

await test('a test message from the settings page; what is wrong is said', async () => {
    const sent = await admin.post('/api/settings/test-message', { phone: '98765 00011' });
    equal([sent.outcome, cloud.to(phone(11))[0].template], ['sent', 'hello_world'], 'sent');
    equal(cloud.to(phone(11))[0].id, sent.provider_id, 'its id');
    cloud.toward(phone(12), { error: 131026 });
    const refused = await admin.post('/api/settings/test-message', { phone: phone(12) });
    equal([refused.outcome, refused.code], ['refused', 131026], 'refused');
    equal((await admin.ask('POST', '/api/settings/test-message', { phone: '12' })).status, 422, 'no number');
    equal((await admin.ask('POST', '/api/settings/test-message', { phone: 'a@example.org' })).status, 422, 'no mail is set up');
});

await test('a forgotten password: six digits by the authentication template, once a minute', async () => {
    await admin.post('/api/users', { name: 'cora', full_name: 'Cora C', role: 'coordinator', phone: '98765 00014' });
    const { ids } = await absentClass(school, [phone(15)], 0);
    await admin.post('/api/users', { name: 'kid', full_name: 'Kid', role: 'student', student_id: ids[0] });
    const nobody = new Person(server);
    for (const username of ['cora', 'kid', 'nobody', 'cora'])
        equal((await nobody.ask('POST', '/api/auth/reset/request', { username })).status, 202, `asked for ${username}`);
    const own = await cloud.until((one) => one.to === phone(14).slice(1));
    const parents = await cloud.until((one) => one.to === phone(15).slice(1), 15000, 'the code of a student, to the parent');
    for (const code of [own, parents]) {
        equal([code.template, code.parameters, code.button], ['reset_code', code.button, code.parameters], 'the template');
        holds(code.parameters[0], /^[0-9]{6}$/, 'the code');
        equal(logged().includes(code.parameters[0]), false, 'the code in the log');
    }
    equal((await nobody.ask('POST', '/api/auth/reset/confirm', { username: 'cora', code: own.parameters[0], new: 'blossom river 12' })).status, 204, 'confirmed');
    await login(server, 'cora', 'blossom river 12');
    equal(cloud.to(phone(14)).length, 1, 'codes');
});

await test('an expired token holds everything, the settings say so, and it goes on with another', async () => {
    const { ids } = await absentClass(school, [phone(13)]);
    cloud.token = 'another-token';
    await runAlerts(server);
    const { messages: state } = await eventually('the trouble', async () => {
        const settings = await admin.get('/api/settings');
        return settings.messages.trouble ? settings : null;
    });
    equal([state.provider, state.trouble_code, state.needs_admin], ['whatsapp', 190, true], 'what the settings say');
    await inState(admin, ids[0], 'queued');
    await server.stop();
    fs.writeFileSync(`${server.data}/secrets`, fs.readFileSync(`${server.data}/secrets`, 'utf8').replace('test-token', 'another-token'));
    const again = await startServer({ data: server.data });
    cloud.webhook = `${again.url}/webhooks/whatsapp`;
    school.server = again;
    Object.assign(admin, { server: again });
    await new Promise((resolve) => resolve());
    equal(cloud.to(phone(13)).length, 0, 'not before its time: the message waits for the hour that the error asked for');
    await again.stop();
});

await test('a dry run sends nothing, logs what it would send, and keeps it queued', async () => {
    const dry = await alertsServer({ data: dryFolder() });
    const { ids } = await absentClass(dry, [phone(20)]);
    await runAlerts(dry.server);
    const waiting = await messageTo(dry.admin, ids[0], (message) => message.tries === 1 && message.state === 'queued');
    holds(waiting.error, 'dry run', 'why it waits');
    equal(dry.cloud.requests.length, 0, 'requests');
    const { stderr } = await dry.server.stop();
    holds(stderr, 'dry run: it would have been sent', 'the log');
    await dry.cloud.stop();
});

function dryFolder() {
    return serverFolder('[alerts]\nprovider = dry-run\n');
}

await test('no more than so many people a day, first alerts first', async () => {
    const few = await alertsServer({ settings: 'people_per_day = 2' });
    const { ids } = await absentClass(few, [phone(30), phone(31), phone(32)]);
    await runAlerts(few.server);
    await eventually('two were sent', async () => (await messages(few.admin)).filter((one) => one.state === 'delivered').length === 2);
    const rest = (await messages(few.admin)).filter((one) => ids.includes(one.student_id) && one.state === 'queued' && one.recipient === 'parent');
    equal(rest.length, 1, 'that wait');
    await few.server.stop();
    const again = await startServer({ data: few.server.data }); /* a restart does not forget whom it wrote to */
    const admin_ = await login(again, 'admin', 'a password for tests');
    const [one, other] = few.cloud.messages.map((message) => message.to);
    await admin_.post('/api/settings/test-message', { phone: `+${one}` }); /* it passes by the sender, so that has looked */
    equal(few.cloud.messages.map((message) => message.to), [one, other, one], 'sent in all');
    await again.stop();
    await few.cloud.stop();
});

await test('mistakes in the settings are said at the start', async () => {
    const api = await CloudApi.start();
    const start = (data, env) => startServer({ data, env }).then((one) => one.stop().then(() => ''), (error) => error.message);
    const data = alertsFolder(api);
    fs.chmodSync(`${data}/secrets`, 0o640);
    holds(await start(data), 'can be read by others', 'a file that others may read');
    fs.chmodSync(`${data}/secrets`, 0o600);
    fs.appendFileSync(`${data}/secrets`, 'WHATSAPP_TOKEM=x\n');
    holds(await start(data), 'NAME=value', 'a name that is none');
    fs.writeFileSync(`${data}/secrets`, '');
    holds(await start(data), 'WHATSAPP_TOKEN is missing', 'no token');
    equal(await start(data, { WHATSAPP_TOKEN: 'x' }), '', 'a token from the environment');
    const plain = alertsFolder({ ...api, url: 'http://graph.example.org', token: 'x', appSecret: 'y', phoneId: '1' });
    holds(await start(plain), 'would send everything unprotected', 'plain http');
    await api.stop();
});

await cloud.stop();
report();
