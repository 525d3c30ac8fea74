import { describe, expect, it, onTestFinished } from 'vitest'
import { landsConfig } from '../../src/app/calendar-config.ts'
import { contractConfig } from '../../src/app/contract-config.ts'
import { batchOf } from '../../src/app/landing.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, HOUR, MINUTE, receipt } from '../support/world.ts'

const at = (text: string): Date => new Date(`2026-11-${text}Z`)
const batch = (lands: object, zone = 'UTC') => batchOf('erp', landsConfig.parse(lands), zone)

describe('the files of a batch interface', () => {
  it.each([
    ['the next one of the day', { at: ['02:00', '14:00'] }, '23T02:01:00', '23T14:00:00'],
    ['the first one of the next day', { at: ['02:00', '14:00'] }, '23T14:01:00', '24T02:00:00'],
    ['the very one that lands now', { at: '02:00' }, '23T02:00:00', '23T02:00:00'],
    ['after the weekend', { at: '02:00', days: 'mon-fri' }, '27T03:00:00', '30T02:00:00'],
    ['on single days', { at: '02:00', days: ['mon', 'thu'] }, '24T00:00:00', '26T02:00:00'],
    ['every hour', { every: '1h' }, '23T23:00:01', '24T00:00:00'],
    ['in its own zone', { at: '02:00', zone: 'America/New_York' }, '23T02:30:00', '23T07:00:00'],
  ])('land %s', (_what, lands, from, to) => {
    expect(batch(lands).landing(at(from))).toEqual(at(to))
  })

  it.each([
    ['without times', {}, 'say either at: [02:00, 14:00] or every: 1h'],
    ['with both', { at: '02:00', every: '1h' }, 'say either at: [02:00, 14:00] or every: 1h'],
    [
      'in steps that do not divide a day',
      { every: '7h' },
      'must divide a day into equal parts of at least 5m, such as 15m, 1h or 6h',
    ],
  ])('are refused %s', (_what, lands, words) => {
    expect(landsConfig.safeParse(lands).error?.issues[0]?.message).toBe(words)
  })
})

/** The ERP hands over at two and at two; what is booked shows in its next file, with half an hour to read it. */
const BOOKED = {
  id: 'booked',
  title: 'Received, never booked',
  handoff: { from: 'wms', to: 'erp', object: 'receipt' },
  subject: 'receipt',
  grace: { next_landing: 'erp', margin: '30m' },
  follow: {
    when: { role: 'wms', type: 'receipt', states: ['received'] },
    then: { role: 'erp', type: 'receipt', states: ['received'] },
  },
}
const QUICK = { ...BOOKED, id: 'quick', grace: '20m' }

const database = testDatabase()
const worldOf = async (...contracts: object[]) => {
  const world = await createWorld(database.url, {
    contracts: contracts.map((written) => contractConfig.parse(written)),
    batches: [batch({ at: ['02:00', '14:00'] })],
  })
  onTestFinished(() => world.close())
  return world
}
const waiting = async (world: Awaited<ReturnType<typeof worldOf>>) =>
  (await world.expectations()).map((row) => row.waiting_for)

describe('a handoff to a batch interface', () => {
  it('owes nothing before its next file has landed and was read', async () => {
    const world = await worldOf(BOOKED)
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    expect(await world.expectations()).toMatchObject([{ due_at: '2026-11-23 14:30:00+00' }])
    await world.later(7 * HOUR)
    expect(await world.exceptions()).toEqual([])
  })

  it('is broken when the file has landed without it', async () => {
    const world = await worldOf(BOOKED)
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    world.pass(8 * HOUR)
    await world.say(world.erp, { ...receipt('R9'), state: 'received' })
    await world.later(31 * MINUTE)
    expect(await world.exceptions()).toMatchObject([{ contract: 'booked', state: 'open' }])
  })

  it('is kept when the file brings it', async () => {
    const world = await worldOf(BOOKED)
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    world.pass(8 * HOUR)
    await world.say(world.erp, { ...receipt('R1'), state: 'received' })
    await world.later(31 * MINUTE)
    expect([await world.exceptions(), await world.expectations()]).toEqual([[], []])
  })

  it('is not known while the file is late, says so, and breaks nothing', async () => {
    const world = await worldOf(BOOKED)
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    // The ERP answers all the while: only its file is missing.
    await world.later(9 * HOUR)
    expect(await world.exceptions()).toEqual([])
    expect(await waiting(world)).toEqual(["erp's file of 14:00 has not landed"])
    world.pass(HOUR)
    await world.say(world.erp, { ...receipt('R1'), state: 'received' })
    await world.later(MINUTE)
    expect([await world.exceptions(), await world.expectations()]).toEqual([[], []])
  })

  it('takes a file that is a little early for the one that was due, an earlier one not', async () => {
    const world = await worldOf(BOOKED)
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    world.pass(7 * HOUR + 30 * MINUTE)
    await world.say(world.erp, { ...receipt('R8'), state: 'received' })
    await world.later(HOUR)
    expect(await waiting(world)).toEqual(["erp's file of 14:00 has not landed"])
    const early = await worldOf(BOOKED)
    await early.say(early.wms, { ...receipt('R1'), state: 'received' })
    early.pass(7 * HOUR + 55 * MINUTE)
    await early.say(early.erp, { ...receipt('R8'), state: 'received' })
    await early.later(HOUR)
    expect(await early.exceptions()).toHaveLength(1)
  })

  it('waits for its file whatever the grace, and is not looked at before that is due', async () => {
    const world = await worldOf(QUICK)
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    await world.later(21 * MINUTE)
    expect(await world.exceptions()).toEqual([])
    expect(await world.expectations()).toMatchObject([
      { next_check_at: '2026-11-23 14:00:00+00', waiting_for: "erp's file of 14:00 has not landed" },
    ])
    world.pass(7 * HOUR + 40 * MINUTE)
    await world.say(world.erp, { ...receipt('R9'), state: 'received' })
    await world.later(MINUTE)
    expect(await world.exceptions()).toHaveLength(1)
  })

  it('is not judged in the middle of a file that is read page by page', async () => {
    const world = await worldOf(BOOKED)
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    world.pass(9 * HOUR)
    await world.poll(world.wms)
    // Its first page has come by itself; the poll that would know of the rest has not.
    await world.say(world.erp, { ...receipt('R9'), state: 'received' })
    await world.sweep()
    expect(await world.exceptions()).toEqual([])
    await world.poll()
    await world.later(MINUTE)
    expect(await world.exceptions()).toHaveLength(1)
  })
})
