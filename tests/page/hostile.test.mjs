// Texts of clients are only ever text, whatever stands in them.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { leave, live, stop, visit } from './browser.mjs'
import { serve } from './server.mjs'

after(stop)

const MARKUP = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>'
const TURNED = 'invoice\u202egnp.exe'
const EMOJI = '👩‍🚀 Ünïcödé 日本'

test('hostile names are text', async (t) => {
  const server = await serve()
  t.after(server.stop)
  await server.control('faults', { name: `${MARKUP} fault`, on: 'chert.chats.rename', when: { call: 2 }, delay: '1ms' })
  for (const name of [MARKUP, TURNED, EMOJI]) await server.call('ch_01H', name)
  await server.call(encodeURIComponent(MARKUP), 'x')
  await server.rename(`javascript:alert(1)//${TURNED}`, MARKUP)
  const page = await visit(server.base)
  await live(page)
  const shows = (text) => page.locator('.detail .tree, .detail h2').getByText(text).first().waitFor()
  const opened = async (number) => {
    await page.goto(`${server.base}/__standin/#/timeline/${number}`)
    await page.locator('.detail').getByRole('heading', { name: new RegExp(`Exchange ${number}:`) }).waitFor()
  }
  await opened(1)
  await shows(MARKUP)
  await opened(2)
  await page.locator('.detail .unseen').getByText('U+202E').first().waitFor()
  assert.doesNotMatch(await page.locator('body').textContent(), /\u202e/)
  await opened(3)
  await page.locator('.detail .tree').first().getByText(EMOJI).waitFor()
  await opened(4)
  await opened(5)
  await shows(MARKUP)
  for (const view of ['faults', 'world', 'judgement', 'namespaces']) {
    await page.goto(`${server.base}/__standin/#/${view}`)
    await page.locator('#content h2').first().waitFor()
    if (view === 'faults') await page.getByText(`${MARKUP} fault`).waitFor()
  }
  assert.equal(await page.locator('img').count(), 0)
  assert.equal(await page.locator('a[href^="javascript"]').count(), 0)
  assert.equal(await page.evaluate(() => window.hurt), undefined)
  await leave(page)
})

test('errors of a batch that no service gives do no harm', async (t) => {
  const server = await serve()
  t.after(server.stop)
  for (const errors of [{ a: null, b: { error: { constructor: MARKUP } }, [MARKUP]: { error: MARKUP } }, MARKUP, null, [1]]) {
    await server.control('faults', { name: JSON.stringify(errors).slice(0, 9), on: 'bitrix24.batch', when: { first: 1 }, reply: { status: 200, body: JSON.stringify({ result: { result_error: errors } }) } })
    await server.batch()
  }
  const page = await visit(server.base)
  await live(page)
  for (const number of [1, 2, 3, 4]) {
    await page.goto(`${server.base}/__standin/#/timeline/${number}`)
    await page.locator('.detail').getByRole('heading', { name: `Exchange ${number}:` }).waitFor()
    if (number === 1) await page.locator('.detail header').getByText(MARKUP).first().waitFor()
  }
  assert.equal(await page.evaluate(() => window.hurt), undefined)
  await leave(page)
})

test('a body of nearly 1 MiB is shown, and more of it when one asks', async (t) => {
  const server = await serve()
  t.after(server.stop)
  await server.call('ch_01H', `${'long '.repeat(200_000)}end`)
  const page = await visit(server.base, '#/timeline/1')
  const tree = page.locator('.detail .tree').first()
  await tree.getByRole('button', { name: /4,000 characters of 1,000,003 are shown/ }).click()
  await tree.getByRole('button', { name: /104,000 characters of 1,000,003 are shown/ }).waitFor()
  await page.getByRole('group', { name: 'Show the body of the request' }).getByRole('button', { name: 'As sent' }).click()
  await page.getByLabel('Body of the request').getByRole('button', { name: /show more/ }).waitFor()
  await leave(page)
})
