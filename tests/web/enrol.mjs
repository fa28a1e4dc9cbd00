/*
 * A face is enrolled from the admin page: by a photo from a file and by the browser's camera, which films a picture of a
 * person whom the models know. The real server and two stations, one at the door of each class: what they say is on the page
 * while it is open. Afterwards the photo is nowhere: not with the server and not with a station.
 */
import fs from 'node:fs';
import path from 'node:path';

import { good, station as stationProgram, stationFolder } from '../integration/lib.mjs';
import { images } from '../integration/people.mjs';
import { accessibilityProblems, browser, equal, eventually, filming, finish, firstAdmin, folder, holds, makeClass, openWindow, settled, shot, signIn, start, startServer, test } from './lib.mjs';
import { PASSWORD } from './school.mjs';

const ANSWER_MS = 60000; // a station that reads models and a machine that is slow
const PIECES = 64, PIECE_BYTES = 24; // of a photo, looked for in every file

const server = await startServer({ timeoutS: 600 });
const admin = await firstAdmin(server);
const [first, second, third] = ['S-1', 'S-2', 'S-3'];
for (const [id, name, classId] of [[first, 'Asha Able', 'T1'], [second, 'Bilal Baker', 'T2'], [third, 'Chitra Chand', 'T2']]) {
    await makeClass(admin, classId, 0);
    await admin.post('/api/students', { id, name, class_id: classId });
    await admin.post(`/api/students/${id}/consent`, { state: 'given', by: 'Latha Nair, mother' });
}

async function door(classId) {
    const data = await stationFolder({ roster: false });
    const { code } = await admin.post('/api/stations', { name: `Door of ${classId}`, classes: [classId] });
    await good(['--data', data, 'pair', server.url, code]);
    const running = start(stationProgram, ['--data', data, 'run', '--headless', '--events', '-', '--camera', 'pattern'], { timeoutS: 500 });
    await running.until((event) => event.event === 'sync' && event.online);
    return { data, running };
}
const doors = [await door('T1'), await door('T2')];

// ---- pictures --------------------------------------------------------------------------------------------------------

/** A JPEG that a browser painted: pictures side by side on grey, none for an empty wall. */
async function paint(files, { width = 720, height = 576 } = {}) {
    const page = await browser.newPage();
    const text = await page.evaluate(async ([sources, w, h]) => {
        const canvas = Object.assign(document.createElement('canvas'), { width: w, height: h });
        const context = canvas.getContext('2d');
        context.fillStyle = '#888';
        context.fillRect(0, 0, w, h);
        for (const [i, source] of sources.entries()) {
            const image = Object.assign(new Image(), { src: source });
            await image.decode();
            const each = w / sources.length;
            const scale = Math.min(each / image.naturalWidth, h / image.naturalHeight);
            context.drawImage(image, i * each, 0, image.naturalWidth * scale, image.naturalHeight * scale);
        }
        return canvas.toDataURL('image/jpeg', 0.95).split(',')[1];
    }, [files.map((file) => `data:image/jpeg;base64,${fs.readFileSync(file).toString('base64')}`), width, height]);
    await page.close();
    return Buffer.from(text, 'base64');
}

const file = (name, buffer) => ({ name, mimeType: 'image/jpeg', buffer });

// ---- the page --------------------------------------------------------------------------------------------------------

const sent = []; // every photo that left a browser

async function enrolling(id, body, look) {
    const window = await openWindow(look);
    try {
        await window.context.exposeFunction('keepPhoto', (text) => sent.push(Buffer.from(text, 'base64')));
        await window.context.addInitScript(() => { // the debugger does not tell what is in a Blob
            const real = window.fetch;
            window.fetch = async (address, options) => {
                if (options?.body instanceof Blob) {
                    const bytes = new Uint8Array(await options.body.arrayBuffer());
                    await window.keepPhoto(btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), '')));
                }
                return real(address, options);
            };
        });
        const page = await window.page();
        await signIn(page, server, 'admin', PASSWORD);
        await page.goto(`${server.url}/admin#students/${id}`);
        await settled(page);
        await page.getByRole('button', { name: /^Enrol (the face|again)$/ }).click();
        const remark = await body(page, page.getByRole('dialog', { name: /^Enrol the face of/ }));
        equal(window.problems, [], 'problems');
        return remark;
    } finally {
        await window.close();
    }
}

const answerOf = (dialog) => dialog.locator('[role=status] .banner');

async function upload(dialog, photo) {
    await dialog.getByLabel('Photo from a file').setInputFiles(photo);
    await eventually('the photo is shown', () => dialog.getByAltText('The photo that will be sent').evaluate((image) => image.complete && image.naturalWidth > 0));
    await dialog.getByRole('button', { name: 'Send the photo' }).click();
}

const refusals = [
    ['a wall', first, () => paint([]), /Not enrolled: .*no face/i],
    ['two people', first, () => paint([images('a')[0], images('a')[1]], { width: 1440 }), /Not enrolled: .*(faces|alone)/i],
];
for (const [what, id, picture, words] of refusals)
    await test(`${what}: refused, and the page says why`, () => enrolling(id, async (page, dialog) => {
        await upload(dialog, file('photo.jpg', await picture()));
        await answerOf(dialog).filter({ hasText: 'Not enrolled' }).waitFor({ timeout: ANSWER_MS });
        const text = await answerOf(dialog).innerText();
        holds(text, words, 'the reason');
        equal(await accessibilityProblems(page), [], 'accessibility');
        equal((await admin.get(`/api/students/${id}`)).enrolled, false, 'enrolled');
        return text;
    }));

await test('a photo from a file: enrolled, with its quality, and another open page knows', () => enrolling(first, async (page, dialog) => {
    const window = await openWindow();
    const other = await window.page();
    await signIn(other, server, 'admin', PASSWORD);
    await other.goto(`${server.url}/admin#students/${first}`);
    await other.locator('.panel .tag', { hasText: 'not enrolled' }).waitFor();
    await other.locator('.connection', { hasText: 'Live' }).waitFor();
    await upload(dialog, file('photo.jpg', fs.readFileSync(images('a')[0])));
    await answerOf(dialog).filter({ hasText: 'Enrolled' }).waitFor({ timeout: ANSWER_MS });
    const text = await answerOf(dialog).innerText();
    holds(text, ['1 template by Door of T1', /quality \d+\.\d %/, 'The photo is deleted'], 'the answer');
    await shot(page, 'enrol-done');
    equal(await dialog.getByAltText('The photo that will be sent').isVisible(), false, 'the photo is on the page');
    await other.locator('.panel .tag', { hasText: 'enrolled, 1 template' }).waitFor();
    equal(window.problems, [], 'problems of the other page');
    await window.close();
    await page.keyboard.press('Escape');
    await page.locator('.panel .tag', { hasText: 'enrolled, 1 template' }).waitFor();
    return text;
}));

await test('the same face as another student, of another class: refused, and an activity to review', () => enrolling(second, async (page, dialog) => {
    await upload(dialog, file('photo.jpg', fs.readFileSync(images('a')[1])));
    await answerOf(dialog).filter({ hasText: 'Not enrolled' }).waitFor({ timeout: ANSWER_MS });
    const text = await answerOf(dialog).innerText();
    holds(text, /already|S-1/, 'the reason');
    equal((await admin.get(`/api/students/${second}`)).enrolled, false, 'enrolled');
    await page.keyboard.press('Escape');
    await page.goto(`${server.url}/admin#activity?kind=duplicate_face`);
    await page.locator('.queue-item', { hasText: 'Duplicate face' }).waitFor();
    return text;
}));

await test('the browser’s camera: what it films is enrolled, and the camera is off afterwards', async () => {
    await admin.delete(`/api/students/${first}/templates`);
    const film = path.join(folder('film'), 'face.mjpeg');
    fs.writeFileSync(film, Buffer.concat(Array(30).fill(await paint([images('a')[2]]))));
    const camera = await filming(film);
    try {
        return await enrolling(third, async (page, dialog) => {
            await dialog.getByRole('button', { name: 'Use the camera' }).click();
            const video = dialog.locator('video');
            await eventually('the camera shows something', () => video.evaluate((node) => node.videoWidth > 0 && !node.paused && node.currentTime > 0));
            await shot(page, 'enrol-camera');
            await video.evaluate((node) => { window.track = node.srcObject.getTracks()[0]; });
            await dialog.getByRole('button', { name: 'Take the photo' }).click();
            await eventually('the camera is off', () => page.evaluate(() => window.track.readyState === 'ended'));
            await dialog.getByRole('button', { name: 'Send the photo' }).click();
            await answerOf(dialog).filter({ hasText: 'nrolled' }).waitFor({ timeout: ANSWER_MS });
            const text = await answerOf(dialog).innerText();
            holds(text, '1 template by Door of T2', 'the answer');
            equal((await admin.get(`/api/students/${third}`)).enrolled, true, 'enrolled');
            return text;
        }, { browser: camera });
    } finally {
        await camera.close();
    }
});

// ---- afterwards ------------------------------------------------------------------------------------------------------

function* filesOf(dir) {
    for (const entry of fs.readdirSync(dir, { withFileTypes: true })) {
        const name = path.join(dir, entry.name);
        if (entry.isDirectory()) yield* filesOf(name);
        else if (entry.isFile()) yield name;
    }
}

await test('the photos are nowhere, neither with the server nor with a station', async () => {
    for (const { running } of doors) {
        running.child.kill('SIGTERM');
        equal((await running.done).code, 0, 'exit code of the station');
    }
    await server.stop();
    equal(sent.length, 5, 'photos that were sent');
    const pieces = sent.flatMap((photo) => Array.from({ length: PIECES }, (_, i) => {
        const at = Math.floor(photo.length * (i + 0.5) / PIECES);
        return photo.subarray(at, at + PIECE_BYTES);
    })).filter((piece) => new Set(piece).size > 8); // not the padding of a wall
    equal(pieces.length > 2 * PIECES, true, 'pieces to look for');
    let bytes = 0;
    for (const dir of [server.data, ...doors.map((one) => one.data)])
        for (const name of filesOf(dir)) {
            const content = fs.readFileSync(name);
            bytes += content.length;
            equal(pieces.filter((piece) => content.includes(piece)).length, 0, `pieces of a photo in ${name}`);
            equal(content.includes(Buffer.from([0xff, 0xd8, 0xff])), false, `a JPEG in ${name}`);
        }
    return `${pieces.length} pieces in ${bytes} bytes`;
});
await finish();
