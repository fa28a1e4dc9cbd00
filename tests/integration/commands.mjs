/* Wrong usage and wrong settings: the exact sentence on stderr, and the exit code that scripts rely on. */
import fs from 'node:fs';
import path from 'node:path';
import { equal, folder, good, holds, report, run, stationFolder, test } from './lib.mjs';

const data = await stationFolder();

/* Exit 2, one line, and where to read more. */
const usage = [
    [[], 'say what to do'],
    [['fly'], 'fly is not a command'],
    [['--nonsense'], '--nonsense is not an option, or its value is missing'],
    [['run', '--camera'], '--camera is not an option, or its value is missing'],
    [['status', '--headless'], 'status does not take --headless'],
    [['status', 'extra'], 'status takes no extra'],
    [['doctor', 'extra'], 'doctor takes no extra'],
    [['roll', 'extra'], 'roll [close|reopen|no-session CLASS --by NAME [--reason TEXT]] [--date D]'],
    [['roll', '--date', 'tomorrow'], /^not a date: expected year-month-day, such as \d{4}-\d\d-\d\d$/],
    [['run', '--headless', 'extra'], 'run takes no extra'],
    [['run', '--headless', '--events', 'file'], '--events goes to standard output: --events -'],
    [['run', '--events', '-'], '--events - needs --headless: the screen and the events cannot share a terminal'],
    [['run', '--headless', '--policy', 'lax'], '--policy is strict, pad or basic, not lax'],
    [['run'], 'there is no terminal for the screen: use run --headless'],
    [['analyse'], 'analyse VIDEO-or-IMAGE…'],
    [['analyse', '--fps', '0', 'x.mp4'], '--fps is a number from 1 to 1000, not 0'],
    [['analyse', '--fps', 'fast', 'x.mp4'], '--fps is a number from 1 to 1000, not fast'],
    [['enrol'], 'enrol ID [--name N --class C] [--consent-by NAME] IMAGE…'],
    [['enrol', 'a'], 'enrol ID [--name N --class C] [--consent-by NAME] IMAGE…'],
    [['enrol', '', 'x.jpg'], 'the id is empty, longer than 63 bytes, or holds characters that cannot be shown'],
    [['enrol', 'c', '--name', 'C\u001b[2J', '--class', 'T1', 'x.jpg'], /^the name is empty, longer than 120 characters, or holds characters that cannot be shown$/],
    [['roster'], 'roster import FILE.csv, or roster list'],
    [['roster', 'import'], 'roster import FILE.csv, or roster list'],
    [['erase'], 'erase ID'],
    [['correct', 'a', 'maybe', '--by', 'T', '--reason', 'R'], 'correct ID present|late|excused|absent --by NAME --reason TEXT [--date D]'],
    [['correct', 'a', 'present'], 'a correction says who and why: --by NAME --reason TEXT'],
];
for (const [words, said] of usage) {
    await test(`usage: ${JSON.stringify(words)}`, async () => {
        const { code, stdout, stderr } = await run([...words, ...(words.at(-1) === '--camera' ? [] : ['--data', data])]);
        const sentence = stderr.replace(/^rollcall-station: /, '').replace(/ \(rollcall-station --help\)\n$/, '');
        equal([code, stdout, stderr], [2, '', `rollcall-station: ${sentence} (rollcall-station --help)\n`], 'exit code, stdout, stderr');
        if (said instanceof RegExp) holds(sentence, said, 'sentence');
        else equal(sentence, said, 'sentence');
    });
}

/* Exit 1: the command is right, the work cannot be done. */
const work = [
    [['run', '--headless', '--camera', 'tape:1'], '"tape:1" is no source; known: replay:PATH[?speed=max&loop=1&fps=F], pattern[?fps=F&frames=N]'],
    [['enrol', 'nobody', 'x.jpg'], 'nobody is not on the roster: add --name NAME --class CLASS'],
    [['erase', 'a'], 'a has no templates'],
    [['correct', 'nobody', 'present', '--by', 'T', '--reason', 'R'], 'there is no student "nobody" on the roster'],
    [['analyse', 'nosuch.mp4'], 'recording nosuch.mp4: No such file or directory'],
    [['roster', 'import', 'nosuch.csv'], 'cannot read nosuch.csv: No such file or directory'],
    [['--config', 'nosuch.conf', 'status'], 'cannot read nosuch.conf: No such file or directory'],
];
for (const [words, said] of work) {
    await test(`work: ${words.join(' ')}`, async () => {
        const { code, stderr } = await run([...words, '--data', data]);
        equal([code, stderr], [1, `rollcall-station: ${said}\n`], 'exit code, stderr');
    });
}

/* The number is that of the line. */
const settings = [
    ['nonsense\n', '1: expected [section], key = value or a comment'],
    ['[station]\n\nprot = 1\n', '3: there is no setting "prot" in [station]; there are: data, class, timezone'],
    ['# fine\n[stati]\nx = 1\n', '2: there is no section [stati]; did you mean "station"?'],
    ['[liveness]\npolicy = none\n', '2: policy: "none" is not one of strict, pad, basic'],
    ['[recognition]\nfalse_accept_budget = 7\n', '2: false_accept_budget: "7" is not a number from 1e-09 to 0.1'],
    ['[station]\nclass = T1\nclass = T2\n', '3: class: set before in this file'],
    ['class = T1\n', '1: a setting before the first [section]'],
    ['[station]\nclass = \xff\n', '2: this is not UTF-8 text'],
];
for (const [text, said] of settings) {
    await test(`settings: ${JSON.stringify(text)}`, async () => {
        const file = path.join(folder('conf'), 'station.conf');
        fs.writeFileSync(file, text, 'latin1');
        const { code, stderr } = await run(['--config', file, '--data', data, 'status']);
        equal([code, stderr], [1, `rollcall-station: ${file}:${said}\n`], 'exit code, stderr');
    });
}

await test('settings that cannot be read', async () => {
    const dir = folder('conf');
    const { code, stderr } = await run(['--config', dir, '--data', data, 'status']);
    equal([code, stderr], [1, `rollcall-station: cannot read ${dir}: not a regular file\n`], 'exit code, stderr');
});

await test('a setting of the environment that there is not', async () => {
    const { code, stderr } = await run(['--data', data, 'status'], { env: { ROLLCALL_STATION_TIMEZON: 'UTC' } });
    equal([code, stderr], [1, 'rollcall-station: environment variable ROLLCALL_STATION_TIMEZON: there is no setting "timezon" in [station]; did you mean "timezone"?\n'], 'exit code, stderr');
});

await test('a zone that there is not', async () => {
    const { code, stderr } = await run(['--data', data, 'status'], { env: { ROLLCALL_STATION_TIMEZONE: 'Mars/Olympus' } });
    equal(code, 1, 'exit code');
    holds(stderr, 'no time zone Mars/Olympus in', 'stderr');
});

await test('help, version and the settings with their defaults', async () => {
    const { stdout: version } = await good(['--version']);
    holds(version, /^rollcall-station \d+\.\d+\.\d+\n$/, 'version');
    const { stdout: help } = await good(['--help']);
    for (const command of ['run', 'roster', 'enrol', 'analyse', 'roll', 'correct', 'erase', 'consent', 'card', 'pin', 'status', 'doctor', 'settings'])
        holds(help, `  rollcall-station ${command} `, 'help');
    const { stdout: described } = await good(['settings', '--data', data]);
    const file = path.join(folder('conf'), 'station.conf');
    fs.writeFileSync(file, described);
    await good(['--config', file, '--data', data, 'status']);
});


report();
