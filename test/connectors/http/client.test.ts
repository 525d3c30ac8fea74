import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SystemError } from '../../../src/app/errors.ts'
import { createHttpClient, type HttpOptions } from '../../../src/connectors/http/client.ts'

type Handler = (request: IncomingMessage, response: ServerResponse, n: number) => void

let server: Server
let handler: Handler
let calls: {
  method: string | undefined
  url: string | undefined
  headers: IncomingMessage['headers']
  body: string
}[]

beforeEach(async () => {
  calls = []
  handler = (_, response) => json(response, 200, { ok: true })
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const { method, url, headers } = request
      calls.push({ method, url, headers, body: Buffer.concat(chunks).toString() })
      handler(request, response, calls.length)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  vi.useRealTimers()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const json = (
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))

const baseUrl = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const client = (options: Partial<HttpOptions> = {}) =>
  createHttpClient({
    system: 'erp-eu',
    baseUrl: baseUrl(),
    headers: { authorization: 'Bearer secret-token' },
    retryMs: 1,
    ...options,
  })
const signal = () => AbortSignal.timeout(20_000)
const get = { path: '/orders/1', signal: signal() }

const errorOf = async (promise: Promise<unknown>): Promise<SystemError> => {
  const error = await promise.then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof SystemError)) throw error
  return error
}

describe('a call', () => {
  it('sends credentials, query and body, and brings JSON back', async () => {
    const http = client({ baseUrl: `${baseUrl()}/api/` })
    const answer = await http.read({ path: '/orders', query: { after: 'a b' }, signal: signal() })
    expect(answer.json).toEqual({ ok: true })
    expect(answer.raw.toString()).toBe('{"ok":true}')
    await http.change({
      path: '/orders/1/hold',
      body: { reason: 'x' },
      headers: { 'idempotency-key': 'k' },
      signal: signal(),
    })
    expect(calls[0]).toMatchObject({ method: 'GET', url: '/api/orders?after=a+b' })
    expect(calls[1]).toMatchObject({ method: 'POST', url: '/api/orders/1/hold', body: '{"reason":"x"}' })
    expect(calls[1]?.headers).toMatchObject({
      authorization: 'Bearer secret-token',
      'content-type': 'application/json',
      'idempotency-key': 'k',
    })
  })

  it('takes an empty answer for an answer', async () => {
    handler = (_, response) => response.writeHead(204).end()
    const answer = await client().change({ path: '/x', signal: signal() })
    expect([answer.status, answer.json]).toEqual([204, undefined])
  })
})

describe('what the system answers', () => {
  const cases = [
    { status: 400, read: 'refused', change: 'refused' },
    { status: 401, read: 'misconfigured', change: 'misconfigured' },
    { status: 403, read: 'misconfigured', change: 'misconfigured' },
    { status: 404, read: 'refused', change: 'refused' },
    { status: 408, read: 'unreachable', change: 'ambiguous' },
    { status: 409, read: 'refused', change: 'refused' },
    { status: 422, read: 'refused', change: 'refused' },
    { status: 429, read: 'unreachable', change: 'unreachable' },
    { status: 500, read: 'unreachable', change: 'ambiguous' },
    { status: 502, read: 'unreachable', change: 'ambiguous' },
    { status: 503, read: 'unreachable', change: 'ambiguous' },
    { status: 504, read: 'unreachable', change: 'ambiguous' },
  ]
  it.each(cases)(
    '$status means $read for a read and $change for a change',
    async ({ status, read, change }) => {
      handler = (_, response) => json(response, status, { message: 'Sale SO-1 is done.' })
      const http = client({ retries: 0 })
      expect((await errorOf(http.read(get))).failure).toBe(read)
      const error = await errorOf(http.change({ path: '/x', signal: signal() }))
      expect(error.failure).toBe(change)
      expect(error.system).toBe('erp-eu')
      if (change === 'refused') expect(error.message).toBe('erp-eu refused: Sale SO-1 is done.')
    },
  )

  it.each([
    { status: 429, header: '3' },
    { status: 503, header: '3' },
  ])(
    '$status with Retry-After says when to come back, and is not pressed before',
    async ({ status, header }) => {
      handler = (_, response) => json(response, status, {}, { 'retry-after': header })
      const http = client()
      const change = await errorOf(http.change({ path: '/x', signal: signal() }))
      expect(change).toMatchObject({ failure: 'unreachable', retryAfterMs: 3000 })
      expect(calls).toHaveLength(1)
      expect((await errorOf(http.read(get))).retryAfterMs).toBe(3000)
      expect(calls).toHaveLength(2)
    },
  )

  it('a redirect is not followed: the credentials stay where they belong', async () => {
    handler = (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/login' }).end()
    const error = await errorOf(client().read(get))
    expect(error).toMatchObject({ failure: 'misconfigured' })
    expect(error.message).toContain('http://127.0.0.1:1/login')
    expect(calls).toHaveLength(1)
  })

  it('a page instead of JSON means a wrong address; after a change it leaves open what happened', async () => {
    handler = (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')
    expect((await errorOf(client().read(get))).failure).toBe('misconfigured')
    expect((await errorOf(client().change({ path: '/x', signal: signal() }))).failure).toBe('ambiguous')
  })

  it.each([true, false])('is not read beyond the limit (length announced: %s)', async (announced) => {
    const body = Buffer.alloc(3000, ' ')
    handler = (_, response) => {
      response.writeHead(200, announced ? { 'content-length': String(body.length) } : {})
      response.write(body.subarray(0, 1500))
      response.end(body.subarray(1500))
    }
    const error = await errorOf(client({ maxBytes: 2000 }).read(get))
    expect(error.message).toContain('more than 2000 bytes')
  })

  it('never shows credentials, nor the body of what went wrong inside the system', async () => {
    handler = (_, response) =>
      response.writeHead(500).end('{"stack": "SELECT * FROM customers", "x": "Jane Doe"}')
    const http = client({ retries: 0 })
    for (const error of [
      await errorOf(http.read(get)),
      await errorOf(http.change({ path: '/x', signal: signal() })),
    ]) {
      expect(`${error.message} ${JSON.stringify(error)} ${error.stack}`).not.toMatch(
        /secret-token|SELECT|Jane/,
      )
    }
  })
})

describe('no answer', () => {
  it('nobody at the address: certainly nothing happened', async () => {
    const http = createHttpClient({ system: 'erp', baseUrl: 'http://127.0.0.1:1', headers: {}, retries: 0 })
    const error = await errorOf(http.change({ path: '/x', signal: signal() }))
    expect(error.failure).toBe('unreachable')
    expect(error.message).toContain('ECONNREFUSED')
  })

  it('no such host: certainly nothing happened', async () => {
    const http = createHttpClient({ system: 'erp', baseUrl: 'http://erp.invalid', headers: {}, retries: 0 })
    expect((await errorOf(http.change({ path: '/x', signal: signal() }))).failure).toBe('unreachable')
  })

  it.each([
    { how: 'too late', handle: () => {} },
    { how: 'broken off before it began', handle: (request: IncomingMessage) => request.socket.destroy() },
    {
      how: 'broken off in the middle',
      handle: (request: IncomingMessage, response: ServerResponse) => {
        response.writeHead(200, { 'content-length': '100' }).write('{')
        setImmediate(() => request.socket.destroy())
      },
    },
  ])('$how: nobody knows what a change did; a read just failed', async ({ handle }) => {
    handler = handle
    const http = client({ timeoutMs: 100, retries: 0 })
    const change = await errorOf(http.change({ path: '/x', signal: signal() }))
    expect(change.failure).toBe('ambiguous')
    expect(change.message).toContain('look there before trying again')
    expect((await errorOf(http.read(get))).failure).toBe('unreachable')
  })

  it('stopped by the caller: a change in flight stays open, a call not yet made was not made', async () => {
    const stop = new AbortController()
    handler = () => stop.abort()
    const http = client()
    expect((await errorOf(http.change({ path: '/x', signal: stop.signal }))).failure).toBe('ambiguous')
    expect((await errorOf(http.change({ path: '/x', signal: stop.signal }))).failure).toBe('unreachable')
    expect(calls).toHaveLength(1)
  })

  it('a change does not go over a connection that died while idle', async () => {
    const http = client()
    await http.change({ path: '/x', signal: signal() })
    server.closeAllConnections()
    await http.change({ path: '/x', signal: signal() })
    expect(calls.map((c) => c.headers.connection)).toEqual(['close', 'close'])
  })
})

describe('again', () => {
  it('a read is repeated until it succeeds', async () => {
    handler = (request, response, n) => {
      if (n === 1) json(response, 500, {})
      else if (n === 2) request.socket.destroy()
      else json(response, 200, { ok: true })
    }
    expect((await client().read(get)).json).toEqual({ ok: true })
    expect(calls).toHaveLength(3)
  })

  it('a change never', async () => {
    handler = (_, response) => json(response, 500, {})
    await errorOf(client().change({ path: '/x', signal: signal() }))
    expect(calls).toHaveLength(1)
  })

  it('what was refused or is misconfigured never', async () => {
    handler = (_, response, n) => json(response, n === 1 ? 409 : 401, {})
    const http = client()
    await errorOf(http.read(get))
    await errorOf(http.read(get))
    expect(calls).toHaveLength(2)
  })
})

describe('a system in trouble', () => {
  it('is left alone after failures in a row, and tried again later', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    handler = (_, response) => json(response, 500, {})
    const http = client({ retries: 0, breakAfter: 3, openMs: 5_000 })
    for (let i = 0; i < 3; i++) await errorOf(http.read(get))
    const shut = await errorOf(http.change({ path: '/x', signal: signal() }))
    expect(shut).toMatchObject({ failure: 'unreachable', retryAfterMs: 5_000 })
    expect(calls).toHaveLength(3)
    handler = (_, response) => json(response, 200, {})
    vi.setSystemTime(Date.now() + 5_001)
    await http.read(get)
    await http.read(get)
    expect(calls).toHaveLength(5)
  })

  it('is not in trouble because it refuses', async () => {
    handler = (_, response) => json(response, 409, {})
    const http = client({ breakAfter: 2 })
    for (let i = 0; i < 5; i++) expect((await errorOf(http.read(get))).failure).toBe('refused')
    expect(calls).toHaveLength(5)
  })

  it('gets only so many calls at once; what waits too long in line is told so', async () => {
    let now = 0
    let most = 0
    const waiting: ServerResponse[] = []
    handler = (_, response) => {
      now += 1
      most = Math.max(most, now)
      waiting.push(response)
    }
    const http = client({ concurrent: 2, queued: 2, retries: 0 })
    const four = Promise.all([1, 2, 3, 4].map(() => http.read(get)))
    const fifth = await errorOf(http.read(get))
    expect(fifth.failure).toBe('unreachable')
    for (let served = 0; served < 4; ) {
      const response = waiting.shift()
      if (response) {
        now -= 1
        served += 1
        json(response, 200, {})
      } else await new Promise((resolve) => setImmediate(resolve))
    }
    await four
    expect(most).toBe(2)
  })
})
