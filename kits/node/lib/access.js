'use strict'
// The variables of an environment → members such as `world.bitrix24.webhookUrl`.

const { StandinError } = require('./control.js')

const BITRIX24 = [
  'webhookUrl',
  'restUrl',
  'accessToken',
  'refreshToken',
  'clientId',
  'clientSecret',
  'applicationToken',
  'memberId',
  'tokenUrl',
  'httpsWebhookUrl',
  'httpsRestUrl',
  'httpsTokenUrl',
]
const CHERT = ['baseUrl', 'tenant', 'signingSecret', 'webhookSecret', 'httpsBaseUrl']

/**
 * @param {Record<string, string>} environment
 * @returns {import('../index').Bitrix24}
 */
function bitrix24(environment) {
  return members(environment, 'BITRIX24', BITRIX24)
}

/**
 * @param {Record<string, string>} environment
 * @returns {import('../index').Chert}
 */
function chert(environment) {
  return members(environment, 'CHERT', CHERT)
}

/**
 * An environment with the URLs over https and with what a program needs to trust the server.
 * @param {Record<string, string>} environment
 * @param {import('./trust.js').Trust | undefined} trust
 * @returns {Record<string, string>}
 */
function withHttps(environment, trust) {
  if (!trust) return environment
  const urls = Object.entries(environment).filter(([name, value]) => /^(BITRIX24|CHERT)_/.test(name) && value.startsWith('http://'))
  const secure = urls.map(([name, value]) => [name.replace('_', '_HTTPS_'), value.replace(environment.STANDIN_URL, trust.url)])
  return { ...environment, ...Object.fromEntries(secure), ...trust.environment() }
}

/**
 * A member for each name. One that the scenario gives nothing for throws when it is read, so that no client is given `undefined`.
 * @param {Record<string, string>} environment
 * @param {string} service
 * @param {string[]} names
 * @returns {any}
 */
function members(environment, service, names) {
  const found = {}
  for (const name of names) {
    const variable = `${service}_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`
    const value = environment[variable]
    if (value === undefined) Object.defineProperty(found, name, { get: () => lacks(name, variable) })
    else Object.defineProperty(found, name, { value, enumerable: true })
  }
  return found
}

/**
 * @param {string} name
 * @param {string} variable
 * @returns {never}
 */
function lacks(name, variable) {
  const plain = name.startsWith('https') ? ', or the server has no https: start it with `--tls`' : ''
  throw new StandinError(`\`${name}\` (${variable}) is not there: the scenario has nothing for it${plain}`)
}

module.exports = { bitrix24, chert, withHttps }
