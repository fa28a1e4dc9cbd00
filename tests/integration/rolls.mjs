/* A person settles a roll at the station: closed, open again, no session; and a calendar from a file at the server. */
import fs from 'node:fs';
import path from 'node:path';
import { execFile } from 'node:child_process';
import { equal, folder, good, holds, json, report, run, stationFolder, test } from './lib.mjs';

const server = path.join(process.env.ROLLCALL_TEST_BIN, 'rollcall-server');
const date = '2026-11-23'; /* a Monday that is over */

const data = await stationFolder({ roster: false });
fs.writeFileSync(path.join(data, 'classes.csv'), 'class,start,late_after,close_after,weekdays\n10-B,09:00,10,60,Mon-Fri\n');
fs.writeFileSync(path.join(data, 'students.csv'), 'id,name,class\ns1,Asha,10-B\ns2,Ravi,10-B\n');
await good(['--data', data, 'roster', 'import', path.join(data, 'classes.csv')]);
await good(['--data', data, 'roster', 'import', path.join(data, 'students.csv')]);

const roll = (...words) => run(['--data', data, 'roll', ...words, '--date', date]);
const statuses = async () => (await json(['--data', data, '--json', 'roll', '--date', date])).map((line) => line.status);

await test('a roll is closed, opened again, and there is no session', async () => {
    equal(await statuses(), ['not yet', 'not yet'], 'before');
    await good(['--data', data, 'correct', 's1', 'present', '--by', 'Meera', '--reason', 'was there', '--date', date]);
    holds((await roll('close', '10-B', '--by', 'Meera')).stdout, /the roll is closed; present 1, late 0, absent 1/, 'closing');
    equal(await statuses(), ['present', 'absent'], 'closed');
    holds((await roll('--class', '10-B')).stdout, /10-B is closed by Meera/, 'who closed it');
    await good(['--data', data, 'correct', 's2', 'late', '--by', 'Meera', '--reason', 'bus', '--date', date]);
    equal(await statuses(), ['present', 'late'], 'corrected after the closing');
    equal((await roll('reopen', '10-B', '--by', 'Meera')).code, 0, 'reopening');
    holds((await roll('reopen', '10-B', '--by', 'Meera')).stderr, /is not closed/, 'twice');
    equal((await roll('no-session', '10-B', '--by', 'Meera', '--reason', 'rain')).code, 0, 'no session');
    equal(await statuses(), ['not yet', 'not yet'], 'nothing counts');
    holds((await roll('--class', '10-B')).stdout, /10-B has no session: rain by Meera/, 'why');
    holds((await run(['--data', data, 'doctor'])).stdout, /./, 'the store is whole');
});

await test('wrong words about a roll', async () => {
    equal((await roll('close', '10-B')).code, 2, 'nobody says it');
    equal((await roll('open', '10-B', '--by', 'Meera')).code, 2, 'no such word');
    equal((await roll('close', '9-Z', '--by', 'Meera')).code, 1, 'no such class');
    const sunday = await run(['--data', data, 'roll', 'close', '10-B', '--by', 'Meera', '--date', '2026-11-22']);
    holds(sunday.stderr, /has no session on 2026-11-22/, 'a Sunday');
});

function serve(args) {
    return new Promise((done) => execFile(server, args, (error, stdout, stderr) => done({ code: error ? error.code : 0, stdout, stderr })));
}

await test('a calendar from a file', async () => {
    const dir = folder('calendar');
    const file = path.join(dir, 'days.ics');
    const day = new Date(Date.now() + 40 * 86400e3).toISOString().slice(0, 10).replaceAll('-', '');
    fs.writeFileSync(file, `BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:${day}\r\nSUMMARY:Holiday\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`);
    const first = await serve(['--data', dir, 'calendar', 'import', file]);
    holds(first.stdout, /added .* Holiday\nimported: 1 days new/, 'first');
    holds((await serve(['--data', dir, 'calendar', 'import', file, '--dry-run'])).stdout, /would import: 0 days new, 0 changed, 1/, 'again');
    fs.writeFileSync(file, 'label,date\nx,2026-13-40\n');
    const bad = await serve(['--data', dir, 'calendar', 'import', file]);
    equal(bad.code, 1, 'a date that is none');
    holds(bad.stderr, /^line 2: /, 'its line');
});

report();
