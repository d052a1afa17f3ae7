// "Make the next call fail": two clicks, one that opens the choice and one that chooses how.
import { html, useContext, useEffect, useRef, useState } from './lib/preact.js'
import { runData } from './control.js'
import { Do, Live, useAsked } from './parts.js'

const WAYS = [
  ['with 503', { reply: { status: 503, body: 'Service Unavailable' } }],
  ['by a reset connection', { wire: 'reset' }],
  ['with half of the JSON', { wire: 'truncate_json' }],
  ['with its change made and its answer lost', { wire: 'empty', applied: true }],
  ['after 5 s', { delay: '5s' }],
]

/** The button and its choice: for one operation, or for each service. */
export function NextFails({ operation }) {
  const live = useContext(Live)
  const [isOpen, setOpen] = useState(false)
  const catalog = useAsked(operation || runData ? null : 'catalog', 'never')
  const box = useRef(null)
  useEffect(() => {
    if (!isOpen) return undefined
    box.current.querySelector('ul button')?.focus()
    const away = (event) => box.current.contains(event.target) || setOpen(false)
    document.addEventListener('pointerdown', away)
    return () => document.removeEventListener('pointerdown', away)
  }, [isOpen])
  if (runData || live.health?.proxy) return null
  const targets = operation ? [operation] : catalog.answer?.services ?? []
  const close = () => {
    setOpen(false)
    box.current.querySelector('button').focus()
  }
  const add = async (on, effect) => {
    const { faults } = await live.ask('faults')
    const taken = new Set(faults.map((fault) => fault.name))
    let number = 1
    while (taken.has(`next call fails ${number}`)) number += 1
    await live.ask('faults', 'POST', { name: `next call fails ${number}`, on, when: { first: 1 }, ...effect })
    close()
  }
  const keys = (event) => {
    if (event.key !== 'Escape' || !isOpen) return
    event.preventDefault()
    close()
  }
  return html`
    <div class="menu" ref=${box} onKeyDown=${keys}>
      <button aria-expanded=${String(isOpen)} onClick=${() => setOpen(!isOpen)}>Make the next ${operation ? 'such ' : ''}call fail</button>
      ${isOpen && html`<div class="choice">${targets.map((on) => html`
        <p>${on}</p>
        <ul>${WAYS.map(([word, effect]) => html`<li><${Do} class="quiet" aria-label=${operation ? null : `${word}: ${on}`} act=${() => add(on, effect)} done=${`the next call of ${on} fails ${word}`}>${word}<//></li>`)}</ul>`)}</div>`}
    </div>`
}
