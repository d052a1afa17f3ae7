// The processes of the program, and waiting for them. Linux only.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { findProgram } from 'standin'

/** The numbers of the processes that run the program. */
export function servers() {
  const program = findProgram()
  const isOne = (pid) => {
    try {
      return readlinkSync(`/proc/${pid}/exe`) === program && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
    } catch {
      return false
    }
  }
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isOne(name)).map(Number)
}

/** Waits until something is so. */
export async function until(is, what) {
  const end = Date.now() + 20_000
  while (!(await is())) {
    if (Date.now() > end) throw new Error(`in vain: ${what}`)
    await pause(5)
  }
}
