// What breaks while one looks loses nothing: the connection, the page, the reader that is too slow.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { browser, keys, leave, live, stop, visit } from './browser.mjs'
import { serve, way } from './server.mjs'

after(stop)

const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, at) => String(to - at))

test('a broken connection and a reload lose nothing and double nothing', async (t) => {
  const server = await serve()
  const through = await way(server.base)
  t.after(() => { through.stop(); return server.stop() })
  const page = await visit(through.base)
  await live(page)
  for (let count = 0; count < 40; count += 1) await server.rename('chat-1', `name ${count}`)
  await page.locator('#line-40').waitFor()

  through.cut()
  await page.locator('.state.broken').waitFor()
  for (let count = 0; count < 40; count += 1) await server.rename('chat-1', `name ${count}`)
  // The browser itself writes into the console that a connection was refused: that is no error of the page.
  page.wrongs.length = 0
  through.mend()
  await live(page)
  await page.locator('#line-80').waitFor()
  page.wrongs = page.wrongs.filter((wrong) => !wrong.includes('net::ERR_'))
  assert.deepEqual(await keys(page), numbers(1, 80))

  const calling = (async () => { for (let count = 0; count < 40; count += 1) await server.rename('chat-1', `name ${count}`) })()
  await page.reload()
  await calling
  await page.locator('#line-120').waitFor()
  assert.deepEqual(await keys(page), numbers(1, 120))
  await leave(page)
})

test('a reset begins anew, and a namespace that is dropped is said to be gone', async (t) => {
  const server = await serve()
  t.after(server.stop)
  const page = await visit(server.base)
  await live(page)
  await server.rename('chat-1', 'One')
  await server.rename('chat-1', 'Two')
  await page.locator('#line-2').waitFor()
  await server.control('reset', {})
  await page.locator('#line-2').waitFor({ state: 'detached' })
  await server.rename('chat-1', 'Three')
  await page.locator('#line-1').waitFor()
  assert.deepEqual(await keys(page), ['1'])

  await server.control('namespaces', { name: 'short' })
  const other = await visit(server.base, '#/timeline?in=short', { context: page.context() })
  await live(other)
  await fetch(`${server.base}/__standin/namespaces/short`, { method: 'DELETE' })
  await other.locator('.state.gone').waitFor()
  await leave(page)
})

test('a thousand calls at once are all there, and who reads further down stays there', async (t) => {
  const server = await serve()
  t.after(server.stop)
  const page = await visit(server.base)
  await live(page)
  for (let count = 0; count < 100; count += 1) await server.rename('chat-1', `name ${count}`)
  await page.locator('#line-100').waitFor()
  await page.locator('[role="treegrid"]').evaluate((box) => { box.scrollTop = 28 * 50 })
  await page.locator('#line-50').waitFor()
  const place = () => page.locator('#line-50').evaluate((line) => Math.round(line.getBoundingClientRect().top))
  const before = await place()
  await Promise.all(Array.from({ length: 20 }, async () => { for (let count = 0; count < 45; count += 1) await server.rename('chat-1', `name ${count}`) }))
  await page.waitForFunction(() => document.querySelector('[role="treegrid"]').ariaRowCount === '1001')
  assert.equal(await place(), before)
  assert.deepEqual(await keys(page), numbers(1, 1000))
  await leave(page)
})

test('what came faster than the page is told is fetched later', async (t) => {
  const server = await serve()
  t.after(server.stop)
  for (let count = 0; count < 5; count += 1) await server.rename('chat-1', `name ${count}`)
  const context = await (await browser()).newContext()
  // The first stream says only that 20 exchanges are left out, and ends. The next one goes on behind them.
  await context.route('**/stream?**', async (route) => {
    for (let count = 0; count < 20; count += 1) await server.rename('chat-1', `more ${count}`)
    const { cursor } = await server.control('journal?rows=true')
    const missed = { after: new URL(route.request().url()).searchParams.get('after'), before: cursor, exchanges: 20, lost: 0 }
    await route.fulfill({ contentType: 'text/event-stream', body: `id: ${cursor}\nevent: missed\ndata: ${JSON.stringify(missed)}\n\n` })
  }, { times: 1 })
  const page = await visit(server.base, '', { context })
  await page.getByText('20 exchanges came faster').waitFor()
  await page.locator('#line-25').waitFor()
  await page.getByText('20 exchanges came faster').waitFor({ state: 'detached' })
  assert.deepEqual(await keys(page), numbers(1, 25))
  await leave(page)
})
