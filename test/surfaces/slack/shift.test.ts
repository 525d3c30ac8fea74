import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCardOf } from '../../../src/app/card-of.ts'
import type { People } from '../../../src/app/same-person.ts'
import { testDatabase } from '../../support/database.ts'
import { dispatcher } from '../../support/fake-chat.ts'
import { createShiftWorld, type ShiftWorld } from '../../support/shift-world.ts'
import type { Channel, User } from '../../support/slack/world.ts'
import { HOUR, MINUTE } from '../../support/world.ts'
import { MODES, type Rig, startRig } from './rig.ts'

/** A shift at the dock, from Slack alone: Baton itself, its dispatcher, and Slack; time passes in both. */
describe.each(MODES)('a shift over %s', (mode) => {
  const database = testDatabase()
  let people: People
  let world: ShiftWorld
  let rig: Rig
  let leads: Channel
  let jo: User
  let exception: string
  let ts: string

  beforeEach(async () => {
    people = { configured: [], defaultRole: 'operator' }
    const rules = [
      {
        name: 'receipts',
        if: { contract: ['receipt-booked'] },
        channel: 'dock',
        escalate: { to: 'leads', tell: [], afterMs: null },
      },
    ]
    world = await createShiftWorld(
      database.url,
      { postingSurfaces: ['slack'], routing: { rules, defaultChannel: 'dock' } },
      people,
    )
    rig = await startRig(mode, {}, world.host)
    world.surfaces.push(rig.surface)
    leads = rig.slack.addChannel('leads')
    jo = rig.slack.addUser('jo')
    people.configured.push({
      name: 'Jo Example',
      role: 'lead',
      identities: [{ surface: 'slack', externalId: `T0BATON:${jo.id}` }],
    })
    exception = await world.unbooked()
    await deliver()
    ts = dock()[0]?.ts ?? ''
  })
  afterEach(async () => {
    await rig.stop()
    await world.close()
  })

  const deliver = () =>
    dispatcher(world, [rig.surface], {
      cardOf: createCardOf(world.queries, world.clock),
      channelOn: (_surface, channel) => (channel === 'leads' ? leads : rig.orders).id,
    })(rig.surface)
  const pass = (ms: number): void => {
    world.pass(ms)
    rig.slack.wait(ms)
  }
  const dock = () => rig.slack.see(rig.orders)
  const toldTo = (user: User) =>
    rig.slack.see(rig.orders, user).flatMap((each) => (each.ephemeral ? [each.text] : []))
  const results = async () =>
    (await world.interventions()).flatMap(({ kind, action, result }) =>
      kind === 'press' ? [[action, result]] : [],
    )
  /** What a press sets off is over when the exception's version says so. */
  const handled = (n: number) =>
    rig.slack.until('the presses are handled', () => rig.slack.calls('response_url').length >= n)

  it('what is given to somebody is told to them in private, with a button that shows it to them alone', async () => {
    const { slack, orders, mara } = rig
    await slack.press(orders, ts, 'Assign', mara)
    await slack.until('the form', () => slack.viewOf(mara) !== null)
    const [who] = slack.viewOf(mara)?.inputs ?? []
    expect(who?.options).toEqual(['Jo Example'])
    await slack.submit(mara, { [who?.label ?? '']: 'Jo Example' })
    await handled(1)
    expect(dock()[0]?.text).toContain('mara gave it to Jo Example')
    await world.work('notify')
    const told = slack.calls('chat.postMessage').filter(({ channel }) => channel === jo.id)
    expect(told).toHaveLength(1)
    expect(JSON.stringify(told[0])).toContain(`mara gave you #${exception}`)
  })

  it('what is escalated has a card of its own in the other channel; a decision on either is on both', async () => {
    const { slack, orders, mara } = rig
    await slack.press(orders, ts, 'Escalate to #leads', mara)
    await handled(1)
    await deliver()
    const raised = slack.see(leads)
    expect(raised).toHaveLength(1)
    await slack.press(leads, raised[0]?.ts ?? '', "I'm on it", jo)
    await handled(2)
    pass(MINUTE)
    await deliver()
    expect(slack.see(leads)[0]?.text).toContain('Jo Example is on it')
    expect(dock()[0]?.text).toContain('Jo Example is on it')
    expect(dock()).toHaveLength(1)
    expect(await results()).toEqual([
      ['escalate', 'acted'],
      ['claim', 'acted'],
    ])
  })

  it('what is in hand at its end is handed over in one post; it is taken over by one press, and the second is told who was first', async () => {
    const { slack, orders, mara } = rig
    await slack.press(orders, ts, "I'm on it", mara)
    await handled(1)
    pass(7 * HOUR)
    await world.tend()
    pass(MINUTE)
    await deliver()
    const handover = dock()[1]
    expect(handover?.text).toContain('the one that was in hand is still open, with nobody on it')
    expect(dock()[0]?.text).not.toContain('mara is on it')
    const label = `Take over #${exception}`
    await Promise.all([
      slack.press(orders, handover?.ts ?? '', label, mara),
      slack.press(orders, handover?.ts ?? '', label, jo),
    ])
    await slack.until('the loser hears', () => toldTo(mara).length + toldTo(jo).length === 1)
    expect([...toldTo(mara), ...toldTo(jo)]).toEqual([
      expect.stringMatching(/^(mara|Jo Example) was first: .* at 14:0\d/),
    ])
    expect((await results()).map(String).sort()).toEqual(['claim,acted', 'claim,acted', 'claim,lost_race'])
    await rig.surface.stop()
    pass(MINUTE)
    await deliver()
    expect(dock()[1]?.text).toMatch(/(mara|Jo Example) is on it now/)
    expect(dock()).toHaveLength(2)
  })

  it('what is snoozed leaves the home and comes back to it', async () => {
    const { slack, orders, mara } = rig
    const homeSays = async (says: boolean): Promise<void> => {
      await slack.openHome(mara)
      const isSo = () => slack.homeOf(mara)?.text.includes('Receipt R1') === says
      await slack.until(`the home ${says ? 'shows' : 'leaves out'} the receipt`, isSo)
    }
    await homeSays(true)
    await slack.press(orders, ts, 'Snooze', mara)
    await slack.until('the form', () => slack.viewOf(mara) !== null)
    const [until] = slack.viewOf(mara)?.inputs ?? []
    await slack.submit(mara, { [until?.label ?? '']: until?.options[0] ?? '' })
    await handled(1)
    expect(dock()[0]?.text).toContain('Snoozed until 08:00')
    await homeSays(false)
    pass(HOUR + MINUTE)
    await world.tend()
    await homeSays(true)
    expect(await results()).toEqual([['snooze', 'acted']])
  })
})
