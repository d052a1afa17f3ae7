// Plots of the last minutes: requests a second, latency, errors, fired faults, deliveries.
import { html, useContext } from './lib/preact.js'
import { runData } from './control.js'
import { Live, counted, lengthOf, rounded, timeOf } from './parts.js'

const HIGH = 110
const FOOT = 18

/** The view `plots`. */
export function Plots() {
  const { rates, record } = useContext(Live)
  rates.fill(record.rows)
  const { seconds } = rates
  if (seconds.length < 2) return html`<div class="sheet"><h2 tabindex="-1">Plots</h2><p class="muted">${runData ? 'There is nothing to plot: the run was shorter than two seconds, or its clock was virtual.' : 'The plots begin when the page is opened.'}</p></div>`
  const plot = (title, curves, unit = rounded) => {
    const series = curves.map(([name, member, look]) => [name, seconds.map((second) => second[member] ?? null), look])
    return html`<${Plot} title=${title} series=${series} seconds=${seconds} unit=${unit} />`
  }
  return html`
    <div class="sheet">
      <h2 tabindex="-1">The last ${seconds.length < 120 ? counted(seconds.length, 'second') : counted(Math.round(seconds.length / 60), 'minute')}</h2>
      ${rates.clock !== 'real' && html`<p class="muted">Times are those of the machine, in UTC, not of the virtual clock.</p>`}
      <div class="plots">
        ${plot('Calls a second', [['calls', 'exchanges', 'plain']])}
        ${plot('Time to the answer', [['half of the calls', 'p50_us', 'plain'], ['95 %', 'p95_us', 'second']], lengthOf)}
        ${plot('Errors a second', [['errors', 'errors', 'bad']])}
        ${plot('Fired faults a second', [['fired', 'fired', 'fault']])}
        ${plot('Events a second', [['delivered', 'delivered', 'plain'], ['failed', 'failed', 'bad']])}
      </div>
    </div>`
}

function Plot({ title, series, seconds, unit }) {
  // As wide as a narrow window, so that the labels keep their size.
  const wide = Math.min(600, innerWidth - 20)
  const known = series.flatMap(([, values]) => values.filter((value) => value !== null))
  const most = niceAbove(Math.max(0, ...known))
  const x = (at) => (at / Math.max(1, seconds.length - 1)) * wide
  const y = (value) => HIGH - (value / most) * (HIGH - 8)
  const latest = known.length === 0 ? 'none yet' : series.map(([name, values]) => `${name}: ${unit(values.findLast((value) => value !== null) ?? 0)} last, ${unit(Math.max(0, ...values))} at most`).join('; ')
  return html`
    <figure class="plot">
      <figcaption><b>${title}</b> ${series.length > 1 && series.map(([name, , look]) => html`<span class=${`key ${look}`}>${name}</span>`)}</figcaption>
      <svg viewBox=${`0 0 ${wide} ${HIGH + FOOT}`} role="img" aria-label=${`${title}. ${latest}`}>
        <line class="axis" x1="0" x2=${wide} y1=${HIGH} y2=${HIGH} />
        <line class="grid" x1="0" x2=${wide} y1=${y(most)} y2=${y(most)} /><line class="grid" x1="0" x2=${wide} y1=${y(most / 2)} y2=${y(most / 2)} />
        ${series.map(([, values, look]) => html`<path class=${`curve ${look}`} d=${pathOf(values, x, y)} />`)}
        <text class="scale" x="2" y=${y(most) + 11}>${unit(most)}</text>
        <text class="scale" x="0" y=${HIGH + 14}>${timeOf(seconds[0]?.at).slice(0, 8)}</text>
        <text class="scale end" x=${wide} y=${HIGH + 14}>${timeOf(seconds.at(-1)?.at).slice(0, 8)}</text>
      </svg>
      <p class="muted">${latest}</p>
    </figure>`
}

// A second without calls has no latency: the line has a gap there, and a single second is a short dash.
function pathOf(values, x, y) {
  let path = ''
  values.forEach((value, at) => {
    if (value === null) return
    const isFirst = at === 0 || values[at - 1] === null
    const isLast = at === values.length - 1 || values[at + 1] === null
    path += `${isFirst ? 'M' : 'L'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`
    if (isFirst && isLast) path += 'h2'
  })
  return path
}

function niceAbove(number) {
  if (number <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(number))
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= number)
}
