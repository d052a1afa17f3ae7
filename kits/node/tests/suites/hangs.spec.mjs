// A test that never ends.
import { writeFileSync } from 'node:fs'
import { test } from 'standin/vitest'

test('hangs', { timeout: 600_000 }, async ({ world }) => {
  writeFileSync(process.env.HANGS, world.name)
  await new Promise(() => {})
})
