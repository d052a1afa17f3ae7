// Six tests of vitest, which run beside those of other files on one server.
import { test } from 'standin/vitest'
import { RENAME, rename } from '../calls.mjs'
import { servers } from '../servers.mjs'

export function six(file) {
  for (const number of [1, 2, 3, 4, 5, 6]) {
    test.concurrent(`test ${number} of ${file}`, async ({ world, expect }) => {
      await world.fault({ on: RENAME, when: { first: number }, error: '4001' })
      await world.expect({ on: RENAME, calls: { exactly: number + 1 } })
      const statuses = []
      while (statuses.at(-1) !== 200) statuses.push((await rename(world, `${file} ${number}`)).status)
      expect(statuses.length).toBe(number + 1)
      expect((await world.chat('ch_01H')).display_name).toBe(`${file} ${number}`)
      expect(world.url).toBe(process.env.STANDIN_URL)
      expect(servers().length).toBe(1)
    })
  }
}
