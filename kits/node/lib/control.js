'use strict'
// Requests to the control interface of a server.
//
// `node:http` and not `fetch`: tests replace `fetch` and the timers of their environment, and this must go on working.

const http = require('node:http')
const https = require('node:https')

/** What went wrong with the server, or what the client under test has done wrong. */
class StandinError extends Error {
  /**
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(message, options) {
    super(message, options)
    this.name = 'StandinError'
  }
}

/** Connections that wait for the next request do not keep the process alive. */
const agent = new http.Agent({ keepAlive: true })

class Control {
  /** @param {string} url the URL of the control interface, without a final slash */
  constructor(url) {
    this.url = url
  }

  /**
   * Sends a request and returns its answer. Throws if the server says that it is mistaken.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<any>} what the JSON of the answer says, or its text
   */
  async ask(method, path, body) {
    const { status, told } = await this.send(method, path, body)
    if (status >= 400) throw new StandinError(words(told))
    return told
  }

  /**
   * Like `ask`, but a 417 is an answer too: the one that something is not as it should be.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<any>}
   */
  async judge(method, path, body) {
    const { status, told } = await this.send(method, path, body)
    if (status >= 400 && status !== 417) throw new StandinError(words(told))
    return told
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<{status: number, told: any}>}
   */
  async send(method, path, body) {
    const text = body === undefined ? '' : JSON.stringify(body)
    try {
      return await exchange(method, this.url + path, text)
    } catch (error) {
      const { code, reused } = /** @type {any} */ (error)
      // The server had closed a connection that waited. It has not seen the request.
      if (reused && code === 'ECONNRESET') return await exchange(method, this.url + path, text)
      throw new StandinError(`standin does not answer at ${this.url}: ${code ?? error}`, { cause: error })
    }
  }
}

/**
 * @param {string} method
 * @param {string} url
 * @param {string} text
 * @returns {Promise<{status: number, told: any}>}
 */
function exchange(method, url, text) {
  const token = process.env.STANDIN_CONTROL_TOKEN
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  }
  return new Promise((resolve, reject) => {
    const isPlain = url.startsWith('http:')
    const request = (isPlain ? http : https).request(url, { method, headers, ...(isPlain ? { agent } : {}) })
    request.on('error', (error) => reject(Object.assign(error, { reused: request.reusedSocket })))
    request.on('response', (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (piece) => (body += piece))
      response.on('error', reject)
      response.on('end', () => {
        const isJson = String(response.headers['content-type']).startsWith('application/json')
        try {
          resolve({ status: response.statusCode ?? 0, told: isJson ? JSON.parse(body) : body })
        } catch (error) {
          reject(error)
        }
      })
    })
    request.end(text)
  })
}

/**
 * What the server says about a request that is mistaken.
 * @param {any} told
 */
function words(told) {
  if (typeof told === 'string') return told
  const what = [told.standin, told.help].filter(Boolean).join('\nhelp: ')
  if (told.report) return [told.standin, told.report].filter(Boolean).join('\n').trimEnd()
  return what || JSON.stringify(told)
}

module.exports = { Control, StandinError, words }
