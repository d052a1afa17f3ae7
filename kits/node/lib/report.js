'use strict'
// What a client did in a namespace, in words.

/** How many exchanges, and how many events, a report shows at most. */
const MOST = 20
/** The last paragraph of each explanation. */
const SEED = /\n\n(seed \d[^]*)$/

/**
 * The exchanges and events of a namespace, each as `standin explain` words it.
 * @param {import('./control.js').Control} control
 * @param {import('./control.js').Control} main the control interface of the whole server
 * @param {string} name
 * @returns {Promise<string>}
 */
async function conversation(control, main, name) {
  const { rows, deliveries } = await control.ask('GET', '/journal?rows=true')
  if (rows.length + deliveries.length === 0) return await nothing(main, name)
  const paths = [
    ...rows.slice(-MOST).map((/** @type {any} */ row) => `/journal/${row.number}/explain`),
    ...deliveries.slice(-MOST).map((/** @type {any} */ delivery) => `/outbox/${delivery.id}/explain`),
  ]
  /** @type {string[]} */
  const told = await Promise.all(paths.map((path) => control.ask('GET', path)))
  const seed = told.map((text) => SEED.exec(text)?.[1].trimEnd()).findLast(Boolean)
  const parts = told.map((text) => text.replace(SEED, '').replaceAll(` of namespace ${name}`, '').trimEnd())
  const left = [leftOut(rows.length, 'calls'), leftOut(deliveries.length, 'events')].filter(Boolean)
  return [`what happened in namespace ${name}:`, ...left, ...parts, ...(seed ? [seed] : [])].join('\n\n')
}

/**
 * @param {number} count
 * @param {string} things
 */
function leftOut(count, things) {
  return count > MOST ? `(the first ${count - MOST} ${things} are left out)` : ''
}

/**
 * Why there is nothing to show: a client with other credentials is one of the main scenario.
 * @param {import('./control.js').Control} main
 * @param {string} name
 */
async function nothing(main, name) {
  const none = `no call came to namespace ${name}`
  const { rows } = await main.ask('GET', '/journal?rows=true')
  const last = rows.at(-1)
  if (!last) return none
  return `${none}; calls came to the main scenario, the last one is \`${last.method} ${last.target}\`: does the client use the URLs and the credentials of the namespace?`
}

module.exports = { conversation }
