// Begins the page: follows what happens, and draws the view that the address names.
import { html, render, useEffect, useMemo, useRef, useState } from './lib/preact.js'
import { ask, keepToken, runData } from './control.js'
import { Head } from './head.js'
import { Faults } from './faults.js'
import { Judgement } from './judgement.js'
import { Namespaces } from './namespaces.js'
import { Live, plainly } from './parts.js'
import { go, hashOf, placeOf } from './place.js'
import { Plots } from './plots.js'
import { Rates } from './rates.js'
import { Record } from './record.js'
import { follow } from './stream.js'
import { Timeline } from './timeline.js'
import { World } from './world.js'

const VIEWS = { timeline: Timeline, faults: Faults, world: World, judgement: Judgement, plots: Plots, namespaces: Namespaces }
// The state of the page before it has followed anything.
const FIRST = runData ? 'over' : 'connecting'
const STREAMED = ['exchange', 'delivery', 'action']
// How often the page is drawn anew at most, in milliseconds.
const BEAT = 100
// How long nothing must be missed before what was missed is fetched.
const CALM = 1000

function Page() {
  const [place, setPlace] = useState(placeOf(location.hash))
  const [token, setToken] = useState(0)
  const [mustTell, setMustTell] = useState(false)
  const [touched, setTouched] = useState(0)
  const [told, setTold] = useState(null)
  const [about, setAbout] = useState({ health: null, namespaces: [] })
  const namespace = place.query.in ?? ''
  const { record, rates, version, state, reload } = useRecord(namespace, token, () => setMustTell(true), () => setTouched((count) => count + 1))

  useEffect(() => {
    const look = () => setPlace(placeOf(location.hash))
    addEventListener('hashchange', look)
    return () => removeEventListener('hashchange', look)
  }, [])
  useAbout({ namespace, token, rates, setAbout, setMustTell })
  useEffect(() => {
    if (!told || told.look === 'bad') return undefined
    const timer = setTimeout(() => setTold(null), 6000)
    return () => clearTimeout(timer)
  }, [told])
  useFocus(place)
  useEffect(() => { document.title = plainly([place.what, place.view, about.health?.scenario, 'standin'].filter(Boolean).join(' · ')) }, [place, about.health?.scenario])

  const live = {
    ask: (path, method, body) => ask(path, { namespace, method, body }),
    place, namespace, record, rates, version, touched, reload,
    health: about.health, namespaces: about.namespaces,
    say: (text, look = '') => setTold({ text: plainly(text), look }),
    touch: () => setTouched((count) => count + 1),
  }
  const View = Object.hasOwn(VIEWS, place.view) ? VIEWS[place.view] : Timeline
  if (mustTell) return html`<${Token} enter=${(text) => { keepToken(text); setMustTell(false); setToken((count) => count + 1) }} />`
  return html`
    <${Live.Provider} value=${live}>
      <a class="skip" href="#content" onClick=${(event) => { event.preventDefault(); document.getElementById('content').focus() }}>Skip to the content</a>
      <${Head} place=${place} state=${state} />
      <main id="content" tabindex="-1">${state === 'unknown' && View !== Namespaces
        ? html`<div class="sheet"><h2 tabindex="-1">There is no namespace <code>${plainly(namespace)}</code></h2><p><a href=${hashOf({ view: 'namespaces' })}>Choose another</a></p></div>`
        : html`<${View} key=${`${namespace} ${record.times > 1 && record.times} ${place.view}`} place=${place} />`}</main>
      <div class=${`told ${told?.look ?? ''} ${told ? '' : 'none'}`}>
        <p role="status">${told?.look === 'bad' ? '' : told?.text}</p><p role="alert">${told?.look === 'bad' ? told.text : ''}</p>
        ${told && html`<button class="quiet" aria-label="Dismiss the message" onClick=${() => setTold(null)}>✕</button>`}
      </div>
    <//>`
}

// Loads what has happened and follows what happens.
function useRecord(namespace, token, refused, touch) {
  const [record, rates] = useMemo(() => [new Record(), new Rates()], [namespace, token])
  const [version, setVersion] = useState(0)
  const [state, setState] = useState(FIRST)
  const reload = useRef(() => {})

  useEffect(() => {
    const end = new AbortController()
    let current = new AbortController()
    let beat = null
    let calm = null
    const draw = () => setVersion((count) => count + 1)
    const drawn = () => { beat ??= setTimeout(() => { beat = null; draw() }, BEAT) }
    const load = async () => {
      const answer = await ask('journal?rows=true', { namespace })
      if (!end.signal.aborted) record.begin(answer)
      draw()
      return answer.cursor
    }
    // What was missed is asked for in one piece. What is known already is not doubled.
    const loadMissed = async () => {
      const [first, last] = [record.missed[0], record.missed.at(-1)]
      if (!first) return
      const between = new URLSearchParams({ rows: true, last: 1000, after: first.after, before: last.before })
      record.load(await ask(`journal?${between}`, { namespace }))
      record.missed = record.missed.slice(record.missed.indexOf(last) + 1)
      drawn()
    }
    const onState = (next) => setState((old) => (next === 'broken' && old === FIRST ? old : next))
    reload.current = () => loadMissed().catch(() => {})
    const gone = () => current.abort()
    const refuse = (status) => {
      if (status === 401 && !end.signal.aborted) refused()
      if (status === 404) gone()
    }
    const onEvent = (name, data) => {
      if (STREAMED.includes(name)) {
        rates.hear(name, data, record.rows.get(data.id))
        record.take(name, data)
      }
      if (name === 'missed') {
        record.missed.push(data)
        clearTimeout(calm)
        calm = setTimeout(reload.current, CALM)
      }
      if (name === 'changed' && data.what === 'reset') record.clear()
      if (name === 'changed' && data.what === 'gone') gone()
      if (name === 'changed') touch()
      drawn()
    }
    // A namespace that is not there may be made, and made again.
    const begin = async () => {
      while (!end.signal.aborted) {
        try {
          if (namespace === '' || isAmong(namespace, await namespacesOf())) {
            const after = await load()
            setState((old) => (old === 'gone' || old === 'unknown' ? FIRST : old))
            if (runData) return
            current = new AbortController()
            if (!end.signal.aborted) await follow({ namespace, after, signal: current.signal, onEvent, onState, onRefused: refuse })
            continue
          }
          if (!end.signal.aborted) setState(record.times > 0 ? 'gone' : 'unknown')
        } catch (refusal) {
          refuse(refusal.status)
          if (refusal.status === 401) return
        }
        await new Promise((done) => setTimeout(done, 2000))
      }
    }
    setState(FIRST)
    begin()
    return () => {
      end.abort()
      current.abort()
      clearTimeout(beat)
      clearTimeout(calm)
    }
  }, [record])
  return { record, rates, version, state, reload: () => reload.current() }
}

// What stands in the head of the page, and what the plots draw: asked for every second.
function useAbout({ namespace, token, rates, setAbout, setMustTell }) {
  useEffect(() => {
    let isOver = false
    const look = async () => {
      try {
        const namespaces = await namespacesOf()
        const health = isAmong(namespace, namespaces) ? await ask('health', { namespace }) : null
        if (isOver) return
        setAbout({ health, namespaces })
        if (!health) return
        rates.clock = health.clock
        if (!runData) rates.tick(health.counters, new Date().toISOString())
      } catch (refusal) {
        if (!isOver && refusal.status === 401) setMustTell(true)
      }
    }
    look()
    const timer = runData ? null : setInterval(look, 1000)
    return () => {
      isOver = true
      clearInterval(timer)
    }
  }, [namespace, token, rates])
}

async function namespacesOf() {
  if (runData) return Object.entries(runData.worlds).filter(([name]) => name).map(([name, world]) => ({ namespace: name, scenario: world.health.scenario, exchanges: world.health.counters.exchanges }))
  return (await ask('namespaces')).namespaces
}

function isAmong(name, namespaces) {
  return name === '' || namespaces.some((one) => one.namespace === name)
}

// What is opened gets the focus; when it is closed, the list gets it back.
function useFocus({ view, what }) {
  const before = useRef({ view, what })
  useEffect(() => {
    const old = before.current
    before.current = { view, what }
    if (old.view !== view || old.what === what) return
    const target = document.querySelector(what ? '.detail' : '.list [role="treegrid"], .list h2')
    target?.focus({ preventScroll: true })
    if (what) target?.scrollTo?.(0, 0)
  }, [view, what])
  useEffect(() => {
    const keys = (event) => {
      if (event.key !== 'Escape' || event.defaultPrevented || !event.target.closest?.('.detail')) return
      const place = placeOf(location.hash)
      go({ ...place, what: '' })
    }
    addEventListener('keydown', keys)
    return () => removeEventListener('keydown', keys)
  }, [])
}

// Asks for the token of the control interface.
function Token({ enter }) {
  const [text, setText] = useState('')
  return html`
    <main class="token"><h1>standin</h1>
      <form onSubmit=${(event) => { event.preventDefault(); enter(text.trim()) }}>
        <label><span>The server wants its control token, the value of <code>--control-token</code>. The page keeps it for this tab.</span>
          <input type="password" autocomplete="off" value=${text} onInput=${(event) => setText(event.target.value)} /></label>
        <button type="submit" class="strong" disabled=${text.trim() === ''}>Go on</button>
      </form></main>`
}

render(html`<${Page} />`, document.getElementById('page'))
