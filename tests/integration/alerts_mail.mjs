/* The second provider: mails, by SMTP; and mails beside WhatsApp for whom has no number. */
import fs from 'node:fs';

import { MailServer } from '../support/mail_server.mjs';
import { CloudApi, absentClass, alertsServer, equal, eventually, holds, inState, report, runAlerts, serverFolder, test } from './lib/alerts.mjs';

const mail = await MailServer.start({ user: 'school', password: 'a secret of the mail server' });

function mailFolder(settings = '', password = mail.password) {
    const data = serverFolder(`[alerts]\nprovider = smtp\ncredentials = secrets\nretry_s = 1\n[smtp]\nurl = ${mail.url}\nuser = school\nfrom = office@school.example\n${settings}`);
    fs.writeFileSync(`${data}/secrets`, `SMTP_PASSWORD=${password}\n`, { mode: 0o600 });
    return data;
}

/** Students who were absent, with these addresses of their parents. */
async function absent(school, addresses) {
    const { ids } = await absentClass(school, addresses.map(() => null));
    for (const [i, id] of ids.entries()) await school.admin.patch(`/api/students/${id}`, { parent_email: addresses[i] });
    await runAlerts(school.server);
    return ids;
}

const school = await alertsServer({ data: mailFolder() });
const { admin, server } = school;

await test('a mail to the parent: its text comes through, nothing of a name becomes a header', async () => {
    const { ids } = await absentClass(school, [null]);
    await admin.patch(`/api/students/${ids[0]}`, { name: 'प्रिया "P" Sharma', parent_email: 'mo@example.org' });
    await runAlerts(server);
    await inState(admin, ids[0], 'sent');
    const [one] = mail.mails;
    equal(one.to, ['mo@example.org'], 'to');
    holds(one.head, [/^From: <office@school.example>$/m, /^To: <mo@example.org>$/m, /^Subject: =\?utf-8\?B\?/m, /^Message-ID: <[0-9a-f-]{36}@school.example>$/m], 'heads');
    holds(one.text, ['प्रिया "P" Sharma', '3 school days', 'Test School'], 'the text');
    equal(mail.logins, ['school'], 'logged in as');
});

await test('refused for good, refused for now, dropped', async () => {
    mail.next({ rcpt: 550 });
    const [none] = await absent(school, ['none@example.org']);
    equal((await inState(admin, none, 'failed')).error_code, 550, 'no such address');
    mail.next({ rcpt: 451 });
    const [later] = await absent(school, ['later@example.org']);
    equal((await inState(admin, later, 'sent')).tries, 2, 'tries');
    mail.next({ drop: 'before' });
    const [before] = await absent(school, ['before@example.org']);
    await inState(admin, before, 'sent', 30000);
    equal(mail.mails.filter((one) => one.to[0] === 'before@example.org').length, 1, 'taken once');
    mail.next({ drop: 'after' });
    const [after] = await absent(school, ['after@example.org']);
    await inState(admin, after, 'unknown');
    equal(mail.mails.filter((one) => one.to[0] === 'after@example.org').length, 1, 'taken, and not sent again');
});

await test('a test mail', async () => {
    equal((await admin.post('/api/settings/test-message', { phone: 'head@example.org' })).outcome, 'sent', 'sent');
    equal((await admin.ask('POST', '/api/settings/test-message', { phone: '+919876500001' })).status, 422, 'no provider for numbers');
});

const { stderr } = await server.stop();

await test('no password and no address in the log', async () => {
    for (const secret of [mail.password, 'mo@example.org']) equal(stderr.includes(secret), false, `"${secret}"`);
});

await test('a wrong password holds everything, and the settings say so', async () => {
    const wrong = await alertsServer({ data: mailFolder('', 'wrong') });
    const [student] = await absent(wrong, ['mo@example.org']);
    const { messages } = await eventually('the trouble', async () => {
        const settings = await wrong.admin.get('/api/settings');
        return settings.messages.trouble ? settings : null;
    });
    equal([messages.needs_admin, (await inState(wrong.admin, student, 'queued')).tries], [true, 1], 'what the settings say');
    await wrong.server.stop();
});

await test('beside WhatsApp: a number first, a mail for whom has none', async () => {
    const cloud = await CloudApi.start();
    const data = serverFolder(`[alerts]\nprovider = whatsapp\ncredentials = secrets\n[whatsapp]\nbase_url = ${cloud.url}\nphone_id = ${cloud.phoneId}\n[smtp]\nurl = ${mail.url}\nuser = school\nfrom = office@school.example\n`);
    fs.writeFileSync(`${data}/secrets`, `SMTP_PASSWORD=${mail.password}\nWHATSAPP_TOKEN=${cloud.token}\nWHATSAPP_APP_SECRET=${cloud.appSecret}\n`, { mode: 0o600 });
    const both = await alertsServer({ data });
    const { ids } = await absentClass(both, ['+919876500040', null]);
    for (const id of ids) await both.admin.patch(`/api/students/${id}`, { parent_email: `${id.toLowerCase()}@example.org` });
    await runAlerts(both.server);
    equal((await inState(both.admin, ids[0], 'sent')).provider, 'whatsapp', 'with a number');
    equal((await inState(both.admin, ids[1], 'sent')).provider, 'smtp', 'without');
    equal([cloud.messages.length, mail.mails.at(-1).to], [1, [`${ids[1].toLowerCase()}@example.org`]], 'what was taken');
    await both.server.stop();
    await cloud.stop();
    await both.cloud.stop();
});

await school.cloud.stop();
await mail.stop();
report();
