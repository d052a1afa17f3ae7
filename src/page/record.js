// What has happened, as the timeline shows it: exchanges, deliveries and actions, with what belongs together in one group.

// How many groups are kept. The journal itself keeps 1,000 exchanges.
const MOST = 5000

/** The state of an event that a fault has kept back. The service believes that it was delivered. */
export const LOST = 'lost, not sent'

/** The rows that have come, by their keys: `12` an exchange, `e3` a delivery, `a1` an action. */
export class Record {
  constructor() {
    // How often it has begun: again when a namespace is made again.
    this.times = 0
    this.clear()
  }

  clear() {
    this.rows = new Map()
    this.groups = []
    this.byKey = new Map()
    this.orphans = new Map()
    this.missed = []
  }

  /** Begins with the answer to `journal?rows=true`. */
  begin(answer) {
    this.times += 1
    this.clear()
    this.load(answer)
  }

  /** Takes the answer to `journal?rows=true`. */
  load({ rows = [], deliveries = [], actions = [] }) {
    const all = [...rows.map((row) => ['exchange', row]), ...actions.map((row) => ['action', row]), ...deliveries.map((row) => ['delivery', row])]
    all.sort(([, one], [, other]) => (isAfter(one, other) ? 1 : isAfter(other, one) ? -1 : 0))
    for (const [kind, row] of all) this.take(kind, row)
  }

  /** Takes a row. One that is known already is replaced: nothing stands there twice. */
  take(kind, data) {
    const key = kind === 'exchange' ? String(data.number) : data.id
    const known = this.rows.get(key)
    const row = { ...data, ...besidesOf(kind, data), kind, key, text: undefined }
    this.rows.set(key, row)
    if (known) {
      const group = this.byKey.get(known.key)
      if (group.root.key === key) group.root = row
      else group.children = group.children.map((child) => (child.key === key ? row : child))
      return
    }
    const cause = causeOf(row)
    const above = cause && this.byKey.get(cause)
    if (above) {
      above.children.push(row)
      this.byKey.set(key, above)
      return
    }
    const group = { root: row, children: [] }
    if (cause) this.orphans.set(cause, [...(this.orphans.get(cause) ?? []), group])
    this.byKey.set(key, group)
    this.place(group)
    this.adopt(group)
    if (this.groups.length > MOST + MOST / 10) this.groups.splice(0, this.groups.length - MOST).forEach((old) => this.forget(old))
  }

  // Puts a group where its exchange belongs: missed ones come later than those after them.
  place(group) {
    let at = this.groups.length
    while (at > 0 && isAfter(this.groups[at - 1].root, group.root)) at -= 1
    this.groups.splice(at, 0, group)
  }

  // What came before its cause joins it now.
  adopt(group) {
    const children = this.orphans.get(group.root.key) ?? []
    this.orphans.delete(group.root.key)
    for (const child of children) {
      this.groups.splice(this.groups.indexOf(child), 1)
      group.children.push(child.root, ...child.children)
      for (const row of [child.root, ...child.children]) this.byKey.set(row.key, group)
    }
  }

  forget(group) {
    this.orphans.delete(causeOf(group.root))
    for (const row of [group.root, ...group.children]) {
      this.rows.delete(row.key)
      this.byKey.delete(row.key)
    }
  }
}

// What an event's faults did and whose chat an action is about stand in their rows as in that of an exchange.
function besidesOf(kind, { faults = [], with: { chat } = {} }) {
  if (kind === 'action' && chat !== undefined) return { things: [String(chat)] }
  if (kind !== 'delivery') return {}
  return { fired: faults.filter(({ fired }) => fired).map(({ fault }) => fault) }
}

// Whether a row has happened after another one. Exchanges are in the order of their numbers, whatever the clock says.
function isAfter(one, other) {
  if (one.number && other.number) return one.number > other.number
  return (one.at ?? '').replace('Z', '') > (other.at ?? '').replace('Z', '')
}

/** The key of the row that has raised this one; null when there is none. */
export function causeOf(row) {
  if (row.kind === 'exchange') return null
  const cause = row.cause
  if (cause?.exchange) return String(cause.exchange)
  return cause?.action ?? null
}

/** What a row is about. An event is about what has raised it. */
export function thingsOf(row, rows) {
  return row.things ?? rows.get(causeOf(row))?.things ?? []
}

/** The lines of the timeline, the newest group first: `{ key, row, level, size }`, and `part` for a line that is no row. */
export function linesOf(record, fits, folded) {
  const lines = []
  for (let at = record.groups.length - 1; at >= 0; at -= 1) {
    const { root, children } = record.groups[at]
    if (!fits(root) && !children.some(fits)) continue
    const parts = [...partsOf(root), ...children.flatMap((row) => [{ key: row.key, row, level: 2 }, ...attemptsOf(row)])]
    const isClosed = folded.get(root.key) ?? isDull(root, children)
    lines.push({ key: root.key, row: root, level: 1, size: parts.length, isClosed })
    if (!isClosed) lines.push(...parts)
  }
  return lines
}

// The commands of a batch alone are not shown until one asks for them.
function isDull(root, children) {
  return children.length === 0 && root.kind === 'exchange'
}

function partsOf(root) {
  if (root.kind === 'delivery') return attemptsOf(root)
  return (root.commands ?? []).map((command, number) => ({ key: `${root.key}.${number + 1}`, row: root, level: 2, command: command ?? 'unknown', error: root.command_errors[number] }))
}

// A single attempt is told by the delivery itself.
function attemptsOf(row) {
  if (row.kind !== 'delivery' || (row.attempts ?? []).length < 2) return []
  return row.attempts.map((attempt, number) => ({ key: `${row.key}.${number + 1}`, row, level: 3, attempt, number: number + 1 }))
}

/** The name under which a row stands in the timeline. */
export function nameOf(row) {
  if (row.kind === 'action') return row.do
  if (row.kind === 'delivery') return `${row.service}.${row.event}`
  return row.operation ?? `${row.method} ${row.target}`
}

/** Whether a row has failed. */
export function hasFailed(row) {
  if (row.kind === 'delivery') return isBad(row)
  return row.kind === 'exchange' && (row.status >= 400 || isSpoilt(row) || row.commands_failed > 0 || row.differences > 0)
}

/** Whether an event has failed. To refuse one that is not true is right. */
export function isBad({ state, nature, attempts }) {
  const status = attempts?.at(-1)?.status
  return ['failed', 'blocked', 'dropped'].includes(state) && !(isUntrue(nature) && status >= 400 && status < 500)
}

/** How far an event has come, in words. */
export function stateOf(row) {
  if (row.faults?.some(({ fired, deliver }) => fired && deliver === 'lost')) return LOST
  return row.state === 'failed' && !isBad(row) ? 'refused' : row.state
}

/** Whether the service has not sent such an event. */
export function isUntrue(nature) {
  return ['forged', 'tampered', 'stale'].includes(nature)
}

/** What an event is, in words; empty for one as the service sends it. */
export function natureOf({ nature }) {
  return nature === 'genuine' ? '' : (nature ?? '').replace('_', ' ')
}

/** Whether the connection has spoilt the answer. */
export function isSpoilt(row) {
  return Boolean(row.wire) && !/dribble|slow/.test(row.wire)
}
