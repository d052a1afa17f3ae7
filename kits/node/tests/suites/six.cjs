// Six tests of jest, which run beside those of other files on one server.
const { standin } = require('standin')

module.exports = function six(file) {
  let world
  beforeEach(async () => {
    world = await standin.namespace({ name: expect.getState().currentTestName })
  })
  afterEach(() => world.end())

  async function rename(name) {
    const headers = { authorization: `Bearer ${world.chert.signingSecret}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ display_name: name })
    return await fetch(`${world.chert.baseUrl}/chats/ch_01H`, { method: 'PUT', headers, body })
  }

  for (const number of [1, 2, 3, 4, 5, 6]) {
    test(`test ${number} of ${file}`, async () => {
      await world.fault({ on: 'chert.chats.rename', when: { first: 1 }, error: '4001' })
      jest.useFakeTimers()
      await world.expect({ on: 'chert.chats.rename', calls: { exactly: 2 } })
      jest.useRealTimers()
      expect((await rename('first')).status).toBe(502)
      expect((await rename(`${file} ${number}`)).status).toBe(200)
      expect((await world.chat('ch_01H')).display_name).toBe(`${file} ${number}`)
      expect(world.url).toBe(process.env.STANDIN_URL)
    })
  }
}
