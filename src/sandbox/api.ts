import type { Idempotency } from './idempotency.ts'
import type { Ledger } from './ledger.ts'
import type { Outbox } from './outbox.ts'
import { isToken, jsonOf, type Reply, type Request } from './service.ts'
import type { Answer, Route, System } from './system.ts'
import type { Timeline } from './timeline.ts'

/** Whoever has the token is Baton. */
const BATON = { kind: 'integration', name: 'baton' } as const

const PAGE = 100
const MAX_PAGE = 500

type Deps = {
  role: string
  token: string
  routes: Route[]
  timeline: Timeline
  ledger: Ledger
  outbox: Outbox
  idempotency: Idempotency
}

const notFound = (request: Request): Answer => ({
  status: 404,
  body: { message: `Nothing at ${request.method} /${request.path.join('/')}.` },
})

const changes = (system: System, query: URLSearchParams): Answer => {
  const after = Number(query.get('cursor') || 0)
  const limit = Math.min(Number(query.get('limit') || PAGE), MAX_PAGE)
  if (!Number.isSafeInteger(after) || after < 0 || !Number.isSafeInteger(limit) || limit < 1) {
    return { status: 422, body: { message: 'cursor and limit are whole numbers.' } }
  }
  const { items, last, more } = system.changes(after, limit)
  return { status: 200, body: { now: system.time(), items, next_cursor: String(last), more } }
}

/**
 * The API that one system shows: `GET /whoami`, `GET /changes?cursor=&limit=`, `GET /<objects>/<id>`, and its own
 * actions. Every POST needs an Idempotency-Key; the same key gets the same answer and has no second effect.
 */
export const createApi = (system: System, deps: Deps) => {
  const { timeline, ledger, outbox, idempotency, routes } = deps

  const routeFor = (method: string, [on, id, verb]: string[]): Route | undefined =>
    routes.find(
      (route) =>
        route.method === method &&
        route.on === on &&
        (route.verb === null ? id === undefined : route.verb === verb),
    )

  const get = (request: Request): Answer => {
    const [on = '', id] = request.path
    if (on === 'whoami')
      return { status: 200, body: { system: system.name, role: deps.role, now: system.time() } }
    if (on === 'changes') return changes(system, request.query)
    const route = routeFor('GET', request.path)
    if (route) return route.run({ id: '', query: request.query, body: undefined, by: BATON })
    const found = id === undefined || request.path.length > 2 ? undefined : system.read(on, id)
    return found ? { status: 200, body: found } : notFound(request)
  }

  const post = (request: Request): Reply => {
    const route = routeFor('POST', request.path)
    if (!route) return notFound(request)
    const key = request.message.headers['idempotency-key']
    if (typeof key !== 'string' || key === '' || key.length > 255) {
      return { status: 400, body: { message: 'An Idempotency-Key header is needed.' } }
    }
    const call = `${request.path.join('/')}\n${request.body}`
    const before = idempotency.find(system.name, key, call)
    if (before === 'other') return { status: 422, body: { message: `Key ${key} was used for another call.` } }
    if (before)
      return { status: before.status, body: before.body, headers: { 'idempotent-replayed': 'true' } }
    const [, id = ''] = request.path
    const { status, body, effect } = route.run({
      id,
      query: request.query,
      body: jsonOf(request.body),
      by: BATON,
    })
    idempotency.keep(system.name, key, call, { status, body })
    if (effect) ledger.effect({ system: system.name, idempotencyKey: key, ...effect })
    return { status, body, lost: effect !== undefined && outbox.losesAnswer(system.name) }
  }

  return (request: Request): Reply => {
    const upAgain = timeline.upAgainAt(system.name)
    if (upAgain) {
      const seconds = Math.max(1, Math.ceil((upAgain.getTime() - timeline.now().getTime()) / 1000))
      const headers = { 'retry-after': String(seconds) }
      return { status: 503, body: { message: `${system.name} is down for maintenance.` }, headers }
    }
    if (!isToken(request.message.headers.authorization, deps.token)) {
      return { status: 401, body: { message: 'A valid bearer token is needed.' } }
    }
    if (request.method === 'GET') return get(request)
    if (request.method === 'POST') return post(request)
    return { status: 405, body: { message: `${request.method} is not known here.` } }
  }
}
