// What the tests in JavaScript share: the control interface of the running server.
import { readFile } from 'node:fs/promises'

const scenarios = new URL('../../scenarios/', import.meta.url)

async function ask(path, body) {
  const answer = await fetch(`${process.env.STANDIN_URL}/__standin/${path}`, { method: body ? 'POST' : 'GET', body })
  if (!answer.ok) throw new Error(await answer.text())
  return answer.json()
}

// Texts to replace in a scenario.
export const LIVE = ['bitrix24:', 'bitrix24:\n  edition: live']
export const EXPIRED = ['expires: 30s', 'expires: 0s'] // at the start

/** Every error of Bitrix24 as `bitrix24-errors.yaml` gives it, and what to send for it. */
export const ERRORS = JSON.parse(await readFile(new URL('bitrix24-errors.json', import.meta.url), 'utf8'))

/** Puts a scenario of the library in place, with texts replaced in it and further faults. */
export async function serve(name, { faults = [], replace = [] } = {}) {
  const text = await readFile(new URL(`${name}.yaml`, scenarios), 'utf8')
  await ask('scenario', replace.reduce((text, [old, present]) => text.replace(old, present), text))
  for (const [number, fault] of faults.entries()) {
    await ask('faults', JSON.stringify({ name: `fault ${number}`, ...fault }))
  }
}

/** What was asked so far: of each request the operation, without the service, and the status of its answer. */
export async function journal() {
  const { entries } = await ask('journal')
  return entries.map((entry) => `${entry.operation?.replace(/^\w+\./, '')} ${entry.response.status}`)
}

/** The present names of Bitrix24's chats by their ids. */
export async function names() {
  const { bitrix24 } = await ask('state')
  return Object.fromEntries(bitrix24.chats.map((chat) => [chat.id, chat.name]))
}
