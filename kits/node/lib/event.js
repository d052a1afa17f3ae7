'use strict'
// An event that a test has taken.

/** @typedef {import('./control.js').Control} Control */

/** The request that a handler would get. */
class Event {
  #control

  /**
   * @param {Control} control
   * @param {string} name
   * @param {any} taken
   */
  constructor(control, name, { id, method, url, query, headers, body }) {
    this.#control = control
    this.id = id
    this.name = name
    this.method = method
    this.url = url
    this.query = query
    this.headers = headers
    this.body = body
  }

  /**
   * Says what the handler has answered.
   * @param {number} [status]
   */
  async answer(status = 200) {
    await this.#control.ask('POST', `/outbox/${this.id}/answer`, { status })
  }
}

module.exports = { Event }
