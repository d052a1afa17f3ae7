// Servers: which program runs, how it starts, and how it ends.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { createServer as createNetServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { Server, findProgram, standin } from 'standin'
import * as kit from 'standin'
import { EVENTS, MESSAGE, RENAME, batchTooLong, rename, write } from './calls.mjs'
import { servers, until } from './servers.mjs'

const run = promisify(execFile)
const here = import.meta.dirname ?? dirname(new URL(import.meta.url).pathname)
const require = createRequire(import.meta.url)
const home = dirname(require.resolve('standin/package.json'))

/** A folder that is removed at the end of the test. */
function folder(t) {
  const made = mkdtempSync(join(tmpdir(), 'standin-test-'))
  t.after(() => rmSync(made, { recursive: true }))
  return made
}

/** Runs a script as a module beside these tests. Returns its code and what it prints. */
async function script(text, env = {}) {
  const settings = { cwd: here, env: { ...process.env, ...env }, timeout: 60_000 }
  const running = run(process.execPath, ['--input-type=module', '-e', text], settings)
  return await running.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  )
}

test('a server starts, makes namespaces and stops', async () => {
  const before = servers()
  const server = await standin.start({ seed: 7 })
  const started = servers().filter((pid) => !before.includes(pid))
  assert.equal(started.length, 1)
  const world = await server.namespace()
  assert.equal((await world.ask('GET', '/health')).seed, 7)
  await world.end()
  await server.stop()
  await server.stop()
  assert.ok(!servers().includes(started[0]))
  await assert.rejects(server.namespace(), /standin does not answer at http:.*ECONNREFUSED/)
})

test('a scenario is a file, a URL, a text or an object', async (t) => {
  const file = join(folder(t), 'events.yaml')
  const text = JSON.stringify({ ...EVENTS, name: 'from a file' }, null, 2)
  writeFileSync(file, text)
  for (const [scenario, name] of [[file, 'from a file'], [pathToFileURL(file), 'from a file'], [text, 'from a file'], [EVENTS, 'events']]) {
    const server = await standin.start({ scenario })
    const world = await server.namespace()
    assert.equal((await world.ask('GET', '/health')).scenario, name)
    await server.stop()
    const other = await standin.namespace(t, { scenario })
    assert.equal((await other.ask('GET', '/health')).scenario, name)
  }
})

test('a server that cannot start says why, and leaves nothing behind', async (t) => {
  const before = readdirSync(tmpdir())
  const wrong = { standin: 1, name: 'x', chert: { tenant: [] } }
  await assert.rejects(standin.start({ scenario: wrong }), /has not started, it ended with exit code 1:\n[^]*did you mean `tenants`/)
  await assert.rejects(standin.start({ scenario: 'no-such.yaml' }), /no-such\.yaml/)
  const left = readdirSync(tmpdir()).filter((name) => name.startsWith('standin-') && !name.startsWith('standin-test') && !before.includes(name))
  assert.deepEqual(left.filter((name) => existsSync(join(tmpdir(), name, 'scenario.yaml'))), [])
  t.diagnostic(`program: ${findProgram()}`)
})

test('handlers of a server are known by their names', async (t) => {
  const asked = []
  const handler = createServer((request, response) => {
    asked.push(request.url)
    response.end()
  })
  await once(handler.listen(0, '127.0.0.1'), 'listening')
  t.after(() => handler.close())
  const server = await standin.start({ scenario: EVENTS, handlers: { app: `http://127.0.0.1:${handler.address().port}/events` } })
  const world = await server.namespace({ rules: 'off' })
  await write(world)
  await world.waitFor({ on: MESSAGE, answered: {} })
  assert.deepEqual(asked, ['/events'])
  await world.end()
  await server.stop()
})

test('the program is that of STANDIN_BIN, of the package, or on the path', async (t) => {
  const [alone, path] = [folder(t), folder(t)]
  cpSync(home, join(alone, 'node_modules/standin'), { recursive: true, dereference: true })
  const find = async (env) => {
    const settings = { cwd: alone, env: { STANDIN_BIN: '', PATH: '', ...env } }
    const asked = run(process.execPath, ['-p', 'require("standin").findProgram()'], settings)
    return (await asked.then(({ stdout }) => stdout, ({ stderr }) => stderr)).trim()
  }
  const program = findProgram()
  const missing = await find({})
  assert.match(missing, /the program `standin` is not installed\n?.*help: install `@standin\/[a-z0-9]+-[a-z0-9]+`.*STANDIN_BIN/)
  assert.equal(await find({ STANDIN_BIN: program }), program)
  assert.match(await find({ STANDIN_BIN: '/no/such' }), /STANDIN_BIN is `\/no\/such`, which is no program/)
  // The command of the package is not the program. It would look for itself without end.
  symlinkSync(join(home, 'bin/standin.cjs'), join(path, 'standin'))
  assert.match(await find({ PATH: path }), /is not installed/)
  const command = run(process.execPath, [join(alone, 'node_modules/standin/bin/standin.cjs'), 'serve'], { env: { PATH: path } })
  await assert.rejects(command, { code: 127, stderr: /^standin: the program `standin` is not installed\nhelp: / })
  const other = folder(t)
  symlinkSync(program, join(other, 'standin'))
  assert.equal(await find({ PATH: `${path}:${other}` }), join(other, 'standin'))
})

test('the command passes on arguments, output, exit codes and signals', async () => {
  const command = join(home, 'bin/standin.cjs')
  assert.match((await run(process.execPath, [command, '--version'])).stdout, /^standin \d/)
  await assert.rejects(run(process.execPath, [command, 'check', 'no-such.yaml']), (error) => error.code === 3)
  const before = servers()
  const serving = spawn(process.execPath, [command, 'serve', '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const printed = await Promise.race([once(serving.stdout, 'data'), once(serving.stderr, 'data')])
  assert.match(String(printed), /serves `default`/)
  assert.equal(servers().length, before.length + 1)
  serving.kill('SIGTERM')
  assert.equal((await once(serving, 'exit'))[0], 0)
  assert.equal(servers().length, before.length)
})

test('the server ends when its starter is killed, though another child of it lives', async () => {
  const before = servers()
  const starter = spawn(process.execPath, [join(here, 'starter.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] })
  const { other } = JSON.parse(String(await once(starter.stdout, 'data')))
  try {
    assert.equal(servers().length, before.length + 1)
    starter.kill('SIGKILL')
    await until(() => servers().length === before.length, 'the server ends')
    assert.doesNotThrow(() => process.kill(other, 0))
  } finally {
    process.kill(other)
  }
})

test('a process that has started a server ends by itself, and the server with it', async () => {
  const before = servers()
  const text = `import { standin } from 'standin'; const world = await standin.namespace(); await world.state(); console.log(world.tls.file)`
  const { code, stdout, stderr } = await script(text)
  assert.deepEqual([code, stderr], [0, ''])
  await until(() => servers().length === before.length, 'the server ends')
  assert.ok(!existsSync(dirname(stdout.trim())), 'the folder of the server is gone')
})

test('a server that runs already is used', async (t) => {
  const running = await standin.start()
  const before = servers()
  const world = await standin.namespace(t, { url: running.url })
  t.after(() => running.stop())
  assert.equal(world.url, running.url)
  assert.equal((await rename(world)).status, 200)
  assert.throws(() => world.tls, /the server has no https/)
  assert.throws(() => world.chert.httpsBaseUrl, /or the server has no https/)
  assert.equal((await Server.at(`${running.url}/__standin/`).namespace()).url, running.url)
  const inEnvironment = await script(`import { standin } from 'standin'; console.log((await standin.namespace()).url)`, {
    STANDIN_CONTROL_URL: `${running.url}/__standin`,
  })
  assert.equal(inEnvironment.stdout.trim(), running.url)
  assert.deepEqual(servers(), before)
  for (const mistaken of [{ scenaro: 'events.yaml' }, { sed: 3 }]) {
    const name = Object.keys(mistaken)[0]
    await assert.rejects(Server.at(running.url).namespace(mistaken), new RegExp(`there is no option \`${name}\`; the options are \`name\``))
  }
  await assert.rejects(standin.start({ sed: 3 }), /there is no option `sed`/)
  await assert.rejects(Server.at(running.url).namespace({ scenario: 'no-such.yaml' }), /the scenario \/.*\/no-such\.yaml cannot be read: ENOENT/)
  await assert.rejects(standin.namespace({ url: 'http://127.0.0.1:1' }), /standin does not answer at http:\/\/127\.0\.0\.1:1\/__standin: ECONNREFUSED/)
})

test('a server that does not watch the rules is told, once', async (t) => {
  const program = spawn(findProgram(), ['serve', '--listen', '127.0.0.1:0', '--until-stdin-closes', '--port-file', join(folder(t), 'port')])
  const [banner] = await Promise.race([once(program.stdout, 'data'), once(program.stderr, 'data')])
  const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(String(banner))
  const warn = t.mock.method(console, 'warn', () => {})
  for (const name of ['one', 'two']) {
    const world = await standin.namespace({ url, name })
    await batchTooLong(world)
    await world.end()
  }
  assert.deepEqual(warn.mock.calls.map((call) => call.arguments[0]), ['standin: the server does not watch the rules of conduct: start it with `--judge`'])
  program.stdin.end()
  await once(program, 'exit')
})

test('`standin run` gives its server to the tests, and judges them too', async () => {
  const before = servers()
  const text = `
    import { standin } from 'standin'
    import { batchTooLong } from './calls.mjs'
    const world = await standin.namespace({ name: 'lenient', rules: 'off' })
    if (process.env.STANDIN_URL !== world.url || !world.tls.ca) process.exit(3)
    await batchTooLong(world)
    await world.end()`
  const node = [process.execPath, '--input-type=module', '-e', text]
  const running = run(process.execPath, [join(home, 'bin/standin.cjs'), 'run', '--tls', '--', ...node], { cwd: here })
  await assert.rejects(running, (error) => error.code === 1 && /bitrix24\.batch-length/.test(error.stderr))
  assert.deepEqual(servers(), before)
})

test('a connection that the server has closed meanwhile is opened again', async (t) => {
  const made = { namespace: 'n1', environment: { STANDIN_URL: 'http://127.0.0.1', STANDIN_CONTROL_URL: '' } }
  const [heads, sockets] = [[], []]
  const server = createNetServer((socket) => {
    let count = 0
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', (data) => {
      heads.push(String(data).split('\r\n')[0])
      // It answers the first request of a connection, and ends it at the second one.
      if ((count += 1) > 1) return socket.destroy()
      const body = JSON.stringify(made)
      socket.write(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const url = `http://127.0.0.1:${server.address().port}`
  made.environment.STANDIN_CONTROL_URL = `${url}/__standin/namespaces/n1`
  const world = await Server.at(url).namespace()
  await world.state()
  assert.deepEqual(heads.map((head) => head.split(' ')[0]), ['POST', 'GET', 'GET'])
})

test('a program that cannot run is told', async (t) => {
  const file = join(folder(t), 'standin')
  for (const [text, told] of [['no program', /E[A-Z]+|exit code/], ['#!/bin/sh\necho wrong machine >&2; exit 9', /ended with exit code 9:\nwrong machine/]]) {
    writeFileSync(file, text, { mode: 0o755 })
    const { code, stderr } = await script(`import { standin } from 'standin'; await standin.start()`, { STANDIN_BIN: file })
    assert.equal(code, 1)
    assert.match(stderr, told)
  }
})

test('a shared server is named in the environment until it is stopped', async (t) => {
  const names = ['STANDIN_URL', 'STANDIN_CONTROL_URL', 'STANDIN_HTTPS_URL', 'STANDIN_CA', 'NODE_EXTRA_CA_CERTS']
  const environment = () => names.map((name) => process.env[name])
  const before = environment()
  const count = servers().length
  const stop = await standin.share({ seed: 9 })
  assert.ok(environment().every(Boolean))
  const again = await standin.share()
  assert.equal(servers().length, count + 1)
  const world = await standin.namespace(t)
  assert.deepEqual([world.url, (await world.ask('GET', '/health')).seed], [process.env.STANDIN_URL, 9])
  const child = await script(`
    const answer = await fetch(process.env.STANDIN_HTTPS_URL + '/__standin/health')
    console.log(answer.status)`)
  assert.equal(child.stdout.trim(), '200', child.stderr)
  await again()
  await world.end()
  await stop()
  assert.deepEqual(environment(), before)
  assert.equal(servers().length, count)
})

const hasUsing = Number(process.versions.node.split('.')[0]) >= 24
test('`await using` ends a world', { skip: !hasUsing && 'Node.js 24 is the first with `await using`' }, async () => {
  const { code, stdout, stderr } = await script(`
    import { standin } from 'standin'
    import { rename } from './calls.mjs'
    {
      await using fine = await standin.namespace()
      {
        await using fault = await fine.fault({ on: 'chert', error: '4001' })
        console.log((await rename(fine)).status)
      }
      console.log((await rename(fine)).status)
    }
    await using world = await standin.namespace()
    await world.expect({ name: 'never', on: 'chert.chats.rename', calls: 'never' })
    await rename(world)`)
  assert.deepEqual([code, stdout], [1, '502\n200\n'])
  assert.match(stderr, /StandinError: [^]*`never` is not met/)
})

test('`require` and `import` give the same', () => {
  const required = require('standin')
  assert.deepEqual(Object.keys(required).sort(), Object.keys(kit).filter((name) => name !== 'default' && name !== 'module.exports').sort())
  assert.equal(required.standin, standin)
})

test('a test can replace fetch and the timers', { timeout: 60_000 }, async (t) => {
  t.mock.method(globalThis, 'fetch', () => Promise.reject(new Error('not to be called')))
  t.mock.timers.enable()
  const world = await standin.namespace()
  await world.fault({ on: RENAME, error: '4001' })
  await world.end()
  const server = await standin.start()
  await server.stop()
})

test('who stops a server and has nothing else to do goes on behind it', async () => {
  const ended = await script(`
    import { standin } from 'standin'
    for (let number = 0; number < 20; number += 1) await (await standin.start()).stop()
    console.log('ended')
  `)
  assert.equal(ended.stdout.trim(), 'ended')
})
