// What is opened beside the timeline: an exchange, an event on its way to a handler, or an action.
import { html, useContext } from './lib/preact.js'
import { Action } from './action.js'
import { Delivery } from './delivery.js'
import { Exchange } from './exchange.js'
import { Link, Live, Said, wordOf } from './parts.js'
import { FILTERS } from './filter.js'

/** The opened thing with its neighbours. */
export function Detail({ what, query }) {
  const { record } = useContext(Live)
  const kept = Object.fromEntries(FILTERS.map((name) => [name, query[name]]))
  const number = Number(what)
  const isExchange = /^\d+$/.test(what)
  return html`
    <nav class="row between" aria-label="Neighbours">
      <${Link} view="timeline" query=${kept}>Close<//>
      ${isExchange && html`<span class="row">
        ${record.rows.has(String(number - 1)) && html`<${Link} view="timeline" what=${String(number - 1)} query=${kept}>Older<//>`}
        ${record.rows.has(String(number + 1)) && html`<${Link} view="timeline" what=${String(number + 1)} query=${kept}>Newer<//>`}
      </span>`}
    </nav>
    ${!hasCome(record, what) ? html`<h2 tabindex="-1">No <${Said} text=${wordOf(what)} /></h2><p class="muted">${record.times > 0 ? 'It has not happened, or is kept no longer.' : 'Loading…'}</p>`
      : isExchange ? html`<${Exchange} key=${what} number=${what} />` : what.startsWith('e') ? html`<${Delivery} key=${what} id=${what} />` : html`<${Action} key=${what} id=${what} />`}`
}

// Whether the server may have it. Of old events it has more than the record.
function hasCome({ rows, missed }, what) {
  if (rows.has(what)) return true
  if (!what.startsWith('e')) return missed.length > 0 && /^\d/.test(what)
  return [...rows.values()].some(({ kind, id }) => kind === 'delivery' && Number(id.slice(1)) > Number(what.slice(1)))
}
