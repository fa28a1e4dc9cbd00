/*
 * Consent and the ways without a face, in the browser: noted for one and for many, withdrawn, cards to print, a PIN, and what
 * the student sees of it.
 */
import { accessibilityProblems, equal, eventually, finish, firstAdmin, firstLogin, holds, LOOKS, login, makeClass, openWindow, overflow, settled, shot, signIn, startServer, test } from './lib.mjs';
import { PASSWORD } from './school.mjs';

const server = await startServer();
const admin = await firstAdmin(server);
const pupils = await makeClass(admin, 'L1', 4);
await admin.patch(`/api/students/${pupils[0]}`, { name: '<b>Asha</b> Verma', parent_name: 'Meera Verma', roll_number: '7' });
const studentOf = (id) => admin.get(`/api/students/${id}`);

const press = (place, name) => place.getByRole('button', { name, exact: true }).click();
const dialogOf = (page, name) => page.getByRole('dialog', { name });
const part = (page, name) => page.getByRole('region', { name });

async function at(hash, body, { user = 'admin', where = 'admin', expect = [], ...options } = {}) {
    const window = await openWindow(options);
    try {
        expect.forEach(window.expect);
        const page = await window.page();
        await signIn(page, server, user, PASSWORD);
        await page.goto(`${server.url}/${where}#${hash}`);
        await settled(page);
        await body(page);
        equal(window.problems, [], 'problems');
    } finally {
        await window.close();
    }
}

async function look(page, name) {
    await settled(page);
    await shot(page, name.replace(/ /g, '-'));
    equal(await overflow(page), 0, `${name}: pixels beyond the window`);
    equal(await accessibilityProblems(page), [], `${name}: accessibility`);
}

await test('no photo is taken without consent; it is noted on the way', () => at(`students/${pupils[0]}`, async (page) => {
    await press(page, 'Enrol the face');
    const asks = page.locator('dialog[open]');
    holds(await asks.innerText(), ['No consent for', 'No face is kept without consent'], 'what is missing');
    await look(page, 'consent missing');
    await press(asks, 'Note consent');
    const dialog = dialogOf(page, /^Consent for/);
    equal(await dialog.getByLabel('Who said it').inputValue(), 'Meera Verma', 'the parent is there already');
    await dialog.getByLabel('Note').fill('form on paper');
    await press(dialog, 'Note consent');
    await dialogOf(page, /^Enrol/).waitFor();
    await page.keyboard.press('Escape');
    await eventually('the panel says it', async () => /given by Meera Verma/.test(await part(page, 'Consent to the face').innerText()));
    const { consent, consent_history: [word] } = await studentOf(pupils[0]);
    equal([consent, word.by, word.note], ['given', 'Meera Verma', 'form on paper'], 'what the server has');
}));

await test('withdrawn: said what follows, the history stays, no photo any more', () => at(`students/${pupils[0]}`, async (page) => {
    await press(part(page, 'Consent to the face'), 'Withdraw consent');
    const dialog = dialogOf(page, /^Withdraw consent/);
    holds(await dialog.innerText(), ['goes on by card, PIN or the teacher, for the same points'], 'what follows');
    await dialog.getByLabel('Who said it').fill('');
    await press(dialog, 'Withdraw and destroy');
    equal(await dialog.locator('.error').count(), 1, 'nobody said it');
    await dialog.getByLabel('Who said it').fill('Meera Verma');
    await press(dialog, 'Withdraw and destroy');
    await part(page, 'Consent to the face').getByText('withdrawn').first().waitFor();
    equal((await studentOf(pupils[0])).consent, 'withdrawn', 'what the server has');
    await part(page, 'Consent to the face').locator('summary').click();
    holds(await part(page, 'Consent to the face').innerText(), ['form on paper'], 'what was said before');
    holds(await part(page, 'Without the face').innerText(), ['no consent to the face'], 'the way that is left');
    await press(page, 'Enrol the face');
    holds(await page.locator('dialog[open]').innerText(), 'Consent was withdrawn on', 'why not');
    await page.keyboard.press('Escape');
}));

await test('consent of a class, but for whom it is not given', () => at('students?class=L1', async (page) => {
    await press(page, 'Consent …');
    const dialog = dialogOf(page, 'Note consent for many');
    holds(await dialog.innerText(), '3 of 3 who were not asked yet', 'whom it is about');
    await dialog.getByRole('checkbox', { name: `Student ${pupils[3]}` }).uncheck();
    holds(await dialog.innerText(), '2 of 3', 'one less');
    await dialog.getByLabel('Who said it').fill('form of admission');
    await look(page, 'consent for many');
    await press(dialog, 'Note consent');
    await page.getByText('Consent of 2 students is noted.').waitFor();
    equal(await Promise.all(pupils.map(async (id) => (await studentOf(id)).consent)), ['withdrawn', 'given', 'given', 'none'], 'what the server has');
}));

for (const [lookName, options] of LOOKS)
    await test(`the panel, ${lookName}`, () => at(`students/${pupils[0]}`, async (page) => {
        await look(page, `panel with consent ${lookName}`);
    }, options));

await test('a card, shown once, and another one', () => at(`students/${pupils[0]}`, async (page) => {
    const lane = part(page, 'Without the face');
    await press(lane, 'Make a card');
    const shown = dialogOf(page, /^Card of/);
    holds(await shown.innerText(), ['Shown once', '<b>Asha</b> Verma', 'L1 · roll no. 7'], 'the card');
    equal(await shown.locator('img').evaluate((img) => img.decode().then(() => img.naturalWidth > 0)), true, 'the code is drawn');
    await look(page, 'card');
    await page.emulateMedia({ media: 'print' });
    equal(await page.locator('.id-cards.print-only .id-card').isVisible(), true, 'the card on paper');
    equal(await page.locator('main').isVisible() || await shown.isVisible(), false, 'anything else on paper');
    const box = await page.locator('.id-cards.print-only .id-card').boundingBox();
    equal([Math.round(box.width * 25.4 / 96), Math.round(box.height * 25.4 / 96)], [86, 54], 'millimetres');
    await page.emulateMedia({ media: 'screen' });
    await press(shown, 'Put away');
    await lane.getByText('has a card').waitFor();
    equal(await page.locator('.id-card').count(), 0, 'cards that are still in the page');
    await press(lane, 'New card');
    holds(await dialogOf(page, /^Another card/).innerText(), 'does not work any more', 'what follows');
    await press(dialogOf(page, /^Another card/), 'Cancel');
    equal((await studentOf(pupils[0])).card_set, true, 'the card that there is');
}));

await test('cards of a class: who goes without the face; and everybody', () => at('students?class=L1', async (page) => {
    await press(page, 'Cards …');
    let dialog = dialogOf(page, 'Cards of a class');
    await press(dialog, 'Make');
    const shown = page.getByRole('dialog', { name: /^(Card of|\d+ cards)/ });
    await shown.waitFor();
    holds(await shown.innerText(), 'One keeps the card that there is.', 'whose card stays');
    equal(await shown.locator('.id-card').count(), 3, 'cards: nobody has a face yet');
    await look(page, 'cards of a class');
    await press(shown, 'Put away');
    await press(page, 'Cards …');
    dialog = dialogOf(page, 'Cards of a class');
    await press(dialog, 'Make');
    await page.getByText('No card was made.').waitFor();
}));

await test('a PIN: an odd one is refused, one is made, shown once', () => at(`students/${pupils[0]}`, async (page) => {
    await press(part(page, 'Without the face'), 'Make a PIN');
    const dialog = dialogOf(page, /^PIN for/);
    await dialog.getByLabel('PIN', { exact: true }).fill('12');
    await press(dialog, 'Set the PIN');
    await dialog.locator('.error').waitFor();
    await dialog.getByLabel('PIN', { exact: true }).fill('');
    await press(dialog, 'Set the PIN');
    const shown = dialogOf(page, /^PIN of/);
    equal(/^\d{6}$/.test(await shown.locator('output').innerText()), true, 'a PIN of six digits');
    await page.keyboard.press('Escape');
    await part(page, 'Without the face').getByText('has a PIN').waitFor();
}, { expect: [422] }));

await test('another way for who needs it: by the administrator', () => at(`students/${pupils[1]}`, async (page) => {
    await part(page, 'Without the face').getByRole('checkbox').check();
    await eventually('it is kept', async () => (await studentOf(pupils[1])).accommodation);
    await page.reload();
    await settled(page);
    equal(await part(page, 'Without the face').getByRole('checkbox').isChecked(), true, 'the panel says it');
}));

await test('a coordinator notes consent and makes cards for the own classes', async () => {
    const { one_time_password: once } = await admin.post('/api/users', { name: 'meera', full_name: 'Meera Nair', role: 'coordinator', classes: ['L1'] });
    await firstLogin(server, 'meera', once, PASSWORD);
    await at(`students/${pupils[3]}`, async (page) => {
        await press(part(page, 'Consent to the face'), 'Note a refusal');
        const dialog = dialogOf(page, /^Refusal for/);
        await dialog.getByLabel('Who said it').fill('the father');
        await press(dialog, 'Note the refusal');
        await part(page, 'Consent to the face').getByText('refused').first().waitFor();
        equal(await part(page, 'Without the face').getByRole('checkbox').count(), 0, 'what is the administrator’s to say');
    }, { user: 'meera' });
    const { consent_history: [word] } = await studentOf(pupils[3]);
    equal([word.by, word.recorded_by], ['the father', 'Meera Nair'], 'who said it, and who noted it');
});

await test('the student sees the own consent', async () => {
    const { one_time_password: once } = await admin.post('/api/users', { name: 'pupil', full_name: 'Pupil', role: 'student', student_id: pupils[1] });
    await firstLogin(server, 'pupil', once, PASSWORD);
    equal((await (await login(server, 'pupil', PASSWORD)).get(`/api/students/${pupils[1]}`)).consent, 'given', 'what the server says');
    for (const [lookName, options] of LOOKS)
        await at('', async (page) => {
            holds(await page.locator('main').innerText(), ['given by form of admission', 'may withdraw it at any time'], 'the own consent');
            await look(page, `student consent ${lookName}`);
        }, { user: 'pupil', where: 'student-dashboard', ...options });
});

await server.stop();
await finish();
