// The head of the page: the scenario, the namespace, whether the page is live, and the way to each view.
import { html, useContext, useEffect, useRef } from './lib/preact.js'
import { Live, Said, counted } from './parts.js'
import { go, hashOf } from './place.js'

const NAMES = { timeline: 'Timeline', faults: 'Faults', world: 'World', judgement: 'Judgement', plots: 'Plots', namespaces: 'Namespaces' }
const STATES = { connecting: 'connecting', live: 'live', broken: 'reconnecting', over: 'a run that is over', gone: 'the namespace was dropped', unknown: 'there is no such namespace' }

/** The head. */
export function Head({ place, state }) {
  const { health, namespace, namespaces } = useContext(Live)
  const { counters, proxy } = health ?? {}
  const views = useRef(null)
  useEffect(() => views.current.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' }), [place.view])
  const isKnown = namespace === '' || namespaces.some((one) => one.namespace === namespace)
  return html`
    <header class="head">
      <div class="top">
        <h1>standin</h1>
        <p class="scenario"><${Said} text=${health?.scenario ?? ''} /></p>
        ${counters && html`<p class="muted counters">${counted(counters.exchanges, 'call')}, ${counted(counters.errors, 'error')}, ${proxy ? `${proxy.differing.toLocaleString('en')} differing` : counted(counters.faults_fired, 'fired fault')}</p>`}
        ${!proxy && html`<label class="namespace"><span>Namespace</span>
          <select onChange=${(event) => go({ view: place.view, query: { in: event.target.value } })}>
            <option value="" selected=${namespace === ''}>main scenario</option>
            ${namespaces.map((one) => html`<option value=${one.namespace} selected=${namespace === one.namespace}>${one.namespace}</option>`)}
            ${!isKnown && html`<option value=${namespace} selected>${namespace}</option>`}
          </select></label>`}
        <p class=${`state ${state}`} role="status"><span class="dot" aria-hidden="true"></span>${STATES[state]}</p>
      </div>
      <nav aria-label="Views" ref=${views}>${Object.entries(NAMES).filter(([view]) => !proxy || /timeline|plots/.test(view)).map(([view, name]) => html`<a href=${hashOf({ view, query: { in: namespace } })} aria-current=${(Object.hasOwn(NAMES, place.view) ? place.view : 'timeline') === view ? 'page' : null}>${name}</a>`)}</nav>
    </header>`
}
