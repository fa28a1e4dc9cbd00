/* The same server under TLS: handshake, versions, renewal of the certificate, garbage, the end. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import tls from 'node:tls';
import { NotHere, answersOf, ask, connect, equal, file, get, holds, post, program, report, sanitized, serve, test, until, watch, wholeAnswers } from './http_lib.mjs';

/** A new self-signed certificate for a name. */
function certify(name, certificate, key) {
    const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', key, '-out', certificate], { encoding: 'utf8' });
    if (made.error) throw new NotHere('there is no openssl to make a certificate with');
    equal(made.status, 0, made.stderr);
}

const certificate = file('cert.pem'), key = file('key.pem');

function secure(server, options = {}) {
    const socket = tls.connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    return watch(socket, new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject)));
}
const serveSecure = (...words) => serve(`cert=${certificate}`, `key=${key}`, ...words);
const nameOf = (conn) => conn.socket.getPeerCertificate().subject.CN;

await test('everything works under TLS as it does without', async () => {
    certify('one.example', certificate, key);
    const server = await serveSecure();
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
        const conn = await secure(server, { minVersion: version, maxVersion: version, ALPNProtocols: ['h2', 'http/1.1'] });
        equal([conn.socket.getProtocol(), conn.socket.alpnProtocol], [version, 'http/1.1'], 'agreed');
        const [answer] = await ask(conn, get('/who'));
        equal(answer.body.split('\n')[1], 'secure=1', 'secure');
        equal(answer.headers['strict-transport-security'], 'max-age=31536000', 'HSTS');
        equal((await ask(conn, (get('/') + get('/later') + get('/slow?ms=5')).repeat(7), 21)).map((a) => a.status), Array(21).fill(200), 'pipelined');
        equal((await ask(conn, post('/echo', 'x'.repeat(65536))))[0].body.length, 65536, 'a body');
        equal((await ask(conn, get('/huge')))[0].body.length, 8 * 1024 * 1024, '8 MB');
        for (const byte of get('/')) await conn.send(byte);
        await conn.until(() => wholeAnswers(conn).length === 25, 'byte by byte');
        await conn.send(get('/stream?count=200&size=60000'));
        await conn.closes();
        const last = answersOf(conn.text).at(-1);
        equal([last.whole, last.body.length], [true, 12000000], 'a stream');
        conn.socket.destroy();
    }
    const shared = await secure(server);
    equal((await ask(shared, get('/shared')))[0].body.length, 8 * 1024 * 1024, 'bytes that answers share');
    shared.socket.destroy();
    const events = await secure(server);
    await events.send(get('/sse'));
    await events.until(() => events.text.includes('welcome'), 'welcome');
    const other = await secure(server);
    equal((await ask(other, post('/publish', 'data: 1\n\n')))[0].body, '1', 'published');
    await events.until(() => answersOf(events.text)[0].body.endsWith('data: 1\n\n'), 'the event');
    equal((await ask(other, get('/', 'Connection: close')))[0].headers.connection, 'close', 'the last');
    await other.closes();
    for (const conn of [events, other]) conn.socket.destroy();
});

await test('old versions and other protocols are refused', async () => {
    const server = await serveSecure();
    const refused = (options) => secure(server, options).then((conn) => { conn.socket.destroy(); return 'taken'; }, (error) => error.code || 'refused');
    for (const version of ['TLSv1', 'TLSv1.1']) holds(await refused({ minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' }) !== 'taken', version);
    holds(await refused({ ALPNProtocols: ['h2'] }) !== 'taken', 'only h2 offered');
    holds(await refused({ maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' }) !== 'taken', 'a cipher without forward secrecy');
    const conn = await secure(server, { maxVersion: 'TLSv1.2' });
    await new Promise((resolve) => { conn.socket.renegotiate({}, resolve); conn.socket.once('error', resolve); conn.socket.once('close', resolve); });
    conn.socket.destroy();
});

await test('garbage and silence', async () => {
    const server = await serveSecure('head_timeout_ms=300');
    for (const bytes of [get('/'), '\x16\x03\x01\x00\x05hello', '\x16\x03\x01' + 'x'.repeat(70000), '\0'.repeat(1000), '\x80\x2e\x01\x00\x02']) {
        const conn = await connect(server);
        conn.send(bytes);
        await conn.closes(5000);
        holds(!conn.text.includes('HTTP/'), 'no plain answer');
        conn.socket.destroy();
    }
    const silent = await connect(server), half = await connect(server);
    await half.send('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03');
    for (const conn of [silent, half]) {
        await conn.closes(5000);
        conn.socket.destroy();
    }
    const spoilt = await secure(server); // garbage after the handshake
    await ask(spoilt, get('/'));
    spoilt.socket._handle ? spoilt.socket._parent?.write?.('x') : 0;
    spoilt.socket.destroy();
    const conn = await secure(server);
    equal((await ask(conn, get('/')))[0].body, 'hello', 'afterwards');
    conn.socket.destroy();
});

await test('a new certificate is taken without a break; a bad one is not', async () => {
    certify('one.example', certificate, key);
    const server = await serveSecure('threads=2');
    const old = await secure(server);
    equal(nameOf(old), 'one.example', 'the first certificate');
    certify('two.example', certificate, key);
    server.child.kill('SIGHUP');
    await server.said('reloaded');
    const fresh = await secure(server);
    equal(nameOf(fresh), 'two.example', 'the second certificate');
    equal((await ask(old, get('/')))[0].body, 'hello', 'connections from before go on');
    fs.writeFileSync(certificate, 'nonsense');
    server.child.kill('SIGHUP');
    await server.said('reload failed');
    const still = await secure(server);
    equal(nameOf(still), 'two.example', 'the old one stays');
    for (const conn of [old, fresh, still]) conn.socket.destroy();
    await server.stop();
    const broken = spawnSync(program, [`cert=${certificate}`, `key=${key}`], { encoding: 'utf8', timeout: 20000 });
    equal([broken.status, /certificate .* cannot be used/.test(broken.stderr)], [1, true], broken.stderr);
    certify('one.example', certificate, key);
    certify('two.example', file('other.pem'), file('other-key.pem'));
    const mixed = spawnSync(program, [`cert=${certificate}`, `key=${file('other-key.pem')}`], { encoding: 'utf8', timeout: 20000 });
    equal([mixed.status, /cannot be used/.test(mixed.stderr)], [1, true], mixed.stderr);
});

await test('the end under TLS, and clients that do not read', async () => {
    const server = await serveSecure('write_timeout_ms=500');
    const idle = await secure(server), slow = await secure(server), deaf = await secure(server), stream = await secure(server);
    deaf.socket.pause();
    await deaf.send(get('/huge'));
    await stream.send(get('/sse'));
    await slow.send(get('/slow?ms=300'));
    await until(async () => (await ask(idle, get('/state'))).map((answer) => JSON.parse(answer.body))[0].waits === 1, 'it waits');
    server.kill();
    await slow.closes();
    equal(wholeAnswers(slow)[0].body, 'slow', 'an answer in flight');
    await stream.closes();
    holds(answersOf(stream.text)[0].whole, 'the stream has its end');
    for (const conn of [idle, slow, stream]) conn.socket.destroy();
    await server.stop();
    deaf.socket.destroy();
});

await test('many handshakes', async () => {
    const server = await serveSecure('threads=2');
    const count = sanitized ? 50 : 300;
    for (let i = 0; i < count; i += 25) {
        const conns = await Promise.all(Array.from({ length: 25 }, () => secure(server)));
        for (const conn of conns) equal((await ask(conn, get('/')))[0].body, 'hello', 'answer');
        for (const [n, conn] of conns.entries()) n % 2 ? conn.socket.destroy() : conn.socket.end();
        await Promise.all(conns.map((conn) => conn.closes()));
        for (const conn of conns) conn.socket.destroy();
    }
    return `${count}`;
});

await report();
