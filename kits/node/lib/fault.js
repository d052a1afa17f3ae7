'use strict'
// A fault that a test has added.

const dispose = require('./dispose.js')

/** @typedef {import('./control.js').Control} Control */

class Fault {
  #control
  #path

  /**
   * @param {Control} control
   * @param {string} name
   * @param {string} path
   */
  constructor(control, name, path) {
    this.name = name
    this.#control = control
    this.#path = path
  }

  /** How many calls met the fault, on how many it fired, and so on. */
  async status() {
    return await this.#control.ask('GET', this.#path)
  }

  async off() {
    return await this.#control.ask('POST', `${this.#path}/off`)
  }

  async on() {
    return await this.#control.ask('POST', `${this.#path}/on`)
  }

  /** Counts its calls anew, so that a fault fires that is spent. */
  async again() {
    return await this.#control.ask('POST', `${this.#path}/again`)
  }

  async remove() {
    await this.#control.ask('DELETE', this.#path)
  }

  async [dispose]() {
    await this.remove()
  }
}

module.exports = { Fault }
