// What the page says where something is not there, is refused, or has a time or a size of its own.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { leave, live, stop, visit } from './browser.mjs'
import { serve } from './server.mjs'

after(stop)

test('what has not happened is said to be so, and is shown when it happens', async (t) => {
  const server = await serve()
  t.after(server.stop)
  const page = await visit(server.base)
  await live(page)
  for (const what of ['999999', 'e7', 'a7', 'nothing']) {
    await page.goto(`${server.base}/__standin/#/timeline/${what}`)
    await page.locator('.detail').getByText('It has not happened, or is kept no longer.').waitFor()
  }
  await page.goto(`${server.base}/__standin/#/timeline/1`)
  await page.locator('.detail').getByRole('heading', { name: 'No exchange 1' }).waitFor()
  await server.rename('chat-1', 'One')
  await page.locator('.detail').getByRole('heading', { name: 'Exchange 1:' }).waitFor()
  await leave(page)
})

test('a text that the browser does not copy is chosen, to be copied by hand', async (t) => {
  const server = await serve()
  t.after(server.stop)
  await server.rename('chat-1', 'One')
  const page = await visit(server.base, '#/timeline/1')
  await live(page)
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error('denied'))
    document.execCommand = () => false
  })
  await page.getByRole('button', { name: 'Copy as curl' }).click()
  await page.getByRole('textbox', { name: 'To be copied' }).waitFor()
  await page.getByRole('status').filter({ hasText: 'copy the text that is chosen' }).waitFor()
  assert.match(await page.evaluate(() => getSelection().toString()), /\ncurl -i -X POST/)
  await page.evaluate(() => { document.execCommand = () => true })
  await page.getByRole('button', { name: 'Copy as curl' }).click()
  await page.getByRole('status').filter({ hasText: 'copied' }).waitFor()
  await page.getByRole('textbox', { name: 'To be copied' }).waitFor({ state: 'detached' })
  await leave(page)
})

test('a clock that is to go back says what to type', async (t) => {
  const server = await serve()
  t.after(server.stop)
  const page = await visit(server.base, '#/world')
  await live(page)
  await page.getByLabel(/How far/).fill('-5s')
  await page.getByRole('button', { name: 'Advance' }).click()
  const told = page.getByRole('alert').filter({ hasText: '-5s' })
  await told.waitFor()
  assert.equal(await told.textContent(), '`-5s` goes back, and a clock advances: write it without `-`')
  // The browser itself notes that the server refused it.
  page.wrongs = page.wrongs.filter((wrong) => !wrong.includes('400'))
  await leave(page)
})

test('plots say whose time they show, and labels can be read at 360 px', async (t) => {
  const server = await serve()
  t.after(server.stop)
  await server.call('ch_01H', 'One')
  await server.call('ch_01H', 'Two')
  const page = await visit(server.base, '#/plots', { width: 360 })
  await live(page)
  const lowest = (within) => page.locator(`${within} text`).evaluateAll((texts) => Math.min(...texts.map((text) => text.getBoundingClientRect().height)))
  await page.locator('.plot').first().waitFor()
  await page.getByText('not of the virtual clock').waitFor()
  assert.equal(await lowest('.plot') >= 11, true)
  await page.goto(`${server.base}/__standin/#/timeline/2`)
  await page.locator('.wire').waitFor()
  assert.equal(await lowest('.wire') >= 11, true)
  await leave(page)
})
