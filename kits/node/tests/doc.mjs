// Runs the examples of a page: node doc.mjs PAGE FOLDER
//
// A code block whose first line is a comment with the name of a file is this file. The tests of node:test, vitest and jest among them must
// pass, except `fails.test.mjs`, which must print what the page shows below it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'

const page = process.argv[2]
const folder = resolve(process.argv[3])
const text = readFileSync(page, 'utf8')
const files = new Map()
for (const [, code] of text.matchAll(/^```\w+\n((?:\/\/|#) [\w.-]+\n.*?)^```$/gms)) {
  const [, name] = /^(?:\/\/|#) ([\w.-]+)\n/.exec(code)
  assert.ok(!files.has(name), `${name} is on the page twice`)
  files.set(name, code)
  writeFileSync(join(folder, name), code)
}
const named = (ending) => [...files.keys()].filter((name) => name.endsWith(ending))
const require = createRequire(join(folder, 'package.json'))
const program = (name, file) => join(dirname(require.resolve(`${name}/package.json`)), file)

/** Runs a command in the folder. Returns what it prints. */
function run(code, ...command) {
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env
  const done = spawnSync(process.execPath, command, { cwd: folder, encoding: 'utf8', env: { ...environment, NO_COLOR: '1', CI: 'true' } })
  assert.equal(done.status, code, done.stdout + done.stderr)
  return done.stdout + done.stderr
}

const right = named('.test.mjs').filter((name) => name !== 'fails.test.mjs')
assert.ok(right.length > 0)
run(0, '--test', ...right)
console.log(`node:test: ${right.join(', ')}`)
if (named('.spec.mjs').length > 0) {
  run(0, program('vitest', 'vitest.mjs'), 'run')
  console.log(`vitest: ${named('.spec.mjs').join(', ')}`)
}
if (named('.jest.cjs').length > 0) {
  run(0, program('jest', 'bin/jest.js'))
  console.log(`jest: ${named('.jest.cjs').join(', ')}`)
}
if (files.has('fails.test.mjs')) {
  const printed = alike(run(1, '--test', '--test-reporter=spec', 'fails.test.mjs'))
  const [, shown] = /^```text\n(.*?)^```$/ms.exec(text)
  for (const line of shown.split('\n').filter((line) => line.trim())) {
    assert.ok(printed.includes(alike(line).trim()), `the failure does not have the line: ${line}`)
  }
  console.log('fails.test.mjs fails as the page shows')
}

/** A text without what differs from run to run. */
function alike(text) {
  return text.replace(/_[0-9a-f]{8}\b/g, '_#').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'INSTANT').replace(/\(\d[\d.]*ms\)/g, '(TIME)')
}
