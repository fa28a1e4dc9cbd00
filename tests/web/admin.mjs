/* The admin's work in the browser, each part from the first press to what the server then says, and what others see live. */
import fs from 'node:fs';

import { atMost, equal, eventually, finish, firstAdmin, holds, login, makeClass, openWindow, overflow, PHONE, settled, shot, signIn, startServer, test, WIDE } from './lib.mjs';
import { chooseOwn, PASSWORD } from './school.mjs';

let server = await startServer();
const admin = await firstAdmin(server);
const pupils = await makeClass(admin, 'T1', 6);
const { today } = (await admin.get('/api/me')).school;
const rollOf = async (id, date = today) => (await admin.get(`/api/rolls?class=T1&date=${date}`)).items.find((item) => item.student_id === id);

/** A signed-in page at a section; fails on whatever went wrong there. */
async function at(hash, body, { expect = [] } = {}) {
    const window = await openWindow();
    try {
        expect.forEach(window.expect);
        const page = await window.page();
        await signIn(page, server, 'admin', PASSWORD);
        await page.goto(`${server.url}/admin#${hash}`);
        await settled(page);
        const remark = await body(page, window);
        equal(window.problems, [], 'problems');
        return remark;
    } finally {
        await window.close();
    }
}

const dialogOf = (page, name) => page.getByRole('dialog', { name });
const press = (place, name) => place.getByRole('button', { name, exact: true }).click();

await test('times are the school’s, not the browser’s', () => at('today', async (page) => {
    await eventually('the clock shows the school’s time', async () =>
        (await page.locator('.clock').innerText()) === (await admin.get('/api/me')).school.now.slice(11, 16));
}));

await test('a student is added, wrong input is said at its field', () => at('students', async (page) => {
    await press(page, 'Add a student');
    const dialog = dialogOf(page, 'Add a student');
    await press(dialog, 'Save');
    equal(await dialog.locator('.error').count(), 2, 'required fields that are empty');
    await dialog.getByLabel('Student number').fill(pupils[0]);
    await dialog.getByLabel('Full name').fill('Asha Verma');
    await dialog.getByLabel('Parent’s phone').fill('98765');
    await press(dialog, 'Save');
    holds(await dialog.locator('.error').innerText(), '+919876543210', 'a phone without its country');
    await dialog.getByLabel('Parent’s phone').fill('+91 98765 43210');
    await press(dialog, 'Save');
    await dialog.locator('[role=alert], .error').first().waitFor();
    equal(await dialog.getByLabel('Full name').inputValue(), 'Asha Verma', 'what was typed is still there');
    await dialog.getByLabel('Student number').fill('S-1');
    await press(dialog, 'Save');
    await page.getByRole('heading', { name: 'Asha Verma' }).waitFor();
    equal((await admin.get('/api/students/S-1')).parent_phone, '+919876543210', 'the phone that is kept');
}, { expect: [409, 422] }));

await test('a name of as many letters as the form takes, in any script, and names that need joiners', () => at('students', async (page) => {
    const names = ['अ'.repeat(120), 'علی\u200cرضا', 'ಸೂರ\u200d್ಯ', 'അനില്\u200d'];
    for (const [i, name] of names.entries()) {
        await press(page, 'Add a student');
        const dialog = dialogOf(page, 'Add a student');
        await dialog.getByLabel('Student number').fill(`N-${i}`);
        await dialog.getByLabel('Full name').pressSequentially(name);
        await press(dialog, 'Save');
        await page.getByRole('heading', { name }).waitFor();
        equal((await admin.get(`/api/students/N-${i}`)).name, name, 'the name that is kept');
    }
    await page.setViewportSize(PHONE);
    equal(await overflow(page), 0, 'pixels beyond the window of a phone');
    await page.setViewportSize(WIDE);
    await press(page, 'Add a student');
    const dialog = dialogOf(page, 'Add a student');
    await dialog.getByLabel('Student number').fill('N-9');
    await dialog.getByLabel('Full name').fill('An\u200djali');
    await press(dialog, 'Save');
    holds(await dialog.locator('.error').innerText(), 'Full name holds a character that cannot be shown', 'a joiner that only hides');
    for (const i of names.keys()) await admin.delete(`/api/students/N-${i}`, { confirm: `N-${i}` });
}, { expect: [422] }));

await test('a half-filled form is not thrown away by a slip', () => at('students', async (page) => {
    await press(page, 'Add a student');
    await page.getByLabel('Full name').fill('Half');
    await page.keyboard.press('Escape');
    await press(dialogOf(page, 'Throw away what you typed?'), 'Keep typing');
    equal(await page.getByLabel('Full name').inputValue(), 'Half', 'the name');
    await page.keyboard.press('Escape');
    await press(dialogOf(page, 'Throw away what you typed?'), 'Throw away');
    await eventually('no dialog is open', async () => (await page.locator('dialog[open]').count()) === 0);
}));

await test('search narrows the list, the panel opens and closes', () => at('students', async (page) => {
    await page.getByRole('searchbox', { name: 'Search' }).fill('asha');
    await page.getByText('1 student', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Asha Verma' }).click();
    await page.getByRole('heading', { name: 'Asha Verma' }).waitFor();
    holds(page.url(), '#students/S-1?q=asha', 'the address');
    await page.getByRole('button', { name: 'Close the student' }).click();
    await eventually('the focus is on the link', () => page.getByRole('link', { name: 'Asha Verma' }).evaluate((node) => node === document.activeElement));
    await page.goBack();
    await page.getByRole('heading', { name: 'Asha Verma' }).waitFor();
}));

await test('a correction by key reaches another open page at once', () => at('today?class=T1', (page) => at('today?class=T1', async (other) => {
    const tile = page.locator(`[data-keep="${pupils[1]}"]`);
    await tile.focus();
    await page.keyboard.press('l');
    const dialog = dialogOf(page, 'Correct a day');
    equal(await dialog.getByRole('radio', { name: 'late' }).isChecked(), true, 'late is chosen');
    await press(dialog, 'Correct');
    holds(await dialog.locator('.error').innerText(), 'fill this in', 'without a reason');
    await dialog.getByLabel('Reason').fill('The bus was late');
    const began = Date.now();
    await press(dialog, 'Correct');
    await other.locator('.feed-lines', { hasText: `Student ${pupils[1]} corrected to late by` }).waitFor();
    const ms = Date.now() - began;
    atMost(ms, 1000, 'milliseconds until the other page shows it');
    await other.locator(`[data-keep="${pupils[1]}"].late`).waitFor();
    await eventually('the focus is on the tile again', () => tile.evaluate((node) => node === document.activeElement));
    equal((await rollOf(pupils[1])).reason, 'The bus was late', 'the reason on the server');
    return `${ms} ms`;
})));

await test('closing says what follows, and can be undone', () => at(`rolls?class=T1&date=${today}`, async (page) => {
    await press(page, 'Close the roll');
    const dialog = page.locator('dialog[open]');
    const text = await dialog.innerText();
    const { closing } = await admin.get(`/api/rolls?class=T1&date=${today}`);
    holds(text, [`${closing.absent} become absent`, `Student ${pupils[0]}`], 'what follows');
    equal((await dialog.locator('li').count()), closing.absent, 'names');
    await press(dialog, 'Close the roll');
    await page.getByRole('row', { name: new RegExp(pupils[0]) }).getByText('absent').waitFor();
    await page.locator('.card', { hasText: 'Closed by' }).waitFor();
    await press(page, 'Open again');
    await press(dialogOf(page, 'Open the roll again?'), 'Open again');
    await page.getByRole('row', { name: new RegExp(pupils[0]) }).getByText('not yet seen').waitFor();
}));

await test('a roll that changes behind a dialog takes no focus', () => at(`rolls?class=T1&date=${today}`, async (page) => {
    const opener = page.getByRole('button', { name: 'Close the roll' }).first();
    const stale = await opener.elementHandle();
    await opener.click();
    await page.locator('dialog[open]').waitFor();
    await admin.post(`/api/rolls/T1/${today}/corrections`, { student_id: pupils[4], status: 'excused', reason: 'seen meanwhile' });
    await eventually('the roll is drawn anew', () => stale.evaluate((node) => !node.isConnected));
    await page.keyboard.press('Escape');
    await eventually('the focus is back', () => opener.evaluate((node) => node === document.activeElement));
}));

await test('a roll on paper', () => at(`rolls?class=T1&date=${today}`, async (page) => {
    await page.emulateMedia({ media: 'print' });
    equal(await page.locator('.topbar, nav, .toolbar, td.actions').evaluateAll((all) => all.filter((node) => node.checkVisibility()).length), 0, 'parts that are of no use on paper');
    equal(await page.locator('.signature').isVisible(), true, 'a line to sign');
    equal(await overflow(page), 0, 'pixels beyond the page');
}));

await test('a day in the calendar of a student is corrected', () => at(`students/${pupils[2]}`, async (page) => {
    await page.locator(`.day[data-keep="${today}"]`).click();
    const dialog = dialogOf(page, 'Correct a day');
    await dialog.getByRole('radio', { name: 'excused' }).check();
    await press(dialog, 'Doctor');
    await press(dialog, 'Correct');
    await page.locator('.history-item', { hasText: 'Doctor' }).waitFor();
    await page.locator(`.day.excused[data-keep="${today}"]`).waitFor();
}));

await test('a line of the roll is corrected; the reason stands beside it', () => at(`rolls?class=T1&date=${today}`, async (page) => {
    const row = page.getByRole('row', { name: new RegExp(`Student ${pupils[3]}`) });
    await press(row, `Correct Student ${pupils[3]}`);
    const dialog = dialogOf(page, 'Correct a day');
    await dialog.getByRole('radio', { name: 'excused' }).check();
    await dialog.getByLabel('Reason').fill('Plays for the school');
    await press(dialog, 'Correct');
    await row.getByText('Plays for the school').waitFor();
    holds(await row.innerText(), ['excused', 'Administrator'], 'the line');
    equal([(await rollOf(pupils[3])).status, (await rollOf(pupils[3])).reason], ['excused', 'Plays for the school'], 'on the server');
    await eventually('the focus is on the button again', () => row.getByRole('button').evaluate((node) => node === document.activeElement));
    await page.getByRole('link', { name: 'Rolls' }).click();
    await page.getByRole('heading', { name: new RegExp(`^T1 · `) }).waitFor();
}));

await test('menus open and close by keyboard', () => at(`students/${pupils[4]}`, async (page) => {
    for (const [summary, inside] of [[page.locator('.more summary'), 'Archive'], [page.locator('.account summary'), 'Sign out']]) {
        await summary.focus();
        await page.keyboard.press('Enter');
        await page.getByRole('button', { name: inside, exact: true }).waitFor();
        await page.keyboard.press('Tab');
        await page.keyboard.press('Escape');
        await page.getByRole('button', { name: inside, exact: true }).waitFor({ state: 'hidden' });
        equal(await summary.evaluate((node) => node === document.activeElement), true, 'the focus is on the menu’s button');
    }
}));

await test('edit, archive, bring back, erase', () => at('students/S-1', async (page) => {
    const more = async (name) => {
        await page.locator('.more summary').click();
        await press(page.locator('.more'), name);
    };
    await press(page, 'Edit');
    await page.getByLabel('Note').fill('Sits in front');
    await press(page.locator('dialog[open]'), 'Save');
    await page.getByText('Sits in front').waitFor();

    await more('Archive');
    await press(page.locator('dialog[open]'), 'Archive');
    await page.locator('.panel .tag', { hasText: 'left' }).waitFor();
    equal((await admin.get('/api/students/S-1')).archived, true, 'archived');
    await more('Bring back');
    await press(page.locator('dialog[open]'), 'Bring back');
    await page.locator('.panel .tag', { hasText: 'not enrolled' }).waitFor();

    await page.locator('.more summary').click(); /* a menu stays open when the panel is drawn anew behind it */
    await admin.patch('/api/students/S-1', { note: 'Sits at the back' });
    await page.getByText('Sits at the back').waitFor();
    await press(page.locator('.more'), 'Erase …');
    equal(await page.locator('.more').evaluate((node) => node.open), false, 'a choice leaves the menu open');
    await page.keyboard.press('Escape');
    await eventually('the focus is on the menu’s button', () => page.locator('.more summary').evaluate((node) => node === document.activeElement));
    await more('Erase …');
    const dialog = dialogOf(page, 'Erase a student');
    await dialog.getByRole('textbox').fill('S-2');
    await press(dialog, 'Erase for ever');
    holds(await dialog.locator('.error').innerText(), 'not S-1', 'another number');
    await dialog.getByRole('textbox').fill('S-1');
    await press(dialog, 'Erase for ever');
    await page.getByText('The student is erased').waitFor();
    equal((await admin.ask('GET', '/api/students/S-1')).status, 404, 'the student on the server');
}, { expect: [404] }));

await test('import: errors by line, a dry run, then the import', () => at('students', async (page) => {
    await press(page, 'Import');
    const dialog = dialogOf(page, 'Import');
    const file = (text) => ({ name: 'students.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    const input = dialog.getByLabel('CSV files');
    await input.setInputFiles(file('id,name,class\nI-1,Imran Khan,T9\nI-2,,T1\n'));
    const problem = dialog.getByRole('row', { name: /students\.csv/ });
    await problem.waitFor();
    holds(await problem.innerText(), '3', 'the line');
    holds(await dialog.innerText(), 'the class "T9" is new', 'a note beside the errors');
    equal(await dialog.getByRole('button', { name: 'Import' }).isDisabled(), true, 'nothing is offered to be imported');
    await input.setInputFiles({ ...file(''), buffer: Buffer.from([0x69, 0x64, 0x0a, 0xe9, 0xff]) });
    await dialog.getByText('not in UTF-8').waitFor();
    await input.setInputFiles(file('id,name,class\nI-1,Imran Khan,T1\nI-2,Meena Rao,T1\n'));
    await dialog.getByText('No errors').waitFor();
    equal((await admin.ask('GET', '/api/students/I-1')).status, 404, 'a dry run changes nothing');
    equal(await dialog.getByRole('button', { name: 'Import' }).isEnabled(), true, 'it can be imported');
    await press(dialog, 'Import');
    await page.getByRole('link', { name: 'Imran Khan' }).waitFor();
}));

await test('a station: added with a code, changed, revoked', () => at('stations', async (page) => {
    await press(page, 'Add a station');
    await page.getByLabel('Name', { exact: true }).fill('Door of T1');
    await page.getByRole('checkbox', { name: 'T1' }).check();
    await press(page.locator('dialog[open]'), 'Add, show the code');
    const dialog = dialogOf(page, 'Pairing code');
    const code = await dialog.locator('output').innerText();
    holds(code, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/, 'the code');
    holds(await dialog.innerText(), [`rollcall-station pair ${server.url} ${code}`, /until \d\d:\d\d/], 'how to use it');
    await press(dialog, 'I have noted it');
    const row = page.getByRole('row', { name: /Door of T1/ });
    holds(await row.innerText(), ['waits for pairing', 'T1'], 'the line');
    await press(row, 'Change Door of T1');
    await dialogOf(page, 'Door of T1').getByRole('button', { name: /Revoke/ }).click();
    await press(dialogOf(page, 'Revoke Door of T1?'), 'Revoke');
    await row.getByRole('cell', { name: 'revoked' }).waitFor();
}));

await test('an account: one-time password, disabled, deleted', () => at('users', async (page) => {
    await press(page, 'Add an account');
    await page.getByLabel('User name').fill('meera');
    await page.getByLabel('Full name').fill('Meera Pillai');
    await page.getByRole('checkbox', { name: 'T1' }).check();
    await press(page.locator('dialog[open]'), 'Save');
    const once = dialogOf(page, 'One-time password');
    const password = await once.locator('output').innerText();
    await press(once, 'I have noted it');
    await login(server, 'meera', password);
    const row = page.getByRole('row', { name: /meera/ });
    await row.getByText('one-time password').waitFor();
    await page.getByRole('searchbox').fill('pillai  mee'); // its words in any order
    await row.waitFor();
    equal(await page.locator('tbody tr').count(), 1, 'accounts that are found');
    await page.getByRole('searchbox').fill('');
    const change = async (what) => {
        await press(row, 'Change meera');
        await dialogOf(page, 'Meera Pillai').getByRole('button', { name: what }).click();
    };
    await change(/Disable/);
    await row.getByText('disabled').waitFor();
    await change(/Delete/);
    await press(dialogOf(page, 'Delete meera?'), 'Delete');
    await row.waitFor({ state: 'detached' });
}));

await test('classes, holidays, the school', () => at('settings', async (page) => {
    await press(page, 'Add a class');
    await page.getByLabel('Class', { exact: true }).fill('10-C');
    await page.getByLabel('Late after').fill('50');
    await press(page.locator('dialog[open]'), 'Save');
    holds(await page.locator('.error').innerText(), 'smaller', 'late after the end');
    await page.getByLabel('Late after').fill('5');
    await press(page.locator('dialog[open]'), 'Save');
    await page.getByRole('row', { name: /10-C/ }).waitFor();
    equal((await admin.get('/api/classes')).items.find((one) => one.id === '10-C').weekdays, ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'], 'weekdays');
    await press(page, 'Edit 10-C');
    await press(page.locator('dialog[open]'), 'Delete the class');
    await press(dialogOf(page, 'Delete 10-C?'), 'Delete the class');
    await page.getByRole('row', { name: /10-C/ }).waitFor({ state: 'detached' });

    await press(page, 'Add a class');
    await page.getByLabel('Class', { exact: true }).fill('10+D');
    await press(page.locator('dialog[open]'), 'Save');
    holds(await page.locator('.error').innerText(), ['Class may have letters', '"/"'], 'a name that is refused');
    await page.getByLabel('Class', { exact: true }).fill('10/D');
    await press(page.locator('dialog[open]'), 'Save');
    await page.getByRole('row', { name: /10\/D/ }).waitFor();
    await page.goto(`${server.url}/admin#today?class=10%2FD`);
    await page.getByText('Nobody is in this class').waitFor();
    equal(await page.getByLabel('Class', { exact: true }).inputValue(), '10/D', 'the class that is chosen');
    await page.goto(`${server.url}/admin#settings`);
    await press(page, 'Edit 10/D');
    await press(page.locator('dialog[open]'), 'Delete the class');
    await press(dialogOf(page, 'Delete 10/D?'), 'Delete the class');
    await page.getByRole('row', { name: /10\/D/ }).waitFor({ state: 'detached' });

    await press(page, 'Add a day');
    await page.getByLabel('Why').fill('Diwali');
    await press(page.locator('dialog[open]'), 'Save');
    await page.getByRole('row', { name: /Diwali/ }).getByRole('button').click();
    await press(page.locator('dialog[open]'), 'Remove');
    await page.getByText('No holidays are entered').waitFor();

    const school = page.getByRole('region', { name: 'School', exact: true });
    await page.getByLabel('Name', { exact: true }).fill('Kendriya Vidyalaya');
    await page.getByLabel('Time zone').fill('Mars/Olympus');
    await press(school, 'Save the school');
    await page.locator('.section .error').waitFor();
    equal(await page.getByLabel('Time zone').getAttribute('aria-invalid'), 'true', 'the field that is wrong');
    const least = page.getByLabel('Least coverage, in %');
    equal(await least.getAttribute('min'), '1', 'the least that the field offers');
    await least.fill('0');
    await press(school, 'Save the school');
    await page.getByText('Least coverage, in % is a number from 1 to 100.').waitFor();
    await least.fill('80');
    await page.getByLabel('Time zone').fill((await admin.get('/api/settings')).timezone);
    await press(school, 'Save the school');
    await eventually('the name is saved', async () => (await admin.get('/api/settings')).school_name === 'Kendriya Vidyalaya');
}, { expect: [422] }));

await test('an address that cannot be read leads to what fits best, and says so', () => at('today', async (page) => {
    const cases = [['today?date=xx', 'Today', '#today'], ['rolls?date=2026-02-30&class=T1', 'Rolls', '#rolls?class=T1'], ['students/%E0%A4%A?q=imran', 'Students', '#students?q=imran'], ['nowhere', 'Today', '#today'], ['%', 'Today', '#today']];
    for (const [hash, title, address] of cases) {
        await page.goto('about:blank'); // as somebody who opens a bookmark
        await page.goto(`${server.url}/admin#${hash}`);
        await page.getByText('A part of this address cannot be read').waitFor();
        await page.getByRole('heading', { level: 1, name: title === 'Rolls' ? /./ : title }).waitFor();
        equal(new URL(page.url()).hash, address, hash);
        await settled(page);
    }
    await page.goto(`${server.url}/admin#alerts`);
    await settled(page);
    await page.evaluate(() => { location.hash = '#students/%E0%A4%A'; }); // also while the page is open
    await page.getByRole('heading', { level: 1, name: 'Students' }).waitFor();
}));

await test('the queue of activities by keyboard', async () => {
    for (const id of pupils.slice(0, 3)) {
        const { one_time_password: once } = await admin.post('/api/users', { name: id.toLowerCase(), full_name: id, role: 'student', student_id: id });
        await chooseOwn(server, id.toLowerCase(), once);
        const student = await login(server, id.toLowerCase(), PASSWORD);
        await student.post(`/api/students/${id}/disputes`, { date: today, text: `I was there, says ${id}` });
    }
    return at('activity', async (page) => {
        const focused = () => page.evaluate(() => document.activeElement.innerText);
        const decide = async (word, note) => {
            await page.keyboard.press('Enter');
            await page.locator('dialog[open]').waitFor();
            await page.getByRole('radio', { name: word }).check();
            await page.getByLabel('Note').fill(note);
            await page.keyboard.press('Tab');
            await page.keyboard.press('Tab');
            await page.keyboard.press('Enter'); // Save
            await page.locator('dialog[open]').waitFor({ state: 'detached' });
        };
        await page.keyboard.press('j');
        holds(await focused(), pupils[2], 'the newest first');
        await page.keyboard.press('j');
        holds(await focused(), pupils[1], 'the next');
        await page.keyboard.press('k');
        holds(await focused(), pupils[2], 'back');
        await decide(/Confirm/, 'the camera was dark');
        await eventually('the focus goes on to the next', async () => (await focused()).includes(pupils[1]));
        await decide(/Dismiss/, 'was seen at the gate');
        await eventually('the focus goes on to the last', async () => (await focused()).includes(pupils[0]));
        await decide(/Dismiss/, '');
        await page.getByText('Nothing to review').waitFor();
        await page.getByLabel('State').selectOption('confirmed');
        holds(await page.locator('.queue-item').innerText(), ['the camera was dark', pupils[2]], 'the confirmed one');
    });
});

await admin.post(`/api/students/${pupils[0]}/consent`, { state: 'given', by: 'Latha Nair, mother' });
await test('a photo by the browser’s camera; without a station it says what to do', () => at(`students/${pupils[0]}`, async (page) => {
    await press(page, 'Enrol the face');
    await press(page.locator('dialog[open]'), 'Send the photo');
    await page.getByText('Choose a file or take a photo first').waitFor();
    await press(page, 'Use the camera');
    await press(page, 'Take the photo');
    const preview = page.getByAltText('The photo that will be sent');
    await eventually('there is a photo', () => preview.evaluate((image) => image.complete && image.naturalWidth > 300));
    await press(page, 'Send the photo');
    await page.locator('dialog[open]').getByRole('alert').waitFor();
    equal(await preview.isVisible(), true, 'the photo is still there');
    await page.getByLabel('Photo from a file').setInputFiles({ name: 'photo.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') });
    await page.getByText('not a picture that can be read').waitFor();
    await press(page, 'Send the photo');
    await page.getByText('not a picture that can be read').waitFor();
    equal(await page.getByText('Choose a file or take a photo first').count(), 0, 'it goes on saying what is wrong');
}, { expect: [503] }));

await test('the export comes as a file', () => at('export', async (page) => {
    const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Download CSV')]);
    holds(download.suggestedFilename(), /^attendance-.*\.csv$/, 'the name of the file');
    holds(fs.readFileSync(await download.path(), 'utf8'), [/^\ufeff?date,class,student_id,name,status/, 'The bus was late'], 'the file');
}));

await test('a broken connection says so and since when, and nothing is lost by it', () => at('stations', async (page, window) => {
    const { port, data } = server;
    const state = page.locator('.connection');
    await state.getByText('Live').waitFor();
    await press(page, 'Add a station');
    await page.getByLabel('Name', { exact: true }).fill('Typed before it broke');
    await server.kill();
    await state.getByText(/No connection since \d\d:\d\d/).waitFor();
    await page.setViewportSize(PHONE);
    equal(await overflow(page), 0, 'pixels beyond the window of a phone');
    await shot(page, 'admin-lost-phone');
    await page.setViewportSize(WIDE);
    await press(page.locator('dialog[open]'), 'Add, show the code');
    holds(await page.locator('dialog[open]').getByRole('alert').innerText(), 'try again', 'the message');
    server = await startServer({ data, listen: `127.0.0.1:${port}` });
    await state.getByText('Live').waitFor({ timeout: 20000 });
    await press(page.locator('dialog[open]'), 'Add, show the code');
    await press(dialogOf(page, 'Pairing code'), 'I have noted it');
    await page.getByRole('row', { name: /Typed before it broke/ }).waitFor();
    const failures = window.problems.splice(0);
    equal(failures.filter((text) => !text.includes('ERR_CONNECTION') && !text.includes('ERR_INCOMPLETE') && !text.includes('ERR_EMPTY')), [], 'other problems');
}));

await test('what happens while the connection is lost is all there afterwards, once', () => at('today?class=T1', async (page, window) => {
    const { port, data } = server;
    const state = page.locator('.connection');
    const line = (id, word) => page.locator('.feed-lines li', { hasText: `Student ${id} corrected to ${word} by` });
    const correct = (who, id, status) => who.post(`/api/rolls/T1/${today}/corrections`, { student_id: id, status, reason: `now ${status}` });
    await state.getByText('Live').waitFor();
    await correct(await login(server, 'admin', PASSWORD), pupils[5], 'absent');
    await line(pupils[5], 'absent').waitFor();

    await server.kill();
    await state.getByText(/No connection since \d\d:\d\d/).waitFor();
    await window.context.setOffline(true);
    server = await startServer({ data, listen: `127.0.0.1:${port}` });
    const again = await login(server, 'admin', PASSWORD);
    for (const id of pupils) for (const status of ['late', 'excused']) await correct(again, id, status);
    equal(await line(pupils[0], 'late').count(), 0, 'lines while there is no connection');
    await window.context.setOffline(false);

    await state.getByText('Live').waitFor({ timeout: 30000 });
    await line(pupils.at(-1), 'excused').waitFor();
    await correct(again, pupils[5], 'present'); // and it goes on
    await line(pupils[5], 'present').waitFor();
    for (const id of pupils) for (const status of ['late', 'excused']) equal(await line(id, status).count(), 1, `lines of ${id}, ${status}`);
    equal(await line(pupils[5], 'absent').count(), 1, 'the line from before');
    for (const id of pupils.slice(0, 5)) await page.locator(`[data-keep="${id}"].excused`).waitFor();
    await page.locator(`[data-keep="${pupils[5]}"].present`).waitFor();
    const failures = window.problems.splice(0);
    equal(failures.filter((text) => !/ERR_(CONNECTION|INCOMPLETE|EMPTY|INTERNET_DISCONNECTED)/.test(text)), [], 'other problems');
}));

await server.stop();
await finish();
