// The editor of a fault: completion from the schema, and the findings of the server as one types.
import { html, useContext, useEffect, useLayoutEffect, useMemo, useRef, useState } from './lib/preact.js'
import { completionsAt } from './complete.js'
import { Absent, Do, Live, Said, Words, counted, useAsked } from './parts.js'

const PAUSE = 250
const MOST_CHOICES = 12

/** The editor. `name` is the fault that is replaced; null adds one. `keep` gets what is typed. */
export function Editor({ text: first, name, keep, close }) {
  const live = useContext(Live)
  const catalog = useAsked('catalog', 'never')
  const schema = useAsked('schema', 'never')
  const [text, setText] = useState(first)
  const [cursor, setCursor] = useState(null)
  const [chosen, setChosen] = useState(-1)
  const [found, setFound] = useState(null)
  const area = useRef(null)
  const later = useRef(null)

  useEffect(() => { area.current.focus() }, [])
  useEffect(() => {
    const timer = setTimeout(async () => {
      const query = name ? `?replaces=${encodeURIComponent(name)}` : ''
      const answer = await live.ask(`faults/check${query}`, 'POST', text).catch((refusal) => ({ findings: [{ message: refusal.message, help: refusal.help }] }))
      setFound({ text, ...answer })
    }, PAUSE)
    return () => clearTimeout(timer)
  }, [text, live.touched])
  // Before the next key comes, so that it does not land elsewhere.
  useLayoutEffect(() => {
    if (later.current === null) return
    area.current.setSelectionRange(later.current, later.current)
    later.current = null
  }, [text])

  const all = useMemo(() => (cursor === null || !catalog.answer || !schema.answer ? { choices: [] } : completionsAt(text, cursor, { ...catalog.answer, schema: schema.answer })), [text, cursor, catalog.answer, schema.answer])
  const choices = all.choices.slice(0, MOST_CHOICES)
  const isOpen = choices.length > 0
  const take = (choice) => {
    later.current = all.from + choice.insert.length
    const whole = text.slice(0, all.from) + choice.insert + text.slice(cursor)
    setText(whole)
    keep(whole)
    setCursor(null)
    setChosen(-1)
    area.current.focus()
  }
  const keys = (event) => {
    if (event.key === ' ' && event.ctrlKey) {
      setCursor(area.current.selectionStart)
      event.preventDefault()
      return
    }
    if (!isOpen) return
    if (event.key === 'ArrowDown') setChosen((chosen + 1) % choices.length)
    else if (event.key === 'ArrowUp') setChosen((chosen + choices.length - (chosen < 0 ? 0 : 1)) % choices.length)
    else if (event.key === 'Escape') { setCursor(null); setChosen(-1) }
    else if (event.key === 'Enter' && chosen >= 0) take(choices[chosen])
    else if (event.key === 'Tab' && !event.shiftKey) take(choices[Math.max(0, chosen)])
    else return
    event.preventDefault()
  }
  const typed = (event) => {
    keep(event.target.value)
    setText(event.target.value)
    setCursor(event.target.selectionStart)
    setChosen(-1)
  }
  const findings = found?.findings ?? []
  const mistakes = findings.filter((finding) => finding.level !== 'warning')
  const isReady = found?.text === text && mistakes.length === 0
  const save = async () => {
    if (name) await live.ask(`faults/${encodeURIComponent(name)}`, 'PUT', text)
    else await live.ask('faults', 'POST', text)
    close()
  }
  return html`
    <section class="editor" aria-labelledby="editor">
      <h3 id="editor">${name ? html`Edit <${Said} text=${name} />` : 'Add a fault'}</h3>
      <label for="fault-text" class="muted">A fault as in a scenario, in YAML or JSON. Ctrl+Space shows what may stand here.</label>
      <div class="text">
        <textarea id="fault-text" ref=${area} rows=${Math.max(8, text.split('\n').length + 1)} spellcheck="false" autocomplete="off" autocapitalize="off" wrap="off" value=${text} onInput=${typed} onKeyDown=${keys} onBlur=${() => setTimeout(() => setCursor(null), 150)}
          aria-autocomplete="list" aria-controls="fault-choices" aria-activedescendant=${isOpen && chosen >= 0 ? `choice-${chosen}` : null} aria-describedby="fault-findings"></textarea>
        <ul id="fault-choices" role="listbox" aria-label="What may stand here" class=${isOpen ? 'choices' : 'choices none'} style=${placeOfChoices(text, all.from, area.current)}>
          ${choices.map((choice, number) => html`<li id=${`choice-${number}`} role="option" aria-selected=${String(number === chosen)} onMouseDown=${(event) => { event.preventDefault(); take(choice) }}>
            <b>${choice.word}</b> <span class="muted">${choice.about}</span></li>`)}
        </ul>
      </div>
      <div id="fault-findings" class="findings" aria-live="polite">
        ${found === null ? html`<p class="muted">Checking…</p>` : findings.length === 0 ? html`<p>No mistake found.</p>` : html`<ul>${findings.map((finding) => html`
          <li class=${finding.level === 'warning' ? 'warn' : 'bad'}>${finding.line ? html`<button class="quiet" onClick=${() => jump(area.current, text, finding)}>line ${finding.line}, column ${finding.column}</button> ` : ''}<${Words} text=${finding.message} />${finding.help && html`; <${Words} text=${finding.help} />`}</li>`)}</ul>`}
      </div>
      ${catalog.refusal && html`<${Absent} found=${catalog} />`}
      <div class="row">
        <${Do} class="strong" disabled=${!isReady} act=${save} done=${name ? `${name} is replaced` : 'the fault is added'}>${name ? 'Replace' : 'Add'}<//>
        <button onClick=${close}>Cancel</button>
        ${mistakes.length > 0 && html`<span class="muted">${counted(mistakes.length, 'mistake')} to mend</span>`}
      </div>
    </section>`
}

function jump(area, text, { line, column }) {
  const at = text.split('\n').slice(0, line - 1).reduce((sum, before) => sum + before.length + 1, 0) + column - 1
  area.focus()
  area.setSelectionRange(at, at)
}

// Below the word that is typed. Letters of the editor are equally wide.
function placeOfChoices(text, from, area) {
  if (!area || from === undefined) return {}
  const before = text.slice(0, from).split('\n')
  const width = Math.max(0, area.clientWidth - 320)
  return { left: `${Math.min(width, Math.round(before.at(-1).length * 7.8) + 8)}px`, top: `${before.length * 20 + 12 - area.scrollTop}px` }
}

/** A fault as YAML: one member a line, what is within in braces. */
export function yamlOf(spec) {
  return Object.entries(spec).map(([name, value]) => `${name}: ${flow(value)}\n`).join('')
}

/** A value as YAML on one line. */
export function flow(value) {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`
  if (value !== null && typeof value === 'object') return `{${Object.entries(value).map(([name, member]) => `${flow(name)}: ${flow(member)}`).join(', ')}}`
  if (typeof value === 'string' && /^[a-z][\w.-]*( [\w.-]+)*$/i.test(value) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value)) return value
  return JSON.stringify(value)
}
