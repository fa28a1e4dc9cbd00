/*
 * kill -9 at any moment: in start-up, before a mark, at it and after it, and within enrol, roster import and the very
 * first start. What was told is stored, what is stored is whole, nobody is marked twice, and the next start works.
 * The moments are drawn from a seed (ROLLCALL_TEST_SEED, default 1).
 */
import fs from 'node:fs';
import path from 'node:path';
import { atLeast, copyFolder, equal, folder, good, json, make, media, of, random, remove, replay, report, run, start, station, stationFolder, test } from './lib.mjs';
import { enrol, images, withConsent } from './people.mjs';

const chance = random(Number(process.env.ROLLCALL_TEST_SEED || 1));
const between = (low, high) => low + (high - low) * chance();
const clip = await make('cut', path.join(folder('clip'), 'living.avi'), media('franck.mp4'), 110, 185); // one blink, at 164
const data = await stationFolder();
await enrol(data, 'a');

const onRoll = async (dir) => (await json(['--data', dir, 'roll'])).filter((entry) => entry.status !== 'not yet');

/* Doctor walks the whole log; without models it has nothing to load. */
async function fine(dir) {
    const { events } = await run(['--data', dir, 'doctor', '--json'], { env: { ROLLCALL_MODELS_DIR: '/nowhere' } });
    const { finding, text } = events.find((event) => event.topic === 'store');
    equal([finding, text], ['ok', text], 'doctor on the store');
}

const delay = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** Starts the program and kills it: `when(program)` is a promise of the moment. True: it was over before. */
async function killed(words, when) {
    const program = start(station, words);
    await when(program);
    program.child.kill('SIGKILL');
    const { signal, events } = await program.done;
    return { over: signal !== 'SIGKILL', events };
}

async function duration(body) {
    const began = performance.now();
    await body();
    return performance.now() - began;
}

const runWords = (dir) => ['--data', dir, 'run', '--headless', '--until-eof', '--events', '-', '--camera', `replay:${clip}?speed=max`];
let whole;
await test('without a kill the clip marks', async () => {
    whole = await duration(async () => equal(of((await replay(copyFolder(data), clip)).events, 'marked').map((event) => event.student), ['a'], 'marked'));
    return `${whole.toFixed(0)} ms`;
});

const kinds = {
    'in start-up': (program) => delay(between(0, 0.4 * whole)),
    'anywhere': (program) => delay(between(0.2 * whole, whole)),
    'in the frames of the blink and the mark': (program, i) => program.until((event) => event.event === 'frame' && event.frame >= 57 + (i % 6)),
    'as soon as "marked" is read': (program) => program.until((event) => event.event === 'marked'),
};
for (const [kind, when] of Object.entries(kinds)) {
    await test(`run, killed ${kind}, 10 times`, async () => {
        let marks = 0, unread = 0, over = 0;
        for (let i = 0; i < 10; i++) {
            const own = copyFolder(data);
            const result = await killed(runWords(own), (program) => when(program, i));
            const read = of(result.events, 'marked').map((mark) => [mark.student, mark.seq, 'present']);
            const entries = (await onRoll(own)).map((entry) => [entry.id, entry.mark_seq, entry.status]);
            atLeast(1, entries.length, 'entries of the roll');
            if (read.length > 0) equal(entries, read, 'on the roll, of what was told');
            await fine(own);
            marks += entries.length, unread += entries.length - read.length, over += result.over;
            if (i % 5 === 0) { // the next start
                const { events } = await replay(own, clip);
                equal(of(events, entries.length > 0 ? 'already' : 'marked').map((event) => event.student), ['a'], 'the next start');
                equal(of(events, 'marked').length + entries.length, 1, 'marks in all');
                const after = await onRoll(own);
                if (entries.length > 0) equal(after.map((entry) => entry.mark_seq), [entries[0][1]], 'the mark after the next start');
                await fine(own);
            }
            remove(own);
        }
        return `${marks} of 10 had marked (${unread} of them before it could be read), ${over} were over before`;
    });
}

await test('run, killed six times in a row on one folder, then let go', async () => {
    const own = copyFolder(data);
    for (let i = 0; i < 6; i++) await killed(runWords(own), () => delay(between(0.1 * whole, 0.8 * whole)));
    await fine(own);
    const { events } = await replay(own, clip);
    equal(of(events, 'marked').concat(of(events, 'already')).map((event) => event.student), ['a'], 'marked now or before');
    equal((await onRoll(own)).length, 1, 'entries of the roll');
    await fine(own);
});

await test('two stations on one folder: one mark', async () => {
    const own = copyFolder(data);
    const results = await Promise.all([run(runWords(own)), run(runWords(own))]);
    const marked = results.flatMap((result) => of(result.events, 'marked'));
    equal(marked.length <= 1 && (await onRoll(own)).length === 1, true, `one mark (events: ${marked.length})`);
    await fine(own);
    return results.map((result) => `exit ${result.code}${result.stderr.includes('rollcall-station:') ? ` ${result.stderr.match(/rollcall-station: .*/)[0].replace(own, '…')}` : ''}`).join(', ');
});

await test('roster import, killed 12 times: all or nothing', async () => {
    const file = path.join(folder('csv'), 'many.csv'), many = 20000;
    fs.writeFileSync(file, `id,name,class\n${Array.from({ length: many }, (_, i) => `s${i},Student ${i},T1`).join('\n')}\n`);
    const long = await duration(() => good(['--data', copyFolder(data), 'roster', 'import', file]));
    let imported = 0;
    for (let i = 0; i < 12; i++) {
        const own = copyFolder(data);
        await killed(['--data', own, 'roster', 'import', file], () => delay(between(0.1 * long, 1.2 * long)));
        const [{ students }] = await json(['--data', own, 'status']);
        equal([2, many + 2].includes(students), true, `students (${students})`);
        await fine(own);
        imported += students > 2;
        if (i % 4 === 0) {
            await good(['--data', own, 'roster', 'import', file]);
            equal((await json(['--data', own, 'status']))[0].students, many + 2, 'students after importing again');
        }
        remove(own);
    }
    return `${imported} of 12 were through, an import takes ${long.toFixed(0)} ms`;
});

await test('enrol, killed 8 times: all or nothing', async () => {
    const words = (dir) => ['--data', dir, 'enrol', 'b', ...withConsent, ...images('b')];
    const done = copyFolder(data), [{ templates: before }] = await json(['--data', data, 'status']);
    const long = await duration(() => good(words(done)));
    const [{ templates: after }] = await json(['--data', done, 'status']);
    let through = 0;
    for (let i = 0; i < 8; i++) {
        const own = copyFolder(data);
        /* The commit is at the end: half of the kills fall into the last tenth. */
        await killed(words(own), () => delay(i % 2 === 0 ? between(0, long) : between(0.9 * long, long)));
        const [status] = await json(['--data', own, 'status']);
        equal([JSON.stringify([1, before]), JSON.stringify([2, after])].includes(JSON.stringify([status.enrolled, status.templates])), true, `enrolled and templates (${status.enrolled}, ${status.templates})`);
        await fine(own);
        through += status.enrolled === 2;
        if (i % 6 === 0) {
            await good(words(own));
            equal((await json(['--data', own, 'status']))[0].templates, after, 'templates after enrolling again');
        }
        remove(own);
    }
    return `${through} of 8 were through, an enrolment takes ${long.toFixed(0)} ms`;
});

await test('the very first start, killed 12 times, and the second one', async () => {
    const file = path.join(folder('csv'), 'one.csv');
    fs.writeFileSync(file, 'id,name,class\na,Asha,T1\n');
    const words = (dir) => ['--data', dir, 'roster', 'import', file];
    const long = await duration(async () => good(words(await stationFolder({ roster: false }))));
    let through = 0;
    for (let i = 0; i < 12; i++) {
        const own = await stationFolder({ roster: false });
        const { over } = await killed(words(own), () => delay(between(0, 1.1 * long)));
        await good(words(own));
        equal((await json(['--data', own, 'status']))[0].students, 1, 'students');
        await fine(own);
        through += over;
        remove(own);
    }
    return `${through} of 12 were over before; a first start takes ${long.toFixed(0)} ms`;
});

report();
