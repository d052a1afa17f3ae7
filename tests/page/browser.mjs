// A browser for tests: it notes every error of the console and every request to another host.
import assert from 'node:assert/strict'
import { chromium } from 'playwright-core'

/** How the browser is started. It knows `standin` as another name of this machine. */
export const HOW = { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--host-resolver-rules=MAP standin 127.0.0.1'] }

let started

/** The browser: the one that all files share, whose address `run.mjs` gives, or one of its own. */
export function browser() {
  started ??= process.env.BROWSER ? chromium.connect(process.env.BROWSER) : chromium.launch(HOW)
  return started
}

/** Ends the browser, or lets the shared one go. */
export async function stop() {
  await (await started)?.close()
}

/** Opens the page of a server at an address such as `#/faults`. */
export function visit(base, hash = '', how = {}) {
  return open(`${base}/__standin/${hash}`, base, how)
}

/** Opens a page that asks nobody but `base`. `page.wrongs` has what must not happen. */
export async function open(url, base = url, { width = 1280, height = 900, reducedMotion = 'reduce', context } = {}) {
  context ??= await (await browser()).newContext({ viewport: { width, height }, colorScheme: 'light', reducedMotion, permissions: ['clipboard-read', 'clipboard-write'] })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  page.wrongs = []
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && page.wrongs.push(message.text()))
  page.on('pageerror', (error) => page.wrongs.push(error.stack))
  page.on('request', (request) => request.url().startsWith(base) || page.wrongs.push(`a request to ${request.url()}`))
  await page.goto(url)
  return page
}

/** Ends a visit in which nothing wrong may have happened. */
export async function leave(page) {
  await page.context().close()
  assert.deepEqual(page.wrongs, [])
}

/** Waits until the page is live. */
export function live(page) {
  return page.locator('.state.live').waitFor()
}

/** The keys of all lines of the timeline, from the newest to the oldest, those out of sight too. */
export async function keys(page) {
  return page.evaluate(async () => {
    const box = document.querySelector('[role="treegrid"]')
    const found = []
    const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
    for (let top = 0; ; top += box.clientHeight) {
      box.scrollTop = top
      await drawn()
      for (const line of [...box.querySelectorAll('.space .line')].sort((one, other) => one.ariaRowIndex - other.ariaRowIndex)) {
        const key = line.id.slice('line-'.length)
        if (!found.includes(key)) found.push(key)
      }
      if (top + box.clientHeight >= box.scrollHeight) break
    }
    box.scrollTop = 0
    await drawn()
    return found
  })
}
