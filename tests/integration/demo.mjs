/*
 * The demo as packaging/run plays it: two people, enrolled from pictures of other minutes and another recording, are
 * marked by the demo's recordings after a real blink, once, as themselves, and stay marked.
 */
import fs from 'node:fs';
import path from 'node:path';
import { annotations, meets } from './annotations.mjs';
import { atLeast, atMost, equal, finding, folder, good, holds, json, make, media, noonZone, models, of, replay, report, root, run, test } from './lib.mjs';

const people = [
    { id: 'DEMO-1', name: 'Franck', video: 'franck.mp4', rows: 'franck.csv' },
    { id: 'DEMO-2', name: 'Cap', video: 'cap13_edit2.mp4', rows: 'cap13.csv' },
];
const demo = path.join(root, 'packaging/demo');
const enrolled = Object.fromEntries(fs.readFileSync(path.join(demo, 'enrol'), 'utf8').split('\n')
    .filter((line) => /^[^#\s]/.test(line)).map((line) => line.trim().split(/\s+/)).map(([id, ...images]) => [id, images]));

function enrol(data, id) {
    return good(['--data', data, 'enrol', id, '--consent-by', 'the demo', ...enrolled[id].map((image) => media(image.split('@')[0]) + (image.includes('@') ? `@${image.split('@')[1]}` : ''))]);
}

/** The demo's data folder; its zone is one where it is noon, so that the class is open and the day does not end. */
async function demoFolder(ids) {
    const data = folder('demo');
    const settings = fs.readFileSync(path.join(demo, 'station.conf'), 'utf8');
    fs.writeFileSync(path.join(data, 'station.conf'), settings.replace(/^timezone = .*$/m, `timezone = ${noonZone()}`).replace(/^dir = .*$/m, `dir = ${models}`));
    for (const file of ['classes.csv', 'students.csv'])
        await good(['--data', data, 'roster', 'import', path.join(demo, file)]);
    for (const id of ids) await enrol(data, id);
    return data;
}

const onRoll = async (data) => (await json(['--data', data, 'roll'])).filter((entry) => entry.status !== 'not yet');
const clip = await make('cut', path.join(folder('clip'), 'franck.avi'), media('franck.mp4'), 0, 400);
let both, marks;

await test('the pictures that enrol are none of those that mark', async () => {
    equal(Object.keys(enrolled), people.map((person) => person.id), 'who is enrolled');
    for (const person of people)
        equal(enrolled[person.id].some((image) => image.startsWith(person.video)), false, `${person.id} is enrolled from ${person.video}`);
});

await test('two people are enrolled', async () => {
    both = await demoFolder(people.map((person) => person.id));
    const [status] = await json(['--data', both, 'status']);
    equal([status.students, status.enrolled], [2, 2], 'students and enrolled');
    return `${status.templates} templates`;
});

await test('both are marked, once, as themselves, after a blink that people saw too', async () => {
    const videos = folder('videos');
    people.forEach((person, i) => fs.symlinkSync(media(person.video), path.join(videos, `${i + 1}-${person.video}`)));
    const { events } = await replay(both, videos, { timeoutS: 300 });
    marks = of(events, 'marked');
    const blinks = [], firstFrame = { 'DEMO-1': 0, 'DEMO-2': 4800 };
    equal(marks.map((mark) => mark.student), people.map((person) => person.id), 'marked, in order');
    for (const mark of marks) {
        atMost(mark.distance, mark.threshold, `distance of ${mark.student}`);
        atLeast(mark.margin, 0.05, `margin of ${mark.student} to the other`);
        equal([mark.method, mark.policy], ['face', 'basic'], 'method and policy');
        const person = people.find((one) => one.id === mark.student);
        const before = events.slice(0, events.indexOf(mark)).filter((event) => event.event === 'blink' && event.track === mark.track);
        const blink = before.filter((event) => event.clean).at(-1);
        atLeast(before.filter((event) => event.clean).length, 1, `clean blinks of ${mark.student} before the mark`);
        /* Frames are counted through all videos of the folder. */
        const frames = [blink.first_frame, blink.last_frame].map((frame) => frame - firstFrame[person.id]);
        const seen = annotations(person.rows).filter((row) => row.event === 'blink' && meets(frames, row));
        equal(seen.length, 1, `blinks that people saw at frames ${frames.join(' to ')} of ${person.video}`);
        blinks.push(`frames ${frames.join(' to ')}`);
    }
    equal(of(events, 'camera').map((event) => event.state), ['clear', 'ended'], 'states of the camera');
    equal(of(events, 'activity'), [], 'activity');
    equal(of(events, 'stopped').map((event) => event.exit_code), [0], 'the last event');
    return marks.map((mark, i) => `${mark.name} by the blink of ${blinks[i]}, at distance ${mark.distance} of ${mark.threshold}, margin ${mark.margin}`).join('; ');
});

await test('the mark says when the recording was captured, not when it was stored', async () => {
    const data = await demoFolder(['DEMO-1']);
    const { events } = await replay(data, clip);
    const [mark] = of(events, 'marked'), [frame] = of(events, 'frame');
    const blink = of(events, 'blink').find((event) => event.clean);
    /* at_ms of a frame is its capture time: the recording's own time since its start. */
    const start = frame.at_ms - (frame.frame * 1000) / 24;
    const wanted = start + (blink.last_frame * 1000) / 24;
    atMost(Math.abs(mark.captured_ms - wanted), 60, 'milliseconds between the mark and the end of its blink');
    const [entry] = await onRoll(data);
    equal(Math.abs(Date.parse(entry.captured) - mark.captured_ms) <= 1, true, `capture time on the roll (${entry.captured}) is that of the event`);
    return `blink of frames ${blink.first_frame} to ${blink.last_frame}, ${((mark.captured_ms - start) / 1000).toFixed(2)} s into the recording`;
});

await test('they are on the roll, and the log holds', async () => {
    const entries = await onRoll(both);
    equal(entries.map((entry) => [entry.id, entry.status, entry.points > 0]), people.map((person) => [person.id, 'present', true]), 'the roll');
    equal(entries.map((entry) => entry.mark_seq), marks.map((mark) => mark.seq), 'sequence numbers of the marks');
    equal((await finding(both, 'store')).finding, 'ok', 'doctor on the store');
});

await test('a second run says so and adds no mark', async () => {
    const before = await onRoll(both), [status] = await json(['--data', both, 'status']);
    const { events } = await replay(both, clip);
    equal(of(events, 'marked').length, 0, 'marks');
    equal(of(events, 'already').map((event) => [event.student, event.receipt]), [['DEMO-1', marks[0].receipt]], 'already marked');
    equal(await onRoll(both), before, 'the roll');
    const [after] = await json(['--data', both, 'status']);
    equal(after.today.present, status.today.present, 'present');
    equal((await finding(both, 'store')).finding, 'ok', 'doctor on the store');
});

await test('a correction changes the roll and keeps the mark; erasing leaves it too', async () => {
    await good(['--data', both, 'correct', 'DEMO-1', 'excused', '--by', 'Teacher', '--reason', 'sent home']);
    const [entry] = await onRoll(both);
    equal([entry.id, entry.status, entry.corrected, entry.mark_seq], ['DEMO-1', 'excused', true, marks[0].seq], 'the corrected entry');
    await good(['--data', both, 'erase', 'DEMO-2']);
    const [status] = await json(['--data', both, 'status']);
    equal(status.enrolled, 1, 'enrolled after erasing one');
    equal((await onRoll(both)).map((one) => one.id), ['DEMO-1', 'DEMO-2'], 'on the roll');
    equal((await finding(both, 'store')).finding, 'ok', 'doctor on the store');
});

for (const [known, other] of [[0, 1], [1, 0]]) {
    await test(`${people[other].name} is never taken for ${people[known].name}`, async () => {
        const data = await demoFolder([people[known].id]);
        const { events } = await replay(data, other === 0 ? clip : media(people[other].video));
        equal(of(events, 'marked').concat(of(events, 'already')), [], 'marks');
        atLeast(of(events, 'blink').filter((blink) => blink.clean).length, 1, 'clean blinks of the other');
        const refused = of(events, 'refused').map((event) => event.reason);
        atLeast(refused.filter((reason) => reason === 'unknown_face').length, 1, 'refused as unknown');
        equal(await onRoll(data), [], 'the roll');
        equal(of(events, 'activity').filter((event) => event.activity === 'unknown_face').length >= 1, true, 'an activity "unknown_face"');
        const nearest = Math.min(...of(events, 'refused').map((event) => event.distance ?? 9));
        return `nearest distance ${nearest}, threshold ${of(events, 'refused')[0].threshold}`;
    });
}

await test('a person without a terminal gets a summary', async () => {
    const data = await demoFolder(['DEMO-1']);
    const { code, stdout } = await run(['--data', data, 'run', '--headless', '--until-eof', '--camera', `replay:${clip}?speed=max`]);
    equal(code, 0, 'exit code');
    holds(stdout, [/Marked:\n +\+ +\d\d:\d\d:\d\d +Franck \(DEMO-1\) +present, \d+ points, receipt \w{3}-\w{3}/, /distance 0\.\d\d \(at most 0\.\d\d\)/,
        'Refused: nothing', /Liveness policy: basic \(a blink only: .*no video.*\)/, `Data: ${data}`], 'the summary');
});

report();
