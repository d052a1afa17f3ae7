'use strict'
// What a caller may have misspelt.

const { StandinError } = require('./control.js')

/**
 * Throws if there are options that nobody knows.
 * @param {object} others
 * @param {string[]} known
 */
function knowsNo(others, known) {
  const [first] = Object.keys(others)
  if (first !== undefined) throw new StandinError(`there is no option \`${first}\`; the options are \`${known.join('`, `')}\``)
}

module.exports = { knowsNo }
