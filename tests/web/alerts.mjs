/*
 * Alerts on the admin page, with a server that sends to a Cloud API of ours: who is told and how that went, why, what one can do
 * about it, classes that wait, letters on paper, and "why was nobody told?"
 */
import fs from 'node:fs';
import path from 'node:path';

import { absentClass, alertsServer, dateFrom, inState, runAlerts } from '../integration/lib/alerts.mjs';
import {
    accessibilityProblems, equal, eventually, finish, firstAdmin, holds, LOOKS, openWindow, overflow, serverFolder, settled, shot, signIn, startServer, test,
} from './lib.mjs';
import { PASSWORD } from './school.mjs';

const phone = (n) => `+9198765${String(n).padStart(5, '0')}`;
const school = await alertsServer({ settings: 'coordinator_phone = +919876599999' });
const { cloud, server, admin, today } = school;

/* One class of each fate: delivered, refused for good, answer lost, no number; and one whose days turn out to be wrong. */
cloud.toward(phone(2), { error: 131026 });
cloud.toward(phone(3), { drop: 'after', silent: true });
const { classId, ids } = await absentClass(school, [phone(1), phone(2), phone(3), null, phone(5)]);
const [fine, refused, lost, unreachable, wrong] = ids;
await admin.put('/api/classes/W1', { start: '00:00', late_after_min: 10, close_after_min: 60, weekdays: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] });
await admin.post('/api/students', { id: 'W1-1', name: 'Waits Long', class_id: 'W1', joined: dateFrom(today, -4) });
await admin.post(`/api/rolls/W1/${dateFrom(today, -3)}/close`);
await runAlerts(server);
await inState(admin, fine, 'delivered');
await inState(admin, refused, 'failed');
await inState(admin, lost, 'unknown');
await inState(admin, wrong, 'delivered');
await admin.post(`/api/rolls/${classId}/${dateFrom(today, -2)}/corrections`, { student_id: wrong, status: 'present', reason: 'was in the library' });
await runAlerts(server);

async function at(hash, body, options = {}) {
    const window = await openWindow(options);
    try {
        const page = await window.page();
        await signIn(page, options.server ?? server, 'admin', PASSWORD);
        await page.goto(`${(options.server ?? server).url}/admin#${hash}`);
        await settled(page);
        await body(page, window);
        equal(window.problems, [], 'problems');
    } finally {
        await window.close();
    }
}

const row = (page, id) => page.getByRole('row', { name: new RegExp(`Student ${id}`) });
const panelOf = (page) => page.getByRole('complementary', { name: 'The chosen alert' });
async function open(page, id) {
    await row(page, id).getByRole('link').first().click();
    const panel = panelOf(page);
    await panel.getByRole('heading', { name: `Student ${id}` }).waitFor();
    return panel;
}

for (const [look, options] of LOOKS)
    await test(`the views of alerts, ${look}`, () => at('alerts?state=all', async (page) => {
        const judge = async (name) => {
            await settled(page);
            await shot(page, `alerts-${name}-${look}`.replace(/ /g, '-'));
            equal(await overflow(page), 0, `${name}: pixels beyond the window`);
            equal(await accessibilityProblems(page), [], `${name}: accessibility`);
        };
        await judge('list');
        await open(page, lost);
        await judge('panel');
        await page.goto(`${server.url}/admin#alerts?view=letters`);
        await judge('letters');
        await page.goto(`${server.url}/admin#alerts?view=why&student=${fine}`);
        await page.getByText('Days that count').waitFor();
        await judge('why');
    }, options));

await test('the list says to whom, and how that went; classes that wait stand above it', () => at('alerts', async (page) => {
    await row(page, fine).waitFor();
    holds(await row(page, fine).innerText(), [/delivered\s+Parent, Parent 1/, '3 school days', classId], 'delivered');
    holds(await row(page, refused).innerText(), 'not delivered', 'refused');
    holds(await row(page, lost).innerText(), 'not known whether sent', 'lost');
    holds(await page.getByRole('region', { name: /Classes that wait/ }).innerText(), [/W1 waits since \w+ \d+ \w+: no station was able to judge/, 'Open the roll'], 'held');
    holds(await page.locator('nav a[data-section=alerts]').innerText(), '6 to look at', 'the number in the menu');
    await page.getByLabel('Message').selectOption('failed');
    await eventually('only those', async () => (await page.locator('tr[data-row]').count()) === 2);
    holds(page.url(), 'message=failed', 'the address');
    await page.getByLabel('Message').selectOption('');
    await page.getByLabel('Show', { exact: true }).selectOption('contradicted');
    await eventually('only that one', async () => (await page.locator('tr[data-row]').count()) === 1);
    holds(await row(page, wrong).innerText(), 'was wrong', 'contradicted');
}));

await test('why: the days with what closed each, the messages step by step, and what a code means', () => at('alerts', async (page) => {
    const panel = await open(page, refused);
    const text = await panel.innerText();
    holds(text, ['Absent on 3 school days', 'closed by', 'it is not on WhatsApp', '(code 131026)', 'made, the server'], 'the panel');
    equal((text.match(/closed by/g) ?? []).length, 3, 'days with what closed them');
    await panel.getByText('Step by step').first().click();
    holds(await panel.locator('details').first().innerText(), [/waits/, /is being sent/, /not delivered/], 'steps');
    await panel.getByRole('button', { name: 'Looked at' }).click();
    await panel.locator('.tag', { hasText: 'looked at' }).waitFor();
    holds(await panel.innerText(), 'looked at, ', 'the history');
    await page.locator('nav a[data-section=alerts]', { hasText: '5 to look at' }).waitFor();
}));

await test('found wrong after sending: it says so, and what to do', () => at('alerts?state=contradicted', async (page) => {
    const panel = await open(page, wrong);
    holds(await panel.locator('.banner.bad').innerText(), ['Sent, and wrong', 'Ring up whoever got it'], 'the banner');
}));

await test('nobody knows whether it was sent: a person says so', () => at('alerts', async (page) => {
    const panel = await open(page, lost);
    holds(await panel.innerText(), 'It may have been sent, and nobody knows', 'what is asked');
    await panel.getByRole('button', { name: 'It was sent' }).click();
    await panel.locator('.status', { hasText: /^→?\s*sent$/ }).first().waitFor();
    await eventually('cleared up', async () => (await panel.innerText()).includes('cleared up'));
    equal((await inState(admin, lost, 'sent')).state, 'sent', 'on the server');
}));

await test('what waits appears by itself, and is cancelled with a reason', () => at('alerts', async (page) => {
    await admin.patch('/api/settings', { send_from: '19:58', send_to: '20:00' }); /* it is about noon */
    const { ids: [id] } = await absentClass(school, [phone(7)]);
    await runAlerts(server);
    await row(page, id).waitFor();
    holds(await row(page, id).innerText(), 'waits', 'queued');
    const panel = await open(page, id);
    holds(await panel.innerText(), /goes out .*19:58/, 'when it goes');
    await panel.getByRole('button', { name: 'Cancel …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Cancel the messages' }).click();
    holds(await dialog.locator('.error').innerText(), 'fill this in', 'without a reason');
    await dialog.getByLabel('Why').fill('I rang them up');
    await dialog.getByRole('button', { name: 'Cancel the messages' }).click();
    await panel.locator('.tag', { hasText: 'cancelled' }).waitFor();
    holds(await panel.innerText(), 'I rang them up', 'the history');
    await eventually('it is gone from what is to be looked at', async () => (await row(page, id).count()) === 0);
}));

await test('why was nobody told?', () => at('alerts?view=why', async (page) => {
    await page.getByRole('searchbox', { name: 'Student' }).fill('waits lo');
    await page.getByRole('button', { name: /Waits Long/ }).click();
    const heading = page.getByRole('heading', { name: /Waits Long, as of/ });
    await heading.waitFor();
    holds(page.url(), 'student=W1-1', 'the address');
    const text = await page.locator('.why-text').innerText();
    equal(text, (await admin.get('/api/alerts/why?student=W1-1')).text, 'the rule’s own sentence');
    await page.getByRole('textbox', { name: 'Day' }).fill(dateFrom(today, -3));
    await eventually('another day', async () => (await page.locator('.why-text').innerText()) !== text);
}));

await test('letters: a page each, with the days; whoever got one is looked at', () => at('alerts?view=letters', async (page) => {
    await row(page, unreachable).waitFor();
    holds(await row(page, unreachable).innerText(), 'no number and no address', 'why');
    equal(await row(page, refused).count(), 0, 'one who was looked at');
    await admin.post('/api/students', { id: 'L-2', name: 'Zoë <b>O’Neill</b>', class_id: classId, joined: dateFrom(today, -4), parent_name: 'Mary O’Neill' });
    await runAlerts(server); // another process: pages hear of it when they load
    await page.reload();
    await page.getByText('Print 2 letters').waitFor();
    const pdf = await page.pdf({ format: 'A4', margin: { top: '15mm', bottom: '15mm', left: '15mm', right: '15mm' } });
    if (process.env.ROLLCALL_TEST_SHOTS) fs.writeFileSync(path.join(process.env.ROLLCALL_TEST_SHOTS, 'letters.pdf'), pdf);
    equal((pdf.toString('latin1').match(/\/Type\s*\/Page\b/g) ?? []).length, 2, 'pages');
    const letters = page.locator('.letter');
    const text = await letters.evaluateAll((nodes) => nodes.map((node) => node.textContent));
    holds(text.find((one) => one.includes('Zoë')), ['Test School', 'Mary O’Neill', 'Zoë <b>O’Neill</b>', '3 school days'], 'the letter');
    await page.getByLabel('Print the letter about Zoë').uncheck();
    await page.getByText('Print 1 letter', { exact: true }).waitFor();
    equal(await letters.count(), 1, 'letters');
    await row(page, unreachable).getByRole('button', { name: 'Looked at' }).click();
    await eventually('it is done', async () => (await row(page, unreachable).count()) === 0);
}));

await test('a test message, and numbers that are none, on the settings page', () => at('settings', async (page, window) => {
    const card = page.getByRole('region', { name: 'Alerts and messages' });
    holds(await card.innerText(), 'WhatsApp', 'the provider');
    await card.locator('summary', { hasText: 'Approved texts of WhatsApp' }).click();
    for (const [who, name, language] of [['parents', 'absence_alert', 'en'], ['coordinators', 'absence_staff', 'en'], ['the test message', 'hello_world', 'en_US']])
        holds(await card.getByRole('row', { name: new RegExp(`^${who}`) }).innerText(), [name, language], `the text for ${who}`);
    equal(await accessibilityProblems(page), [], 'accessibility');
    equal(await overflow(page), 0, 'pixels beyond the window');
    window.expect(422);
    await card.getByLabel('To a number or e-mail address').fill('12');
    await card.getByRole('button', { name: 'Send the test' }).click();
    await card.locator('.error').waitFor();
    await card.getByLabel('To a number or e-mail address').fill('98765 43210');
    await card.getByRole('button', { name: 'Send the test' }).click();
    await card.getByText('The provider took it').waitFor();
    await card.getByLabel('After so many school days').fill('4');
    await card.getByRole('button', { name: 'Save the alerts' }).click();
    await eventually('it is kept', async () => (await admin.get('/api/settings')).alert_days === 4);
    await shot(page, 'settings-messages');
}));

await test('phones and e-mail addresses of staff and parents', () => at(`students/${fine}`, async (page, window) => {
    window.expect(422);
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    let dialog = page.getByRole('dialog');
    await dialog.getByLabel('Parent’s phone').fill('123');
    await dialog.getByRole('button', { name: 'Save' }).click();
    holds(await dialog.locator('.error').innerText(), /number/, 'a number that is none');
    await dialog.getByLabel('Parent’s phone').fill('98765 00021');
    await dialog.getByLabel('Parent’s e-mail').fill('asha@example.org');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.locator('.facts', { hasText: '+919876500021' }).waitFor();
    holds(await page.locator('.facts').innerText(), 'asha@example.org', 'the facts');
    await page.goto(`${server.url}/admin#users`);
    await page.getByRole('button', { name: 'Add an account' }).click();
    dialog = page.getByRole('dialog');
    await dialog.getByLabel('User name').fill('meera');
    await dialog.getByLabel('Full name').fill('Meera Nair');
    await dialog.getByLabel('Phone').fill('98765 00022');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog', { name: 'One-time password' }).waitFor();
    const { items } = await admin.get('/api/users');
    equal(items.find((user) => user.name === 'meera').phone, '+919876500022', 'the phone');
}));

await test('whose owner wrote STOP', async () => {
    const sent = cloud.messages.find((one) => one.to === phone(5).slice(1));
    await cloud.reply(sent.to, 'STOP');
    await at(`students/${wrong}`, async (page) => {
        await page.getByText('wants no messages: wrote STOP').waitFor();
    });
    await at('activity', async (page) => {
        await page.locator('.queue-item', { hasText: 'A parent wrote STOP' }).waitFor(); // not the filter's word
    });
});
await server.stop();
await cloud.stop();

await test('without a provider, and in a dry run, the page says what to do', async () => {
    for (const [settings, words] of [['', ['no way out', 'server.conf', 'Nothing to look at']], ['[alerts]\nprovider = dry-run\n', ['This is a trial', 'Nobody gets a message']]]) {
        const other = await startServer({ data: serverFolder(settings) });
        await firstAdmin(other);
        await at('alerts', async (page) => {
            await page.getByText(words[0]).waitFor();
            holds(await page.locator('main').innerText(), words, 'what it says');
            await shot(page, `alerts-${settings ? 'dry-run' : 'no-provider'}`);
        }, { server: other });
        await other.stop();
    }
});

await finish();
