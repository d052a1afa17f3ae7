// The judgement: broken rules with the exchanges and events that show it, and what the scenario expects of the client.
import { html, useContext } from './lib/preact.js'
import { runData } from './control.js'
import { Absent, Event, Live, Part, Said, Table, Words, counted, timeOf, useAsked } from './parts.js'

/** The view `judgement`. */
export function Judgement() {
  const asked = useAsked(runData ? null : 'judgement')
  const found = runData ? { answer: { observed: true, broken: runData.report.rules, expectations: runData.report.expectations } } : asked
  if (!found.answer) return html`<${Absent} found=${found} title="Judgement" />`
  const { observed, broken, expectations, waits_for: waitsFor } = found.answer
  return html`
    <div class="sheet">
      <h2 tabindex="-1">Judgement</h2>
      <${Part} title="Rules of conduct">
        ${!observed ? html`<p class="muted">They are not observed. Start the server with <code>--judge</code>.</p>`
          : broken.length === 0 ? html`<p>No rule was broken.</p>`
          : html`<ul class="cards">${broken.map((rule) => html`<${Rule} rule=${rule} />`)}</ul>`}
      <//>
      <${Part} title="Expectations">
        ${expectations.length === 0 ? html`<p class="muted">The scenario expects nothing.</p>` : html`<ul class="cards">${expectations.map((expectation) => html`<${Expectation} expectation=${expectation} />`)}</ul>`}
        ${waitsFor && html`<p class="muted">Something is due at ${timeOf(waitsFor)} UTC. The clock is virtual: advance it under World.</p>`}
      <//>
    </div>`
}

function Rule({ rule }) {
  const isError = rule.severity === 'error'
  return html`
    <li class=${isError ? 'bad' : 'warn'}>
      <p><code>${rule.rule}</code> <span class=${`badge ${isError ? 'bad' : 'warn'}`}>${isError ? 'broken' : 'warning'}</span> ${counted(rule.count, 'breach', 'breaches')}</p>
      <p><${Words} text=${rule.summary} /> <span class="muted">(<${Words} text=${rule.source} />)</span></p>
      <ul>${rule.breaches.map((breach) => html`<li><${Words} text=${breach.what} />: ${breach.shown.map((shown, at) => html`${at > 0 && '; '}<${Shown} shown=${shown} />`)}${breach.left_out > 0 && ` and ${breach.left_out} more`}</li>`)}</ul>
      ${rule.left_out > 0 && html`<p class="muted">and ${counted(rule.left_out, 'breach', 'breaches')} of other kinds</p>`}
    </li>`
}

// The exchanges and events of one breach.
function Shown({ shown }) {
  const words = [...shown.exchanges, ...shown.deliveries ?? []].map((id, at) => html`${at > 0 && ', '}<${Event} id=${String(id)} namespace=${shown.namespace ?? undefined} />`)
  return html`${words}${shown.before_reset !== null && html` <span class="muted">before reset ${shown.before_reset}</span>`}`
}

function Expectation({ expectation }) {
  const { namespace } = useContext(Live)
  const { name, met, expected, found, exchanges = [], closest } = expectation
  return html`
    <li class=${met ? '' : 'bad'}>
      <p><b>${name}</b> <span class=${`badge ${met ? 'good' : 'bad'}`}>${met ? 'met' : 'not met'}</span></p>
      <p>Expected: <${Words} text=${expected} />. Found: <${Words} text=${found} />.
        ${exchanges.length > 0 && html` Seen in ${exchanges.map((number, at) => html`${at > 0 && ', '}<${Event} id=${String(number)} namespace=${namespace} />`)}.`}</p>
      ${closest && html`<${Closest} closest=${closest} />`}
    </li>`
}

// The call that came closest, member by member.
function Closest({ closest: { exchange, namespace, members } }) {
  return html`
    <p>What came closest: <${Event} id=${String(exchange)} namespace=${namespace ?? undefined} />.</p>
    <${Table} label="What came closest" heads=${['Member', 'Wanted', 'Found']}>${members.map((member) => html`<tr class=${member.fits ? '' : 'bad'}><th scope="row"><code>${member.name}</code></th><td><${Words} text=${member.wanted} /></td><td>${member.found === null ? 'nothing' : html`<${Said} text=${typeof member.found === 'string' ? member.found : JSON.stringify(member.found)} />`}</td></tr>`)}<//>`
}
