// What the page says of its connection and its namespace, and that a hidden tab holds no connection.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { browser, keys, leave, live, stop, visit } from './browser.mjs'
import { serve } from './server.mjs'

after(stop)

test('before the first connection the page connects and loads', async (t) => {
  const server = await serve()
  t.after(server.stop)
  const context = await (await browser()).newContext()
  let go
  const held = new Promise((done) => { go = done })
  await context.route('**/journal?rows=true', async (route) => { await held; await route.continue() })
  const page = await visit(server.base, '', { context })
  await page.locator('.state', { hasText: /^connecting$/ }).waitFor()
  await page.getByRole('treegrid').getByText('Loading…').waitFor()
  go()
  await live(page)
  await page.getByText('Nothing has happened yet').waitFor()
  await leave(page)
})

test('a namespace that is not there is said to be so, and goes live when it is made', async (t) => {
  const server = await serve()
  t.after(server.stop)
  const page = await visit(server.base, '#/timeline?in=ghost')
  await page.getByRole('heading', { name: 'There is no namespace ghost' }).waitFor()
  await page.getByRole('link', { name: 'Choose another' }).click()
  await page.getByRole('heading', { name: 'Namespaces' }).waitFor()
  await live(page)
  await page.goto(`${server.base}/__standin/#/timeline?in=ghost`)
  await page.getByRole('heading', { name: 'There is no namespace ghost' }).waitFor()
  await server.control('namespaces', { name: 'ghost' })
  await live(page)
  await server.rename('chat-1', 'One', 'webhook-secret-ghost')
  await page.locator('#line-1').waitFor()

  await fetch(`${server.base}/__standin/namespaces/ghost`, { method: 'DELETE' })
  await page.locator('.state.gone').waitFor()
  await server.control('namespaces', { name: 'ghost' })
  await live(page)
  await page.locator('#line-1').waitFor({ state: 'detached' })
  await server.rename('chat-1', 'Two', 'webhook-secret-ghost')
  await page.locator('#line-1').waitFor()
  // The browser itself notes what it asked for while the namespace was not there.
  page.wrongs = page.wrongs.filter((wrong) => !wrong.includes('404'))
  await leave(page)
})

test('a hidden tab lets its stream go, and takes it up where it was', async (t) => {
  const server = await serve()
  t.after(server.stop)
  const page = await visit(server.base)
  await live(page)
  const see = (state) => page.evaluate((state) => {
    Object.defineProperty(document, 'visibilityState', { value: state, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  }, state)
  await server.rename('chat-1', 'One')
  await page.locator('#line-1').waitFor()
  const ended = page.waitForEvent('requestfailed', (request) => request.url().includes('/stream'))
  await see('hidden')
  await ended
  await server.rename('chat-1', 'Two')
  assert.equal(await page.locator('#line-2').count(), 0)
  await see('visible')
  await page.locator('#line-2').waitFor()
  await live(page)
  assert.deepEqual(await keys(page), ['2', '1'])
  await leave(page)
})
