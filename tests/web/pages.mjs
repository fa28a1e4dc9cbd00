/*
 * Every section of the admin page, and the sign-in page, with a school of a real size and an empty one, at the width of a
 * desk and of a phone, light and dark: nothing on the console, nothing against the policy, nothing wider than the
 * window, nothing serious for axe-core. ROLLCALL_TEST_SHOTS=DIR keeps a picture of each.
 */
import { accessibilityProblems, atMost, equal, finish, LOOKS, openWindow, overflow, settled, shot, signIn, test } from './lib.mjs';
import { emptySchool, makeCoordinator, PASSWORD, realSchool } from './school.mjs';

const SECTIONS = ['today', 'rolls', 'students', 'activity', 'alerts', 'reports', 'stations', 'users', 'settings', 'export'];

async function look(page, name) {
    await settled(page);
    await shot(page, name.replace(/ /g, '-'));
    equal(await overflow(page), 0, `${name}: pixels beyond the window`);
    equal(await accessibilityProblems(page), [], `${name}: accessibility`);
}

async function visitAll(window, page, server, school, lookName, routes) {
    for (const [name, hash] of routes) {
        await page.goto(`${server.url}/admin#${hash}`);
        await page.reload(); // as somebody who opens a bookmark
        await look(page, `${school} ${name} ${lookName}`);
        equal(window.problems, [], `${school} ${name} ${lookName}: problems`);
    }
}

async function inEachLook(name, body) {
    for (const [lookName, options] of LOOKS)
        await test(`${name}, ${lookName}`, async () => {
            const window = await openWindow(options);
            try {
                return await body(window, await window.page(), lookName);
            } finally {
                await window.close();
            }
        });
}

const real = await realSchool();
const klass = real.classes[0].id;
const student = real.students.find((one) => one.class_id === klass).id;

await inEachLook('sign-in page', async (window, page, lookName) => {
    for (const hash of ['', '#change', '#reset']) {
        await page.goto(`${real.server.url}/${hash}`);
        await page.reload();
        await look(page, `sign-in ${hash.slice(1)} ${lookName}`);
    }
    equal(window.problems, [], 'problems');
});

await inEachLook('a real school', async (window, page, lookName) => {
    await signIn(page, real.server, 'admin', PASSWORD);
    await visitAll(window, page, real.server, 'real', lookName, [
        ...SECTIONS.map((section) => [section, section]),
        ['today class', `today?class=${klass}&date=${real.schoolDay}`], ['a full day', `today?date=${real.schoolDay}`], ['a roll', `rolls?class=${klass}&date=${real.schoolDay}`], ['student', `students/${encodeURIComponent(student)}`],
    ]);
});

await test('a roll on paper is dark on white, also where the screen is dark', async () => {
    const window = await openWindow({ colorScheme: 'dark', viewport: { width: 680, height: 600 } }); // as wide as A4 between its margins
    const page = await window.page();
    await signIn(page, real.server, 'admin', PASSWORD);
    await page.goto(`${real.server.url}/admin#rolls?class=${klass}&date=${real.schoolDay}`);
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await look(page, 'real roll on paper');
    atMost(await page.evaluate(() => document.documentElement.scrollHeight), 980, 'height of the sheet that 38 students take');
    equal(window.problems, [], 'problems');
    await window.close();
});

await test('a coordinator sees only what is his', async () => {
    const coordinator = await makeCoordinator(real.server, real.admin, 'meera', [klass]);
    const window = await openWindow();
    const page = await window.page();
    await signIn(page, real.server, coordinator.name, coordinator.password);
    await settled(page);
    equal((await page.locator('nav a').allInnerTexts()).map((text) => text.split('\n')[0]), ['Today', 'Rolls', 'Students', 'Activity', 'Alerts', 'Reports', 'Stations', 'Export'], 'sections');
    await visitAll(window, page, real.server, 'coordinator', 'desk light', [
        ...['today', 'rolls', 'students', 'activity', 'stations', 'export'].map((section) => [section, section]),
        ['student', `students/${encodeURIComponent(student)}`], ['users', 'users'],
    ]);
    equal(await page.getByRole('heading', { level: 1 }).innerText(), 'Today', 'what he may not use leads to Today');
    for (const [section, words] of [['students', ['Add a student', 'Import']], ['stations', ['Add a station', 'Change']]]) {
        await page.goto(`${real.server.url}/admin#${section}`);
        await settled(page);
        for (const name of words) equal(await page.getByRole('button', { name }).count(), 0, `${section}: ${name}`);
    }
    await window.close();
});
await real.server.stop();

const empty = await emptySchool();
await inEachLook('an empty school', async (window, page, lookName) => {
    await signIn(page, empty.server, 'admin', PASSWORD);
    await visitAll(window, page, empty.server, 'empty', lookName, SECTIONS.map((section) => [section, section]));
});
await empty.server.stop();

await finish();
