/* How long things last: slow and silent clients, clients that do not read or go away, limits, and the end of the server. */
import { spawnSync } from 'node:child_process';
import { answersOf, ask, connect, equal, fetchOne, get, holds, post, program, report, sanitized, serve, test, until, wholeAnswers } from './http_lib.mjs';

const HOST = 'Host: x\r\n';

await test('slow clients are cut off, with an answer where one is due', async () => {
    const server = await serve('head_timeout_ms=300', 'idle_timeout_ms=400', 'body_window_ms=300');
    const silent = await connect(server), idle = await connect(server), slow = await connect(server), body = await connect(server), drip = await connect(server);
    await ask(idle, get('/'));
    await slow.send('GET / HTTP/1.1\r\nHost: x\r\nX-');
    const dripping = setInterval(() => slow.socket.write('a'), 20); // each byte does not begin the time again
    await body.send(`POST /echo HTTP/1.1\r\n${HOST}Content-Length: 1000\r\n\r\nabc`);
    await drip.send(`POST /echo HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`);
    const chunks = setInterval(() => drip.socket.write('1\r\na\r\n'), 30);
    for (const conn of [silent, idle, slow, body, drip]) await conn.closes(5000);
    clearInterval(dripping);
    clearInterval(chunks);
    equal(silent.text, '', 'the silent one');
    equal(wholeAnswers(idle).length, 1, 'the idle one');
    for (const conn of [slow, body, drip]) {
        equal(answersOf(conn.text).map((answer) => answer.status), [408], 'a slow one');
        conn.socket.destroy();
    }
    const good = await connect(server); // slow, but as fast as it must be: 1000 bytes a second
    await good.send(`POST /echo HTTP/1.1\r\n${HOST}Content-Length: 1600\r\n\r\n`);
    for (let i = 0; i < 8; i++) await new Promise((resolve) => good.socket.write('x'.repeat(200), () => setTimeout(resolve, 60)));
    await good.until(() => wholeAnswers(good)[0]?.status === 200, 'a body that takes its time');
    good.socket.destroy();
    equal((await server.state()).timeouts, 3, 'timeouts');
});

await test('a client that does not read is cut off; one that reads slowly gets everything', async () => {
    const server = await serve('write_timeout_ms=500', 'write_queue_max=200000');
    const deaf = await connect(server), stuck = await connect(server), slow = await connect(server);
    const leaving = await connect(server);
    for (const conn of [deaf, stuck, leaving]) conn.socket.pause();
    slow.socket.pause();
    await deaf.send(get('/huge'));
    await leaving.send(get('/shared'));
    await stuck.send(get('/stream?count=1000&size=60000'));
    await slow.send(get('/shared'));
    await until(async () => (await server.state()).running === 1, 'the stream runs');
    leaving.socket.destroy(); // with most of its answer unsent
    for (let i = 0; i < 30; i++) { // far longer than the limit, a little each time
        slow.socket.resume();
        await new Promise((resolve) => setTimeout(resolve, 5));
        slow.socket.pause();
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    slow.socket.resume();
    await slow.until(() => wholeAnswers(slow)[0]?.body.length === 8 * 1024 * 1024, 'the slow reader gets 8 MB');
    await until(async () => { const state = await server.state(); return state.running === 0 && state.timeouts === 2; }, 'both are cut');
    for (const conn of [deaf, stuck, slow]) conn.socket.destroy();
});

await test('streams: backpressure, many readers of one, the end, a cut', async () => {
    const server = await serve();
    const stream = await connect(server);
    stream.socket.pause();
    await stream.send(get('/stream?count=500&size=60000'));
    await until(async () => (await server.state()).running === 1, 'the stream waits');
    stream.socket.resume();
    await stream.closes();
    const [whole] = answersOf(stream.text);
    holds(whole.whole, 'a proper end');
    equal(whole.body.length, 30000000, '30 MB');
    stream.socket.destroy();
    holds((await server.state()).drained > 0, 'it had to wait');
    const readers = await Promise.all(Array.from({ length: 50 }, () => connect(server)));
    for (const reader of readers) await reader.send(get('/sse'));
    for (const reader of readers) await reader.until(() => reader.text.includes(': welcome'), 'welcome');
    await until(async () => (await server.state()).streams === 50, '50 streams');
    equal((await fetchOne(server, post('/publish', 'data: 1\n\n'))).body, '50', 'taken by');
    for (const reader of readers) await reader.until(() => answersOf(reader.text)[0].body === ': welcome\n\ndata: 1\n\n', 'the event');
    for (const reader of readers.slice(0, 20)) reader.socket.destroy();
    for (const reader of readers.slice(20, 30)) reader.socket.end();
    for (const reader of readers.slice(30, 40)) reader.socket.resetAndDestroy();
    await until(async () => (await server.state()).running === 10, 'those who left are gone');
    const cut = await connect(server);
    await cut.send(get('/cut'));
    await cut.closes();
    holds(!answersOf(cut.text)[0]?.whole, 'a cut is no end');
    for (const reader of readers) reader.socket.destroy();
});

await test('hanging up while an answer is pending', async () => {
    const server = await serve();
    for (const end of ['destroy', 'resetAndDestroy']) {
        const before = (await server.state()).gone;
        const conns = await Promise.all(Array.from({ length: 10 }, () => connect(server)));
        for (const conn of conns) await conn.send(get('/poll?ms=60000'));
        await until(async () => (await server.state()).waits === 10, 'they wait');
        for (const conn of conns) conn.socket[end]();
        await until(async () => { const state = await server.state(); return state.waits === 0 && state.connections === 1; }, 'their answers are dropped');
        equal((await server.state()).gone, before + 10, 'gone');
    }
    for (let i = 0; i < 50; i++) { // while another thread is at it
        const conn = await connect(server);
        await conn.send(get('/later').repeat(3));
        conn.socket.resetAndDestroy();
    }
    await until(async () => (await server.state()).connections === 1, 'all are gone');
    equal((await fetchOne(server, get('/later'))).body, 'later', 'afterwards');
});

await test('limits: connections, requests on one, descriptors', async () => {
    const server = await serve('connections=5', 'requests_per_connection=3');
    const conns = await Promise.all(Array.from({ length: 5 }, () => connect(server)));
    for (const conn of conns) equal((await ask(conn, get('/')))[0].body, 'hello', 'within the limit');
    const more = await connect(server);
    await more.closes();
    holds(more.text === '' || answersOf(more.text)[0].status === 503, 'one too many');
    more.socket.destroy();
    const answers = await ask(conns[0], get('/').repeat(5), 2);
    await conns[0].closes();
    equal(answers.map((answer) => answer.headers.connection), [undefined, 'close'], 'the third is the last');
    for (const conn of conns) conn.socket.destroy();
    await until(async () => (await fetchOne(server, get('/')).catch(() => null))?.body === 'hello', 'room again');
    const poor = await serve('files=160'); // 32 connections are allowed then
    const crowd = await Promise.all(Array.from({ length: 200 }, () => connect(poor).catch(() => null)));
    holds(crowd.filter((conn) => conn && !conn.over).length >= 20, 'some are served');
    for (const conn of crowd) conn?.socket.destroy();
    await until(async () => (await fetchOne(poor, get('/')).catch(() => null))?.body === 'hello', 'it still serves');
});

await test('no descriptors left: it waits, does not spin, and serves again', async () => {
    const server = await serve();
    const limit = spawnSync('prlimit', ['--pid', String(server.child.pid), '--nofile=40:40']);
    if (limit.status !== 0) return 'skipped: there is no prlimit';
    const conns = await Promise.all(Array.from({ length: 100 }, () => connect(server).catch(() => null)));
    for (const conn of conns) conn?.socket.destroy();
    await until(async () => (await fetchOne(server, get('/')).catch(() => null))?.body === 'hello', 'it serves again');
    equal((await server.state()).connections, 1, 'connections');
});

await test('a graceful end: answers in flight are finished, streams ended, files cut, polls told', async () => {
    for (const threads of [1, 3]) {
        const server = await serve(`threads=${threads}`, 'stop_timeout_ms=20000');
        const slow = await Promise.all(Array.from({ length: 6 }, () => connect(server)));
        const idle = await connect(server), poll = await connect(server), stream = await connect(server), upload = await connect(server), huge = await connect(server), file = await connect(server);
        huge.socket.pause();
        file.socket.pause();
        await ask(idle, get('/'));
        for (const conn of slow) await conn.send(get('/slow?ms=400'));
        await poll.send(get('/poll?ms=60000'));
        await stream.send(get('/sse'));
        await huge.send(get('/huge'));
        await file.send(get('/stream?count=1000000&size=65536'));
        await upload.send(`POST /echo HTTP/1.1\r\n${HOST}Content-Length: 4\r\n\r\nab`);
        await until(async () => { const state = await server.state(); return state.waits === 7 && state.running === 2; }, 'all is under way');
        const began = Date.now();
        server.kill();
        await idle.closes();
        await upload.send('cd');
        huge.socket.resume();
        file.socket.resume();
        for (const conn of slow) {
            await conn.closes();
            equal(wholeAnswers(conn).map((answer) => [answer.status, answer.body, answer.headers.connection]), [[200, 'slow', 'close']], 'an answer in flight');
        }
        for (const conn of [poll, stream, upload, huge, file]) await conn.closes();
        equal(wholeAnswers(poll)[0].status, 503, 'a long poll');
        holds(answersOf(stream.text)[0].whole, 'the stream has its end');
        holds(!answersOf(file.text)[0].whole, 'half a file does not look whole');
        equal(wholeAnswers(upload)[0].body, 'abcd', 'an upload');
        equal(wholeAnswers(huge)[0].body.length, 8 * 1024 * 1024, 'a large answer');
        for (const conn of [...slow, idle, poll, stream, upload, huge, file]) conn.socket.destroy();
        await server.stop();
        holds(Date.now() - began < 10000, `it took ${Date.now() - began} ms`);
    }
});

await test('an end that nobody can prevent', async () => {
    const server = await serve('stop_timeout_ms=300');
    const deaf = await connect(server), slow = await connect(server), half = await connect(server);
    deaf.socket.pause();
    await deaf.send(get('/huge'));
    await slow.send(get('/slow?ms=600000'));
    await half.send('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Le');
    await until(async () => (await server.state()).waits === 1, 'it waits');
    const began = Date.now();
    await server.stop();
    holds(Date.now() - began < (sanitized ? 5000 : 2000), `it took ${Date.now() - began} ms`);
    for (const conn of [deaf, slow, half]) conn.socket.destroy();
});

await test('several threads share the work; a taken port is not shared', async () => {
    for (const threads of [1, 2]) {
        const server = await serve(`threads=${threads}`);
        const conns = await Promise.all(Array.from({ length: 40 }, () => connect(server)));
        const bodies = await Promise.all(conns.map(async (conn, i) => (await ask(conn, get(['/', '/later', '/slow'][i % 3])))[0].body));
        equal(new Set(bodies), new Set(['hello', 'later', 'slow']), 'answers');
        for (const conn of conns) conn.socket.destroy();
        for (const other of [1, 2]) {
            const second = spawnSync(program, [`port=${server.port}`, `threads=${other}`], { timeout: 20000, encoding: 'utf8' });
            equal([second.status, /in use by another program/.test(second.stderr)], [1, true], `a second server: ${second.stderr}`);
        }
    }
    for (const [word, says] of [['address=0.0.0.0', /only a loopback address/], ['address=here', /only a loopback address/], ['cert=/nowhere', /together/]]) {
        const refused = spawnSync(program, [word], { timeout: 20000, encoding: 'utf8' });
        equal([refused.status, says.test(refused.stderr)], [1, true], `${word}: ${refused.stderr}`);
    }
});

await report();
