// Runs all tests: some files at a time, and one browser for all of them, because to start one takes long.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { chromium } from 'playwright-core'
import { HOW } from './browser.mjs'

const FOLDER = new URL('.', import.meta.url).pathname

// The longest ones begin first.
const LONG = ['access', 'visit', 'broken'].map((name) => `${name}.test.mjs`)

const all = (await readdir(FOLDER)).filter((name) => name.endsWith('.test.mjs'))
const files = [...LONG, ...all.filter((name) => !LONG.includes(name))].map((name) => FOLDER + name)
const browser = await chromium.launchServer(HOW)
const tests = spawn(process.execPath, ['--test', '--test-concurrency=3', '--test-reporter=spec', ...files], { stdio: 'inherit', env: { ...process.env, BROWSER: browser.wsEndpoint() } })
const [status] = await once(tests, 'exit')
await browser.close()
process.exitCode = status ?? 1
