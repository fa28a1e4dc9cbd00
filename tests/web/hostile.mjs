/*
 * Names and notes by somebody who means harm, or whose name is only long: nothing runs, nothing breaks out of its place.
 */
import { equal, finish, firstAdmin, login, makeClass, openWindow, overflow, PHONE, settled, shot, signIn, startServer, test, WIDE } from './lib.mjs';
import { chooseOwn, PASSWORD } from './school.mjs';

const NAMES = [
    '<img src=x onerror="window.harmed=1">',
    '"><script>window.harmed=1</script>',
    "' onmouseover='window.harmed=1",
    '</td></tr></table><h1>broken</h1>',
    'javascript:window.harmed=1',
    '<svg/onload=window.harmed=1>',
    '{{constructor.constructor("window.harmed=1")()}}',
    'שלום <b>',
    'محمد علي الأنصاري',
    'A'.repeat(120),
    `${'long '.repeat(23)}name`,
    '李小龍',
];
const NOTE = '<iframe srcdoc="<script>parent.harmed=1</script>"></iframe><b onclick=alert(1)>note</b>';

const server = await startServer();
const admin = await firstAdmin(server);
const { today } = (await admin.get('/api/me')).school;
const pupils = await makeClass(admin, 'T1', NAMES.length);
for (const [i, id] of pupils.entries()) {
    await admin.patch(`/api/students/${id}`, { name: NAMES[i], note: NOTE, parent_name: NAMES[i] });
    await admin.post(`/api/rolls/T1/${today}/corrections`, { student_id: id, status: 'late', reason: NOTE });
}
await admin.post('/api/stations', { name: NAMES[0], classes: ['T1'] });
await admin.post('/api/users', { name: 'x', full_name: NAMES[1], role: 'coordinator', classes: ['T1'] });
await admin.put(`/api/calendar/${today.slice(0, 4)}-12-31`, { label: NAMES[0] });
await admin.patch('/api/settings', { school_name: NAMES[0] });
const { one_time_password: once } = await admin.post('/api/users', { name: 'pupil', full_name: NAMES[0], role: 'student', student_id: pupils[0] });
await chooseOwn(server, 'pupil', once);
await (await login(server, 'pupil', PASSWORD)).post(`/api/students/${pupils[0]}/disputes`, { date: today, text: NOTE });

const PLACES = ['today', 'today?class=T1', `rolls?class=T1&date=${today}`, 'students', ...pupils.map((id) => `students/${id}`), 'activity', 'stations', 'users', 'settings'];

for (const [lookName, viewport] of [['desk', WIDE], ['phone', PHONE]])
    await test(`names that mean harm, ${lookName}`, async () => {
        const window = await openWindow({ viewport });
        const page = await window.page();
        await signIn(page, server, 'admin', PASSWORD);
        for (const [i, hash] of PLACES.entries()) {
            await page.goto(`${server.url}/admin#${hash}`);
            await settled(page);
            await shot(page, `hostile-${lookName}-${i}`);
            equal(await page.evaluate(() => window.harmed), undefined, `${hash}: something ran`);
            equal(await page.locator('main script, main iframe, main svg:not(.icon), main img[src="x"]').count(), 0, `${hash}: markup out of data`);
            equal(await page.getByRole('heading', { name: 'broken', exact: true }).count(), 0, `${hash}: a heading out of data`);
            equal(await overflow(page), 0, `${hash}: pixels beyond the window`);
        }
        equal(window.problems, [], 'problems');
        await window.close();
    });

await test('they are shown as they are', async () => {
    const window = await openWindow();
    const page = await window.page();
    await signIn(page, server, 'admin', PASSWORD);
    await page.goto(`${server.url}/admin#students`);
    await settled(page);
    const shown = await page.locator('.section-students tbody bdi').allTextContents();
    equal(NAMES.filter((name) => !shown.includes(name)), [], 'names that are not shown');
    await page.goto(`${server.url}/admin#rolls?class=T1&date=${today}`);
    await settled(page);
    await page.getByRole('button', { name: /^Correct/ }).first().click();
    equal(await page.evaluate(() => window.harmed), undefined, 'in a dialog');
    equal(window.problems, [], 'problems');
    await window.close();
});

await server.stop();
await finish();
