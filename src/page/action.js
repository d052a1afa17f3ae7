// One action: what an operator, a recipient or the portal did.
import { html, useContext } from './lib/preact.js'
import { Tree } from './body.js'
import { Event, Live, Part, timeOf } from './parts.js'

/** The action of this id. */
export function Action({ id }) {
  const { record } = useContext(Live)
  const row = record.rows.get(id)
  return html`
    <header><h2 tabindex="-1">Action ${id}: ${row.do}</h2><p class="muted">${timeOf(row.at)} UTC</p></header>
    ${(row.events ?? []).length > 0 && html`<p>It raised ${row.events.map((event, at) => html`${at > 0 && ', '}<${Event} id=${event} />`)}.</p>`}
    <${Part} title="With"><div class="tree"><${Tree} value=${row.with ?? {}} /></div><//>
    <${Part} title="What changed"><div class="tree"><${Tree} value=${row.changed ?? {}} /></div><//>`
}
