// The clock of the scenario. A virtual one is moved here.
import { html, useContext, useState } from './lib/preact.js'
import { runData } from './control.js'
import { Absent, Do, Live, Words, timeOf, useAsked } from './parts.js'

/** The clock, and what moves it. */
export function Clock() {
  const live = useContext(Live)
  const found = useAsked('clock')
  const [length, setLength] = useState('30s')
  if (!found.answer) return html`<${Absent} found=${found} />`
  const { clock, now, next, due } = found.answer
  const advance = (by) => live.ask('clock', 'POST', { advance: by }).catch(({ message }) => { throw new Error(message) })
  return html`
    <section class="clock" aria-label="Clock">
      <p><b class="figure">${timeOf(now)}</b> <span class="muted">${now.slice(0, 10)} UTC, ${clock} clock</span></p>
      ${next && html`<p class="muted">Due next at ${timeOf(next)}${due ? html`: <${Words} text=${due} />` : ''}.</p>`}
      ${clock === 'virtual' && !runData && html`
        <form class="row" onSubmit=${(event) => event.preventDefault()}>
          <${Do} act=${() => advance('next')} done="the clock went to what was due next">To what is due next<//>
          <label class="row"><span>by</span><input class="short" value=${length} onInput=${(event) => setLength(event.target.value)} aria-label="How far, such as 30s or 5m" /></label>
          <${Do} act=${() => advance(length)} done=${`the clock went ahead by ${length}`}>Advance<//>
        </form>`}
    </section>`
}
