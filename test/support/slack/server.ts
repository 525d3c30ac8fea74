import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../clock.ts'
import { type Answer, invalid, METHODS, type Method, readContent } from './api.ts'
import { isObject, type Json } from './blocks.ts'
import type { SocketTransport } from './deliver.ts'
import type { Grants } from './oauth.ts'
import { RateLimits } from './rates.ts'
import { APP_ID, TEAM, type World } from './world.ts'

/** Something to go wrong with the next call of a method. `applied`: the call takes effect all the same. */
export type Fault =
  | { is: 'error'; error: string; problems?: string[] }
  | { is: 'status'; status: number; applied: boolean }
  | { is: 'hang'; applied: boolean }
  | { is: 'reset'; applied: boolean }
  | { is: 'rate_limited'; retryAfterSeconds: number }

export type Settings = {
  clock: Clock
  world: World
  sockets: SocketTransport
  grants: Grants
  appToken: string
  scopes: string[]
}

type Recorded = { method: string; args: Json }

const MAX_SOCKETS = 10

/** The HTTP and WebSocket side of the double: `/api/*`, response URLs, and Socket Mode links. */
export class SlackServer {
  readonly calls: Recorded[] = []
  readonly faults: { method: string; fault: Fault }[] = []
  readonly usedScopes = new Set<string>()
  /** Methods that were called faster than Slack takes them, once for each such call. */
  readonly tooFast: string[] = []
  revoked = false
  /** How many of the next sockets are not greeted. */
  silent = 0
  /** How many sockets were greeted so far. */
  greeted = 0
  readonly #settings: Settings
  readonly #limits: RateLimits
  readonly #tickets = new Set<string>()
  readonly #http = createServer((request, response) => void this.#serve(request, response))
  readonly #links = new WebSocketServer({ noServer: true })

  constructor(settings: Settings) {
    this.#settings = settings
    this.#limits = new RateLimits(settings.clock)
    this.#http.on('upgrade', (request, socket, head) => {
      const ticket = new URL(request.url ?? '/', this.url()).searchParams.get('ticket') ?? ''
      // A ticket opens one link.
      const welcome = this.#tickets.delete(ticket) && settings.sockets.sockets.length < MAX_SOCKETS
      if (welcome) this.#links.handleUpgrade(request, socket, head, (link) => this.#connected(link))
      else socket.destroy()
    })
  }

  url(): string {
    const { port } = this.#http.address() as AddressInfo
    return `http://127.0.0.1:${port}`
  }

  /** Listens on a free port. */
  start(): Promise<void> {
    return new Promise((resolve) => this.#http.listen(0, '127.0.0.1', resolve))
  }

  stop(): Promise<void> {
    for (const link of this.#links.clients) link.terminate()
    this.#http.closeAllConnections()
    return new Promise((resolve) => this.#http.close(() => resolve()))
  }

  #connected(link: WebSocket): void {
    const { sockets, world } = this.#settings
    if (this.silent > 0) {
      this.silent -= 1
      return
    }
    sockets.sockets.push(link)
    this.greeted += 1
    link.on('message', (data) => sockets.receive(String(data)))
    link.on('close', () => {
      sockets.sockets.splice(sockets.sockets.indexOf(link), 1)
      world.changed()
    })
    link.send(
      JSON.stringify({
        type: 'hello',
        num_connections: sockets.sockets.length,
        connection_info: { app_id: APP_ID },
        debug_info: { host: 'applink', build_number: 1, approximate_connection_time: 18_060 },
      }),
    )
    world.changed()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    const { pathname } = new URL(request.url ?? '/', this.url())
    if (request.method !== 'POST') {
      this.#settings.world.violation(`${request.method} ${pathname}: the app may only POST`)
      response.writeHead(405).end()
    } else if (pathname.startsWith('/api/')) {
      this.#api(pathname.slice('/api/'.length), request, body, response)
    } else if (pathname.startsWith('/actions/')) {
      const { values } = readArgs(request.headers['content-type'], body)
      this.#reply('response_url', values, response, () => this.#respond(pathname, values))
    } else {
      this.#settings.world.violation(`a call to an unknown address: ${pathname}`)
      response.writeHead(404).end()
    }
  }

  #api(method: string, request: IncomingMessage, body: string, response: ServerResponse): void {
    const { values, token, refusal } = readArgs(request.headers['content-type'], body)
    const credential = request.headers.authorization?.replace(/^Bearer ?/, '') ?? token
    const channel = typeof values.channel === 'string' ? values.channel : null
    this.#reply(method, values, response, () => {
      if (refusal) return { status: 200, body: { ok: false, error: refusal } }
      const grant = this.#settings.grants.of(credential)
      const wait = this.#limits.take(method, channel, typeof grant === 'string' ? TEAM.id : grant.team)
      if (wait === 0) return { status: 200, body: this.#answer(method, values, credential) }
      this.tooFast.push(method)
      return limited(wait)
    })
  }

  /** Writes the call down, lets a waiting fault have its way, and answers. */
  #reply(method: string, args: Json, response: ServerResponse, run: () => Reply): void {
    this.calls.push({ method, args })
    const at = this.faults.findIndex((each) => each.method === method)
    const fault = at >= 0 ? this.faults.splice(at, 1)[0]?.fault : undefined
    if (fault && 'applied' in fault && fault.applied) run()
    switch (fault?.is) {
      case 'error':
        this.#send(response, { status: 200, body: invalid(fault.error, fault.problems ?? []) })
        break
      case 'rate_limited':
        this.#send(response, limited(fault.retryAfterSeconds))
        break
      case 'status':
        response.writeHead(fault.status).end('upstream trouble')
        break
      case 'hang':
        break
      case 'reset':
        response.destroy()
        break
      case undefined:
        this.#send(response, run())
    }
    this.#settings.world.changed()
  }

  #send(response: ServerResponse, reply: Reply): void {
    response.writeHead(reply.status, {
      'content-type': 'application/json; charset=utf-8',
      'x-oauth-scopes': this.#settings.scopes.join(','),
      ...reply.headers,
    })
    response.end(JSON.stringify(reply.body))
  }

  #answer(method: string, args: Json, token: unknown): Answer {
    if (method === 'oauth.v2.access') return this.#settings.grants.access(args, this.#settings.scopes)
    const known = method === 'apps.connections.open' ? this.#openConnection() : METHODS[method]
    if (!known) {
      this.#settings.world.violation(`the app called ${method}, which the double does not know`)
      return { ok: false, error: 'unknown_method' }
    }
    const { grants, appToken, scopes, world } = this.#settings
    if (token === undefined || token === '') return { ok: false, error: 'not_authed' }
    const grant = grants.of(token)
    if (token !== appToken && typeof grant === 'string') return { ok: false, error: grant }
    if (this.revoked) return { ok: false, error: 'token_revoked' }
    if ((token === appToken) === (known.token === 'bot'))
      return { ok: false, error: 'not_allowed_token_type' }
    const team = typeof grant === 'string' ? TEAM.id : grant.team
    if (method === 'auth.revoke' && typeof grant !== 'string') grant.revoked = true
    if (known.scope && !scopes.includes(known.scope)) {
      return { ok: false, error: 'missing_scope', needed: known.scope, provided: scopes.join(',') }
    }
    if (known.scope) this.usedScopes.add(known.scope)
    return known.run(world, args, scopes, team)
  }

  #openConnection(): Method {
    return {
      token: 'app',
      scope: null,
      run: () => {
        const ticket = randomBytes(12).toString('hex')
        this.#tickets.add(ticket)
        return {
          ok: true,
          url: `${this.url().replace('http', 'ws')}/link/?ticket=${ticket}&app_id=${APP_ID}`,
        }
      },
    }
  }

  /** A response URL: shows a message to the one who pressed, replaces the pressed one, or deletes it. */
  #respond(path: string, args: Json): Reply {
    const { world } = this.#settings
    const url = world.spendResponsePath(path)
    if ('error' in url) return { status: 404, body: { ok: false, error: url.error } }
    const pressed = url.ts ? world.message(url.channel, url.ts) : undefined
    if (args.delete_original === true && pressed) {
      world.remove(pressed)
      return { status: 200, body: { ok: true } }
    }
    const content = readContent(args)
    if ('refusal' in content) return { status: 400, body: content.refusal }
    if (args.replace_original === true && pressed) world.edit(pressed, content.text, content.blocks)
    else {
      const visibleTo = args.response_type === 'in_channel' ? null : url.user
      const thread = typeof args.thread_ts === 'string' ? args.thread_ts : null
      if (thread !== null && !world.message(url.channel, thread)) {
        world.violation(`an answer in a thread that the channel does not have: ${thread}`)
      }
      world.post({ ...content, channel: url.channel, from: 'app', thread, visibleTo })
    }
    return { status: 200, body: { ok: true } }
  }
}

type Reply = { status: number; body: Json; headers?: Record<string, string> }

const limited = (seconds: number): Reply => ({
  status: 429,
  body: { ok: false, error: 'ratelimited' },
  headers: { 'retry-after': String(seconds) },
})

const parse = (json: string): unknown => {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** A call's arguments from JSON or from a form; in a form, everything that is not text is JSON inside. */
function readArgs(type = '', body: string): { values: Json; token?: string; refusal?: string } {
  if (type.startsWith('application/json')) {
    const values = parse(body)
    return isObject(values) ? { values } : { values: {}, refusal: 'invalid_json' }
  }
  if (!type.startsWith('application/x-www-form-urlencoded'))
    return { values: {}, refusal: 'invalid_post_type' }
  const form = Object.fromEntries(new URLSearchParams(body))
  const values: Json = { ...form }
  for (const name of ['blocks', 'view'] as const) {
    const json = form[name]
    if (json === undefined) continue
    values[name] = parse(json)
    if (values[name] === undefined) return { values, refusal: `invalid_${name}_format` }
  }
  return { values, ...(form.token === undefined ? {} : { token: form.token }) }
}
