// The timeline: exchanges, events and actions as they come, the newest first. Only the lines in sight are drawn.
import { html, useContext, useEffect, useLayoutEffect, useMemo, useRef, useState } from './lib/preact.js'
import { Detail } from './detail.js'
import { FILTERS, Filter, fitting } from './filter.js'
import { Live, Said, counted, lengthOf, timeOf } from './parts.js'
import { NextFails } from './strike.js'
import { go, hashOf } from './place.js'
import { LOST, hasFailed, isSpoilt, isUntrue, linesOf, nameOf, natureOf, stateOf, thingsOf } from './record.js'

// The heights of a line in pixels, as in page.css: in one row, and in two where the list is narrow.
const HEIGHTS = { wide: 28, narrow: 48 }
const NARROW = 780
// Lines are drawn in blocks of so many, counted from the oldest line: new lines change the newest block alone.
const BLOCK = 20

/** The view `timeline`. */
export function Timeline({ place }) {
  const live = useContext(Live)
  const [folded, setFolded] = useState(new Map())
  const filters = JSON.stringify(FILTERS.map((name) => place.query[name] ?? ''))
  const lines = useMemo(() => linesOf(live.record, fitting(place.query, live.record), folded), [live.record, live.version, filters, folded])
  const change = (changed) => go({ ...place, query: { ...place.query, ...changed } }, true)
  const open = (key) => go({ view: 'timeline', what: key, query: place.query })
  const fold = (key, isClosed) => setFolded(new Map(folded).set(key, isClosed))
  const missed = live.record.missed.reduce((sum, one) => sum + one.exchanges - (one.lost ?? 0), 0)
  const exchanges = lines.filter((line) => line.level === 1).length
  return html`
    <div class=${`split ${place.what ? 'opened' : ''}`}>
      <section class="list" aria-label="Timeline">
        <div class="bar">
          <${Filter} query=${place.query} change=${change} />
          <div class="row">
            <p class="muted">${counted(exchanges, 'entry', 'entries')}${FILTERS.some((name) => place.query[name]) ? ` of ${live.record.groups.length.toLocaleString('en')}` : ''}; times are UTC</p>
            <${NextFails} />
          </div>
          ${missed > 0 && html`<p class="notice">${counted(missed, 'exchange')} came faster than the page is told. <button class="quiet" onClick=${live.reload}>Get them</button></p>`}
        </div>
        <${Lines} lines=${lines} isLoaded=${live.record.times > 0} opened=${place.what} open=${open} fold=${fold} query=${place.query} />
      </section>
      ${place.what && html`<section class="detail" tabindex="-1" aria-label="What is opened"><${Detail} what=${place.what} query=${place.query} /></section>`}
    </div>`
}

function Lines({ lines, isLoaded, opened, open, fold, query }) {
  const box = useRef(null)
  const [seen, setSeen] = useState({ step: 0, isDown: false, height: 800, width: 1000 })
  const [active, setActive] = useState(opened || null)
  const anchor = useRef(null)
  const height = seen.width < NARROW ? HEIGHTS.narrow : HEIGHTS.wide

  useEffect(() => {
    const look = () => setSeen((old) => ({ ...old, height: box.current.clientHeight, width: box.current.clientWidth }))
    const observer = new ResizeObserver(look)
    observer.observe(box.current)
    return () => observer.disconnect()
  }, [])
  useEffect(() => { if (opened) setActive(opened) }, [opened])

  // New lines come at the top. Who has scrolled down goes on seeing the same lines.
  useLayoutEffect(() => {
    if (anchor.current && box.current.scrollTop > 0) {
      const at = lines.findIndex((line) => line.key === anchor.current.key)
      if (at >= 0) box.current.scrollTop = at * height + anchor.current.offset
    }
  }, [lines, height])
  const scrolled = () => {
    const top = box.current.scrollTop
    const at = Math.floor(top / height)
    anchor.current = top > 0 && lines[at] ? { key: lines[at].key, offset: top - at * height } : null
    const [step, isDown] = [Math.floor(at / BLOCK), top > height]
    setSeen((old) => (old.step === step && old.isDown === isDown ? old : { ...old, step, isDown }))
  }

  const blockOf = (at) => Math.floor((lines.length - 1 - Math.max(0, Math.min(lines.length - 1, at))) / BLOCK)
  const newest = blockOf(seen.step * BLOCK - BLOCK / 2)
  const oldest = blockOf((seen.step + 1.5) * BLOCK + seen.height / height)
  const blocks = lines.length === 0 ? [] : Array.from({ length: newest - oldest + 1 }, (_, at) => newest - at)
  const startOf = (block) => lines.length - (block + 1) * BLOCK
  const activeAt = lines.findIndex((line) => line.key === active)
  const move = (to) => {
    const at = Math.max(0, Math.min(lines.length - 1, to))
    if (!lines[at]) return
    setActive(lines[at].key)
    const top = at * height
    if (top < box.current.scrollTop) box.current.scrollTop = top
    if (top + height > box.current.scrollTop + seen.height) box.current.scrollTop = top + height - seen.height
  }
  const keys = (event) => {
    const page = Math.max(1, Math.floor(seen.height / height) - 1)
    const line = lines[activeAt]
    const moves = { ArrowDown: activeAt + 1, ArrowUp: activeAt - 1, PageDown: activeAt + page, PageUp: activeAt - page, Home: 0, End: lines.length - 1 }
    if (event.key in moves && !event.altKey && !event.metaKey && !event.ctrlKey) move(moves[event.key])
    else if (event.key === 'Enter' && line) open(line.row.key)
    else if (event.key === 'ArrowRight' && line?.isClosed) fold(line.key, false)
    else if (event.key === 'ArrowLeft' && line?.size > 0) fold(line.key, true)
    else return
    event.preventDefault()
  }
  const isActiveSeen = activeAt >= 0 && blocks.includes(blockOf(activeAt))
  return html`
    <div class=${`lines ${height === HEIGHTS.narrow ? 'narrow' : ''}`}>
      <div class="scroll" ref=${box} tabindex="0" role="treegrid" aria-label="Calls, events and actions, the newest first" aria-rowcount=${lines.length + 1}
        aria-activedescendant=${isActiveSeen ? `line-${active}` : null} onScroll=${scrolled} onKeyDown=${keys}
        onFocus=${() => { if (activeAt < 0) move(Math.floor(box.current.scrollTop / height)) }}>
        <div role="row" class="line head" aria-rowindex="1">
          ${['№', 'Time', 'Call', 'About', 'Outcome', 'Fault', 'Took'].map((name) => html`<span role="columnheader">${name}</span>`)}
        </div>
        <div role="presentation" class="space" style=${{ height: `${lines.length * height}px` }}>
          ${blocks.map((block) => html`
            <div role="rowgroup" key=${block} class="block" style=${{ transform: `translateY(${Math.max(0, startOf(block)) * height}px)` }}>
              ${lines.slice(Math.max(0, startOf(block)), startOf(block) + BLOCK).map((line, at) => html`
                <${Line} key=${line.key} line=${line} index=${Math.max(0, startOf(block)) + at} isActive=${line.key === active} isOpened=${line.key === opened}
                  open=${open} fold=${fold} query=${query} touch=${() => setActive(line.key)} />`)}
            </div>`)}
        </div>
        ${lines.length === 0 && html`<div role="row" class="empty"><span role="gridcell">${isLoaded ? 'Nothing has happened yet that fits. Calls appear here as they come.' : 'Loading…'}</span></div>`}
      </div>
      ${seen.isDown && html`<button class="newest" onClick=${() => { anchor.current = null; box.current.scrollTop = 0; box.current.focus() }}>Newest</button>`}
    </div>`
}

function Line({ line, index, isActive, isOpened, open, fold, query, touch }) {
  const { row, level } = line
  const { record } = useContext(Live)
  const press = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    touch()
    open(row.key)
  }
  const isPart = Boolean(line.command || line.attempt)
  const kinds = [`level${level}`, row.kind, isActive ? 'active' : '', isOpened ? 'opened' : '', failed(line) ? 'failed' : '', isPart ? 'part' : '']
  return html`
    <div role="row" id=${`line-${line.key}`} class=${`line ${kinds.join(' ')}`} aria-rowindex=${index + 2} aria-level=${level}
      aria-expanded=${line.size > 0 ? String(!line.isClosed) : null} aria-selected=${String(isOpened)} onClick=${press}>
      <span role="gridcell" class="number">${line.size > 0 && html`<span class="fold" aria-hidden="true" onClick=${(event) => { event.stopPropagation(); fold(line.key, !line.isClosed) }}>${line.isClosed ? '▸' : '▾'}</span>`}${isPart ? '' : row.key}</span>
      <span role="gridcell" class="time">${timeOf(line.attempt?.at ?? row.at ?? row.attempts?.[0]?.at)}</span>
      <span role="gridcell" class="call"><a tabindex="-1" href=${hashOf({ view: 'timeline', what: row.key, query })}>${wordOf(line)}</a></span>
      <span role="gridcell" class="chat">${!isPart && thingsOf(row, record.rows).map((thing, at) => html`<span class=${at > 0 ? 'rest' : ''}>${at > 0 && ', '}<${Said} text=${thing} /></span>`)}</span>
      <span role="gridcell" class="outcome"><${Outcome} line=${line} /></span>
      <span role="gridcell" class="fault">${!isPart && (row.fired ?? []).map((name, at) => html`${at > 0 && ', '}<${Said} text=${name} />`)}</span>
      <span role="gridcell" class="took">${isPart ? line.attempt && lengthOf(line.attempt.duration_ms * 1000) : row.kind === 'exchange' ? lengthOf(row.duration_us) : ''}</span>
    </div>`
}

// The name of a line. An event goes out, an action is done by somebody.
function wordOf({ row, command, attempt, number }) {
  if (command) return html`<span class="kind">command </span><${Said} text=${command} />`
  if (attempt) return html`<span class="kind">attempt </span>${number}`
  const name = nameOf(row)
  const service = /^(?:bitrix24|chert)\./.exec(name)?.[0] ?? ''
  const kind = { delivery: 'event → ', action: 'action ' }[row.kind]
  return html`${kind && html`<span class="kind">${kind}</span>`}<span class="service">${service}</span><${Said} text=${name.slice(service.length)} />${row.kind === 'delivery' && natureOf(row) && html` <span class="badge">${natureOf(row)}</span>`}${row.commands_count > 0 && html`<span class="kind"> of ${counted(row.commands_count, 'command')}</span>`}`
}

function failed({ row, command, attempt, error }) {
  if (command) return Boolean(error)
  if (attempt) return attempt.status === null ? attempt.error !== null : attempt.status >= (isUntrue(row.nature) ? 500 : 300)
  return hasFailed(row)
}

function Outcome({ line: { row, command, attempt, error } }) {
  if (command) return error ?? ''
  if (attempt) return attempt.status ?? attempt.error ?? 'under way'
  if (row.kind === 'action') return row.error ?? ''
  if (row.kind === 'delivery') {
    const state = stateOf(row)
    if (state === LOST) return state
    const latest = row.attempts?.at(-1)
    return html`${state}${latest?.status ? ` ${latest.status}` : ''}${latest?.error ? html` <span class="muted">${latest.error}</span>` : ''}`
  }
  return html`${row.differences > 0 && `${row.differences} differ${row.differences > 1 ? '' : 's'}, `}${row.status}${row.error && html` <${Said} text=${row.error} />`}${isSpoilt(row) && ' spoilt'}${row.commands_failed > 0 && `, ${row.commands_failed} failed`}`
}
