/*
 * Lists of a real size while somebody works in them: the students, which others change meanwhile, and the stations on a phone.
 */
import { makeStation } from '../integration/security_lib.mjs';
import { equal, eventually, finish, holds, openWindow, overflow, PHONE, settled, shot, signIn, test } from './lib.mjs';
import { makeCoordinator, PASSWORD, realSchool } from './school.mjs';

const { server, admin, classes, students, schoolDay } = await realSchool();

async function at(hash, options, body) {
    const window = await openWindow(options);
    try {
        const page = await window.page();
        await signIn(page, server, 'admin', PASSWORD);
        await page.goto(`${server.url}/admin#${hash}`);
        await settled(page);
        await body(page);
        equal(window.problems, [], 'problems');
    } finally {
        await window.close();
    }
}

await test('what somebody else changes leaves rows, place and focus as they are', () => at('students', {}, async (page) => {
    const rows = page.locator('tr[data-row]');
    const more = page.getByRole('button', { name: 'Show more' });
    for (const count of [200, 300]) {
        await more.click();
        await eventually(`${count} rows`, async () => (await rows.count()) === count);
        equal(await rows.nth(count - 100).locator('a').evaluate((node) => node === document.activeElement), true, 'the focus is on the first new one');
    }
    const link = rows.nth(250).locator('a');
    await link.focus();
    await page.evaluate(() => window.scrollBy(0, 180));
    const before = await page.evaluate(() => window.scrollY);
    const { id } = students[250];
    equal(await rows.nth(250).getAttribute('data-row'), id, 'the row');
    await admin.patch(`/api/students/${id}`, { name: 'Changed Meanwhile' });
    await eventually('the new name is shown', async () => (await link.innerText()) === 'Changed Meanwhile');
    equal(await rows.count(), 300, 'rows');
    equal(await page.evaluate(() => window.scrollY), before, 'where one was');
    equal(await link.evaluate((node) => node === document.activeElement), true, 'the focus is where it was');
    holds(await page.getByRole('status').filter({ hasText: /first/ }).innerText(), 'The first 300', 'the count');
}));

await test('the words of a search in any order; it says so when nobody is found', () => at('students', {}, async (page) => {
    const { name } = students.find((one) => one.name.includes(' '));
    const search = page.getByRole('searchbox', { name: 'Search' });
    const words = name.split(' ');
    await search.fill(`${words.at(-1).toLowerCase()}  ${words[0].slice(0, 2)}`);
    await page.getByRole('link', { name }).first().waitFor();
    await eventually('fewer are shown', async () => (await page.locator('tr[data-row]').count()) < 100);
    await search.fill(`${name} nobody`);
    await page.getByText('0 students', { exact: true }).waitFor();
    await page.getByText('Nobody found').waitFor();
}));

await test('the rate of a day says of how many it is', () => at(`today?date=${schoolDay}`, {}, async (page) => {
    const { total } = await admin.get(`/api/stats?date=${schoolDay}`);
    const judged = total.present + total.late + total.absent;
    equal(judged < total.students, true, 'not all were judged');
    holds(await page.locator('.figure', { hasText: 'Attendance' }).innerText(), `of ${judged} judged`, 'the figure');
}));

await test('stations on a phone: how each is, and its camera', async () => {
    const door = await makeStation({ server, admin }, 'Door of the library', [classes[0].id, classes[1].id]);
    equal((await door.sync('GET', 'changes?last=3&version=1.2&camera=clear')).status, 200, 'the station is there');
    await at('stations', { viewport: PHONE }, async (page) => {
        const row = page.getByRole('row', { name: /Door of the library/ });
        holds(await row.evaluate((node) => node.innerText), [/Last seen: \d\d:\d\d/, 'Waiting: 3', /Clock: [+−]\d/, 'Version: 1.2'], 'the facts');
        equal(await overflow(page), 0, 'pixels beyond the window');
        await shot(page, 'stations-phone');
        await row.getByRole('link', { name: 'Camera' }).click();
        await page.getByRole('heading', { name: 'Today', exact: true }).waitFor();
        holds(page.url(), `#today?station=${door.id}`, 'the address');
    });
});

await test('stations of a coordinator: his classes, and how many others', async () => {
    const meera = await makeCoordinator(server, admin, 'meera', [classes[0].id]);
    const window = await openWindow();
    try {
        const page = await window.page();
        await signIn(page, server, meera.name, meera.password);
        await page.goto(`${server.url}/admin#stations`);
        const row = page.getByRole('row', { name: /Door of the library/ });
        holds(await row.innerText(), `${classes[0].id}, 1 other class`, 'the classes');
        equal((await row.innerText()).includes(classes[1].id), false, 'the other one is named');
    } finally {
        await window.close();
    }
});

await server.stop();
await finish();
