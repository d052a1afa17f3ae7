'use strict'
// How a client of this process calls the server over https.
//
// Node.js reads NODE_EXTRA_CA_CERTS at its start only, so what a client needs is handed over.

const fs = require('node:fs')
const https = require('node:https')

class Trust {
  /** @type {https.Agent | undefined} */
  #agent

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
    return { STANDIN_HTTPS_URL: this.url, STANDIN_CA: this.file, NODE_EXTRA_CA_CERTS: this.file }
  }

  /** For `https.request`, axios, got and others that take an agent. */
  get agent() {
    return (this.#agent ??= new https.Agent({ ca: this.ca, keepAlive: true }))
  }
}

module.exports = { Trust }
