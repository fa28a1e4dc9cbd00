/*
 * Every dialog of the pages, at the width of a desk and of a phone, light and dark, with a school of a real size and with
 * an empty one: it has a name, holds the focus and gives it back after Escape; nothing on the console, nothing against the
 * policy, nothing wider than the window, nothing serious for axe-core. ROLLCALL_TEST_SHOTS=DIR keeps a picture of each.
 */
import { accessibilityProblems, equal, eventually, finish, LOOKS, openWindow, overflow, settled, shot, signIn, test } from './lib.mjs';
import { chooseOwn, emptySchool, makeCoordinator, PASSWORD, realSchool } from './school.mjs';

const button = (name) => (page) => page.locator('dialog[open]').last().or(page.locator('#page')).last().getByRole('button', { name }).first();
const inMenu = (name) => [(page) => page.locator('.more summary'), (page) => page.locator('.more').getByRole('button', { name })];
const ofRow = (row, name) => (page) => page.getByRole('row', { name: row }).getByRole('button', { name });
const opened = (page) => page.locator('dialog[open]');

async function look(page, name, ready = settled) {
    await ready(page);
    await shot(page, name.replace(/ /g, '-'));
    equal(await overflow(page), 0, `${name}: pixels beyond the window`);
    equal(await accessibilityProblems(page), [], `${name}: accessibility`);
    const top = opened(page).last();
    equal(Boolean(await top.evaluate((node) => document.getElementById(node.getAttribute('aria-labelledby'))?.textContent.trim())), true, `${name}: it has a name`);
    equal(await top.evaluate((node) => node.contains(document.activeElement)), true, `${name}: it has the focus`);
    equal(await top.evaluate((node) => node.getBoundingClientRect().left >= 0 && node.getBoundingClientRect().right <= innerWidth && node.getBoundingClientRect().bottom <= innerHeight), true, `${name}: it is within the window`);
}

/** Escape closes what is open, one after the other; where only one was, the focus is where it came from. */
async function leave(page, name, opener) {
    await page.evaluate(() => document.querySelectorAll('dialog form').forEach((form) => delete form.dataset.dirty)); // that question is one of the dialogs
    const count = await opened(page).count();
    for (let left = count; left > 0; left--) {
        await page.keyboard.press('Escape');
        await eventually(`${name}: Escape closes it`, async () => (await opened(page).count()) < left);
    }
    if (count === 1 && opener) await eventually(`${name}: the focus is back`, () => opener.evaluate((node) => node === document.activeElement));
}

/** dialogs: [name, address, steps: what to press one after the other, or a function of the page]. */
async function visit(window, page, address, lookName, dialogs) {
    for (const [name, hash, ...steps] of dialogs) {
        await page.goto(`${address}#${hash}`);
        await page.reload();
        await settled(page);
        let last = null;
        for (const step of steps.flat()) {
            const found = await step(page);
            if (!found) continue;
            await found.click();
            last = found;
        }
        await opened(page).last().waitFor();
        await look(page, `dialog ${name} ${lookName}`);
        await leave(page, name, steps.flat().length === 1 ? last : null);
    }
    equal(window.problems, [], `${lookName}: problems`);
}

async function inEachLook(what, body) {
    for (const [lookName, options] of LOOKS)
        await test(`${what}, ${lookName}`, async () => {
            const window = await openWindow(options);
            try {
                await body(window, await window.page(), lookName);
            } finally {
                await window.close();
            }
        });
}

const real = await realSchool();
const klass = real.classes[0].id;
const pupil = real.students.find((one) => one.class_id === klass);
const panel = `students/${encodeURIComponent(pupil.id)}`;
const closed = `rolls?class=${klass}&date=${real.schoolDay}`;
await makeCoordinator(real.server, real.admin, 'meera', [klass]);
await real.admin.put(`/api/calendar/${real.schoolDay.slice(0, 4)}-12-31`, { label: 'The last day of the year' });
await real.admin.post(`/api/rolls/${klass}/${real.schoolDay}/close`);
const { one_time_password: once } = await real.admin.post('/api/users', { name: 'pupil', full_name: pupil.name, role: 'student', student_id: pupil.id });
await chooseOwn(real.server, 'pupil', once);

await inEachLook('of the admin, a real school', async (window, page, lookName) => {
    await signIn(page, real.server, 'admin', PASSWORD);
    await visit(window, page, `${real.server.url}/admin`, lookName, [
        ['correct a tile', `today?class=${klass}&date=${real.schoolDay}`, (p) => p.locator('.tile').first()],
        ['correct a line', closed, button(/^Correct /)],
        ['open again', closed, button('Open again')],
        ['no session', closed, button('No session')],
        ['correct a day', panel, [(p) => p.getByRole('button', { name: 'The month before' }), (p) => p.locator('.day').first()]],
        ['add a student', 'students', button('Add a student')],
        ['throw away', 'students', [button('Add a student'), async (p) => {
            await p.getByLabel('Full name').fill('Half');
            await p.keyboard.press('Escape');
        }]],
        ['errors', 'students', [button('Add a student'), (p) => opened(p).getByRole('button', { name: 'Save' })]],
        ['import', 'students', button('Import')],
        ['import with errors', 'students', [button('Import'), async (p) => {
            await p.getByLabel('CSV files').setInputFiles({ name: 'students.csv', mimeType: 'text/csv', buffer: Buffer.from('id,name,class\nI-1,Imran Khan,T1\nI-2,,T1\n') });
            await opened(p).getByRole('row', { name: /students\.csv/ }).first().waitFor();
        }]],
        ['edit a student', panel, button('Edit')],
        ['enrol', panel, button(/^Enrol /)],
        ['archive', panel, inMenu('Archive')],
        ['erase', panel, inMenu('Erase …')],
        ['review', 'activity', (p) => p.locator('.queue-item').first()],
        ['add a station', 'stations', button('Add a station')],
        ['a station', 'stations', button('Change Door 1')],
        ['edit a station', 'stations', [button('Change Door 1'), button(/^Edit/)]],
        ['revoke a station', 'stations', [button('Change Door 1'), button(/^Revoke/)]],
        ['pair again', 'stations', [button('Change Door 1'), button(/^New code/)]],
        ['pairing code', 'stations', [button('Change Door of the hall'), button(/^New code/)]],
        ['add an account', 'users', button('Add an account')],
        ['an account', 'users', button('Change meera')],
        ['edit an account', 'users', [button('Change meera'), button(/^Edit/)]],
        ['delete an account', 'users', [button('Change meera'), button(/^Delete/)]],
        ['new password', 'users', [button('Change meera'), button(/^New password/)]],
        ['one-time password', 'users', [button('Change meera'), button(/^New password/), button(/^New password/)]],
        ['add a class', 'settings', button('Add a class')],
        ['edit a class', 'settings', button(`Edit ${klass}`)],
        ['delete a class', 'settings', [button(`Edit ${klass}`), button('Delete the class')]],
        ['add a day', 'settings', button('Add a day')],
        ['half day', 'settings', [button('Add a day'), async (p) => {
            await opened(p).getByLabel('What it is').selectOption('Half day');
        }]],
        ['import the calendar', 'settings', button('Import')],
        ['remove a day', 'settings', ofRow(/The last day/, /^Remove/)],
        ['change the password', 'today', [(p) => p.locator('.account summary'), (p) => p.locator('.account').getByRole('button', { name: 'Change the password' })]],
    ]);
});

await inEachLook('closing a roll, and signing in again', async (window, page, lookName) => {
    await signIn(page, real.server, 'admin', PASSWORD);
    await real.admin.ask('POST', `/api/rolls/${klass}/${real.schoolDay}/reopen`, {});
    await visit(window, page, `${real.server.url}/admin`, lookName, [['close', closed, button('Close the roll')]]);
    window.expect(401);
    await window.context.clearCookies();
    await page.getByLabel('Class').selectOption({ index: 1 });
    await page.getByRole('dialog', { name: 'Sign in again' }).waitFor();
    await look(page, `dialog sign in again ${lookName}`, () => {}); // what is behind it waits
    equal(await page.getByLabel('Password', { exact: true }).evaluate((node) => node === document.activeElement), true, 'the focus is where one types');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await opened(page).getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: new RegExp(`^${real.classes[1].id} · `) }).waitFor();
    equal(window.problems, [], 'problems');
});

await inEachLook('of a student', async (window, page, lookName) => {
    await signIn(page, real.server, 'pupil', PASSWORD);
    const dayButton = async (p) => {
        await p.getByRole('button', { name: 'The month before' }).click();
        await settled(p);
        return p.locator('.day').first();
    };
    await visit(window, page, `${real.server.url}/student-dashboard`, lookName, [
        ['a day', '', dayButton],
        ['something is wrong', '', [dayButton, button('Something is wrong with this day')]],
        ['name on the board', '', button('My name on the board')],
        ['own password', '', button('Change my password')],
    ]);
});
await real.server.stop();

const empty = await emptySchool();
await inEachLook('of the admin, an empty school', async (window, page, lookName) => {
    await signIn(page, empty.server, 'admin', PASSWORD);
    await visit(window, page, `${empty.server.url}/admin`, lookName, [
        ['empty add a student', 'students', button('Add a student')],
        ['empty import', 'students', button('Import')],
        ['empty add a station', 'stations', button('Add a station')],
        ['empty add an account', 'users', button('Add an account')],
        ['empty own account', 'users', button('Change admin')],
        ['empty add a class', 'settings', button('Add a class')],
        ['empty add a day', 'settings', button('Add a day')],
    ]);
});
await empty.server.stop();
await finish();
