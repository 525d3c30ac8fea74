import { afterEach, beforeEach, expect, it } from 'vitest'
import type { People } from '../../src/app/same-person.ts'
import { testDatabase } from '../support/database.ts'
import { createShiftWorld, type ShiftWorld } from '../support/shift-world.ts'
import { HOUR, key, MINUTE } from '../support/world.ts'
import { postCard as postInSlack, type Rig as SlackRig, startRig as startSlack } from './slack/rig.ts'
import { postCard as postInTeams, startRig as startTeams, type Rig as TeamsRig } from './teams/rig.ts'

/** One Baton in front of Slack and of Teams: the same exception stands in both, and so may the same person. */
const database = testDatabase()
const BOOK = 'Book the receipt'
const LEE = 'lee@retail.example'
const people: People = {
  configured: [{ name: 'Lee Example', role: 'lead', identities: [], email: LEE }],
  defaultRole: 'operator',
}
let world: ShiftWorld
let slack: SlackRig
let teams: TeamsRig
beforeEach(async () => {
  world = await createShiftWorld(database.url, {}, people)
  slack = await startSlack('http', {}, world.host)
  teams = await startTeams()
  teams.host.onPress = world.host.press
  teams.host.onCard = world.host.card
})
afterEach(async () => {
  await slack.stop()
  await teams.stop()
  await world.close()
})

const post = async (exception: string): Promise<{ ts: string; id: string }> => {
  const card = await world.host.card(exception)
  if (!card) throw new Error('there is an exception')
  return { ts: await postInSlack(slack, card), id: await postInTeams(teams, card) }
}
const postAgain = async (exception: string): Promise<{ id: string }> => {
  const card = await world.host.card(exception)
  if (!card) throw new Error('there is an exception')
  return { id: await postInTeams(teams, card) }
}
const toldInSlack = () =>
  slack.slack.see(slack.orders, slack.mara).flatMap((each) => (each.ephemeral ? [each.text] : []))
const shownInTeams = () => teams.teams.see(teams.orders, teams.jo)[0]?.text ?? ''
const results = async () => (await world.interventions()).map(({ surface, result }) => [surface, result])

it('two who press at once, one in Slack and one in Teams: one wins, the other is told by name and time, drag counts it once', async () => {
  const { ts, id } = await post(await world.unbooked())
  await Promise.all([
    slack.slack.press(slack.orders, ts, BOOK, slack.mara),
    teams.teams.press(id, BOOK, teams.jo),
  ])
  await slack.surface.stop()
  expect((await results()).map(([, result]) => result).sort()).toEqual(['acted', 'lost_race'])
  const told = [...toldInSlack(), shownInTeams()].filter((text) => text.includes('was first'))
  expect(told).toEqual([
    expect.stringMatching(/(mara|Jo Example) was first: pressed "Book the receipt" at 07:00/),
  ])
  expect(await world.runs()).toHaveLength(1)
  const now = world.clock()
  const drag = await world.queries.drag({
    from: new Date(now.getTime() - 24 * HOUR),
    to: new Date(now.getTime() + HOUR),
  })
  expect(drag.total.exceptions).toBe(1)
  expect(drag.total.handsOnHours).toBeCloseTo(2 / 60)
})

it('what was decided in Slack is on the card that a press in Teams gets, and the other way round', async () => {
  const { ts, id } = await post(await world.unbooked())
  await slack.slack.press(slack.orders, ts, "I'm on it", slack.mara)
  await teams.teams.press(id, BOOK, teams.jo)
  expect(shownInTeams()).toContain('mara is on it')
  await teams.teams.press(id, BOOK, teams.jo)
  await slack.slack.press(slack.orders, ts, 'Escalate to #leads', slack.mara)
  await slack.surface.stop()
  expect(await results()).toEqual([
    ['slack', 'acted'],
    ['teams', 'lost_race'],
    ['teams', 'acted'],
    ['slack', 'lost_race'],
  ])
  expect(toldInSlack()).toEqual([expect.stringMatching(/^Jo Example was first: .* at 07:00/)])
})

it('one person on both, known by a verified address, never approves in Teams what they asked for in Slack', async () => {
  const lee = slack.slack.addUser('lee', { email: LEE })
  const sameLee = teams.teams.addPerson('Lee in Teams', { email: LEE })
  teams.team.members.push(sameLee)
  const stock = (units: number) => ({
    ...{ type: 'inventory' as const, externalId: 'S1', keys: [key('stock', 'S1@A')], state: 'counted' },
    quantities: { on_hand: units },
  })
  await world.say(world.wms, stock(10))
  await world.say(world.erp, stock(8))
  await world.later(30 * MINUTE)
  const { id: exception } = await world.exception('stock-agrees')
  const before = await post(exception)
  await slack.slack.press(slack.orders, before.ts, 'Adjust the stock', lee, true)
  await slack.surface.stop()
  const { id } = await postAgain(exception)
  await teams.teams.press(id, 'Approve: Adjust the stock (S1)', sameLee)
  expect(await results()).toEqual([
    ['slack', 'awaiting_approval'],
    ['teams', 'not_allowed'],
  ])
  const seen = teams.teams.see(teams.orders, sameLee).find((each) => each.id === id)
  expect(seen?.text).toContain('A second person has to approve what you asked for.')
  expect(world.erp.calls).toEqual([])
})

it('one person on both who presses an old card has lost no race with themselves: the card has changed, that is all', async () => {
  const lee = slack.slack.addUser('lee', { email: LEE })
  const sameLee = teams.teams.addPerson('Lee in Teams', { email: LEE })
  teams.team.members.push(sameLee)
  const { ts, id } = await post(await world.unbooked())
  await slack.slack.press(slack.orders, ts, "I'm on it", lee)
  await teams.teams.press(id, BOOK, sameLee)
  expect(await results()).toEqual([
    ['slack', 'acted'],
    ['teams', 'stale'],
  ])
})
