/*
 * From a face at a door to the pages that are open: the real server, a real station on a recording at its real speed, and
 * two windows. The pages say by a MutationObserver when they showed the mark; the station says when it marked. Then the
 * station's camera in the admin page, from Start to Stop. Needs the models and recordings of the integration tests.
 */
import path from 'node:path';

import { good, make, media, station as stationProgram, stationFolder } from '../integration/lib.mjs';
import { enrol } from '../integration/people.mjs';
import { atMost, equal, eventually, finish, firstAdmin, folder, holds, makeClass, openWindow, PHONE, settled, shot, signIn, start, startServer, test, within } from './lib.mjs';
import { chooseOwn, PASSWORD } from './school.mjs';

const LIMIT_MS = 1000;
const STOP_LIMIT_MS = 25000; // the server waits a while for a watcher who comes back
const MARK_LIMIT_MS = 150000; // the recording comes round again when a slow machine missed the blink

const server = await startServer({ timeoutS: 600 });
const admin = await firstAdmin(server);
await makeClass(admin, 'T1', 0);
await admin.post('/api/students', { id: 'a', name: 'Asha Able', class_id: 'T1' });
const { one_time_password: once } = await admin.post('/api/users', { name: 'asha', full_name: 'Asha Able', role: 'student', student_id: 'a' });
await chooseOwn(server, 'asha', once);
const { today } = (await admin.get('/api/me')).school;

const data = await stationFolder({ roster: false });
const { code, station } = await admin.post('/api/stations', { name: 'Door 1', classes: ['T1'] });
await good(['--data', data, 'pair', server.url, code]);
await good(['--data', data, 'sync', '--once']);
await enrol(data, 'a');
await good(['--data', data, 'sync', '--once']);
const clip = await make('cut', path.join(folder('clips'), 'a.avi'), media('franck.mp4'), 0, 400);

/** A window that notes when the first of each selector's elements was there, and the frames that each picture painted. */
async function watching(user, where, selectors, look) {
    const window = await openWindow(look);
    await window.context.addInitScript((wanted) => {
        window.shownAt = {};
        const notice = () => wanted.forEach(([name, selector, words]) => {
            if (window.shownAt[name] === undefined && [...document.querySelectorAll(selector)].some((node) => node.textContent.includes(words))) window.shownAt[name] = Date.now();
        });
        new MutationObserver(notice).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    }, selectors);
    const page = await window.page();
    await signIn(page, server, user, PASSWORD);
    if (where) await page.goto(server.url + where);
    await settled(page);
    await page.locator('.connection', { hasText: 'Live' }).waitFor();
    equal(await page.evaluate(() => window.shownAt), {}, 'nothing is shown before');
    return { window, page };
}

const staff = await watching('admin', '/admin#today?class=T1', [['line', '.feed-lines li', 'Asha Able'], ['tile', '.tile:is(.present, .late)[data-keep="a"]', '']]);
const pupil = await watching('asha', '', [['today', '.today-line:is(.present, .late)', ''], ['calendar', `.day:is(.present, .late)[data-keep="${today}"]`, '']], { viewport: PHONE });
const running = start(stationProgram, ['--data', data, 'run', '--headless', '--events', '-', '--camera', `replay:${clip}?loop=1`], { timeoutS: 400 });

await test('a mark on a station is in the open pages within a second', async () => {
    const marked = await within(MARK_LIMIT_MS, 'a mark on the station', running.until((event) => event.event === 'marked'));
    const delay = (page, name) => eventually(`${name} is shown`, () => page.evaluate((key) => window.shownAt[key], name)).then((at) => at - marked.at_ms);
    const delays = { line: await delay(staff.page, 'line'), tile: await delay(staff.page, 'tile'), today: await delay(pupil.page, 'today'), calendar: await delay(pupil.page, 'calendar') };
    await shot(staff.page, 'live-staff');
    await shot(pupil.page, 'live-student');
    const remark = `admin's feed ${delays.line} ms, class list ${delays.tile} ms; student's today ${delays.today} ms, calendar ${delays.calendar} ms after the mark (captured ${marked.at_ms - marked.captured_ms} ms before it)`;
    atMost(delays.line, LIMIT_MS, `milliseconds to the admin's page (${remark})`);
    atMost(delays.tile, LIMIT_MS, `milliseconds to the class list (${remark})`);
    atMost(delays.today, LIMIT_MS, `milliseconds to the student's page (${remark})`);
    const day = (await admin.get(`/api/students/a/attendance?month=${today.slice(0, 7)}`)).days.find((one) => one.date === today);
    equal([day.status, day.method, Date.parse(day.captured)], ['present', 'face', marked.captured_ms], 'the day at the server');
    return remark;
});

await test('the live camera: pictures after Start, none after Stop', async () => {
    const { page } = staff;
    const card = page.getByRole('region', { name: 'Camera' });
    const watched = async () => (await admin.get('/api/stations')).items.find((one) => one.id === station.id).watched;
    equal(await watched(), false, 'watched before');
    const began = Date.now();
    await card.getByRole('button', { name: 'Start', exact: true }).click();
    const picture = card.getByAltText('Live picture of Door 1');
    await picture.waitFor();
    const pixels = () => picture.evaluate((image) => {
        if (!image.naturalWidth) return '';
        const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 48 });
        const context = canvas.getContext('2d');
        context.drawImage(image, 0, 0, 64, 48);
        return String(context.getImageData(0, 0, 64, 48).data);
    });
    await eventually('the first picture', pixels, 15000);
    const first = Date.now() - began;
    const seen = new Set();
    await eventually('five different pictures', async () => seen.add(await pixels()).size >= 5, 20000);
    equal(await watched(), true, 'watched now');
    holds(await card.locator('.facts').innerText(), ['Last seen', 'Waiting', 'Clock', 'Version'], 'how the station is');
    await shot(page, 'live-camera');
    await card.getByRole('button', { name: 'Stop', exact: true }).click();
    equal(await card.locator('img').count(), 0, 'pictures after Stop');
    const stopped = Date.now();
    await eventually('the server wants no more pictures', async () => !(await watched()), STOP_LIMIT_MS);
    const atStation = () => running.events.filter((event) => event.event === 'sync').at(-1)?.watched;
    await eventually('the station sends no more pictures', () => atStation() === false, STOP_LIMIT_MS);
    return `the first picture after ${first} ms; the station stopped ${Date.now() - stopped} ms after Stop`;
});

running.child.kill('SIGTERM');
const ended = await running.done;
await test('nothing went wrong on the way', () => {
    equal(ended.code, 0, 'exit code of the station');
    equal([...staff.window.problems, ...pupil.window.problems], [], 'problems of the pages');
});
await server.stop();
await finish();
