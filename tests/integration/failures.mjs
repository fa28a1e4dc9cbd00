/*
 * Recordings and pictures that lie, a roster with mistakes, a clock that was set back, a full disk, a store that is of
 * a newer version or damaged, a folder that cannot be written, signals: the message that the user sees, the exit code,
 * and nothing lost.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {
    atLeast, clockOff, copyFolder, equal, finding, folder, good, holds, json, make, media, NotHere, of, replay, report, run, start, station, stationFolder, test,
} from './lib.mjs';
import { enrol, images, withConsent } from './people.mjs';

const files = folder('files');
const clip = await make('cut', path.join(files, 'living.avi'), media('franck.mp4'), 100, 200);
const data = await stationFolder();
await enrol(data, 'a');

const onRoll = async (dir, options) => (await json(['--data', dir, 'roll'], options)).filter((entry) => entry.status !== 'not yet');
const fine = async (dir) => equal((await finding(dir, 'store')).finding, 'ok', 'doctor on the store');
function write(name, bytes) {
    const file = path.join(files, name);
    fs.writeFileSync(file, bytes);
    return file;
}

// ---- recordings ------------------------------------------------------------------------------------------------------

const video = fs.readFileSync(media('franck.mp4')), avi = fs.readFileSync(clip);
const noise = Buffer.from(Array.from({ length: 50000 }, (_, i) => (i * 2654435761) >>> 13 & 255));
const recordings = [
    ['truncated, its index lost', write('cut-off.mp4', video.subarray(0, video.length >> 1)), (file) => `${file}: not a video that can be read`],
    ['garbage', write('garbage.mp4', noise), (file) => `${file}: not a video that can be read`],
    ['empty', write('empty.mp4', ''), (file) => `${file}: not a video that can be read`],
    ['missing', path.join(files, 'missing.mp4'), (file) => `recording ${file}: No such file or directory`],
];
for (const [what, file, said] of recordings) {
    await test(`a recording that is ${what}`, async () => {
        const analysed = await run(['--data', data, 'analyse', file]);
        equal([analysed.code, analysed.stdout, analysed.stderr], [1, '', `rollcall-station: ${said(file)}\n`], 'analyse: exit code, stdout, stderr');
        const played = await run(['--data', data, 'run', '--headless', '--until-eof', '--events', '-', '--camera', `replay:${file}?speed=max`]);
        equal(played.code, 1, 'run: exit code');
        holds(played.stderr, `rollcall-station: ${said(file)}\n`, 'run: stderr');
        equal([of(played.events, 'camera')[0].state, of(played.events, 'camera')[0].text], ['lost', said(file)], 'run: state of the camera');
        equal(of(played.events, 'stopped').map((event) => event.reason), [said(file)], 'run: the last event');
    });
}

await test('a recording that ends early: what there was is looked at, and the lie is told', async () => {
    const file = write('truncated.avi', avi.subarray(0, avi.length * 0.4));
    const analysed = await run(['--data', data, 'analyse', '--json', file]);
    equal(analysed.code, 1, 'analyse: exit code');
    const frames = analysed.events[0].frames, said = `${file} ended after ${frames} of 101 frames: the file is truncated`;
    atLeast(frames, 30, 'frames');
    equal(analysed.stderr, `rollcall-station: ${said}\n`, 'analyse: stderr');
    const { events } = await replay(copyFolder(data), file);
    const states = of(events, 'camera'), lost = states.find((event) => event.state === 'lost');
    equal(states.at(-1).state, 'ended', 'run: the last state of the camera');
    equal(lost?.text, said, 'run: why it was lost');
    equal(of(events, 'marked'), [], 'marks');
    return said.replace(`${files}/`, '');
});

await test('a recording that is damaged in the middle', async () => {
    const bytes = Buffer.from(avi);
    for (let i = 0; i < 60000; i++) bytes[(bytes.length >> 1) + i] = (i * 2654435761) >>> 13 & 255;
    const file = write('damaged.avi', bytes);
    const analysed = await run(['--data', data, 'analyse', '--json', file]);
    atLeast(analysed.events[0].frames, 30, 'frames before the damage');
    holds(String(analysed.code), /^[01]$/, 'exit code');
});

await test('without --until-eof a recording that cannot be read is waited for, and reported once', async () => {
    const program = start(station, ['--data', copyFolder(data), 'run', '--headless', '--events', '-', '--camera', `replay:${recordings[1][1]}`]);
    /* Four tries take 3.5 s; after 2 s of them the silence would be a reason of its own to report. */
    const tries = () => program.stderr.split('source failed').length - 1, deadline = Date.now() + 60000;
    while (tries() < 4 && Date.now() < deadline) await new Promise((resolve) => { setTimeout(resolve, 100); });
    atLeast(tries(), 4, 'tries to open it within a minute');
    program.child.kill('SIGTERM');
    const { code, events } = await program.done;
    equal(code, 0, 'exit code');
    equal(of(events, 'activity').map((event) => event.activity), ['camera_lost'], 'activity');
});

// ---- pictures --------------------------------------------------------------------------------------------------------

/* The size stands in the frame header (SOF0 or SOF2) of the JPEG. */
function claimSize(jpeg, side) {
    const bytes = Buffer.from(jpeg);
    let at = 2;
    while (bytes[at + 1] !== 0xc0 && bytes[at + 1] !== 0xc2) at += 2 + bytes.readUInt16BE(at + 2);
    bytes.writeUInt16BE(side, at + 5);
    bytes.writeUInt16BE(side, at + 7);
    return bytes;
}

await test('a JPEG that claims 60000 x 60000', async () => {
    const dir = folder('huge'), file = path.join(dir, 'huge.jpg');
    fs.writeFileSync(file, claimSize(fs.readFileSync(media('audrey.jpg')), 60000));
    const said = 'huge.jpg: a picture of 60000 x 60000 pixels is not accepted (largest side 4096)', began = Date.now();
    for (const words of [['enrol', 'b', ...withConsent, file], ['analyse', file], ['analyse', dir]]) {
        const { code, stderr } = await run(['--data', data, ...words]);
        equal(code, 1, `${words[0]}: exit code`);
        holds(stderr, said, `${words[0]} ${path.basename(words.at(-1))}: stderr`);
    }
    const { events } = await run(['--data', copyFolder(data), 'run', '--headless', '--until-eof', '--events', '-', '--camera', `replay:${dir}?speed=max`]);
    holds(of(events, 'camera')[0].text, said, 'run: state of the camera');
    atLeast(60000, Date.now() - began, 'milliseconds that it may take');
});

await test('analyse takes a picture, as its usage says', async () => {
    const [result] = await json(['--data', data, 'analyse', media('franck_02045.jpg')]);
    equal([result.frames, result.frames_with_face, result.verdict], [1, 1, 'undecided'], 'frames, with a face, verdict');
});

const portraits = [
    ['truncated', () => write('cut.jpg', fs.readFileSync(media('audrey.jpg')).subarray(0, 20000)), 'the image is cut off'],
    ['not an image', () => write('text.jpg', 'hello'), 'not a JPEG, PNG, BMP or PGM image'],
    ['without a face', () => media('skullmask.jpg'), ''],
];
for (const [what, picture, said] of portraits) {
    await test(`a portrait that is ${what} enrols nobody`, async () => {
        const own = copyFolder(data), file = picture();
        const { code, stdout, stderr } = await run(['--data', own, 'enrol', 'b', ...withConsent, file]);
        equal(code, 1, 'exit code');
        holds(stdout + stderr, said, 'output');
        const [status] = await json(['--data', own, 'status']);
        equal(status.enrolled, 1, 'enrolled');
        return stderr.trim().replace(`${path.dirname(file)}/`, '');
    });
}

await test('a face that is enrolled already under another id is refused, and logged', async () => {
    const own = copyFolder(data);
    const { code, stderr } = await run(['--data', own, 'enrol', 'b', ...withConsent, ...images('a').slice(0, 2)]);
    equal(code, 1, 'exit code');
    equal(stderr.replace(/\d\.\d\d/, 'D'), 'rollcall-station: this face is enrolled already, as a Asha Able (distance D): check the id, or erase that one first\n', 'stderr');
    const [status] = await json(['--data', own, 'status']);
    equal(status.enrolled, 1, 'enrolled');
    await fine(own);
    return stderr.trim();
});

// ---- nobody, or mistakes, on the roster ------------------------------------------------------------------------------

await test('an empty gallery closes the face lane and says what to do', async () => {
    const own = await stationFolder();
    const said = 'nobody is enrolled yet: rollcall-station enrol ID --name NAME --class CLASS IMAGE';
    const { events } = await replay(own, clip);
    equal(of(events, 'lane').at(-1).reason, said, 'why the lane is closed');
    equal(of(events, 'marked').length + of(events, 'refused').length + of(events, 'activity').length, 0, 'marks, refusals, activity');
    holds((await finding(own, 'roster')).text, '2 students, nobody is enrolled: rollcall-station enrol ID IMAGE', 'doctor');
    const [result] = await json(['--data', own, 'analyse', '--enrolled', clip]);
    equal([result.student, result.marked_at_frame], [null, null], 'analyse: student, marked');
    const summary = await good(['--data', own, 'run', '--headless', '--until-eof', '--camera', `replay:${clip}?speed=max`]);
    holds(summary.stdout, ['Marked: nobody', `the face lane is closed: ${said}`], 'the summary');
});

await test('no store at all', async () => {
    const own = await stationFolder({ roster: false });
    for (const words of [['status'], ['roll'], ['roster', 'list'], ['analyse', '--enrolled', clip]]) {
        const { code, stderr } = await run(['--data', own, ...words]);
        equal(code, 1, `${words[0]}: exit code`);
        holds(stderr, /^rollcall-station: there is no store in .* yet/, `${words[0]}: stderr`);
    }
    equal(fs.readdirSync(own), ['station.conf'], 'files: who only reads makes none');
});

await test('a roster with duplicate ids: each line is named, nothing is imported', async () => {
    const own = copyFolder(data), [before] = await json(['--data', own, 'status']);
    const file = write('twice.csv', 'id,name,class\nc,Chitra,T1\nd,Dev,T1\nc,Chandra,T1\n,Nobody,T1\nd,Devika,T1\n');
    const { code, stdout, stderr } = await run(['--data', own, 'roster', 'import', file]);
    equal([code, stdout], [1, ''], 'exit code, stdout');
    const lines = stderr.trim().split('\n');
    equal(lines.slice(0, 3), [`${file}: line 4: the id "c" is on line 2 already`, `${file}: line 5: the id is empty`, `${file}: line 6: the id "d" is on line 3 already`], 'problems');
    holds(lines[3], ['nothing was imported', 'there are 3 problems', 'line 4: the id "c" is on line 2 already'], 'the last line');
    const [after] = await json(['--data', own, 'status']);
    equal([after.students, after.last_seq], [before.students, before.last_seq], 'students, last event');
});

const rosters = [
    ['empty', '', 'the file is empty'],
    ['without a column', 'id,name\n', 'line 1: the header has no column "class"'],
    ['of another kind', noise, 'line 1: '],
    ['with a name that clears the screen', 'id,name,class\nc,"C\u001b[2J",T1\n', 'line 2: the name'],
];
for (const [what, text, said] of rosters) {
    await test(`a roster that is ${what}`, async () => {
        const { code, stderr } = await run(['--data', data, 'roster', 'import', write('bad.csv', text)]);
        equal(code, 1, 'exit code');
        holds(stderr, ['nothing was imported', said], 'stderr');
        equal(/\u001b/.test(stderr), false, 'stderr has control characters');
    });
}

// ---- the clock -------------------------------------------------------------------------------------------------------

await test('a clock that was set back: marks keep their time and wait for a person', async () => {
    const own = copyFolder(data), wrong = { env: clockOff(-90000) }; // 25 hours
    const { events } = await replay(own, clip, wrong);
    equal(of(events, 'activity').map((event) => [event.activity, event.reason]), [['clock_suspect', 'the clock ran backwards: set it right; marks keep their time and wait for a person']], 'activity');
    const [mark] = of(events, 'marked');
    equal([mark.student, mark.status, mark.points], ['a', 'pending', 0], 'the mark');
    const [entry] = await onRoll(own, wrong);
    equal([entry.id, entry.status, entry.points, Math.abs(Date.parse(entry.captured) - mark.captured_ms) <= 1], ['a', 'pending', 0, true], 'the roll');
    const { code, stdout } = await run(['--data', own, 'doctor'], wrong);
    equal(code, 1, 'doctor: exit code');
    holds(stdout, /broken +clock +stands (149\d|150[01]) minutes before the (newest|latest) event of the log: set it right/, 'doctor');
    await good(['--data', own, 'correct', 'a', 'present', '--by', 'Teacher', '--reason', 'was here'], wrong);
    equal((await onRoll(own, wrong)).map((one) => [one.status, one.corrected, one.mark_seq]), [['present', true, mark.seq]], 'the roll after a person confirmed');
    equal((await finding(own, 'clock')).finding, 'ok', 'doctor when the clock is right again');
    await fine(own);
});

await test('a clock that is right, or two minutes off, is believed', async () => {
    const { events } = await replay(copyFolder(data), clip, { env: clockOff(-60) });
    equal(of(events, 'activity'), [], 'activity');
    equal(of(events, 'marked').map((mark) => mark.status), ['present'], 'the mark');
});

// ---- the disk --------------------------------------------------------------------------------------------------------

/* A limit on the size of files refuses writes as a full disk does, on every machine and without privileges. */
function limited(bytes, words) {
    const script = `trap "" XFSZ; ulimit -f ${Math.floor(bytes / 512)}; exec "$@"`;
    return start('/bin/sh', ['-c', script, 'sh', station, ...words]).done;
}

/* What was recognised is stored, or the program does not pretend that all went well. */
async function storedOrSaid(dir, { code, events }) {
    const marked = of(events, 'marked').map((event) => event.student), on = (await onRoll(dir)).map((entry) => entry.id);
    equal(on, marked, 'on the roll, as the events say');
    await fine(dir);
    if (marked.length > 0) return 'marked';
    const [sick] = of(events, 'store'), [refused] = of(events, 'refused');
    equal([sick?.ok, refused?.reason], [false, 'store_waiting'], 'the store is well; refused');
    holds(sick.text, 'full', 'what is said of the store');
    holds(events.at(-1).reason, 'could not be stored, the disk is full', 'the last event');
    equal(code, 1, 'exit code after a student was recognised and not stored');
    return `not stored: ${sick.text}`;
}

await test('a store that cannot grow: the screen does not say "marked", nothing is half written', async () => {
    const own = copyFolder(data), size = fs.statSync(path.join(own, 'store/data.mdb')).size;
    const result = await limited(size - 8192, ['--data', own, 'run', '--headless', '--until-eof', '--events', '-', '--camera', `replay:${clip}?speed=max`]);
    const how = await storedOrSaid(own, result);
    const { events } = await replay(own, clip);
    equal(of(events, how === 'marked' ? 'already' : 'marked').map((event) => event.student), ['a'], 'with room the same blink counts');
    return how;
});

/* A disk of our own: a small tmpfs. */
async function withSmallDisk(body) {
    const disk = folder('disk');
    try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m,mode=0700', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
        throw new NotHere('this machine lets us mount no disk of our own');
    }
    try {
        return await body(disk);
    } finally {
        execFileSync('umount', ['-l', disk]);
    }
}

function fillUp(disk) {
    const fd = fs.openSync(path.join(disk, 'filler'), 'a');
    try {
        for (let size = 65536; size >= 1; size = size > 1 ? size >> 4 : 0) {
            try {
                for (;;) fs.writeSync(fd, Buffer.alloc(size));
            } catch (error) {
                if (error.code !== 'ENOSPC') throw error;
            }
        }
    } finally {
        fs.closeSync(fd);
    }
}

await test('a full disk: a roster is refused whole; a mark is stored in the room that was kept, or it is said that it was not', async () => withSmallDisk(async (disk) => {
    fs.cpSync(data, disk, { recursive: true });
    const file = write('more.csv', `id,name,class\n${Array.from({ length: 3000 }, (_, i) => `x${i},X ${i},T1`).join('\n')}\n`);
    fillUp(disk);
    const [before] = await json(['--data', disk, 'status']);
    const refused = await run(['--data', disk, 'roster', 'import', file]);
    equal([refused.code, refused.stderr], [1, `rollcall-station: the disk of ${disk}/store is full: nothing was written; make room\n`], 'roster import: exit code, stderr');
    const [after] = await json(['--data', disk, 'status']);
    equal([after.students, after.last_seq], [before.students, before.last_seq], 'students, last event');
    const ran = await run(['--data', disk, 'run', '--headless', '--until-eof', '--events', '-', '--camera', `replay:${clip}?speed=max`]);
    const how = await storedOrSaid(disk, ran);
    holds((await finding(disk, 'disk')).text, '0 MiB free: make room', 'doctor on the disk');
    fs.rmSync(path.join(disk, 'filler'));
    await good(['--data', disk, 'roster', 'import', file]);
    await fine(disk);
    return how;
}));

await test('a disk that is full to the last byte: the mark waits in memory until there is room', async () => withSmallDisk(async (disk) => {
    fs.cpSync(data, disk, { recursive: true });
    fs.rmSync(path.join(disk, 'ballast'));
    fillUp(disk);
    const program = start(station, ['--data', disk, 'run', '--headless', '--events', '-', '--camera', `replay:${clip}?speed=max`]);
    const sick = await program.until((event) => event.event === 'store' || event.event === 'marked');
    if (sick?.event === 'marked') { // there were free pages in the file; then it is no full store
        program.child.kill('SIGTERM');
        await program.done;
        throw new NotHere('the store had room within its file');
    }
    equal(sick?.ok, false, 'the store is well');
    holds(sick.text, 'full', 'what is said of the store');
    fs.rmSync(path.join(disk, 'filler'));
    const mark = await program.until((event) => event.event === 'marked');
    program.child.kill('SIGTERM');
    const { code, events } = await program.done;
    equal([code, mark?.student], [0, 'a'], 'exit code, marked');
    equal(of(events, 'refused')[0].reason, 'store_waiting', 'refused at first');
    equal((await onRoll(disk)).map((entry) => [entry.id, Math.abs(Date.parse(entry.captured) - mark.captured_ms) <= 1]), [['a', true]], 'the roll, by capture time');
    await fine(disk);
    return sick.text.replace(disk, 'DISK');
}));

await test('a first start on a full disk leaves nothing that the second start would stumble over', async () => withSmallDisk(async (disk) => {
    fillUp(disk);
    const csv = write('first.csv', 'id,name,class\na,Asha,T1\n');
    const first = await run(['--data', disk, 'roster', 'import', csv]);
    equal(first.code, 1, 'exit code');
    holds(first.stderr, 'full', 'stderr');
    fs.rmSync(path.join(disk, 'filler'));
    await good(['--data', disk, 'roster', 'import', csv]);
    await fine(disk);
    return first.stderr.trim().replace(disk, 'DISK');
}));

// ---- the store -------------------------------------------------------------------------------------------------------

await test('a store of a newer version is not touched', async () => {
    const own = copyFolder(data), file = path.join(own, 'store/data.mdb'), bytes = fs.readFileSync(file);
    /* The version stands behind its key, big-endian; pages that were replaced may hold it too. */
    for (let at = bytes.indexOf('version'); at >= 0; at = bytes.indexOf('version', at + 1)) bytes.writeUInt32BE(9, at + 'version'.length);
    fs.writeFileSync(file, bytes);
    const said = /^rollcall-station: the store .*\/store was written by a newer version \(format 9, this program knows \d+\)/;
    for (const words of [['status'], ['roll'], ['run', '--headless'], ['roster', 'import', write('x.csv', 'id,name,class\nx,X,T1\n')], ['enrol', 'b', ...images('b')], ['erase', 'a']]) {
        const { code, stderr } = await run(['--data', own, ...words]);
        equal(code, 1, `${words[0]}: exit code`);
        holds(stderr, said, `${words[0]}: stderr`);
    }
    holds((await finding(own, 'store')).text, 'written by a newer version', 'doctor');
    equal(fs.readFileSync(file).equals(bytes), true, 'the file is as it was');
});

await test('a store that is damaged, or whose key is missing, is said and left as it is', async () => {
    const harms = [
        ['garbage', (own) => fs.writeFileSync(path.join(own, 'store/data.mdb'), noise), /is damaged \(.*\): put it back from a backup/],
        ['truncated', (own) => fs.truncateSync(path.join(own, 'store/data.mdb'), 20000), /is damaged \(.*\): put it back from a backup/],
        ['no key', (own) => fs.rmSync(path.join(own, 'station.key')), /station\.key is missing, but the store's templates and log need it: put it back from a backup \(nothing was changed\)/],
    ];
    for (const [what, harm, said] of harms) {
        const own = copyFolder(data);
        harm(own);
        const before = fs.readFileSync(path.join(own, 'store/data.mdb'));
        const { code, stderr } = await run(['--data', own, 'run', '--headless', '--until-eof', '--camera', 'pattern?frames=10&fps=100']);
        equal(code, 1, `${what}: exit code`);
        holds(stderr, said, `${what}: stderr`);
        /* A file that is short is filled up: that happens when the power fails while it grows. */
        equal(fs.readFileSync(path.join(own, 'store/data.mdb')).subarray(0, before.length).equals(before), true, `${what}: what there was is as it was`);
    }
});

await test('one byte changed in the log is found', async () => {
    const own = copyFolder(data);
    await replay(own, clip);
    const file = path.join(own, 'store/data.mdb'), bytes = fs.readFileSync(file);
    let found = 0, changed = 0;
    for (let at = bytes.indexOf('clean_blink'); at >= 0; at = bytes.indexOf('clean_blink', at + 1)) {
        bytes[at] ^= 1, changed++;
    }
    fs.writeFileSync(file, bytes);
    const store = await finding(own, 'store');
    found += store.finding === 'broken';
    atLeast(changed, 1, 'places changed');
    equal(found, 1, `doctor: ${store.text}`);
    return store.text;
});

/* Root may write everywhere, so the program runs as nobody. */
function asNobody(words) {
    if (process.getuid() !== 0) return run(words);
    const [uid, gid] = [65534, 65534];
    return start('setpriv', [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', station, ...words], { cwd: '/' }).done;
}

await test('a data folder that cannot be written', async () => {
    const outside = fs.mkdtempSync('/tmp/rollcall-it-ro-');
    try {
        const own = path.join(outside, 'data');
        fs.cpSync(data, own, { recursive: true });
        execFileSync('chmod', ['-R', 'a+rX,a-w', outside]);
        const csv = path.join(own, 'station.conf');
        const imported = await asNobody(['--data', own, '--config', csv, 'roster', 'import', csv]);
        equal(imported.code, 1, 'roster import: exit code');
        const ran = await asNobody(['--data', own, 'run', '--headless', '--until-eof', '--camera', 'pattern?frames=10&fps=100']);
        equal(ran.code, 1, 'run: exit code');
        holds(ran.stderr, 'Permission denied', 'run: stderr');
        const made = await asNobody(['--data', path.join(own, 'new'), 'run', '--headless', '--until-eof', '--camera', 'pattern?frames=10&fps=100']);
        equal([made.code, made.stderr], [1, `rollcall-station: cannot make the folder ${own}/new: Permission denied\n`], 'a folder that cannot be made: exit code, stderr');
        return ran.stderr.trim().replace(outside, '…');
    } finally {
        execFileSync('chmod', ['-R', 'u+w', outside]);
        fs.rmSync(outside, { recursive: true });
    }
});

// ---- signals ---------------------------------------------------------------------------------------------------------

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    await test(`${signal} during a run ends it cleanly`, async () => {
        const own = copyFolder(data);
        const program = start(station, ['--data', own, 'run', '--headless', '--events', '-', '--camera', `replay:${clip}?speed=max&loop=1`]);
        const mark = await program.until((event) => event.event === 'marked');
        program.child.kill(signal);
        const { code, signal: killed, events } = await program.done;
        equal([code, killed], [0, null], 'exit code, signal');
        equal(events.at(-1), { ...events.at(-1), event: 'stopped', reason: 'stopped', exit_code: 0 }, 'the last event');
        equal((await onRoll(own)).map((entry) => [entry.id, entry.mark_seq]), [['a', mark.seq]], 'the roll');
        await fine(own);
    });
}

await test('SIGTERM while models are read ends it cleanly', async () => {
    const own = copyFolder(data);
    const program = start(station, ['--data', own, 'run', '--headless', '--events', '-', '--camera', `replay:${clip}?loop=1`]);
    await program.until((event) => event.event === 'loading');
    program.child.kill('SIGTERM');
    const { code, events } = await program.done;
    equal([code, events.at(-1).event], [0, 'stopped'], 'exit code, last event');
});

await test('a reader of the events that goes away does not stop the station', async () => {
    const own = copyFolder(data);
    const program = start(station, ['--data', own, 'run', '--headless', '--until-eof', '--events', '-', '--camera', `replay:${clip}?speed=max`]);
    await program.until((event) => event.event === 'loading');
    program.child.stdout.destroy();
    const { signal } = await program.done;
    equal(signal, null, 'signal');
    equal((await onRoll(own)).map((entry) => entry.id), ['a'], 'the roll');
});

report();
