// Load tests of the server: how much of what nginx does on this machine, in the same run. Not part of the tests: it
// judges nothing and prints medians, spreads and ratios.
//
//     tests/load/run [--students N] [--days D] [--runs R] [--seconds S] [--only NAME,…]
//
// What it needs besides the build: wrk and nginx (Debian's packages).
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'

const options = { students: 500, days: 60, runs: 5, seconds: 4, connections: 64, clients: 5000, bin: process.env.ROLLCALL_LOAD_BIN, only: '' }
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
  for (const child of children) child.kill('SIGKILL')
  fs.rmSync(work, { recursive: true, force: true })
})
process.on('SIGINT', () => process.exit(130))

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)]
const line = (name, values, unit, digits = 0) => {
  const show = (v) => v.toFixed(digits)
  console.log(`  ${name.padEnd(44)} ${show(median(values)).padStart(10)} ${unit}  (${show(Math.min(...values))} to ${show(Math.max(...values))}, ${values.length} runs)`)
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

function request(port, method, target, { body, token, agent } = {}) {
  return new Promise((resolve, reject) => {
    const headers = {}
    if (token) headers.authorization = `Bearer ${token}`
    if (body !== undefined) headers['content-type'] = 'application/json'
    const call = http.request({ port, host: '127.0.0.1', method, path: target, headers, agent }, (answer) => {
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
  children.push(child)
  await until('nginx', () => request(port, 'GET', '/constant.json').then((a) => a.status === 200, () => false))
  return { port, tuned, pid: child.pid }
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
const cpu_s = (pid) => {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function wrk(port, target, token) {
  const args = ['-t1', `-c${options.connections}`, `-d${options.seconds}s`, '--latency', ...(token ? ['-H', `Authorization: Bearer ${token}`] : []), `http://127.0.0.1:${port}${target}`]
  const text = run('wrk', args)
  const ms = (value, unit) => value * { us: 0.001, ms: 1, s: 1000 }[unit]
  const p99 = text.match(/99%\s+([\d.]+)(us|ms|s)/)
  const bad = text.match(/Non-2xx or 3xx responses: (\d+)/)
  if (bad) throw new Error(`${target}: ${bad[1]} answers were no success`)
  return { rate: Number(text.match(/Requests\/sec:\s+([\d.]+)/)[1]), p99_ms: ms(Number(p99[1]), p99[2]) }
}

// Ours and nginx's take turns, so that what else the machine does hits all alike.
function against(title, ours, target, goal) {
  const a = [], b = [], c = [], ratio = [], tuned = [], p99 = []
  wrk(ours.port, ours.target, ours.token)
  for (let i = 0; i < options.runs; i++) {
    const x = wrk(ours.port, ours.target, ours.token), y = wrk(nginx.port, target), z = wrk(nginx.tuned, target)
    a.push(x.rate); b.push(y.rate); c.push(z.rate); ratio.push(x.rate / y.rate); tuned.push(x.rate / z.rate); p99.push(x.p99_ms)
  }
  console.log(`${title} (goal: ${goal})`)
  line('ours', a, 'requests/s')
  line("Debian's nginx, one worker", b, 'requests/s')
  line('the same, tuned', c, 'requests/s')
  line("ours over Debian's nginx", ratio, '', 2)
  line('ours over the tuned one', tuned, '', 2)
  line('ours, p99', p99, 'ms', 2)
}

async function sign_in(server, data) {
  const password = 'load-test-password-1'
  const reset = JSON.parse(run(path.join(options.bin, 'rollcall-server'), ['--data', data, '--json', 'user', 'reset', 'admin']))
  const first = JSON.parse((await request(server.port, 'POST', '/api/auth/login', { body: { username: 'admin', password: reset.one_time_password } })).text)
  const changed = await request(server.port, 'POST', '/api/auth/change-password', { body: { current: reset.one_time_password, new: password }, token: first.token })
  if (changed.status !== 200) throw new Error(`change-password: ${changed.status} ${changed.text}`)
  return JSON.parse(changed.text).token
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
line('start until /healthz (goal: 200)', starts, 'ms')
line('memory at rest (goal: 30)', idles, 'MiB', 1)

const admin = await sign_in(server, data)
const page = await request(server.port, 'GET', '/')
const links = [...page.text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map((m) => m[1])
const assets = await Promise.all(links.map(async (link) => ({ link, bytes: Buffer.from((await request(server.port, 'GET', link)).text) })))
const largest = assets.filter((a) => a.bytes.length > 2000).sort((a, b) => Math.abs(a.bytes.length - 14500) - Math.abs(b.bytes.length - 14500))[0]
const nginx = await start_nginx({ 'login.html': page.text, ...(largest && { 'asset.js': largest.bytes }) })

if (wanted('static')) {
  against(`login page, ${page.text.length} bytes`, { port: server.port, target: '/' }, '/login.html', '1.0')
  if (largest) against(`static file, ${largest.bytes.length} bytes`, { port: server.port, target: largest.link }, '/asset.js', '1.0')
}

if (wanted('api')) {
  const student = JSON.parse((await request(server.port, 'GET', '/api/students?limit=1', { token: admin })).text).items[0]
  const token = await student_token(server, admin, student)
  const month = JSON.parse((await request(server.port, 'GET', '/api/me', { token })).text).school.today.slice(0, 7)
  for (const [title, target] of [['student stats', `/api/students/${student.id}`], ['month', `/api/students/${student.id}/attendance?month=${month}`], ['leaderboard', '/api/leaderboard']]) {
    const size = (await request(server.port, 'GET', target, { token })).text.length
    const before = cpu_s(server.pid)
    against(`${title}, authenticated, ${size} bytes, over constant JSON`, { port: server.port, target, token }, '/constant.json', '0.35, p99 <= 10 ms')
    console.log(`  processor time of ours ${(cpu_s(server.pid) - before).toFixed(1)} s`)
  }
}

if (wanted('sse')) {
  const student = JSON.parse((await request(server.port, 'GET', '/api/students?limit=1', { token: admin })).text).items[0]
  const today = JSON.parse((await request(server.port, 'GET', '/api/me', { token: admin })).text).school.today
  const fan = [], memory = []
  for (let i = 0; i < options.runs; i++) {
    const child = spawn(path.join(options.bin, 'rollcall-load'), ['sse', '--port', String(server.port), '--clients', String(options.clients), '--token', admin], { stdio: ['ignore', 'pipe', 'inherit'] })
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
  console.log(`${options.clients} open pages (goal: memory <= 150 MiB, an event at all of them in <= 500 ms)`)
  line('memory of the server', memory, 'MiB', 1)
  line('from the first page that has the event to the last', fan, 'ms')
}
const load = (args) => JSON.parse(run(path.join(options.bin, 'rollcall-load'), args))
if (wanted('push')) {
  const rates = [], commits = []
  for (let i = 0; i < options.runs; i++) {
    const codes = []
    for (let n = 0; n < 8; n++) {
      const made = await request(server.port, 'POST', '/api/stations', { body: { name: `load ${i}.${n}`, classes: [] }, token: admin })
      if (made.status !== 201) throw new Error(`POST /api/stations: ${made.status} ${made.text}`)
      codes.push(JSON.parse(made.text).code)
    }
    const before = cpu_s(server.pid)
    const result = load(['push', '--port', String(server.port), '--events', '100000', '--students', String(options.students), '--day', String(i * 40), ...codes])
    rates.push(result.events_per_s)
    commits.push((cpu_s(server.pid) - before) / result.seconds)
  }
  console.log('durable events in batches of 500, 8 stations (goal: 50000/s)')
  line('events stored and answered', rates, 'events/s')
  line('processor time of the server per second', commits, 's', 2)
}

await stop(server)
process.exit(0)
