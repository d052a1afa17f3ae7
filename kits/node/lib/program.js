'use strict'
// Where the program `standin` is.

const fs = require('node:fs')
const path = require('node:path')
const { StandinError } = require('./control.js')

/**
 * The path of the program: `STANDIN_BIN`, else the program that the package of this platform carries, else `standin` on the path.
 * @returns {string}
 */
function findProgram() {
  const wanted = process.env.STANDIN_BIN
  if (wanted) {
    if (isProgram(wanted)) return wanted
    throw new StandinError(`STANDIN_BIN is \`${wanted}\`, which is no program`)
  }
  const found = ofPackage() ?? onPath()
  if (found) return found
  throw new StandinError(
    `the program \`standin\` is not installed\nhelp: ${advice()}, or put \`standin\` on the path, or set STANDIN_BIN to its path`,
  )
}

function name() {
  return `@standin/${process.platform}-${process.arch}`
}

function advice() {
  const { optionalDependencies } = require('../package.json')
  if (!(name() in optionalDependencies)) return `there is no package with the program for ${process.platform}-${process.arch}: build it`
  return `install \`${name()}\`, which npm leaves out with \`--omit=optional\``
}

function ofPackage() {
  try {
    const program = path.join(path.dirname(require.resolve(`${name()}/package.json`)), 'bin', 'standin')
    return isProgram(program) ? program : undefined
  } catch {
    return undefined
  }
}

function onPath() {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean)
  return folders.map((folder) => path.join(folder, 'standin')).find((file) => isProgram(file) && !isOurs(file))
}

/**
 * Whether a file is `bin/standin.cjs` of this package or of another copy. It would look for the program again, without end.
 * @param {string} file
 */
function isOurs(file) {
  return file.includes(path.join('node_modules', '.bin')) || fs.realpathSync(file).endsWith('.cjs')
}

/** @param {string} file */
function isProgram(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return fs.statSync(file).isFile()
  } catch {
    return false
  }
}

module.exports = { findProgram }
