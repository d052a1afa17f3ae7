'use strict'
// For `globalSetup` of vitest and jest: one server for the whole run, which ends with it.

const { share } = require('./lib/shared.js')

/** Starts the server. Returns a function that stops it, which vitest calls. jest does not, and the server ends when jest ends. */
module.exports = async function setup() {
  return await share()
}
