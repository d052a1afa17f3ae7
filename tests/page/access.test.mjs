// Everybody can use the page: axe-core finds nothing, in light and dark, on a telephone and on a wide screen; and a keyboard is enough.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import axe from 'axe-core'
import { leave, live, stop, visit } from './browser.mjs'
import { handler, serve } from './server.mjs'

after(stop)

const LEVELS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const PLACES = {
  'the timeline': ['#/timeline', '#line-1'],
  'a filtered timeline': ['#/timeline?status=failed', '#line-1'],
  'a failed exchange': ['#/timeline/1', '.stages .refused'],
  'an exchange with a slow answer': ['#/timeline/4', '.detail .wire'],
  'an event': ['#/timeline/e1', '.detail .tree'],
  'an action': ['#/timeline/a1', '.detail .tree'],
  faults: ['#/faults', '.faults li'],
  world: ['#/world', '.chats a'],
  'a chat': [`#/world/${encodeURIComponent('chat/chert acme-7a3f ch_02D')}`, '.messages li'],
  judgement: ['#/judgement', '.cards li'],
  plots: ['#/plots', '.plot'],
  namespaces: ['#/namespaces', 'tbody tr'],
}

async function filled() {
  const app = await handler()
  const server = await serve('--handler', `app=${app.url}`)
  await server.control('actions', { do: 'bitrix24.operator.write', with: { connector: 'connector', line: 105, chat: 'chat-1', text: 'Guten Tag!' } })
  await server.rename('chat-1', 'First')
  await server.rename('chat-1', 'Second')
  await server.call('ch_01H', 'Crew')
  await server.call('ch_01H', 'Launch crew')
  await server.batch()
  await server.control('namespaces', { name: 'other' })
  return { server, end: async () => { await server.stop(); app.stop() } }
}

// What axe-core finds in light and dark, in words. In dark nothing differs but colours, whose one rule is that of contrast.
async function found(page, what, within = 'html') {
  if (!(await page.evaluate(() => Boolean(window.axe)))) await page.evaluate(axe.source)
  const wrong = []
  for (const [scheme, rules] of [['light', LEVELS], ['dark', ['color-contrast']]]) {
    await page.emulateMedia({ colorScheme: scheme })
    const violations = await page.evaluate(async ([within, rules]) => (await window.axe.run(within, { runOnly: rules, resultTypes: ['violations'] })).violations, [within, rules])
    wrong.push(...violations.flatMap(({ id, nodes }) => nodes.map((node) => `${what}, ${scheme}: ${id}: ${node.html.slice(0, 160)}: ${node.failureSummary}`)))
  }
  return wrong
}

test('axe-core finds nothing at levels A and AA', async (t) => {
  const { server, end } = await filled()
  t.after(end)
  const wrong = []
  await Promise.all([360, 1920].map(async (width) => {
    const page = await visit(server.base, '', { width, height: 900 })
    await live(page)
    for (const [name, [hash, there]] of Object.entries(PLACES)) {
      await page.goto(`${server.base}/__standin/${hash}`)
      await page.locator(there).first().waitFor()
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      if (wide > 0) wrong.push(`${name} is ${wide} px wider than the window of ${width} px`)
      wrong.push(...await found(page, `${name}, ${width} px`))
    }
    await page.goto(`${server.base}/__standin/#/faults`)
    await page.getByRole('button', { name: 'Add a fault' }).click()
    await page.getByLabel(/A fault as in a scenario/).fill('name: x\non: bitrix24\nwhen: {f')
    await page.locator('#fault-choices li').first().waitFor()
    await page.locator('.findings li').first().waitFor()
    wrong.push(...await found(page, `the editor, ${width} px`))
    await page.getByRole('button', { name: 'Make the next call fail' }).click()
    await page.locator('.choice button').first().waitFor()
    wrong.push(...await found(page, `the choice of failures, ${width} px`, '.menu'))
    await leave(page)
  }))
  assert.deepEqual(wrong, [])
})

test('a keyboard is enough', async (t) => {
  const { server, end } = await filled()
  t.after(end)
  const page = await visit(server.base)
  await live(page)
  await page.locator('#line-5').waitFor()
  const press = (key) => page.keyboard.press(key)
  const tabTo = async (what, test) => {
    for (let count = 0; count < 120; count += 1) {
      await press('Tab')
      if (await page.evaluate(test)) return
    }
    assert.fail(`the Tab key does not reach ${what}`)
  }
  const seen = () => page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== 'none')
  const at = (role, name) => ({ test: `(document.activeElement.getAttribute('role') ?? document.activeElement.tagName) === ${JSON.stringify(role)} && (document.activeElement.ariaLabel ?? document.activeElement.textContent).includes(${JSON.stringify(name)})`, name })
  const to = ({ test, name }) => tabTo(name, test)

  await press('Tab')
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content')
  await press('Enter')
  await to(at('treegrid', 'Calls, events'))
  assert.equal(await seen(), true)
  await press('Home')
  await page.locator('#line-5.active').waitFor()
  await press('ArrowLeft')
  await page.locator('#line-5[aria-expanded="false"]').waitFor()
  await press('ArrowRight')
  await press('End')
  await press('ArrowUp')
  await press('Home')
  const steps = await page.evaluate(() => [...document.querySelectorAll('.space .line')].findIndex((line) => line.id === 'line-1'))
  for (let count = 0; count < steps; count += 1) await press('ArrowDown')
  await press('Enter')
  await page.locator('.detail').getByRole('heading', { name: /Exchange 1:/ }).waitFor()
  await page.waitForFunction(() => document.activeElement.matches('.detail'))

  await to(at('BUTTON', 'Make the next such call fail'))
  assert.equal(await seen(), true)
  await press('Enter')
  await page.waitForFunction(() => document.activeElement.textContent === 'with 503')
  await press('Enter')
  await page.getByRole('status').filter({ hasText: 'fails with 503' }).waitFor()
  await press('Escape')
  await page.locator('.detail').waitFor({ state: 'detached' })
  await page.waitForFunction(() => document.activeElement.getAttribute('role') === 'treegrid')

  await press('Control+Home')
  await page.evaluate(() => document.querySelector('.skip').focus())
  await to(at('A', 'Faults'))
  await press('Enter')
  await page.getByRole('heading', { name: 'Faults' }).waitFor()
  await to(at('BUTTON', 'Add a fault'))
  await press('Enter')
  await page.waitForFunction(() => document.activeElement.tagName === 'TEXTAREA')
  await press('Control+a')
  await page.keyboard.type('name: typed\non: chert\nrepl')
  await page.locator('#fault-choices').getByRole('option', { name: /reply/ }).waitFor()
  await press('ArrowDown')
  await press('Enter')
  await page.keyboard.type('{status: 500}')
  await press('Escape')
  await page.getByText('No mistake found').waitFor()
  await to({ name: 'Add', test: "document.activeElement.textContent === 'Add'" })
  await press('Enter')
  await page.locator('.faults li').filter({ hasText: 'typed' }).waitFor()

  await page.evaluate(() => document.querySelector('.skip').focus())
  await to(at('A', 'World'))
  await press('Enter')
  await page.locator('.chats a').first().waitFor()
  await to({ name: 'a chat', test: "document.activeElement.matches('.chats a')" })
  await press('Enter')
  await page.waitForFunction(() => document.activeElement.matches('.detail'))
  await to({ name: 'the answer', test: "document.activeElement.matches('.answer textarea')" })
  await page.keyboard.type('By keyboard')
  await to(at('BUTTON', 'Send'))
  await press('Enter')
  await page.locator('.messages').getByText('By keyboard').waitFor()
  await leave(page)
})
