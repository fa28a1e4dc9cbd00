/*
 * What the tests of alerts share: a school whose students were absent for three days that a person closed, a server whose
 * messages go to a Cloud API of ours, and ways to see what became of them.
 */
import fs from 'node:fs';
import path from 'node:path';

import { CloudApi } from '../../support/cloud_api.mjs';
import { eventually, firstAdmin, serverFolder, serverRun, startServer } from './server.mjs';

export * from './server.mjs';
export { CloudApi };

export const VERIFY_TOKEN = 'test-verify-token';

/** Dates of the server's school: so many days from today. */
export function dateFrom(today, days) {
    const date = new Date(`${today}T12:00:00Z`);
    date.setUTCDate(date.getUTCDate() + days);
    return date.toISOString().slice(0, 10);
}

/** A data folder whose server sends to the cloud; secrets are in a file, as they would be. */
export function alertsFolder(cloud, settings = '') {
    const data = serverFolder(`[alerts]\nprovider = whatsapp\ncredentials = secrets\nretry_s = 1\n${settings}\n[whatsapp]\nbase_url = ${cloud.url}\nphone_id = ${cloud.phoneId}\n`);
    fs.writeFileSync(path.join(data, 'secrets'), `# of a test\nWHATSAPP_TOKEN=${cloud.token}\nWHATSAPP_APP_SECRET="${cloud.appSecret}"\nWHATSAPP_VERIFY_TOKEN=${VERIFY_TOKEN}\n`, { mode: 0o600 });
    return data;
}

/** A cloud, a server that sends to it, an admin: {cloud, server, admin, today}. */
export async function alertsServer({ cloud: options = {}, settings = '', data, env } = {}) {
    const cloud = await CloudApi.start(options);
    const server = await startServer({ data: data ?? alertsFolder(cloud, settings), env });
    cloud.webhook = `${server.url}/webhooks/whatsapp`;
    const admin = await firstAdmin(server);
    const { school } = await admin.get('/api/me');
    return { cloud, server, admin, today: school.today };
}

let classes = 0;

/** A class of its own with students with these numbers (null: none), who were all absent on the last three days: {classId, ids}. */
export async function absentClass({ admin, today }, phones, days = 3) {
    const classId = `A${++classes}`;
    await admin.put(`/api/classes/${classId}`, { start: '00:00', late_after_min: 10, close_after_min: 60, weekdays: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] });
    const ids = phones.map((_, i) => `${classId}-${i + 1}`);
    for (const [i, phone] of phones.entries())
        await admin.post('/api/students', { id: ids[i], name: `Student ${ids[i]}`, class_id: classId, parent_name: `Parent ${i + 1}`, parent_phone: phone, joined: dateFrom(today, -days - 1) });
    for (let back = days; back >= 1; back--) await admin.post(`/api/rolls/${classId}/${dateFrom(today, -back)}/close`);
    return { classId, ids };
}

/** The nightly job, now. */
export async function runAlerts(server) {
    const result = await serverRun(['--data', server.data, 'alerts', 'run']);
    if (result.code !== 0) throw new Error(`alerts run: ${result.code}\n${result.stdout}${result.stderr}`);
}

/** All messages, with their student and alert: [{student_id, alert_id, recipient, phone, state, error_code, error, tries, steps}]. */
export async function messages(admin) {
    const { items } = await admin.get('/api/alerts');
    const whole = await Promise.all(items.map((item) => admin.get(`/api/alerts/${item.id}`)));
    return whole.flatMap((alert) => alert.messages.map((message) => ({ ...message, student_id: alert.student_id, alert_id: alert.id, alert_state: alert.state })));
}

/** The message to a student's parent, once it is as the predicate wants it. */
export function messageTo(admin, student, predicate = () => true, ms = 20000) {
    let last;
    return eventually(`the message about ${student}`, async () => {
        last = (await messages(admin)).find((one) => one.student_id === student && one.recipient === 'parent');
        return last && predicate(last) ? last : null;
    }, ms).catch((error) => { throw new Error(`${error.message}; it is ${JSON.stringify(last)}`); });
}

/** The same, in a state. */
export function inState(admin, student, state, ms) {
    return messageTo(admin, student, (message) => message.state === state, ms);
}
