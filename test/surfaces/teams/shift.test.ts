import { afterEach, beforeEach, expect, it } from 'vitest'
import { createCardOf } from '../../../src/app/card-of.ts'
import type { People } from '../../../src/app/same-person.ts'
import { testDatabase } from '../../support/database.ts'
import { dispatcher } from '../../support/fake-chat.ts'
import { createShiftWorld, type ShiftWorld } from '../../support/shift-world.ts'
import type { SeenMessage } from '../../support/teams/double.ts'
import type { Channel, Person } from '../../support/teams/world.ts'
import { HOUR, MINUTE } from '../../support/world.ts'
import { type Rig, startRig } from './rig.ts'

/** A shift at the dock, from Teams alone: Baton itself, its dispatcher, and Teams. */
const database = testDatabase()
let people: People
let world: ShiftWorld
let rig: Rig
let leads: Channel
let exception: string
let id: string

beforeEach(async () => {
  people = { configured: [], defaultRole: 'operator' }
  const to = { to: 'leads', tell: [], afterMs: null }
  const rules = [{ name: 'receipts', if: { contract: ['receipt-booked'] }, channel: 'dock', escalate: to }]
  world = await createShiftWorld(
    database.url,
    { postingSurfaces: ['teams'], routing: { rules, defaultChannel: 'dock' } },
    people,
  )
  rig = await startRig()
  const { teams, host, surface, team, mara, jo } = rig
  Object.assign(host, { onPress: world.host.press, onCard: world.host.card, onCommand: world.host.command })
  host.home = world.host.home
  world.surfaces.push(surface)
  leads = teams.addChannel('leads', team)
  const identity = { surface: 'teams', externalId: `${teams.tenantId}:${jo.aadObjectId}` }
  people.configured.push({ name: 'Jo Example', role: 'lead', identities: [identity] })
  await teams.install(team, mara)
  exception = await world.unbooked()
  await deliver()
  id = dock()[0]?.id ?? ''
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
/** In Baton; in Teams only as long as what it signs is still of now. */
const pass = (ms: number): void => {
  world.pass(ms)
  rig.teams.wait(Math.min(ms, 2_000))
}
const dock = (viewer?: Person): SeenMessage[] => rig.teams.see(rig.orders, viewer)
const results = async () =>
  (await world.interventions()).flatMap(({ kind, action, result }) =>
    kind === 'press' ? [[action, result]] : [],
  )

it('what is given to somebody is told to them in their chat with Baton, with a button that shows it', async () => {
  const { teams, mara, jo } = rig
  await teams.install(jo, jo)
  await teams.until('the home card', () => teams.see(jo).length === 1)
  await teams.openDialog(id, 'Assign', mara)
  await teams.submitDialog(mara, { 'To whom?': 'Jo Example' })
  await deliver()
  expect(dock()[0]?.text).toContain('Mara Example gave it to Jo Example')
  await world.work('notify')
  const [, told] = teams.see(jo)
  expect(told?.text).toContain(`Mara Example gave you #${exception}`)
  await teams.press(told?.id ?? '', `Show #${exception}`, jo)
  expect(teams.see(jo).at(-1)?.text).toContain('Receipt R1')
})

it('what is escalated has a card of its own in the other channel; a decision on either is on both', async () => {
  const { teams, mara, jo } = rig
  await teams.press(id, 'Escalate to #leads', mara)
  await deliver()
  const [raised] = teams.see(leads)
  pass(2_000)
  await teams.press(raised?.id ?? '', "I'm on it", jo)
  pass(MINUTE)
  await deliver()
  expect(teams.see(leads)[0]?.text).toContain('Jo Example is on it')
  expect(dock()[0]?.text).toContain('Jo Example is on it')
  expect([dock().length, teams.see(leads).length]).toEqual([1, 1])
  expect(await results()).toEqual([
    ['escalate', 'acted'],
    ['claim', 'acted'],
  ])
})

it('what is in hand at its end is handed over in one post; it is taken over by one press, and the second is told who was first', async () => {
  const { teams, mara, jo } = rig
  await teams.press(id, "I'm on it", mara)
  pass(7 * HOUR)
  await world.tend()
  pass(MINUTE)
  await deliver()
  const handover = dock()[1]
  expect(handover?.text).toContain('the one that was in hand is still open, with nobody on it')
  expect(dock()[0]?.text).not.toContain('Mara Example is on it')
  const label = `Take over #${exception}`
  await Promise.all([mara, jo].map((each) => teams.press(handover?.id ?? '', label, each)))
  const told = [mara, jo]
    .map((each) => dock(each)[1]?.text ?? '')
    .filter((text) => text.includes('was first'))
  expect(told).toEqual([expect.stringMatching(/(Mara|Jo) Example was first: .* at 14:0\d/)])
  expect((await results()).map(String).sort()).toEqual(['claim,acted', 'claim,acted', 'claim,lost_race'])
  pass(MINUTE)
  await deliver()
  expect(dock()[1]?.text).toMatch(/(Mara|Jo) Example is on it now/)
  expect(dock()).toHaveLength(2)
})

it('what is snoozed leaves the home and comes back to it', async () => {
  const { teams, mara } = rig
  await teams.install(mara, mara)
  await teams.until('the home card', () => teams.see(mara).length === 1)
  const home = async (): Promise<string> => {
    const before = teams.see(mara).length
    await teams.say('home', mara)
    await teams.until('the home card', () => teams.see(mara).length === before + 2)
    return teams.see(mara).at(-1)?.text ?? ''
  }
  expect(await home()).toContain('Receipt R1')
  await teams.openDialog(id, 'Snooze', mara)
  await teams.submitDialog(mara, { 'Until when?': '1h' })
  expect(await home()).not.toContain('Receipt R1')
  pass(HOUR + MINUTE)
  await world.tend()
  expect(await home()).toContain('Receipt R1')
  expect(await results()).toEqual([['snooze', 'acted']])
})
