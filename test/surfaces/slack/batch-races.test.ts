import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BatchWorld, createBatchWorld } from '../../support/batch-world.ts'
import { testDatabase } from '../../support/database.ts'
import type { User } from '../../support/slack/world.ts'
import { MODES, type Rig, startRig } from './rig.ts'

/** An offer for many that stands in a channel for all to press, against Baton itself. */
describe.each(MODES)('an offer for many over %s', (mode) => {
  const database = testDatabase()
  let world: BatchWorld
  let rig: Rig
  let jo: User
  let ts: string

  beforeEach(async () => {
    world = await createBatchWorld(database.url)
    await world.broken(3)
    rig = await startRig(mode, {}, world.host)
    const { slack, orders, mara } = rig
    jo = slack.addUser('jo')
    await slack.mention('fix receipt-booked', orders, mara)
    await slack.until('the offer', () => slack.see(orders).length === 2)
    ts = slack.see(orders)[1]?.ts ?? ''
  })
  afterEach(async () => {
    await rig.stop()
    await world.close()
  })

  const BOOK = 'Book the receipt for 3'
  const toldTo = (user: User) =>
    rig.slack.see(rig.orders, user).flatMap((each) => (each.ephemeral ? [each.text] : []))
  const presses = async () =>
    (await world.interventions()).flatMap(({ kind, result }) => (kind === 'press' ? [result] : []))

  it('is begun once by two who press at once, and the other is told who was first and when', async () => {
    const { slack, orders, mara } = rig
    await Promise.all([mara, jo].map((each) => slack.press(orders, ts, BOOK, each)))
    await slack.until('both hear', () => toldTo(mara).length + toldTo(jo).length === 2)
    const told = [...toldTo(mara), ...toldTo(jo)].sort()
    expect(told).toContainEqual(expect.stringMatching(/^(mara|jo) was first: .* at 07:00/))
    expect(told).toContainEqual(expect.stringMatching(/started for 3/))
    expect((await presses()).sort()).toEqual(['acted', 'lost_race'])
    await world.work()
    expect(world.erp.calls).toHaveLength(3)
  })

  it('is begun once by a press that is delivered again, which is answered as before', async () => {
    const { slack, orders, mara } = rig
    const first = await slack.press(orders, ts, BOOK, mara)
    await slack.redeliver(first)
    await slack.until('both are answered', () => toldTo(mara).length === 2)
    expect(new Set(toldTo(mara)).size).toBe(1)
    expect(await presses()).toEqual(['acted'])
    await world.work()
    expect(world.erp.calls).toHaveLength(3)
  })
})
