// The list of faults and their editor: what must not be edited, what is offered, and that one sees where to begin.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { leave, live, stop, visit } from './browser.mjs'
import { serve } from './server.mjs'

after(stop)

test('a fault with a secret is not edited, so that no stars are stored for it', async (t) => {
  const server = await serve()
  t.after(server.stop)
  await server.control('faults', { name: 'of a credential', on: 'bitrix24', match_credential: 'access-token', delay: '1ms' })
  await server.control('faults', { name: 'of a value', on: 'bitrix24', match: { NAME: 'webhook-secret' }, delay: '1ms' })
  await server.control('faults', { name: 'of no secret', on: 'bitrix24', match: { NAME: '***' }, delay: '1ms' })
  const page = await visit(server.base, '#/faults')
  await live(page)
  for (const name of ['of a credential', 'of a value']) {
    await page.locator('.faults li').filter({ hasText: name }).getByText('it holds a secret').waitFor()
    assert.equal(await page.getByRole('button', { name: `Edit ${name}` }).count(), 0)
  }
  await page.getByRole('button', { name: 'Edit of no secret' }).click()
  await page.getByRole('button', { name: 'Replace' }).click()
  await page.getByRole('status').filter({ hasText: 'is replaced' }).waitFor()
  await leave(page)
})

test('one sees where to add a fault, and the editor, above a long list', async (t) => {
  const server = await serve()
  t.after(server.stop)
  for (let count = 0; count < 30; count += 1) await server.control('faults', { name: `fault ${count}`, on: 'bitrix24', delay: '1ms' })
  const page = await visit(server.base, '#/faults')
  await live(page)
  await page.locator('.faults li').nth(31).waitFor()
  const seen = (locator) => locator.evaluate((one) => { const { top, bottom } = one.getBoundingClientRect(); return top >= 0 && bottom <= innerHeight })
  const add = page.getByRole('button', { name: 'Add a fault' })
  assert.equal(await seen(add), true)
  await add.click()
  const text = page.getByLabel(/A fault as in a scenario/)
  assert.equal(await seen(text), true)
  await page.getByRole('button', { name: 'Edit fault 29' }).click()
  await page.getByRole('heading', { name: 'Edit fault 29' }).waitFor()
  await page.waitForFunction(() => document.activeElement.id === 'fault-text')
  assert.equal(await seen(text), true)
  await leave(page)
})

test('the editor offers `deliver` for events, and for calls what calls have', async (t) => {
  const server = await serve()
  t.after(server.stop)
  const page = await visit(server.base, '#/faults')
  await live(page)
  await page.getByRole('button', { name: 'Add a fault' }).click()
  const text = page.getByLabel(/A fault as in a scenario/)
  const offered = async (on) => {
    await text.fill(`name: one\non: ${on}\n`)
    await text.press('Control+Space')
    await page.locator('#fault-choices li').first().waitFor()
    return page.locator('#fault-choices li b').allTextContents()
  }
  for (const [on, has, lacks] of [
    ['chert.chats.rename', 'reply', 'deliver'],
    ['bitrix24', 'error', 'deliver'],
    ['chert.message.received', 'deliver', 'reply'],
    ['bitrix24.OnImConnectorMessageAdd', 'deliver', 'error'],
  ]) {
    const words = await offered(on)
    assert.equal(words.includes(has), true, `${on}: ${words}`)
    assert.equal(words.includes(lacks), false, `${on}: ${words}`)
  }
  for (const word of ['deliver', 'error']) {
    await text.fill(`name: one\non: bitrix24.events\n${word.slice(0, 3)}`)
    await page.locator('#fault-choices li b').getByText(word, { exact: true }).waitFor()
  }
  await leave(page)
})
