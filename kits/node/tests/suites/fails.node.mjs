// Tests that fail, and one that is right.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { standin } from 'standin'
import { RENAME, batchTooLong, rename } from '../calls.mjs'

test('unmet', async (t) => {
  const world = await standin.namespace(t)
  await world.expect({ name: 'twice', on: RENAME, calls: { exactly: 2 } })
  await rename(world)
})

test('broken', async (t) => {
  await batchTooLong(await standin.namespace(t))
})

test('fails itself', async (t) => {
  await rename(await standin.namespace(t))
  assert.equal(1, 2)
})

test('waits in vain', async (t) => {
  const world = await standin.namespace(t)
  await world.waitFor({ name: 'renamed', on: RENAME }, { timeout: 1 })
})

test('right', async (t) => {
  const world = await standin.namespace(t)
  assert.equal((await rename(world)).status, 200)
})
