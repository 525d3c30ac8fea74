import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type SandboxClock, systemClock } from '../../src/sandbox/clock.ts'
import { NO_FAULTS } from '../../src/sandbox/faults.ts'
import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.ts'
import { memoryStore } from '../../src/sandbox/store.ts'

const changes = z.object({ items: z.array(z.object({ kind: z.string() })) })

/** A clock that wakes the world as a real one does, but moves only when told. */
const clockByHand = () => {
  let now = Date.parse('2026-03-02T08:00:00Z')
  let timers: { at: number; run: () => void }[] = []
  const clock: SandboxClock = {
    now: () => new Date(now),
    wake(afterMs, run) {
      const timer = { at: now + afterMs, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
  }
  const settle = async () => {
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    clock,
    settle,
    jump(ms: number) {
      now += ms
    },
    /** Time passes as the world expects it: from alarm to alarm. */
    async pass(ms: number) {
      for (const end = now + ms; now < end; ) {
        const next = Math.min(end, ...timers.map((timer) => timer.at))
        now = Math.max(now, next)
        const due = timers.filter((timer) => timer.at <= now)
        timers = timers.filter((timer) => timer.at > now)
        for (const timer of due) timer.run()
        await settle()
      }
    },
  }
}

describe('a world in real time', () => {
  let hand: ReturnType<typeof clockByHand>
  let sandbox: Sandbox
  let sent: string[]
  let up: boolean
  const errors: unknown[] = []
  const start = async (more: Partial<SandboxOptions> = {}) => {
    sandbox = createSandbox({
      seed: 'live',
      pace: 1,
      clock: hand.clock,
      store: memoryStore(),
      batonUrl: 'http://baton.test',
      secret: 's',
      faults: NO_FAULTS,
      async deliver(_url, headers) {
        if (!up) throw new Error('nobody there')
        sent.push(headers['webhook-id'] ?? '')
        return 204
      },
      report: (error) => errors.push(error),
      ...more,
    })
    await sandbox.start()
  }
  beforeEach(async () => {
    hand = clockByHand()
    sent = []
    up = true
    await start()
  })
  afterEach(async () => {
    await sandbox.stop()
    expect(errors.splice(0)).toEqual([])
  })

  const ordersNow = async () => {
    const shop = sandbox.systems[0]
    const response = await fetch(`${shop?.url}/changes?limit=500`, {
      headers: { authorization: `Bearer ${shop?.token}` },
    })
    const { items } = changes.parse(await response.json())
    return items.filter((item) => item.kind === 'order').length
  }

  it('lives by itself: an order every two to three seconds, and a webhook for every change', async () => {
    await hand.pass(30_000)
    const orders = await ordersNow()
    expect(orders).toBeGreaterThanOrEqual(10)
    expect(orders).toBeLessThanOrEqual(16)
    expect(sent.length).toBeGreaterThan(100)
    expect(new Set(sent).size).toBe(sent.length)
  })

  it('goes on where it was after the machine has slept, instead of making up for it', async () => {
    await hand.pass(10_000)
    const before = await ordersNow()
    hand.jump(8 * 3_600_000)
    await hand.pass(10_000)
    expect((await ordersNow()) - before).toBeLessThan(8)
  })

  it('stands still while paused, and answers all the same', async () => {
    await hand.pass(5_000)
    sandbox.pause()
    const before = await ordersNow()
    await hand.pass(30_000)
    expect(await ordersNow()).toBe(before)
    sandbox.resume()
    await hand.pass(10_000)
    const more = (await ordersNow()) - before
    expect(more).toBeGreaterThan(2)
    expect(more).toBeLessThan(7)
  })

  it('sends what waited once Baton is there', async () => {
    up = false
    await hand.pass(20_000)
    expect(sent).toEqual([])
    up = true
    await hand.pass(35_000)
    expect(sent.length).toBeGreaterThan(100)
  })

  it('keeps its webhooks until it is known where Baton listens', async () => {
    await sandbox.stop()
    let url: string | null = null
    await start({ batonUrl: () => url })
    await hand.pass(10_000)
    expect(sent).toEqual([])
    url = 'http://baton.test'
    await hand.pass(5_000)
    expect(sent.filter((id) => id.endsWith('_shop_1'))).toHaveLength(1)
    expect(sent.length).toBeGreaterThan(20)
  })

  it('cannot be advanced', async () => {
    await expect(sandbox.advance(new Date())).rejects.toThrow('real time')
  })
})

describe('starting and stopping', () => {
  const options = {
    seed: 's',
    pace: 1,
    clock: systemClock,
    batonUrl: null,
    secret: 's',
  }

  it('a port in use stops the start, and leaves nothing running behind', async () => {
    const taken: Server = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const port = (taken.address() as AddressInfo).port
    const sandbox = createSandbox({ ...options, store: memoryStore(), ports: { carrier: port } })
    await expect(sandbox.start()).rejects.toThrow('EADDRINUSE')
    expect(() => sandbox.systems).toThrow('not started')
    await new Promise((resolve) => taken.close(resolve))
    await sandbox.start()
    expect(sandbox.systems.find((s) => s.name === 'carrier')?.url).toBe(`http://127.0.0.1:${port}`)
    await sandbox.stop()
  })

  it('in real time on a real clock it starts, answers and stops', async () => {
    const sandbox = createSandbox({ ...options, store: memoryStore() })
    await sandbox.start()
    const ledger = `${sandbox.controlUrl}/ledger`
    expect((await fetch(ledger)).status).toBe(200)
    await sandbox.stop()
    await expect(fetch(ledger)).rejects.toThrow()
  })
})
