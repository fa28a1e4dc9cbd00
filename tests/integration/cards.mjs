/*
 * A student's card held before the camera, through the whole program: recordings into which a card was drawn. A miss in a bad
 * picture is fine, a wrong read is not.
 */
import fs from 'node:fs';
import path from 'node:path';
import { copyFolder, equal, folder, good, holds, json, make, media, of, replay, report, stationFolder, test } from './lib.mjs';
import { enrol, living } from './people.mjs';

/* A wall with a shadow: a picture that OpenCV reads, without a face. */
const wall = path.join(folder('wall'), 'wall.ppm');
{
    const pixels = Buffer.alloc(640 * 480 * 3);
    for (let i = 0; i < 640 * 480; i++) pixels.fill(90 + Math.floor((i % 640) / 8), i * 3, i * 3 + 3);
    fs.writeFileSync(wall, Buffer.concat([Buffer.from('P6\n640 480\n255\n'), pixels]));
}

const clips = folder('clips');
let made = 0;
const clip = (text, ...words) => make('card', path.join(clips, `${++made}.avi`), `${wall}*36`, text, '--noise', 3, ...words);
const cardOf = async (data, id) => (await json(['--data', data, 'card', id]))[0].card;
const onRoll = async (data) => (await json(['--data', data, 'roll'])).filter((entry) => entry.status !== 'not yet').map((entry) => entry.id);
const reasons = (events) => of(events, 'refused').map((event) => event.reason);

const data = await stationFolder();
const card = await cardOf(data, 'b');

await test('a card marks its student, once while it is held up', async () => {
    const dir = copyFolder(data), { events } = await replay(dir, await clip(card));
    const marks = of(events, 'marked');
    equal(marks.map((mark) => [mark.student, mark.method, mark.distance, mark.policy]), [['b', 'card', null, '']], 'marks');
    equal(of(events, 'already').length + of(events, 'refused').length, 0, 'more words about it');
    equal(await onRoll(dir), ['b'], 'the roll');
    const again = await replay(dir, await clip(card));
    equal([of(again.events, 'marked').length, of(again.events, 'already').map((event) => event.student)], [0, ['b']], 'the next time');
});

await test('the same points as by face', async () => {
    const dir = copyFolder(data), [mark] = of((await replay(dir, await clip(card))).events, 'marked');
    equal([mark.status, mark.points], ['present', 20], 'status and points');
});

/* The card is beside the face, and covers nothing of it. */
await test('a face and a card in one picture', async () => {
    const dir = copyFolder(data);
    await enrol(dir, 'a');
    const both = await make('card', path.join(clips, 'both.avi'), `${media('franck.mp4')}:${living.from}-${living.to}`, card, '--side', 92, '--x', 0.17, '--y', 0.25, '--noise', 0, '--fps', 24);
    const { events } = await replay(dir, both);
    equal(of(events, 'marked').map((mark) => `${mark.student} ${mark.method}`).sort(), ['a face', 'b card'], 'marks');
});

await test('held at all angles, small, slanted, blurred: read right or not at all', async () => {
    let read = 0;
    const ways = [['--angle', 30], ['--angle', 200], ['--side', 90], ['--side', 60, '--blur', 3], ['--slant', 0.25, '--angle', -20], ['--side', 400], ['--blur', 11]];
    for (const way of ways) {
        const dir = copyFolder(data), { events } = await replay(dir, await clip(card, ...way));
        const marks = of(events, 'marked').map((mark) => mark.student);
        equal(marks.length === 0 || (marks.length === 1 && marks[0] === 'b'), true, `marks of ${way.join(' ')} (${marks})`);
        equal(reasons(events), [], `refusals of ${way.join(' ')}`);
        read += marks.length;
    }
    equal(read >= 4, true, `at least 4 of ${ways.length} are read (${read})`);
    return `${read} of ${ways.length} read`;
});

await test('who is to use the face is told so', async () => {
    const dir = copyFolder(data);
    await enrol(dir, 'a');
    const { events } = await replay(dir, await clip(await cardOf(dir, 'a')));
    equal([of(events, 'marked').length, reasons(events)], [0, ['use_face']], 'marks, refusals');
});

await test('a card that was replaced, a card of nobody, something else', async () => {
    const dir = copyFolder(data), newer = await cardOf(dir, 'b');
    equal(newer === card, false, 'the new card is another');
    for (const [text, reason] of [[card, 'card_unknown'], ['HTTPS://EXAMPLE.ORG/MENU', 'not_a_card'], ['RC1-000000000000000000000000000', 'card_damaged'], ['\'; DROP TABLE students; --', 'not_a_card']]) {
        const { events, stdout, stderr } = await replay(dir, await clip(text));
        equal([of(events, 'marked').length, reasons(events)], [0, [reason]], text);
        equal((stdout + stderr).includes(text), false, `the text of the code is shown: ${text}`);
    }
});

await test('unknown cards in a row lock cards, not faces', async () => {
    const dir = copyFolder(data), parts = [];
    await enrol(dir, 'a');
    for (let i = 0; i < 6; i++) parts.push(`${await clip(await cardOf(copyFolder(data), 'b'))}:0-35`);
    parts.push(`${await clip(card)}:0-35`, `${media('franck.mp4')}:${living.from}-${living.to}`);
    const { events } = await replay(dir, await make('join', path.join(clips, 'many.avi'), ...parts, '--noise', 0));
    equal(reasons(events).filter((reason) => reason.startsWith('card')), ['card_unknown', 'card_unknown', 'card_unknown', 'card_unknown', 'card_locked'], 'refusals');
    equal(of(events, 'activity').filter((activity) => activity.activity === 'lockout').length, 1, 'lockouts in the log');
    equal(of(events, 'marked').map((mark) => mark.student), ['a'], 'marks while cards are locked: of the face alone');
});

await test('no session: a card is not even looked at', async () => {
    const dir = copyFolder(data);
    await good(['--data', dir, 'roll', 'no-session', 'T1', '--by', 'Meera Nair']);
    const { events } = await replay(dir, await clip(card));
    equal([of(events, 'marked').length, of(events, 'refused').length], [0, 0], 'marks and refusals');
});

await test('a teacher marks by hand, with a name', async () => {
    const dir = copyFolder(data);
    const [mark] = await json(['--data', dir, 'mark', 'a', '--by', 'Meera Nair', '--reason', 'hands full']);
    equal([mark.id, mark.status, mark.already, mark.by], ['a', 'present', false, 'Meera Nair'], 'the mark');
    equal((await json(['--data', dir, 'mark', 'a', '--by', 'Meera Nair']))[0].already, true, 'once more');
    equal(await onRoll(dir), ['a'], 'the roll');
    holds((await good(['--data', dir, 'roll'])).stdout, 'Asha', 'the roll as text');
});

report();
