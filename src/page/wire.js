// What happened on the connection, on a time axis: the request, the answer, and what a fault did to it.
import { html } from './lib/preact.js'
import { lengthOf } from './parts.js'

const WIDTH = 640
const LEFT = 12
const RIGHT = 96
const AXIS = 62

/** The axis, and the same in words. */
export function Wire({ exchange, why }) {
  const timing = exchange.timing ?? why?.timing
  const script = exchange.wire_script ?? why?.wire_script ?? []
  const moments = momentsOf(timing, script)
  if (moments.length === 0) return html`<p>${exchange.wire ? html`The connection did <code>${exchange.wire}</code>.` : 'The whole answer was sent at once.'}</p>`
  const most = Math.max(1, ...moments.map((moment) => moment.at))
  const x = (at) => LEFT + (at / most) * (WIDTH - LEFT - RIGHT)
  const lanes = lanesOf(moments, x)
  const height = AXIS + 34
  const told = moments.map((moment) => `${moment.word} at ${lengthOf(moment.at)}`).join('; ')
  return html`
    <svg class="wire" viewBox=${`0 0 ${WIDTH} ${height}`} role="img" aria-label=${`Time axis: ${told}`}>
      <line class="axis" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${AXIS} y2=${AXIS} />
      ${moments.slice(1).map((moment, number) => html`<line class=${`span ${moment.kind}`} x1=${x(moments[number].at)} x2=${x(moment.at)} y1=${AXIS} y2=${AXIS} />`)}
      ${moments.map((moment, number) => html`<g class=${`moment ${moment.kind}`}>
        <line x1=${x(moment.at)} x2=${x(moment.at)} y1=${AXIS - 6} y2=${AXIS + 6} />
        ${lanes[number] !== null && html`<text x=${x(moment.at)} y=${AXIS - 12 - lanes[number] * 15} >${moment.short}</text>`}
      </g>`)}
      <text class="scale" x=${LEFT} y=${AXIS + 24}>0</text>
      <text class="scale end" x=${x(most)} y=${AXIS + 24}>${lengthOf(most)}</text>
    </svg>
    ${exchange.wire && html`<p>A fault spoilt or slowed the answer: <code>${exchange.wire}</code>.</p>`}
    <details><summary>In words</summary><ol class="plain">${moments.map((moment) => html`<li>${lengthOf(moment.at)}: ${moment.word}</li>`)}</ol></details>`
}

function momentsOf(timing, script) {
  const moments = []
  const add = (at, kind, short, word) => moments.push({ at, kind, short, word })
  if (timing) {
    add(0, 'request', 'request', 'the head of the request was there')
    if (timing.body_us > 0) add(timing.body_us, 'request', 'body', 'the request was complete')
    if (timing.answered_us !== undefined) add(timing.answered_us, 'made', 'answer made', 'the answer was made')
    if (timing.due_us > timing.answered_us) add(timing.due_us, 'held', 'due', 'the answer was due: a fault had held it back')
  }
  const begin = timing?.due_us ?? timing?.answered_us ?? 0
  for (const step of script) {
    const at = begin + step.at_us
    if (step.bytes !== undefined) add(at, 'bytes', `${step.bytes} B`, `${step.bytes} bytes were sent`)
    if (step.end !== undefined) add(at, `end ${step.end}`, ENDS[step.end]?.[0] ?? step.end, ENDS[step.end]?.[1] ?? step.end)
  }
  if (timing && script.length === 0) add(begin, 'bytes', 'sent', 'the whole answer was sent')
  return moments.sort((one, other) => one.at - other.at)
}

const ENDS = {
  close: ['closed', 'the connection was closed'],
  reset: ['reset', 'the connection was reset'],
  stall: ['silence', 'nothing more was sent until the client went away'],
  keep: ['whole', 'the answer was whole'],
  whole: ['whole', 'the answer was whole'],
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
