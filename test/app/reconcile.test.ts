import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PollPage } from '../../src/app/connector.ts'
import { SystemError } from '../../src/app/errors.ts'
import { type Compared, consequencesOf, type ReconcileOptions, reconcile } from '../../src/app/reconcile.ts'
import { testDatabase } from '../support/database.ts'
import type { FakeSystem } from '../support/fake-system.ts'
import { createWorld, fulfillment, HOUR, MINUTE, receipt, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
})
afterEach(() => world.close())

const compare = (system: FakeSystem, options: Partial<ReconcileOptions> = {}): Promise<Compared> =>
  reconcile(world.base, system, { signal: () => AbortSignal.timeout(1_000), ...options })

const state = async (system = 'wms') =>
  (await world.rows(sql`select * from system_state where system = ${system}`))[0]
const count = async (table: string) =>
  Number((await world.rows(sql.raw(`select count(*) as n from ${table}`)))[0]?.n)

/** The system gives its objects two at a time, one of them again; answers the cursors that it was asked for. */
const inPages = (system: FakeSystem): (string | null)[] => {
  const asked: (string | null)[] = []
  system.poll = {
    listsAll: true,
    async changes(cursor): Promise<PollPage> {
      asked.push(cursor)
      await system.before('poll')
      const facts = [...system.objects.values()]
      const from = Number(cursor ?? 0)
      const page = facts.slice(Math.max(0, from - 1), from + 2)
      const next = from + 2
      return { facts: page, bad: [], cursor: String(next), more: next < facts.length, raw: Buffer.from('') }
    },
  }
  return asked
}

/** Goods received; `quietly`: their webhook is lost. */
const received = (name: string, quietly = false) =>
  world.say(world.wms, { ...receipt(name), state: 'received' }, { quietly })

describe('a comparison', () => {
  it('of a system that lists objects and not changes knows no more than its last page says', async () => {
    const began = world.at(-10 * MINUTE)
    world.wms.poll = {
      changes: async () => ({
        facts: [],
        bad: [],
        cursor: '1',
        more: false,
        raw: Buffer.from(''),
        watermark: began,
      }),
    }
    expect(await compare(world.wms)).toMatchObject({ done: true })
    expect(await state()).toMatchObject({ watermark: '2026-11-23 05:50:00+00' })
  })

  it('finds exactly what the stream had missed, and takes it; a second one finds nothing', async () => {
    await received('R1')
    await received('R2', true)
    await world.say(world.wms, { ...fulfillment('7', 'D7'), state: 'picked' })
    await world.say(world.wms, { ...fulfillment('7', 'D7'), state: 'short' }, { quietly: true })
    world.pass(MINUTE)
    const began = world.clock()
    const found = await compare(world.wms)
    expect(found).toMatchObject({ done: true, objects: 3, isNew: 1, newer: 1, problem: null })
    expect(found.missed).toMatchObject([
      { is: 'new', subject: 'receipt R2', type: 'receipt', says: 'received', isYoung: false },
      { is: 'newer', subject: 'order 7', type: 'fulfillment', says: 'short' },
    ])
    expect(await consequencesOf(world.base, found.missed, began)).toMatchObject([
      { is: 'opened', contract: 'short-pick', subject: 'order 7', exception: '1' },
      { is: 'waiting', contract: 'receipt-booked', subject: 'receipt R2', dueAt: world.at(HOUR) },
    ])
    expect(await world.rows(sql`select via, facts from signals where via = 'reconcile'`)).toEqual([
      { via: 'reconcile', facts: 2 },
    ])

    expect(await compare(world.wms)).toMatchObject({ objects: 3, isNew: 0, newer: 0, missed: [] })
    expect(await count('signals')).toBe(3)
  })

  it('heals what the stream had left open', async () => {
    await world.say(world.wms, { ...fulfillment('7', 'D7'), state: 'short' })
    await world.say(world.wms, { ...fulfillment('7', 'D7'), state: 'cancelled' }, { quietly: true })
    world.pass(MINUTE)
    const began = world.clock()
    const { missed } = await compare(world.wms)
    expect(await world.exception('short-pick')).toMatchObject({ state: 'healed' })
    expect(await consequencesOf(world.base, missed, began)).toMatchObject([
      { is: 'healed', contract: 'short-pick', exception: '1' },
    ])
  })

  it('makes the system known up to when it was read, and leaves the cursor of the polls alone', async () => {
    await world.poll(world.wms)
    world.pass(HOUR)
    await compare(world.wms)
    expect(await state()).toMatchObject({
      cursor: '+',
      watermark: '2026-11-23 07:00:00+00',
      reconcile_cursor: null,
      reconciled_at: '2026-11-23 07:00:00+00',
    })
  })

  it('says of what has just changed that it may have been on its way', async () => {
    await received('R1', true)
    world.pass(5_000)
    await received('R2', true)
    world.pass(6_000)
    const { missed } = await compare(world.wms)
    expect(missed.map(({ subject, isYoung }) => [subject, isYoung])).toEqual([
      ['receipt R1', false],
      ['receipt R2', true],
    ])
  })

  it('counts each object once however the pages overlap, and says how far it is after each', async () => {
    inPages(world.wms)
    for (const name of ['R1', 'R2', 'R3', 'R4', 'R5']) await received(name, true)
    const progress: number[] = []
    const found = await compare(world.wms, { onPage: ({ objects }) => progress.push(objects) })
    expect(progress).toEqual([2, 4, 5])
    expect(found).toMatchObject({ objects: 5, isNew: 5, done: true })
  })

  it('that was killed goes on where it was', async () => {
    const asked = inPages(world.wms)
    for (const name of ['R1', 'R2', 'R3', 'R4', 'R5']) await received(name, true)
    const killed = new Error('killed')
    await expect(
      compare(world.wms, {
        onPage: () => {
          throw killed
        },
      }),
    ).rejects.toBe(killed)
    expect(await count('objects')).toBe(2)
    world.pass(MINUTE)
    const found = await compare(world.wms)
    expect(found).toMatchObject({ wentOnFrom: world.at(0), isNew: 3, done: true, gone: null })
    expect(asked).toEqual([null, '2', '4'])
    expect(await count('objects')).toBe(5)
    expect(await compare(world.wms)).toMatchObject({ wentOnFrom: null, objects: 5, isNew: 0 })
  })

  it('whose facts could not be taken compares them again', async () => {
    await received('R1', true)
    await world.rows(sql`alter table objects add constraint down check (false) not valid`)
    const down = { ...world.base, isTransient: () => true }
    const signal = () => AbortSignal.timeout(1_000)
    await expect(reconcile(down, world.wms, { signal })).rejects.toThrow()
    await world.rows(sql`alter table objects drop constraint down`)
    expect(await compare(world.wms)).toMatchObject({ isNew: 1 })
    expect(await world.objects()).toHaveLength(1)
  })

  it('of a system that is down says why, and the next one goes on', async () => {
    const asked = inPages(world.wms)
    for (const name of ['R1', 'R2', 'R3']) await received(name, true)
    let calls = 0
    world.wms.before = () => {
      if (++calls === 2) throw new SystemError('wms', 'unreachable', 'wms does not answer.')
    }
    expect(await compare(world.wms)).toMatchObject({
      done: false,
      objects: 2,
      problem: 'wms does not answer.',
    })
    expect(await compare(world.wms)).toMatchObject({ done: true, isNew: 1 })
    expect(asked).toEqual([null, '2', '2'])
  })

  it('whose cursor the system no longer understands begins anew next time', async () => {
    const asked = inPages(world.wms)
    for (const name of ['R1', 'R2', 'R3']) await received(name, true)
    await compare(world.wms, { pages: 1 })
    world.wms.before = () => {
      world.wms.before = () => {}
      throw new SystemError('wms', 'refused', 'wms refused: unknown cursor')
    }
    expect(await compare(world.wms)).toMatchObject({ problem: 'wms refused: unknown cursor' })
    expect(await compare(world.wms)).toMatchObject({ done: true, problem: null })
    expect(asked).toEqual([null, '2', null, '2'])
  })

  it('by two processes at once ends as one does', async () => {
    inPages(world.wms)
    for (const name of ['R1', 'R2', 'R3', 'R4', 'R5']) await received(name, true)
    const both = await Promise.all([compare(world.wms), compare(world.wms)])
    expect(both.every(({ done }) => done)).toBe(true)
    expect(await count('objects')).toBe(5)
    expect(await world.expectations()).toHaveLength(5)
    expect(await compare(world.wms)).toMatchObject({ isNew: 0, newer: 0 })
  })

  it('names what Baton still watches and the system no longer lists, if the system can tell', async () => {
    await received('R1')
    await received('R2')
    await world.say(world.wms, { ...fulfillment('7', 'D7'), state: 'cancelled' })
    world.wms.objects.delete('receipt R1')
    world.wms.objects.delete('fulfillment D7')
    expect(await compare(world.wms)).toMatchObject({ gone: null })
    inPages(world.wms)
    // Nobody waits for anything of the cancelled delivery.
    expect((await compare(world.wms)).gone).toEqual([{ system: 'wms', type: 'receipt', externalId: 'R1' }])
  })

  it('counts rows that cannot be read, and takes their neighbours', async () => {
    await received('R1', true)
    await world.say(world.wms, { ...receipt('R2'), quantities: { units: Number.NaN } }, { quietly: true })
    expect(await compare(world.wms)).toMatchObject({ objects: 1, isNew: 1, unreadable: 1 })
  })

  it('cannot be made with a system that only sends, and says so', async () => {
    delete world.wms.poll
    expect(await compare(world.wms)).toMatchObject({
      done: false,
      problem: 'wms only sends; it cannot be read.',
    })
  })
})

describe('the scheduled comparison', () => {
  const tick = async () => {
    await world.store.transaction((tx) => tx.addJob('reconcile', { system: 'wms' }))
    return world.work('reconcile')
  }

  it('waits until a first reading is through, which has compared everything itself', async () => {
    const asked = inPages(world.wms)
    await tick()
    expect(asked).toEqual([])
    await world.poll(world.wms)
    await tick()
    expect(asked).toEqual([null])
    expect(await state()).toMatchObject({ reconciled_at: '2026-11-23 06:00:00+00' })
  })

  it('comes once in its time, and a lost webhook costs no more than that', async () => {
    await world.poll(world.wms)
    await received('R1', true)
    world.pass(HOUR - 1)
    await tick()
    expect(await count('objects')).toBe(0)
    world.pass(1)
    await tick()
    expect(await count('objects')).toBe(1)
    await received('R2', true)
    await tick()
    expect(await count('objects')).toBe(1)
  })

  it('of a big system lets others go first, and goes on by itself to the end', async () => {
    const asked = inPages(world.wms)
    await world.poll(world.wms)
    for (let n = 1; n <= 49; n++) world.wms.put({ ...receipt(`R${n}`), state: 'ordered' }, world.clock())
    world.pass(HOUR)
    asked.length = 0
    expect(await tick()).toEqual(['reconcile', 'reconcile'])
    expect(asked).toHaveLength(25)
    expect(await count('objects')).toBe(49)
    expect(await world.jobs()).toEqual([])
  })

  it('that failed is taken up by the next tick', async () => {
    await world.poll(world.wms)
    await received('R1', true)
    world.pass(HOUR)
    world.wms.before = () => {
      throw new SystemError('wms', 'unreachable', 'wms does not answer.')
    }
    await tick()
    world.wms.before = () => {}
    world.pass(MINUTE)
    await tick()
    expect(await count('objects')).toBe(1)
    expect(await state()).toMatchObject({ reconciled_at: '2026-11-23 07:01:00+00' })
  })
})
