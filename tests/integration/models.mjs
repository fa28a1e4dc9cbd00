/*
 * Models that are missing or damaged: every command says which file and what to do; the station itself starts, closes
 * the face lane, says why, and marks nobody. Never a pass by accident.
 */
import fs from 'node:fs';
import path from 'node:path';
import { copyFolder, equal, folder, holds, make, media, models, NotHere, of, replay, report, run, stationFolder, test } from './lib.mjs';
import { enrol, withConsent } from './people.mjs';

const clip = await make('cut', path.join(folder('clip'), 'living.avi'), media('franck.mp4'), 100, 200);
const data = await stationFolder();
await enrol(data, 'a');

const embedder = 'dlib_face_recognition_resnet_model_v1.dat', mesh = 'facemesh.onnx';

/* A byte in the middle of the file: of a weight. Only a checksum tells. */
function flip(file) {
    const bytes = fs.readFileSync(file);
    bytes[bytes.length >> 1] ^= 0x10;
    fs.writeFileSync(file, bytes);
}

const damages = [
    ['missing', (file) => fs.rmSync(file), 'missing; packaging/fetch-models gets it'],
    ['empty', (file) => fs.writeFileSync(file, ''), '0 bytes cannot be a model; fetch the models again'],
    ['truncated', (file) => fs.truncateSync(file, fs.statSync(file).size >> 1), 'damaged, its checksum is wrong; fetch the models again'],
    ['garbage', (file) => fs.writeFileSync(file, Buffer.alloc(fs.statSync(file).size, 0x5a)), 'damaged, its checksum is wrong; fetch the models again'],
    ['one bit flipped', flip, 'damaged, its checksum is wrong; fetch the models again'],
    ['a folder', (file) => (fs.rmSync(file), fs.mkdirSync(file)), 'not a file'],
];

for (const model of [embedder, mesh]) {
    for (const [damage, harm, said] of damages) {
        await test(`${model}, ${damage}`, async () => {
            const dir = folder('models'), own = copyFolder(data), file = path.join(dir, model);
            for (const name of [embedder, mesh]) fs.copyFileSync(path.join(models, name), path.join(dir, name));
            harm(file);
            const env = { ROLLCALL_MODELS_DIR: dir }, message = `${file}: ${said}`;
            for (const words of [['analyse', clip], ['enrol', 'b', ...withConsent, media('audrey.jpg')]]) {
                const { code, stderr } = await run(['--data', own, ...words], { env });
                equal([code, stderr], [1, `rollcall-station: ${message}\n`], `${words[0]}: exit code, message`);
            }
            const { code, events: findings } = await run(['--data', own, 'doctor', '--json'], { env });
            equal(code, 1, 'doctor: exit code');
            const { finding, text } = findings.find((one) => one.topic === (model === mesh ? 'landmarks' : 'embedding'));
            equal([finding, text], ['broken', message], 'doctor');
            const { events } = await replay(own, clip, { env });
            const [ready] = of(events, 'ready');
            equal([ready.face_lane, ready.reason], [false, message], 'run: the face lane, why');
            equal(of(events, 'marked').concat(of(events, 'already')), [], 'run: marks');
            equal(of(events, 'activity').map((event) => [event.activity, event.reason]), [['model_damaged', message]], 'run: activity');
            fs.rmSync(dir, { recursive: true });
            return message.replace(dir, '…');
        });
    }
}

await test('with the 68-point model instead of the mesh the same blink marks the same man', async () => {
    const file = '/usr/share/dlib/shape_predictor_68_face_landmarks.dat';
    if (!fs.existsSync(file)) throw new NotHere(`${file} is missing`);
    const own = copyFolder(data), env = { ROLLCALL_MODELS_LANDMARKS: 'dlib68', ROLLCALL_MODELS_DIR: models };
    const long = await make('cut', path.join(folder('clip'), 'long.avi'), media('franck.mp4'), 500, 900);
    const { events } = await replay(own, long, { env });
    equal(of(events, 'marked').map((event) => event.student), ['a'], 'marked');
    const { stdout } = await run(['--data', own, 'doctor'], { env });
    holds(stdout, /warning +landmarks +68-point model: .*exclude commercial use/, 'doctor');
});

report();
