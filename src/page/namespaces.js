// The namespaces: each has a copy of the scenario of its own. Choose one, make one, drop one.
import { html, useContext, useState } from './lib/preact.js'
import { ask, runData } from './control.js'
import { Do, Live, Said, Table, timeOf } from './parts.js'
import { hashOf } from './place.js'

/** The view `namespaces`. */
export function Namespaces() {
  const live = useContext(Live)
  const [name, setName] = useState('')
  const make = async () => {
    await ask('namespaces', { method: 'POST', body: name ? { name } : {} })
    setName('')
  }
  const at = (namespace) => hashOf({ view: 'timeline', query: { in: namespace } })
  return html`
    <div class="sheet">
      <h2 tabindex="-1">Namespaces</h2>
      <${Table} label="Namespaces" heads=${['Namespace', 'Scenario', 'Exchanges', 'Last used', ...(runData ? [] : ['Change'])]}>
          <tr class=${live.namespace === '' ? 'opened' : ''}><th scope="row"><a href=${at('')}>main scenario</a></th><td><${Said} text=${live.health?.scenario ?? ''} /></td><td class="figure">${live.namespace === '' ? live.health?.counters?.exchanges : ''}</td><td></td>${!runData && html`<td></td>`}</tr>
          ${live.namespaces.map((one) => html`<tr key=${one.namespace} class=${live.namespace === one.namespace ? 'opened' : ''}>
            <th scope="row"><a href=${at(one.namespace)}>${one.namespace}</a></th><td><${Said} text=${one.scenario} /></td><td class="figure">${one.exchanges}</td><td>${timeOf(one.last_used).slice(0, 8)}</td>
            ${!runData && html`<td><${Do} class="quiet" aria-label=${`Drop ${one.namespace}`} act=${() => ask(`namespaces/${encodeURIComponent(one.namespace)}`, { method: 'DELETE' })} done=${`${one.namespace} is dropped`}>Drop<//></td>`}</tr>`)}<//>
      ${!runData && html`<form class="row" onSubmit=${(event) => event.preventDefault()}>
        <label class="row"><span>Name</span><input value=${name} placeholder="drawn, if empty" pattern="[a-z0-9_]{1,40}" onInput=${(event) => setName(event.target.value)} /></label>
        <${Do} act=${make} done="the namespace is made">Make a namespace<//>
      </form>`}
    </div>`
}
