/** What tests begin with. */
export const standin: Standin

export interface Standin {
  /**
   * Makes a namespace: a fresh copy of the scenario for one test. The server is that of `url`, else that of `standin run` or `share`, else
   * one that this process starts once.
   */
  namespace(options?: NamespaceOptions): Promise<World>
  /** The same for a test of `node:test`: the namespace has the name of the test and ends with it. */
  namespace(test: TestContext, options?: NamespaceOptions): Promise<World>
  /** Starts a server on a free port. It ends with this process at the latest, also when this process is killed. */
  start(options?: ServerOptions): Promise<Server>
  /**
   * Starts a server and names it in the environment, so that the tests in this process and in those that it starts use it. If the
   * environment names one already, that one is used. Returns a function that stops the server.
   */
  share(options?: ServerOptions): Promise<() => Promise<void>>
}

/** The path of a file, a text in YAML of more than one line, or the scenario itself. */
export type Scenario = string | URL | { standin: 1; name: string; [section: string]: unknown }

export interface ServerOptions {
  /** The default is the scenario that is built in. */
  scenario?: Scenario
  /** The seed of all random draws. */
  seed?: number
  /** URLs of the handlers that the scenario knows by name. */
  handlers?: Record<string, string>
}

/**
 * What a broken rule does: with `error` a breach that is certain, of a rule of this severity, fails the test, and others are told. With `warn`
 * all are told. With `off` nothing is.
 */
export type Rules = 'error' | 'warn' | 'off'

export interface NamespaceOptions {
  /** The name of the test. What is needed to make it unique is added. */
  name?: string
  /** The default is the scenario of the server. */
  scenario?: Scenario
  seed?: number
  /** Expectations that replace those of the scenario. */
  expect?: Expectation[]
  /** URLs of the handlers that the scenario knows by name, such as `{ app: 'http://127.0.0.1:3000/events' }`. */
  handlers?: Record<string, string>
  /** The default is `error`. */
  rules?: Rules
  /** The URL of a server that runs already. */
  url?: string
}

/** What is used of the context of a test of `node:test`. */
export interface TestContext {
  readonly name: string
  readonly error?: Error | null
  after(end: () => Promise<void>): void
  diagnostic?(message: string): void
}

/** A server: one that this process has started, or one that runs already. */
export class Server {
  private constructor()
  static start(options?: ServerOptions): Promise<Server>
  /** The server that runs at a URL. */
  static at(url: string): Server
  readonly url: string
  namespace(options?: Omit<NamespaceOptions, 'url'>): Promise<World>
  /** Ends the server, if this process has started it. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A namespace of a server: what a test configures, reads and judges. */
export class World {
  private constructor()
  readonly name: string
  /** The server's URL. */
  readonly url: string
  readonly bitrix24: Bitrix24
  readonly chert: Chert
  /** The same as variables, for a client in a process of its own. */
  readonly environment: Record<string, string>
  readonly clock: Clock
  /** How a client of this process calls the server over https. */
  readonly tls: Tls

  /** Adds a fault, or replaces the one with its name. It is gone at the end of the namespace, or when it is removed. */
  fault(fault: FaultOptions): Promise<Fault>
  /** Lets an operator, a recipient or the portal do something, such as `bitrix24.operator.write`. */
  act(action: string, parameters?: Record<string, unknown>): Promise<Acted>
  /** The calls that came, the oldest first, with secrets hidden. */
  journal(filter?: JournalFilter): Promise<Exchange[]>
  /** Chats, messages, connectors, lines and so on as they are now. */
  state(): Promise<Record<string, any>>
  /** A chat as it is now. `which` says what else it has, if several chats have the ID, such as `{ line: 105 }`. */
  chat(id: string, which?: Record<string, unknown>): Promise<Record<string, any>>
  /** The events that were sent or wait. */
  outbox(): Promise<Outbox>
  /**
   * Takes the first event that waits for a handler without a URL, or the first with this name. The test hands it over, and calls `answer`.
   */
  take(event?: string): Promise<Event>
  /**
   * Hands each event that waits for a handler without a URL to a handler in this process, also those that are raised meanwhile. The handler
   * returns the status of its answer; the default is 200.
   */
  deliver(handler: (event: Event) => number | void | Promise<number | void>): Promise<Event[]>
  /** Why a call or an event, such as `e1`, ended as it did, in words. The default is the newest call. */
  explain(which?: number | string): Promise<string>

  /** Says what the client must have done at the end of the test. Throws if an expectation has a mistake. */
  expect(...expectations: ExpectationOptions[]): Promise<void>
  /** Waits until the client has done something, 3 s if nothing else is said. Throws if it does not do so in time. */
  waitFor(expectations: ExpectationOptions | ExpectationOptions[], options?: { timeout?: string | number }): Promise<Outcome[]>
  /** Throws if an expectation is not met or a rule is broken. */
  verify(): Promise<Judgement>
  /** What is not met, what is broken, and what happened, in words. */
  report(): Promise<string>
  /** What the client has called and which events were sent, each as `standin explain` words it. */
  conversation(): Promise<string>

  /** Goes back to the start of the scenario. Faults and expectations of the test are gone. */
  reset(): Promise<void>
  /** Verifies and drops the namespace. Throws if an expectation is not met or a rule is broken. */
  end(): Promise<void>
  /** Drops the namespace without verifying. */
  drop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>

  /** Sends a request to the control interface of the namespace, for what has no method here, such as `ask('GET', '/snapshots')`. */
  ask(method: string, path: string, body?: unknown): Promise<any>
}

/** To read a member that the scenario gives nothing for throws. */
export interface Bitrix24 {
  /** The name of a method follows. */
  readonly webhookUrl: string
  readonly restUrl: string
  readonly accessToken: string
  readonly refreshToken: string
  readonly clientId: string
  readonly clientSecret: string
  readonly applicationToken: string
  readonly memberId: string
  readonly tokenUrl: string
  readonly httpsWebhookUrl: string
  readonly httpsRestUrl: string
  readonly httpsTokenUrl: string
}

/** To read a member that the scenario gives nothing for throws. */
export interface Chert {
  readonly baseUrl: string
  readonly tenant: string
  /** Signs requests, and is the bearer token. */
  readonly signingSecret: string
  /** Signs deliveries of the scenario's first webhook. */
  readonly webhookSecret: string
  readonly httpsBaseUrl: string
}

export interface Tls {
  /** The server's URL over https. */
  readonly url: string
  /** The certificate that a client must trust, as PEM. */
  readonly ca: string
  /** The file with this certificate. */
  readonly file: string
  /** For `https.request`, axios, got and others that take an agent. */
  readonly agent: import('node:https').Agent
  /** For `https.request`, `tls.connect` and the agents of other packages. */
  readonly options: { ca: string }
}

export interface Clock {
  /** The time, and the instant at which something is due next. */
  now(): Promise<ClockTime>
  /** Moves a virtual clock by a time such as `30s`, or by `next` to the instant at which something is due next. */
  advance(by: string): Promise<ClockTime>
  /** Moves a virtual clock to an instant. */
  set(instant: string | Date): Promise<ClockTime>
}

export interface ClockTime {
  clock: 'real' | 'virtual'
  now: string
  next?: string | null
  [member: string]: unknown
}

/** A fault that a test has added. */
export interface Fault {
  readonly name: string
  status(): Promise<FaultStatus>
  off(): Promise<FaultStatus>
  on(): Promise<FaultStatus>
  /** Counts its calls anew, so that a fault fires that is spent. */
  again(): Promise<FaultStatus>
  remove(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface FaultStatus {
  name: string
  on: string
  enabled: boolean
  /** The calls that met the fault. */
  calls: number
  /** The calls on which it fired. */
  fired: number
  next_call: number | null
  [member: string]: unknown
}

/** A fault as in a scenario. */
export interface FaultOptions {
  name?: string
  /** A service, one of its operations, such as `chert.chats.rename`, or one of its events. */
  on: string
  match?: Record<string, unknown>
  match_headers?: Record<string, unknown>
  match_credential?: unknown
  when?: When
  /** The error code of the service to answer with, such as `CHAT_RENAMING_FAILED` or `4001`. */
  error?: string
  message?: string
  retry_after?: number
  argument?: string
  /** An answer that replaces the service's own, such as that of a gateway. */
  reply?: { status: number; headers?: Record<string, string>; body?: string }
  /** How long the answer is delayed, such as `2s`. */
  delay?: string | Record<string, unknown>
  /** What the connection does to the answer. */
  wire?: Wire
  /** Whether the change is made although the client sees a failure. */
  applied?: boolean | { later: string }
  /** What happens to the delivery, for faults on events. */
  deliver?: 'lost' | 'twice' | { times: number } | 'after_next' | 'forged' | 'tampered' | 'stale' | 'expired_token'
}

export type Wire =
  | 'reset'
  | 'empty'
  | 'stall'
  | 'garbage'
  | 'malformed_chunk'
  | 'truncate_json'
  | 'invalid_utf8'
  | { reset_after: number }
  | { close_after: number }
  | { stall_after: number }
  | { slow_head: string }
  | { dribble: { chunks: number; over: string } }
  | { wrong_length: 'longer' | 'shorter' }
  | { slow_close: string }

/** On which calls a fault fires. */
export interface When {
  call?: number
  first?: number
  after?: number
  every?: number
  between?: [number, number]
  probability?: number
  from?: string
  until?: string
  limit?: number
  count_by?: string
}

/** An expectation as in a scenario. */
export interface Expectation extends ExpectationOptions {
  name: string
}

export interface ExpectationOptions {
  name?: string
  /** A service, one of its operations, or one of its events. */
  on: string
  match?: Record<string, unknown>
  calls?: 'never' | { exactly?: number; at_least?: number; at_most?: number }
  after?: string
  answered?: { within?: string; status?: string | number }
  the?: Record<string, unknown>
  has?: Record<string, unknown>
  chat?: string
  named?: string
}

export interface Outcome {
  name: string
  met: boolean
  expected: string
  found: string
  exchanges: number[]
  [member: string]: unknown
}

export interface Judgement {
  observed: boolean
  broken: Broken[]
  expectations: Outcome[]
  met: boolean
  report: string
  [member: string]: unknown
}

/** A rule of conduct that the client broke. */
export interface Broken {
  rule: string
  severity: 'error' | 'warn'
  summary: string
  source: string
  count: number
  breaches: { what: string; count: number; shown: unknown[]; left_out: number }[]
  [member: string]: unknown
}

export interface JournalFilter {
  /** The newest ones only. */
  last?: number
  /** Those behind the call with this number. */
  after?: number
  service?: string
  operation?: string
  direction?: 'in' | 'out' | 'all'
}

/** A call and its answer. */
export interface Exchange {
  number: number
  at: string
  service: string
  operation: string | null
  error: string | null
  request: { method: string; target: string; headers: [string, string][]; body: any }
  response: { status: number; headers: [string, string][]; body: any } | null
  [member: string]: any
}

export interface Acted {
  action: string
  do: string
  changed: unknown
  /** The events that it raised, such as `e1`. */
  events: string[]
  remarks: string[]
}

export interface Outbox {
  deliveries: Delivery[]
  silences: { cause: unknown; remark: string }[]
  counts: Record<string, number>
}

export interface Delivery {
  id: string
  event: string
  state: 'waiting' | 'sending' | 'delivered' | 'failed' | 'blocked' | 'dropped'
  attempts: { at: string; status: number | null; error: string | null; duration_ms: number }[]
  body: string
  [member: string]: unknown
}

/** An event that a test has taken: the request that its handler would get. */
export interface Event {
  /** Such as `e1`. */
  readonly id: string
  /** Such as `OnImConnectorMessageAdd`. */
  readonly name: string
  readonly method: string
  readonly url: string | null
  readonly query: string
  readonly headers: Record<string, string>
  readonly body: string
  /** Says what the handler has answered; the default is 200. */
  answer(status?: number): Promise<void>
}

/** What went wrong with the server, or what the client under test has done wrong. */
export class StandinError extends Error {}

/** The path of the program: `STANDIN_BIN`, else the program that the package of this platform carries, else `standin` on the path. */
export function findProgram(): string
