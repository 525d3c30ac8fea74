import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/*
 * A small system with a REST API, as strict as real ones: it refuses what is not signed in, bodies with fields that it
 * does not know or without those it needs, changes without an Idempotency-Key, and changes from the wrong state. What
 * was done under a key is not done again under it; what was refused is not kept.
 */

export type Shipment = {
  id: string
  order: string
  status: 'NEW' | 'HOLD' | 'DESPATCHED' | 'VOID'
  cancellation: 'none' | 'asked' | 'agreed'
  units: number
  tracking: string | null
  updated: number
}
export type Message = {
  id: string
  order: string
  outcome: 'FAILED' | 'QUEUED' | 'DELIVERED'
  updated: number
}
export type Sale = { id: string; number: string; lines: string; status: 'OPEN'; updated: number }

export type RestService = {
  url: string
  token: string
  /** The next call is not let in. */
  expire(): void
  shipments: Map<string, Shipment>
  messages: Map<string, Message>
  sales: Map<string, Sale>
  /** Changes that have taken place because of a call. */
  effects(): number
  /** The next change is refused inside an answer that says 200, and does not happen. */
  refuseInside(): void
  /** Whoever was asked agrees; what is queued is delivered. */
  settle(): void
  /** Requests as they came, path and body. */
  requests: { method: string; path: string; body: string; headers: IncomingMessage['headers'] }[]
  close(): Promise<void>
}

class Refusal extends Error {
  readonly status: number
  constructor(status: number, words: string) {
    super(words)
    this.status = status
  }
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** A body with exactly these fields, each a text that is not empty. */
const fieldsOf = (text: string, contentType: string | undefined, names: string[]): Record<string, string> => {
  if (contentType !== 'application/json') throw new Refusal(415, 'Send JSON.')
  const body: unknown = JSON.parse(text)
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new Refusal(400, 'Send an object.')
  const given = Object.entries(body)
  const stray = given.find(([name]) => !names.includes(name))
  if (stray) throw new Refusal(400, `The field ${stray[0]} is not known.`)
  return Object.fromEntries(
    names.map((name) => {
      const value: unknown = given.find(([each]) => each === name)?.[1]
      if (typeof value !== 'string' || value === '') throw new Refusal(400, `The field ${name} is missing.`)
      return [name, value]
    }),
  )
}

type Asked = {
  method: string
  parts: string[]
  query: URLSearchParams
  text: string
  contentType: string | undefined
}

/** Everything the service knows and can do, without HTTP. */
const world = (now: () => Date) => {
  const shipments = new Map<string, Shipment>()
  const messages = new Map<string, Message>()
  const sales = new Map<string, Sale>()
  const state = { effects: 0, refusesInside: false, isExpired: false }

  const known = <T>(map: Map<string, T>, id: string): T => {
    const found = map.get(id)
    if (!found) throw new Refusal(404, 'There is no such thing.')
    return found
  }
  const changed = <T extends { updated: number }>(it: T, change: Partial<T>): T => {
    state.effects += 1
    return Object.assign(it, change, { updated: Math.max(it.updated + 1, now().getTime()) })
  }

  const get = ({ parts: [on = '', id], query }: Asked): unknown => {
    if (on === 'health') return { ok: true }
    if (on === 'shipments' && id) return { shipment: known(shipments, id) }
    if (on === 'messages' && id) return known(messages, id)
    if (on === 'sales' && !id) {
      const number = query.get('number')
      if (!number) throw new Refusal(400, 'Say which number.')
      return { items: [...sales.values()].filter((sale) => sale.number === number) }
    }
    throw new Refusal(404, 'There is no such path.')
  }

  const post = ({ parts: [on = '', id = '', verb = ''], text, contentType }: Asked): unknown => {
    const fields = (...names: string[]) => fieldsOf(text, contentType, names)
    switch (`${on} ${verb}`) {
      case 'shipments release': {
        fields('reason')
        const shipment = known(shipments, id)
        if (shipment.status !== 'HOLD') throw new Refusal(409, `Shipment ${id} is ${shipment.status}.`)
        return changed(shipment, { status: 'NEW' })
      }
      case 'shipments cancellation': {
        fields('note')
        const shipment = known(shipments, id)
        if (shipment.status !== 'NEW' || shipment.cancellation !== 'none')
          throw new Refusal(
            409,
            `Shipment ${id} is ${shipment.status}, its cancellation ${shipment.cancellation}.`,
          )
        return changed(shipment, { cancellation: 'asked' })
      }
      case 'messages retry': {
        const message = known(messages, id)
        if (message.outcome !== 'FAILED') throw new Refusal(409, `Message ${id} is ${message.outcome}.`)
        return changed(message, { outcome: 'QUEUED' })
      }
      case 'sales ': {
        const { number = '', lines = '' } = fields('number', 'lines')
        if ([...sales.values()].some((sale) => sale.number === number))
          throw new Refusal(422, `There is a sale with the number ${number}.`)
        const sale: Sale = { id: `S${sales.size + 1}`, number, lines, status: 'OPEN', updated: 0 }
        sales.set(sale.id, sale)
        return changed(sale, {})
      }
      default:
        throw new Refusal(404, 'There is no such path.')
    }
  }

  const settle = () => {
    for (const shipment of shipments.values()) {
      if (shipment.cancellation === 'asked')
        Object.assign(shipment, { cancellation: 'agreed', status: 'VOID', updated: shipment.updated + 1 })
    }
    for (const message of messages.values()) {
      if (message.outcome === 'QUEUED')
        Object.assign(message, { outcome: 'DELIVERED', updated: message.updated + 1 })
    }
  }
  return { shipments, messages, sales, state, get, post, settle }
}

const answer = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

export const startRestService = async (now: () => Date): Promise<RestService> => {
  const { shipments, messages, sales, state, get, post, settle } = world(now)
  const done = new Map<string, { about: string; body: string }>()
  const requests: RestService['requests'] = []
  const token = 'a-rest-token'

  /** A change under its key: once. */
  const change = (asked: Asked, key: string | undefined): string => {
    if (!key) throw new Refusal(400, 'The Idempotency-Key is missing.')
    const about = `${asked.parts.join('/')} ${asked.text}`
    const known = done.get(key)
    if (known && known.about !== about) throw new Refusal(422, 'This key was used for something else.')
    if (known) return known.body
    if (state.refusesInside) {
      state.refusesInside = false
      return JSON.stringify({ error: { message: 'The period is closed.' } })
    }
    const body = JSON.stringify({ done: post(asked) })
    done.set(key, { about, body })
    return body
  }

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await bodyOf(request)
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://rest')
    const { method = '', headers } = request
    requests.push({ method, path: request.url ?? '', body: text, headers })
    try {
      const isExpired = state.isExpired
      state.isExpired = false
      if (isExpired || headers.authorization !== `Bearer ${token}`) throw new Refusal(401, 'Who are you?')
      const parts = pathname.split('/').slice(1).map(decodeURIComponent)
      const asked = { method, parts, query, text, contentType: headers['content-type'] }
      if (method === 'GET') return answer(response, 200, get(asked))
      if (method !== 'POST') throw new Refusal(405, 'GET or POST.')
      const key = headers['idempotency-key']
      const body = change(asked, [key].flat()[0])
      response.writeHead(200, { 'content-type': 'application/json' }).end(body)
    } catch (error) {
      if (error instanceof Refusal) answer(response, error.status, { error: { message: error.message } })
      else answer(response, 400, { error: { message: String(error) } })
    }
  }

  const server: Server = createServer((request, response) => void handle(request, response))
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    expire() {
      state.isExpired = true
    },
    shipments,
    messages,
    sales,
    requests,
    settle,
    effects: () => state.effects,
    refuseInside() {
      state.refusesInside = true
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
