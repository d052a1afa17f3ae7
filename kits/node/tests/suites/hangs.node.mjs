// A test that never ends.
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { standin } from 'standin'

test('hangs', async (t) => {
  const world = await standin.namespace(t)
  writeFileSync(process.env.HANGS, world.name)
  await new Promise((resolve) => setTimeout(resolve, 600_000))
})
