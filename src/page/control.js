// The control calls: asks the server that the page comes from, or the data of a run that stand in the page itself.

const SECRET = 'standin token'
const run = document.getElementById('run')

/** The data of a run that is over; null when a server answers. */
export const runData = run && JSON.parse(run.textContent)

/** The address of the control interface, with a final slash. */
export const controlRoot = new URL('.', document.baseURI).href

/** An answer that says what is wrong with a request. */
export class Refusal extends Error {
  constructor(status, told) {
    super(told.standin ?? `the server answered with status ${status}`)
    this.status = status
    this.help = told.help ?? ''
    this.report = told.report ?? ''
  }
}

/** Keeps the token of the control interface for this tab. */
export function keepToken(token) {
  sessionStorage.setItem(SECRET, token)
}

/** The header fields that the control interface wants. */
export function headers() {
  const token = runData ? null : sessionStorage.getItem(SECRET)
  return token ? { authorization: `Bearer ${token}` } : {}
}

/** The address of a control call about the main scenario (`''`) or about a namespace. */
export function addressOf(path, namespace) {
  return controlRoot + (namespace ? `namespaces/${encodeURIComponent(namespace)}/` : '') + path
}

/** Asks `path` and returns the answer: JSON as a value, everything else as text. Throws a `Refusal`. */
export async function ask(path, { namespace = '', method = 'GET', body } = {}) {
  if (runData) return told(path, namespace, method)
  const sent = typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
  const answer = await fetch(addressOf(path, namespace), { method, body: sent, headers: headers(), cache: 'no-store' })
  const isJson = (answer.headers.get('content-type') ?? '').includes('json')
  if (answer.ok) return isJson ? answer.json() : answer.text()
  throw new Refusal(answer.status, isJson ? await answer.json() : {})
}

// The answer that a run has kept.
function told(path, namespace, method) {
  const answer = method === 'GET' ? runData.worlds[namespace]?.[path] : undefined
  if (answer === undefined) throw new Refusal(404, { standin: 'the report of the run does not have this' })
  return answer
}
