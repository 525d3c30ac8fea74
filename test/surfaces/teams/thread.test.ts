import { afterEach, beforeEach, expect, it } from 'vitest'
import { createCardOf } from '../../../src/app/card-of.ts'
import { tendGroups } from '../../../src/app/group-tend.ts'
import { type BatchWorld, createBatchWorld } from '../../support/batch-world.ts'
import { testDatabase } from '../../support/database.ts'
import { dispatcher } from '../../support/fake-chat.ts'
import { fulfillment, HOUR, MINUTE } from '../../support/world.ts'
import { type Rig, startRig } from './rig.ts'

/* A storm and its lists, as they stand in Teams: what is under its message is a reply to that message. */

const database = testDatabase()
let world: BatchWorld
let rig: Rig
let picking: Rig['orders']
let round: () => Promise<void>

beforeEach(async () => {
  const group = {
    by: ['contract'],
    after: 2,
    waitMs: 30_000,
    intervalMs: 300_000,
    repeatMs: 4 * HOUR,
  } as const
  world = await createBatchWorld(database.url, {
    postingSurfaces: ['teams'],
    routing: { rules: [], defaultChannel: 'orders', group },
  })
  world.setup.routing.rules.push({ name: 'picks', if: { contract: ['short-pick'] }, channel: 'picking' })
  rig = await startRig()
  const { surface, orders, teams, team, mara } = rig
  picking = teams.addChannel('picking', team)
  await teams.install(team, mara)
  const dispatch = dispatcher(world, [surface], {
    cardOf: createCardOf(world.queries, world.clock),
    channelOn: (_surface, channel) => (channel === 'picking' ? picking : orders).id,
  })
  round = () => dispatch(surface)
  const facts = Array.from({ length: 23 }, (_, n) =>
    world.wms.put({ ...fulfillment(`${n}`, `D${n}`), state: 'short' }, world.clock()),
  )
  await world.hook(world.wms, facts)
  await world.work('process')
})
afterEach(async () => {
  await rig.stop()
  await world.close()
})

const pass = async (ms: number, times = 1): Promise<void> => {
  for (let i = 0; i < times; i++) {
    world.pass(ms)
    rig.teams.wait(ms)
    await tendGroups(world.base)
    await round()
  }
}
const seen = (channel = picking) => rig.teams.see(channel)

it('lists a storm below its message, with a button for each member', async () => {
  await round()
  await pass(20_000, 3)
  const [summary, ...lists] = seen()
  expect(summary?.root).toBeNull()
  expect(lists.map(({ root }) => root)).toEqual([summary?.id, summary?.id])
  const all = lists.map(({ text }) => text).join(' ')
  for (let n = 1; n <= 23; n++) expect(all).toContain(`#${n} `)
})

it('puts the lists below the message that replaces one that somebody deleted, each once', async () => {
  await round()
  rig.teams.deleteMessage(String(seen()[0]?.id))
  await pass(20_000, 6)
  const own = seen().filter(({ root }) => root === null)
  expect(own).toHaveLength(1)
  expect(seen().map(({ root }) => root)).toEqual([null, own[0]?.id, own[0]?.id])
})

it('says a reply of which nobody knows whether it arrived once more after a minute, and not before', async () => {
  await round()
  await pass(20_000)
  rig.teams.fault('send', { is: 'status', status: 502, applied: false })
  await pass(20_000, 2)
  const replies = () => seen().filter(({ root }) => root !== null)
  expect(replies()).toHaveLength(1)
  await pass(MINUTE, 2)
  expect(replies()).toHaveLength(2)
})
