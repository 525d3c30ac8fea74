import { afterEach, beforeEach, expect, it } from 'vitest'
import { type BatchWorld, createBatchWorld } from '../../support/batch-world.ts'
import { testDatabase } from '../../support/database.ts'
import type { Person } from '../../support/teams/world.ts'
import { type Rig, startRig } from './rig.ts'

/** Many at once from Teams, against Baton itself: the offer, its press, what came of each. */
const database = testDatabase()
let world: BatchWorld
let rig: Rig
let offer: string
beforeEach(async () => {
  world = await createBatchWorld(database.url)
  rig = await startRig()
  const { teams, host, team, orders, mara } = rig
  host.onPress = world.host.press
  host.onCard = world.host.card
  host.onCommand = world.host.command
  await world.broken(3)
  await teams.install(team, mara)
  await teams.mention(orders, 'fix receipt-booked', mara)
  await teams.until('the offer', () => teams.see(orders).length === 2)
  offer = teams.see(orders).at(-1)?.id ?? ''
})
afterEach(async () => {
  await rig.stop()
  await world.close()
})

const BOOK = 'Book the receipt for 3'
const shown = (message: string, to: Person) => rig.teams.see(rig.orders, to).find(({ id }) => id === message)
const labels = (message: string, to: Person) => shown(message, to)?.buttons.map(({ label }) => label)
const presses = async () =>
  (await world.interventions()).flatMap(({ kind, action, result }) =>
    kind === 'press' ? [[action, result]] : [],
  )

it('two who press the offer at once: it begins once, the other is told who was first and when, both are logged', async () => {
  const { teams, mara, jo } = rig
  await Promise.all([mara, jo].map((each) => teams.press(offer, BOOK, each)))
  const seen = [mara, jo].map((each) => shown(offer, each)?.text ?? '')
  expect(seen.filter((text) => text.includes('started for 3'))).toHaveLength(1)
  expect(seen.filter((text) => text.includes('was first'))).toEqual([
    expect.stringMatching(/(Mara|Jo) Example was first: pressed "Book the receipt" at 07:00\./),
  ])
  expect((await presses()).map(String).sort()).toEqual([
    'erp.book_receipt,acted',
    'erp.book_receipt,lost_race',
  ])
  await world.work()
  expect(world.erp.calls).toHaveLength(3)
})

it('a press that Teams sends again, under the same id or another one, begins nothing twice', async () => {
  const { teams, mara } = rig
  const first = await teams.press(offer, BOOK, mara)
  const again = [await teams.redeliver(first, 'same'), await teams.redeliver(first, 'new')]
  expect(again.map(({ body }) => body)).toEqual([first.body, first.body])
  expect(await presses()).toEqual([['erp.book_receipt', 'acted']])
  await world.work()
  expect(world.erp.calls).toHaveLength(3)
})

it('says how far it has come and what failed with its reason, and tries that again alone', async () => {
  const { teams, deliver, orders, mara, jo } = rig
  world.manners.set('R2', 'refuses')
  await teams.press(offer, BOOK, mara)
  const posted = await deliver.post(orders.id, await world.card())
  if (!posted.ok) throw new Error(posted.failure.words)
  const card = teams.see(orders).at(-1)?.id ?? ''
  expect(shown(card, jo)?.text).toContain('0 of 3 done, 3 to go')
  await world.work()
  expect(await deliver.update(posted.value, await world.card())).toEqual({ ok: true, value: null })
  expect(shown(card, jo)?.text).toContain('2 of 3 done, 1 failed')
  expect(shown(card, jo)?.text).toContain('erp: period 11 is closed.')
  expect(labels(card, jo)).toContain('Try the one again')

  world.manners.clear()
  // Seven writes a second are allowed into one channel.
  teams.wait(1_000)
  await teams.press(card, 'Try the one again', jo)
  await world.work()
  expect(await world.text()).toContain('3 of 3 done')
  expect(await presses()).toEqual([
    ['erp.book_receipt', 'acted'],
    ['retry', 'acted'],
  ])
})

it('on an old offer does nothing, and shows what has become of it', async () => {
  const { teams, mara, jo } = rig
  await teams.press(offer, BOOK, mara)
  await world.work()
  await teams.press(offer, BOOK, jo)
  expect(await presses()).toEqual([
    ['erp.book_receipt', 'acted'],
    ['erp.book_receipt', 'lost_race'],
  ])
  expect(shown(offer, jo)?.text).toContain('3 of 3 done')
  expect(labels(offer, jo)).not.toContain(BOOK)
  expect(world.erp.calls).toHaveLength(3)
})
