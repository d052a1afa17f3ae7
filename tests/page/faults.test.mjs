// The list of faults and their editor: what must not be edited.
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
