// `@bitrix24/b24jssdk`, the vendor's SDK for JavaScript. Its webhooks insist on https.
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { AjaxError, B24Hook, B24OAuth, ParamsFactory } from '@bitrix24/b24jssdk'
import { ERRORS, EXPIRED, LIVE, journal, names, serve } from './standin.mjs'

const METHOD = 'imconnector.chat.name.set'
const CHAT = '47e007b1-ee15-43db-bcba-1c26e5884d3f'
const RENAMED = { SUCCESS: true, DATA: { RESULT: {} } }
const PATIENT = ParamsFactory.getDefault()
const ONCE = { ...PATIENT, maxRetries: 1 }

const fields = (changes) => ({ CONNECTOR: 'connector', LINE: '105', CHAT_ID: CHAT, NAME: 'New name', ...changes })

function webhook({ secret = 'webhook-secret', settings = ONCE } = {}) {
  const url = process.env.BITRIX24_HTTPS_WEBHOOK_URL.replace('webhook-secret', secret)
  return B24Hook.fromWebhookUrl(url, { restrictionParams: settings })
}

function application({ token = 'access-token', refreshToken = 'refresh-token', left = 3600 } = {}) {
  const endpoint = process.env.BITRIX24_HTTPS_REST_URL
  return new B24OAuth(
    {
      applicationToken: 'application-token',
      userId: 1,
      memberId: 'member',
      accessToken: token,
      refreshToken,
      expires: Math.floor(Date.now() / 1000) + left,
      expiresIn: 3600,
      scope: 'imconnector',
      domain: new URL(endpoint).host,
      clientEndpoint: endpoint,
      serverEndpoint: endpoint,
      status: 'F'
    },
    { clientId: 'local.685d5063933614.00854686', clientSecret: 'client-secret' },
    { restrictionParams: ONCE }
  )
}

const rename = (client, changes) => client.actions.v2.call.make({ method: METHOD, params: fields(changes) })

const batch = (client, changes, options) =>
  client.actions.v2.batch.make({ calls: changes.map((change) => [METHOD, fields(change)]), options })

const seen = (error) => [error.constructor, error.code, error.status, error.message]

beforeEach(() => serve('default'))

describe('a rename', () => {
  test('by a webhook', async () => {
    const answer = await rename(webhook(), { NAME: 'Имя & "имя" 🚀' })
    assert.ok(answer.isSuccess)
    assert.equal(answer.getStatus(), 200)
    assert.deepEqual(answer.getData().result, RENAMED)
    assert.deepEqual(Object.keys(answer.getData().time), [
      'start', 'finish', 'duration', 'processing', 'date_start', 'date_finish'
    ])
    assert.equal((await names())[CHAT], 'Имя & "имя" 🚀')
  })

  test('by a token', async () => {
    assert.deepEqual((await rename(application())).getData().result, RENAMED)
  })

  test('of the live edition', async () => {
    await serve('default', { replace: [LIVE] })
    const { result, time } = (await rename(application())).getData()
    assert.deepEqual(result, RENAMED)
    assert.equal(time.operating, 0)
    assert.equal(time.operating_reset_at, time.start + 600)
  })
})

describe('a batch', () => {
  test('of a list', async () => {
    const answer = await batch(webhook(), [{ NAME: 'One' }, { NAME: 'Имя & "имя" 🚀' }])
    assert.ok(answer.isSuccess)
    assert.deepEqual(answer.getData(), [RENAMED, RENAMED])
    assert.equal((await names())[CHAT], 'Имя & "имя" 🚀')
    assert.deepEqual(await journal(), ['batch 200'])
  })

  test('with names', async () => {
    const answer = await webhook().actions.v2.batch.make({
      calls: {
        first: { method: METHOD, params: fields() },
        second: [METHOD, fields({ CONNECTOR: 'messenger', CHAT_ID: 'direct-chat', USER_ID: 'visitor-1' })]
      },
      options: { returnAjaxResult: true }
    })
    const { first, second } = answer.getData()
    assert.deepEqual([first.getData().result, second.getData().result], [RENAMED, RENAMED])
    assert.equal((await names())['direct-chat'], 'New name')
  })

  test('of more than fifty', async () => {
    const answer = await webhook().actions.v2.batchByChunk.make({
      calls: Array.from({ length: 120 }, () => [METHOD, fields()])
    })
    assert.deepEqual(answer.getData(), Array(120).fill(RENAMED))
    assert.deepEqual(await journal(), Array(3).fill('batch 200'))
  })

  for (const [halt, renamed, last] of [[true, [RENAMED], 'One'], [false, [RENAMED, RENAMED], 'Three']]) {
    test(`with an error, ${halt ? 'halted' : 'not halted'}`, async () => {
      const changes = [{ NAME: 'One' }, { LINE: '106' }, { NAME: 'Three' }]
      const answer = await batch(webhook(), changes, { isHaltOnError: halt })
      assert.ok(!answer.isSuccess)
      assert.deepEqual([...answer.getErrors()].map(seen), [
        [AjaxError, 'NOT_ACTIVE_LINE', 200, 'The line with this ID is inactive or does not exist']
      ])
      assert.deepEqual(answer.getData(), renamed)
      assert.equal((await names())[CHAT], last)
    })
  }
})

describe('an error', () => {
  for (const { code, status, text, fields: changes, webhook: secret, token, batch: inBatch } of ERRORS) {
    test(code, async () => {
      await serve('bitrix24-errors')
      const client = token ? application({ token }) : webhook({ secret })
      await assert.rejects(inBatch ? batch(client, [{}]) : rename(client, changes), (error) => {
        assert.deepEqual(seen(error), [AjaxError, code, status, text])
        return true
      })
      assert.deepEqual(await journal(), [`${inBatch ? 'batch' : METHOD} ${status}`])
    })
  }
})

test('an error of the live edition', async () => {
  await serve('default', { replace: [LIVE] })
  await assert.rejects(rename(webhook()), (error) => {
    const text = 'Current authorization type is denied for this method Application context required'
    assert.deepEqual(seen(error), [AjaxError, 'WRONG_AUTH_TYPE', 403, text])
    return true
  })
})

describe('the SDK tries again', () => {
  for (const [effect, status, what] of [
    [{ error: 'QUERY_LIMIT_EXCEEDED' }, 503, 'QUERY_LIMIT_EXCEEDED'],
    [{ reply: { status: 502, body: '<h1>Bad Gateway</h1>' } }, 502, 'a bad gateway'],
    [{ wire: 'reset' }, 200, 'a reset']
  ]) {
    test(`after ${what}`, async () => {
      await serve('default', { faults: [{ on: 'bitrix24', when: { first: 2 }, ...effect }] })
      const settings = { ...PATIENT, retryDelay: 10, rateLimit: { ...PATIENT.rateLimit, drainRate: 1000 } }
      assert.deepEqual((await rename(webhook({ settings }))).getData().result, RENAMED)
      assert.deepEqual(await journal(), [`${METHOD} ${status}`, `${METHOD} ${status}`, `${METHOD} 200`])
    })
  }

  test('not after an error of the method', async () => {
    await assert.rejects(rename(webhook({ settings: PATIENT }), { LINE: '106' }), { code: 'NOT_ACTIVE_LINE' })
    assert.deepEqual(await journal(), [`${METHOD} 400`])
  })
})

describe('a token', () => {
  test('that the server calls expired is refreshed', async () => {
    await serve('token-expires', { replace: [EXPIRED] })
    const client = application()
    const pairs = []
    const endpoints = []
    client.setCallbackRefreshAuth(async ({ authData, b24OAuthParams }) => {
      pairs.push(authData)
      endpoints.push(b24OAuthParams.clientEndpoint)
    })
    assert.deepEqual((await rename(client)).getData().result, RENAMED)
    assert.deepEqual((await rename(client)).getData().result, RENAMED)
    assert.deepEqual(endpoints, [process.env.BITRIX24_HTTPS_REST_URL])
    assert.deepEqual(await journal(), [`${METHOD} 401`, 'oauth.token 200', `${METHOD} 200`, `${METHOD} 200`])

    assert.equal(pairs.length, 1)
    const [{ access_token, refresh_token, expires, expires_in }] = pairs
    assert.match(access_token, /^[0-9a-z]{32}$/)
    assert.match(refresh_token, /^[0-9a-z]{32}$/)
    assert.equal(expires_in, 3600)
    assert.ok(expires > Date.now() / 1000 + 3500)
  })

  test('that the SDK knows to be expired is refreshed once for all', async () => {
    const client = application({ left: -1 })
    const answers = await Promise.all([rename(client), rename(client), rename(client)])
    assert.deepEqual(answers.map((answer) => answer.getData().result), [RENAMED, RENAMED, RENAMED])
    assert.deepEqual(await journal(), ['oauth.token 200', ...Array(3).fill(`${METHOD} 200`)])
  })

  test('that the server calls invalid is refreshed, too', async () => {
    await serve('default', { replace: [LIVE] })
    assert.deepEqual((await rename(application({ token: 'unknown' }))).getData().result, RENAMED)
    assert.deepEqual(await journal(), [`${METHOD} 401`, 'oauth.token 200', `${METHOD} 200`])
  })

  test('that cannot be refreshed', async () => {
    await serve('token-expires', { replace: [EXPIRED] })
    await assert.rejects(rename(application({ refreshToken: 'used-up' })), (error) => {
      const text = 'Wrong or expired refresh_token or code'
      assert.deepEqual(seen(error), [AjaxError, 'JSSDK_UNKNOWN_ERROR', 0, text])
      return true
    })
    assert.deepEqual(await journal(), [`${METHOD} 401`, 'oauth.token 400'])
  })
})

describe('a connector from its registration to its end', () => {
  for (const edition of ['documented', 'live']) {
    test(edition, async () => {
      await serve('default', { replace: edition === 'live' ? [LIVE] : [] })
      const client = application()
      const call = async (method, params = {}) => {
        const answer = await client.actions.v2.call.make({ method, params })
        assert.ok(answer.isSuccess)
        return answer.getData().result
      }
      const [{ ID }] = await call('imopenlines.config.list.get', { PARAMS: { select: ['ID'], order: { ID: 'ASC' } } })
      const place = { CONNECTOR: 'sdk_connector', LINE: Number(ID) }
      const registration = { ID: 'sdk_connector', NAME: 'SDK', ICON: { DATA_IMAGE: 'data:image/svg+xml,%3Csvg/%3E' } }
      const handler = { PLACEMENT_HANDLER: 'https://example.com/settings', CHAT_GROUP: 'Y' }
      assert.deepEqual(await call('imconnector.register', { ...registration, ...handler }), { result: true })
      const off = { LINE: 105, CONNECTOR: 'sdk_connector', ERROR: false, CONFIGURED: false, STATUS: false }
      assert.deepEqual(await call('imconnector.status', place), off)
      assert.equal(await call('imconnector.activate', { ...place, ACTIVE: true }), true)
      assert.deepEqual(await call('imconnector.status', place), { ...off, CONFIGURED: true, STATUS: true })
      assert.equal((await call('imconnector.list')).sdk_connector, 'SDK')
      const message = { id: 'msg-1', date: 1773265993, text: 'Hello' }
      const element = { user: { id: 'user-1', name: 'Ann' }, message, chat: { id: 'chat-1' } }
      const sent = await call('imconnector.send.messages', { ...place, MESSAGES: [element] })
      const [told] = sent.DATA.RESULT
      assert.deepEqual([sent.SUCCESS, told.SUCCESS, told.message], [true, true, { ...message, date: {} }])
      const im = { chat_id: Number(told.session.CHAT_ID), message_id: 1 }
      const confirmation = { im, message: { id: ['msg-1'] }, chat: { id: 'chat-1' } }
      for (const method of ['imconnector.send.status.delivery', 'imconnector.send.status.reading']) {
        assert.deepEqual(await call(method, { ...place, MESSAGES: [confirmation] }), { SUCCESS: true, DATA: [] })
      }
      assert.deepEqual(await call('imconnector.unregister', { ID: 'sdk_connector' }), { result: true })
      assert.equal((await call('imconnector.list')).sdk_connector, undefined)
      const asked = 'imopenlines.config.list.get imconnector.register imconnector.status imconnector.activate ' +
        'imconnector.status imconnector.list imconnector.send.messages imconnector.send.status.delivery ' +
        'imconnector.send.status.reading imconnector.unregister imconnector.list'
      assert.deepEqual(await journal(), asked.split(' ').map((name) => `${name} 200`))
    })
  }
})
