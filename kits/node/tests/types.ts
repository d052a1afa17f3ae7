// What a test in TypeScript writes. It is compiled and not run.
import { setTimeout } from 'node:timers/promises'
import { StandinError, World, findProgram, standin, type Expectation, type NamespaceOptions } from 'standin'
import setup from 'standin/setup'
import { test, testWith } from 'standin/vitest'

export async function use(): Promise<void> {
  const options: NamespaceOptions = { name: 'typed', seed: 7, rules: 'warn', handlers: { app: 'http://127.0.0.1:1/' } }
  await using world: World = await standin.namespace(options)
  const url: string = world.bitrix24.webhookUrl + world.chert.baseUrl + world.environment.STANDIN_URL
  await using fault = await world.fault({ on: 'chert', when: { between: [1, 2] }, wire: { reset_after: 20 }, applied: true })
  const fired: number = (await fault.status()).fired
  const { events } = await world.act('bitrix24.operator.write', { line: 107 })
  const [last] = await world.journal({ last: 1, direction: 'all' })
  const status: number | undefined = last?.response?.status
  const expected: Expectation = { name: 'renamed', on: 'chert', the: { chat: 'ch_01H' }, has: { name: 'New' } }
  await world.expect(expected, { on: 'chert.chats.rename', calls: 'never' })
  await world.waitFor([expected], { timeout: '1s' })
  const { broken } = await world.verify()
  const severity: 'error' | 'warn' | undefined = broken[0]?.severity
  await world.clock.advance('next')
  const handed = await world.deliver(async (event) => (event.body.length > 0 ? 200 : undefined))
  const names: string[] = [...handed.map((event) => event.name), ...events, await world.explain('e1'), findProgram()]
  await using server = await standin.start({ scenario: new URL('file:///chats.yaml') })
  await server.namespace({ scenario: { standin: 1, name: 'object', chert: {} } })
  const stop: () => Promise<void> = await standin.share()
  await stop()
  console.log(url, fired, status, severity, names, new StandinError('text').message, world.tls.agent, setTimeout, setup)

  // @ts-expect-error a fault has an `on`
  await world.fault({ error: '4001' })
  // @ts-expect-error a misspelt key
  await world.fault({ on: 'chert', eror: '4001' })
  // @ts-expect-error no such severity
  await standin.namespace({ rules: 'fatal' })
  // @ts-expect-error only `standin` makes worlds
  new World()
}

test('with a world', async ({ world }) => {
  const name: string = world.name
  console.log(name)
})
testWith(async () => ({ scenario: 'chats.yaml' }))('with options', async ({ world }) => await world.verify().then(() => {}))
