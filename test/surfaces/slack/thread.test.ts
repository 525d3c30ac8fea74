import { afterEach, beforeEach, expect, it } from 'vitest'
import { createCardOf } from '../../../src/app/card-of.ts'
import { groupListCard } from '../../../src/app/group-list-card.ts'
import { tendGroups } from '../../../src/app/group-tend.ts'
import { type BatchWorld, createBatchWorld } from '../../support/batch-world.ts'
import { testDatabase } from '../../support/database.ts'
import { dispatcher } from '../../support/fake-chat.ts'
import { fulfillment, HOUR, MINUTE } from '../../support/world.ts'
import { type Rig, startRig } from './rig.ts'

/* A storm and its lists, as they stand in Slack: what is under its message is in that message's thread. */

const database = testDatabase()
let world: BatchWorld
let rig: Rig
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
    postingSurfaces: ['slack'],
    routing: { rules: [], defaultChannel: 'orders', group },
  })
  rig = await startRig('http', {}, world.host)
  const { surface, orders, slack } = rig
  const other = slack.addChannel('picking')
  world.setup.routing.rules.push({ name: 'picks', if: { contract: ['short-pick'] }, channel: 'picking' })
  const dispatch = dispatcher(world, [surface], {
    cardOf: createCardOf(world.queries, world.clock),
    channelOn: (_surface, channel) => (channel === 'picking' ? other : orders).id,
  })
  picking = other
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
let picking: Rig['orders']

const pass = async (ms: number, times = 1): Promise<void> => {
  for (let i = 0; i < times; i++) {
    world.pass(ms)
    rig.slack.wait(ms)
    await tendGroups(world.base)
    await round()
  }
}
const seen = (channel = picking) => rig.slack.see(channel)

it('lists a storm in the thread of its message, with a button for each member', async () => {
  await round()
  await pass(20_000, 3)
  const [summary, first, second] = seen()
  expect(seen()).toHaveLength(3)
  expect(summary?.thread).toBeNull()
  expect([first?.thread, second?.thread]).toEqual([summary?.ts, summary?.ts])
  const all = `${first?.text} ${second?.text}`
  for (let n = 1; n <= 23; n++) expect(all).toContain(`#${n} `)
  await rig.slack.press(picking, second?.ts ?? '', 'Show #23', rig.mara)
  await rig.slack.until('Slack shows the card', () => seen().length < rig.slack.see(picking, rig.mara).length)
  expect(rig.slack.see(picking, rig.mara).at(-1)).toMatchObject({ ephemeral: true })
})

it('keeps every button of a list, however long the names on it are', async () => {
  const { orders, slack, deliver } = rig
  const detail = await world.queries.group('1')
  if (!detail) throw new Error('there is a storm')
  const line = { contract: 'short-pick', state: 'open', severity: 'high' as const, claimedBy: 'Ada Example' }
  const money = { valueMinor: 123_456_789, currency: 'EUR', since: world.clock(), promiseAt: world.at(HOUR) }
  const lines = Array.from({ length: 20 }, (_, n) => ({
    ...line,
    ...money,
    id: `${1_000_000 + n}`,
    name: `<!channel> *${'SKU-9 '.repeat(40)}*`,
  }))
  const sent = await deliver.post(
    orders.id,
    groupListCard({ ...detail, lines, listed: 20 }, 1, world.clock()),
  )
  expect(sent).toMatchObject({ ok: true })
  const shown = JSON.stringify(slack.world.messages.at(-1)?.blocks)
  for (const { id } of lines) expect(shown).toContain(`Show #${id}`)
})

it('puts the lists under the message that replaces one that somebody deleted, each once', async () => {
  await round()
  rig.slack.deleteMessage(picking, seen()[0]?.ts ?? '')
  await pass(20_000, 6)
  const own = seen().filter(({ thread }) => thread === null)
  expect(own).toHaveLength(1)
  expect(seen().map(({ thread }) => thread)).toEqual([null, own[0]?.ts, own[0]?.ts])
})

it('brings summary and lists to the default channel where their own was archived, and says why', async () => {
  await round()
  picking.archived = true
  await pass(20_000, 6)
  const [summary, ...lists] = seen(rig.orders)
  expect(summary?.text).toContain('Meant for picking, which cannot be used: the channel is archived.')
  expect(lists.map(({ thread }) => thread)).toEqual([summary?.ts, summary?.ts])
})

it('does not say anything twice where Slack asks to come back later', async () => {
  await round()
  await pass(20_000)
  rig.slack.fault('chat.postMessage', { is: 'rate_limited', retryAfterSeconds: 30 })
  await pass(20_000, 4)
  expect(seen()).toHaveLength(3)
})

it('says a reply of which nobody knows whether it arrived once more after a minute, and not before', async () => {
  await round()
  await pass(20_000)
  rig.slack.fault('chat.postMessage', { is: 'status', status: 500, applied: false })
  await pass(20_000, 2)
  expect(seen().filter(({ thread }) => thread !== null)).toHaveLength(1)
  await pass(MINUTE)
  await pass(MINUTE)
  expect(seen().filter(({ thread }) => thread !== null)).toHaveLength(2)
})
