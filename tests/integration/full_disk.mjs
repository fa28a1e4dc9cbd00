/* A server whose disk is full: it says so before, people can sign in and out, students can be erased, nothing else is written. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { equal, eventually, firstAdmin, folder, holds, login, makeClass, NotHere, Person, report, serverFolder, serverRun, startServer, test } from './lib/server.mjs';

async function withSmallDisk(body) {
    const disk = folder('disk');
    try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m,mode=0700', 'tmpfs', disk], { stdio: 'ignore' });
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

const PASSWORD = 'a password for tests';
const health = async (server) => {
    const { status, body } = await new Person(server).ask('GET', '/healthz');
    return [status, body.status];
};

await test('a full disk: it is told, sign in and out, erase one after another by API and by command', async () => withSmallDisk(async (disk) => {
    const data = path.join(disk, 'data');
    fs.cpSync(serverFolder(), data, { recursive: true });
    const server = await startServer({ data });
    const admin = await firstAdmin(server);
    const ids = await makeClass(admin, 'T1', 8);
    equal(await health(server), [200, 'ok'], 'health with room');
    fillUp(disk);
    equal(await health(server), [503, 'disk_low'], 'health of a full disk, before anything failed');
    let refused;
    for (let i = 0; i < 500 && !refused; i++) { // there may be free pages within the file
        const answer = await admin.ask('PATCH', `/api/students/${ids[0]}`, { name: `Name ${i} ${'x'.repeat(60)}` });
        if (answer.status !== 200) refused = answer;
    }
    for (let i = 0; i < 500 && !refused; i++) {
        const answer = await admin.ask('POST', '/api/students', { id: `new-${i}`, name: `New ${i} ${'x'.repeat(60)}`, class_id: 'T1' });
        if (answer.status !== 201) refused = answer;
    }
    equal(refused?.status, 507, 'another write');

    const second = await login(server, 'admin', PASSWORD);
    const logout = await second.ask('POST', '/api/auth/logout', {});
    equal(logout.status, 204, 'logout');
    equal((await second.ask('GET', '/api/me')).status, 401, 'the token after it');
    for (const id of ids.slice(0, 4)) equal((await admin.ask('DELETE', `/api/students/${id}`, { confirm: id })).status, 204, `erasing ${id} by API`);
    for (const id of ids.slice(4, 7)) {
        const erased = await serverRun(['--data', data, 'erase', id, '--yes']);
        equal([erased.code, erased.stderr.includes('full')], [0, false], `erasing ${id} by command`);
    }
    equal((await admin.get('/api/students?q=T1-')).items.map((one) => one.id), [ids[7]], 'who is left');
    if (!fs.existsSync(path.join(data, 'store/ballast'))) equal((await admin.ask('POST', '/api/students', { id: 'more', name: 'More', class_id: 'T1' })).status, 507, 'a write with the reserve gone');
    await login(server, 'admin', PASSWORD);

    fs.rmSync(path.join(disk, 'filler'));
    equal((await admin.ask('POST', '/api/students', { id: 'room', name: 'Room', class_id: 'T1' })).status, 201, 'a write with room');
    equal(await health(server), [200, 'ok'], 'health right after that write');
    await server.stop();
    const checked = await serverRun(['--data', data, 'check']);
    equal(checked.code, 0, 'check');
}));

await report();
