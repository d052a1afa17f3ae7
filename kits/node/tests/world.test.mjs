// What a world can do.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { get } from 'node:https'
import { test } from 'node:test'
import { StandinError, standin } from 'standin'
import { EVENTS, MESSAGE, RENAME, batchTooLong, rename, write } from './calls.mjs'

/** What `console.warn` gets while something is done. */
async function warnings(t, work) {
  const warn = t.mock.method(console, 'warn', () => {})
  await work()
  return warn.mock.calls.map((call) => call.arguments.join(' ')).join('\n')
}

test('a world has URLs and credentials, and what the scenario lacks throws', async (t) => {
  const world = await standin.namespace(t)
  assert.match(world.name, /^a_world_has_urls_and_[a-z_]*_[0-9a-f]{8}$/)
  assert.ok(world.name.length <= 40)
  assert.equal(world.bitrix24.webhookUrl, `${world.url}/rest/1/webhook-secret-${world.name}/`)
  assert.equal(world.bitrix24.httpsRestUrl, `${world.tls.url}/rest/`)
  assert.equal(world.environment.CHERT_TENANT, world.chert.tenant)
  assert.equal(world.environment.CHERT_HTTPS_BASE_URL, world.chert.httpsBaseUrl)
  assert.ok(readFileSync(world.environment.NODE_EXTRA_CA_CERTS, 'utf8').includes(world.tls.ca))
  assert.throws(() => world.chert.webhookSecret, /`webhookSecret` \(CHERT_WEBHOOK_SECRET\) is not there: the scenario has nothing/)
  assert.ok(!('webhookSecret' in { ...world.chert }))
})

test('each world is alone', async (t) => {
  const [one, other] = [await standin.namespace(t), await standin.namespace(t)]
  await one.fault({ on: RENAME, error: '4001' })
  assert.deepEqual([(await rename(one)).status, (await rename(other)).status], [502, 200])
  assert.equal((await one.chat('ch_01H')).display_name, 'Launch')
  assert.equal((await other.chat('ch_01H')).display_name, 'New name')
  assert.deepEqual([(await one.journal()).length, (await other.journal()).length], [1, 1])
})

test('a fault fires, is switched, counts anew and is removed', async (t) => {
  const world = await standin.namespace(t)
  const fault = await world.fault({ name: 'once / only', on: RENAME, when: { first: 1 }, error: '4001' })
  const statuses = async (count) => {
    const answers = []
    while (answers.length < count) answers.push((await rename(world)).status)
    return answers
  }
  assert.deepEqual(await statuses(2), [502, 200])
  assert.equal((await fault.status()).fired, 1)
  await fault.again()
  await fault.off()
  assert.deepEqual(await statuses(1), [200])
  await fault.on()
  assert.deepEqual(await statuses(1), [502])
  await fault.again()
  await fault.remove()
  assert.deepEqual(await statuses(1), [200])
  // A fault with a name that is taken replaces it.
  await world.fault({ name: 'same', on: RENAME, error: '4001' })
  await world.fault({ name: 'same', on: RENAME, error: '2005' })
  assert.deepEqual(await statuses(1), [403])
  assert.equal((await world.ask('GET', '/faults')).faults.length, 1)
})

test('a mistake is told with its place', async (t) => {
  const world = await standin.namespace(t)
  const mistaken = { on: 'chert.chats.renam', error: '4001' }
  await assert.rejects(world.fault(mistaken), (error) => {
    assert.ok(error instanceof StandinError)
    assert.match(error.message, /nothing was added or replaced[^]*chert\.chats\.renam[^]*chert\.chats\.rename/)
    return true
  })
  await assert.rejects(world.expect({ on: 'chert.chats.renam' }), /chert\.chats\.rename/)
  await world.verify() // the mistaken one was forgotten
  await assert.rejects(world.act('bitrix24.operator.wite'), /bitrix24\.operator\.write/)
  await assert.rejects(world.clock.advance('1s'), /clock/)
  await assert.rejects(standin.namespace({ rules: 'none' }), /`rules` is `none`; it can be/)
  await assert.rejects(standin.namespace({ scenario: 'standin: 1\nnam: x' }), /did you mean `name`/)
  await assert.rejects(standin.namespace({ scenario: 'no-such.yaml' }), /no-such\.yaml cannot be read: ENOENT/)
})

test('journal, state, chat and explain tell what happened', async (t) => {
  const world = await standin.namespace(t)
  await rename(world)
  await fetch(`${world.bitrix24.webhookUrl}server.time`)
  assert.deepEqual((await world.journal()).map((call) => call.operation), [RENAME, 'bitrix24.server.time'])
  assert.deepEqual((await world.journal({ service: 'chert' })).map((call) => call.number), [1])
  assert.deepEqual((await world.journal({ last: 1 })).map((call) => call.number), [2])
  assert.equal((await world.state()).bitrix24.edition, 'documented')
  assert.match(await world.explain(1), /^exchange 1 of namespace/)
  assert.match(await world.explain(), /^exchange 2 /)
  await assert.rejects(world.chat('ch_01'), /there is no chat `ch_01`; the chats are .*`ch_01H`/)
})

test('a chat that several lines have is told apart', async (t) => {
  const chat = (line) => ({ connector: 'connector', line, id: 'twin', name: `Chat of ${line}` })
  const lines = [105, 106].map((id) => ({ id, connectors: ['connector'] }))
  const bitrix24 = { credentials: [{ webhook: { user: 1, secret: 'webhook-secret' } }], connectors: [{ id: 'connector', chat_group: true }], lines }
  const world = await standin.namespace(t, { scenario: { standin: 1, name: 'twins', bitrix24: { ...bitrix24, chats: [chat(105), chat(106)] } } })
  await assert.rejects(world.chat('twin'), /2 chats are `twin`: say which/)
  assert.equal((await world.chat('twin', { line: 106 })).name, 'Chat of 106')
})

test('an expectation that is not met fails the end, with the conversation', async () => {
  const world = await standin.namespace({ name: 'unmet' })
  await world.expect({ name: 'twice', on: RENAME, calls: { exactly: 2 } }, { on: 'chert', the: { chat: 'ch_01H' }, has: { name: 'Other' } })
  await rename(world)
  await assert.rejects(world.end(), (error) => {
    assert.equal(error.name, 'StandinError')
    assert.match(error.message, /`twice` is not met: expected exactly 2 calls of `chert\.chats\.rename`; 1 call came \(exchange 1\)/)
    assert.match(error.message, /`expectation 2 of the test` is not met: .*`New name`/)
    assert.match(error.message, /exchange 1 at .*: PUT \/api\/v1\/chats\/ch_01H\nanswered with status 200/)
    assert.equal(error.message.match(/^seed /gm).length, 1)
    return true
  })
  await assert.rejects(world.state(), /there is no namespace/)
})

test('the expectations of a scenario count too', async () => {
  const world = await standin.namespace({ expect: [{ name: 'never', on: RENAME, calls: 'never' }] })
  await rename(world)
  await assert.rejects(world.verify(), /`never` is not met/)
  await world.reset()
  await world.end()
})

test('a broken rule fails the end, or is told, or is nothing', async (t) => {
  const broken = /error: `bitrix24\.batch-length`: [^]*exchange 1: the batch has 51 commands/
  const strict = await standin.namespace()
  await batchTooLong(strict)
  await assert.rejects(strict.end(), broken)

  const lenient = await standin.namespace({ rules: 'warn' })
  await batchTooLong(lenient)
  assert.match(await warnings(t, () => lenient.end()), broken)

  const blind = await standin.namespace({ rules: 'off' })
  await batchTooLong(blind)
  assert.equal(await warnings(t, () => blind.end()), '')
})

test('a breach that is not certain is told once and fails nothing', async (t) => {
  const tell = async () => {
    const world = await standin.namespace()
    await fetch(`${world.bitrix24.webhookUrl}server.time?nonsense=1`)
    await world.end()
  }
  assert.match(await warnings(t, tell), /^standin: warning: `unknown-parameter`/)
  assert.equal(await warnings(t, tell), '')
})

test('a client that calls with other credentials is told', async () => {
  const world = await standin.namespace()
  await world.expect({ on: RENAME })
  await fetch(`${world.chert.baseUrl}/whoami`)
  await assert.rejects(world.end(), /no call came to namespace [^]* the main scenario, the last one is `GET \/api\/v1\/whoami`/)
})

test('what a test waits for comes, or does not', async (t) => {
  const world = await standin.namespace(t)
  const waiting = world.waitFor({ on: RENAME, calls: { exactly: 1 } }, { timeout: '1m' })
  await rename(world)
  const [outcome] = await waiting
  assert.deepEqual([outcome.met, outcome.exchanges], [true, [1]])
  await assert.rejects(world.waitFor([{ name: 'again', on: RENAME, calls: { exactly: 2 } }], { timeout: 1 }), /not done this after 1ms[^]*`again` is not met/)
})

test('a virtual clock is moved', async (t) => {
  const scenario = `standin: 1\nname: still\nclock: {virtual: "2024-11-20T13:55:08Z"}\nchert: {tenants: [{slug: acme, signing_secret: chert-secret-1}]}\n`
  const world = await standin.namespace(t, { scenario })
  assert.equal((await world.clock.advance('30s')).now, '2024-11-20T13:55:38Z')
  assert.equal((await world.clock.set(new Date('2024-11-21T00:00:00Z'))).now, '2024-11-21T00:00:00Z')
  assert.equal((await world.clock.now()).clock, 'virtual')
})

test('a test takes an event and answers it', async (t) => {
  const world = await standin.namespace(t, { scenario: EVENTS, rules: 'off' })
  await assert.rejects(world.take(), /no event waits for a handler without a URL/)
  const { events } = await write(world)
  const event = await world.take(MESSAGE)
  assert.deepEqual([event.id, event.name, event.method], [events[0], 'OnImConnectorMessageAdd', 'POST'])
  assert.match(event.body, /^event=ONIMCONNECTORMESSAGEADD&/)
  await event.answer(500)
  assert.match(await world.explain('e1'), /status 500/)
  assert.equal((await world.outbox()).deliveries[0].state, 'failed')
})

test('events are handed to a handler in this process, also those that it raises', async (t) => {
  const world = await standin.namespace(t, { scenario: EVENTS, rules: 'off' })
  await write(world)
  const handed = await world.deliver(async (event) => {
    if (event.id === 'e1') await write(world)
  })
  assert.deepEqual(handed.map((event) => event.id), ['e1', 'e2'])
  await world.expect({ on: MESSAGE, calls: { exactly: 2 }, answered: { status: 200 } })
  await write(world)
  await assert.rejects(world.deliver(() => Promise.reject(new Error('a bug of the client'))), /a bug of the client/)
  assert.equal((await world.outbox()).deliveries[2].state, 'failed')
  await world.drop()
})

test('the end waits for the answer to an event that is under way', async (t) => {
  let respond
  const asked = new Promise((resolve) => (respond = resolve))
  const server = createServer((_, response) => respond(response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => server.close())
  const handlers = { app: `http://127.0.0.1:${server.address().port}/events` }
  const world = await standin.namespace(t, { scenario: EVENTS, handlers, rules: 'off' })
  await world.expect({ on: MESSAGE, calls: { exactly: 1 }, answered: { within: '1m' } })
  await write(world)
  const response = await asked
  // The handler answers when the end has seen that the event is under way.
  const outbox = world.outbox.bind(world)
  t.mock.method(world, 'outbox', async () => {
    const seen = await outbox()
    response.end()
    return seen
  })
  await world.end()
})

test('a client calls over https', async (t) => {
  const world = await standin.namespace(t)
  const headers = { authorization: `Bearer ${world.chert.signingSecret}` }
  for (const trust of [{ agent: world.tls.agent }, world.tls.options]) {
    const [response] = await once(get(`${world.chert.httpsBaseUrl}/whoami`, { headers, ...trust }), 'response')
    response.resume()
    assert.equal(response.statusCode, 200)
  }
  const [refused] = await once(get(`${world.chert.httpsBaseUrl}/whoami`, { headers }), 'error')
  assert.match(refused.code, /CERT|VERIFY|SIGNED/)
  world.tls.agent.destroy()
})

test('a world ends once', async () => {
  const world = await standin.namespace()
  await Promise.all([world.end(), world.end(), world.drop()])
  await world.end()
  await assert.rejects(world.fault({ on: 'chert', error: '4001' }), /there is no namespace/)
})

test('worlds, faults and servers can be used with `await using`', async () => {
  const world = await standin.namespace()
  const fault = await world.fault({ on: RENAME, error: '4001' })
  await fault[Symbol.asyncDispose]()
  assert.equal((await rename(world)).status, 200)
  await world[Symbol.asyncDispose]()
  await assert.rejects(world.state(), /there is no namespace/)
})
