import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCardOf } from '../../../src/app/card-of.ts'
import type { People } from '../../../src/app/same-person.ts'
import { testDatabase } from '../../support/database.ts'
import { dispatcher } from '../../support/fake-chat.ts'
import { createShiftWorld, type ShiftWorld } from '../../support/shift-world.ts'
import type { User } from '../../support/slack/world.ts'
import { MINUTE } from '../../support/world.ts'
import { MODES, type Rig, startRig } from './rig.ts'

/*
 * A form on somebody's screen knows nothing of what happens meanwhile. Baton itself on the real database, its
 * dispatcher, and Slack; time passes in both.
 */
describe.each(MODES)('a form over %s that is sent', (mode) => {
  const database = testDatabase()
  const people: People = { configured: [], groups: [], defaultRole: null }
  let world: ShiftWorld
  let rig: Rig
  let jo: User
  let crew: { id: string; users: string[] }
  let ts: string

  beforeEach(async () => {
    world = await createShiftWorld(database.url, { postingSurfaces: ['slack'] }, people)
    rig = await startRig(mode, {}, world.host)
    jo = rig.slack.addUser('jo')
    crew = rig.slack.addGroup('crew', [rig.mara, jo])
    people.groups = [{ surface: 'slack', id: crew.id, role: 'operator' }]
    await world.unbooked()
    await deliver()
    ts = rig.slack.see(rig.orders)[0]?.ts ?? ''
    await rig.slack.press(rig.orders, ts, 'Dismiss', rig.mara)
    await rig.slack.until('the form opens', () => rig.slack.viewOf(rig.mara) !== null)
  })
  afterEach(async () => {
    await rig.stop()
    await world.close()
  })

  const deliver = () =>
    dispatcher(world, [rig.surface], {
      cardOf: createCardOf(world.queries, world.clock),
      channelOn: () => rig.orders.id,
    })(rig.surface)
  const pass = (ms: number): void => {
    world.pass(ms)
    rig.slack.wait(ms)
  }
  const send = () => rig.slack.submit(rig.mara, { 'Why?': 'Known, being handled elsewhere' })
  const log = async () => (await world.interventions()).map(({ action, result }) => [action, result])
  const shown = () => rig.slack.see(rig.orders)[0]

  it('after half an hour, when nothing can be written through its press any more, counts; the dispatcher shows it', async () => {
    const { slack, mara } = rig
    pass(31 * MINUTE)
    expect((await send()).state).toBe('acked')
    expect(slack.viewOf(mara)).toBeNull()
    expect(await log()).toEqual([['dismiss', 'acted']])
    // The redraw through the old address is over when the surface has nothing in hand any more.
    await rig.surface.stop()
    pass(MINUTE)
    await deliver()
    expect(shown()).toMatchObject({ ts, edited: true })
    expect(shown()?.text).toContain('Dismissed by mara')
    expect(slack.see(rig.orders)).toHaveLength(1)
  })

  it('after somebody else has decided does nothing, says by name and time who was first, and keeps to one card', async () => {
    const { slack, orders, mara } = rig
    await slack.press(orders, ts, "I'm on it", jo)
    expect((await send()).state).toBe('acked')
    expect(slack.viewOf(mara)?.text).toMatch(/^jo was first: .* at \d\d:\d\d/)
    expect(await log()).toEqual([
      ['claim', 'acted'],
      ['dismiss', 'lost_race'],
    ])
    await rig.surface.stop()
    expect(slack.see(orders)).toHaveLength(1)
    expect(shown()?.text).toContain('jo is on it')
  })

  it('after the systems agreed does nothing, and says how it ended', async () => {
    const { slack, mara } = rig
    await world.say(world.erp, { type: 'receipt', externalId: 'R1', keys: [], state: 'received' })
    expect((await send()).state).toBe('acked')
    expect(await log()).toEqual([['dismiss', 'nothing_to_do']])
    expect(slack.viewOf(mara)?.text).not.toMatch(/^Dismissed/)
  })

  it('by somebody who has lost the right meanwhile does nothing, and says so', async () => {
    const { slack, mara } = rig
    crew.users = []
    await slack.event({ type: 'subteam_members_changed', subteam_id: crew.id })
    expect((await send()).state).toBe('acked')
    const error = slack.viewOf(mara)?.inputs[0]?.error
    expect(error).toBe('Baton does not know you. An admin can add you under "people" in baton.yml.')
    expect(await log()).toEqual([])
    expect(String((await world.exceptions())[0]?.state)).toBe('open')
  })
})
