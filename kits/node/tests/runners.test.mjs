// Whole runs under node:test, vitest and jest.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { servers, until } from './servers.mjs'

const here = dirname(new URL(import.meta.url).pathname)
const require = createRequire(import.meta.url)
const suites = join(here, 'suites')
const VITEST = [join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs'), 'run', '--pool=threads', '--maxWorkers=4']
const JEST = [join(dirname(require.resolve('jest/package.json')), 'bin/jest.js'), '--maxWorkers=2']
const NODE = ['--test', '--test-reporter=spec']

/** Starts a run. Without NODE_TEST_CONTEXT, which tells node:test that it is the child of another run. */
function start(command, stdio, more = {}) {
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env
  return spawn(process.execPath, command, { cwd: suites, stdio, env: { ...environment, NO_COLOR: '1', CI: 'true', ...more } })
}

/** Runs to the end. Returns the exit code and what was printed. */
async function run(command) {
  const running = start(command, ['ignore', 'pipe', 'pipe'])
  const [out, err, [code]] = await Promise.all([text(running.stdout), text(running.stderr), once(running, 'close')])
  return { code, printed: out + err }
}

function has(printed, ...patterns) {
  for (const pattern of patterns) assert.match(printed, pattern)
}

const UNMET = /`twice` is not met: expected exactly 2 calls of `chert\.chats\.rename`; 1 call came \(exchange 1\)[^]*what happened in namespace unmet_\w+:[^]*exchange 1 at .*: PUT \/api\/v1\/chats\/ch_01H\n *answered with status 200/
const BROKEN = /error: `bitrix24\.batch-length`: a batch has more than fifty commands[^]*what happened in namespace broken_\w+:[^]*POST \/rest\/1\/\*\*\*\/batch/
const ITSELF = /what happened in namespace fails_itself_\w+:[^]*PUT \/api\/v1\/chats\/ch_01H/
const IN_VAIN = /the client has not done this after 1ms\n[^]*`renamed` is not met[^]*no call came to namespace waits_in_vain_/

test('thirty tests of vitest share one server', async () => {
  const { code, printed } = await run([...VITEST, 'many'])
  assert.equal(code, 0, printed)
  has(printed, /Tests +30 passed/)
  assert.deepEqual(servers(), [])
})

test('a test of vitest that fails tells the conversation', async () => {
  // In processes, where the others run in threads.
  const { code, printed } = await run([...VITEST.map((one) => one.replace('threads', 'forks')), 'fails'])
  assert.equal(code, 1)
  has(printed, UNMET, BROKEN, ITSELF, IN_VAIN, /Tests +4 failed \| 1 passed/)
})

test('tests of jest share one server', async () => {
  const { code, printed } = await run([...JEST, 'many'])
  assert.equal(code, 0, printed)
  has(printed, /Tests: +12 passed/)
  await until(() => servers().length === 0, 'the server ends')
})

test('a test of jest that fails tells the conversation', async () => {
  const { code, printed } = await run([...JEST, 'fails'])
  assert.equal(code, 1)
  has(printed, /`twice` is not met[^]*what happened in namespace unmet_\w+:[^]*GET \/api\/v1\/whoami/)
})

test('a test of node:test that fails tells the conversation', async () => {
  const { code, printed } = await run([...NODE, 'fails.node.mjs'])
  assert.equal(code, 1)
  has(printed, UNMET, BROKEN, ITSELF, IN_VAIN, /pass 1\n[^]*fail 4\n/)
})

for (const [name, command] of [
  ['vitest', [...VITEST, 'hangs']],
  ['jest', [...JEST, 'hangs']],
  ['node:test', ['hangs.node.mjs']],
]) {
  test(`no server is left when ${name} is killed`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'standin-test-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const marker = join(folder, 'hangs')
    const running = start(command, 'ignore', { HANGS: marker })
    await until(() => existsSync(marker), 'the test begins')
    assert.equal(servers().length, 1)
    running.kill('SIGKILL')
    await until(() => servers().length === 0, 'the server ends')
  })
}
