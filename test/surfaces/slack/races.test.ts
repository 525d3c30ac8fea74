import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BatchWorld, buttonsOf, createBatchWorld } from '../../support/batch-world.ts'
import { testDatabase } from '../../support/database.ts'
import type { User } from '../../support/slack/world.ts'
import { HOUR, key } from '../../support/world.ts'
import { MODES, postCard, type Rig, startRig } from './rig.ts'

/** Presses in Slack against Baton itself on the real database: who gets what, what is logged and what is done. */
describe.each(MODES)('over %s', (mode) => {
  const database = testDatabase()
  let world: BatchWorld
  let rig: Rig
  let jo: User
  let ref: string
  let ts: string

  beforeEach(async () => {
    world = await createBatchWorld(database.url)
    await world.broken(1)
    ref = await world.about('R1')
    rig = await startRig(mode, {}, world.host)
    jo = rig.slack.addUser('jo')
    ts = await postCard(rig, await world.card(ref))
  })
  afterEach(async () => {
    await rig.stop()
    await world.close()
  })

  const labelOf = async (action: string): Promise<string> => {
    const offered = buttonsOf(await world.card(ref)).find((each) => each.action.endsWith(action))
    if (!offered) throw new Error(`${action} is not offered`)
    return offered.label
  }
  /** What each person alone was told. */
  const toldTo = (user: User): string[] =>
    rig.slack
      .see(rig.orders, user)
      .filter((each) => each.ephemeral)
      .map((each) => each.text)
  const results = async (): Promise<unknown[]> => (await world.interventions()).map((each) => each.result)

  it('two who press at once: one wins, the other is told by name and time, both are logged, it is done once', async () => {
    const { slack, orders, mara } = rig
    const label = await labelOf('book_receipt')
    await Promise.all([slack.press(orders, ts, label, mara), slack.press(orders, ts, label, jo)])
    await slack.until('the loser hears', () => toldTo(mara).length + toldTo(jo).length === 1)

    const [winner, loser] = toldTo(mara).length === 0 ? ['mara', jo] : ['jo', mara]
    expect(toldTo(loser)).toEqual([
      expect.stringMatching(new RegExp(`^${winner} was first: .* at .*\\d\\d:\\d\\d`)),
    ])
    expect((await results()).sort()).toEqual(['acted', 'lost_race'])
    expect(await world.runs()).toHaveLength(1)
    const { total } = await world.queries.drag({ from: world.at(0), to: world.at(24 * HOUR) })
    // One lone touch of two minutes: the loser's press is logged, and costs nothing a second time.
    expect(total.exceptions).toBe(1)
    expect(total.handsOnHours).toBeCloseTo(2 / 60)
  })

  it('a press by somebody without the role does nothing, and says what it takes', async () => {
    const { slack, orders, mara, deliver } = rig
    const stock = {
      type: 'inventory' as const,
      externalId: 'SKU1@A',
      keys: [key('stock', 'SKU1@A')],
      state: 'counted',
    }
    await world.say(world.erp, { ...stock, quantities: { on_hand: 12 } })
    await world.say(world.wms, { ...stock, quantities: { on_hand: 10 } })
    await world.later(HOUR)
    ref = String((await world.exception('stock-agrees')).id)
    await world.press('ada', ref, 'erp.adjust_stock')
    const posted = await deliver.post(orders.id, await world.card(ref))
    expect(posted.ok).toBe(true)
    const asking = slack.see(orders).at(-1)?.ts ?? ''
    await slack.press(orders, asking, await labelOf('approve'), mara)
    await slack.until('the answer', () => toldTo(mara).length === 1)
    expect(toldTo(mara)[0]).toContain('lead')
    expect((await results()).at(-1)).toBe('not_allowed')
  })

  it('the same press delivered again is answered as before, logged once and done once', async () => {
    const { slack, orders, mara } = rig
    const first = await slack.press(orders, ts, await labelOf('book_receipt'), mara)
    await slack.redeliver(first)
    await rig.surface.stop()
    expect(await results()).toEqual(['acted'])
    expect(await world.runs()).toHaveLength(1)
    expect(toldTo(mara)).toEqual([])
  })

  it('a double click, or a press sent again as a new one, does nothing twice and is answered', async () => {
    const { slack, orders, mara } = rig
    const label = await labelOf('book_receipt')
    await Promise.all([slack.press(orders, ts, label, mara), slack.press(orders, ts, label, mara)])
    await slack.until('an answer', () => toldTo(mara).length === 1)
    expect(await world.runs()).toHaveLength(1)
    const logged = await results()
    expect(logged).toHaveLength(2)
    expect(logged.filter((each) => each === 'acted')).toHaveLength(1)
  })

  it('a press on an old card does nothing, and shows the current one', async () => {
    const { slack, orders, mara } = rig
    const label = await labelOf('book_receipt')
    // Somebody else's decision of long ago: the card of now offers other things.
    await world.press('ada', ref, 'claim')
    await world.press('ada', ref, 'release')
    await slack.press(orders, ts, label, mara)
    await slack.until('the answer', () => toldTo(mara).length === 1)
    expect(await world.runs()).toEqual([])
    expect((await results()).at(-1)).toMatch(/^(stale|lost_race)$/)
  })

  it('a press after the systems agreed does nothing, and says how it ended', async () => {
    const { slack, orders, mara } = rig
    const label = await labelOf('book_receipt')
    await world.say(world.erp, { type: 'receipt', externalId: 'R1', keys: [], state: 'received' })
    await slack.press(orders, ts, label, mara)
    await slack.until('the answer', () => toldTo(mara).length === 1)
    expect((await results()).at(-1)).toBe('nothing_to_do')
    expect(await world.runs()).toEqual([])
  })
})
