/* An import with which many students leave is asked about; a class that is not there is said to be none. */
import { equal, finish, firstAdmin, makeClass, openWindow, settled, signIn, startServer, test } from './lib.mjs';
import { PASSWORD } from './school.mjs';

const server = await startServer();
const admin = await firstAdmin(server);
const pupils = await makeClass(admin, 'T1', 5);

async function at(hash, body, { expect = [] } = {}) {
    const window = await openWindow();
    try {
        expect.forEach(window.expect);
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

const csv = (name, ...lines) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(`${lines.join('\n')}\n`) });
const students = async () => (await admin.get('/api/students?class=T1')).items.map((one) => one.id);

await test('an import with which more than a fifth leaves is asked about, then done', () => at('students', async (page) => {
    const press = (place, name) => place.getByRole('button', { name, exact: true }).click();
    await press(page, 'Import');
    const dialog = page.getByRole('dialog', { name: 'Import' });
    await dialog.getByLabel('CSV files').setInputFiles([
        csv('users.csv', 'sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName',
            ...pupils.slice(0, 3).map((id) => `${id},,,true,o,student,,,Student,${id}`)),
        csv('classes.csv', 'sourcedId,status,dateLastModified,title,classCode,classType', 'c1,,,One,T1,homeroom'),
        csv('enrollments.csv', 'sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role',
            ...pupils.slice(0, 3).map((id) => `e-${id},,,c1,o,${id},student`)),
    ]);
    await dialog.getByText('No errors').waitFor();
    await press(dialog, 'Import');
    const question = page.getByRole('dialog', { name: '2 students leave' });
    await press(question, 'Cancel');
    equal(await students(), pupils, 'nobody left');
    await press(dialog, 'Import');
    await press(question, 'Import, they leave');
    await page.getByText(/^Imported:/).waitFor();
    equal(await students(), pupils.slice(0, 3), 'who is left');
}, { expect: [422] }));

await test('a roll of a class that is not there is nobody else’s', () => at('rolls?class=NOPE', async (page) => {
    const shown = page.locator('main');
    await shown.getByText('There is no such class.').waitFor();
    equal(await page.getByText(pupils[0]).count(), 0, 'students of another class');
}, { expect: [404] }));

await server.stop();
await finish();
