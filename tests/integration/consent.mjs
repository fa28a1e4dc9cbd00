/*
 * Consent, cards and PINs with real servers and stations: no face is kept without consent, a withdrawal takes it away
 * everywhere, also by a station that was off then and at a station without a network, and the lane without a face goes on.
 */
import fs from 'node:fs';
import path from 'node:path';
import { equal, folder, good, holds, json, report, run, stationFolder, test } from './lib.mjs';
import { firstAdmin, makeClass, serverFolder, serverJson, serverRun, startServer } from './lib/server.mjs';
import { enrol, images, parent, withConsent } from './people.mjs';

const sync = (data) => good(['--data', data, 'sync', '--once']);
const status = async (data) => (await json(['--data', data, 'status']))[0];
const pupil = async (data, id) => (await json(['--data', data, 'roster', 'list'])).find((row) => row.id === id);
const student = (id) => admin.get(`/api/students/${id}`);
const say = (id, state, more = {}) => admin.post(`/api/students/${id}/consent`, { state, by: parent, ...more });

async function paired(name) {
    const { station: { id }, code } = await admin.post('/api/stations', { name, classes: ['T1'] });
    const data = await stationFolder({ roster: false });
    await good(['--data', data, 'pair', server.url, code]);
    await sync(data);
    return { id, data };
}

// ---- one station alone -----------------------------------------------------------------------------------------------

await test('a station without a server: no face without consent, and a withdrawal destroys it at once', async () => {
    const data = await stationFolder();
    const { code, stderr } = await run(['--data', data, 'enrol', 'a', ...images('a')]);
    equal(code, 1, 'without consent');
    holds(stderr, ['no consent to keep the face of a', '--consent-by NAME'], 'what to do');
    equal([(await status(data)).enrolled, (await pupil(data, 'a')).card_lane], [0, 'no_consent'], 'enrolled; why the card is open');
    await enrol(data, 'a');
    equal((await pupil(data, 'a')).consent, 'given', 'with the enrolment');
    equal((await pupil(data, 'a')).card_lane, 'closed', 'he is to use his face');
    await enrol(data, 'a'); // again: it was given
    const { stdout } = await good(['--data', data, 'consent', 'a', 'withdrawn', '--by', parent]);
    holds(stdout, ['withdrawn by Latha Nair, mother', 'the face is destroyed'], 'what is said');
    equal([(await status(data)).enrolled, (await status(data)).templates], [0, 0], 'enrolled, templates');
    equal((await pupil(data, 'a')).card_lane, 'no_consent', 'the lane goes on');
    const again = await run(['--data', data, 'enrol', 'a', ...images('a')]);
    holds(again.stderr, 'was withdrawn', 'enrolling after it');
    await good(['--data', data, 'correct', 'a', 'present', '--by', 'Meera', '--reason', 'was there']);
    equal((await json(['--data', data, 'roll'])).find((row) => row.id === 'a' || row.student === 'a').status, 'present', 'the roll');
    equal((await run(['--data', data, 'doctor'])).stdout.includes('damaged'), false, 'the store is whole');
});

await test('a station without a server: cards and PINs', async () => {
    const data = await stationFolder(), file = path.join(folder('card'), 'a.svg');
    const { stdout } = await good(['--data', data, 'card', 'a']);
    const [text] = stdout.match(/RC1-[0-9A-Z]{28}/);
    holds(stdout, ['█', 'shown this once'], 'the code in the terminal');
    await good(['--data', data, 'card', 'a', '--out', file]);
    holds(fs.readFileSync(file, 'utf8'), /^<svg .*<\/svg>$/, 'the file');
    equal(fs.statSync(file).mode & 0o777, 0o600, 'for nobody else');
    equal((await run(['--data', data, 'card', 'a', '--out', file])).code, 1, 'a file that is there is not overwritten');
    const [{ pin }] = await json(['--data', data, 'pin', 'a']);
    holds(pin, /^\d{6}$/, 'a PIN that was made up');
    equal((await run(['--data', data, 'pin', 'a', '--pin', '1234'])).code, 1, 'one that is easy to guess');
    await good(['--data', data, 'pin', 'a', '--pin', '4071']);
    equal([(await pupil(data, 'a')).card, (await pupil(data, 'a')).pin], [true, true], 'card, PIN');
    const store = fs.readFileSync(path.join(data, 'store/data.mdb'));
    for (const secret of [text, pin, '4071']) equal(store.includes(secret), false, `${secret} in the store`);
    const csv = path.join(folder('csv'), 'students.csv');
    fs.writeFileSync(csv, 'id,name,class\na,Asha A,T1\n');
    await good(['--data', data, 'roster', 'import', csv]);
    equal([(await pupil(data, 'a')).name, (await pupil(data, 'a')).card], ['Asha A', true], 'an import leaves the card');
});

// ---- the server ------------------------------------------------------------------------------------------------------

const server = await startServer({ data: serverFolder(), timeoutS: 900 });
const admin = await firstAdmin(server);
await makeClass(admin, 'T1', 0);
for (const [id, name] of [['a', 'Asha Able'], ['b', 'Bilal Baker']]) await admin.post('/api/students', { id, name, class_id: 'T1' });

await test('the server: every word with its history, the same again is none', async () => {
    await admin.patch('/api/settings', { consent_text_version: '2026-1' });
    equal((await student('a')).consent, 'none', 'nobody was asked');
    await say('a', 'refused', { note: 'on the telephone' });
    const { consent, card_lane, consent_history: words } = await say('a', 'given');
    equal([consent, card_lane], ['given', 'no_templates'], 'consent, lane');
    equal(words.map((word) => [word.state, word.by, word.recorded_by, word.text_version, word.note]),
        [['refused', parent, 'Administrator', null, 'on the telephone'], ['given', parent, 'Administrator', '2026-1', null]], 'the history');
    equal((await say('a', 'given')).consent_history.length, 2, 'the same word again');
    equal((await admin.ask('POST', '/api/students/a/consent', { state: 'perhaps', by: parent })).status, 422, 'another state');
    equal((await admin.ask('POST', '/api/students/a/consent', { state: 'given' })).status, 422, 'by nobody');
    equal((await admin.ask('POST', '/api/students/none/consent', { state: 'given', by: parent })).status, 404, 'nobody of that id');
    equal((await admin.ask('POST', '/api/consents', { state: 'given', by: parent, students: ['b', 'none'] })).status, 422, 'one of many is not there');
    equal((await student('b')).consent, 'none', 'then nothing was said');
    equal((await admin.post('/api/consents', { state: 'given', by: parent, class_id: 'T1' })), { changed: 1, unchanged: 1 }, 'a class');
});

await test('a roster file says who gave consent; what came later stands', async () => {
    const text = 'id,name,class,consent_by,consent_date\nc,Chitra Chand,T1,"Ravi Chand, father",2026-06-01\nb,Bilal Baker,T1,,\n';
    const files = { files: [{ name: 'students.csv', text }] };
    await admin.post('/api/students/import', files);
    equal((await student('c')).consent_history.map((word) => [word.state, word.by, word.recorded_by]), [['given', 'Ravi Chand, father', 'roster file']], 'imported');
    await say('c', 'withdrawn');
    await admin.post('/api/students/import', files);
    equal([(await student('c')).consent, (await student('c')).consent_history.length], ['withdrawn', 2], 'the same file again');
    const bad = await admin.ask('POST', '/api/students/import', { files: [{ name: 'x.csv', text: text.replace('2026-06-01', '') }] });
    holds(JSON.stringify(bad.body), 'belong together', 'who, but not when');
    await admin.ask('DELETE', '/api/students/c', { confirm: 'c' });
});

// ---- withdrawal, everywhere ------------------------------------------------------------------------------------------

const door = await paired('Door'), gate = await paired('Gate');

await test('a withdrawal at the server reaches every station, also one that was off', async () => {
    await enrol(door.data, 'a');
    await sync(door.data);
    await sync(gate.data);
    equal([(await student('a')).enrolled, (await status(gate.data)).enrolled], [true, 1], 'at the server, at the gate');
    equal((await student('a')).consent_history.at(-1).station, door.id, 'consent came with it');
    await say('a', 'withdrawn');
    equal((await student('a')).enrolled, false, 'at the server, at once');
    await sync(door.data);
    equal((await status(door.data)).templates, 0, 'at the door');
    equal((await status(gate.data)).enrolled, 1, 'the gate does not know yet');
    await sync(gate.data);
    equal([(await status(gate.data)).templates, (await pupil(gate.data, 'a')).card_lane], [0, 'no_consent'], 'the gate, when it is back');
    const { stderr } = await run(['--data', gate.data, 'enrol', 'a', ...images('a')]);
    holds(stderr, 'was withdrawn', 'enrolling there');
});

await test('a withdrawal at a station without a network holds there at once, and everywhere with the next sync', async () => {
    await enrol(door.data, 'a');
    await sync(door.data);
    await sync(gate.data);
    await sync(gate.data);
    equal([(await student('a')).enrolled, (await status(gate.data)).enrolled], [true, 1], 'given again, and enrolled');
    await good(['--data', gate.data, 'consent', 'a', 'withdrawn', '--by', parent]);
    equal((await status(gate.data)).templates, 0, 'at the gate, which has no network');
    equal((await student('a')).enrolled, true, 'the server does not know yet');
    await sync(gate.data);
    await sync(gate.data);
    equal([(await student('a')).enrolled, (await student('a')).consent], [false, 'withdrawn'], 'at the server');
    equal((await status(gate.data)).templates, 0, 'the server did not bring it back to the gate');
    await sync(door.data);
    equal((await status(door.data)).templates, 0, 'at the door');
});

await test('a face that was made under a consent from before a withdrawal does not come back', async () => {
    await good(['--data', gate.data, 'enrol', 'b', ...withConsent, ...images('b')]); // not sent yet
    await say('b', 'withdrawn');
    await say('b', 'given');
    await sync(gate.data);
    await sync(gate.data);
    equal([(await student('b')).enrolled, (await student('b')).consent], [false, 'given'], 'at the server');
    equal((await status(gate.data)).templates, 0, 'at the gate');
    await good(['--data', gate.data, 'enrol', 'b', ...images('b')]); // a new one, under the new consent
    await sync(gate.data);
    equal((await student('b')).enrolled, true, 'a new one is taken');
});

// ---- cards and PINs of the server ------------------------------------------------------------------------------------

await test('cards and PINs are made at the server, seen once, and known at the stations', async () => {
    const card = await admin.post('/api/students/a/card');
    holds(card.card, /^RC1-[0-9A-Z]{28}$/, 'the text');
    holds(card.svg, /^<svg /, 'the code');
    const { pin } = await admin.post('/api/students/a/pin');
    holds(pin, /^\d{6}$/, 'the PIN');
    equal((await admin.ask('POST', '/api/students/a/pin', { pin: '1111' })).status, 422, 'one that is easy to guess');
    await admin.post('/api/students/a/pin', { pin: '4071' });
    const { card_set, pin_set, consent_history: words, ...rest } = await student('a');
    equal([card_set, pin_set, JSON.stringify(rest).includes('argon2')], [true, true, false], 'what the API says');
    equal(words.length > 0, true, 'history');
    await sync(door.data);
    equal([(await pupil(door.data, 'a')).card, (await pupil(door.data, 'a')).pin], [true, true], 'at the door');
    const stores = [server.data, door.data].map((data) => fs.readdirSync(data, { recursive: true }).filter((name) => name.endsWith('data.mdb')).map((name) => path.join(data, name)));
    equal(stores.map((files) => files.length), [1, 1], 'stores');
    for (const [file] of stores)
        for (const secret of [card.card, pin]) equal(fs.readFileSync(file).includes(secret), false, `a secret in ${file}`);
    equal((await run(['--data', door.data, 'card', 'a'])).code, 1, 'a paired station makes none');
    /* "b" is enrolled: his face is to be used, unless the school says otherwise */
    equal((({ cards, kept, closed }) => [cards.length, kept, closed])(await admin.post('/api/classes/T1/cards')), [0, 1, 1], 'of the class');
    equal((({ cards, kept, closed }) => [cards.length, kept, closed])(await admin.post('/api/classes/T1/cards', { everybody: true, replace: true })), [2, 0, 0], 'of everybody, anew');
    await admin.patch('/api/settings', { card_for_all: true });
    await sync(door.data);
    equal([(await student('b')).card_lane, (await pupil(door.data, 'b')).card_lane], ['card_for_all', 'card_for_all'], 'a school that lets everybody');
    await admin.patch('/api/settings', { card_for_all: false });
    await admin.patch('/api/students/b', { accommodation: true });
    await sync(door.data);
    equal((await pupil(door.data, 'b')).card_lane, 'accommodation', 'an accommodation');
    equal((await admin.ask('POST', '/api/classes/none/cards', {})).status, 404, 'no such class');
});

await test('erasing a student takes card, PIN and consent away too', async () => {
    await admin.ask('DELETE', '/api/students/a', { confirm: 'a' });
    await admin.post('/api/students', { id: 'a', name: 'Another', class_id: 'T1' });
    const { consent, card_set, pin_set, consent_history } = await student('a');
    equal([consent, card_set, pin_set, consent_history], ['none', false, false, []], 'of who has the id now');
    await sync(door.data);
    const { consent: here, card, pin } = await pupil(door.data, 'a');
    equal([here, card, pin], ['none', false, false], 'at the door');
});

await test('the command prints the cards of a class', async () => {
    const file = path.join(folder('cards'), 'T1.html');
    await server.stop();
    const [made] = await serverJson(['--data', server.data, 'cards', '--class', 'T1', '--out', file, '--everybody', '--replace']);
    equal(made, { cards: 2, kept: 0, closed: 0 }, 'what it says');
    const html = fs.readFileSync(file, 'utf8');
    equal([html.match(/<svg /g).length, html.match(/RC1-/g).length], [2, 2], 'codes and texts');
    holds(html, ['Test School', 'Bilal Baker'], 'what stands on them');
    equal(fs.statSync(file).mode & 0o777, 0o600, 'for nobody else');
    equal((await serverRun(['--data', server.data, 'cards', '--class', 'T1', '--out', file, '--everybody', '--replace'])).code, 1, 'a file that is there');
    equal((await serverRun(['--data', server.data, 'cards', '--class', 'none', '--out', `${file}2`])).code, 1, 'no such class');
    const [checked] = await serverJson(['--data', server.data, 'check']);
    equal(Boolean(checked), true, 'the store is whole');
    await serverJson(['--data', server.data, 'rebuild']);
});

report();
