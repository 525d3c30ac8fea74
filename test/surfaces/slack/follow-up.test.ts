import { afterEach, beforeEach, expect, it } from 'vitest'
import { createCardOf } from '../../../src/app/card-of.ts'
import type { ConfiguredPerson } from '../../../src/app/same-person.ts'
import { type BatchWorld, createBatchWorld } from '../../support/batch-world.ts'
import { testDatabase } from '../../support/database.ts'
import { dispatcher } from '../../support/fake-chat.ts'
import { HOUR, key, receipt } from '../../support/world.ts'
import { type Rig, startRig } from './rig.ts'

/** Baton's real store and dispatcher with Slack's surface, over HTTP: what is said under a post. */
const database = testDatabase()
let world: BatchWorld
let rig: Rig
const people: ConfiguredPerson[] = []

beforeEach(async () => {
  people.length = 0
  world = await createBatchWorld(database.url, {
    postingSurfaces: ['slack'],
    people,
    routing: { rules: [], defaultChannel: 'orders' },
  })
  rig = await startRig('http', {}, world.host)
  world.surfaces.push(rig.surface)
})
afterEach(async () => {
  await rig.stop()
  await world.close()
})

const deliver = async () => {
  const dispatch = dispatcher(world, [rig.surface], {
    cardOf: createCardOf(world.queries, world.clock),
    channelOn: () => rig.orders.id,
  })
  // Slack takes one message a second for each channel.
  for (let n = 0; n < 3; n++) {
    await dispatch(rig.surface)
    world.pass(1_000)
    rig.slack.wait(1_000)
  }
}
const shown = () => rig.slack.see(rig.orders)
const posted = () => rig.slack.calls('chat.postMessage')
const identityOf = ({ id }: { id: string }): string => `T0BATON:${id}`

it('a run that was refused is answered in the thread of the post, to the one who pressed, and nowhere else', async () => {
  const lou = rig.slack.addUser('lou')
  await world.say(world.erp, { ...receipt('R1'), state: 'open' })
  await world.say(world.wms, { ...receipt('R1'), state: 'received' })
  await world.later(HOUR)
  await deliver()
  const [post] = shown()
  world.manners.set('R1', 'refuses')
  await rig.slack.press(rig.orders, post?.ts ?? '', 'Book the receipt', rig.mara)
  await world.work('run')
  await deliver()
  const replies = shown().filter(({ thread }) => thread !== null)
  expect(replies).toHaveLength(1)
  expect(replies[0]).toMatchObject({
    thread: post?.ts,
    from: 'app',
    mentions: [`@${rig.mara.id}`],
    buttons: [],
    ephemeral: false,
  })
  expect(replies[0]?.text).toContain('#1 Book the receipt: refused by erp')
  expect(replies[0]?.text).toContain('erp: period 11 is closed.')
  expect(JSON.stringify(posted())).not.toContain(lou.id)
  expect(posted().map(({ thread_ts, reply_broadcast }) => [thread_ts, reply_broadcast])).toEqual([
    [undefined, undefined],
    [post?.ts, undefined],
  ])
  // Nothing that is drawn later calls anybody again.
  await deliver()
  expect(posted()).toHaveLength(2)
})

it('an approval that is asked for calls the lead of the channel in the thread, and not the lead of another one', async () => {
  const [lea, lou] = [rig.slack.addUser('lea'), rig.slack.addUser('lou')]
  const lead = (name: string, user: { id: string }, channel: string): ConfiguredPerson => ({
    ...{ name, role: 'lead', channels: [channel] },
    identities: [{ surface: 'slack', externalId: identityOf(user) }],
  })
  people.push(lead('Lea Example', lea, 'orders'), lead('Lou Example', lou, 'returns'))
  const stock = {
    type: 'inventory' as const,
    externalId: 'S1',
    keys: [key('stock', 'S1@A')],
    state: 'counted',
  }
  await world.say(world.erp, { ...stock, quantities: { on_hand: 7 } })
  await world.say(world.wms, { ...stock, quantities: { on_hand: 10 } })
  await world.later(HOUR)
  await deliver()
  const [post] = shown()
  await rig.slack.press(rig.orders, post?.ts ?? '', 'Adjust the stock', rig.mara, true)
  await deliver()
  const [reply, ...more] = shown().filter(({ thread }) => thread === post?.ts)
  expect(reply?.mentions).toEqual([`@${lea.id}`])
  expect(reply?.text).toContain('mara asks for it.')
  expect(more).toEqual([])
})
