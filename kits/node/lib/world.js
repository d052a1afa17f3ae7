'use strict'
// A namespace of a server: what a test configures, reads and judges.

const { bitrix24, chert, withHttps } = require('./access.js')
const { Clock } = require('./clock.js')
const { Control, StandinError, words } = require('./control.js')
const dispose = require('./dispose.js')
const { Event } = require('./event.js')
const { Fault } = require('./fault.js')
const { conversation } = require('./report.js')
const { knowsNo } = require('./options.js')

/** How long the end of a test waits for events that are under way. */
const WAIT_FOR_EVENTS = '2s'
const NOT_OBSERVED = 'the server does not watch the rules of conduct: start it with `--judge`'
/** How many events `deliver` hands over at most. A handler that raises an event for each that it gets would never end. */
const MOST_EVENTS = 1000

class World {
  #control
  #main
  #rules
  #trust
  /** @type {import('../index').Expectation[]} */
  #expectations = []
  #named = 0
  /** @type {Promise<void> | undefined} */
  #end

  /**
   * @param {{namespace: string, control: string, environment: Record<string, string>}} made what the server says about it
   * @param {{rules: import('../index').Rules, trust: import('./trust.js').Trust | undefined, main: Control}} besides
   */
  constructor(made, { rules, trust, main }) {
    this.name = made.namespace
    this.environment = withHttps(made.environment, trust)
    this.url = made.environment.STANDIN_URL
    this.bitrix24 = bitrix24(this.environment)
    this.chert = chert(this.environment)
    this.#control = new Control(made.environment.STANDIN_CONTROL_URL)
    this.clock = new Clock(this.#control)
    this.#main = main
    this.#rules = rules
    this.#trust = trust
  }

  /** How a client of this process calls the server over https. */
  get tls() {
    if (this.#trust) return this.#trust
    throw new StandinError('the server has no https\nhelp: start it with `standin run --tls`, or let this package start it')
  }

  /**
   * Sends a request to the control interface of the namespace, for what has no method here.
   * @param {string} method
   * @param {string} path such as `/snapshots`
   * @param {unknown} [body]
   */
  async ask(method, path, body) {
    return await this.#control.ask(method, path, body)
  }

  /**
   * Adds a fault, or replaces the one with its name.
   * @param {import('../index').FaultOptions} fault
   */
  async fault({ name = this.#unused('fault'), ...spec }) {
    const path = `/faults/${encodeURIComponent(name)}`
    await this.ask('PUT', path, spec)
    return new Fault(this.#control, name, path)
  }

  /**
   * Lets an operator, a recipient or the portal do something.
   * @param {string} action such as `bitrix24.operator.write`
   * @param {Record<string, unknown>} [parameters]
   */
  async act(action, parameters = {}) {
    return await this.ask('POST', '/actions', { do: action, with: parameters })
  }

  /**
   * The calls that came, the oldest first, with secrets hidden.
   * @param {import('../index').JournalFilter} [filter]
   */
  async journal(filter = {}) {
    const query = Object.entries(filter).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    return (await this.ask('GET', `/journal?${query.join('&')}`)).entries
  }

  /** Chats, messages, connectors, lines and so on as they are now. */
  async state() {
    return await this.ask('GET', '/state')
  }

  /**
   * A chat as it is now.
   * @param {string} id
   * @param {Record<string, unknown>} [which] what else it has, if several chats have the ID, such as `{ line: 105 }`
   */
  async chat(id, which = {}) {
    const state = await this.state()
    const tenants = state.chert?.tenants ?? []
    const all = [...(state.bitrix24?.chats ?? []), ...tenants.flatMap((/** @type {any} */ tenant) => tenant.chats)]
    const fits = (/** @type {any} */ chat) => Object.entries({ id, ...which }).every(([name, value]) => chat[name] === value)
    const found = all.filter(fits)
    if (found.length === 1) return found[0]
    if (found.length > 1) throw new StandinError(`${found.length} chats are \`${id}\`: say which, such as \`chat(id, { line: 105 })\``)
    throw new StandinError(`there is no chat \`${id}\`; the chats are \`${all.map((chat) => chat.id).join('`, `')}\``)
  }

  /** The events that were sent or wait. */
  async outbox() {
    return await this.ask('GET', '/outbox')
  }

  /**
   * Takes the first event that waits for a handler without a URL. The test hands it over, and calls `answer`.
   * @param {string} [event] such as `OnImConnectorMessageAdd`
   */
  async take(event) {
    const taken = await this.#takeFirst(event)
    if (taken) return taken
    const { silences } = await this.outbox()
    const why = silences.map((/** @type {any} */ silence) => `; ${silence.remark}`).join('')
    throw new StandinError(`no event ${event ? `\`${event}\` ` : ''}waits for a handler without a URL${why}`)
  }

  /**
   * Hands each event that waits for a handler without a URL to a handler in this process, also those that are raised meanwhile.
   * @param {(event: Event) => number | void | Promise<number | void>} handler returns the status of its answer; the default is 200
   */
  async deliver(handler) {
    /** @type {Event[]} */
    const handed = []
    for (let event = await this.#takeFirst(); event; event = await this.#takeFirst()) {
      if (handed.length === MOST_EVENTS) throw new StandinError(`${MOST_EVENTS} events were handed over, and each has raised another`)
      handed.push(event)
      let status = 500
      try {
        status = (await handler(event)) ?? 200
      } finally {
        await event.answer(status)
      }
    }
    return handed
  }

  /**
   * Why a call or an event ended as it did, in words.
   * @param {number | string} [which] the number of a call, an event such as `e1`, or `last`
   * @returns {Promise<string>}
   */
  async explain(which = 'last') {
    const kind = /^e\d/.test(String(which)) ? 'outbox' : 'journal'
    return await this.ask('GET', `/${kind}/${which}/explain`)
  }

  /**
   * Says what the client must have done at the end of the test. Throws if an expectation has a mistake.
   * @param {...import('../index').ExpectationOptions} expectations
   */
  async expect(...expectations) {
    const before = this.#expectations
    this.#expectations = [...before, ...expectations.map((one) => this.#withName(one))]
    try {
      await this.#control.judge('POST', '/verify', this.#expectations)
    } catch (error) {
      this.#expectations = before
      throw error
    }
  }

  /**
   * Waits until the client has done something. Throws if it does not do so in time.
   * @param {import('../index').ExpectationOptions | import('../index').ExpectationOptions[]} expectations
   * @param {{timeout?: string | number}} [options] such as `10s`, or milliseconds
   */
  async waitFor(expectations, { timeout = '3s', ...others } = {}) {
    knowsNo(others, ['timeout'])
    const list = [expectations].flat().map((one) => this.#withName(one))
    const time = typeof timeout === 'number' ? `${timeout}ms` : timeout
    const outcome = await this.#control.judge('POST', `/verify?wait_for=${encodeURIComponent(time)}`, list)
    if (!outcome.met) await this.#fail(`the client has not done this after ${time}`, [outcome.report, outcome.help])
    return outcome.expectations
  }

  /** Throws if an expectation is not met or a rule is broken. */
  async verify() {
    const { judgement, reports } = await this.#judge()
    if (reports.length > 0) await this.#fail('the client does not do what it must', reports)
    return judgement
  }

  /** What is not met and what is broken, and what happened, in words. */
  async report() {
    const { judgement, reports } = await this.#judge()
    const others = blocks(judgement.report).filter((block) => !reports.includes(block))
    const parts = [...reports, ...others, await this.conversation()]
    return parts.map((part) => part.trimEnd()).filter(Boolean).join('\n\n')
  }

  /** What the client has called and which events were sent, each as `standin explain` words it. */
  async conversation() {
    return await conversation(this.#control, this.#main, this.name)
  }

  /** Goes back to the start of the scenario. Faults and expectations of the test are gone. */
  async reset() {
    this.#expectations = []
    await this.ask('POST', '/reset')
  }

  /** Verifies and drops the namespace. Throws if an expectation is not met or a rule is broken. */
  async end() {
    this.#end ??= this.#verifyAndDrop()
    await this.#end
  }

  /** Drops the namespace without verifying. */
  async drop() {
    this.#end ??= this.#drop()
    await this.#end
  }

  async [dispose]() {
    await this.end()
  }

  async #verifyAndDrop() {
    try {
      await this.verify()
    } finally {
      await this.#drop()
    }
  }

  async #drop() {
    await this.#main.ask('DELETE', `/namespaces/${this.name}`)
  }

  /** What the server says about the client, and the reports that fail the test. */
  async #judge() {
    const lists = this.#expectations.length > 0 ? [this.#expectations] : []
    let judgement = await this.#judgement()
    let outcomes = await this.#outcomes([...lists, ...(judgement.met ? [] : [undefined])], '')
    // An event that is under way may still be answered.
    if (outcomes.some((outcome) => !outcome.met && !outcome.lost) && (await this.#isSending())) {
      outcomes = await this.#outcomes([...lists, ...(judgement.met ? [] : [undefined])], `?wait_for=${WAIT_FOR_EVENTS}`)
      judgement = await this.#judgement()
    }
    if (!judgement.observed && this.#rules !== 'off') warnOnce(NOT_OBSERVED)
    const unmet = outcomes.filter((outcome) => !outcome.met).map((outcome) => outcome.report)
    const broken = this.#rules === 'off' ? [] : blocks(judgement.report)
    const fails = (/** @type {string} */ block) => this.#rules === 'error' && block.startsWith('error:')
    for (const block of broken.filter((block) => !fails(block))) warnOnce(block)
    return { judgement, reports: [...unmet, ...broken.filter(fails)] }
  }

  async #judgement() {
    const judgement = await this.#control.ask('GET', '/judgement')
    return { ...judgement, report: judgement.report.replaceAll(` of namespace ${this.name}`, '') }
  }

  /**
   * Whether expectations are met. Those of the scenario are meant by `undefined`.
   * @param {(import('../index').Expectation[] | undefined)[]} lists
   * @param {string} query
   * @returns {Promise<any[]>}
   */
  async #outcomes(lists, query) {
    return await Promise.all(lists.map((list) => this.#control.judge('POST', `/verify${query}`, list)))
  }

  /**
   * Takes the first event that waits for a handler without a URL and whose turn has come.
   * @param {string} [event]
   */
  async #takeFirst(event) {
    const { deliveries } = await this.outbox()
    const fits = (/** @type {any} */ one) => one.state === 'waiting' && one.handler.name && (!event || isCalled(one, event))
    for (const delivery of deliveries.filter(fits)) {
      const path = `/outbox/${delivery.id}`
      const { status, told } = await this.#control.send('POST', `${path}/take`)
      if (status === 409) continue
      if (status >= 400) throw new StandinError(words(told))
      return new Event(this.#control, delivery.event, told)
    }
    return undefined
  }

  async #isSending() {
    const { counts } = await this.outbox()
    return counts.sending + counts.waiting > 0
  }

  /**
   * @param {string} what
   * @param {(string | undefined)[]} reports
   * @returns {Promise<never>}
   */
  async #fail(what, reports) {
    const parts = [what, ...reports, await this.conversation()]
    throw new StandinError(parts.map((part) => part?.trimEnd()).filter(Boolean).join('\n\n'))
  }

  /**
   * @param {import('../index').ExpectationOptions} expectation
   * @returns {import('../index').Expectation}
   */
  #withName(expectation) {
    return { name: this.#unused('expectation'), ...expectation }
  }

  /** @param {string} thing */
  #unused(thing) {
    this.#named += 1
    return `${thing} ${this.#named} of the test`
  }
}

/**
 * Whether an event has a name, which may have its service before it.
 * @param {any} delivery
 * @param {string} name
 */
function isCalled(delivery, name) {
  return [delivery.event, `${delivery.service}.${delivery.event}`].some((one) => one.toLowerCase() === name.toLowerCase())
}

/**
 * The report of each rule: a line, and the lines under it, which are indented.
 * @param {string} report
 */
function blocks(report) {
  return report.split(/\n(?! )/).filter(Boolean)
}

/** @type {Set<string>} the first lines of what was told */
const told = new Set()

/**
 * Tells what fails no test, for each rule once.
 * @param {string} text
 */
function warnOnce(text) {
  const [line] = text.split('\n')
  if (told.has(line)) return
  told.add(line)
  console.warn(`standin: ${text}`)
}

module.exports = { World }
