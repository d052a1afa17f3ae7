'use strict'
// The end of a test of `node:test`.

const { StandinError } = require('./control.js')

/**
 * Ends a namespace with its test. If the test has failed already, what happened is told beside its own error.
 * @param {import('../index').TestContext} test
 * @param {import('./world.js').World} world
 */
function endWith(test, world) {
  test.after(async () => {
    if (!test.error) return await world.end()
    // An error of this package tells it itself.
    if (test.error.cause instanceof StandinError) return await world.drop()
    for (const line of (await world.report()).split('\n')) test.diagnostic?.(line)
    await world.drop()
  })
}

module.exports = { endWith }
