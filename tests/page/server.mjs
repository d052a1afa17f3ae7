// A server for a test, clients that call it, and a way between browser and server that can break.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import net from 'node:net'
import { createInterface } from 'node:readline'

/** The scenario of all visits. */
export const SCENARIO = new URL('scenario.yaml', import.meta.url).pathname
const SECRET = '5f4dcc3b5aa765d61d8327deb882cf99'

/** Starts `standin serve` with the scenario of all visits, and what calls it. */
export function serve(...flags) {
  return serveScenario(SCENARIO, ...flags)
}

/** The same with another scenario. */
export function serveScenario(scenario, ...flags) {
  const listen = flags.includes('--listen') ? [] : ['--listen', '127.0.0.1:0']
  return start(['serve', scenario, ...listen, '--judge', '--log', 'off', ...flags], / at (http:\/\/\S+)/)
}

/** Starts `standin proxy` in front of a server, and what calls it. */
export function proxy(url, ...flags) {
  return start(['proxy', url, '--listen', '127.0.0.1:0', '--log', 'off', ...flags], / passes (http:\/\/\S+) on/)
}

async function start(args, begun) {
  const child = spawn(process.env.STANDIN, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let base
  for await (const line of createInterface({ input: child.stderr })) {
    base = begun.exec(line)?.[1]
    if (base) break
  }
  if (!base) throw new Error(`${process.env.STANDIN} ${args.join(' ')} does not begin`)
  child.stderr.resume()
  const server = { base, calls: 0, stop: () => { child.kill('SIGKILL'); return once(child, 'exit') } }
  server.control = async (path, body) => {
    const answer = await fetch(`${base}/__standin/${path}`, { method: body === undefined ? 'GET' : 'POST', body: body && JSON.stringify(body) })
    return answer.json()
  }
  const counted = async (answer) => {
    server.calls += 1
    return (await answer).text()
  }
  /** Renames a chat of Bitrix24. */
  server.rename = (chat, name, secret = 'webhook-secret') => counted(fetch(`${base}/rest/1/${secret}/imconnector.chat.name.set`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ CONNECTOR: 'connector', LINE: '105', CHAT_ID: chat, NAME: name }) }))
  /** Renames a chat of Chert. */
  server.call = (chat, name) => counted(fetch(`${base}/api/v1/chats/${chat}`, {
    method: 'PUT', headers: { 'content-type': 'application/json', 'x-chert-tenant': 'acme-7a3f', authorization: `Bearer ${SECRET}` }, body: JSON.stringify({ display_name: name }) }))
  /** Makes two calls in one. */
  server.batch = () => counted(fetch(`${base}/rest/1/webhook-secret/batch`, { method: 'POST', body: new URLSearchParams({ 'cmd[time]': 'server.time', 'cmd[rename]': 'imconnector.chat.name.set?CONNECTOR=x' }) }))
  /** Calls one after the other until it is told to stop; returns what stops it. The main journal keeps its first exchanges: what follows is elsewhere. */
  server.traffic = async () => {
    await server.control('namespaces', { name: 'busy' })
    let isOver = false
    const going = (async () => {
      for (let count = 0; !isOver; count += 1) {
        await counted(fetch(`${base}/rest/1/webhook-secret${count < 500 ? '' : '-busy'}/server.time`))
        await new Promise((next) => setTimeout(next, 10))
      }
    })()
    return () => { isOver = true; return going }
  }
  return server
}

/** A handler that takes every event, or answers with the status that `statusOf` gives. `came` has their bodies. */
export async function handler(statusOf = () => 200) {
  const came = []
  const server = createServer(async (request, answer) => {
    let body = ''
    for await (const chunk of request) body += chunk
    came.push(body)
    answer.writeHead(statusOf(came.length)).end('ok')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { came, url: `http://127.0.0.1:${server.address().port}/events`, stop: () => { server.closeAllConnections(); server.close() } }
}

/** A way to a server. `cut` breaks all connections and lets none through until `mend`. */
export async function way(base) {
  const { hostname, port } = new URL(base)
  const open = new Set()
  let isCut = false
  const server = net.createServer((near) => {
    if (isCut) return near.destroy()
    const far = net.connect(Number(port), hostname)
    open.add(near)
    for (const [one, other] of [[near, far], [far, near]]) {
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => { other.destroy(); open.delete(near) })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    cut: () => { isCut = true; open.forEach((socket) => socket.destroy()) },
    mend: () => { isCut = false },
    stop: () => { open.forEach((socket) => socket.destroy()); server.close() },
  }
}
