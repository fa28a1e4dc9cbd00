/*
 * The roll screen and the PIN entry in a real terminal (tmux), by real keys: a tick, a correction, undo, closing, opening again,
 * no session. What the screen says is saved must be in the store: it is asked by another process.
 */
import path from 'node:path';
import fs from 'node:fs';
import { copyFolder, equal, folder, good, holds, json, make, media, report, station, stationFolder, test } from './lib.mjs';
import { Terminal } from './terminal.mjs';

const clip = await make('cut', path.join(folder('clip'), 'empty.avi'), media('franck.mp4'), 110, 115);
const data = await stationFolder();
const complaints = folder('sanitizer');
const asan = { ASAN_OPTIONS: `${process.env.ASAN_OPTIONS || ''}:log_path=${complaints}/asan`, UBSAN_OPTIONS: `${process.env.UBSAN_OPTIONS || ''}:log_path=${complaints}/ubsan` };
const captures = process.env.CAPTURES; // a folder for the screens, to be looked at

const roll = async (dir) => Object.fromEntries((await json(['--data', dir, 'roll'])).map((entry) => [entry.id, entry.status]));

async function onScreen(name, options, body) {
    const dir = copyFolder(options.data || data), terminal = new Terminal({ ...options, env: asan });
    const keep = (word) => captures && fs.writeFileSync(path.join(captures, `${name}-${word}.txt`), terminal.text());
    try {
        await terminal.shows('shell>');
        terminal.type(`${station} --data ${dir} run --camera 'replay:${clip}?loop=1'; echo "exit=$?"`);
        await terminal.shows('Rollcall', 15);
        await body(terminal, dir, keep);
        terminal.press('q');
        await terminal.shows(/Stop\s+the\s+station\?|Stop\?/);
        terminal.press('y');
        equal(await terminal.exit(), 0, 'exit code');
    } finally {
        terminal.close();
    }
}

const keys = (terminal, text) => { for (const key of text) terminal.press(key === ' ' ? 'Space' : key); };

for (const options of [{ name: '80x24' }, { name: '40x12', rows: 12, cols: 40 }, { name: 'ascii', lang: 'C' }]) {
    await test(`${options.name}: tick, correct, undo, close, open again`, () => onScreen(options.name, options, async (terminal, dir, keep) => {
        terminal.press('r');
        await terminal.shows(/Asha/);
        holds(await terminal.shows(/not yet 2/), /> a|> Asha/, 'the first is chosen');
        keep('list');
        terminal.press('p'); // a tick; who does it is asked once
        await terminal.shows('Who are you?');
        keys(terminal, 'Meera Nair');
        keep('name');
        terminal.press('Enter');
        await terminal.shows(/Asha Able: present/);
        keep('ticked');
        equal((await roll(dir)).a, 'present', 'the roll while the screen says so');
        terminal.press('Down'); // a correction asks why
        terminal.press('e');
        await terminal.shows(/Bilal Baker is excused: why\?/);
        keys(terminal, 'fever');
        keep('reason');
        terminal.press('Enter');
        await terminal.shows(/Bilal Baker: excused/);
        equal(await roll(dir), { a: 'present', b: 'excused' }, 'the roll');
        terminal.press('u');
        await terminal.shows(/Bilal Baker: /);
        await terminal.shows(/not yet 1/);
        equal((await roll(dir)).b, 'not yet', 'undone');
        terminal.press('Enter');
        holds(await terminal.shows(/Close the roll of T1\?/), /1 becomes absent: Bilal\s+Baker/, 'what follows');
        keep('close');
        terminal.press('n');
        await terminal.shows(/> b|> Bilal/);
        equal((await roll(dir)).b, 'not yet', 'not closed');
        terminal.press('Enter');
        await terminal.shows(/Close the roll/);
        terminal.press('y');
        await terminal.shows('the roll is closed');
        await terminal.shows(/closed by Meera/);
        keep('closed');
        equal(await roll(dir), { a: 'present', b: 'absent' }, 'closed');
        terminal.press('o');
        await terminal.shows(/Open the roll again: why/);
        keys(terminal, 'too early');
        terminal.press('Enter');
        await terminal.shows(/Open the roll of T1 again\?/);
        terminal.press('y');
        await terminal.shows('the roll is open again');
        equal((await roll(dir)).b, 'not yet', 'open again');
        terminal.press('Escape');
        await terminal.shows(/r roll|\? help|quit/);
    }));
}

await test('no session today: the class is typed out', () => onScreen('no-session', {}, async (terminal, dir, keep) => {
    terminal.press('r');
    await terminal.shows(/not yet 2/);
    terminal.press('n');
    await terminal.shows('Who are you?');
    keys(terminal, 'Meera');
    terminal.press('Enter');
    await terminal.shows(/No session today: why/);
    keys(terminal, 'heavy rain');
    terminal.press('Enter');
    await terminal.shows(/Type T1 to say yes/);
    keys(terminal, 'T2');
    terminal.press('Enter');
    await terminal.shows('that is not T1');
    terminal.press('BSpace');
    keys(terminal, '1');
    keep('typed');
    terminal.press('Enter');
    await terminal.shows(/no session today, says Meera/);
    keep('said');
    const { events } = await good(['--data', dir, 'roll', 'close', 'T1', '--by', 'X', '--json']); // somebody else closes it after all
    equal(events[0].word, 'closed', 'the word');
    await terminal.shows(/closed by X/);
}));

await test('a tick while a session is not open is a correction with a reason', async () => {
    const closed = copyFolder(data);
    fs.writeFileSync(path.join(closed, 'r.csv'), 'class,start,late_after,close_after,weekdays\nT1,00:10,1,2,Mon-Sun\n');
    await good(['--data', closed, 'roster', 'import', path.join(closed, 'r.csv')]);
    await onScreen('closed', { data: closed }, async (terminal, dir) => {
        terminal.press('r');
        await terminal.shows(/Asha/);
        terminal.press('p');
        await terminal.shows('Who are you?');
        keys(terminal, 'Meera');
        terminal.press('Enter');
        await terminal.shows(/Asha Able is present: why/);
        keys(terminal, 'she was here');
        terminal.press('Enter');
        await terminal.shows(/Asha Able: present/);
        equal((await roll(dir)).a, 'present', 'the roll');
    });
});

await test('a PIN: not shown, wrong ones told alike, locked after five, and right', async () => {
    const withPin = copyFolder(data);
    await good(['--data', withPin, 'pin', 'a', '--pin', '470115']);
    await onScreen('pin', { data: withPin }, async (terminal, dir, keep) => {
        const enter = async (id, pin, word) => {
            terminal.press('p');
            await terminal.shows(/id\s+> _|> {2}_/);
            keys(terminal, id);
            terminal.press('Enter');
            keys(terminal, pin);
            const text = await terminal.shows('*'.repeat(pin.length));
            equal(text.includes(pin), false, 'the PIN is on the screen');
            terminal.press('Enter');
            await terminal.shows(word);
        };
        await enter('nobody', '470115', 'id or PIN is wrong');
        keep('wrong');
        terminal.press('Escape');
        await enter('a', '918273', 'id or PIN is wrong');
        terminal.press('Escape');
        for (let i = 0; i < 5; i++) {
            await enter('b', '918273', 'id or PIN is wrong');
            terminal.press('Escape');
        }
        await enter('b', '918273', 'wait 10 minutes');
        terminal.press('Escape');
        await enter('a', '470115', /Good (morning|afternoon|evening), Asha/);
        keep('right');
        equal(await roll(dir), { a: 'present', b: 'not yet' }, 'the roll');
    });
});

await test('no sanitizer complained', async () => {
    equal(fs.readdirSync(complaints).map((name) => fs.readFileSync(path.join(complaints, name), 'utf8').slice(0, 4000)), [], 'reports');
});

report();
