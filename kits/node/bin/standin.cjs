#!/usr/bin/env node
'use strict'
// The command `standin`: runs the program that the package of this platform carries.

const { spawn } = require('node:child_process')
const { constants } = require('node:os')
const { findProgram } = require('../lib/program.js')

function main() {
  let program
  try {
    program = findProgram()
  } catch (error) {
    console.error(`standin: ${/** @type {Error} */ (error).message}`)
    process.exitCode = 127
    return
  }
  const child = spawn(program, process.argv.slice(2), { stdio: 'inherit' })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`standin: ${error.message}`)
    process.exitCode = 126
  })
  child.on('exit', (code, signal) => {
    process.exitCode = signal ? 128 + constants.signals[signal] : (code ?? 1)
  })
}

main()
