// The way of an exchange through the five stages: a line that ends where the exchange ended.
import { html } from './lib/preact.js'

const STAGES = ['gateway', 'auth', 'arguments', 'lookup', 'delivery']
const MEANINGS = {
  gateway: 'does the service take it',
  auth: 'who is calling',
  arguments: 'are they right',
  lookup: 'does it exist',
  delivery: 'is it done',
}

/** The stages as a line. */
export function Stages({ exchange, why }) {
  const passed = why ? why.stages.length : STAGES.indexOf(exchange.stage) + 1
  const isRefused = exchange.response.status >= 400 || exchange.error !== null
  const end = why?.ended_at ? STAGES.indexOf(why.ended_at) : passed
  const at = Math.max(passed, end)
  const fired = firedAt(why, at)
  const stateOf = (number) => (number < at ? 'passed' : number > at ? 'ahead' : isRefused ? 'refused' : 'ended')
  const words = { passed: 'passed', refused: 'refused here', ended: 'ended here', ahead: 'not reached' }
  return html`
    <ol class="stages">
      ${STAGES.map((name, number) => {
        const state = stateOf(number)
        return html`<li class=${state}><span class="stop" aria-hidden="true">${{ passed: '✓', refused: '✕', ended: '■', ahead: '' }[state]}</span>
          <b>${name}</b><span class="muted">${MEANINGS[name]}</span>
          <span class="word">${words[state]}${state === 'refused' && fired ? ' by a fault' : ''}</span></li>`
      })}
    </ol>`
}

function firedAt(why, at) {
  return at < STAGES.length && (why?.faults ?? []).some((fault) => fault.asked.some((decision) => decision.fired && decision.answered))
}
