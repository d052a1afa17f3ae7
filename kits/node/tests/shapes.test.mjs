// The types know what the program knows: the keys of faults and expectations, and the variables of its environment.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { findProgram, standin } from 'standin'

const home = dirname(createRequire(import.meta.url).resolve('standin/package.json'))
const types = readFileSync(join(home, 'index.d.ts'), 'utf8')
const schema = JSON.parse(execFileSync(findProgram(), ['schema'], { encoding: 'utf8' })).$defs

/** The names of the members of an interface. */
function members(name) {
  const [, body] = new RegExp(`export (?:interface|type) ${name} [^]*?\\{\\n([^]*?)^\\}`, 'm').exec(types)
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, member]) => member).sort()
}

test('faults and expectations have the keys of a scenario', () => {
  const keys = (name, ...without) => Object.keys(schema[name].properties).filter((key) => !without.includes(key)).sort()
  assert.deepEqual(members('FaultOptions'), keys('FaultSpec'))
  assert.deepEqual(members('When'), keys('When'))
  // The calls of a whole run are no concern of one test.
  assert.deepEqual(members('ExpectationOptions'), keys('ExpectSpec', 'scope'))
})

test('what a fault does to a connection or a delivery has a type', () => {
  const choices = (name) => schema[name].oneOf.map((choice) => choice.const ?? Object.keys(choice.properties)[0])
  for (const choice of [...choices('Wire'), ...choices('Deliver')]) assert.match(types, new RegExp(`'${choice}'|\\{ ${choice}: `))
})

test('every variable of a namespace has a member', async (t) => {
  const world = await standin.namespace(t)
  for (const [service, name] of [['bitrix24', 'Bitrix24'], ['chert', 'Chert']]) {
    const prefix = `${service.toUpperCase()}_`
    const variables = Object.keys(world.environment).filter((variable) => variable.startsWith(prefix))
    const camel = (text) => text.slice(prefix.length).toLowerCase().replace(/_(.)/g, (_, letter) => letter.toUpperCase())
    const known = Object.getOwnPropertyNames(world[service]).sort()
    assert.deepEqual(known, members(name))
    for (const variable of variables) assert.ok(known.includes(camel(variable)), variable)
  }
})
