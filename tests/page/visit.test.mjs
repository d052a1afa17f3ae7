// The scripted visit: it uses each part of the page once, while others call the server.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { leave, live, stop, visit } from './browser.mjs'
import { handler, serve } from './server.mjs'

after(stop)

test('a person visits every part of the page', async (t) => {
  const app = await handler()
  const server = await serve('--handler', `app=${app.url}`)
  t.after(() => Promise.all([server.stop(), app.stop()]))
  const page = await visit(server.base)
  await live(page)
  const line = (key) => page.locator(`[id="line-${key}"]`)
  const view = (name) => page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name }).click()
  // What the page tells stands for six seconds only, so that the wait for it begins before the click.
  const tells = (text, button) =>
    Promise.all([page.getByRole('status').filter({ hasText: text }).waitFor(), button.click()])

  await t.test('three calls come in', async () => {
    await page.getByText('Nothing has happened yet').waitFor()
    await server.rename('chat-1', 'First')
    await line(1).waitFor()
    await server.rename('chat-1', 'Second')
    await server.batch()
    await line(3).waitFor()
    assert.match(await line(1).textContent(), /imconnector\.chat\.name\.set.*chat-1.*400 CHAT_RENAMING_FAILED.*fails once, then recovers/)
    assert.match(await line(2).textContent(), /200/)
    await line(3).locator('.fold').click()
    await line('3.2').waitFor()
    assert.match(await line('3').textContent(), /200, 1 failed/)
    assert.match(await line('3.1').getAttribute('class'), /command|part/)
    assert.doesNotMatch(await line('3.1').getAttribute('class'), /failed/)
    assert.match(await line('3.2').textContent(), /command imconnector\.chat\.name\.set.*ERROR_ARGUMENT/)
  })
  const rest = await server.traffic()

  await t.test('filters', async () => {
    await page.getByLabel('Outcome').selectOption('failed')
    await line(2).waitFor({ state: 'detached' })
    assert.equal(await line(1).count(), 1)
    assert.equal(await line(3).count(), 1)
    assert.match(page.url(), /status=failed/)
    await page.getByLabel('Text').fill('chat-1')
    await page.getByRole('combobox', { name: 'About' }).selectOption('chat-1')
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByLabel('Operation').selectOption('bitrix24.imconnector.chat.name.set')
    await page.getByLabel('Fault').selectOption('fails once, then recovers')
    await line(2).waitFor({ state: 'detached' })
  })

  await t.test('opens the failed one and reads its stages and its fault', async () => {
    await line(1).click()
    const detail = page.locator('.detail')
    await detail.getByRole('heading', { name: /Exchange 1:/ }).waitFor()
    await detail.locator('.stages .refused').waitFor()
    assert.match(await detail.locator('.stages .refused').textContent(), /delivery.*refused here by a fault/)
    assert.equal(await detail.locator('.stages .passed').count(), 4)
    assert.match(await detail.locator('.cards .fired').textContent(), /fails once, then recovers.*fired on its call 1/)
    assert.match(await detail.locator('.tree').first().textContent(), /CHAT_ID.*chat-1/)
    await detail.getByRole('heading', { name: 'The live edition' }).waitFor()
    await detail.getByRole('img', { name: /Time axis/ }).waitFor()
  })

  await t.test('copies its curl and runs it', async () => {
    await tells('copied', page.getByRole('button', { name: 'Copy as curl' }))
    const command = await page.evaluate(() => navigator.clipboard.readText())
    assert.doesNotMatch(command, /webhook-secret/)
    const variables = { STANDIN_URL: server.base, BITRIX24_WEBHOOK_URL: `${server.base}/rest/1/webhook-secret/`, BITRIX24_REST_URL: `${server.base}/rest/` }
    const { stdout } = await promisify(execFile)('sh', ['-c', command], { env: { ...process.env, ...variables } })
    assert.match(stdout, /"SUCCESS":true/)
    for (const form of ['fixture', 'scenario step']) {
      await page.getByRole('button', { name: `Copy as ${form}` }).click()
      await page.waitForFunction((old) => navigator.clipboard.readText().then((text) => text !== old), command)
    }
  })

  await t.test('makes the next call fail in two clicks', async () => {
    await page.locator('.detail').getByRole('button', { name: 'Make the next such call fail' }).click()
    await tells('fails with 503', page.locator('.detail').getByRole('button', { name: 'with 503' }))
    assert.match(await server.rename('chat-1', 'Third'), /Service Unavailable/)
  })

  await t.test('adds a fault with a mistake and mends it', async () => {
    await view('Faults')
    await page.getByRole('button', { name: 'Add a fault' }).click()
    const text = page.getByLabel(/A fault as in a scenario/)
    await text.fill('name: slow\non: chert.chats.rename\nwhen: {frist: 1}\n')
    await page.locator('.findings').getByText(/there is no key/).waitFor()
    assert.equal(await page.getByRole('button', { name: 'Add', exact: true }).isDisabled(), true)
    await text.fill('name: slow\non: chert.chats.rename\nwhen: {fir')
    await page.locator('#fault-choices').getByRole('option', { name: /first/ }).waitFor()
    await text.press('Tab')
    await text.pressSequentially('1}\nreply: {status: 502}')
    assert.equal(await text.inputValue(), 'name: slow\non: chert.chats.rename\nwhen: {first: 1}\nreply: {status: 502}')
    await page.getByText('No mistake found').waitFor()
    await tells('the fault is added', page.getByRole('button', { name: 'Add', exact: true }))
    const card = page.locator('.faults li').filter({ hasText: 'slow' })
    await card.getByText('the next call').waitFor()
  })

  await t.test('re-arms it, switches it and removes it', async () => {
    const card = page.locator('.faults li').filter({ hasText: 'slow' })
    await server.call('ch_01H', 'Launch')
    await card.getByText('spent').waitFor()
    await page.getByRole('button', { name: 'Re-arm slow' }).click()
    await card.getByText('the next call').waitFor()
    await page.getByRole('button', { name: 'Switch off slow' }).click()
    await card.getByText('it is off').waitFor()
    await page.getByRole('button', { name: 'Edit slow' }).click()
    const text = page.getByLabel(/A fault as in a scenario/)
    assert.match(await text.inputValue(), /status: 502/)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Remove slow' }).click()
    await card.waitFor({ state: 'detached' })
  })

  await t.test('lets the operator answer and reads the event that goes out', async () => {
    await view('World')
    await page.getByRole('link', { name: /line 105, connector/ }).click()
    await page.getByLabel('The operator writes').fill('Guten Tag!')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.locator('.messages').getByText('Guten Tag!').waitFor()
    await view('Timeline')
    await page.getByRole('combobox', { name: 'What' }).selectOption('delivery')
    await line('e1').getByText('delivered 200').waitFor()
    await line('e1').locator('.chat').getByText('chat-1').waitFor()
    await line('e1').click()
    await page.locator('.detail').getByRole('heading', { name: /Event e1: bitrix24.OnImConnectorMessageAdd/ }).waitFor()
    await page.locator('.detail').getByText('Guten Tag!').waitFor()
    assert.match(decodeURIComponent(app.came[0]), /Guten\+Tag!/)
    await page.locator('.detail').getByRole('link', { name: 'action a1' }).click()
    await page.locator('.detail').getByRole('heading', { name: /Action a1/ }).waitFor()
  })

  await t.test('lets a recipient answer', async () => {
    await view('World')
    await page.getByRole('link', { name: /14155551234/ }).click()
    await page.locator('.messages').getByText('Hello! How are you?').waitFor()
    await page.getByLabel('The recipient writes').fill('Sure, what time?')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.locator('.messages').getByText('Sure, what time?').waitFor()
  })

  await t.test('advances the clock', async () => {
    await page.getByLabel(/How far/).fill('20m')
    await tells('the clock went ahead by 20m', page.getByRole('button', { name: 'Advance' }))
    await page.locator('.clock').getByText(/^16:1\d:/).waitFor()
  })

  await t.test('sees a broken rule and an expectation that is not met', async () => {
    await view('Judgement')
    await page.getByText('bitrix24.other-edition').waitFor()
    await page.getByText('the launch chat gets its name').waitFor()
    await page.getByRole('link', { name: 'exchange 1', exact: true }).first().click()
    await page.locator('.detail').getByRole('heading', { name: /Exchange 1:/ }).waitFor()
  })

  await t.test('looks at the plots', async () => {
    await view('Plots')
    await page.getByRole('img', { name: /Calls a second\. calls: / }).waitFor()
    assert.equal(await page.locator('.plot').count(), 5)
  })

  await t.test('switches the namespace and opens the address in a second tab', async () => {
    await view('Namespaces')
    await page.getByRole('textbox', { name: 'Name' }).fill('of_a_test')
    await page.getByRole('button', { name: 'Make a namespace' }).click()
    await page.getByRole('link', { name: 'of_a_test' }).waitFor()
    await page.getByRole('combobox', { name: 'Namespace' }).selectOption('of_a_test')
    await view('Timeline')
    await page.getByText('Nothing has happened yet').waitFor()
    await server.rename('chat-1', 'Elsewhere', 'webhook-secret-of_a_test')
    await line(1).click()
    const second = await visit(server.base, new URL(page.url()).hash, { context: page.context() })
    await second.locator('.detail').getByRole('heading', { name: /Exchange 1:/ }).waitFor()
    await second.locator('.detail').getByText('Elsewhere').waitFor()
    assert.deepEqual(second.wrongs, [])
  })

  await rest()
  await leave(page)
})
