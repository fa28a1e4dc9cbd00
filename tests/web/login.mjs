/* Signing in: the one-time password, a wrong one, where one goes then; changing it; a session that ends in the middle of work. */
import { equal, finish, holds, login, makeClass, openWindow, settled, signIn, startServer, test } from './lib.mjs';
import { makeCoordinator } from './school.mjs';

const PASSWORD = 'three words together';
const server = await startServer();
const { oneTimePassword } = server;

const alertText = (page) => page.getByRole('alert').innerText();

async function inWindow(body, options) {
    const window = await openWindow(options);
    try {
        await body(await window.page(), window);
        equal(window.problems, [], 'problems');
    } finally {
        await window.close();
    }
}

await test('nobody gets in without signing in, and goes on where he wanted to', () => inWindow(async (page, window) => {
    window.expect(401);
    await page.goto(`${server.url}/admin#stations`);
    await page.waitForURL(/\/\?next=/);
    holds(decodeURIComponent(page.url()), '/admin#stations', 'the address');
}));

await test('a wrong password says so and keeps the name', () => inWindow(async (page, window) => {
    window.expect(401);
    await page.goto(server.url);
    await page.getByRole('button', { name: 'Sign in' }).click();
    holds(await page.locator('.error').first().innerText(), 'fill this in', 'an empty form');
    await page.getByLabel('User name').fill('admin');
    await page.getByLabel('Password', { exact: true }).fill('wrong');
    await page.keyboard.press('Enter');
    holds(await alertText(page), 'wrong', 'the message');
    equal(await page.getByLabel('User name').inputValue(), 'admin', 'the name');
}));

await test('a password can be looked at', () => inWindow(async (page) => {
    await page.goto(server.url);
    const field = page.getByLabel('Password', { exact: true });
    await field.fill('secret');
    await page.getByRole('button', { name: 'Show the password' }).click();
    equal(await field.getAttribute('type'), 'text', 'type of the field');
}));

await test('a one-time password must be changed', () => inWindow(async (page, window) => {
    window.expect(422);
    await page.goto(`${server.url}/?next=${encodeURIComponent('/admin#stations')}`);
    await page.getByLabel('User name').fill('admin');
    await page.getByLabel('Password', { exact: true }).fill(oneTimePassword);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Choose a new password' }).waitFor();

    await page.goto(`${server.url}/admin`); // no way round it
    await page.waitForURL(/#change$/);
    await page.getByLabel('Present password').fill(oneTimePassword);
    const [fresh, again] = [page.getByLabel('New password', { exact: true }), page.getByLabel('New password, once more')];
    const cases = [['short', 'short', 'too short'], [PASSWORD, `${PASSWORD}!`, 'differ'], [oneTimePassword, oneTimePassword, 'present password']];
    for (const [first, second, word] of cases) {
        await fresh.fill(first);
        await again.fill(second);
        await page.getByRole('button', { name: 'Change the password' }).click();
        holds(await page.locator('.error').innerText(), word, `${first}, ${second}`);
    }
    await fresh.fill(PASSWORD);
    await again.fill(PASSWORD);
    await page.getByRole('button', { name: 'Change the password' }).click();
    await page.waitForURL(/\/admin/);
}));

await test('one goes on where one wanted to, but never to another place; also who is signed in already', () => inWindow(async (page, window) => {
    window.expect(401); // the cookie is gone and the page does not know yet
    for (const [next, wanted] of [['/admin#stations', '/admin#stations'], ['https://example.org/', '/admin'], ['//example.org', '/admin'], ['/api/me', '/admin'], ['javascript:alert(1)', '/admin']]) {
        const arrived = async () => {
            await page.waitForURL(/\/admin/);
            const at = new URL(page.url());
            equal(at.origin + at.pathname + at.hash, server.url + wanted, next);
            await settled(page);
        };
        await page.context().clearCookies();
        await page.goto(`${server.url}/?next=${encodeURIComponent(next)}`);
        await page.getByLabel('User name').fill('admin');
        await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
        await page.keyboard.press('Enter');
        await arrived();
        await page.goto(`${server.url}/?next=${encodeURIComponent(next)}`);
        await arrived();
    }
}));

await test('a tab whose user is another’s by now begins anew, and does nothing in his name', () => inWindow(async (page, window) => {
    window.expect(409);
    const admin = await login(server, 'admin', PASSWORD);
    await makeClass(admin, 'T1', 1);
    const coordinator = await makeCoordinator(server, admin, 'meera', ['T1']);
    await signIn(page, server, 'admin', PASSWORD);
    await page.goto(`${server.url}/admin#students`);
    await settled(page);
    await page.getByRole('button', { name: 'Add a student' }).click();
    await page.getByLabel('Student number').fill('N-1');
    await page.getByLabel('Full name').fill('Not in his name');

    const other = await window.page();
    await other.goto(server.url); // who signed in before him is still there
    await other.waitForURL(/\/admin/);
    await settled(other);
    await other.locator('.account summary').click();
    await other.getByRole('button', { name: 'Sign out' }).click();
    await other.getByRole('heading', { name: 'Sign in' }).waitFor();
    await signIn(other, server, coordinator.name, coordinator.password);
    await settled(other);

    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.locator('.account-name', { hasText: 'Coordinator meera' }).waitFor();
    await settled(page);
    equal(new URL(page.url()).hash, '#students', 'it is where it was');
    equal(await page.getByRole('dialog').count(), 0, 'dialogs of the one before');
    equal(await page.locator('nav a').allInnerTexts(), ['Today', 'Rolls', 'Students', 'Activity', 'Alerts', 'Reports', 'Stations', 'Export'], 'sections of the other');
    equal((await admin.ask('GET', '/api/students/N-1')).status, 404, 'the student');
}));

await test('a code that is wrong', () => inWindow(async (page, window) => {
    window.expect(401);
    await page.goto(`${server.url}/#reset`);
    await page.getByLabel('User name').fill('admin');
    await page.getByRole('button', { name: 'Send a code' }).click();
    holds(await page.getByRole('status').innerText(), 'on its way', 'after the request');
    await page.getByLabel('Code', { exact: true }).fill('AAAA-AAAA');
    await page.getByLabel('New password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('New password, once more').fill(PASSWORD);
    await page.getByRole('button', { name: 'Set the new password' }).click();
    holds(await alertText(page), 'does not fit', 'the message');
    await page.getByRole('link', { name: 'Back to sign in' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
}));

await test('a session that ends keeps what is typed', () => inWindow(async (page, window) => {
    window.expect(401);
    await signIn(page, server, 'admin', PASSWORD);
    await page.goto(`${server.url}/admin#stations`);
    await settled(page);
    await page.getByRole('button', { name: 'Add a station' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Door of 10-B');
    await page.context().clearCookies();
    await page.getByRole('button', { name: 'Add, show the code' }).click();
    const dialog = page.getByRole('dialog', { name: 'Sign in again' });
    await dialog.getByLabel('Password', { exact: true }).fill('wrong');
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    holds(await dialog.getByRole('alert').innerText(), 'wrong', 'a wrong password there');
    await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    holds(await page.getByRole('dialog', { name: 'Pairing code' }).innerText(), 'rollcall-station pair', 'the request went through');
}));

await test('changing the password, and signing out', () => inWindow(async (page, window) => {
    window.expect(401);
    await signIn(page, server, 'admin', PASSWORD);
    await settled(page);
    await page.locator('.account summary').click();
    await page.getByRole('button', { name: 'Change the password' }).click();
    await page.getByLabel('Present password').fill('not the present one');
    await page.getByLabel('New password', { exact: true }).fill(`${PASSWORD} two`);
    await page.getByLabel('New password, once more').fill(`${PASSWORD} two`);
    await page.getByRole('dialog').getByRole('button', { name: 'Change the password' }).click();
    holds(await page.locator('.error').innerText(), 'wrong', 'a wrong present password');
    await page.getByLabel('Present password').fill(PASSWORD);
    await page.getByRole('dialog').getByRole('button', { name: 'Change the password' }).click();
    await page.getByText('The password is changed').waitFor();
    await page.locator('.account summary').click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.goto(`${server.url}/admin`);
    await page.waitForURL(/\/\?next=/);
    await signIn(page, server, 'admin', `${PASSWORD} two`);
}));

await server.stop();
await finish();
