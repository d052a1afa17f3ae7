// Starts a server and another program, tells their numbers, and stays.
import { spawn } from 'node:child_process'
import { standin } from 'standin'

const server = await standin.start()
const other = spawn('sleep', ['600'], { stdio: 'ignore' })
console.log(JSON.stringify({ url: server.url, other: other.pid }))
setInterval(() => {}, 1000)
