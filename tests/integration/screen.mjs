/*
 * The real interface in a real terminal (tmux), on a recording at real speed: small and large, many colours and none,
 * without UTF-8, resized wildly, stopped by key, by signal and by a hang-up. Words are looked for, not whole screens:
 * those are compared in tests/unit/ui.
 */
import fs from 'node:fs';
import path from 'node:path';
import { atLeast, atMost, copyFolder, equal, finding, folder, holds, json, make, media, random, report, station, stationFolder, test } from './lib.mjs';
import { enrol } from './people.mjs';
import { Terminal } from './terminal.mjs';

const clip = await make('cut', path.join(folder('clip'), 'living.avi'), media('franck.mp4'), 110, 185); // a blink after 2 s
const data = await stationFolder();
await enrol(data, 'a');

/* On the screen a sanitizer has no stderr: it writes files. */
const complaints = folder('sanitizer');
const asan = { ASAN_OPTIONS: `${process.env.ASAN_OPTIONS || ''}:log_path=${complaints}/asan`, UBSAN_OPTIONS: `${process.env.UBSAN_OPTIONS || ''}:log_path=${complaints}/ubsan` };

const onRoll = async (dir) => (await json(['--data', dir, 'roll'])).filter((entry) => entry.status !== 'not yet').map((entry) => entry.id);
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** Starts the interface in a terminal; body gets both. Afterwards the terminal must be as it was. */
async function onScreen(options, body) {
    const dir = options.data || copyFolder(data), terminal = new Terminal({ ...options, env: { ...asan, ...options.env } });
    try {
        await terminal.shows('shell>');
        terminal.type('stty -a > /dev/null; stty -a | cksum');
        const settings = (await terminal.shows(/\d+ \d+\n/)).match(/^\d+ \d+$/m)[0];
        terminal.type('clear');
        const camera = options.camera || `replay:${clip}?loop=1`;
        terminal.type(`${station} --data ${dir} run --camera '${camera}'; echo "exit=$?"`);
        const result = await body(terminal, dir);
        if (options.gone) return result;
        equal([terminal.know('alternate_on'), terminal.know('cursor_flag'), terminal.know('mouse_any_flag')], ['0', '1', '0'], 'alternate screen, cursor, mouse');
        terminal.resize(24, 80); // so that the answer fits
        terminal.type('clear; stty -a | sed "s/rows [0-9]*; columns [0-9]*//" > /dev/null; stty rows ' + (options.rows || 24) + ' cols ' + (options.cols || 80) + '; stty -a | cksum');
        await terminal.shows(settings);
        terminal.type('echo "still" "here"');
        await terminal.shows('still here');
        return result;
    } finally {
        if (!options.gone) terminal.close();
    }
}

async function quit(terminal) {
    terminal.press('q');
    await terminal.shows(/Stop the\s+station\?/);
    terminal.press('y');
    equal(await terminal.exit(), 0, 'exit code');
}

await test('80 x 24: the first screen, a mark, help, the other view, quit that asks', () => onScreen({}, async (terminal, dir) => {
    await terminal.shows('Rollcall', 10);
    const marked = await terminal.shows(/Asha/, 30);
    holds(marked, [/[✓v]/, /\? help/, /q quit/, /blink only/], 'the screen after the mark');
    equal(await onRoll(dir), ['a'], 'the roll while the screen says so');
    terminal.press('?');
    await terminal.shows('stops the station; asks first');
    terminal.press('Escape');
    await terminal.shows(/\? help/);
    terminal.press('2');
    holds(await terminal.shows(/fps|frames/), /\d/, 'the operator view');
    terminal.press('1');
    await terminal.shows(/2 operator/);
    terminal.press('q');
    await terminal.shows('Stop the station?');
    terminal.press('n');
    await terminal.shows(/q quit/);
    terminal.press('C-c');
    await terminal.shows('Stop the station?');
    terminal.press('Escape');
    await terminal.shows(/q quit/);
    await quit(terminal);
}));

await test('a person who is marked already is greeted, not marked again', () => onScreen({}, async (terminal, dir) => {
    await terminal.shows(/Good (morning|afternoon|evening)|Hello/, 30);
    await terminal.shows(/already/, 30);
    await quit(terminal);
    equal(await onRoll(dir), ['a'], 'the roll');
}));

const terminals = [
    { what: '40 x 12', rows: 12, cols: 40 },
    { what: '120 x 40', rows: 40, cols: 120 },
    { what: '200 x 60', rows: 60, cols: 200 },
    { what: 'xterm, 8 colours', term: 'xterm' },
    { what: 'the Linux console', term: 'linux' },
    { what: 'screen', term: 'screen-256color' },
    { what: 'vt100, no colours', term: 'vt100' },
    { what: 'no UTF-8', lang: 'C', ascii: true },
    { what: 'no UTF-8, 40 x 12, vt100', lang: 'C', rows: 12, cols: 40, term: 'vt100', ascii: true },
];
for (const options of terminals) {
    await test(options.what, () => onScreen(options, async (terminal) => {
        await terminal.shows('Rollcall', 10);
        const text = await terminal.shows(/Asha/, 30);
        if (options.ascii) equal(text.match(/[^\x00-\x7f]/g), null, 'characters beyond ASCII');
        atMost(Math.max(...text.split('\n').map((line) => [...line].length)), options.cols || 80, 'columns used');
        const colours = new Set(terminal.styled().match(/\x1b\[[\d;]*[34]8;5;\d+/g));
        if (options.term === 'vt100') equal(/\x1b\[[\d;]*(3|4)[0-7][;m]/.test(terminal.styled()), false, 'colours are used');
        if (!options.term && !options.ascii && (options.cols || 80) >= 80) atLeast(colours.size, 8, 'colours of the picture');
        await quit(terminal);
    }));
}

await test('resized wildly, down to one cell and back', () => onScreen({}, async (terminal) => {
    await terminal.shows('Rollcall', 10);
    const chance = random(3);
    for (let i = 0; i < 60; i++) {
        terminal.resize(1 + Math.floor(chance() * (i % 2 ? 60 : 6)), 1 + Math.floor(chance() * (i % 2 ? 200 : 20)));
        if (i % 4 === 0) await pause(40);
    }
    terminal.resize(1, 1);
    await pause(150);
    terminal.resize(24, 80);
    await terminal.shows(/Rollcall/);
    await terminal.shows(/q quit/);
    await terminal.shows(/Asha/, 30);
    await quit(terminal);
}));

/* The program's process: the child of the terminal's shell. */
function program(terminal) {
    const children = fs.readFileSync(`/proc/${terminal.know('pane_pid')}/task/${terminal.know('pane_pid')}/children`, 'utf8').trim().split(' ').map(Number);
    equal(children.length, 1, 'programs of the shell');
    return children[0];
}

for (const [signal, code] of [['SIGTERM', 0], ['SIGHUP', 0], ['SIGABRT', 134]]) {
    await test(`${signal} gives the terminal back`, () => onScreen({}, async (terminal, dir) => {
        await terminal.shows(/Asha/, 30);
        process.kill(program(terminal), signal);
        equal(await terminal.exit(), code, 'exit code');
        equal(await onRoll(dir), ['a'], 'the roll');
    }));
}

await test('stopped and brought back by its shell', () => onScreen({}, async (terminal) => {
    await terminal.shows('Rollcall', 10);
    const pid = program(terminal);
    process.kill(pid, 'SIGSTOP');
    process.kill(pid, 'SIGCONT');
    await terminal.shows(/Asha/, 30);
    await quit(terminal);
}));

await test('the terminal hangs up: the station ends, the mark stays', () => onScreen({ gone: true }, async (terminal, dir) => {
    await terminal.shows(/Asha/, 30);
    const pid = program(terminal), deadline = Date.now() + 15000;
    terminal.close();
    while (fs.existsSync(`/proc/${pid}`) && Date.now() < deadline) await pause(50);
    equal(fs.existsSync(`/proc/${pid}`), false, 'the program runs on');
    equal(await onRoll(dir), ['a'], 'the roll');
    equal((await finding(dir, 'store')).finding, 'ok', 'doctor on the store');
}));

await test('a model is missing: the screen says so and goes on', async () => {
    const env = { ROLLCALL_MODELS_DIR: folder('empty') };
    await onScreen({ env }, async (terminal) => {
        holds(await terminal.shows('Marking by face is closed', 10), /packaging\/fetch-models/, 'the class view');
        terminal.press('2');
        await terminal.shows(/lane . closed/, 10);
        await quit(terminal);
    });
});

await test('a camera that is not there: the screen says so and goes on', () => onScreen({ camera: 'replay:/nowhere.mp4' }, async (terminal) => {
    await terminal.shows(/camera/i, 10);
    terminal.press('2');
    await terminal.shows(/No such file|lost/, 10);
    await quit(terminal);
}));

await test('the recording ends: the last picture stays, and q leaves', () => onScreen({ camera: `replay:${clip}` }, async (terminal) => {
    await terminal.shows(/Asha/, 30);
    await terminal.shows(/ended|over|recording/i, 20);
    await quit(terminal);
}));

await test('a terminal that can do nothing is refused with a sentence', async () => {
    for (const term of ['dumb', 'no-such-terminal']) {
        await onScreen({ term }, async (terminal) => {
            const code = await terminal.exit();
            equal(code === 1 || code === 2, true, `exit code with TERM=${term} is 1 or 2 (${code})`);
            holds(terminal.text(), 'rollcall-station: ', `TERM=${term}`);
        });
    }
});

await test('no sanitizer complained', async () => {
    equal(fs.readdirSync(complaints).map((name) => fs.readFileSync(path.join(complaints, name), 'utf8').slice(0, 4000)), [], 'reports');
});

report();
