import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WireFact } from '../../src/app/connector.ts'
import { testDatabase } from '../support/database.ts'
import { sign } from '../support/fake-system.ts'
import { createWorld, receipt, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
})
afterEach(() => world.close())

const received = (name = 'R1'): WireFact =>
  world.wms.put({ ...receipt(name), state: 'received' }, world.clock())
const kept = async (table: 'signals' | 'facts' | 'deliveries') =>
  Number((await world.rows(sql.raw(`select count(*) as n from ${table}`)))[0]?.n)

describe('a delivery', () => {
  it('is kept with its facts and the job that takes them before it is answered', async () => {
    expect(await world.hook(world.wms, [received()])).toEqual({ status: 200, body: { ok: true } })
    expect([await kept('signals'), await kept('facts')]).toEqual([1, 1])
    expect(await world.jobs()).toMatchObject([{ task_identifier: 'process' }])
  })

  it('that comes again changes nothing and is answered well', async () => {
    const fact = received()
    for (let i = 0; i < 3; i++) {
      expect(await world.hook(world.wms, [fact], { delivery: 'd1' })).toMatchObject({ status: 200 })
    }
    expect([await kept('signals'), await kept('facts'), (await world.jobs()).length]).toEqual([1, 1, 1])
  })

  it('that comes many times at once is one delivery', async () => {
    const fact = received()
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => world.hook(world.wms, [fact], { delivery: 'd1' })),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect([await kept('signals'), await kept('facts')]).toEqual([1, 1])
  })

  it('with the same id of another system is another delivery', async () => {
    await world.hook(world.wms, [received()], { delivery: 'd1' })
    await world.hook(world.erp, [world.erp.put(receipt('R1'), world.clock())], { delivery: 'd1' })
    expect(await kept('signals')).toBe(2)
  })

  it('that makes no sense is kept for an admin, and answered well: sending it again would not help', async () => {
    const body = Buffer.from('<no json>')
    const head = { headers: { signature: sign(body), delivery: 'd1' }, receivedAt: world.clock() }
    expect(await world.receiver.receive('wms', head, body)).toMatchObject({ status: 200 })
    const [signal] = await world.rows(sql`select problem, bad_rows, body from signals`)
    expect(signal).toMatchObject({ bad_rows: 1, body })
    expect(signal?.problem).toMatch(/^the whole body: /)
  })

  it('is kept even if what is wrong with it cannot be written down as it is', async () => {
    const body = Buffer.from('\u0000')
    const head = { headers: { signature: sign(body), delivery: 'd1' }, receivedAt: world.clock() }
    expect(await world.receiver.receive('wms', head, body)).toMatchObject({ status: 200 })
    expect(await kept('signals')).toBe(1)
  })

  it('with one bad row keeps the others, and says which', async () => {
    const never = { ...received('R2'), occurredAt: new Date('0001-01-01T00:00:00Z') }
    await world.hook(world.wms, [received('R1'), { broken: 'no state' }, never, received('R3')])
    expect(await kept('facts')).toBe(2)
    expect(await world.rows(sql`select problem, bad_rows from signals`)).toMatchObject([
      { problem: 'row 1: no state', bad_rows: 2 },
    ])
  })

  it('that the database refuses does not harm those committed with it', async () => {
    await world.rows(sql`alter table signals add constraint poison check (delivery_key <> 'poison')`)
    try {
      const keys = ['a', 'b', 'poison', 'c', 'd']
      const answers = await Promise.allSettled(
        keys.map((delivery) => world.hook(world.wms, [received(delivery)], { delivery })),
      )
      expect(answers.map(({ status }) => status)).toEqual([
        'fulfilled',
        'fulfilled',
        'rejected',
        'fulfilled',
        'fulfilled',
      ])
      expect([await kept('signals'), await kept('facts'), await kept('deliveries')]).toEqual([4, 4, 4])
    } finally {
      await world.rows(sql`alter table signals drop constraint poison`)
    }
  })
})

describe('a hint, which says that something changed and not what', () => {
  const hint = (delivery: string, system = world.wms) => {
    const body = Buffer.from(JSON.stringify({ facts: [], hint: true }))
    const headers = { signature: sign(body), delivery }
    return world.receiver.receive(system.system, { headers, receivedAt: world.clock() }, body)
  }

  it('is kept, and has its system read at once: one reading for many hints', async () => {
    await Promise.all(['a', 'b', 'c'].map((delivery) => hint(delivery)))
    await hint('d')
    expect(await kept('signals')).toBe(4)
    expect(await world.jobs()).toMatchObject([{ task_identifier: 'poll', key: 'poll:wms' }])
  })

  it('brings by that reading what the system has by now', async () => {
    received()
    await hint('a')
    await world.work('poll')
    expect(await world.objects()).toMatchObject([{ system: 'wms', state: 'received' }])
  })

  it('to a system that cannot be read is only kept', async () => {
    delete world.wms.poll
    await hint('a')
    expect([await kept('signals'), (await world.jobs()).length]).toEqual([1, 0])
  })
})

describe('what is refused, and leaves no trace', () => {
  const refused = async (status: number, over: Record<string, string | undefined>) => {
    expect(await world.hook(world.wms, [received()], over)).toMatchObject({ status })
    expect([await kept('signals'), await kept('deliveries')]).toEqual([0, 0])
  }

  it('is a delivery without a signature', () => refused(401, { signature: undefined }))
  it('is a delivery with a wrong signature', () => refused(403, { signature: sign('something else') }))
  it('is a delivery that was signed too long ago', () => refused(403, { timestamp: 'old' }))
  it('is a delivery without an id', () => refused(400, { delivery: '' }))

  it('is a body that is too large, before anything is read from it', async () => {
    const body = Buffer.alloc(100_001)
    const head = { headers: {}, receivedAt: world.clock() }
    expect(await world.receiver.receive('wms', head, body)).toMatchObject({ status: 413 })
  })

  it('is a system that nobody configured', async () => {
    const head = { headers: {}, receivedAt: world.clock() }
    expect(await world.receiver.receive('nobody', head, Buffer.from('{}'))).toMatchObject({ status: 404 })
  })
})

describe('the clock of a sender', () => {
  it('is measured, and its facts are corrected by it', async () => {
    const ahead = new Date(world.clock().getTime() + 90_000)
    const fact = { ...received(), occurredAt: ahead }
    await world.hook(world.wms, [fact], { sentAt: ahead.toISOString() })
    await world.work('process')
    expect((await world.objects())[0]?.occurred_at).toBe('2026-11-23 06:00:00+00')
  })
})
