/*
 * Days on which a class does not meet, or meets for a part of the day: said on the roll page and on the settings page,
 * then seen wherever days are shown.
 */
import { accessibilityProblems, equal, eventually, finish, firstAdmin, holds, LOOKS, makeClass, openWindow, overflow, settled, shot, signIn, startServer, test } from './lib.mjs';
import { PASSWORD } from './school.mjs';

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

await server.stop();
await finish();
