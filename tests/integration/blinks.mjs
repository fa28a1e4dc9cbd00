/*
 * Blink detection against blinks that were annotated by eye from the frames (tests/data/blinks/*.csv), at the video's
 * own rate and at lower ones.
 *
 * How it is scored:
 * - Wanted are the rows `blink` of confidence high and medium: every one must be found, at every rate. That a fast blink
 *   may fall between two frames at 8 a second is what is to be measured, so such a one counts as missed.
 * - A detection is right when it meets a wanted blink (annotations.mjs). One detection serves one blink and one
 *   blink one detection: a second detection of the same blink is a false one.
 * - Neither right nor wrong is a detection that meets only one of these, which people would not agree on either:
 *   `partial_blink` (the lid came half down: half of all living blinks are such), `blink` of confidence low, and
 *   `long_closure` (closed for half a second: by its own note a slow blink, or a look down).
 * - All else is wrong, above all a detection within `look_down` or `squint_laugh` alone: that the long looks down of
 *   this man are no blinks is why he was annotated.
 */
import { annotations, meets } from './annotations.mjs';
import { atLeast, json, media, report, stationFolder, test } from './lib.mjs';

const overlap = (detection, row) => Math.min(detection[1], row.last) - Math.max(detection[0], row.first);

/** Pairs each wanted blink with the detection that covers most of it, in order of time. */
function score(rows, detections) {
    const wanted = rows.filter((row) => row.event === 'blink' && row.confidence !== 'low');
    const open = rows.filter((row) => row.event === 'partial_blink' || row.event === 'long_closure' || (row.event === 'blink' && row.confidence === 'low'));
    const left = new Set(detections), missed = [];
    for (const row of wanted) {
        const best = [...left].filter((detection) => meets(detection, row)).sort((a, b) => overlap(b, row) - overlap(a, row))[0];
        if (best) left.delete(best);
        else missed.push(row);
    }
    const wrong = [...left].filter((detection) => !open.some((row) => meets(detection, row)));
    const right = wanted.length - missed.length;
    return { wanted: wanted.length, right, missed, wrong, recall: right / wanted.length, precision: right + wrong.length > 0 ? right / (right + wrong.length) : 1 };
}

function print(video, fps, kind, result) {
    const list = (frames) => (frames.length > 0 ? frames.join(' ') : 'none');
    console.log(`        ${video.padEnd(16)} ${String(fps).padStart(2)} fps ${kind.padEnd(11)} precision ${result.precision.toFixed(3)}  recall ${result.recall.toFixed(3)}  `
        + `(${result.right} of ${result.wanted} found, ${result.wrong.length} wrong)`);
    console.log(`            missed: ${list(result.missed.map((row) => row.first))}; wrong: ${list(result.wrong.map((detection) => detection.join('-')))}`);
}

const data = await stationFolder({ roster: false });
async function analyse(video, fps) {
    const [result] = await json(['--data', data, 'analyse', '--fps', String(fps), media(video)], { timeoutS: 300 });
    return result;
}

/* Precision and recall that must be reached: what was measured, less two blinks of recall, because another processor's
 * last bits move a score. The goal for `blink` is 0.95 each at 24 and 12 frames a second. A clean blink is one in a still
 * head; this man moves his head when he blinks, and what counts is that none is wrong. In cap13 two blinks are too few
 * for a rate; there the slow lowering of the lids at 51 to 68 reads as a blink, but not as a clean one. */
const runs = [
    { video: 'franck.mp4', rows: 'franck.csv', fps: 24, blink: [0.98, 0.96], clean: [1, 0.59] },
    { video: 'franck.mp4', rows: 'franck.csv', fps: 12, blink: [0.98, 0.91], clean: [1, 0.52] },
    { video: 'franck.mp4', rows: 'franck.csv', fps: 8, blink: [0.98, 0.89], clean: [1, 0.47] },
    { video: 'cap13_edit2.mp4', rows: 'cap13.csv', fps: 25, blink: [0.5, 0.5], clean: [1, 0.5] },
];
for (const { video, rows, fps, blink, clean } of runs) {
    await test(`${video} at ${fps} frames a second`, async () => {
        const result = await analyse(video, fps);
        atLeast(result.frames_with_face / result.frames, 0.99, 'share of frames with a face');
        const scores = [['blink', result.blinks, blink], ['clean_blink', result.clean_blinks, clean]]
            .map(([kind, list, floor]) => ({ kind, floor, ...score(annotations(rows), list) }));
        for (const scored of scores) print(video, fps, scored.kind, scored);
        for (const { kind, floor, precision, recall } of scores) {
            atLeast(precision, floor[0], `precision of ${kind}`);
            atLeast(recall, floor[1], `recall of ${kind}`);
        }
        return `${result.frames} frames`;
    });
}

await test('there is enough to score against', async () => {
    const rows = annotations('franck.csv');
    atLeast(rows.filter((row) => row.event === 'blink').length, 50, 'annotated blinks');
    atLeast(Math.max(...rows.map((row) => row.last)), 4700, 'last annotated frame: the whole video');
    atLeast(rows.filter((row) => row.event === 'look_down').length, 3, 'annotated looks down');
});

report();
