'use strict'
// How a client of this process calls the server over https.
//
// Node.js reads NODE_EXTRA_CA_CERTS at its start only, so what a client needs is handed over.

const fs = require('node:fs')
const https = require('node:https')
const path = require('node:path')

class Trust {
  /** @type {https.Agent | undefined} */
  #agent
  /** @type {string | undefined} */
  #extra

  /**
   * @param {string} url the server's URL over https
   * @param {string} file the file with the certificate that clients must trust
   */
  constructor(url, file) {
    this.url = url
    this.file = file
    this.ca = fs.readFileSync(file, 'utf8')
  }

  /** For `https.request`, `tls.connect` and the agents of other packages. */
  get options() {
    return { ca: this.ca }
  }

  /** The variables from which a program that is started later knows this. */
  environment() {
    return { STANDIN_HTTPS_URL: this.url, STANDIN_CA: this.file, NODE_EXTRA_CA_CERTS: (this.#extra ??= this.#withOthers()) }
  }

  /** The file for NODE_EXTRA_CA_CERTS: with what that has already, and with the certificate of the server. */
  #withOthers() {
    const before = process.env.NODE_EXTRA_CA_CERTS
    if (!before || !fs.existsSync(before)) return this.file
    const others = fs.readFileSync(before, 'utf8')
    if (others.includes(this.ca)) return before
    const both = path.join(path.dirname(this.file), 'extra.pem')
    fs.writeFileSync(both, `${others.trimEnd()}\n${this.ca}`)
    return both
  }

  /** For `https.request`, axios, got and others that take an agent. */
  get agent() {
    return (this.#agent ??= new https.Agent({ ca: this.ca, keepAlive: true }))
  }
}

module.exports = { Trust }
