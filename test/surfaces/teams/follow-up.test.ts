import { afterEach, beforeEach, expect, it } from 'vitest'
import { createCardOf } from '../../../src/app/card-of.ts'
import { testDatabase } from '../../support/database.ts'
import { dispatcher } from '../../support/fake-chat.ts'
import { createShiftWorld, type ShiftWorld } from '../../support/shift-world.ts'
import { type Rig, startRig } from './rig.ts'

/** Baton's real store and dispatcher with Teams' surface, over HTTP: what is said under a post. */
const database = testDatabase()
let world: ShiftWorld
let rig: Rig
beforeEach(async () => {
  world = await createShiftWorld(database.url, {
    postingSurfaces: ['teams'],
    routing: { rules: [], defaultChannel: 'orders' },
  })
  rig = await startRig()
  rig.host.onPress = world.host.press
  rig.host.onCard = world.host.card
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
  for (let n = 0; n < 3; n++) {
    await dispatch(rig.surface)
    world.pass(1_000)
  }
}

it('a run that was refused is answered by a reply to the post, which mentions the one who pressed', async () => {
  const { teams, team, orders, mara, jo } = rig
  await teams.install(team, mara)
  await world.unbooked()
  await deliver()
  const [post] = teams.see(orders)
  world.erp.manner = 'refuses'
  await teams.press(post?.id ?? '', 'Book the receipt', jo)
  await world.work('run')
  await deliver()
  const [, reply, ...more] = teams.see(orders)
  expect(reply).toMatchObject({ root: post?.id, mentions: [jo.aadObjectId], buttons: [] })
  expect(reply?.text).toContain('#1 Book the receipt: refused by erp')
  expect(reply?.text).toContain('erp: period 11 is closed.')
  expect(JSON.stringify(teams.card(reply?.id ?? ''))).not.toContain(mara.aadObjectId)
  expect(more).toEqual([])
})
