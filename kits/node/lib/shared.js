'use strict'
// The server that tests use without starting one: that of the environment, else one for this process.

const { Server } = require('./server.js')
const { Trust } = require('./trust.js')

/** @type {Promise<Server> | undefined} */
let own
/** The server that the environment has named last. @type {Server | undefined} */
let named

/** The server of `standin run` or `share`, which the environment names, else one that this process starts once. */
async function current() {
  const { STANDIN_CONTROL_URL, STANDIN_HTTPS_URL, STANDIN_CA } = process.env
  if (STANDIN_CONTROL_URL) {
    if (named?.control.url === STANDIN_CONTROL_URL) return named
    const trust = STANDIN_HTTPS_URL && STANDIN_CA ? new Trust(STANDIN_HTTPS_URL, STANDIN_CA) : undefined
    named = Server.at(STANDIN_CONTROL_URL, trust)
    return named
  }
  own ??= Server.start()
  return await own
}

/**
 * Starts a server and names it in the environment, so that the tests in this process and in those that it starts use it. If the
 * environment names one already, that one is used. Returns a function that stops the server.
 * @param {import('../index').ServerOptions} [options]
 */
async function share(options) {
  if (process.env.STANDIN_CONTROL_URL) return async () => {}
  const server = await Server.start(options)
  const environment = { STANDIN_URL: server.url, STANDIN_CONTROL_URL: server.control.url, ...server.trust?.environment() }
  const before = Object.keys(environment).map((name) => /** @type {const} */ ([name, process.env[name]]))
  Object.assign(process.env, environment)
  return async () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    await server.stop()
  }
}

module.exports = { current, share }
