// What happened on the connection, on a time axis: the request, the answer, and what a fault did to it.
import { html } from './lib/preact.js'
import { Words, lengthOf } from './parts.js'

const LEFT = 12
const RIGHT = 96

/** The axis, and the same in words. */
export function Wire({ exchange, course }) {
  // As wide as a narrow window, so that the labels keep their size.
  const wide = Math.min(640, innerWidth - 20)
  const moments = momentsOf(course, exchange.differences)
  const most = Math.max(1, ...moments.map((moment) => moment.at))
  const x = (at) => LEFT + (at / most) * (wide - LEFT - RIGHT)
  const lanes = lanesOf(moments, x)
  // The axis stands below as many labels as lie above each other.
  const axis = 32 + Math.max(...lanes.map((lane) => lane ?? 0)) * 15
  const told = moments.map((moment) => `${moment.word} at ${lengthOf(moment.at)}`).join('; ')
  return html`
    <svg class="wire" viewBox=${`0 0 ${wide} ${axis + 34}`} role="img" aria-label=${`Time axis: ${told}`}>
      <line class="axis" x1=${LEFT} x2=${wide - RIGHT} y1=${axis} y2=${axis} />
      ${moments.slice(1).map((moment, number) => html`<line class=${`span ${moment.kind}`} x1=${x(moments[number].at)} x2=${x(moment.at)} y1=${axis} y2=${axis} />`)}
      ${moments.map((moment, number) => html`<g class=${`moment ${moment.kind}`}>
        <line x1=${x(moment.at)} x2=${x(moment.at)} y1=${axis - 6} y2=${axis + 6} />
        ${lanes[number] !== null && html`<text x=${x(moment.at)} y=${axis - 12 - lanes[number] * 15} >${moment.short}</text>`}
      </g>`)}
      <text class="scale" x=${LEFT} y=${axis + 24}>0</text>
      <text class="scale end" x=${x(most)} y=${axis + 24}>${lengthOf(most)}</text>
    </svg>
    ${exchange.wire && html`<p>A fault spoilt or slowed the answer: <code>${exchange.wire}</code>.</p>`}
    <details><summary>In words</summary><ol>${moments.map((moment) => html`<li>${lengthOf(moment.at)}: <${Words} text=${moment.word} /></li>`)}</ol></details>`
}

function momentsOf({ duration_us: whole, delays, script }, isPassed) {
  const moments = []
  const add = (at, kind, short, word) => moments.push({ at, kind, short, word })
  const sending = script?.at(-1)?.at_us ?? 0
  const held = delays.reduce((sum, delay) => sum + delay.delay_us, 0)
  const made = Math.max(0, whole - sending - held)
  add(0, 'request', 'request', 'the head of the request was there')
  if (!isPassed) add(made, 'made', 'answer made', 'the answer was made')
  if (held > 0) add(made + held, 'held', 'held back', `the answer was sent: ${delays.map((delay) => `\`${delay.fault}\``).join(' and ')} had held it back`)
  for (const step of script ?? []) {
    const at = made + held + step.at_us
    if (step.bytes !== undefined) add(at, 'bytes', `${step.bytes} B`, `${step.bytes} bytes were sent`)
    else add(at, step.end.startsWith('kept') ? 'kept' : 'end', step.end.startsWith('held') ? 'silence' : step.end, `the connection was ${step.end}`)
  }
  if (!script) add(made + held, 'bytes', 'sent', 'the whole answer was sent')
  return moments
}

// Labels that would lie on each other stand above each other; beyond three they are left out.
function lanesOf(moments, x) {
  const free = [-Infinity, -Infinity, -Infinity]
  return moments.map((moment) => {
    const lane = free.findIndex((until) => until <= x(moment.at))
    if (lane < 0) return null
    free[lane] = x(moment.at) + moment.short.length * 7 + 8
    return lane
  })
}
