// The page without its own server beside it: from another machine it asks for the token, and the report of a run needs no server at all.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { keys, leave, live, open, stop, visit } from './browser.mjs'
import { SCENARIO, serve } from './server.mjs'

after(stop)

const TOKEN = 'the control token'
const address = Object.values(networkInterfaces()).flat().find((one) => one.family === 'IPv4' && !one.internal)?.address

test('from another machine the page asks for the token, keeps it for the tab and puts it into no address', { skip: !address }, async (t) => {
  const server = await serve('--listen', `${address}:0`, '--control-token', TOKEN)
  t.after(server.stop)
  await asksForToken(server, server.base)
})

test('under another name of this machine too', async (t) => {
  const server = await serve('--control-token', TOKEN)
  t.after(server.stop)
  await asksForToken(server, server.base.replace('127.0.0.1', 'standin'))
})

async function asksForToken(server, base) {
  const page = await visit(base)
  const asked = []
  page.on('request', (request) => asked.push(request.url()))
  const field = page.getByLabel(/wants its control token/)
  await field.fill('a wrong one')
  await page.getByRole('button', { name: 'Go on' }).click()
  await field.waitFor()
  await field.fill(TOKEN)
  await page.getByRole('button', { name: 'Go on' }).click()
  await live(page)
  await server.rename('chat-1', 'First')
  await page.locator('#line-1').waitFor()
  await page.reload()
  await page.locator('#line-1').waitFor()
  assert.equal(asked.some((url) => decodeURIComponent(url).includes(TOKEN)), false)
  assert.equal(await page.evaluate(() => document.cookie + localStorage.length), '0')
  // The browser itself notes that the server wanted a token.
  assert.equal(page.wrongs.every((wrong) => wrong.includes('401')), true, page.wrongs.join('\n'))
  page.wrongs = []
  await leave(page)
}

test('the report of a run is read without a server', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'standin-page-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'run.html')
  const call = `curl -s "$BITRIX24_WEBHOOK_URL"imconnector.chat.name.set -d CONNECTOR=connector -d LINE=105 -d CHAT_ID=chat-1 -d 'NAME=</script><img src=x onerror=window.hurt=1>'`
  const act = `curl -s "$STANDIN_CONTROL_URL/actions" -d '{"do":"bitrix24.operator.write","with":{"connector":"connector","line":105,"chat":"chat-1","text":"Guten Tag!"}}'`
  await new Promise((done) => execFile(process.env.STANDIN, ['run', SCENARIO, '--report', `html=${file}`, '--', 'sh', '-c', `${call}; ${call}; ${act}`], done))
  const page = await open(`file://${file}`)
  await page.locator('.state.over').waitFor()
  assert.deepEqual(await keys(page), ['a1', 'e1', '2', '1'])
  await page.locator('#line-1').click()
  await page.locator('.detail').getByText('fired on its call 1').waitFor()
  await page.locator('.detail').getByText('</script><img').first().waitFor()
  assert.equal(await page.getByRole('button', { name: /call fail/ }).count(), 0)
  await page.getByRole('button', { name: 'Copy as curl' }).waitFor()
  for (const [view, there] of Object.entries({ Faults: 'fails once, then recovers', World: 'Guten Tag!', Judgement: 'the launch chat gets its name', Plots: 'nothing to plot', Namespaces: 'main scenario' })) {
    await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: view }).click()
    if (view === 'World') await page.getByRole('link', { name: /line 105, connector/ }).click()
    await page.locator(view === 'World' ? '.messages' : '#content').getByText(there).first().waitFor()
  }
  assert.equal(await page.evaluate(() => window.hurt), undefined)
  await leave(page)
})
