// The faults: what each has done and will do next. Add, change, switch, count anew, remove.
import { html, useContext, useState } from './lib/preact.js'
import { runData } from './control.js'
import { Editor, flow, yamlOf } from './editor.js'
import { Absent, Do, Link, Live, Said, Words, counted, timeOf, useAsked } from './parts.js'
import { NextFails } from './strike.js'

// What is being written in each namespace. It outlasts a change of the view.
const drafts = new Map()
const NEW = 'name: my fault\non: bitrix24\nwhen: {first: 1}\n'

/** The view `faults`. */
export function Faults({ place }) {
  const live = useContext(Live)
  const found = useAsked('faults')
  const catalog = useAsked('catalog', 'never')
  const [edited, setDraft] = useState(drafts.get(live.namespace) ?? null)
  const setEdited = (draft) => {
    drafts.set(live.namespace, draft)
    setDraft(draft)
  }
  if (!found.answer) return html`<${Absent} found=${found} title="Faults" />`
  const { faults } = found.answer
  return html`
    <div class="sheet">
      <div class="row between"><h2 tabindex="-1">Faults</h2>
        <div class="row">${!runData && !edited && html`<button onClick=${() => setEdited({ text: NEW, name: null })}>Add a fault</button>`}<${NextFails} /></div></div>
      ${!runData && edited && html`<${Editor} key=${edited.name ?? ''} text=${edited.text} name=${edited.name} keep=${(text) => drafts.set(live.namespace, { ...edited, text })} close=${() => setEdited(null)} />`}
      ${faults.length === 0 ? html`<p class="muted">There are no faults: every call gets the service's own answer.</p>` : html`
        <ul class="cards faults">${faults.map((fault) => {
          const one = fault.spec?.deliver !== undefined || catalog.answer?.events?.includes(fault.on) ? 'delivery' : 'call'
          const path = `faults/${encodeURIComponent(fault.name)}`
          const other = fault.enabled ? 'off' : 'on'
          return html`<li key=${fault.name} class=${`${fault.enabled ? '' : 'off'} ${place.what === fault.name ? 'opened' : ''}`}>
            <div><b><${Link} view="faults" what=${fault.name}><${Said} text=${fault.name} /><//></b> <span class="muted">on ${fault.on}</span>
              <p><${Words} text=${doesOf(fault)} /></p>
              ${fault.hidden && !runData && html`<p class="muted">It holds a secret, so it is not edited here.</p>`}</div>
            <p>${counted(fault.calls, one, manyOf(one))}, ${fault.fired > 0 ? html`<${Link} class="fault" view="timeline" query=${{ fault: fault.name }}>fired ${fault.fired === 1 ? 'once' : `${fault.fired} times`}<//>` : 'has not fired'}</p>
            <p><span class="muted">Next strike:</span> ${strikeOf(fault, one)}</p>
            ${!runData && html`<p class="row">
              <${Do} class="quiet" aria-label=${`Switch ${other} ${fault.name}`} act=${() => live.ask(`${path}/${other}`, 'POST')} done=${`${fault.name} is ${other}`}>Switch ${other}<//>
              <${Do} class="quiet" aria-label=${`Re-arm ${fault.name}`} act=${() => live.ask(`${path}/again`, 'POST')} done=${`${fault.name} counts its ${manyOf(one)} anew`}>Re-arm<//>
              ${fault.spec && !fault.hidden && html`<button class="quiet" aria-label=${`Edit ${fault.name}`} onClick=${() => setEdited({ text: yamlOf(fault.spec), name: fault.name })}>Edit</button>`}
              <${Do} class="quiet" aria-label=${`Remove ${fault.name}`} act=${() => live.ask(path, 'DELETE')} done=${`${fault.name} is removed`}>Remove<//>
            </p>`}
          </li>`
        })}</ul>`}
    </div>`
}

// What it does and when, in the words of a scenario.
function doesOf({ effect, spec = {} }) {
  const rest = ['delay', 'when', 'match'].filter((key) => spec[key] !== undefined).map((key) => `\`${key}: ${flow(spec[key])}\``)
  return [effect, ...rest].filter(Boolean).join('; ')
}

function manyOf(one) {
  return one === 'call' ? 'calls' : 'deliveries'
}

function strikeOf(fault, one) {
  if (!fault.enabled) return 'never, it is off'
  if (fault.counted_by !== 'fault') return `counted for each ${fault.counted_by}`
  if (!fault.next_call) return 'none, it is spent'
  const left = fault.next_call - fault.calls
  const when = fault.next_call_not_before ? `, at ${timeOf(fault.next_call_not_before)} or later` : ''
  return left === 1 ? `the next ${one}${when}` : `${one} ${fault.next_call}, after ${counted(left - 1, 'other')}${when}`
}
