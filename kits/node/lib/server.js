'use strict'
// A server: one that this process starts, or one that runs already.

const { spawn } = require('node:child_process')
const { randomBytes } = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { performance } = require('node:perf_hooks')
// Taken now: tests replace the timers later.
const { setTimeout: pause } = require('node:timers/promises')
const { Control, StandinError } = require('./control.js')
const dispose = require('./dispose.js')
const { knowsNo } = require('./options.js')
const { findProgram } = require('./program.js')
const { Trust } = require('./trust.js')
const { World } = require('./world.js')

/** How long a server may take to start, in milliseconds. */
const PATIENCE = 20_000
/** How much of what the server prints is kept, in characters. */
const MOST_OF_OUTPUT = 20_000

/** @type {Set<Running>} those that this process has started */
const all = new Set()

class Server {
  /** @type {Running | undefined} */
  #running

  /**
   * @param {string} control the URL of the control interface
   * @param {Trust | undefined} trust how to call the server over https
   * @param {Running} [running] the process, if this process has started it
   */
  constructor(control, trust, running) {
    this.control = new Control(control)
    this.trust = trust
    this.#running = running
  }

  /** The server's URL. */
  get url() {
    return this.control.url.replace(/\/__standin(\/.*)?$/, '')
  }

  /**
   * Starts a server on a free port. It ends with this process at the latest, also when this process is killed.
   * @param {import('../index').ServerOptions} [options]
   */
  static async start({ scenario, seed, handlers = {}, ...others } = {}) {
    knowsNo(others, ['scenario', 'seed', 'handlers'])
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'standin-'))
    const [portFile, authority] = [path.join(folder, 'port'), path.join(folder, 'ca.pem')]
    const settings = ['--listen', '127.0.0.1:0', '--tls-listen', '127.0.0.1:0', '--tls-ca-out', authority, '--port-file', portFile]
    settings.push('--log', 'off', '--judge', '--until-stdin-closes')
    if (seed !== undefined) settings.push('--seed', String(seed))
    for (const [name, url] of Object.entries(handlers)) settings.push('--handler', `${name}=${url}`)
    try {
      if (scenario !== undefined) settings.push(scenarioFile(scenario, folder))
      const running = new Running(findProgram(), settings, folder)
      const [port, secure] = await running.ports(portFile)
      const trust = new Trust(`https://localhost:${secure}`, authority)
      return new Server(`http://127.0.0.1:${port}/__standin`, trust, running)
    } catch (error) {
      fs.rmSync(folder, { recursive: true, force: true })
      throw error
    }
  }

  /**
   * The server that runs at a URL.
   * @param {string} url
   * @param {Trust} [trust]
   */
  static at(url, trust) {
    const bare = url.replace(/\/+$/, '')
    return new Server(/\/__standin(\/|$)/.test(bare) ? bare : `${bare}/__standin`, trust)
  }

  /**
   * Makes a namespace: a fresh copy of the scenario for one test.
   * @param {import('../index').NamespaceOptions} [options]
   */
  async namespace({ name = 'test', scenario, seed, expect, handlers, rules = 'error', ...others } = {}) {
    knowsNo(others, ['name', 'scenario', 'seed', 'expect', 'handlers', 'rules'])
    if (!['error', 'warn', 'off'].includes(rules)) {
      throw new StandinError(`\`rules\` is \`${rules}\`; it can be \`error\`, \`warn\` or \`off\``)
    }
    const slug = name.toLowerCase().replace(/[^a-z0-9]+/g, '_').slice(0, 31)
    const unique = `${slug}_${randomBytes(4).toString('hex')}`
    const wanted = { name: unique, scenario: scenario && asText(scenario), seed, expect, handlers }
    const made = await this.control.ask('POST', '/namespaces', wanted)
    return new World(made, { rules, trust: this.trust, main: this.control })
  }

  /** Ends the server, if this process has started it. */
  async stop() {
    await this.#running?.stop()
  }

  async [dispose]() {
    await this.stop()
  }
}

/** The process of a server. */
class Running {
  /** What it prints to stderr. */
  #printed = ''

  /**
   * @param {string} program
   * @param {string[]} settings
   * @param {string} folder what the server and we leave in it is removed at the end
   */
  constructor(program, settings, folder) {
    this.folder = folder
    // The server ends when its stdin closes. Only this process holds the other end.
    this.child = spawn(program, ['serve', ...settings], { stdio: ['pipe', 'ignore', 'pipe'] })
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
      this.child.on('error', (error) => resolve(error.message))
    }).then((how) => {
      this.how = how
    })
    this.child.stdin.on('error', () => {})
    this.child.stderr.setEncoding('utf8').on('data', (piece) => {
      this.#printed = (this.#printed + piece).slice(-MOST_OF_OUTPUT)
    })
    if (all.size === 0) process.once('exit', endAll)
    all.add(this)
  }

  /**
   * Waits until the server is ready, and returns its ports.
   * @param {string} file
   */
  async ports(file) {
    const start = performance.now()
    while (performance.now() - start < PATIENCE) {
      // The file appears as a whole.
      if (fs.existsSync(file)) {
        this.#release()
        return fs.readFileSync(file, 'utf8').trim().split('\n')
      }
      if (this.how !== undefined) {
        throw new StandinError(`standin has not started, it ended with ${this.how}:\n${this.#printed.trimEnd()}`)
      }
      await pause(1)
    }
    await this.stop()
    throw new StandinError(`standin was not ready after ${PATIENCE / 1000} s:\n${this.#printed.trimEnd()}`)
  }

  /** From now on the server does not keep this process alive. */
  #release() {
    this.child.unref()
    for (const pipe of [this.child.stdin, this.child.stderr]) /** @type {any} */ (pipe).unref()
  }

  async stop() {
    // The process waits for both: the server has ended, and all that it has printed is read.
    for (const one of [this.child, this.child.stderr]) /** @type {any} */ (one).ref()
    this.end()
    await this.ended
  }

  end() {
    this.child.stdin.destroy()
    this.child.kill()
    fs.rmSync(this.folder, { recursive: true, force: true })
    all.delete(this)
    if (all.size === 0) process.removeListener('exit', endAll)
  }
}

function endAll() {
  for (const running of all) running.end()
}

/**
 * The file of a scenario.
 * @param {import('../index').Scenario} scenario
 * @param {string} folder
 */
function scenarioFile(scenario, folder) {
  if (isFile(scenario)) return asPath(scenario)
  const file = path.join(folder, 'scenario.yaml')
  fs.writeFileSync(file, typeof scenario === 'string' ? scenario : JSON.stringify(scenario, null, 2))
  return file
}

/**
 * A scenario as the control interface takes it.
 * @param {import('../index').Scenario} scenario
 */
function asText(scenario) {
  if (!isFile(scenario)) return scenario
  const file = path.resolve(asPath(scenario))
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    throw new StandinError(`the scenario ${file} cannot be read: ${code}. A relative path begins at the working directory`)
  }
}

/**
 * Whether a scenario is the path of a file: it is a URL, or a text of one line.
 * @param {import('../index').Scenario} scenario
 * @returns {scenario is string | URL}
 */
function isFile(scenario) {
  return scenario instanceof URL || (typeof scenario === 'string' && !scenario.includes('\n'))
}

/** @param {string | URL} file */
function asPath(file) {
  return typeof file === 'string' ? file : require('node:url').fileURLToPath(file)
}

module.exports = { Server }
