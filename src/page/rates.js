// How much happens in each second: what the plots draw.
import { isBad, stateOf } from './record.js'

// How many seconds are kept.
const MOST = 300
const NOTHING = { exchanges: 0, errors: 0, fired: 0, delivered: 0, failed: 0 }

/** The seconds that the page has seen, the oldest first: `{ at, exchanges, errors, fired, delivered, failed, p50_us, p95_us }`. */
export class Rates {
  constructor() {
    this.seconds = []
    this.counters = null
    this.clock = null
    this.isFilled = false
    this.now = { durations: [], delivered: 0, failed: 0 }
  }

  /** Takes what the stream has sent. `before` is the same row as it was known before, if it was. */
  hear(kind, row, before) {
    if (kind === 'exchange' && this.now.durations.length < 1000) this.now.durations.push(row.duration_us)
    if (kind !== 'delivery' || before?.state === row.state) return
    if (stateOf(row) === 'delivered') this.now.delivered += 1
    if (isBad(row)) this.now.failed += 1
  }

  /** Takes the counters of the server as they are at `at`, a second after the last ones. */
  tick(counters, at) {
    const before = this.counters ?? counters
    const grown = (name) => Math.max(0, counters[name] - before[name])
    this.seconds.push({ at, exchanges: grown('exchanges'), errors: grown('errors'), fired: grown('faults_fired'), ...latencyOf(this.now.durations), delivered: this.now.delivered, failed: this.now.failed })
    if (this.seconds.length > MOST) this.seconds.shift()
    this.counters = counters
    this.now = { durations: [], delivered: 0, failed: 0 }
  }

  /** Takes the seconds before the page was opened, or those of a run that is over, from rows with real times: once. */
  fill(rows) {
    if (this.isFilled || this.clock !== 'real' || rows.size === 0) return
    this.isFilled = true
    const seconds = new Map()
    const ends = this.seconds.length > 0 ? [this.seconds[0].at] : [...rows.values()].map((row) => row.at)
    const last = Math.floor(Math.max(...ends.map((at) => Date.parse(at) || 0)) / 1000) - (this.seconds.length > 0 ? 1 : 0)
    for (const row of rows.values()) {
      const second = Math.floor(Date.parse(row.at) / 1000)
      if (!(second > last - MOST && second <= last)) continue
      if (!seconds.has(second)) seconds.set(second, { ...NOTHING, durations: [] })
      const sum = seconds.get(second)
      if (row.kind === 'exchange') {
        sum.exchanges += 1
        if (row.status >= 400) sum.errors += 1
        sum.fired += row.fired.length
        sum.durations.push(row.duration_us)
      }
      if (row.kind !== 'delivery') continue
      if (stateOf(row) === 'delivered') sum.delivered += 1
      if (isBad(row)) sum.failed += 1
    }
    if (seconds.size === 0) return
    const filled = []
    for (let second = Math.min(...seconds.keys()); second <= last; second += 1) {
      const { durations = [], ...sum } = seconds.get(second) ?? NOTHING
      filled.push({ at: new Date(second * 1000).toISOString(), ...sum, ...latencyOf(durations) })
    }
    this.seconds = [...filled, ...this.seconds].slice(-MOST)
  }
}

function latencyOf(durations) {
  const sorted = durations.toSorted((one, other) => one - other)
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? null
  return { p50_us: at(0.5), p95_us: at(0.95) }
}
