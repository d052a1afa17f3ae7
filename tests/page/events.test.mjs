// Events on their way: what faults did to them, and which rules they show to be broken.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { keys, leave, live, stop, visit } from './browser.mjs'
import { handler, serveScenario } from './server.mjs'

after(stop)

const STORM = new URL('scenario-storm.yaml', import.meta.url).pathname

test('the timeline says what faults did to events', async (t) => {
  // The third one to come is forged, and the handler refuses it.
  const app = await handler((number) => (number === 3 ? 401 : 200))
  const server = await serveScenario(STORM, '--handler', `app=${app.url}`)
  t.after(() => Promise.all([server.stop(), app.stop()]))
  const page = await visit(server.base)
  await live(page)
  const line = (key) => page.locator(`[id="line-${key}"]`)
  for (const [text, last] of [['One', 'e1'], ['Two', 'e3'], ['Three', 'e5']]) {
    await server.control('actions', { do: 'chert.recipient.write', with: { chat: 'ch_02D', text } })
    await line(last).locator('.outcome', { hasText: /delivered|lost/ }).waitFor()
  }
  assert.match(await line('e1').textContent(), /lost, not sent.*it is lost/)
  assert.doesNotMatch(await line('e1').textContent(), /delivered/)
  assert.match(await line('e3').textContent(), /repeat.*delivered 200.*it comes twice/)
  assert.match(await line('e4').textContent(), /forged.*refused 401.*a forged one/)
  assert.doesNotMatch(await line('e4').getAttribute('class'), /failed/)
  for (const key of ['a1', 'e1', 'e4']) assert.equal(await line(key).locator('.chat').textContent(), 'ch_02D')
  for (const [key, badge] of [['e1', 'lost, not sent'], ['e4', 'forged']]) {
    await line(key).click()
    await page.locator('.detail .badge', { hasText: badge }).waitFor()
  }

  await page.getByLabel('Fault').selectOption('it is lost')
  await line('e5').waitFor({ state: 'detached' })
  assert.deepEqual(await keys(page), ['a1', 'e1'])
  await page.getByRole('button', { name: 'Clear' }).click()
  await page.getByLabel('Text').fill('a forged one')
  await line('e1').waitFor({ state: 'detached' })
  await line('e4').waitFor()
  await page.getByRole('button', { name: 'Clear' }).click()
  await page.getByRole('combobox', { name: 'About' }).selectOption('ch_02D')
  await page.getByRole('combobox', { name: 'What' }).selectOption('delivery')
  await line('e1').waitFor()
  assert.equal((await keys(page)).length, 8)
  await leave(page)
})

test('the judgement names the events that show a breach', async (t) => {
  const app = await handler(() => 302)
  const server = await serveScenario(STORM, '--handler', `app=${app.url}`)
  t.after(() => Promise.all([server.stop(), app.stop()]))
  for (const text of ['One', 'Two']) await server.control('actions', { do: 'chert.recipient.write', with: { chat: 'ch_02D', text } })
  const page = await visit(server.base, '#/judgement')
  await live(page)
  const rule = page.locator('.cards li').filter({ hasText: 'chert.' }).first()
  await rule.waitFor()
  const words = await rule.textContent()
  assert.doesNotMatch(words, /; ;|`/)
  await rule.getByRole('link', { name: 'event e2' }).click()
  await page.locator('.detail').getByRole('heading', { name: /Event e2/ }).waitFor()
  await leave(page)
})

test('an address with a name that every object has shows the timeline', async (t) => {
  const server = await serveScenario(STORM)
  t.after(server.stop)
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    const page = await visit(server.base, `#/${name}`)
    await live(page)
    await page.getByText('Nothing has happened yet').waitFor()
    assert.equal(await page.getByRole('link', { name: 'Timeline' }).getAttribute('aria-current'), 'page')
    await leave(page)
  }
})

test('faults on events count deliveries, and a half-written fault is kept', async (t) => {
  const server = await serveScenario(STORM)
  t.after(server.stop)
  const page = await visit(server.base, '#/faults')
  await live(page)
  const view = (name) => page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name }).click()
  await page.locator('.faults li').filter({ hasText: 'it comes twice' }).getByText('delivery 2, after 1 other').waitFor()
  await page.locator('.faults li').filter({ hasText: 'it is lost' }).getByText('0 deliveries').waitFor()
  await page.getByRole('button', { name: 'Make the next call fail' }).click()
  await page.getByRole('button', { name: 'with 503: chert', exact: true }).press('Escape')
  await page.getByRole('button', { name: 'Add a fault' }).click()
  const text = page.getByLabel(/A fault as in a scenario/)
  await text.fill('name: half')
  await view('World')
  await page.getByRole('heading', { name: 'Chats' }).waitFor()
  await view('Faults')
  assert.equal(await text.inputValue(), 'name: half')
  await page.getByRole('button', { name: 'Cancel' }).click()
  await view('World')
  await view('Faults')
  await page.getByRole('button', { name: 'Add a fault' }).waitFor()
  await leave(page)
})
