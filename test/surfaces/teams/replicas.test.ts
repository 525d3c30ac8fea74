import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readTeamsConfig } from '../../../src/surfaces/teams/config.ts'
import { createTeams } from '../../../src/surfaces/teams/index.ts'
import { testDatabase } from '../../support/database.ts'
import { type Crew, logOf, startCrew, wasAnswered } from './crew.ts'

const BOOK = 'Book the receipt'

/** Two processes of Baton over one database behind one address: nobody chooses which of them hears a press. */
const database = testDatabase()
let crew: Crew
let other: { url: string; stop(): Promise<void> }
beforeEach(async () => {
  crew = await startCrew(database.url)
  other = await second(crew)
})
afterEach(async () => {
  await other.stop()
  await crew.stop()
})

const second = async ({ teams, keep, host }: Crew): Promise<typeof other> => {
  const config = readTeamsConfig({
    MICROSOFT_APP_ID: teams.appId,
    MICROSOFT_APP_PASSWORD: teams.appPassword,
    MICROSOFT_APP_TENANT_ID: teams.tenantId,
  })
  if (!config) throw new Error('the double was not configured')
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  const surface = createTeams(config, host, keep, log, {
    clock: () => new Date(teams.clock.now()),
    cloud: { openIdMetadataUrl: teams.openIdMetadataUrl, credentials: teams.credentials },
  })
  const app = express()
  surface.routes(app)
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/api/messages`,
    stop: async () => {
      await surface.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
const toTheOther = (): void => crew.teams.deliverTo(other.url)

it('two who press at once, each at another one: one wins, the other is told who was first and when, it is done once', async () => {
  const { teams, world, mara, jo } = crew
  const id = await crew.post(await world.unbooked())
  const first = teams.press(id, BOOK, mara)
  toTheOther()
  expect(wasAnswered(await Promise.all([first, teams.press(id, BOOK, jo)]))).toBe(true)
  expect((await logOf(crew)).map(String).sort()).toEqual([
    'erp.book_receipt,acted',
    'erp.book_receipt,lost_race',
  ])
  const told = [mara, jo]
    .map((each) => crew.shown(id, each).text)
    .filter((text) => text.includes('was first'))
  expect(told).toEqual([expect.stringMatching(/(Mara|Jo) Example was first: .* at 07:00\./)])
  expect(await world.runs()).toHaveLength(1)
})

it.each(['same', 'new'] as const)(
  'a press that is sent again with the %s id to the other one is one press, also while the first has it in hand',
  async (activityId) => {
    const { teams, world, mara } = crew
    const id = await crew.post(await world.unbooked())
    const pressing = teams.press(id, BOOK, mara)
    const [sent] = teams.deliveries.slice(-1)
    if (!sent) throw new Error('something was sent')
    toTheOther()
    const all = await Promise.all([pressing, teams.redeliver(sent, activityId)])
    all.push(await teams.redeliver(sent, activityId))
    expect(wasAnswered(all)).toBe(true)
    const [one, ...others] = all.map(({ body }) => body)
    expect(others).toEqual([one, one])
    expect(await logOf(crew)).toEqual([['erp.book_receipt', 'acted']])
    expect(await world.runs()).toHaveLength(1)
  },
)

it('an old card at the other one does nothing, and shows the card as it is now', async () => {
  const { teams, world, mara } = crew
  const exception = await world.unbooked()
  const id = await crew.post(exception)
  const again = await crew.post(exception)
  await teams.press(id, "I'm on it", mara)
  toTheOther()
  await teams.press(again, BOOK, mara)
  expect(await logOf(crew)).toEqual([
    ['claim', 'acted'],
    ['erp.book_receipt', 'stale'],
  ])
  const { text } = crew.shown(again, mara)
  expect(text).toContain('The card has changed since')
  expect(text).toContain('Mara Example is on it')
  expect(await world.runs()).toEqual([])
})

it('a form that one of them opened is taken by the other one: what it stands for is in the form', async () => {
  const { teams, world, mara } = crew
  const id = await crew.post(await world.unbooked())
  await teams.openDialog(id, 'Dismiss', mara)
  toTheOther()
  await teams.submitDialog(mara, { 'Why?': 'Known, being handled elsewhere' })
  expect(teams.dialogOf(mara)).toBeNull()
  expect(await logOf(crew)).toEqual([['dismiss', 'acted']])
})
