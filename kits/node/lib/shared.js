'use strict'
// The server that tests use without starting one: that of the environment, else one for this process.

const { Server } = require('./server.js')
const { Trust } = require('./trust.js')

/** @type {Promise<Server> | undefined} */
let own

/** The server of `standin run` or `share`, which the environment names, else one that this process starts once. */
async function current() {
  const { STANDIN_CONTROL_URL, STANDIN_HTTPS_URL, STANDIN_CA } = process.env
  if (STANDIN_CONTROL_URL) {
    return Server.at(STANDIN_CONTROL_URL, STANDIN_HTTPS_URL && STANDIN_CA ? new Trust(STANDIN_HTTPS_URL, STANDIN_CA) : undefined)
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
  // A variable that is set stays: NODE_EXTRA_CA_CERTS may be needed for something else.
  const set = Object.entries(environment).filter(([name]) => process.env[name] === undefined)
  for (const [name, value] of set) process.env[name] = value
  return async () => {
    for (const [name] of set) delete process.env[name]
    await server.stop()
  }
}

module.exports = { current, share }
