// One exchange: what was asked and answered, how far it came, which faults were asked, and what the connection did.
import { html, useContext } from './lib/preact.js'
import { Message, treeOf } from './body.js'
import { runData } from './control.js'
import { Absent, Copy, Event, Link, Live, Part, Said, Words, timeOf, useAsked } from './parts.js'
import { Stages } from './stages.js'
import { NextFails } from './strike.js'
import { Wire } from './wire.js'

/** The exchange of this number. */
export function Exchange({ number }) {
  const live = useContext(Live)
  const found = useAsked(`journal/${number}`, 'never')
  const explained = useAsked(`journal/${number}/explain?format=json`)
  const coursed = useAsked(`journal/${number}/course`, 'never')
  if (!found.answer) return html`<h2 tabindex="-1">Exchange ${number}</h2><${Absent} found=${found} />`
  const exchange = found.answer
  // Those of a call that a proxy has passed on.
  const { differences } = exchange
  const isKept = live.health?.proxy?.keep !== 0
  const why = explained.answer
  const course = coursed.answer
  // The commands of a batch that failed.
  const failures = exchange.operation?.endsWith('.batch') ? Object.entries(treeOf(exchange.response.body, '')?.result?.result_error ?? {}) : []
  const raised = [...live.record.rows.values()].filter((row) => row.kind === 'delivery' && row.cause?.exchange === exchange.number).map((row) => row.key)
  return html`
    <header>
      <h2 tabindex="-1">Exchange ${number}: <${Said} text=${exchange.operation ?? exchange.request.target} /></h2>
      <p class="row"><span class=${`badge ${exchange.response.status >= 400 ? 'bad' : ''}`}>${exchange.response.status}</span>
        ${exchange.error && html`<code>${exchange.error}</code>`} ${failures.map(([command, failure]) => html`<span><${Said} text=${command} />: <code>${String(failure?.error)}</code></span>`)} <span class="muted">${timeOf(exchange.at)} UTC</span></p>
      ${exchange.remarks.map((remark) => html`<p class="reason"><${Words} text=${remark} /></p>`)}
    </header>
    <div class="row actions">
      ${isKept && hasTexts(number) && [['curl'], ['fixture'], ['step', 'scenario step']].map(([form, word = form]) => html`<${Copy} fetchText=${() => live.ask(`journal/${number}/as/${form}`)}>Copy as ${word}<//>`)}
      ${exchange.operation && html`<${NextFails} operation=${exchange.operation} />`}
    </div>
    ${differences ? differences.length > 0 && html`<${Part} title="What differs from the contract"><ul class="cards">${differences.map(({ at, expected, actual, source }) => html`
      <li class="bad"><p><code><${Said} text=${at} /></code></p><p>Expected: <${Said} text=${expected} />. Found: <${Said} text=${actual} />.</p><p class="muted">${source}</p></li>`)}</ul><//>` : html`
      <${Part} title="Its way">
        <${Stages} exchange=${exchange} why=${why} />
        ${raised.length > 0 && html`<p>It raised ${raised.map((id, at) => html`${at > 0 && ', '}<${Event} id=${id} />`)}.</p>`}
      <//>
      <${Part} title="Faults">${why ? html`<${Asked} faults=${why.faults} />` : html`<${Absent} found=${explained} />`}<//>`}
    <${Part} title="On the connection">${course ? html`<${Wire} exchange=${exchange} course=${course} />` : html`<${Absent} found=${coursed} />`}<//>
    ${isKept ? html`<div class="pair">
      ${['Request', 'Response'].map((title) => {
        const label = title.toLowerCase()
        const { method, target, status, headers, body } = exchange[label]
        return html`<${Part} title=${title}>
          <p class="target"><b>${method ?? status}</b> <${Said} text=${target ?? ''} /></p>
          <${Message} headers=${headers} body=${body} label=${label} />
        <//>`
      })}
      ${course?.other_edition && html`<${Other} other=${course.other_edition} exchange=${exchange} />`}
    </div>` : html`<p class="muted">What was sent is not kept: start the proxy with <code>--keep</code>.</p>`}
    ${why && !differences && html`<${Part} title="The same draws again"><pre class="raw" tabindex="0" aria-label="Command">${why.replay}</pre>
      ${(why.replay_lacks ?? []).map((lack) => html`<p class="muted"><${Words} text=${lack} /></p>`)}<//>`}`
}

function hasTexts(number) {
  return !runData || Object.values(runData.worlds).some((world) => `journal/${number}/as/curl` in world)
}

// Each fault that was asked, and those that were not, with the reason.
function Asked({ faults }) {
  if (faults.length === 0) return html`<p class="muted">There are no faults.</p>`
  const asked = faults.filter((fault) => fault.asked.length > 0)
  const others = faults.filter((fault) => fault.asked.length === 0)
  const one = (fault) => {
    const fired = fault.asked.some((decision) => decision.fired)
    const state = fired ? 'fired' : fault.asked.length > 0 ? 'did not fire' : 'not asked'
    return html`<li class=${fired ? 'fired' : ''}>
      <p><${Link} view="faults" what=${fault.fault}><${Said} text=${fault.fault} /><//> <span class=${`badge ${fired ? 'fault' : ''}`}>${state}</span></p>
      ${fault.why.map((line) => html`<p><${Words} text=${line} /></p>`)}
      ${fault.asked.length > 0 && html`<p class="muted">${nextOf(fault)}</p>`}
    </li>`
  }
  return html`
    ${asked.length > 0 ? html`<ul class="cards">${asked.map(one)}</ul>` : html`<p class="muted">No fault was asked.</p>`}
    ${others.length > 0 && html`<details><summary>${others.length} not asked</summary><ul class="cards">${others.map(one)}</ul></details>`}`
}

function nextOf({ next_call: call, next_call_not_before: instant }) {
  if (!call) return 'It is not expected to fire again.'
  return `It fires next on its call ${call}${instant ? `, if that comes at ${timeOf(instant)} or later` : ''}.`
}

// What the other edition of the service answers to the same request.
function Other({ other, exchange }) {
  const isSame = other.status === exchange.response.status && (other.error ?? null) === exchange.error
  return html`
    <${Part} title=${`The ${other.edition} edition`}>
      <p class="target"><b>${other.status}</b> ${other.error && html`<code>${other.error}</code>`} <span class=${`badge ${isSame ? '' : 'warn'}`}>${isSame ? 'the same outcome' : 'another outcome'}</span></p>
      ${other.body && html`<${Message} type="application/json" body=${other.body} label="other edition" />`}
      <p class="muted">Asked with the state of now.</p>
    <//>`
}
