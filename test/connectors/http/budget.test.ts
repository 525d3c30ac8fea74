import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createBudget, type Rate } from '../../../src/connectors/http/budget.ts'
import { createHttpClient } from '../../../src/connectors/http/client.ts'

describe('a rate budget', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const never = new AbortController().signal
  /** Takes so many turns at once; `got` fills as they come. */
  const takers = (rate: Rate, count: number, signals: AbortSignal[] = []) => {
    const budget = createBudget(rate)
    const got: number[] = []
    const left: number[] = []
    for (let i = 0; i < count; i++) {
      budget.take(signals[i] ?? never).then(
        () => got.push(i),
        () => left.push(i),
      )
    }
    return { budget, got, left }
  }

  it('lets through what it allows at once, and the rest in order as time goes by', async () => {
    const { got } = takers({ perSecond: 2 }, 5)
    await vi.advanceTimersByTimeAsync(0)
    expect(got).toEqual([0, 1])
    await vi.advanceTimersByTimeAsync(999)
    expect(got).toEqual([0, 1])
    await vi.advanceTimersByTimeAsync(1)
    expect(got).toEqual([0, 1, 2, 3])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(got).toEqual([0, 1, 2, 3, 4])
  })

  it('keeps both where it is limited in a second and in a minute', async () => {
    const { got } = takers({ perSecond: 2, perMinute: 3 }, 5)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(got).toEqual([0, 1, 2])
    await vi.advanceTimersByTimeAsync(58_000)
    expect(got).toEqual([0, 1, 2])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(got.slice(0, 4)).toEqual([0, 1, 2, 3])
  })

  it('is kept together by all who share it, also by who joins later', async () => {
    let replicas = 2
    const got: number[] = []
    const turns = (budget: ReturnType<typeof createBudget>, name: number) => {
      for (let i = 0; i < 50; i++) budget.take(never).then(() => got.push(name))
    }
    turns(
      createBudget({ perSecond: 2 }, () => replicas),
      1,
    )
    turns(
      createBudget({ perSecond: 2 }, () => replicas),
      2,
    )
    await vi.advanceTimersByTimeAsync(10_000)
    // What each may send at once, and then two a second.
    expect(got).toHaveLength(2 * 2 + 2 * 10)
    expect(got.filter((name) => name === 1)).toHaveLength(12)
    replicas = 4
    const before = got.length
    await vi.advanceTimersByTimeAsync(20_000)
    // Two of the four are here.
    expect(got.length - before).toBeLessThanOrEqual(20 + 4)
    expect(got.length - before).toBeGreaterThanOrEqual(20)
  })

  it('lets a caller leave the line: at once, for nothing, and without holding up those behind', async () => {
    const stop = new AbortController()
    const { got, left } = takers({ perSecond: 1 }, 3, [never, stop.signal])
    await vi.advanceTimersByTimeAsync(100)
    stop.abort()
    await vi.advanceTimersByTimeAsync(0)
    expect([got, left]).toEqual([[0], [1]])
    await vi.advanceTimersByTimeAsync(900)
    expect(got).toEqual([0, 2])
  })

  it('costs nothing where there is no limit', async () => {
    const { got } = takers({}, 100)
    await vi.advanceTimersByTimeAsync(0)
    expect(got).toHaveLength(100)
  })
})

describe('a client with a budget', () => {
  let server: Server
  let calls: string[]
  beforeEach(async () => {
    calls = []
    server = createServer((request, response) => {
      calls.push(request.url ?? '')
      response.writeHead(request.url === '/failing' ? 500 : 200).end('{}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const client = (rate: Rate) =>
    createHttpClient({
      system: 'wms',
      baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      headers: {},
      retryMs: 1,
      rate,
    })

  it('sends nothing for a caller who gave up in line, and says that nothing was sent', async () => {
    const http = client({ perMinute: 1 })
    await http.read({ path: '/first', signal: AbortSignal.timeout(5_000) })
    const stop = new AbortController()
    const waiting = http.change({ path: '/second', signal: stop.signal })
    stop.abort()
    await expect(waiting).rejects.toMatchObject({ failure: 'unreachable' })
    expect(calls).toEqual(['/first'])
  })

  it('counts each attempt of a read', async () => {
    const http = client({ perMinute: 2 })
    const stop = AbortSignal.timeout(300)
    await expect(http.read({ path: '/failing', signal: stop })).rejects.toMatchObject({
      failure: 'unreachable',
    })
    expect(calls).toEqual(['/failing', '/failing'])
  })
})
