/* Very many connections: that they are served, and what they cost. */
import fs from 'node:fs';
import { NotHere, ask, connect, equal, fetchOne, get, holds, post, report, sanitized, serve, test, until } from './http_lib.mjs';

function filesAllowed(process_ = 'self') {
    return Number(/Max open files\s+\d+\s+(\d+)/.exec(fs.readFileSync(`/proc/${process_}/limits`, 'utf8'))?.[1] || 0);
}

function memoryOf(server) {
    return Number(/VmRSS:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]) / 1024;
}

async function many(server, count) {
    const conns = [];
    while (conns.length < count) conns.push(...(await Promise.all(Array.from({ length: Math.min(250, count - conns.length) }, () => connect(server)))));
    return conns;
}

await test('10,000 connections, and it still serves', async () => {
    const count = sanitized ? 2000 : 10000;
    if (filesAllowed() < count + 1000) throw new NotHere(`only ${filesAllowed()} descriptors are allowed here`);
    const server = await serve();
    const before = memoryOf(server), began = Date.now();
    const conns = await many(server, count);
    const connected = Date.now() - began;
    equal((await server.state()).connections, count + 1, 'connections');
    for (let i = 0; i < count; i += Math.floor(count / 100)) equal((await ask(conns[i], get('/')))[0].body, 'hello', 'one of them');
    equal((await fetchOne(server, get('/later'))).body, 'later', 'one more');
    const remark = `${count} in ${connected} ms, ${(memoryOf(server) - before).toFixed(1)} MB`;
    for (const conn of conns) conn.socket.destroy();
    await until(async () => (await server.state()).connections === 1, 'all are gone');
    return remark;
});

await test('5,000 listeners: their memory, and an event to all', async () => {
    const count = sanitized ? 500 : 5000;
    if (filesAllowed() < count + 1000) throw new NotHere(`only ${filesAllowed()} descriptors are allowed here`);
    const server = await serve();
    const conns = await many(server, count);
    for (const conn of conns) await conn.send(get('/sse'));
    await until(async () => (await server.state()).streams === count, 'all listen');
    const memory = memoryOf(server);
    const event = 'data: something happened\n\n', sizes = conns.map((conn) => conn.size), began = Date.now();
    let waiting = count;
    const all = new Promise((resolve) => conns.forEach((conn, i) => { conn.tell = () => { if (conn.size > sizes[i] + 20 && --waiting === 0) resolve(); }; }));
    equal((await fetchOne(server, post('/publish', event))).body, String(count), 'taken by');
    await all;
    const took = Date.now() - began;
    if (!sanitized) {
        holds(memory <= 60, `${memory.toFixed(1)} MB`); // of the 150 MB that the whole server may use
        holds(took <= 500, `the event reached all in ${took} ms`);
    }
    for (const conn of conns) conn.socket.destroy();
    return `${count}: ${memory.toFixed(1)} MB, event to all in ${took} ms`;
});

await report();
