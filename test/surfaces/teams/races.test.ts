import { afterEach, beforeEach, expect, it } from 'vitest'
import { testDatabase } from '../../support/database.ts'
import { HOUR, receipt } from '../../support/world.ts'
import { type Crew, logOf, startCrew, wasAnswered } from './crew.ts'

const database = testDatabase()
let crew: Crew
beforeEach(async () => {
  crew = await startCrew(database.url)
})
afterEach(() => crew.stop())

const BOOK = 'Book the receipt'

it('two people press at once: one wins, the other is told who was first and when, and both are logged', async () => {
  const { teams, world, mara, jo } = crew
  const id = await crew.post(await world.unbooked())

  const pressed = await Promise.all([mara, jo].map((each) => teams.press(id, BOOK, each)))

  expect(wasAnswered(pressed)).toBe(true)
  const logged = await world.interventions()
  expect(logged.map(({ result }) => result).sort()).toEqual(['acted', 'lost_race'])
  const seen = [mara, jo].map((each) => crew.shown(id, each).text)
  const told = seen.filter((text) => text.includes('was first'))
  expect(told).toHaveLength(1)
  expect(told[0]).toMatch(/(Mara|Jo) Example was first: pressed "Book the receipt" at 07:00\./)
  expect(await world.runs()).toHaveLength(1)
})

it('four times the same race is four times one run, and drag counts each exception once', async () => {
  const { teams, world, mara, jo } = crew
  for (const name of ['R1', 'R2', 'R3', 'R4']) {
    const id = await crew.post(await world.unbooked(name))
    await Promise.all([mara, jo].map((each) => teams.press(id, BOOK, each)))
    // Seven writes a second are allowed into one channel.
    teams.wait(1_000)
  }
  expect(await world.runs()).toHaveLength(4)
  expect(await world.interventions()).toHaveLength(8)
  const now = world.clock()
  const drag = await world.queries.drag({
    from: new Date(now.getTime() - 24 * HOUR),
    to: new Date(now.getTime() + HOUR),
  })
  expect(drag.total).toMatchObject({ exceptions: 4 })
  expect(drag.persons).toBe(2)
})

it('a press on an old card does nothing, and shows the card as it is now', async () => {
  const { teams, world, mara, jo } = crew
  const id = await crew.post(await world.unbooked())
  await teams.press(id, "I'm on it", mara)
  await teams.press(id, BOOK, jo)
  expect(await logOf(crew)).toEqual([
    ['claim', 'acted'],
    ['erp.book_receipt', expect.stringMatching(/^(stale|lost_race)$/)],
  ])
  expect(await world.runs()).toEqual([])
  expect(crew.shown(id, jo).text).toContain('Mara Example')
})

it('a press after it mended itself does nothing, says so, and leaves no button to press', async () => {
  const { teams, world, mara } = crew
  const id = await crew.post(await world.unbooked())
  await world.say(world.erp, { ...receipt('R1'), state: 'received' })
  await teams.press(id, BOOK, mara)
  expect(await logOf(crew)).toEqual([['erp.book_receipt', 'nothing_to_do']])
  expect(world.erp.calls).toEqual([])
  expect(crew.shown(id, mara).buttons.map((each) => each.label)).not.toContain(BOOK)
})

it('a press without the role is logged, refused, and told which role it takes', async () => {
  const { teams, world, jo } = crew
  const exception = await crew.drift()
  await world.press('lea', exception, 'erp.adjust_stock')
  const id = await crew.post(exception)
  await teams.press(id, 'Approve: Adjust the stock (S1)', jo)
  expect(await logOf(crew)).toEqual([
    ['erp.adjust_stock', 'awaiting_approval'],
    ['approve', 'not_allowed'],
  ])
  expect(crew.shown(id, jo).text).toContain('needs the role lead; you are operator')
  expect(world.erp.calls).toEqual([])
})
