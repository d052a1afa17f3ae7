// One chat: its messages, and the operator or the recipient who answers in it.
import { html, useContext, useEffect, useRef, useState } from './lib/preact.js'
import { Long, Tree } from './body.js'
import { runData } from './control.js'
import { Do, Link, Live, Said, timeOf, useAsked } from './parts.js'

/** The chat, as `chatsOf` gives it. */
export function Chat({ chat }) {
  const { messages, sessions, ...rest } = chat.raw
  const end = useRef(null)
  useEffect(() => { end.current.scrollTop = end.current.scrollHeight }, [messages?.length])
  return html`
    <header><h2 tabindex="-1"><${Said} text=${chat.title} /></h2>
      <p class="row"><code>${chat.id}</code> <span class="muted">${chat.where}${chat.closed ? ', closed' : ''}</span>
        <${Link} view="timeline" query=${{ chat: chat.id }}>Its calls<//></p></header>
    <ol class="messages" ref=${end} tabindex="0" aria-label="Messages">
      ${chat.messages.map((message) => html`
        <li key=${message.id} class=${message.isOurs ? 'ours' : 'theirs'}>
          <p class="muted"><${Said} text=${message.from} /> ${timeOf(message.created_at ?? message.at).slice(0, 8)}</p>
          <p class=${`words ${message.deleted ? 'gone' : ''}`}>${message.deleted && !message.words ? 'deleted' : html`<${Long} text=${message.words ?? ''} />`}</p>
          <p class="muted">${[message.deleted ? 'deleted' : '', message.edited ? 'edited' : '', message.status ?? '', message.delivered === true ? 'delivered' : '', ...(message.reactions ?? []).map((reaction) => reaction.type ?? reaction.reaction ?? '')].filter(Boolean).join(' · ')}</p>
        </li>`)}
    </ol>
    ${chat.messages.length === 0 && html`<p class="muted">Nobody has written yet.</p>`}
    <${Answer} chat=${chat} />
    <${Others} chat=${chat} />
    <details><summary>The chat as a tree</summary><div class="tree"><${Tree} value=${{ ...rest, sessions }} /></div></details>`
}

// The operator of Bitrix24, or a recipient of Chert, writes.
function Answer({ chat }) {
  const live = useContext(Live)
  const [text, setText] = useState('')
  const [from, setFrom] = useState(chat.participants?.[0] ?? '')
  const who = chat.service === 'bitrix24' ? 'operator' : 'recipient'
  if (runData) return null
  const send = async () => {
    await live.ask('actions', 'POST', { do: `${chat.service}.${who}.write`, with: { ...chat.address, ...(from ? { from } : {}), text } })
    setText('')
  }
  return html`
    <form class="answer" onSubmit=${(event) => event.preventDefault()}>
      ${chat.participants?.length > 1 && html`<label><span>From</span><select value=${from} onChange=${(event) => setFrom(event.target.value)}>${chat.participants.map((one) => html`<option value=${one}>${one}</option>`)}</select></label>`}
      <label class="wide"><span>The ${who} writes</span><textarea rows="2" value=${text} onInput=${(event) => setText(event.target.value)}></textarea></label>
      <${Do} class="strong" disabled=${text.trim() === ''} act=${send} done=${`the ${who} has written`}>Send<//>
    </form>`
}

// The other actions of the service, with what this chat gives filled in.
function Others({ chat }) {
  const live = useContext(Live)
  const found = useAsked('actions', 'never')
  const [name, setName] = useState('')
  const [values, setValues] = useState({})
  const actions = (found.answer?.actions ?? []).filter((action) => action.do.startsWith(`${chat.service}.`))
  if (runData || actions.length === 0) return null
  const action = actions.find((one) => one.do === name) ?? actions[0]
  const given = (parameter) => values[parameter.name] ?? String(chat.address[parameter.name] ?? '')
  const perform = () => {
    const filled = action.parameters.map((parameter) => [parameter.name, given(parameter)]).filter(([, value]) => value !== '')
    return live.ask('actions', 'POST', { do: action.do, with: Object.fromEntries(filled) })
  }
  return html`
    <details class="others"><summary>Another action</summary>
      <form onSubmit=${(event) => event.preventDefault()}>
        <label><span>Action</span><select value=${action.do} onChange=${(event) => { setName(event.target.value); setValues({}) }}>${actions.map((one) => html`<option value=${one.do} selected=${one === action}>${one.do}</option>`)}</select></label>
        <p class="muted">${action.summary}</p>
        ${action.parameters.map((parameter) => html`<label key=${`${action.do} ${parameter.name}`}><span>${parameter.name}${parameter.required ? '' : ', optional'} <span class="muted">${parameter.about}</span></span>
          <input value=${given(parameter)} onInput=${(event) => setValues({ ...values, [parameter.name]: event.target.value })} /></label>`)}
        <${Do} act=${perform} done=${`${action.do} is performed`}>Perform<//>
      </form>
    </details>`
}
