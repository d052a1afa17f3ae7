// The body of a request or an answer: as a tree, and as it was sent.
import { html, useState } from './lib/preact.js'
import { Said, counted } from './parts.js'

const MOST_CHARACTERS = 4000
const MORE_CHARACTERS = 100_000
const MOST_MEMBERS = 200

/** A body with its header fields: the tree if it has one, and the text. Without header fields `type` is its type. */
export function Message({ headers, type: given = '', body, label }) {
  const type = given || ((headers ?? []).find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '')
  const tree = treeOf(body, type)
  const [isText, setText] = useState(false)
  const showsTree = tree !== undefined && !isText
  return html`
    ${headers && html`<details class="fields"><summary>${counted(headers.length, 'header field')}</summary>
      <dl class="pairs">${headers.map(([name, value]) => html`<dt>${name}</dt><dd><${Said} text=${value} /></dd>`)}</dl>
    </details>`}
    ${tree !== undefined && html`
      <div class="switch" role="group" aria-label=${`Show the body of the ${label}`}>
        <button aria-pressed=${String(!isText)} onClick=${() => setText(false)}>Tree</button>
        <button aria-pressed=${String(isText)} onClick=${() => setText(true)}>As sent</button>
      </div>`}
    ${body === null ? html`<p class="muted">The body is too large and was not kept.</p>`
      : !body ? html`<p class="muted">No body.</p>`
      : showsTree ? html`<div class="tree"><${Tree} value=${tree} /></div>`
      : html`<pre class="raw" tabindex="0" aria-label=${`Body of the ${label}`}><${Long} text=${body} /></pre>`}`
}

/** A text of which a first part is shown until one asks for more. A browser takes long to lay out a whole megabyte. */
export function Long({ text }) {
  const [most, setMost] = useState(MOST_CHARACTERS)
  if (text.length <= most) return html`<${Said} text=${text} />`
  return html`<${Said} text=${text.slice(0, most)} />… <button class="quiet" onClick=${() => setMost(most + MORE_CHARACTERS)}>show more: ${counted(most, 'character')} of ${text.length.toLocaleString('en')} are shown</button>`
}

/** A value as a tree of members that can be folded. */
export function Tree({ value, depth = 0 }) {
  const [isWhole, setWhole] = useState(false)
  if (value === null || typeof value !== 'object') return html`<${Leaf} value=${value} />`
  const members = Object.entries(value)
  if (members.length === 0) return html`<span class="leaf">${Array.isArray(value) ? '[ ]' : '{ }'}</span>`
  const shown = isWhole ? members : members.slice(0, MOST_MEMBERS)
  return html`<ul>
    ${shown.map(([name, member]) => html`<li key=${name}><${Member} name=${name} value=${member} depth=${depth} /></li>`)}
    ${shown.length < members.length && html`<li><button class="quiet" onClick=${() => setWhole(true)}>show all ${counted(members.length, 'member')}</button></li>`}
  </ul>`
}

function Member({ name, value, depth }) {
  const label = html`<span class="name"><${Said} text=${name} /></span>`
  const size = value !== null && typeof value === 'object' ? Object.keys(value).length : 0
  if (size === 0) return html`${label} <${Tree} value=${value} />`
  return html`<details open=${depth < 4}><summary>${label} <span class="muted">${Array.isArray(value) ? `[${size}]` : `{${size}}`}</span></summary><${Tree} value=${value} depth=${depth + 1} /></details>`
}

function Leaf({ value }) {
  if (typeof value === 'string') return html`<span class="leaf text"><${Long} text=${value} /></span>`
  return html`<span class="leaf">${String(value)}</span>`
}

/** The tree of a body; undefined when it has none. */
export function treeOf(body, type) {
  if (!body) return undefined
  if (type.includes('x-www-form-urlencoded')) return formTree(body)
  if (!/^\s*[[{]/.test(body)) return undefined
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** A form as PHP reads it: `a[b][]=1` is a member `0` of `b` of `a`. */
export function formTree(text) {
  const tree = new Map()
  for (const [name, value] of new URLSearchParams(text)) {
    const found = /^([^[]*)((?:\[[^\]]*\])*)/.exec(name)
    const way = [found[1], ...[...found[2].matchAll(/\[([^\]]*)\]/g)].map((match) => match[1])]
    let at = tree
    way.forEach((step, depth) => {
      const key = step === '' && depth > 0 ? String(at.size) : step
      if (depth === way.length - 1) at.set(key, value)
      else {
        if (!(at.get(key) instanceof Map)) at.set(key, new Map())
        at = at.get(key)
      }
    })
  }
  return plain(tree)
}

// `fromEntries` defines members, so a member called `__proto__` is one like the others.
function plain(tree) {
  return Object.fromEntries([...tree].map(([key, value]) => [key, value instanceof Map ? plain(value) : value]))
}
