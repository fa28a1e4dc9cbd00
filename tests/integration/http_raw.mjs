/* What the HTTP layer answers to what: byte for byte over raw sockets. */
import { answersOf, ask, connect, equal, fetchOne, get, holds, post, report, serve, test, wholeAnswers } from './http_lib.mjs';

const HOST = 'Host: x\r\n';
const CSP = "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

await test('requests that could be read in two ways are refused, and the connection closed', async () => {
    const server = await serve();
    const hidden = get('/who/smuggled');
    const cases = {
        'CL and TE': `POST /echo HTTP/1.1\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
        'TE and CL': `POST /echo HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${hidden}`,
        'two lengths': `POST /echo HTTP/1.1\r\n${HOST}Content-Length: 0\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
        'length list': `POST /echo HTTP/1.1\r\n${HOST}Content-Length: 0, 5\r\n\r\n${hidden}`,
        'TE twice': `POST /echo HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${hidden}`,
        'TE gzip, chunked': `POST /echo HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${hidden}`,
        'TE xchunked': `POST /echo HTTP/1.1\r\n${HOST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`,
        'TE in HTTP/1.0': `POST /echo HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n${hidden}`,
        'space before the colon': `POST /echo HTTP/1.1\r\n${HOST}Content-Length : 5\r\n\r\n${hidden}`,
        'folded line': `POST /echo HTTP/1.1\r\n${HOST}X: a\r\n Content-Length: 5\r\n\r\n${hidden}`,
        'folded value': `POST /echo HTTP/1.1\r\n${HOST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n${hidden}`,
        'bare LF': `GET / HTTP/1.1\nHost: x\n\n${hidden}`,
        'bare LF in a head': `GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n${hidden}`,
        'bare CR': `GET / HTTP/1.1\r\n${HOST}X: a\rContent-Length: 5\r\n\r\n${hidden}`,
        'NUL': `GET / HTTP/1.1\r\n${HOST}X: a\0b\r\n\r\n${hidden}`,
        'two Hosts': `GET / HTTP/1.1\r\n${HOST}Host: y\r\n\r\n${hidden}`,
        'no Host': `GET / HTTP/1.1\r\n\r\n${hidden}`,
        'absolute form': `GET http://x/ HTTP/1.1\r\n${HOST}\r\n${hidden}`,
        'HTTP/0.9': `GET /\r\n${hidden}`,
        'HTTP/0.9 with bare LF': `GET /\n${hidden}`,
        'HTTP/2.0': `GET / HTTP/2.0\r\n${HOST}\r\n${hidden}`,
        'preface of HTTP/2': `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`,
        'CONNECT': `CONNECT x:443 HTTP/1.1\r\n${HOST}\r\n${hidden}`,
        'unknown method': `FROB / HTTP/1.1\r\n${HOST}\r\n${hidden}`,
        'dots': `GET /../etc/passwd HTTP/1.1\r\n${HOST}\r\n${hidden}`,
        'escaped dots': `GET /who/%2e%2e/x HTTP/1.1\r\n${HOST}\r\n${hidden}`,
        'escaped NUL': `GET /who/%00 HTTP/1.1\r\n${HOST}\r\n${hidden}`,
        'broken chunk': `POST /echo HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\n${hidden}`,
        'chunk with bare LF': `POST /echo HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n${hidden}`,
        'trailer': `POST /echo HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n${hidden}`,
        'TLS on the plain port': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + 'x'.repeat(100) + '\r\n',
        'long line': `GET /${'a'.repeat(9000)} HTTP/1.1\r\n${HOST}\r\n${hidden}`,
        'line without an end': 'A'.repeat(100000),
        'large fields': `GET / HTTP/1.1\r\n${HOST}X: ${'a'.repeat(17000)}\r\n\r\n${hidden}`,
        'many fields': `GET / HTTP/1.1\r\n${HOST}${'X: y\r\n'.repeat(64)}\r\n${hidden}`,
    };
    const other = { 'HTTP/2.0': 505, 'preface of HTTP/2': 505, 'long line': 414, 'line without an end': 414, 'large fields': 431, 'many fields': 431 };
    for (const [name, bytes] of Object.entries(cases)) {
        const conn = await connect(server);
        conn.send(bytes);
        await conn.closes();
        const answers = answersOf(conn.text);
        equal(answers.map((answer) => answer.status), [other[name] || 400], name);
        equal(answers[0].headers.connection, 'close', `${name}: Connection`);
        holds(JSON.parse(answers[0].body).error.code, `${name}: no code`);
        conn.socket.destroy();
    }
    return `${Object.keys(cases).length} cases`;
});

await test('what the table of routes refuses, before a body is read', async () => {
    const server = await serve();
    const json = 'Content-Type: application/json';
    const cases = [ // request, status, code, closes
        [get('/nowhere'), 404, 'not_found', false],
        [post('/nowhere', 'x'), 404, 'not_found', true],
        [post('/who', ''), 405, 'method', false],
        [`OPTIONS /echo HTTP/1.1\r\n${HOST}\r\n`, 405, 'method', false],
        [`TRACE / HTTP/1.1\r\n${HOST}\r\n`, 405, 'method', false],
        [`POST /echo HTTP/1.1\r\n${HOST}Content-Length: 65537\r\n\r\n`, 413, 'body_too_large', true],
        [`POST /echo HTTP/1.1\r\n${HOST}Content-Length: 65537\r\nExpect: 100-continue\r\n\r\n`, 413, 'body_too_large', true],
        [`GET / HTTP/1.1\r\n${HOST}Content-Length: 1\r\n\r\n`, 413, 'body_too_large', true],
        [post('/json', '{}', 'Content-Type: text/plain'), 415, 'media_type', true],
        [post('/json', '{}'), 415, 'media_type', true],
        [post('/json', '{}', 'Content-Type: application/json; charset=utf-8'), 200, null, false],
        [`POST /echo HTTP/1.1\r\n${HOST}Content-Length: 1\r\nExpect: 200-maybe\r\n\r\n`, 417, 'expectation', true],
        // permission comes after the method, before the size and the type
        [get('/private'), 401, 'unauthenticated', false],
        [get('/private', 'Authorization: Bearer student'), 403, 'forbidden', false],
        [get('/private', 'Authorization: Bearer admin'), 200, null, false],
        [get('/private', 'Authorization: Bearer slow-down'), 429, 'too_many_tries', false],
        [`PUT /private HTTP/1.1\r\n${HOST}Content-Length: 9999\r\n\r\n`, 405, 'method', true],
        [`POST /private HTTP/1.1\r\n${HOST}Content-Length: 9999\r\n\r\n`, 401, 'unauthenticated', true],
        [`POST /private HTTP/1.1\r\n${HOST}Authorization: Bearer admin\r\nContent-Length: 9999\r\n\r\n`, 413, 'body_too_large', true],
        [post('/private', '{}', 'Authorization: Bearer admin'), 415, 'media_type', true],
        [post('/private', '{}', 'Authorization: Bearer admin', json), 200, null, false],
        // the hook is asked about a write that anyone may do, not about a read, nor where any origin may write
        [post('/echo', 'x', 'Origin: http://evil.example'), 403, 'origin', true],
        [get('/', 'Origin: http://evil.example'), 200, null, false],
        [post('/echo', 'x', 'Origin: http://evil.example').replace('POST', 'PUT'), 200, null, false],
    ];
    for (const [bytes, status, code, closes] of cases) {
        const name = bytes.slice(0, 70);
        const conn = await connect(server);
        const [answer] = await ask(conn, bytes);
        equal(answer?.status, status, name);
        equal(code && JSON.parse(answer.body).error.code, code, `${name}: code`);
        equal(answer.headers.connection === 'close', closes, `${name}: closes`);
        if (closes) await conn.closes();
        else equal((await ask(conn, get('/')))[0]?.body, 'hello', `${name}: the next request`);
        conn.socket.destroy();
    }
    equal((await fetchOne(server, post('/who', ''))).headers.allow, 'GET, HEAD', 'Allow');
    equal((await fetchOne(server, `DELETE /echo HTTP/1.1\r\n${HOST}\r\n`)).headers.allow, 'POST, PUT', 'Allow');
    equal((await fetchOne(server, get('/private', 'Authorization: Bearer slow-down'))).headers['retry-after'], '7', 'Retry-After');
});

await test('every answer has the security headers; a handler may replace one, and cannot split an answer', async () => {
    const server = await serve();
    for (const bytes of [get('/'), get('/nowhere'), get('/private'), get('/asset'), get('/slow'), get('/nothing'), post('/echo', 'x'), 'GARBAGE\r\n', get('/asset', 'If-None-Match: *')]) {
        const { headers } = await fetchOne(server, bytes);
        equal(headers['x-content-type-options'], 'nosniff', bytes);
        equal(headers['referrer-policy'], 'same-origin', bytes);
        equal(headers['x-frame-options'], 'DENY', bytes);
        equal(headers['content-security-policy'], CSP, bytes);
        equal(headers['cache-control'], bytes.startsWith('GET /asset') ? 'no-cache' : 'no-store', bytes);
        equal(headers['strict-transport-security'], undefined, bytes);
        holds(Math.abs(Date.parse(headers.date) - Date.now()) < 60000, `Date: ${headers.date}`);
    }
    const { headers } = await fetchOne(server, get('/header?v=ok'));
    equal([headers['x-test'], headers['cache-control'], headers['set-cookie']], ['ok', 'max-age=5', 'a=1\nb=2'], 'headers of a handler');
    for (const value of ['a%0d%0aX-Evil:%201', 'a%0aX-Evil:%201', 'a%7f'])
        equal((await fetchOne(server, get(`/header?v=${value}`))).headers['x-test'], undefined, value);
});

await test('bodies: by length, chunked, none; Expect; HEAD; HTTP/1.0; half-closed', async () => {
    const server = await serve();
    const conn = await connect(server);
    const body = 'x'.repeat(65536);
    equal((await ask(conn, post('/echo', body)))[0].body.length, 65536, 'the largest body');
    const chunks = (text, size) => text.match(new RegExp(`.{1,${size}}`, 'gs')).map((part) => `${part.length.toString(16)};a=b\r\n${part}\r\n`).join('') + '0\r\n\r\n';
    const head = `POST /echo HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`;
    equal((await ask(conn, head + chunks(body, 100)))[0].body, body, 'chunked');
    equal((await ask(conn, head + '0\r\n\r\n'))[0].body, '', 'chunked and empty');
    equal((await ask(conn, post('/echo', '')))[0].body, '', 'empty');
    const large = await connect(server);
    equal((await ask(large, head + chunks(body + 'y', 1000)))[0].status, 413, 'chunked, too large');
    await large.closes();
    await conn.send(`POST /echo HTTP/1.1\r\n${HOST}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n`);
    await conn.until(() => conn.text.endsWith('HTTP/1.1 100 Continue\r\n\r\n'), '100 Continue');
    await conn.send('abc');
    await conn.until(() => conn.text.endsWith('abc'), 'the answer after 100');
    const whole = await fetchOne(server, `POST /echo HTTP/1.1\r\n${HOST}Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc`);
    equal(whole.status, 200, 'no 100 where the body is there already');
    for (const path of ['/', '/big', '/shared', '/asset', '/nowhere', '/slow', '/stream?count=3&size=10']) {
        const one = await fetchOne(server, get(path)), two = await fetchOne(server, get(path).replace('GET', 'HEAD'));
        equal([two.status, two.headers['content-length'], two.headers['content-type']], [one.status, one.headers['content-length'], one.headers['content-type']], `HEAD ${path}`);
    }
    const [huge, shared] = [await fetchOne(server, get('/huge')), await fetchOne(server, get('/shared'))];
    equal([shared.body.length, shared.body === huge.body], [8 * 1024 * 1024, true], 'bytes that answers share');
    const heads = await connect(server);
    equal((await ask(heads, (get('/') + get('/big')).replaceAll('GET', 'HEAD') + get('/'), 3, [0, 1])).map((a) => a.body), ['', '', 'hello'], 'HEAD and what comes behind');
    const old = await connect(server);
    equal((await ask(old, 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'))[0].headers.connection, 'keep-alive', 'HTTP/1.0 that stays');
    equal((await ask(old, 'GET / HTTP/1.0\r\n\r\n'))[0].headers.connection, 'close', 'HTTP/1.0');
    await old.closes();
    const stream10 = await connect(server);
    await stream10.send('GET /stream?count=3&size=10 HTTP/1.0\r\n\r\n');
    await stream10.closes();
    equal(stream10.text.split('\r\n\r\n')[1], 'ABCDEFGHIJ'.repeat(3), 'HTTP/1.0 gets a stream without chunks');
    for (const path of ['/', '/slow', '/later', '/huge', '/shared']) {
        const half = await connect(server);
        half.socket.end(Buffer.from(get(path) + get('/')));
        await half.closes();
        equal(wholeAnswers(half).map((answer) => answer.status), [200, 200], `half-closed ${path}`);
    }
    const ups = await fetchOne(server, get('/', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAM'));
    equal(ups.body, 'hello', 'an upgrade that is not taken up');
});

await test('pipelining and any cut into pieces', async () => {
    const server = await serve('stop_timeout_ms=300');
    const paths = ['/', '/slow?ms=5', '/later', '/who/x', '/big', '/nowhere'];
    const requests = Array.from({ length: 20 }, (_, i) => paths[i % paths.length]);
    const statuses = requests.map((path) => (path === '/nowhere' ? 404 : 200));
    const bytes = requests.map((path) => get(path)).join('') + post('/echo', 'end');
    const once = await connect(server);
    const answers = await ask(once, bytes, 21);
    equal(answers.map((answer) => answer.status), [...statuses, 200], '20 at once');
    equal(answers.at(-1).body, 'end', 'in order');
    const slowly = await connect(server);
    slowly.socket.setNoDelay(true);
    const request = post('/echo', 'hello') + `POST /echo HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n` + get('/');
    for (const byte of request) await slowly.send(byte);
    await slowly.until(() => wholeAnswers(slowly).length === 3, 'byte by byte');
    equal(wholeAnswers(slowly).map((answer) => answer.body), ['hello', 'ab', 'hello'], 'byte by byte');
    const eager = await connect(server); // more than is kept: it is not read from until answered
    eager.socket.write(get('/slow?ms=1').repeat(3) + get('/later').repeat(900) + post('/', 'last'));
    await eager.until(() => wholeAnswers(eager).length >= 904, '904 answers', 60000);
    equal(wholeAnswers(eager).at(-1).body, 'last', 'the last of 904');
    const flood = await connect(server); // much more, behind an answer that does not come: bounded, and no harm to others
    flood.socket.write(get('/slow?ms=10000') + get('/').repeat(200000));
    equal((await fetchOne(server, get('/'))).body, 'hello', 'beside a flood');
    flood.socket.destroy();
});

await test('static files: tags, ranges, packed', async () => {
    const server = await serve();
    const ask1 = (...lines) => fetchOne(server, get('/asset', ...lines));
    const plain = await ask1();
    equal([plain.status, plain.headers.etag, plain.headers.vary, plain.headers['accept-ranges'], plain.body.length], [200, '"abc"', 'Accept-Encoding', 'bytes', 14848], 'plain');
    const packed = await ask1('Accept-Encoding: br, gzip');
    equal([packed.status, packed.headers.etag, packed.headers['content-encoding'], packed.body], [200, '"abc-gz"', 'gzip', 'these bytes stand for the packed ones'], 'packed');
    equal((await ask1('Accept-Encoding: gzip;q=0')).headers['content-encoding'], undefined, 'gzip refused');
    for (const tag of ['"abc"', 'W/"abc"', '"x", "abc-gz"', '*']) {
        const same = await ask1(`If-None-Match: ${tag}`);
        equal([same.status, same.body, same.headers.etag], [304, '', '"abc"'], `If-None-Match: ${tag}`);
    }
    equal((await ask1('If-None-Match: "abd"')).status, 200, 'another tag');
    const cases = [['bytes=0-4', 206, 'abcde', 'bytes 0-4/14848'], ['bytes=14846-', 206, plain.body.slice(-2), 'bytes 14846-14847/14848'], ['bytes=-3', 206, plain.body.slice(-3), 'bytes 14845-14847/14848'],
        ['bytes=14848-', 416, null, 'bytes */14848'], ['bytes=0-1,3-4', 200, plain.body, undefined], ['bytes=4-2', 200, plain.body, undefined]];
    for (const [range, status, body, says] of cases) {
        const part = await ask1(`Range: ${range}`, 'Accept-Encoding: gzip');
        equal([part.status, part.headers['content-range']], [status, says], range);
        if (body !== null && status === 206) equal(part.body, body, range);
    }
    equal((await ask1('Range: bytes=0-4', 'If-Range: "abc"')).status, 206, 'If-Range, the same');
    equal((await ask1('Range: bytes=0-4', 'If-Range: "old"')).status, 200, 'If-Range, another');
    equal((await fetchOne(server, get('/asset?v=1'))).headers['cache-control'], 'public, max-age=31536000, immutable', 'by its hash');
});

await test('who asks, behind a trusted proxy and without', async () => {
    const forwarded = ['X-Forwarded-For: 203.0.113.9, 192.0.2.1', 'X-Forwarded-Proto: https', 'Cookie: a=1; c=two'];
    const plain = await serve();
    const alone = (await fetchOne(plain, get('/who/a%20b?q=x%26y+z', ...forwarded)));
    equal(alone.body, 'peer=127.0.0.1\nsecure=0\nhost=x\npath=/who/a%20b\nq=x&y z\ncookie=two\nname=a b\nrole=0\n', 'not believed');
    const server = await serve('proxy=127.0.0.1');
    const behind = await fetchOne(server, get('/who', ...forwarded));
    equal(behind.body.split('\n').slice(0, 2), ['peer=192.0.2.1', 'secure=1'], 'believed');
    equal(behind.headers['strict-transport-security'], 'max-age=31536000', 'HSTS');
    equal((await fetchOne(server, get('/who', 'X-Forwarded-For: <script>'))).body.split('\n')[0], 'peer=127.0.0.1', 'no address');
    equal((await fetchOne(server, get('/who', 'X-Forwarded-For: 192.0.2.7', 'X-Forwarded-For: 2001:db8::1'))).body.split('\n')[0], 'peer=2001:db8::1', 'the last line');
});

await report();
