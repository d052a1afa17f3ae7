// Tests of vitest with a namespace each: `test('…', async ({ world }) => …)`.

import { test as base } from 'vitest'
import { standin } from './index.mjs'

/**
 * `test` of vitest with a namespace for each test. `options` are those of `standin.namespace`, or a function that returns them before each
 * test.
 */
export function testWith(options) {
  return base.extend({
    world: async ({ task }, use) => {
      const wanted = typeof options === 'function' ? await options() : options
      const world = await standin.namespace({ name: task.name, ...wanted })
      await use(world)
      if (task.result?.state !== 'fail') return await world.end()
      // An error of this package tells what happened itself.
      const isTold = task.result.errors?.some((error) => error.name === 'StandinError')
      if (!isTold) console.error(await world.report())
      await world.drop()
    },
  })
}

export const test = testWith({})
export { test as it }
