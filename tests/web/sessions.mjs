/*
 * Days on which a class does not meet, or meets for a part of the day: said on the roll page and on the settings page,
 * then seen wherever days are shown.
 */
import { accessibilityProblems, equal, eventually, finish, firstAdmin, holds, LOOKS, makeClass, openWindow, overflow, settled, shot, signIn, startServer, test } from './lib.mjs';
import { chooseOwn, PASSWORD } from './school.mjs';

const server = await startServer();
const admin = await firstAdmin(server);
const { today } = (await admin.get('/api/me')).school;
const [pupil] = await makeClass(admin, 'N1', 3);
const me = (await admin.get('/api/me')).full_name;
const rollOf = () => admin.get(`/api/rolls?class=N1&date=${today}`);

const press = (place, name) => place.getByRole('button', { name, exact: true }).click();
const dialogOf = (page, name) => page.getByRole('dialog', { name });

async function at(hash, body, options = {}) {
    const window = await openWindow(options);
    try {
        const page = await window.page();
        await signIn(page, server, 'admin', PASSWORD);
        await page.goto(`${server.url}/admin#${hash}`);
        await settled(page);
        await body(page, window);
        equal(window.problems, [], 'problems');
    } finally {
        await window.close();
    }
}

async function look(page, name) {
    await settled(page);
    await shot(page, name.replace(/ /g, '-'));
    equal(await overflow(page), 0, `${name}: pixels beyond the window`);
    equal(await accessibilityProblems(page), [], `${name}: accessibility`);
}

for (const [lookName, options] of LOOKS)
    await test(`no session, with a reason, and taken back, ${lookName}`, () => at('rolls?class=N1', async (page) => {
        await press(page, 'No session');
        const dialog = dialogOf(page, /^No session of N1/);
        await press(dialog, 'There is no session');
        holds(await dialog.locator('.error').innerText(), 'fill this in', 'without a reason');
        await dialog.getByLabel('Reason').fill('Water in the classroom');
        await look(page, `no session asked ${lookName}`);
        await press(dialog, 'There is no session');
        await page.locator('main').getByText('Water in the classroom').waitFor();
        holds(await page.locator('main').innerText(), [`No session, said by ${me}`, /\d\d:\d\d: Water in the classroom/], 'who, when and why');
        equal(await page.getByRole('button', { name: 'Close the roll' }).count(), 0, 'a day without a session can be closed');
        equal(await page.getByRole('button', { name: 'No session', exact: true }).count(), 0, 'it can be said twice');
        equal((await rollOf()).session.word.word, 'no_session', 'the server knows');
        await look(page, `no session ${lookName}`);

        await press(page, 'There was a session');
        await press(dialogOf(page, 'Was there a session after all?'), 'There was a session');
        await page.getByRole('button', { name: 'Close the roll' }).waitFor();
        await eventually('the focus stays where it was pressed', () => page.getByRole('button', { name: 'Close the roll' }).evaluate((node) => node === document.activeElement));
        equal((await rollOf()).session.word.word, 'reopened', 'the server knows that it is taken back');
    }, options));

await test('a roll that changes behind its dialog gives the focus back', () => at('rolls?class=N1', async (page) => {
    await press(page, 'Close the roll');
    const dialog = dialogOf(page, /^Close N1/);
    await dialog.waitFor();
    await page.evaluate(() => { document.querySelector('.roll-table').dataset.old = ''; });
    await admin.post(`/api/rolls/N1/${today}/corrections`, { student_id: pupil, status: 'late', reason: 'The bus was late' });
    await page.locator('.roll-table:not([data-old])').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    equal(await page.getByRole('button', { name: 'Close the roll' }).evaluate((node) => node === document.activeElement), true, 'the focus is on the button');
}));


for (const [lookName, options] of LOOKS)
    await test(`the roll says how each was seen, ${lookName}`, () => at('rolls', async (page) => {
        const methods = ['card', 'pin', 'manual'];
        await page.route('**/api/rolls?*', async (route) => { /* as if stations had sent such marks */
            const response = await route.fetch();
            const roll = await response.json();
            roll.items.forEach((item, i) => Object.assign(item, { status: 'present', captured: `${today}T08:5${i}:00.000+01:00`, method: methods[i] }));
            await route.fulfill({ response, json: roll });
        });
        await page.goto(`${server.url}/admin#rolls?class=N1`);
        for (const [i, word] of ['card', 'PIN', 'by hand'].entries())
            holds(await page.getByRole('row', { name: new RegExp(`Student N1-00${i + 1}`) }).innerText(), [`08:5${i}`, word], 'time and method');
        await look(page, `roll methods ${lookName}`);
    }, options));

await admin.post(`/api/rolls/N1/${today}/no-session`, { reason: 'Water in the classroom' });
await test('a day without a session is no school day for reports and for the student', () => at(`reports/month?class=N1`, async (page) => {
    await page.locator('.report :is(table, .empty)').first().waitFor(); // on the last of a month nothing is left of it
    equal(await page.getByRole('columnheader', { name: String(Number(today.slice(8))), exact: true }).count(), 0, 'the day in the report');
    await page.goto(`${server.url}/admin#students/${pupil}`);
    await page.locator('.month td.closed', { hasText: 'Water in the classroom' }).waitFor();
    await page.goto(`${server.url}/admin#today?class=N1`);
    await page.locator('main').getByText('Water in the classroom').waitFor();
    await page.goto(`${server.url}/admin#today?class=`);
    await page.getByText('No school: N1 (Water in the classroom)').waitFor();
}));
await admin.post(`/api/rolls/N1/${today}/reopen`);

await test('a roll that was closed before the day became a holiday has nothing to close', async () => {
    const [one] = await makeClass(admin, 'N2', 1);
    await admin.post(`/api/rolls/N2/${today}/corrections`, { student_id: one, status: 'late', reason: 'The bus was late' });
    await admin.post(`/api/rolls/N2/${today}/close`);
    await admin.put(`/api/calendar/${today}`, { label: 'Holi', class_id: 'N2' });
    await at('rolls?class=N2', async (page) => {
        await page.locator('main').getByText('Holi').waitFor();
        equal(await page.getByRole('button', { name: /Close the roll|Open again|No session/ }).count(), 0, 'buttons for a session that is none');
    });
    await admin.ask('DELETE', `/api/calendar/${today}?class=N2`);
});

await test('what was seen on a weekday on which the class does not meet any more stays to be seen', async () => {
    const [one] = await makeClass(admin, 'N3', 2);
    await admin.post(`/api/rolls/N3/${today}/corrections`, { student_id: one, status: 'late', reason: 'The bus was late' });
    const weekday = new Date(`${today}T00:00:00Z`).toUTCString().slice(0, 3);
    const n3 = (await admin.get('/api/classes')).items.find((each) => each.id === 'N3');
    await admin.put('/api/classes/N3', { coordinator: n3.coordinator, start: n3.start, late_after_min: n3.late_after_min, close_after_min: n3.close_after_min, weekdays: n3.weekdays.filter((each) => each !== weekday) });
    for (const section of ['rolls', 'today'])
        await at(`${section}?class=N3`, async (page) => {
            await page.getByText('No school on this day').waitFor();
            holds(await page.locator('main').innerText(), [`Student ${one}`, 'late'], 'what was seen');
            equal(await page.getByRole('button', { name: /Close the roll|No session/ }).count(), 0, 'buttons for a session that is none');
        });
});

// ---- the calendar ----------------------------------------------------------------------------------------------------

const calendar = (page) => page.getByRole('region', { name: 'Days without school, half days' });
const entries = async () => (await admin.get('/api/calendar')).items;

for (const [lookName, options] of LOOKS)
    await test(`a half day is entered, seen everywhere, and taken back, ${lookName}`, () => at('settings', async (page) => {
        await press(page, 'Add a day');
        const dialog = dialogOf(page, 'Add a day');
        equal(await dialog.getByLabel('Starts at').isVisible(), false, 'a day without school has no times');
        await dialog.getByLabel('Why').fill('Sports');
        await dialog.getByLabel('Class').selectOption('N1');
        await dialog.getByLabel('What it is').selectOption('Half day');
        await dialog.getByLabel('Starts at').fill('00:30');
        await dialog.getByLabel('Ends at').fill('00:10');
        await press(dialog, 'Save');
        holds(await dialog.locator('.error').innerText(), 'ends before it starts', 'times that make no sense');
        await dialog.getByLabel('Ends at').fill('23:45');
        await look(page, `half day asked ${lookName}`);
        await press(dialog, 'Save');
        const row = calendar(page).getByRole('row', { name: /Sports/ });
        await row.waitFor();
        holds(await row.innerText(), ['Half day 00:30–23:45', 'N1'], 'the line');
        equal(await entries(), [{ date: today, class_id: 'N1', label: 'Sports', kind: 'short', start: '00:30', close_after: 1395 }], 'on the server');
        await look(page, `half day in the list ${lookName}`);

        await page.goto(`${server.url}/admin#rolls?class=N1`);
        await page.getByText('Half day: Sports').waitFor();
        holds(await page.locator('main').innerText(), 'Open: 00:30 to 23:45', 'the times of the half day');
        await look(page, `half day roll ${lookName}`);
        await page.goto(`${server.url}/admin#reports/month?class=N1`);
        await page.getByText('Half day: Sports').waitFor();
        equal(await page.getByRole('columnheader', { name: `${Number(today.slice(8))}½` }).count(), 1, 'the mark at the day');
        await look(page, `half day report ${lookName}`);
        await page.goto(`${server.url}/admin#students/${pupil}`);
        await page.locator('.month button[title$="Half day: Sports"]').waitFor();

        await page.goto(`${server.url}/admin#settings`);
        await row.getByRole('button', { name: /^Remove / }).click();
        await press(dialogOf(page, /^A whole day on/), 'Remove');
        await calendar(page).getByText('No holidays are entered').waitFor();
        equal(await entries(), [], 'on the server');
    }, options));

const { one_time_password: once } = await admin.post('/api/users', { name: 'pupil', full_name: 'Student N1-001', role: 'student', student_id: pupil });
await chooseOwn(server, 'pupil', once);
for (const [lookName, options] of LOOKS)
    await test(`a student sees half days and days without a session, ${lookName}`, async () => {
        const window = await openWindow(options);
        const page = await window.page();
        await admin.put(`/api/calendar/${today}`, { label: 'Sports', class_id: 'N1', kind: 'short', start: '00:30', close_after: 600 });
        await signIn(page, server, 'pupil', PASSWORD);
        const month = page.getByRole('region', { name: 'My month' });
        await month.getByRole('listitem').filter({ hasText: 'Half day: Sports' }).waitFor();
        await look(page, `half day student ${lookName}`);
        await admin.ask('DELETE', `/api/calendar/${today}?class=N1`);
        await admin.post(`/api/rolls/N1/${today}/no-session`, { reason: 'Water in the classroom' });
        await page.reload();
        const line = month.getByRole('listitem').filter({ hasText: 'Water in the classroom' });
        await line.waitFor();
        equal((await line.innerText()).includes('Half day'), false, 'a day without a session is a half day');
        equal(await month.locator('td.is-today button').count(), 0, 'the day can be chosen, though it was none');
        await admin.post(`/api/rolls/N1/${today}/reopen`);
        equal(window.problems, [], 'problems');
        await window.close();
    });

const file = (name, text) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
const dayAfter = (days) => new Date(Date.parse(`${today}T00:00:00Z`) + days * 86400000).toISOString().slice(0, 10);
const ICS = (date, summary) => ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Test//EN', 'BEGIN:VEVENT', 'UID:one', 'DTSTAMP:20260101T000000Z', `DTSTART;VALUE=DATE:${date.replaceAll('-', '')}`, `SUMMARY:${summary}`, 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n');

for (const [lookName, options] of LOOKS)
    await test(`the calendar comes from a file: errors by line, a trial, then the import, ${lookName}`, () => at('settings', async (page) => {
        await press(calendar(page), 'Import');
        const dialog = dialogOf(page, 'Import the calendar');
        const go = dialog.getByRole('button', { name: 'Import', exact: true });
        const input = dialog.getByLabel('CSV or calendar file');
        await input.setInputFiles(file('days.csv', `date,label,class\n${dayAfter(7)},Diwali,\n2026-02-31,No such day,\n${dayAfter(8)},Of nobody,ZZ\n`));
        await dialog.getByText('2 errors').waitFor();
        holds(await dialog.getByRole('table').innerText(), [/^3\t/m, /^4\t/m, 'ZZ'], 'errors by line');
        equal(await go.isDisabled(), true, 'nothing is offered to be imported');
        await look(page, `calendar errors ${lookName}`);
        await input.setInputFiles(file('days.csv', `date,label,to,kind,start,close_after\n${dayAfter(7)},Diwali,${dayAfter(9)},,,\n${dayAfter(20)},Exams,,short,08:00,120\n`));
        await dialog.getByText('Days added: 4, changed: 0').waitFor();
        holds(await dialog.getByRole('row', { name: /Exams/ }).innerText(), ['Half day', 'All classes', 'added'], 'what it would do');
        equal(await entries(), [], 'a trial changes nothing');
        await look(page, `calendar trial ${lookName}`);
        await go.click();
        await calendar(page).getByRole('row', { name: /Exams/ }).waitFor();
        holds(await calendar(page).getByRole('row', { name: /Exams/ }).innerText(), 'Half day 08:00–10:00', 'the half day');
        equal((await entries()).length, 4, 'days on the server');

        await press(calendar(page), 'Import'); /* a file of another kind, dropped, for one class, that changes one day */
        const data = await page.evaluateHandle(([text]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], 'school.ics', { type: 'text/calendar' }));
            return transfer;
        }, [ICS(dayAfter(30), 'Founders’ day')]);
        await dialog.locator('.drop-place').dispatchEvent('drop', { dataTransfer: data });
        await dialog.getByText('Days added: 1, changed: 0').waitFor();
        await dialog.getByLabel('For entries that name no class').selectOption('N1');
        await dialog.getByRole('row', { name: /Founders.* N1/ }).waitFor();
        await go.click();
        await calendar(page).getByRole('row', { name: /Founders/ }).waitFor();
        equal((await entries()).find((one) => one.date === dayAfter(30)).class_id, 'N1', 'the class');

        await press(calendar(page), 'Import');
        await input.setInputFiles(file('again.csv', `date,label\n${dayAfter(7)},Diwali\n`));
        await dialog.getByText('there is nothing to import').waitFor();
        equal(await go.isDisabled(), true, 'nothing is offered to be imported');
        for (const one of await entries()) await admin.ask('DELETE', `/api/calendar/${one.date}${one.class_id ? `?class=${one.class_id}` : ''}`);
    }, options));

await test('consent and cards are settings', () => at('settings', async (page) => {
    const card = page.getByRole('region', { name: 'Consent and cards' });
    await card.getByLabel('Everybody may use a card or a PIN').check();
    await card.getByLabel('A face is enrolled only with consent').uncheck();
    await card.getByLabel('Version of the consent text').fill('2026-2');
    await press(card, 'Save consent and cards');
    await page.getByText('Saved.').waitFor();
    const { card_for_all: forAll, consent_required: needed, consent_text_version: version } = await admin.get('/api/settings');
    equal([forAll, needed, version], [true, false, '2026-2'], 'on the server');
    await look(page, 'consent and cards');
}));

await server.stop();
await finish();
