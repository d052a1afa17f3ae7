'use strict'
// The clock of a namespace.

/** @typedef {import('./control.js').Control} Control */

class Clock {
  #control

  /** @param {Control} control */
  constructor(control) {
    this.#control = control
  }

  /** The time, and the instant at which something is due next. */
  async now() {
    return await this.#control.ask('GET', '/clock')
  }

  /**
   * Moves a virtual clock.
   * @param {string} by such as `30s`, or `next` for the instant at which something is due next
   */
  async advance(by) {
    return await this.#control.ask('POST', '/clock', { advance: by })
  }

  /**
   * Moves a virtual clock to an instant.
   * @param {string | Date} instant
   */
  async set(instant) {
    return await this.#control.ask('POST', '/clock', { set: instant instanceof Date ? instant.toISOString() : instant })
  }
}

module.exports = { Clock }
