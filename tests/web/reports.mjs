/* Reports with a school of a real size: they say what the rolls say, fit the window and the paper, and come as CSV. */
import fs from 'node:fs';
import path from 'node:path';

import { accessibilityProblems, atMost, equal, eventually, finish, holds, LOOKS, openWindow, overflow, settled, shot, signIn, test } from './lib.mjs';
import { makeCoordinator, PASSWORD, realSchool } from './school.mjs';

const { server, admin, classes, schoolDay } = await realSchool();
const klass = classes[0].id;
const month = schoolDay.slice(0, 7);
const from = new Date(Date.parse(schoolDay) - 60 * 86400000).toISOString().slice(0, 10);
const VIEWS = [['month', `month?class=${klass}&month=${month}`], ['absence', `absence?from=${from}&to=${schoolDay}&percent=5`], ['punctuality', `punctuality?from=${from}&to=${schoolDay}&class=${klass}`], ['stations', `stations?from=${from}&to=${schoolDay}&class=${klass}`]];

async function at(hash, body, { user = 'admin', ...options } = {}) {
    const window = await openWindow({ acceptDownloads: true, ...options });
    try {
        const page = await window.page();
        await signIn(page, server, user, PASSWORD);
        await page.goto(`${server.url}/admin#reports/${hash}`);
        await settled(page);
        await body(page);
        equal(window.problems, [], 'problems');
    } finally {
        await window.close();
    }
}

for (const [look, options] of LOOKS)
    await test(`each report, ${look}`, () => at('', async (page) => {
        for (const [name, hash] of VIEWS) {
            await page.goto(`${server.url}/admin#reports/${hash}`);
            await page.reload();
            await settled(page);
            await page.locator('.report :is(table, .empty)').first().waitFor();
            await shot(page, `reports-${name}-${look}`.replace(/ /g, '-'));
            equal(await overflow(page), 0, `${name}: pixels beyond the window`);
            equal(await accessibilityProblems(page), [], `${name}: accessibility`);
        }
    }, options));

await test('a class by month says what its rolls say', () => at(VIEWS[0][1], async (page) => {
    const roll = await admin.get(`/api/rolls?class=${encodeURIComponent(klass)}&date=${schoolDay}`);
    const heads = await page.locator('.grid thead th').allInnerTexts();
    const column = heads.findIndex((text) => text.trim() === String(Number(schoolDay.slice(8))));
    equal(await page.locator('.grid tbody tr').count() >= roll.items.length, true, 'students');
    for (const item of roll.items) {
        const line = page.locator('.grid tbody tr').filter({ has: page.locator(`a[href$="/${encodeURIComponent(item.student_id)}"]`) });
        const cell = line.locator('> *').nth(column);
        equal(await cell.locator(`.status.${item.status}`).count(), 1, `${item.student_id} is ${item.status}`);
    }
}));

await test('a class by month is one sheet on its side', () => at(VIEWS[0][1], async (page) => {
    await page.locator('.grid').waitFor();
    const pdf = await page.pdf({ preferCSSPageSize: true, format: 'A4' });
    if (process.env.ROLLCALL_TEST_SHOTS) fs.writeFileSync(path.join(process.env.ROLLCALL_TEST_SHOTS, 'month.pdf'), pdf);
    const text = pdf.toString('latin1');
    equal((text.match(/\/Type\s*\/Page\b/g) ?? []).length, 1, 'sheets');
    const [, width, height] = /\/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)/.exec(text);
    equal(Number(width) > Number(height), true, `${width} x ${height}`);
}));

await test('who is absent often, by another percentage; and as a file', () => at('absence', async (page) => {
    const form = page.locator('form.toolbar');
    await form.getByLabel('From').fill(from);
    await form.getByLabel('Absent on at least').fill('5');
    await form.getByRole('button', { name: 'Show' }).click();
    const expected = await admin.get(`/api/reports/absence?from=${from}&to=${(await admin.get('/api/me')).school.today}&percent=5`);
    await eventually('all are listed', async () => (await page.locator('.report tbody tr').count()) === expected.items.length);
    holds(await page.locator('.report tbody tr').first().innerText(), expected.items[0].name, 'the first');
    holds(page.url(), 'percent=5', 'the address');
    const download = page.waitForEvent('download');
    await form.getByRole('link', { name: 'CSV file' }).click();
    const lines = fs.readFileSync(await (await download).path(), 'utf8').trim().split('\r\n');
    equal(lines.length, expected.items.length + 1, 'lines of the file');
}));

await test('from after to', () => at('punctuality', async (page) => {
    const form = page.locator('form.toolbar');
    await form.getByLabel('From').fill('2026-11-20');
    await form.getByLabel('To', { exact: true }).fill('2026-11-19');
    await form.getByRole('button', { name: 'Show' }).click();
    await page.getByText('turn them round').waitFor();
}));

await test('a coordinator has reports of his classes', async () => {
    const meera = await makeCoordinator(server, admin, 'meera', [klass]);
    await at('month', async (page) => {
        equal(await page.locator('select[name=class] option').allInnerTexts(), [klass], 'classes');
        await page.getByRole('link', { name: 'Absent often' }).click();
        await page.getByRole('heading', { name: /Absent on 10 %/ }).waitFor();
    }, { user: meera.name });
});

await test('they are fast', async () => {
    const times = {};
    for (const [name, hash] of VIEWS) {
        const began = performance.now();
        await admin.get(`/api/reports/${hash}`);
        times[name] = Math.round(performance.now() - began);
    }
    atMost(times.month, 1500, 'ms of a month');
    return JSON.stringify(times);
});

await server.stop();
await finish();
