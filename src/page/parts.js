// Small pieces that several views draw.
import { createContext, html, useContext, useEffect, useRef, useState } from './lib/preact.js'
import { runData } from './control.js'
import { hashOf } from './place.js'

/** What all views know: `ask` (asks about the namespace), `place`, `namespace`, `record`, `version` (counts what has come), `say` (tells a screen reader). */
export const Live = createContext(null)

// Characters that are not seen, or that turn the direction of what follows.
// eslint-disable-next-line no-control-regex
const UNSEEN = /([\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]+)/

/** A text of a client. Characters that are not seen are named. */
export function Said({ text }) {
  return html`<bdi>${String(text).split(UNSEEN).map((piece, at) => (at % 2 === 0 ? piece : [...piece].map((character) => html`<span class="unseen">${numberOf(character)}</span>`)))}</bdi>`
}

/** The same where only plain text can stand. */
export function plainly(text) {
  return String(text).split(UNSEEN).map((piece, at) => (at % 2 === 0 ? piece : [...piece].map(numberOf).join(''))).join('')
}

function numberOf(character) {
  return `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** A text that may have names in backticks: they are shown as code. */
export function Words({ text }) {
  return String(text).split('`').map((piece, at) => (at % 2 === 0 ? html`<${Said} text=${piece} />` : html`<code><${Said} text=${piece} /></code>`))
}

/** The time of day of an instant, to the millisecond, in UTC. */
export function timeOf(instant) {
  const found = /T(\d\d:\d\d:\d\d)(?:\.(\d{1,3}))?/.exec(instant ?? '')
  return found ? `${found[1]}.${(found[2] ?? '').padEnd(3, '0')}` : ''
}

/** A length of time in words, from microseconds. */
export function lengthOf(microseconds) {
  if (microseconds === undefined || microseconds === null) return ''
  if (microseconds < 1000) return `${Math.round(microseconds)} µs`
  if (microseconds < 1_000_000) return `${rounded(microseconds / 1000)} ms`
  return `${rounded(microseconds / 1_000_000)} s`
}

/** A number with three digits at most behind what is needed. */
export function rounded(number) {
  return String(number >= 100 ? Math.round(number) : Number(number.toPrecision(3)))
}

/** A number with its unit: `1 call`, `2 calls`. */
export function counted(count, one, many = `${one}s`) {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}

/** A link within the page that keeps the namespace. */
export function Link({ view, what, query, children, ...rest }) {
  const { namespace } = useContext(Live)
  return html`<a href=${hashOf({ view, what, query: { ...query, in: namespace } })} ...${rest}>${children}</a>`
}

/** An exchange, a delivery or an action in words. */
export function wordOf(id) {
  return `${/^\d/.test(id) ? 'exchange' : /^e/.test(id) ? 'event' : 'action'} ${id}`
}

/** A link to one. */
export function Event({ id, namespace }) {
  const live = useContext(Live)
  return html`<a href=${hashOf({ view: 'timeline', what: id, query: { in: namespace ?? live.namespace } })}>${wordOf(id)}</a>`
}

/** A button that does something on the server, and tells how it went. */
export function Do({ act, done, children, ...rest }) {
  const live = useContext(Live)
  const [isBusy, setBusy] = useState(false)
  if (runData) return null
  const press = async () => {
    setBusy(true)
    try {
      await act()
      if (done) live.say(done)
      live.touch()
    } catch (refusal) {
      live.say(`${refusal.message}${refusal.help ? `: ${refusal.help}` : ''}`, 'bad')
    }
    setBusy(false)
  }
  return html`<button type="button" aria-disabled=${isBusy ? 'true' : null} onClick=${() => isBusy || press()} ...${rest}>${children}</button>`
}

/** A button that copies a text; `fetchText` gets it. */
export function Copy({ fetchText, children }) {
  const live = useContext(Live)
  const [left, setLeft] = useState('')
  const press = async () => {
    try {
      const text = await fetchText()
      const isDone = await copy(text)
      setLeft(isDone ? '' : text)
      live.say(isDone ? 'copied' : 'the browser does not let the page copy: copy the text that is chosen')
    } catch (refusal) {
      live.say(`not copied: ${refusal.message}`, 'bad')
    }
  }
  return html`<button class="quiet" onClick=${press}>${children}</button>${left && html`<textarea class="copy" readonly aria-label="To be copied" ref=${choose} value=${left}></textarea>`}`
}

function choose(area) {
  area?.focus()
  area?.select()
}

// A page that came over plain http from another machine has no clipboard: there the browser copies what is chosen.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // Below is the other way.
  }
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  const isDone = document.execCommand('copy')
  area.remove()
  return isDone
}

/**
 * Asks `path`, nothing if it is null, and asks again when something has come: at most once a second, and for a tenth of the time
 * at most. What never changes is asked for once: `again` is `never` then. Returns `{ answer, refusal }`.
 */
export function useAsked(path, again = 'always') {
  const live = useContext(Live)
  const [found, setFound] = useState({})
  const asked = useRef({ at: 0, key: '', took: 0 })
  const key = `${live.namespace} ${path}`
  useEffect(() => {
    if (path === null || found.key === key && (found.isOver || found.refusal?.status === 404)) return undefined
    const wait = asked.current.key === key ? Math.max(0, asked.current.at + Math.max(1000, 10 * asked.current.took) - Date.now()) : 0
    const timer = setTimeout(async () => {
      const at = Date.now()
      asked.current = { at, key, took: 0 }
      const next = await live.ask(path).then((answer) => ({ key, answer }), (refusal) => ({ key, refusal }))
      // An answer that comes late must not replace that to a later question. What was shown stays when it is asked for in vain.
      if (asked.current.key !== key) return
      asked.current.took = Date.now() - at
      setFound((old) => (next.refusal && old.key === key && old.answer ? { ...old, isOver: next.refusal.status === 404 } : next))
    }, wait)
    return () => clearTimeout(timer)
  }, [key, ...(again === 'always' ? [live.version, live.touched] : [])])
  return found.key === key ? found : {}
}

/** A part of a view under a heading. */
export function Part({ title, children }) {
  return html`<section aria-label=${title}><h3>${title}</h3>${children}</section>`
}

/** A table that is scrolled sideways where the window is narrow. */
export function Table({ label, heads, children }) {
  return html`<div class="wide-table" role="region" aria-label=${label} tabindex="0"><table>
    <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${children}</tbody></table></div>`
}

/** What stands in a place whose data is not there: it is being fetched, or the server refused it. */
export function Absent({ found, title }) {
  if (title) return html`<div class="sheet"><h2 tabindex="-1">${title}</h2><${Absent} found=${found} /></div>`
  if (!found.refusal) return html`<p class="muted">Loading…</p>`
  return html`<p class="notice"><${Words} text=${found.refusal.message} />${found.refusal.help && html`: <${Words} text=${found.refusal.help} />`}</p>`
}
