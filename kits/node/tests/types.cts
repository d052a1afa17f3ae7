// The same for CommonJS, and for tests of node:test.
import test = require('node:test')
import kit = require('standin')
import setup = require('standin/setup')

test('typed', async (t) => {
  const world = await kit.standin.namespace(t, { seed: 7 })
  const stop = await setup()
  await stop()
  console.log(world.name)
})
