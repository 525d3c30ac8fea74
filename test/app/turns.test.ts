import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { createWorld, HOUR, receipt, type World } from '../support/world.ts'

/*
 * Systems look whether something may be done and then do it: two calls at once pass the same look. Two exceptions may
 * be about one object (two parcels of one order, say), and two processes may have them in hand.
 */

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
})
afterEach(() => world.close())

/** Two exceptions with a run each, both aimed at what the first one is about unless `apart`. */
const twoPressed = async ({ apart = false } = {}) => {
  for (const name of ['R1', 'R2']) {
    await world.say(world.erp, { ...receipt(name), state: 'open' })
    await world.say(world.wms, { ...receipt(name), state: 'received' })
  }
  await world.later(HOUR)
  for (const { id } of await world.exceptions()) await world.press('ada', id, 'erp.book_receipt')
  if (!apart)
    await world.rows(sql`update action_runs set target = (select target from action_runs where id = 1)`)
  world.alive.add('there')
}
/** While the first call is under way another process takes up the second run. */
const whileCalling = (look: () => Promise<void>) => {
  world.erp.before = async (step) => {
    if (step !== 'act') return
    world.erp.before = () => {}
    await world.runsOf('there')('2')
    await look()
  }
}

it('one object of a system gets one call at a time, and who waited looks again before it calls', async () => {
  await twoPressed()
  whileCalling(async () => {
    expect(world.erp.calls).toEqual([])
    const [, second] = await world.runs()
    expect(second).toMatchObject({ state: 'reading', worker: null, sends: 0, sent_at: null })
    const [, exception] = await world.exceptions()
    expect(exception).toMatchObject({
      status: 'Book the receipt: waiting for its turn; erp is doing something else on the same thing.',
    })
  })
  await world.runsOf('here')('1')
  expect(world.erp.calls).toHaveLength(1)

  world.pass(1_000)
  await world.work('run')
  expect(world.erp.calls).toHaveLength(1)
  expect(await world.runs()).toMatchObject([
    { state: 'finished', outcome: 'done' },
    { outcome: 'already_done' },
  ])
})

it('another object of the same system waits for nobody', async () => {
  await twoPressed({ apart: true })
  whileCalling(async () => {
    expect(world.erp.calls).toMatchObject([{ externalId: 'R2' }])
  })
  await world.runsOf('here')('1')
  expect(world.erp.calls).toMatchObject([{ externalId: 'R2' }, { externalId: 'R1' }])
})

it('a call whose answer was lost stands in nobody’s way', async () => {
  await twoPressed()
  await world.rows(sql`update action_runs set state = 'sending', sends = 1 where id = 1`)
  await world.runsOf('there')('2')
  const [, second] = await world.runs()
  expect(second).toMatchObject({ sends: 1, outcome: 'done' })
})
