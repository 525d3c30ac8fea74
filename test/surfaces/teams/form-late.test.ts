import { afterEach, beforeEach, expect, it } from 'vitest'
import { testDatabase } from '../../support/database.ts'
import { MINUTE, PEOPLE, receipt } from '../../support/world.ts'
import { type Crew, logOf, startCrew } from './crew.ts'

/*
 * A dialog on somebody's screen knows nothing of what happens meanwhile. Baton itself on the real database, and Teams.
 * Time passes in Baton alone: what Teams signs must be of now.
 */
const database = testDatabase()
let crew: Crew
let id: string
beforeEach(async () => {
  crew = await startCrew(database.url)
  id = await crew.post(await crew.world.unbooked())
  await crew.teams.openDialog(id, 'Dismiss', crew.mara)
})
afterEach(async () => {
  PEOPLE.defaultRole = 'operator'
  await crew.stop()
})

const send = () => crew.teams.submitDialog(crew.mara, { 'Why?': 'Known, being handled elsewhere' })

it('a form that is sent after half an hour counts, and closes', async () => {
  const { teams, world, mara } = crew
  world.pass(31 * MINUTE)
  expect(await send()).toMatchObject({ status: 200, told: null })
  expect(teams.dialogOf(mara)).toBeNull()
  expect(await logOf(crew)).toEqual([['dismiss', 'acted']])
})

it('a form that is sent after somebody else has decided does nothing, and says by name and time who was first', async () => {
  const { teams, jo } = crew
  await teams.press(id, "I'm on it", jo)
  const { told } = await send()
  expect(told).toMatch(/^Jo Example was first: .* at 07:00\.$/)
  expect(await logOf(crew)).toEqual([
    ['claim', 'acted'],
    ['dismiss', 'lost_race'],
  ])
})

it('a form that is sent after the systems agreed does nothing, and says how it ended', async () => {
  const { world } = crew
  await world.say(world.erp, { ...receipt('R1'), state: 'received' })
  const { told } = await send()
  expect(told).toBe((await world.exceptions())[0]?.status)
  expect(await logOf(crew)).toEqual([['dismiss', 'nothing_to_do']])
})

it('a form that is sent by somebody who has lost the right meanwhile does nothing, and says so', async () => {
  const { teams, world, mara } = crew
  PEOPLE.defaultRole = null
  await send()
  expect(teams.dialogOf(mara)?.text).toContain('Baton does not know you.')
  expect(await logOf(crew)).toEqual([])
  expect((await world.exceptions())[0]?.state).toBe('open')
})
