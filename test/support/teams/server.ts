import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../clock.ts'
import { sizeOf } from './activity.ts'
import {
  ACTIVITY_NOT_FOUND,
  type Asked,
  answer,
  type Call,
  countedOn,
  type Reply,
  refuse,
  TOO_BIG,
  WRITES_BLOCKED,
} from './connector.ts'
import { isObject, parseJson, within } from './json.ts'
import type { Signer } from './jwt.ts'
import { Quotas } from './quotas.ts'
import type { Tokens } from './tokens.ts'
import type { World } from './world.ts'

/** Something to go wrong with the next call of a kind. `applied`: the call takes effect all the same. */
export type Fault =
  | { is: 'status'; status: number; applied: boolean }
  /** Null: without a Retry-After. */
  | { is: 'throttled'; retryAfterSeconds: number | null }
  | { is: 'precondition_failed' }
  /** Taken, with nothing said about it: 202 without a body. */
  | { is: 'accepted' }
  | { is: 'activity_not_found' }
  | { is: 'writes_blocked' }
  | { is: 'too_big' }
  | { is: 'hang'; applied: boolean }
  | { is: 'reset'; applied: boolean }

export type Settings = {
  clock: Clock
  world: World
  signer: Signer
  tokens: Tokens
  password: string
  /** Whether a refusal by quota says how long to wait; Teams often does not. */
  saysRetryAfter: boolean
}

const PREFIX = '/emea'
const ROUTES: [method: string, path: RegExp, call: Call][] = [
  ['POST', /^\/v3\/conversations$/, 'create'],
  ['POST', /^\/v3\/conversations\/([^/]+)\/activities$/, 'send'],
  ['POST', /^\/v3\/conversations\/([^/]+)\/activities\/([^/]+)$/, 'reply'],
  ['PUT', /^\/v3\/conversations\/([^/]+)\/activities\/([^/]+)$/, 'update'],
  ['DELETE', /^\/v3\/conversations\/([^/]+)\/activities\/([^/]+)$/, 'delete'],
  ['GET', /^\/v3\/conversations\/([^/]+)\/pagedmembers$/, 'members'],
  ['GET', /^\/v3\/conversations\/([^/]+)\/members\/([^/]+)$/, 'member'],
]

/** The HTTP side of the double: signing keys, the token endpoint, and the connector. */
export class TeamsServer {
  readonly calls: Asked[] = []
  readonly faults: { call: Call; fault: Fault }[] = []
  /** How many calls a quota has refused. */
  throttled = 0
  /** The largest message so far, as Teams counts it. */
  largestBytes = 0
  readonly #settings: Settings
  readonly #quotas: Quotas
  readonly #http = createServer((request, response) => void this.#serve(request, response))

  constructor(settings: Settings) {
    this.#settings = settings
    this.#quotas = new Quotas(settings.clock)
  }

  get url(): string {
    const { port } = this.#http.address() as AddressInfo
    return `http://127.0.0.1:${port}`
  }

  get serviceUrl(): string {
    return `${this.url}${PREFIX}/`
  }

  /** Listens on a free port. */
  start(): Promise<void> {
    return new Promise((resolve) => this.#http.listen(0, '127.0.0.1', resolve))
  }

  stop(): Promise<void> {
    this.#http.closeAllConnections()
    return new Promise((resolve) => this.#http.close(() => resolve()))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    const { pathname } = new URL(request.url ?? '/', this.url)
    if (pathname.startsWith(`${PREFIX}/`))
      this.#connector(request, pathname.slice(PREFIX.length), body, response)
    else this.#send(response, this.#directory(request.method ?? '', pathname, body))
  }

  /** What stands at other hosts in real life: signing keys and tokens. */
  #directory(method: string, path: string, body: string): Reply {
    const { signer, tokens, world, password } = this.#settings
    if (method === 'GET' && path === '/.well-known/openidconfiguration')
      return {
        status: 200,
        body: {
          issuer: 'https://api.botframework.com',
          jwks_uri: `${this.url}/keys`,
          id_token_signing_alg_values_supported: ['RS256'],
        },
      }
    if (method === 'GET' && path === '/keys') return { status: 200, body: signer.jwks() }
    if (method === 'POST' && path === '/token') {
      const granted = tokens.grant(new URLSearchParams(body), world.bot.appId, password)
      return { status: granted.status, body: { ...granted.body } }
    }
    world.violation(`a call to an unknown address: ${method} ${path}`)
    return { status: 404, body: null }
  }

  #connector(request: IncomingMessage, path: string, text: string, response: ServerResponse): void {
    const { world, tokens } = this.#settings
    const asked = readCall(request.method ?? '', path, text)
    if (!asked) {
      world.violation(`a call that the connector does not know: ${request.method} ${path}`)
      this.#send(response, refuse(404, 'NotFound', 'No such address.'))
      return
    }
    if (!tokens.accepts(request.headers.authorization)) {
      this.#send(response, refuse(401, 'Unauthorized', 'Authorization has been denied for this request.'))
      return
    }
    this.calls.push(asked)
    this.largestBytes = Math.max(
      this.largestBytes,
      sizeOf(asked.call === 'create' ? within(asked.body, 'activity') : asked.body),
    )
    this.#answer(asked, response)
    world.changed()
  }

  /** Lets a waiting fault have its way, then the quotas, then the conversation itself. */
  #answer(asked: Asked, response: ServerResponse): void {
    const run = (): Reply => answer(this.#settings.world, asked)
    const at = this.faults.findIndex((each) => each.call === asked.call)
    const fault = at >= 0 ? this.faults.splice(at, 1)[0]?.fault : undefined
    const reply = fault === undefined ? (this.#throttle(asked) ?? run()) : faulty(fault, run)
    if (reply !== null) this.#send(response, reply)
    else if (fault?.is === 'reset') response.destroy()
  }

  #throttle(asked: Asked): Reply | null {
    const what = asked.call === 'members' || asked.call === 'member' ? 'members' : 'write'
    const waitMs = this.#quotas.take(what, countedOn(asked))
    if (waitMs === 0) return null
    this.throttled += 1
    return throttled(this.#settings.saysRetryAfter ? Math.ceil(waitMs / 1000) : null)
  }

  #send(response: ServerResponse, { status, body, headers }: Reply): void {
    const type = body === null ? {} : { 'content-type': 'application/json; charset=utf-8' }
    response.writeHead(status, { ...type, ...headers })
    response.end(body === null ? undefined : JSON.stringify(body))
  }
}

/** What a faulty call is answered; null = nothing comes back. */
function faulty(fault: Fault, run: () => Reply): Reply | null {
  if ('applied' in fault && fault.applied) run()
  switch (fault.is) {
    case 'status':
      return refuse(fault.status, 'ServiceError', 'Something went wrong upstream.')
    case 'throttled':
      return throttled(fault.retryAfterSeconds)
    case 'precondition_failed':
      return refuse(412, 'PreconditionFailed', 'Another call was in the way.')
    case 'accepted': {
      const reply = run()
      return reply.status < 300 ? { status: 202, body: null } : reply
    }
    case 'activity_not_found':
      return ACTIVITY_NOT_FOUND
    case 'writes_blocked':
      return WRITES_BLOCKED
    case 'too_big':
      return TOO_BIG
    case 'hang':
    case 'reset':
      return null
  }
}

const throttled = (retryAfterSeconds: number | null): Reply => ({
  ...refuse(429, 'Throttled', 'Too many requests.'),
  headers: retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) },
})

/** Reads a call from its method, address and body; null where the connector has no such address. */
function readCall(method: string, path: string, text: string): Asked | null {
  for (const [verb, pattern, call] of ROUTES) {
    const match = verb === method ? pattern.exec(path) : null
    if (!match) continue
    const body: unknown = text === '' ? {} : parseJson(text)
    const [, conversation = '', target = ''] = match.map((each) => decodeURIComponent(each ?? ''))
    return { call, conversation, target, body: isObject(body) ? body : {} }
  }
  return null
}
