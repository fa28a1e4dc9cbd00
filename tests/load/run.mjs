// Load tests of the server: how much of what nginx does on this machine, in the same run. Prints medians, spreads, ratios
// and where the time goes, and at the end every goal with what was measured. Not part of the tests: a machine that does
// something else meanwhile misses goals, so a goal that is missed is shown and is no failure.
//
//     tests/load/run [--students N] [--days D] [--runs R] [--seconds S] [--only NAME,…]
//
// NAME: static, api, busy (the same answers while stations push), sse, push. Besides the build it needs wrk and nginx
// (Debian's packages).
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'

const options = { students: 500, days: 60, runs: 5, seconds: 4, connections: 64, clients: 5000, logins: 16, bin: process.env.ROLLCALL_LOAD_BIN, only: '' }
for (let i = 2; i < process.argv.length; i += 2) {
  const name = process.argv[i].replace(/^--/, '')
  if (!(name in options) || process.argv[i + 1] === undefined) {
    console.error(`unknown option ${process.argv[i]}; known: ${Object.keys(options).map((o) => `--${o}`).join(' ')}`)
    process.exit(2)
  }
  options[name] = typeof options[name] === 'number' ? Number(process.argv[i + 1]) : process.argv[i + 1]
}
const wanted = (name) => options.only === '' || options.only.split(',').includes(name)
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-load-'))
const children = []
process.on('exit', () => {
  for (const child of children) child.kill(child.ends_by ?? 'SIGKILL')
  fs.rmSync(work, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)]
const spread = (values, digits) => `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`
const line = (name, values, unit, digits = 0) => {
  console.log(`  ${name.padEnd(44)} ${median(values).toFixed(digits).padStart(10)} ${unit}  (${spread(values, digits)}, ${values.length} runs)`)
}

// Every goal, for the table at the end.
const goals = []
const at_least = (what, goal, values, unit, digits = 0) => goals.push({ what, goal: `>= ${goal}`, values, unit, digits, met: median(values) >= goal })
const at_most = (what, goal, values, unit, digits = 0) => goals.push({ what, goal: `<= ${goal}`, values, unit, digits, met: median(values) <= goal })

function show_goals() {
  console.log(`\n  ${'goal'.padEnd(44)} ${'wanted'.padStart(10)} ${'median'.padStart(10)}          ${'spread'.padEnd(20)}`)
  for (const { what, goal, values, unit, digits, met } of goals)
    console.log(`  ${what.padEnd(44)} ${goal.padStart(10)} ${median(values).toFixed(digits).padStart(10)} ${unit.padEnd(8)} ${spread(values, digits).padEnd(20)} ${met ? 'ok' : 'NOT MET'}`)
}

function run(program, args, opts = {}) {
  const done = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 64 << 20, ...opts })
  if (done.error) throw done.error
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${done.status}: ${done.stderr}`)
  return done.stdout
}

async function until(what, ready, deadline_ms = 20000) {
  const end = Date.now() + deadline_ms
  for (;;) {
    const value = await ready()
    if (value) return value
    if (Date.now() > end) throw new Error(`${what}: not within ${deadline_ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

const free_port = () => new Promise((resolve) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address()
    server.close(() => resolve(port))
  })
})

// Each on a connection of its own: while wrk runs nothing here sees that the server ended an idle one.
function request(port, method, target, { body, token } = {}) {
  return new Promise((resolve, reject) => {
    const headers = {}
    if (token) headers.authorization = `Bearer ${token}`
    if (body !== undefined) headers['content-type'] = 'application/json'
    const call = http.request({ port, host: '127.0.0.1', method, path: target, headers, agent: false }, (answer) => {
      const parts = []
      answer.on('data', (part) => parts.push(part))
      answer.on('end', () => resolve({ status: answer.statusCode, text: Buffer.concat(parts).toString() }))
    })
    call.on('error', reject)
    call.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

// ---- the two servers ----
// Two servers in one nginx: as Debian configures it (nginx.conf of its package, one worker), and tuned: no access log,
// files kept open, connections never ended.
async function start_nginx(files) {
  const [port, tuned] = [await free_port(), await free_port()]
  const root = path.join(work, 'nginx')
  fs.mkdirSync(path.join(root, 'html'), { recursive: true })
  for (const [name, bytes] of Object.entries(files)) fs.writeFileSync(path.join(root, 'html', name), bytes)
  const server = (number, more) => `server { listen 127.0.0.1:${number}; root ${root}/html; ${more}
    location = /constant.json { default_type application/json; return 200 '{"student_id":"S0001","month":"2026-11","present":17,"late":2,"absent":1,"points":312}'; } }`
  fs.writeFileSync(path.join(root, 'nginx.conf'), `
daemon off; ${process.getuid() === 0 ? 'user root; ' : ''}worker_processes 1; pid ${root}/pid; error_log ${root}/error.log;
events { worker_connections 768; }
http {
  sendfile on; tcp_nopush on; types_hash_max_size 2048; include /etc/nginx/mime.types; default_type application/octet-stream; gzip on;
  access_log ${root}/access.log;
  client_body_temp_path ${root}/a; proxy_temp_path ${root}/b; fastcgi_temp_path ${root}/c; uwsgi_temp_path ${root}/d; scgi_temp_path ${root}/e;
  ${server(port, '')}
  ${server(tuned, 'access_log off; open_file_cache max=100; keepalive_requests 100000000;')}
}
`)
  const child = spawn('/usr/sbin/nginx', ['-p', root, '-c', path.join(root, 'nginx.conf')], { stdio: 'inherit' })
  child.ends_by = 'SIGTERM' // then it ends its worker too
  children.push(child)
  await until('nginx', () => request(port, 'GET', '/constant.json').then((a) => a.status === 200, () => false))
  const worker = Number(fs.readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ')[0])
  return { port, tuned, pid: child.pid, worker }
}

async function start_server(data) {
  const port = await free_port()
  const began = process.hrtime.bigint()
  const child = spawn(path.join(options.bin, 'rollcall-server'), ['--data', data, 'run', '--listen', `127.0.0.1:${port}`], {
    stdio: ['ignore', 'ignore', 'ignore'],
    env: { ...process.env, ROLLCALL_SERVER_STREAMS_PER_SESSION: '20000', ROLLCALL_SERVER_STREAMS_PER_USER: '20000' }, // all pages have one token here
  })
  children.push(child)
  await until('rollcall-server', () => request(port, 'GET', '/healthz').then((a) => a.status === 200, () => false))
  const start_ms = Number(process.hrtime.bigint() - began) / 1e6
  return { port, pid: child.pid, child, start_ms }
}

async function stop(server) {
  const ended = new Promise((resolve) => server.child.once('exit', resolve))
  server.child.kill('SIGTERM')
  await ended
}

const memory_mib = (pid, what = 'VmRSS') => Number(fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`${what}:\\s+(\\d+)`))[1]) / 1024
// Seconds of processor that a process has used so far, in its own code and in the kernel's.
const cpu_s = (pid) => {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')
  return { user: Number(fields[11]) / 100, kernel: Number(fields[12]) / 100 }
}
const cpu_since = (pid, before) => {
  const now = cpu_s(pid)
  return { user: now.user - before.user, kernel: now.kernel - before.kernel }
}

// script: of wrk, when requests differ from one another.
function wrk(port, target, { script, pid } = {}) {
  const args = ['-t1', `-c${options.connections}`, `-d${options.seconds}s`, '--latency', ...(script ? ['-s', script] : []), `http://127.0.0.1:${port}${target}`]
  const before = pid && cpu_s(pid)
  const text = run('wrk', args)
  const used = pid && cpu_since(pid, before)
  const ms = (value, unit) => value * { us: 0.001, ms: 1, s: 1000 }[unit]
  const p99 = text.match(/99%\s+([\d.]+)(us|ms|s)/)
  const bad = text.match(/Non-2xx or 3xx responses: (\d+)/)
  if (bad) throw new Error(`${target}: ${bad[1]} answers were no success`)
  const count = Number(text.match(/(\d+) requests in/)[1])
  return {
    rate: Number(text.match(/Requests\/sec:\s+([\d.]+)/)[1]),
    p99_ms: ms(Number(p99[1]), p99[2]),
    ...(pid && { user_us: used.user / count * 1e6, kernel_us: used.kernel / count * 1e6 }),
  }
}

// Everybody asks for what is his own: the students take turns.
function script_of(students, target_of) {
  const file = path.join(work, `${script_of.count = (script_of.count ?? 0) + 1}.lua`)
  const requests = students.map((student) => `wrk.format("GET", "${target_of(student)}", {["Authorization"] = "Bearer ${student.token}"})`)
  fs.writeFileSync(file, `local requests, at = {}, 0
init = function() requests = {${requests.join(',\n')}} end
request = function() at = at % #requests + 1; return requests[at] end
`)
  return file
}

// Ours and nginx's take turns, so that what else the machine does hits all alike.
function against(title, ours, target, goal) {
  const a = [], b = [], c = [], ratio = [], tuned = [], p99 = [], user = [], kernel = [], theirs = [], cost = []
  wrk(server.port, ours.target, ours)
  for (let i = 0; i < options.runs; i++) {
    const x = wrk(server.port, ours.target, { ...ours, pid: server.pid })
    const y = wrk(nginx.port, target, { pid: nginx.worker }), z = wrk(nginx.tuned, target)
    a.push(x.rate); b.push(y.rate); c.push(z.rate); ratio.push(x.rate / y.rate); tuned.push(x.rate / z.rate); p99.push(x.p99_ms)
    user.push(x.user_us); kernel.push(x.kernel_us); theirs.push(y.user_us + y.kernel_us)
    cost.push((y.user_us + y.kernel_us) / (x.user_us + x.kernel_us))
  }
  console.log(`${title}, ${ours.size} bytes`)
  line('ours', a, 'requests/s')
  line("Debian's nginx, one worker", b, 'requests/s')
  line('the same, tuned', c, 'requests/s')
  line("ours over Debian's nginx", ratio, '', 2)
  line('ours over the tuned one', tuned, '', 2)
  line('ours, p99', p99, 'ms', 2)
  line('ours, time of a request in our code', user, 'us', 2)
  line('ours, time of a request in the kernel', kernel, 'us', 2)
  line("Debian's nginx, time of a request", theirs, 'us', 2)
  line('its time over ours', cost, '', 2) // the ratio of rates if both had a processor for themselves
  at_least(`${title} over nginx`, goal, ratio, '', 2)
  if (ours.p99_goal) at_most(`${title}, p99`, ours.p99_goal, p99, 'ms', 2)
}

async function sign_in(server, data) {
  const password = 'load-test-password-1'
  const reset = JSON.parse(run(path.join(options.bin, 'rollcall-server'), ['--data', data, '--json', 'user', 'reset', 'admin']))
  const first = JSON.parse((await request(server.port, 'POST', '/api/auth/login', { body: { username: 'admin', password: reset.one_time_password } })).text)
  const changed = await request(server.port, 'POST', '/api/auth/change-password', { body: { current: reset.one_time_password, new: password }, token: first.token })
  if (changed.status !== 200) throw new Error(`change-password: ${changed.status} ${changed.text}`)
  return JSON.parse(changed.text).token
}

// Students of as many classes as there are, with a token each.
async function sign_in_students(server, admin) {
  const classes = JSON.parse((await request(server.port, 'GET', '/api/classes', { token: admin })).text).items
  const students = []
  for (let i = 0; i < options.logins; i++) {
    const class_id = encodeURIComponent(classes[i % classes.length].id)
    const { items } = JSON.parse((await request(server.port, 'GET', `/api/students?class=${class_id}&limit=${1 + Math.floor(i / classes.length)}`, { token: admin })).text)
    const student = items.at(-1)
    students.push({ ...student, token: await student_token(server, admin, student) })
  }
  return students
}

async function student_token(server, admin, student) {
  const made = await request(server.port, 'POST', '/api/users', { body: { name: `load.${student.id}`.toLowerCase(), full_name: student.name, role: 'student', student_id: student.id }, token: admin })
  if (made.status !== 201) throw new Error(`POST /api/users: ${made.status} ${made.text}`)
  const { user, one_time_password } = JSON.parse(made.text)
  const login = JSON.parse((await request(server.port, 'POST', '/api/auth/login', { body: { username: user.name, password: one_time_password } })).text)
  const changed = JSON.parse((await request(server.port, 'POST', '/api/auth/change-password', { body: { current: one_time_password, new: 'load-test-password-2' }, token: login.token })).text)
  return changed.token
}

// ---- what is measured ----
const data = path.join(work, 'data')
console.log(`${os.cpus()[0].model.trim()}, ${os.cpus().length} cores, load ${os.loadavg()[0].toFixed(2)}; ${options.students} students x ${options.days} days`)
run(path.join(options.bin, 'rollcall-server'), ['--data', data, 'demo-data', '--students', String(options.students), '--days', String(options.days), '--seed', '1'])

const starts = [], idles = []
let server
for (let i = 0; i < options.runs; i++) {
  if (server) await stop(server)
  server = await start_server(data)
  starts.push(server.start_ms)
  await new Promise((resolve) => setTimeout(resolve, 500))
  idles.push(memory_mib(server.pid))
}
console.log('start and rest')
line('start until /healthz', starts, 'ms')
line('memory at rest', idles, 'MiB', 1)
at_most('start until /healthz', 200, starts, 'ms')
at_most('memory at rest', 30, idles, 'MiB', 1)

const admin = await sign_in(server, data)
const page = await request(server.port, 'GET', '/')
const links = [...page.text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map((m) => m[1])
const assets = await Promise.all(links.map(async (link) => ({ link, bytes: Buffer.from((await request(server.port, 'GET', link)).text) })))
const largest = assets.filter((a) => a.bytes.length > 2000).sort((a, b) => Math.abs(a.bytes.length - 14500) - Math.abs(b.bytes.length - 14500))[0]
const nginx = await start_nginx({ 'login.html': page.text, ...(largest && { 'asset.js': largest.bytes }) })
const load_args = (name, ...args) => [name, '--port', String(server.port), ...args]

// Codes of new stations, one each.
async function pairing_codes(name, count) {
  const codes = []
  for (let n = 0; n < count; n++) {
    const made = await request(server.port, 'POST', '/api/stations', { body: { name: `${name}.${n}`, classes: [] }, token: admin })
    if (made.status !== 201) throw new Error(`POST /api/stations: ${made.status} ${made.text}`)
    codes.push(JSON.parse(made.text).code)
  }
  return codes
}

if (wanted('static')) {
  against('login page', { target: '/', size: page.text.length }, '/login.html', 1)
  if (largest) against('static file', { target: largest.link, size: largest.bytes.length }, '/asset.js', 1)
}

const answers = []
if (wanted('api') || wanted('busy')) {
  const students = await sign_in_students(server, admin)
  const month = JSON.parse((await request(server.port, 'GET', '/api/me', { token: students[0].token })).text).school.today.slice(0, 7)
  for (const [title, target_of] of [['student stats', (s) => `/api/students/${s.id}`], ['month', (s) => `/api/students/${s.id}/attendance?month=${month}`], ['leaderboard', () => '/api/leaderboard']]) {
    const size = (await request(server.port, 'GET', target_of(students[0]), { token: students[0].token })).text.length
    answers.push({ title, target: target_of(students[0]), size, script: script_of(students, target_of), p99_goal: 10 })
  }
}
if (wanted('api'))
  for (const answer of answers) against(`${answer.title}, authenticated`, answer, '/constant.json', 0.35)

// The same answers while eight stations push mark after mark, each as soon as the one before is acknowledged: every commit
// makes all kept answers worthless. Then while they catch up after a day without network, in batches of 500.
async function while_pushing(answer, batch, title, run) {
  const day = Math.round((Date.parse(new Date().toISOString().slice(0, 10)) - Date.parse('2020-01-01')) / 86400000) - 20
  const args = load_args('push', '--events', String(batch === 1 ? 60000 : 400000), '--batch', String(batch), '--students', String(options.students), '--day', String(day), '--seconds', String(options.seconds + 1))
  const child = spawn(path.join(options.bin, 'rollcall-load'), [...args, ...await pairing_codes(`${title} ${run}`, 8)], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  let text = ''
  child.stdout.on('data', (part) => { text += part })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  await until('stations', () => text.includes('"stations"'), 60000)
  const result = wrk(server.port, answer.target, { ...answer, pid: server.pid })
  await ended
  return { ...result, events_per_s: JSON.parse(text.trim().split('\n').at(-1)).events_per_s }
}

if (wanted('sse')) {
  const student = JSON.parse((await request(server.port, 'GET', '/api/students?limit=1', { token: admin })).text).items[0]
  const today = JSON.parse((await request(server.port, 'GET', '/api/me', { token: admin })).text).school.today
  const fan = [], memory = []
  for (let i = 0; i < options.runs; i++) {
    const child = spawn(path.join(options.bin, 'rollcall-load'), load_args('sse', '--clients', String(options.clients), '--token', admin), { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    let text = ''
    child.stdout.on('data', (part) => { text += part })
    await until('clients', () => text.includes('"connected"'), 60000)
    memory.push(memory_mib(server.pid))
    const corrected = await request(server.port, 'POST', `/api/rolls/${encodeURIComponent(student.class_id)}/${today}/corrections`, { body: { student_id: student.id, status: i % 2 ? 'late' : 'present', reason: 'load test' }, token: admin })
    if (corrected.status !== 201) throw new Error(`correction: ${corrected.status} ${corrected.text}`)
    const ended = new Promise((resolve) => child.once('exit', resolve))
    await ended
    fan.push(JSON.parse(text.trim().split('\n').at(-1)).last_ms)
  }
  console.log(`${options.clients} open pages`)
  line('memory of the server', memory, 'MiB', 1)
  line('from the first page that has the event to the last', fan, 'ms')
  at_most(`${options.clients} open pages, memory`, 150, memory, 'MiB', 1)
  at_most(`${options.clients} open pages, an event at all`, 500, fan, 'ms')
}
// Stations send what they marked on the days after those that the store has; then once days that lie before all of them,
// which is the most work for the standings. The store is one of its own, whose days end long enough ago.
async function push_all(pushed, name, day) {
  const codes = []
  for (let n = 0; n < 8; n++) codes.push(JSON.parse(run(path.join(options.bin, 'rollcall-server'), ['--data', pushed.data, '--json', 'station', 'add', `${name}.${n}`])).code)
  const before = cpu_s(pushed.pid)
  const text = run(path.join(options.bin, 'rollcall-load'), ['push', '--port', String(pushed.port), '--events', '100000', '--students', String(options.students), '--day', String(day), ...codes])
  const result = JSON.parse(text.trim().split('\n').at(-1)), used = cpu_since(pushed.pid, before)
  return { rate: result.events_per_s, user_us: used.user / result.events * 1e6, kernel_us: used.kernel / result.events * 1e6 }
}

if (wanted('push')) {
  const days = Math.ceil(100000 / options.students), day_ms = 86400000
  const last = Math.floor(Date.now() / day_ms) - (options.runs + 1) * days
  const pushed = path.join(work, 'pushed')
  run(path.join(options.bin, 'rollcall-server'), ['--data', pushed, 'demo-data', '--students', String(options.students), '--days', String(options.days), '--seed', '1', '--to', new Date(last * day_ms).toISOString().slice(0, 10)])
  const other = { ...await start_server(pushed), data: pushed }
  const since_2020 = last - Date.parse('2020-01-01') / day_ms
  const runs = []
  for (let i = 0; i < options.runs; i++) runs.push(await push_all(other, `load ${i}`, since_2020 + 1 + i * days))
  const all = (name) => runs.map((r) => r[name])
  console.log('durable events in batches of 500, 8 stations')
  line('events stored and answered', all('rate'), 'events/s')
  line('time of an event in our code', all('user_us'), 'us', 2)
  line('time of an event in the kernel', all('kernel_us'), 'us', 2)
  line('of days before all others', [(await push_all(other, 'early', -2000)).rate], 'events/s')
  at_least('durable events, batches of 500', 50000, all('rate'), '/s')
  await stop(other)
}

// Last: it fills the store with events, whose pages are then counted as memory of the server.
if (wanted('busy'))
  for (const [batch, when] of [[1, 'while stations push'], [500, 'while stations catch up']])
    for (const answer of answers) {
      const title = `${answer.title} ${when}`, runs = []
      for (let i = 0; i < options.runs; i++) runs.push(await while_pushing(answer, batch, title, i))
      const all = (name) => runs.map((r) => r[name])
      console.log(title)
      line('answers', all('rate'), 'requests/s')
      line('marks stored meanwhile', all('events_per_s'), 'events/s')
      line('p99', all('p99_ms'), 'ms', 2)
      at_most(`${title}, p99`, 10, all('p99_ms'), 'ms', 2)
    }

show_goals()
await stop(server)
process.exit(0)
