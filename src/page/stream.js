// The stream of what happens: reads it, and goes on where it broke off.
import { addressOf, headers } from './control.js'

// A heartbeat comes every 15 s. A stream that is silent for longer is dead.
const SILENCE = 40_000
const PAUSES = [250, 500, 1000, 2000, 5000]

/**
 * Follows the stream from the cursor `after` on, until `signal` is aborted. `onEvent(name, data)` gets each event,
 * `onState` gets `live` or `broken`, `onRefused` the status of an answer that is no stream.
 */
export async function follow({ namespace, after, signal, onEvent, onState, onRefused }) {
  let cursor = after
  let failures = 0
  while (!signal.aborted) {
    await untilSeen(signal)
    const silence = new AbortController()
    const stop = () => silence.abort()
    const hide = () => document.visibilityState === 'hidden' && stop()
    if (signal.aborted) return
    signal.addEventListener('abort', stop)
    document.addEventListener('visibilitychange', hide)
    try {
      const query = cursor ? `?after=${encodeURIComponent(cursor)}` : ''
      const answer = await fetch(addressOf(`stream${query}`, namespace), { headers: headers(), cache: 'no-store', signal: silence.signal })
      if (!answer.ok) {
        onRefused(answer.status)
        throw new Error(`the stream was refused with status ${answer.status}`)
      }
      onState('live')
      failures = 0
      await readFrames(answer.body.getReader(), stop, (frame) => {
        cursor = frame.id ?? cursor
        if (frame.data !== '') onEvent(frame.event, JSON.parse(frame.data))
      })
    } catch {
      // A stream that breaks is opened again below.
    } finally {
      signal.removeEventListener('abort', stop)
      document.removeEventListener('visibilitychange', hide)
    }
    if (signal.aborted) return
    if (document.visibilityState === 'hidden') continue
    onState('broken')
    await new Promise((done) => setTimeout(done, PAUSES[Math.min(failures, PAUSES.length - 1)]))
    failures += 1
  }
}

// A browser has six connections to a server for all its tabs: one that is hidden lets its stream go.
async function untilSeen(signal) {
  while (document.visibilityState === 'hidden' && !signal.aborted) {
    await new Promise((done) => {
      document.addEventListener('visibilitychange', done, { once: true })
      signal.addEventListener('abort', done, { once: true })
    })
  }
}

async function readFrames(reader, stop, onFrame) {
  const decoder = new TextDecoder()
  let rest = ''
  for (;;) {
    const patience = setTimeout(stop, SILENCE)
    const { value, done } = await reader.read().finally(() => clearTimeout(patience))
    if (done) return
    rest += decoder.decode(value, { stream: true })
    const frames = rest.split('\n\n')
    rest = frames.pop()
    frames.map(frameOf).forEach(onFrame)
  }
}

function frameOf(text) {
  const frame = { id: undefined, event: 'message', data: '' }
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon)
    const value = line.slice(colon + 1).replace(/^ /, '')
    if (name === 'id') frame.id = value
    else if (name === 'event') frame.event = value
    else if (name === 'data') frame.data += value
  }
  return frame
}
