/*
 * The swap: a living person blinks for somebody else, whose photo is held up. Evidence belongs to one track and one
 * identity, so the other is never marked by it, whenever the photo comes and wherever it is held.
 */
import path from 'node:path';
import { atLeast, copyFolder, equal, folder, make, media, of, remove, replay, report, stationFolder, test } from './lib.mjs';
import { enrol } from './people.mjs';

const films = folder('films');
const video = media('franck.mp4'); // "a", who blinks at frames 164 to 170
const photoOfB = `${media('cap13_edit2.mp4')}:20`;

/* Only "b" is enrolled: any mark at all is a mark of the other. */
const data = await stationFolder();
await enrol(data, 'b');

/** Where the face is in one frame, as the station sees it. */
async function faceBox(picture) {
    const image = path.join(films, 'frame.png');
    await make('frame', image, picture);
    const film = await make('join', path.join(films, 'box.avi'), `${video}:0-1`, `${image}*12`, '--noise', 0);
    await make('still', film, image, '--seconds', 1, '--noise', 1);
    const { events } = await replay(copyFolder(data), film);
    const box = of(events, 'frame').flatMap((event) => event.tracks).at(-1).box;
    remove(film);
    return box;
}

const overFace = `@${(await faceBox(photoOfB)).join(',')}>${(await faceBox(`${video}:160`)).join(',')}`;

/** Parts of the recording, in order; B is the photo, held before the living face ("over") or filling the picture. */
const swaps = [
    ['as soon as he has opened his eyes', ['LIVE:60-170', 'B*240']],
    ['while his eyes are closed', ['LIVE:60-166', 'B*240']],
    ['just before his eyes close', ['LIVE:60-163', 'B*240']],
    ['half a second after the blink', ['LIVE:60-182', 'B*240']],
    ['before the blink, and away for the blink alone', ['B*60', 'LIVE:150-178', 'B*240']],
    ['before the blink, and away only while his eyes are closed', ['B*60', 'LIVE:163-170', 'B*240']],
    ['again and again, for each of his blinks', ['B*40', 'LIVE:155-175', 'B*40', 'LIVE:585-600', 'B*40', 'LIVE:720-738', 'B*200']],
];

for (const [held, at] of [['before his face', overFace], ['filling the picture', '']]) {
    for (const [when, parts] of swaps) {
        await test(`a photo ${held}, ${when}`, async () => {
            const words = parts.map((part) => (part.startsWith('LIVE') ? part.replace('LIVE', video) : `${photoOfB}${part.slice(1)}${at}`));
            const film = await make('join', path.join(films, 'swap.avi'), ...words, '--noise', 3);
            const { events } = await replay(copyFolder(data), film);
            const refused = of(events, 'refused').map((event) => event.reason);
            remove(film);
            atLeast(of(events, 'frame').filter((event) => event.tracks.length > 0).length, 100, 'frames with a face');
            equal(of(events, 'marked').map((event) => event.student), [], 'marked');
            const blinks = of(events, 'blink');
            return `${blinks.length} blinks, ${blinks.filter((blink) => blink.clean).length} clean; refused: ${refused.join(', ') || 'nothing'}`;
        });
    }
}

/* The opposite must stay possible, or the cases above would prove nothing: who blinks himself is marked. */
await test('the living himself is marked by the same blink', async () => {
    const own = await stationFolder();
    await enrol(own, 'a');
    const film = await make('join', path.join(films, 'living.avi'), `${video}:60-300`, '--noise', 3);
    const { events } = await replay(own, film);
    equal(of(events, 'marked').map((event) => event.student), ['a'], 'marked');
});

report();
