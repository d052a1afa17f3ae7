// The world: chats, lines, connectors, handlers, the outbox and the clock, as they are now.
import { html, useState } from './lib/preact.js'
import { Tree } from './body.js'
import { Chat } from './chat.js'
import { Clock } from './clock.js'
import { Absent, Event, Link, Said, Table, counted, timeOf, useAsked } from './parts.js'
import { isBad, stateOf } from './record.js'

/** The view `world`; `chat/KEY` opens a chat. */
export function World({ place }) {
  const found = useAsked('state')
  const [wanted, setWanted] = useState('')
  if (!found.answer) return html`<${Absent} found=${found} title="World" />`
  const chats = chatsOf(found.answer)
  const opened = place.what.startsWith('chat/') ? chats.find((chat) => chat.key === place.what.slice(5)) : null
  const shown = chats.filter((chat) => `${chat.id} ${chat.title} ${chat.where}`.toLowerCase().includes(wanted.toLowerCase())).slice(0, 500)
  return html`
    <div class=${`split ${place.what ? 'opened' : ''}`}>
      <section class="list" aria-label="World">
        <div class="inner">
          <h2 tabindex="-1">World</h2>
          <${Clock} />
          <h3>Chats</h3>
          ${chats.length > 8 && html`<label class="find"><span>Find a chat</span><input type="search" value=${wanted} onInput=${(event) => setWanted(event.target.value)} /></label>`}
          <ul class="chats">${shown.map((chat) => html`
            <li key=${chat.key}><${Link} view="world" what=${`chat/${chat.key}`} aria-current=${chat === opened ? 'true' : null}>
              <b><${Said} text=${chat.title} /></b><span class="muted">${chat.where} · ${counted(chat.messages.length, 'message')}${chat.closed ? ' · closed' : ''}</span><//></li>`)}</ul>
          ${chats.length === 0 && html`<p class="muted">There are no chats.</p>`}
          <${Things} state=${found.answer} />
          <${Outbox} />
        </div>
      </section>
      ${place.what && html`<section class="detail" tabindex="-1" aria-label="Chat">
        <nav class="row"><${Link} view="world">Close<//></nav>
        ${opened ? html`<${Chat} key=${opened.key} chat=${opened} />` : html`<p class="notice">There is no such chat now.</p>`}
      </section>`}
    </div>`
}

/** The chats of all services in one form. */
function chatsOf(state) {
  const bitrix24 = (state.bitrix24?.chats ?? []).map((chat) => ({
    service: 'bitrix24',
    key: `bitrix24 ${chat.connector} ${chat.line} ${chat.id}${chat.user ? ` ${chat.user}` : ''}`,
    id: chat.id,
    title: chat.name,
    where: `Bitrix24, line ${chat.line}, ${chat.connector}`,
    closed: chat.closed,
    raw: chat,
    address: { connector: chat.connector, line: chat.line, chat: chat.id, ...(chat.user ? { user: chat.user } : {}) },
    messages: (chat.messages ?? []).map((message) => ({ ...message, isOurs: Boolean(message.operator), from: message.operator ? `operator ${message.operator}` : `${message.user ?? 'customer'}`, words: message.text })),
  }))
  const chert = (state.chert?.tenants ?? []).flatMap((tenant) => tenant.chats.map((chat) => ({
    service: 'chert',
    key: `chert ${tenant.slug} ${chat.id}`,
    id: chat.id,
    title: chat.display_name ?? chat.name ?? (chat.participants ?? []).join(', '),
    where: `Chert, ${tenant.slug}`,
    closed: Boolean(chat.left),
    raw: chat,
    address: { chat: chat.id, tenant: tenant.slug },
    participants: chat.participants ?? [],
    messages: (chat.messages ?? []).map((message) => ({ ...message, isOurs: message.from === null, from: message.from ?? 'tenant', words: (message.parts ?? []).map((part) => part.value ?? part.url ?? `[${part.type}${part.filename ? `: ${part.filename}` : ''}]`).join('\n') })),
  })))
  return [...bitrix24, ...chert].map((chat) => ({ ...chat, title: chat.title || chat.id }))
}

// Everything but the chats.
function Things({ state }) {
  return html`
    ${state.bitrix24 && html`
      <h3>Lines</h3>
      <${Table} label="Lines" heads=${['Line', 'Name', 'Connectors']}>${state.bitrix24.lines.map((line) => html`<tr><th scope="row">${line.id}</th><td><${Said} text=${line.name} />${!line.active && html` <span class="badge">off</span>`}</td>
          <td>${Object.entries(line.connectors).map(([name, { status, error }]) => html`<div><code><${Said} text=${name} /></code> ${error ? 'error' : status ? 'active' : 'not active'}</div>`)}</td></tr>`)}<//>
      <h3>Handlers</h3>
      ${state.bitrix24.handlers.length === 0 ? html`<p class="muted">Nobody is told of events.</p>` : html`
        <${Table} label="Handlers" heads=${['№', 'Event', 'Goes to']}>${state.bitrix24.handlers.map((handler) => html`<tr><th scope="row">${handler.id}</th><td>${handler.event}</td><td class="url"><${Said} text=${handler.url ?? handler.name ?? ''} /></td></tr>`)}<//>`}`}
    ${(state.chert?.tenants ?? []).filter((tenant) => tenant.subscriptions?.length > 0).map((tenant) => html`
      <h3>Subscriptions of ${tenant.slug}</h3>
      <${Table} label=${`Subscriptions of ${tenant.slug}`} heads=${['Subscription', 'Goes to', 'Events']}>${tenant.subscriptions.map((one) => html`<tr><th scope="row">${one.id}</th><td class="url"><${Said} text=${one.url} /></td><td>${one.events.join(', ') || 'all'}${one.is_active ? '' : ', switched off'}</td></tr>`)}<//>`)}
    <details><summary>The whole state as a tree</summary><div class="tree"><${Tree} value=${state} depth=${3} /></div></details>`
}

function Outbox() {
  const found = useAsked('outbox')
  if (!found.answer) return html`<h3>Outbox</h3><${Absent} found=${found} />`
  const { deliveries, silences, counts } = found.answer
  const told = Object.entries(counts).filter(([name, count]) => count > 0 && name !== 'entered').map(([name, count]) => `${count} ${name}`)
  return html`
    <h3>Outbox</h3>
    <p>${told.join(', ') || 'No event was raised for a handler.'}</p>
    ${deliveries.length > 0 && html`<${Table} label="Outbox" heads=${['Event', 'What', 'State', 'Next']}>${deliveries.slice(-50).reverse().map((delivery) => html`<tr key=${delivery.id} class=${isBad(delivery) ? 'bad' : ''}><th scope="row"><${Event} id=${delivery.id} /></th><td>${delivery.event}</td><td>${stateOf(delivery)}</td><td>${timeOf(delivery.next)}</td></tr>`)}<//>`}
    ${silences.length > 0 && html`<details><summary>${silences.length} that went to nobody</summary><ul>${silences.map((silence) => html`<li><${Said} text=${silence.remark} /></li>`)}</ul></details>`}`
}
