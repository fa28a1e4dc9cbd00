/*
 * A photo of an enrolled person, held before the camera for a minute: eyes open or half closed, with the camera's noise
 * or as one frozen picture. Nobody is called live by it, whatever the policy.
 */
import { atLeast, equal, folder, json, make, media, of, remove, replay, report, test } from './lib.mjs';
import { enrolBoth, photos } from './people.mjs';
import path from 'node:path';

const films = folder('films'), data = await enrolBoth();

async function analyse(file, policy) {
    const [result] = await json(['--data', data, 'analyse', '--enrolled', '--policy', policy, file], { timeoutS: 300 });
    return result;
}

function neverLive(result, what) {
    equal([result.verdict === 'live', result.marked_at_frame, result.student], [false, null, null], `${what}: live, marked at, student`);
    equal(result.clean_blinks, [], `${what}: clean blinks`);
    return `${result.frames_with_face} of ${result.frames} frames with a face, ${result.blinks.length} blinks, ${result.clean_blinks.length} clean, nearest ${result.distance}: ${result.verdict} (${result.reason})`;
}

for (const photo of photos) {
    await test(`${photo.who}, ${photo.eyes}, held for a minute`, async () => {
        const file = await make('still', path.join(films, 'still.avi'), photo.picture(), '--seconds', 60, '--fps', 24, '--noise', 4, '--width', 400);
        const result = await analyse(file, 'basic');
        remove(file);
        atLeast(result.frames_with_face, result.frames * 0.95, 'frames with a face: the photo was looked at');
        return neverLive(result, 'basic');
    });
}

await test('a picture without any noise is a frozen camera', async () => {
    const file = await make('still', path.join(films, 'frozen.avi'), photos[0].picture(), '--seconds', 60, '--noise', 0, '--width', 400);
    const { events } = await replay(data, file);
    remove(file);
    equal(of(events, 'camera').map((event) => event.state), ['clear', 'frozen', 'ended'], 'states of the camera');
    equal(of(events, 'activity').map((event) => event.activity), ['camera_frozen'], 'activity, once in a minute');
    equal(of(events, 'marked').concat(of(events, 'already')), [], 'marks');
});

/* The same with somebody who really blinks: without the second proof that these policies want, nobody is live. */
for (const [policy, reason] of [['strict', 'needs_challenge'], ['pad', 'needs_pad_model']]) {
    await test(`under ${policy} nobody is live, and the reason is said`, async () => {
        const film = await make('cut', path.join(films, 'living.avi'), media('franck.mp4'), 0, 300);
        const photo = await make('still', path.join(films, 'photo.avi'), photos[0].picture(), '--seconds', 15, '--noise', 4, '--width', 400);
        const living = await analyse(film, policy);
        atLeast(living.blinks.length, 1, 'blinks of the living');
        equal([living.verdict, living.reason, living.marked_at_frame], ['undecided', reason, null], 'verdict, reason, marked');
        const held = await analyse(photo, policy);
        equal([held.verdict, held.marked_at_frame], ['undecided', null], 'verdict on the photo, marked');
        return `the living: ${living.reason}; the photo: ${held.reason}`;
    });
}

report();
