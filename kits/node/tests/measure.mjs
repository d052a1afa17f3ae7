// How long a server takes to start, and a namespace with its end. It asserts nothing.
import { performance } from 'node:perf_hooks'
import { standin } from 'standin'

const median = (times) => times.sort((one, other) => one - other)[Math.floor(times.length / 2)].toFixed(1)

async function timed(work) {
  const start = performance.now()
  await work()
  return performance.now() - start
}

const starts = []
for (let number = 0; number < 11; number += 1) {
  let server
  starts.push(await timed(async () => (server = await standin.start())))
  await server.stop()
}
const server = await standin.start()
const [plain, expecting] = [[], []]
for (let number = 0; number < 200; number += 1) {
  plain.push(await timed(async () => await (await server.namespace()).end()))
  const work = async () => {
    const world = await server.namespace()
    await world.expect({ on: 'chert.chats.rename', calls: 'never' })
    await world.end()
  }
  expecting.push(await timed(work))
}
await server.stop()
console.log(`a server starts in ${median(starts)} ms (median of 11)`)
console.log(`a namespace and its end take ${median(plain)} ms, with an expectation ${median(expecting)} ms (medians of 200)`)
