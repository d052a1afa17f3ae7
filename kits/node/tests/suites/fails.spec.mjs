// Tests that fail, and one that is right.
import { expect } from 'vitest'
import { test, testWith } from 'standin/vitest'
import { EVENTS, RENAME, batchTooLong, rename, write } from '../calls.mjs'

test('unmet', async ({ world }) => {
  await world.expect({ name: 'twice', on: RENAME, calls: { exactly: 2 } })
  await rename(world)
})

test('broken', async ({ world }) => {
  await batchTooLong(world)
})

test('fails itself', async ({ world }) => {
  await rename(world)
  expect(1).toBe(2)
})

test('waits in vain', async ({ world }) => {
  await world.waitFor({ name: 'renamed', on: RENAME }, { timeout: 1 })
})

let count = 0
const withEvents = testWith(async () => ({ scenario: EVENTS, rules: 'off', seed: (count += 1) }))

withEvents('right', async ({ world }) => {
  await write(world)
  expect((await world.deliver(() => 200)).length).toBe(1)
  expect((await world.ask('GET', '/health')).seed).toBe(1)
  expect(world.url).toBe(process.env.STANDIN_URL)
})
