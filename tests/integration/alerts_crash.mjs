/* The server ends while messages are on their way: nothing is sent twice by itself, nothing is forgotten. */
import { absentClass, alertsServer, equal, eventually, firstAdmin, holds, inState, login, report, runAlerts, startServer, test } from './lib/alerts.mjs';

const phone = (n) => `+9198765${String(n).padStart(5, '0')}`;

async function restart(school) {
    const server = await startServer({ data: school.server.data });
    school.cloud.webhook = `${server.url}/webhooks/whatsapp`;
    return { ...school, server, admin: await login(server, 'admin', 'a password for tests') };
}

await test('crash (kill -9) between send and record: unknown, not sent twice, resolved by the webhook', async () => {
    const school = await alertsServer();
    const { cloud, admin } = school;
    const { ids } = await absentClass(school, [phone(1), phone(2)]);
    cloud.toward(phone(1), { hold: new Promise(() => {}), silent: true });
    cloud.toward(phone(2), { hold: new Promise(() => {}), silent: true });
    await runAlerts(school.server);
    const first = await cloud.until((one) => one.to === phone(1).slice(1));
    await cloud.until((one) => one.to === phone(2).slice(1));
    equal((await inState(admin, ids[0], 'sending')).state, 'sending', 'before the crash');
    await school.server.kill();
    const again = await restart(school);
    for (const id of ids) await inState(again.admin, id, 'unknown');
    await runAlerts(again.server);
    equal(await cloud.tell(first, 'read'), 200, 'the webhook');
    await inState(again.admin, ids[0], 'read');
    const other = await inState(again.admin, ids[1], 'unknown');
    equal(cloud.requests.length, 2, 'requests in all');
    await again.admin.post(`/api/alerts/${other.alert_id}/messages/${other.id}/resolve`, { was_sent: true });
    await inState(again.admin, ids[1], 'sent');
    equal(cloud.requests.length, 2, 'requests in all, after a person said that it was sent');
    await again.server.stop();
    await cloud.stop();
});

await test('a crash before anything left: it is sent after the start, once', async () => {
    const school = await alertsServer();
    const { cloud, admin } = school;
    await admin.patch('/api/settings', { send_from: '19:58', send_to: '20:00' });
    const { ids } = await absentClass(school, [phone(1)]);
    await runAlerts(school.server);
    await inState(admin, ids[0], 'queued');
    await school.server.kill();
    const again = await restart(school);
    await again.admin.patch('/api/settings', { send_from: '00:00', send_to: '23:59' });
    await inState(again.admin, ids[0], 'delivered');
    equal(cloud.messages.length, 1, 'sent');
    await again.server.stop();
    await cloud.stop();
});

await test('a stop waits for the answer of what is under way', async () => {
    const school = await alertsServer();
    const { cloud } = school;
    const { ids } = await absentClass(school, [phone(1)]);
    let go;
    cloud.toward(phone(1), { hold: new Promise((resolve) => { go = resolve; }), silent: true });
    await runAlerts(school.server);
    await cloud.until((one) => one.to === phone(1).slice(1));
    const stopped = school.server.stop();
    await eventually('the server stops to listen', () => fetch(`${school.server.url}/healthz`).then(() => false, () => true));
    go();
    await stopped;
    const again = await restart(school);
    equal((await inState(again.admin, ids[0], 'sent')).tries, 1, 'tries');
    await again.server.stop();
    await cloud.stop();
});

await test('nobody answers at the provider: it waits, and is sent when somebody does', async () => {
    const school = await alertsServer();
    const { cloud, admin } = school;
    const port = Number(new URL(cloud.url).port);
    await cloud.stop();
    const { ids } = await absentClass(school, [phone(1)]);
    await runAlerts(school.server);
    const waiting = await eventually('a first try', async () => {
        const { messages: state } = await admin.get('/api/settings');
        return state.trouble;
    });
    holds(waiting, 'connect', 'what the settings say');
    await inState(admin, ids[0], 'queued');
    const back = await alertsCloud(port, school.server);
    await inState(admin, ids[0], 'delivered', 30000);
    equal(back.messages.length, 1, 'sent');
    await eventually('the trouble is over', async () => (await admin.get('/api/settings')).messages.trouble === null);
    await school.server.stop();
    await back.stop();
});

async function alertsCloud(port, server) {
    const { CloudApi } = await import('./lib/alerts.mjs');
    const cloud = await CloudApi.start({ port });
    cloud.webhook = `${server.url}/webhooks/whatsapp`;
    return cloud;
}

report();
