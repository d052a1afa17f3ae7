// The page of `standin proxy`: it marks the answers that differ, shows how, and offers nothing that a proxy does not have.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { leave, live, stop, visit } from './browser.mjs'
import { proxy, serve } from './server.mjs'

after(stop)

// A server whose first rename differs from the contract, and a proxy in front of it.
async function passing(t, ...flags) {
  const server = await serve()
  t.after(server.stop)
  const reply = { status: 200, headers: { 'content-type': 'text/html' }, body: '<b>\u202eodd</b>' }
  await server.control('faults', { name: 'odd', on: 'chert.chats.rename', when: { first: 1 }, reply })
  const between = await proxy(server.base, ...flags)
  t.after(between.stop)
  await between.call('ch_01H', 'One')
  await between.call('ch_01H', 'Two')
  await between.call('ch_nobody', 'Three')
  return between
}

test('an answer that differs is marked, found by the filter, and opened with what differs', async (t) => {
  const between = await passing(t)
  const { differences } = await between.control('journal/1')
  assert.ok(differences.length > 1)
  const page = await visit(between.base)
  await live(page)
  const line = (key) => page.locator(`[id="line-${key}"]`)
  await line(3).waitFor()
  assert.equal(await line(1).locator('.outcome').textContent(), `${differences.length} differ, 200`)
  assert.match(await line(1).getAttribute('class'), /failed/)
  assert.equal(await line(2).locator('.outcome').textContent(), '200')
  assert.doesNotMatch(await line(2).getAttribute('class'), /failed/)
  assert.match(await line(3).locator('.outcome').textContent(), /^404 /)
  await page.getByText('3 calls, 1 error, 1 differing').waitFor()

  await page.getByLabel('Outcome').selectOption('differs')
  await line(2).waitFor({ state: 'detached' })
  await line(3).waitFor({ state: 'detached' })
  await line(1).click()
  const told = page.getByRole('region', { name: 'What differs from the contract' })
  await told.getByRole('heading').waitFor()
  assert.equal(await told.locator('li').count(), differences.length)
  const body = told.locator('li').filter({ has: page.getByText('body', { exact: true }) })
  assert.match(await body.textContent(), /Expected: an object as JSON\. Found: <b>U\+202Eodd<\/b>\..*docs\.trychert\.com/)
  await page.getByText('What was sent is not kept').waitFor()
  assert.equal(await page.getByRole('button', { name: /Copy as/ }).count(), 0)
  await leave(page)
})

test('a proxy offers what it has, and claims nothing of an exchange that it does not know', async (t) => {
  const between = await passing(t, '--keep', '10')
  const page = await visit(between.base, '#/timeline/2')
  await live(page)
  const links = page.getByRole('navigation', { name: 'Views' }).getByRole('link')
  await page.getByText('1 differing').waitFor()
  assert.deepEqual(await links.allTextContents(), ['Timeline', 'Plots'])
  assert.equal(await page.getByLabel('Namespace').count(), 0)
  const detail = page.locator('.detail')
  await detail.getByText('display_name').first().waitFor()
  await detail.getByRole('img', { name: /Time axis: the head of the request was there at 0 µs; the whole answer was sent/ }).waitFor()
  assert.deepEqual(await detail.getByRole('heading', { level: 3 }).allTextContents(), ['On the connection', 'Request', 'Response'])
  assert.equal(await page.getByRole('button', { name: /Make the next/ }).count(), 0)
  await detail.getByRole('button', { name: 'Copy as curl' }).click()
  await page.getByRole('status').filter({ hasText: 'copied' }).waitFor()
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /curl -i -X PUT/)
  await leave(page)
})
