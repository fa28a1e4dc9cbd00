/* packaging/alerts-demo after the build: alerts_demo.mjs SERVER [--keep]. Says what it does, checks it, ends 0. */
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { CloudApi } from './cloud_api.mjs';

const [program, option] = process.argv.slice(2);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-alerts-'));
const PARENT = '+919876500001', COORDINATOR = '+919876500002', STUDENT = 'DEMO-1', CLASS = 'DEMO-A';
let server;

process.on('exit', () => {
    server?.kill('SIGKILL');
    fs.rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

const say = (step, text) => console.log(`${step.padEnd(10)} ${text}`);

function must(holds, what) {
    if (holds) return;
    console.error(`packaging/alerts-demo: ${what}`);
    process.exit(1);
}

async function eventually(what, ask, ms = 30000) {
    for (const deadline = Date.now() + ms; Date.now() < deadline;) {
        const answer = await ask();
        if (answer) return answer;
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return must(false, `${what}: not within ${ms / 1000} s`);
}

/* Somewhere it is about noon now: messages leave by day. */
function noonZone() {
    const ahead = 12 - new Date().getUTCHours();
    return ahead === 0 ? 'Etc/GMT' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
}

function write(name, text, mode = 0o600) {
    fs.writeFileSync(path.join(folder, name), text, { mode });
}

async function run(...args) {
    const { stdout } = await promisify(execFile)(program, ['--data', folder, ...args], { maxBuffer: 1 << 24 });
    return stdout;
}

async function startServer() {
    server = spawn(program, ['--data', folder, 'run', '--listen', '127.0.0.1:0', '--json'], { stdio: ['ignore', 'pipe', fs.openSync(path.join(folder, 'log'), 'a')] });
    const lines = [];
    let rest = '';
    server.stdout.setEncoding('utf8').on('data', (text) => {
        rest += text;
        lines.push(...rest.split('\n').slice(0, -1).filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)));
        rest = rest.split('\n').at(-1);
    });
    const url = (await eventually('the server listens', () => lines.find((line) => line.listening))).listening;
    return { url, password: lines.find((line) => line.one_time_password).one_time_password };
}

/* A person with a token. */
function person(url, token) {
    return async (method, where, body) => {
        const answer = await fetch(url + where, {
            method, headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) }, body: body && JSON.stringify(body),
        });
        const text = await answer.text();
        must(answer.ok, `${method} ${where}: ${answer.status} ${text}`);
        return text ? JSON.parse(text) : null;
    };
}

async function logIn(url, password) {
    const fresh = 'a password for the demo';
    const { token } = await person(url)('POST', '/api/auth/login', { username: 'admin', password });
    const changed = await person(url, token)('POST', '/api/auth/change-password', { current: password, new: fresh });
    return { admin: person(url, changed.token), fresh };
}

function dateFrom(today, days) {
    const date = new Date(`${today}T12:00:00Z`);
    date.setUTCDate(date.getUTCDate() + days);
    return date.toISOString().slice(0, 10);
}

// ---- the school ------------------------------------------------------------------------------------------------------

const cloud = await CloudApi.start({ tells: ['sent', 'delivered', 'read'] });
write('secrets', `WHATSAPP_TOKEN=${cloud.token}\nWHATSAPP_APP_SECRET=${cloud.appSecret}\n`);
write('server.conf', `[school]\nname = Demo School\ntimezone = ${noonZone()}\n[alerts]\nprovider = whatsapp\ncredentials = secrets\n[whatsapp]\nbase_url = ${cloud.url}\nphone_id = ${cloud.phoneId}\n`);
say('school', 'fifty students with twenty days of history, in a folder that goes afterwards');
await run('demo-data', '--students', '50', '--days', '20', '--seed', '1');
const { url, password } = await startServer();
const { admin, fresh } = await logIn(url, password);
cloud.webhook = `${url}/webhooks/whatsapp`;
const { school: { today } } = await admin('GET', '/api/me');
await admin('PATCH', '/api/settings', { send_from: '00:00', send_to: '23:59' });
await admin('PUT', `/api/classes/${CLASS}`, { start: '09:00', late_after_min: 10, close_after_min: 60, weekdays: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] });
await admin('POST', '/api/students', { id: STUDENT, name: 'Asha Verma', class_id: CLASS, parent_name: 'Meera Verma', parent_phone: PARENT, joined: dateFrom(today, -5) });
await admin('POST', '/api/users', { name: 'tara', full_name: 'Tara Iyer', role: 'coordinator', classes: [CLASS], phone: COORDINATOR });
say('school', `Asha Verma of ${CLASS}; her mother has ${PARENT}, Tara Iyer, who coordinates the class, ${COORDINATOR}`);

// ---- three days ------------------------------------------------------------------------------------------------------

for (const back of [3, 2, 1]) {
    const date = dateFrom(today, -back);
    const roll = await admin('POST', `/api/rolls/${CLASS}/${date}/close`);
    say('absent', `${date}: the roll is closed by ${roll.session.closed_by ?? 'a person'}, and Asha was not seen`);
}

// ---- the night -------------------------------------------------------------------------------------------------------

say('night', `$ rollcall-server alerts run --dry-run`);
const dry = await run('alerts', 'run', '--dry-run');
dry.split('\n').filter((line) => line.includes(STUDENT) || line.includes('would be')).forEach((line) => say('', line));
must(cloud.to(PARENT).length === 0, 'a dry run sent something');
say('night', `$ rollcall-server alerts run`);
say('', (await run('alerts', 'run')).trim());

// ---- the messages ----------------------------------------------------------------------------------------------------

for (const [who, number] of [['parent', PARENT], ['coordinator', COORDINATOR]]) {
    const message = await cloud.until((one) => one.to === number.slice(1), 30000, `the message to the ${who}`);
    say('message', `to the ${who}, ${number}: template ${message.template} (${message.parameters.join(' | ')})`);
}
const alert = await eventually('both messages are read', async () => {
    const { items } = await admin('GET', '/api/alerts');
    const mine = items.find((item) => item.student_id === STUDENT);
    return mine && mine.messages.every((message) => message.state === 'read') ? mine : null;
});
const whole = await admin('GET', `/api/alerts/${alert.id}`);
for (const message of whole.messages) say('state', `${message.recipient}: ${message.steps.map((step) => step.state).join(' → ')}`);

// ---- what the page shows ---------------------------------------------------------------------------------------------

say('page', `${url}/admin: ${whole.student}, absent ${whole.absent} days since ${whole.first_date}`);
for (const day of whole.days) say('why', `${day.date}: absent; the roll was closed by ${day.closed_by ?? 'itself'}`);
say('night', '$ rollcall-server alerts run     (again)');
say('', (await run('alerts', 'run')).trim());
must(cloud.to(PARENT).length === 1, 'the parent was told twice');
say('done', 'told once, delivered, and explained');

if (option === '--keep') {
    say('keep', `open ${url}, user admin, password: ${fresh}     (Ctrl-C ends it)`);
    await new Promise(() => {});
}
const ended = new Promise((resolve) => server.on('exit', resolve));
server.kill('SIGTERM');
must(await ended === 0, 'the server did not end well');
await cloud.stop();
process.exit(0);
