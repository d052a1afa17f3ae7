// Tests of vitest with a namespace each: `test('…', async ({ world }) => …)`.

import { test as base } from 'vitest'
import { standin } from './index.mjs'

export const test = base.extend({
  // vitest reads the names of the fixtures from the braces.
  standinOptions: async ({}, use) => await use({}),
  world: async ({ standinOptions, task }, use) => {
    const world = await standin.namespace({ name: task.name, ...standinOptions })
    await use(world)
    if (task.result?.state !== 'fail') return await world.end()
    // An error of this package tells what happened itself.
    const isTold = task.result.errors?.some((error) => error.name === 'StandinError')
    if (!isTold) console.error(await world.report())
    await world.drop()
  },
})

export { test as it }
