// Measures the page: the first paint with 10,000 exchanges made before, and the frames while a thousand calls come in each second. Nothing is asserted.
import { live, stop, visit } from './browser.mjs'
import { serve } from './server.mjs'

const BEFORE = 10_000
const SECONDS = 10
const AIM = 1000

const server = await serve()
for (let count = 0; count < BEFORE; count += 50) await Promise.all(Array.from({ length: 50 }, () => server.rename('chat-1', `name ${count}`)))

const paints = []
for (let round = 0; round < 5; round += 1) {
  const page = await visit(server.base)
  await live(page)
  await page.locator('.space .line').first().waitFor()
  const [paint, rows] = await page.evaluate(() => [performance.getEntriesByName('first-contentful-paint')[0].startTime, performance.getEntriesByType('resource').find((entry) => entry.name.includes('journal')).responseEnd])
  paints.push([paint, rows])
  await page.context().close()
}
paints.sort(([one], [other]) => one - other)
console.log(`first paint after ${BEFORE} exchanges: ${Math.round(paints[2][0])} ms (median of 5); the rows were there at ${Math.round(paints[2][1])} ms`)

const page = await visit(server.base)
await live(page)
const watch = () => page.evaluate(() => {
  window.frames50 = { all: 0, long: 0, longest: 0 }
  const own = window.frames50
  let before = performance.now()
  const frame = (now) => {
    const took = now - before
    before = now
    own.all += 1
    if (took > 50) own.long += 1
    own.longest = Math.max(own.longest, took)
    if (own === window.frames50) requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
})
const told = async (what) => {
  const { all, long, longest } = await page.evaluate(() => window.frames50)
  console.log(`${what}: ${all} frames, ${((100 * long) / all).toFixed(1)} % over 50 ms, the longest ${Math.round(longest)} ms`)
}

await watch()
await page.evaluate(async () => {
  const box = document.querySelector('[role="treegrid"]')
  for (let top = 0; top < box.scrollHeight - box.clientHeight; top += 60) {
    box.scrollTop = top
    await new Promise((done) => requestAnimationFrame(done))
  }
  box.scrollTop = 0
})
await told('scrolling through 1,000 rows')
await watch()
const begun = performance.now()
const sent = server.calls
while (performance.now() - begun < SECONDS * 1000) {
  const due = Math.min(50, Math.ceil(((performance.now() - begun) / 1000) * AIM) - (server.calls - sent))
  if (due > 0) await Promise.all(Array.from({ length: due }, () => server.rename('chat-1', 'again')))
  else await new Promise((next) => setTimeout(next, 1))
}
const rate = (server.calls - sent) / ((performance.now() - begun) / 1000)
await told(`${SECONDS} s in which ${Math.round(rate)} calls came in each second`)
await stop()
await server.stop()
