/* What WhatsApp tells: believed only with a signature, in any order, more than once, and before the send's own answer. */
import { VERIFY_TOKEN, absentClass, alertsServer, equal, holds, inState, messageTo, report, runAlerts, test } from './lib/alerts.mjs';

const phone = (n) => `+9198765${String(n).padStart(5, '0')}`;
const school = await alertsServer({ cloud: { tells: [] } });
const { cloud, server, admin } = school;

/** A message that was sent: [what the cloud took, its student]. */
async function sent(number) {
    const { ids } = await absentClass(school, [number]);
    await runAlerts(server);
    const message = await cloud.until((one) => one.to === number.slice(1));
    await inState(admin, ids[0], 'sent');
    return [message, ids[0]];
}

await test('verification: the challenge comes back for the right token alone', async () => {
    equal(await cloud.verify(VERIFY_TOKEN, '1158201444'), { status: 200, text: '1158201444' }, 'the right one');
    equal((await cloud.verify('wrong')).status, 403, 'a wrong one');
    equal((await cloud.verify(`${VERIFY_TOKEN}x`)).status, 403, 'a longer one');
    equal((await cloud.verify(VERIFY_TOKEN, '<script>')).status, 403, 'a challenge that is none');
    equal((await fetch(cloud.webhook)).status, 403, 'nothing asked');
});

await test('webhook forged: refused, and nothing moves', async () => {
    const [message, student] = await sent(phone(1));
    equal(await cloud.tell(message, 'read', { secret: 'another' }), 403, 'another secret');
    equal(await cloud.tell(message, 'read', { secret: null }), 403, 'no signature');
    equal(await cloud.reply(phone(1), 'STOP', { secret: 'another' }), 403, 'a forged STOP');
    equal((await messageTo(admin, student)).state, 'sent', 'afterwards');
    equal((await admin.get(`/api/students/${student}`)).parent_stopped, null, 'stopped');
    equal(await cloud.tell(message, 'read', { phoneId: '99' }), 200, 'about another number of the business');
    equal((await messageTo(admin, student)).state, 'sent', 'afterwards');
    equal((await fetch(cloud.webhook, { method: 'POST', headers: { 'content-type': 'application/json' }, body: 'x'.repeat(2 << 20) })).status, 413, 'too large');
});

await test('out of order and repeated: a status only moves forward', async () => {
    const [message, student] = await sent(phone(2));
    equal(await cloud.tell(message, 'read'), 200, 'read');
    for (const late of ['delivered', 'sent', 'read', 'failed', 'delivered']) equal(await cloud.tell(message, late), 200, late);
    const read = await inState(admin, student, 'read');
    equal(read.steps.map((step) => step.state), ['queued', 'sending', 'sent', 'read'], 'its history');
});

await test('failed after sent counts, with its code', async () => {
    const [message, student] = await sent(phone(3));
    await cloud.tell(message, 'failed', { errors: [{ code: 131049, title: 'not delivered to maintain healthy ecosystem engagement' }] });
    const failed = await inState(admin, student, 'failed');
    equal([failed.error_code, failed.error], [131049, 'not delivered to maintain healthy ecosystem engagement'], 'why');
});

await test('webhook before the send\'s answer: by what it was given as ours', async () => {
    const { ids } = await absentClass(school, [phone(4)]);
    let answer;
    cloud.toward(phone(4), { hold: new Promise((resolve) => { answer = resolve; }) });
    await runAlerts(server);
    const message = await cloud.until((one) => one.to === phone(4).slice(1));
    equal(await cloud.tell(message, 'delivered'), 200, 'the webhook');
    await inState(admin, ids[0], 'delivered');
    answer();
    equal(await cloud.tell(message, 'read', { withoutCallback: true }), 200, 'by the provider\'s own id, which came with the answer');
    const read = await inState(admin, ids[0], 'read');
    equal(read.steps.map((step) => step.state), ['queued', 'sending', 'delivered', 'read'], 'its history');
});

await test('STOP withdraws: nothing more is sent, the student\'s page says since when; START brings it back', async () => {
    const [, student] = await sent(phone(5));
    equal(await cloud.reply(phone(5), 'बंद करें'), 200, 'the reply');
    holds((await admin.get(`/api/students/${student}`)).parent_stopped, /^\d{4}-/, 'since when');
    const noted = async () => (await admin.get('/api/activity?kind=opted_out')).items;
    equal((await noted()).map((one) => [one.student_id, one.reason]), [[student, 'who has the parent\'s number wrote STOP']], 'on the activity log');
    const { items } = await admin.get('/api/alerts?state=open');
    holds(items.find((one) => one.student_id === student).parent_stopped, /^\d{4}-/, 'on the alerts page');
    equal(await cloud.reply(phone(5), 'stop'), 200, 'once more');
    equal((await noted()).length, 1, 'is no news');
    const { ids } = await absentClass(school, [phone(5)]);
    await runAlerts(server);
    holds((await inState(admin, ids[0], 'failed')).error, 'opted_out', 'why');
    equal(cloud.to(phone(5)).length, 1, 'sent');
    equal(await cloud.reply(phone(5), 'STOP', { at: Date.now() - 3600000 }), 200, 'an older STOP');
    equal(await cloud.reply(phone(5), 'Thank you'), 200, 'something else');
    equal(await cloud.reply(phone(5), 'Start', { at: Date.now() + 1000 }), 200, 'the other wish');
    equal((await admin.get(`/api/students/${student}`)).parent_stopped, null, 'since when');
    const failed = await inState(admin, ids[0], 'failed');
    await admin.post(`/api/alerts/${failed.alert_id}/retry`);
    await inState(admin, ids[0], 'sent');
});

await test('a student is erased: what is told about him later changes nothing', async () => {
    const [message, student] = await sent(phone(6));
    await cloud.reply(phone(6), 'stop');
    await admin.delete(`/api/students/${student}`, { confirm: student });
    equal(await cloud.tell(message, 'read'), 200, 'the webhook');
    const { ids } = await absentClass(school, [phone(6)]);
    equal((await admin.get(`/api/students/${ids[0]}`)).parent_stopped, null, 'the number is remembered for nobody');
});

await server.stop();
await cloud.stop();
report();
