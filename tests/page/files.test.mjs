// The page's files: a browser fetches all modules at once, and nothing in them makes markup from text.
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'

const PAGE = new URL('../../src/page/', import.meta.url)

test('the page names each module, so that no module waits for another', async () => {
  const index = await readFile(new URL('index.html', PAGE), 'utf8')
  const named = [...index.matchAll(/(?:modulepreload" href|src)="page\/([^"]+\.js)"/g)].map((match) => match[1]).sort()
  const there = (await readdir(PAGE, { recursive: true })).filter((name) => name.endsWith('.js')).sort()
  assert.deepEqual(named, there)
})

test('no module makes markup or code from text', async () => {
  for (const name of (await readdir(PAGE)).filter((name) => name.endsWith('.js'))) {
    const text = await readFile(new URL(name, PAGE), 'utf8')
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|localStorage/, name)
  }
})
