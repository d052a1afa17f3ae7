'use strict'
// What the package offers: `standin`, and the classes of what it returns.

const { StandinError } = require('./lib/control.js')
const { findProgram } = require('./lib/program.js')
const { Server } = require('./lib/server.js')
const { World } = require('./lib/world.js')
const { endWith } = require('./lib/node-test.js')
const shared = require('./lib/shared.js')

const standin = {
  /**
   * Makes a namespace: a fresh copy of the scenario for one test. With the context of a test of `node:test` first, it ends with the test.
   * @param {import('./index').TestContext | import('./index').NamespaceOptions} [first]
   * @param {import('./index').NamespaceOptions} [second]
   */
  async namespace(first = {}, second = {}) {
    if (!isTestContext(first)) return await make(first)
    const world = await make({ name: first.name, ...second })
    endWith(first, world)
    return world
  },
  start: Server.start,
  share: shared.share,
}

/** @param {import('./index').NamespaceOptions} options */
async function make({ url, ...options }) {
  const server = url === undefined ? await shared.current() : Server.at(url)
  return await server.namespace(options)
}

/**
 * @param {import('./index').TestContext | import('./index').NamespaceOptions} value
 * @returns {value is import('./index').TestContext}
 */
function isTestContext(value) {
  return 'after' in value && typeof value.after === 'function'
}

module.exports = { standin, Server, World, StandinError, findProgram }
