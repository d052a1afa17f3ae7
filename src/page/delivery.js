// One event on its way to a handler: why it was raised, what was sent, and how each attempt ended.
import { html, useContext } from './lib/preact.js'
import { Message } from './body.js'
import { Absent, Do, Event, Live, Part, Said, Table, Words, lengthOf, timeOf, useAsked } from './parts.js'
import { LOST, isBad, isUntrue, natureOf, stateOf } from './record.js'

/** The delivery of this id. */
export function Delivery({ id }) {
  const live = useContext(Live)
  const found = useAsked(`outbox/${id}/explain?format=json`)
  if (!found.answer) return html`<h2 tabindex="-1">Event ${id}</h2><${Absent} found=${found} />`
  const delivery = found.answer
  const cause = delivery.cause?.exchange ?? delivery.cause?.action
  const hasEnded = !['waiting', 'sending'].includes(delivery.state)
  return html`
    <header>
      <h2 tabindex="-1">Event ${id}: ${delivery.service}.${delivery.event}</h2>
      <p class="row"><span class=${`badge ${isBad(delivery) ? 'bad' : ''}`}>${stateOf(delivery)}</span> ${natureOf(delivery) && html`<span class="badge">${natureOf(delivery)}</span>`}
        <span>to <${Said} text=${delivery.handler?.url ?? `the handler ${delivery.handler?.name ?? ''}`} /></span></p>
    </header>
    <div class="row actions">
      ${cause !== undefined && html`<span>Raised by <${Event} id=${String(cause)} /></span>`}
      ${hasEnded && html`<${Do} act=${() => live.ask(`outbox/${id}/send`, 'POST')} done=${`event ${id} is sent again`}>Send it again<//>`}
    </div>
    <${Part} title="Why, and how it ended">${delivery.why.filter(Boolean).map((line) => html`<p><${Words} text=${line} /></p>`)}<//>
    ${delivery.attempts.length > 0 && stateOf(delivery) !== LOST && html`
      <${Part} title="Attempts">
        <${Table} label="Attempts" heads=${['№', 'Time', 'Answer', 'Took']}>${delivery.attempts.map((attempt, number) => html`<tr><td>${number + 1}</td><td>${timeOf(attempt.at)}</td>
            <td class=${attempt.error || attempt.status >= (isUntrue(delivery.nature) ? 500 : 300) ? 'bad' : ''}>${attempt.status ?? attempt.error ?? 'under way'}</td><td>${lengthOf(attempt.duration_ms * 1000)}</td></tr>`)}<//>
        ${delivery.next && html`<p>The next attempt is due at ${timeOf(delivery.next)} UTC.</p>`}
      <//>`}
    <${Part} title="What is sent">
      <${Message} type=${delivery.body?.startsWith('{') ? 'application/json' : 'application/x-www-form-urlencoded'} body=${delivery.body} label="event" />
    <//>`
}
