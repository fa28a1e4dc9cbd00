/* Schools for the tests of the pages: one of a real size by `rollcall-server demo-data`, and one that is empty. */
import { firstAdmin, serverFolder, serverRun, startServer } from './lib.mjs';

export const PASSWORD = 'a password for tests'; // of everybody, as firstAdmin sets it

/** 500 students with 60 days behind them, a coordinator, stations in several states. */
export async function realSchool() {
    const data = serverFolder();
    const made = await serverRun(['demo-data', '--data', data, '--students', '500', '--days', '60', '--seed', '7'], { timeoutS: 240 });
    if (made.code !== 0) throw new Error(`demo-data: exit ${made.code}\n${made.stderr}`);
    const server = await startServer({ data, timeoutS: 1200 });
    const admin = await firstAdmin(server);
    const classes = (await admin.get('/api/classes')).items;
    const students = (await admin.get('/api/students?limit=500')).items;
    await admin.post('/api/stations', { name: 'Door of the hall', classes: [] });
    const lost = await admin.post('/api/stations', { name: 'A device that was lost', classes: [classes[0].id] });
    await admin.post(`/api/stations/${lost.station.id}/revoke`);
    return { server, admin, classes, students, schoolDay: await lastSchoolDay(admin, classes[0].id) };
}

/** The newest day before today on which the class met. */
async function lastSchoolDay(admin, id) {
    const { today } = (await admin.get('/api/me')).school;
    for (let ms = Date.parse(today) - 86400000, i = 0; i < 30; i++, ms -= 86400000) {
        const date = new Date(ms).toISOString().slice(0, 10);
        if ((await admin.get(`/api/rolls?class=${id}&date=${date}`)).session) return date;
    }
    throw new Error(`${id} met on none of the last 30 days`);
}

export async function emptySchool() {
    const server = await startServer({ timeoutS: 600 });
    return { server, admin: await firstAdmin(server) };
}

/** A coordinator of these classes who has chosen his password. */
export async function makeCoordinator(server, admin, name, classes) {
    const { one_time_password: once } = await admin.post('/api/users', { name, full_name: `Coordinator ${name}`, role: 'coordinator', classes });
    return chooseOwn(server, name, once);
}

export async function chooseOwn(server, name, once) {
    const { token } = await post(server, '/api/auth/login', { username: name, password: once });
    await post(server, '/api/auth/change-password', { current: once, new: PASSWORD }, token);
    return { name, password: PASSWORD };
}

async function post(server, where, body, token) {
    const response = await fetch(server.url + where, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
        body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${where}: ${response.status} ${await response.text()}`);
    return response.json();
}
