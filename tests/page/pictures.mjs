// Makes the pictures of README.md and docs/page.md: a server, some calls, two views.
import { stop, visit, live } from './browser.mjs'
import { handler, serve } from './server.mjs'

const DOCS = new URL('../../docs/', import.meta.url).pathname

const app = await handler()
const server = await serve('--handler', `app=${app.url}`)
const write = (chat, text) => server.control('actions', { do: 'bitrix24.operator.write', with: { connector: 'connector', line: 105, chat, text } })
await server.call('ch_01H', 'Launch')
await write('chat-1', 'Guten Tag! How can I help?')
const recipient = (what, how) => server.control('actions', { do: `chert.${what}`, with: { chat: 'ch_02D', ...how } })
await recipient('recipient.write', { text: 'Can you show me the new flat on Friday?' })
await recipient('recipient.react', { message: 'msg_01H', reaction: 'love' })
await server.rename('chat-1', 'Maria Silva')
await server.batch()
await server.rename('chat-1', 'Maria Silva')
await server.rename('sleeping-chat', 'Maria Silva')
await server.call('ch_01H', 'Launch crew')
await server.rename('chat-9', 'Nobody')
await server.rename('chat-1', 'Maria Silva, Lisbon')

async function picture(file, hash, there) {
  const page = await visit(server.base, hash, { width: 1280, height: 800 })
  await live(page)
  await page.locator(there).first().waitFor()
  await page.evaluate(() => document.activeElement.blur())
  await page.screenshot({ path: DOCS + file })
  await page.context().close()
}

await picture('page-exchange.png', '#/timeline/2', '.detail .wire')
await picture('page-world.png', `#/world/${encodeURIComponent('chat/chert acme-7a3f ch_02D')}`, '.messages li')
await stop()
await server.stop()
app.stop()
