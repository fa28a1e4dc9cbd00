/*
 * The student's page: how it looks with a school of a real size and for somebody who is new, in every look; and what a
 * student does there, each part to what the server and the admin then see.
 */
import fs from 'node:fs';

import { accessibilityProblems, equal, eventually, finish, firstAdmin, holds, listen, login, LOOKS, makeClass, openWindow, overflow, PHONE, settled, shot, signIn, startServer, test } from './lib.mjs';
import { chooseOwn, PASSWORD, realSchool } from './school.mjs';

const DAILY = { coordinator: '', start: '00:00', late_after_min: 1439, close_after_min: 1439, weekdays: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] };

/** An account of a student, whose password is chosen. */
async function account(server, admin, id, fullName = `Student ${id}`) {
    const name = id.toLowerCase();
    const { one_time_password: once } = await admin.post('/api/users', { name, full_name: fullName, role: 'student', student_id: id });
    await chooseOwn(server, name, once);
    return name;
}

/** A student's page, signed in; fails on whatever went wrong on it. */
async function at(server, name, body, { expect = [], password = PASSWORD, ...look } = {}) {
    const window = await openWindow(look);
    try {
        expect.forEach(window.expect);
        const page = await window.page();
        await signIn(page, server, name, password);
        await settled(page);
        const remark = await body(page, window);
        equal(window.problems, [], 'problems');
        return remark;
    } finally {
        await window.close();
    }
}

const press = (place, name) => place.getByRole('button', { name, exact: true }).click();
const dialogOf = (page, name) => page.getByRole('dialog', { name });
const card = (page, name) => page.getByRole('region', { name });
const focused = (locator) => locator.evaluate((node) => node === document.activeElement);

async function look(page, name) {
    await settled(page);
    await shot(page, `student-${name.replace(/ /g, '-')}`);
    equal(await overflow(page), 0, `${name}: pixels beyond the window`);
    equal(await accessibilityProblems(page), [], `${name}: accessibility`);
}

// ---- how it looks ----------------------------------------------------------------------------------------------------

{
    const { server, admin, classes, students, schoolDay } = await realSchool();
    const pupil = students.find((one) => one.class_id === classes[0].id);
    const old = await account(server, admin, pupil.id, pupil.name);
    await admin.put('/api/classes/NEW', DAILY);
    await admin.post('/api/students', { id: 'N-1', name: 'New Pupil', class_id: 'NEW' });
    const fresh = await account(server, admin, 'N-1', 'New Pupil');
    for (const [lookName, options] of LOOKS) {
        await test(`60 days, ${lookName}`, () => at(server, old, async (page) => {
            await page.locator('canvas').nth(1).waitFor();
            await look(page, `60 days ${lookName}`);
            await card(page, 'My month').locator('summary').or(page.getByRole('button', { name: 'The month before' })).first().click();
            await look(page, `60 days opened ${lookName}`);
        }, options));
        await test(`the first day, ${lookName}`, () => at(server, fresh, async (page) => {
            holds(await card(page, /^Today/).innerText(), ['Not seen yet', 'Look at the camera'], 'today');
            equal(await page.getByText('A chart appears here after some days').count(), 2, 'charts that wait');
            await look(page, `first day ${lookName}`);
        }, options));
    }

    await test('the numbers of the page are those of the server', () => at(server, old, async (page) => {
        const { standing } = await admin.get(`/api/students/${pupil.id}`);
        const text = await card(page, 'How it goes').innerText();
        holds(text, [String(standing.points), String(standing.streak), String(standing.late), `${Math.round(standing.rate * 100)} %`], 'numbers');
        const { days } = await admin.get(`/api/students/${pupil.id}/attendance?month=${schoolDay.slice(0, 7)}`);
        if (!(await page.locator(`.day[data-keep="${schoolDay}"]`).count())) await press(page, 'The month before');
        await page.locator(`.day[data-keep="${schoolDay}"]`).waitFor();
        const all = page.locator('.day');
        await all.first().focus();
        await page.keyboard.press('ArrowRight');
        equal(await focused(all.nth(1)), true, 'an arrow leads to the next day');
        const judged = days.filter((day) => day.status && day.status !== 'none');
        const shown = await page.locator('.day').evaluateAll((all) => all.map((node) => [node.dataset.keep, node.querySelector('.visually-hidden').textContent]));
        const words = { present: 'present', late: 'late', excused: 'excused', absent: 'absent', unjudged: 'not judged', pending: 'waits for a person' };
        equal(shown, judged.map((day) => [day.date, words[day.status]]), 'days');
        await card(page, 'My month').locator('summary').click();
        const lines = await page.locator('.points-list li').allInnerTexts();
        equal(lines.length, days.filter((day) => day.points).length, 'days with points');
        for (const day of days.filter((one) => one.points)) holds(lines.join('\n'), [day.points_text], 'how points came about');
    }));

    await test('the board: the first, the own place, all', () => at(server, old, async (page) => {
        const own = card(page, `Board of ${pupil.class_id}`);
        const rows = own.locator('tbody tr');
        const all = (await admin.get(`/api/leaderboard?class=${encodeURIComponent(pupil.class_id)}`)).items.length;
        equal(await own.locator('tr.selected').count(), 1, 'own rows');
        holds(await own.locator('tr.selected').innerText(), 'you', 'the own row');
        equal(await rows.count() < all, true, 'shorter at first');
        await press(own, `Show all ${all}`);
        await own.getByRole('button', { name: 'Show fewer' }).waitFor();
        equal(await rows.count(), all, 'all rows');
    }));

    await test('on paper: the days, nothing to press', () => at(server, old, async (page) => {
        if (!(await page.locator('.day').count())) await press(page, 'The month before');
        await page.emulateMedia({ media: 'print' });
        await page.setViewportSize({ width: 680, height: 1000 }); // A4 between its margins
        equal(await page.locator('.topbar, main button:not(.day), a.button').evaluateAll((all) => all.filter((node) => node.checkVisibility()).length), 0, 'parts that are of no use on paper');
        equal(await page.locator('.day').first().isVisible(), true, 'the days');
        await shot(page, 'student-print');
        equal(await overflow(page), 0, 'pixels beyond the page');
    }));
    await server.stop();
}

// ---- what one does ---------------------------------------------------------------------------------------------------

let server = await startServer();
const admin = await firstAdmin(server);
const pupils = await makeClass(admin, 'T1', 3);
const { today } = (await admin.get('/api/me')).school;
const name = await account(server, admin, pupils[0]);
const other = await account(server, admin, pupils[1]);
const todayCard = (page) => card(page, /^Today/);
const correct = (id, status, reason) => admin.post(`/api/rolls/T1/${today}/corrections`, { student_id: id, status, reason });

await test('times are the school’s, not the browser’s', () => at(server, name, async (page) => {
    await eventually('the clock shows the school’s time', async () =>
        (await page.locator('.clock').innerText()) === (await admin.get('/api/me')).school.now.slice(11, 16));
    equal(await page.locator('td.is-today .day-number').innerText(), String(Number(today.slice(8))), 'today in the calendar');
}));

await test('a correction appears without loading anew, with who and why', () => at(server, name, async (page) => {
    for (const [status, line, shot_] of [['absent', 'The roll says that you were not there', 'absent'], ['late', 'You are here, a little late', 'late'], ['excused', 'You are excused today', 'excused'], ['present', 'You are here, on time', 'present']]) {
        await correct(pupils[0], status, `Because it is ${status}`);
        await todayCard(page).locator('.today-word', { hasText: line }).waitFor({ timeout: 5000 });
        holds(await todayCard(page).innerText(), ['Changed by Administrator', `Because it is ${status}`], 'who and why');
        await page.locator(`.day.${status}[data-keep="${today}"]`).waitFor();
        await shot(page, `student-today-${shot_}`);
    }
    holds(await todayCard(page).locator('[role=status]').textContent(), 'on time', 'what is read out');
}, { viewport: PHONE }));

await test('a day by keyboard: what is behind it, and the focus comes back', () => at(server, name, async (page) => {
    const day = page.locator(`.day[data-keep="${today}"]`);
    await day.focus();
    await page.keyboard.press('Enter');
    const dialog = page.locator('dialog[open]');
    holds(await dialog.innerText(), ['present', 'Changed by Administrator: Because it is present', 'How the points came about'], 'the day');
    await look(page, 'a day');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await eventually('the focus is on the day again', () => focused(day));
    await page.keyboard.press('Enter');
    await press(dialog, 'Something is wrong with this day');
    await page.getByLabel('What happened?').waitFor();
    await page.keyboard.press('Escape');
    await eventually('the focus is on the day after the second dialog too', () => focused(day));
}, { viewport: PHONE }));

await test('something is wrong: the student says it, the admin sees it', () => at(server, name, async (page) => {
    await page.locator(`.day[data-keep="${today}"]`).click();
    await press(page.locator('dialog[open]'), 'Something is wrong with this day');
    const dialog = dialogOf(page, 'Something is wrong with this day');
    await press(dialog, 'Send');
    holds(await dialog.locator('.error').innerText(), 'fill this in', 'without words');
    await dialog.getByLabel('What happened?').fill('I was there at eight');
    await look(page, 'a dispute');
    const staff = await listen(admin);
    await press(dialog, 'Send');
    await page.locator('.toast', { hasText: 'Sent' }).waitFor();
    const event = await staff.until((one) => one.event === 'activity' && one.data.kind === 'dispute', 3000, 'the dispute');
    equal(event.data.student_id, pupils[0], 'whose it is');
    await staff.cut();
    const { items } = await admin.get('/api/activity?kind=dispute&state=open');
    equal([items.length, items[0].student_id], [1, pupils[0]], 'open disputes');
    holds(items[0].reason, 'I was there at eight', 'what it says');
    await press(todayCard(page), 'Something is wrong');
    await page.getByLabel('What happened?').fill('Once more');
    await press(page.locator('dialog[open]'), 'Send');
    await page.locator('dialog[open]').getByRole('alert').waitFor();
    equal(await page.getByLabel('What happened?').inputValue(), 'Once more', 'what was typed is still there');
}, { expect: [409] }));

await test('a nickname is what others see; who opts out is not seen', () => at(server, other, (others) => at(server, name, async (page) => {
    const board = card(others, 'Board of T1');
    const change = async (fill) => {
        await press(page, 'My name on the board');
        await fill(dialogOf(page, 'My name on the board'));
        await press(page.locator('dialog[open]'), 'Save');
        await page.locator('dialog[open]').waitFor({ state: 'detached' });
    };
    const names = async () => {
        await others.reload();
        await settled(others);
        return board.locator('tbody bdi').allTextContents();
    };
    holds((await names()).join(), `Student ${pupils[0]}`, 'the name at first');
    await change((dialog) => dialog.getByLabel('Nickname').fill('Comet'));
    await card(page, 'Me and my data').getByText('Comet').waitFor();
    holds((await names()).join(), 'Comet', 'the board of another');
    equal((await names()).includes(`Student ${pupils[0]}`), false, 'the name is not on it');
    await change((dialog) => dialog.getByLabel('Do not show me').check());
    await page.getByText('Others do not see you on this board').waitFor();
    equal((await names()).includes('Comet'), false, 'after the opt-out');
    equal(await card(page, 'Board of T1').locator('tr.selected').count(), 1, 'one always sees oneself');
    await admin.patch('/api/settings', { leaderboard: false });
    await card(page, 'Board').getByText('There is no board in your class').waitFor();
    await admin.patch('/api/settings', { leaderboard: true });
})));

await test('one’s own data comes as a file', () => at(server, name, async (page) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download my data' }).click()]);
    equal(download.suggestedFilename().endsWith('.json'), true, 'the name of the file');
    const data = JSON.parse(fs.readFileSync(await download.path(), 'utf8'));
    equal(data.student.id, pupils[0], 'whose it is');
    holds(JSON.stringify(data), ['I was there at eight', 'Because it is present'], 'what it holds');
}));

await test('the password', async () => {
    const fresh = 'another password of mine';
    await at(server, other, async (page) => {
        await press(page, 'Change my password');
        const dialog = page.locator('dialog[open]');
        await dialog.getByLabel('Present password').fill('not the one');
        await dialog.getByLabel('New password', { exact: true }).fill(fresh);
        await dialog.getByLabel('New password, once more').fill(fresh);
        await dialog.locator('button[type=submit]').click();
        holds(await dialog.locator('.error').innerText(), 'wrong', 'the present one');
        await dialog.getByLabel('Present password').fill(PASSWORD);
        await dialog.locator('button[type=submit]').click();
        await page.locator('.toast').waitFor();
        await press(page, 'Sign out');
        await page.getByLabel('User name').waitFor();
    }, { expect: [401] });
    await login(server, other, fresh);
});

await test('words that mean harm stay words', async () => {
    const harm = '<img src=x onerror="window.harmed=1">';
    const long = 'W'.repeat(40);
    await admin.patch(`/api/students/${pupils[0]}`, { nickname: harm.slice(0, 40), board_hidden: false });
    await admin.patch(`/api/students/${pupils[1]}`, { nickname: long });
    await admin.patch('/api/settings', { school_name: `${harm} ${'school '.repeat(8)}` });
    await admin.put(`/api/calendar/${today.slice(0, 8)}${today.endsWith('28') ? '27' : '28'}`, { label: harm });
    await correct(pupils[0], 'late', harm);
    const evil = pupils[2];
    await admin.patch(`/api/students/${evil}`, { name: `"><script>window.harmed=1</script>${'A'.repeat(60)}` });
    const user = await account(server, admin, evil, `"><script>window.harmed=1</script>${'A'.repeat(60)}`);
    for (const who of [name, user])
        await at(server, who, async (page) => {
            await shot(page, `student-hostile-${who}`);
            if (who === name) {
                await page.locator(`.day[data-keep="${today}"]`).click();
                holds(await page.locator('dialog[open]').innerText(), harm, 'as it is');
            }
            equal(await page.evaluate(() => window.harmed), undefined, 'something ran');
            equal(await page.locator('main script, main img, header img[src="x"]').count(), 0, 'markup out of data');
            holds(await card(page, 'Board of T1').innerText(), harm.slice(0, 30), 'the nickname on the board');
            equal(await overflow(page), 0, 'pixels beyond the window');
        }, { viewport: PHONE });
});

await test('another’s things are refused, the page of staff too', () => at(server, name, async (page) => {
    const asked = await page.evaluate((id) => Promise.all([`/api/students/${id}`, `/api/students/${id}/attendance`, '/api/students', '/api/users'].map((where) => fetch(where).then((answer) => answer.status))), pupils[1]);
    equal(asked.every((status) => [403, 404].includes(status)), true, `statuses ${asked}`);
    await page.goto(`${server.url}/admin`);
    await page.waitForURL(/student-dashboard/);
}, { expect: [403, 404] }));

await test('a lost connection is said with its time and comes back; nothing is missed', () => at(server, name, async (page, window) => {
    const { port, data } = server;
    const state = page.locator('.connection');
    await state.getByText('Live').waitFor();
    await server.kill();
    const clock = await page.locator('.clock').innerText();
    await state.getByText(/No connection since \d\d:\d\d/).waitFor();
    equal(Math.abs(minutesOf(await state.innerText()) - minutesOf(clock)) <= 1, true, `since when: ${await state.innerText()}, the clock ${clock}`);
    await shot(page, 'student-lost');
    server = await startServer({ data, listen: `127.0.0.1:${port}` });
    const again = await login(server, 'admin', PASSWORD);
    await again.post(`/api/rolls/T1/${today}/corrections`, { student_id: pupils[0], status: 'excused', reason: 'while it was away' });
    await state.getByText('Live').waitFor({ timeout: 20000 });
    await todayCard(page).locator('.today-word', { hasText: 'You are excused today' }).waitFor();
    const failures = window.problems.splice(0);
    equal(failures.filter((text) => !/ERR_(CONNECTION|INCOMPLETE|EMPTY)/.test(text)), [], 'other problems');
}));

function minutesOf(text) {
    const [, hours, minutes] = /(\d\d):(\d\d)/.exec(text);
    return Number(hours) * 60 + Number(minutes);
}

await server.stop();
await finish();
