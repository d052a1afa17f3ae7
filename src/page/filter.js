// The filter of the timeline. It stands in the address.
import { html, useContext, useState } from './lib/preact.js'
import { Live, plainly } from './parts.js'
import { LOST, hasFailed, nameOf, natureOf, stateOf, thingsOf } from './record.js'

/** The parameters of the address that filter. */
export const FILTERS = ['kind', 'service', 'operation', 'chat', 'status', 'fault', 'text']

/** Whether a row of a record fits the filter of an address. */
export function fitting(query, { rows }) {
  const text = (query.text ?? '').toLowerCase()
  const tests = []
  if (query.kind) tests.push((row) => row.kind === query.kind)
  if (query.service) tests.push((row) => serviceOf(row) === query.service)
  if (query.operation) tests.push((row) => nameOf(row) === query.operation || (row.commands ?? []).includes(query.operation.replace(/^\w+\./, '')))
  if (query.chat) tests.push((row) => thingsOf(row, rows).includes(query.chat))
  if (query.status) tests.push((row) => hasStatus(row, query.status))
  if (query.fault) tests.push((row) => (query.fault === '*' ? (row.fired ?? []).length > 0 : (row.fired ?? []).includes(query.fault)))
  if (text) tests.push((row) => textOf(row).includes(text))
  return (row) => tests.every((test) => test(row))
}

function serviceOf(row) {
  return row.service ?? (row.kind === 'action' ? row.do.split('.')[0] : null)
}

function hasStatus(row, wanted) {
  if (wanted === 'failed') return hasFailed(row)
  if (wanted === 'differs') return row.differences > 0
  if (stateOf(row) === LOST) return false
  const status = row.kind === 'delivery' ? row.attempts?.at(-1)?.status : row.status
  return /^\dxx$/.test(wanted) ? Math.floor(status / 100) === Number(wanted[0]) : String(status) === wanted || row.error === wanted || row.command_errors?.includes(wanted) || row.state === wanted
}

// Everything in a row that a person may look for.
function textOf(row) {
  if (row.text === undefined) row.text = JSON.stringify([row.key, nameOf(row), row.method, row.target, row.status, row.error, row.reason, row.things, row.fired, row.wire, stateOf(row), row.kind === 'delivery' && natureOf(row), row.handler, row.with, row.remark, row.commands, row.command_errors]).toLowerCase()
  return row.text
}

/** The controls of the filter. */
export function Filter({ query, change }) {
  const { record } = useContext(Live)
  const [isAll, setAll] = useState(false)
  const known = { operation: new Set(), chat: new Set(), status: new Set(), fault: new Set(), service: new Set() }
  for (const row of record.rows.values()) {
    known.operation.add(nameOf(row))
    if (serviceOf(row)) known.service.add(serviceOf(row))
    for (const thing of row.things ?? []) known.chat.add(thing)
    for (const name of row.fired ?? []) known.fault.add(name)
    if (row.kind === 'exchange') known.status.add(String(row.status))
    if (row.differences > 0) known.status.add('differs')
    for (const error of [row.error, ...(row.command_errors ?? [])]) if (error) known.status.add(error)
  }
  const choice = (name, label, first, options) => html`
    <label><span>${label}</span>
      <select name=${name} value=${query[name] ?? ''} onChange=${(event) => change({ [name]: event.target.value })}>
        <option value="">${first}</option>
        ${options.map(([value, word]) => html`<option value=${value} selected=${query[name] === value}>${word}</option>`)}
        ${query[name] && !options.some(([value]) => value === query[name]) && html`<option value=${query[name]} selected>${plainly(query[name])}</option>`}
      </select>
    </label>`
  const sorted = (set) => [...set].sort().slice(0, 300).map((value) => [value, plainly(value)])
  const isOn = FILTERS.some((name) => query[name])
  return html`
    <form class=${`filter ${isAll ? 'all' : ''}`} role="search" aria-label="Filter of the timeline" onSubmit=${(event) => event.preventDefault()}>
      <label class="wide"><span>Text</span><input type="search" name="text" value=${query.text ?? ''} placeholder="name, chat, reason, …" onInput=${(event) => change({ text: event.target.value })} /></label>
      <button type="button" class="more" aria-expanded=${String(isAll)} onClick=${() => setAll(!isAll)}>Filters</button>
      ${choice('kind', 'What', 'all', [['exchange', 'calls'], ['delivery', 'events'], ['action', 'actions']])}
      ${choice('service', 'Service', 'all', sorted(known.service))}
      ${choice('operation', 'Operation', 'all', sorted(known.operation))}
      ${choice('chat', 'About', 'all', sorted(known.chat))}
      ${choice('status', 'Outcome', 'all', [['failed', 'failed'], ['2xx', '2xx'], ['4xx', '4xx'], ['5xx', '5xx'], ...sorted(known.status)])}
      ${choice('fault', 'Fault', 'any or none', [['*', 'one fired'], ...sorted(known.fault)])}
      ${isOn && html`<button type="button" class="quiet" onClick=${() => change(Object.fromEntries(FILTERS.map((name) => [name, ''])))}>Clear</button>`}
    </form>`
}
