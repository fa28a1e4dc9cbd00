/*
 * A photo of an enrolled person, waved for a minute as people do who try to fool a face check: turned, tilted, bent,
 * brought nearer and shifted, with several seeds. That moves the eyelids' picture, and such "blinks" are counted and
 * shown, but none of them is a clean blink and nobody is called live.
 *
 * A first seed for every photo, a second one for each man's best photo; ROLLCALL_TEST_SEEDS=N tries N seeds for all.
 */
import path from 'node:path';
import { atLeast, equal, folder, json, make, remove, report, test } from './lib.mjs';
import { enrolBoth, photos } from './people.mjs';

const films = folder('films'), data = await enrolBoth();
const more = Number(process.env.ROLLCALL_TEST_SEEDS || 0);
const seedsOf = (photo) => (more > 0 ? Array.from({ length: more }, (_, i) => i + 1) : photo.eyes === 'open' ? [1, 2] : [1]);
const sum = { films: 0, minutes: 0, blinks: 0, clean: 0 };

for (const photo of photos.filter((one) => one.eyes !== 'open, of the live recording')) {
    for (const seed of seedsOf(photo)) {
        await test(`${photo.who}, ${photo.eyes}, waved for a minute, seed ${seed}`, async () => {
            const file = await make('wave', path.join(films, 'wave.avi'), photo.picture(), '--seconds', 60, '--fps', 24, '--noise', 5, '--width', 400, '--seed', seed);
            const [result] = await json(['--data', data, 'analyse', '--enrolled', '--policy', 'basic', file], { timeoutS: 300 });
            remove(file);
            sum.films++, sum.minutes += result.frames / 24 / 60, sum.blinks += result.blinks.length, sum.clean += result.clean_blinks.length;
            atLeast(result.frames_with_face, result.frames * 0.8, 'frames with a face: the photo was looked at');
            equal([result.verdict === 'live', result.marked_at_frame], [false, null], 'live, marked at');
            equal(result.clean_blinks, [], 'clean blinks');
            return `${result.frames_with_face} of ${result.frames} frames with a face, ${result.blinks.length} blinks, ${result.clean_blinks.length} clean, nearest ${result.distance}: ${result.verdict} (${result.reason})`;
        });
    }
}
console.log(`        ${sum.films} photos waved, ${sum.minutes.toFixed(0)} minutes: ${sum.blinks} blinks, ${sum.clean} clean`);

report();
