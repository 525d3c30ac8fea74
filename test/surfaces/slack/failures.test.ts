import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCardOf } from '../../../src/app/card-of.ts'
import { troubleWords } from '../../../src/app/delivery-errands.ts'
import type { Surface } from '../../../src/app/surface.ts'
import { readHealth, readTroubles } from '../../../src/db/health.ts'
import { createSlack } from '../../../src/surfaces/slack/index.ts'
import { type BatchWorld, buttonsOf, createBatchWorld } from '../../support/batch-world.ts'
import { testDatabase } from '../../support/database.ts'
import { dispatcher } from '../../support/fake-chat.ts'
import type { Channel, User } from '../../support/slack/world.ts'
import { fulfillment, MINUTE } from '../../support/world.ts'
import { configFor, NO_KEEP, type Rig, recordingLog, startRig } from './rig.ts'

/*
 * The dispatcher with Baton's real store and Slack surface, over HTTP against a Slack that fails. Time is the test's: it
 * passes in Baton and in Slack alike.
 */

const database = testDatabase()
let world: BatchWorld
let rig: Rig
let picking: Channel
let lou: User
let dispatch: (surface: Surface) => Promise<void>

beforeEach(async () => {
  world = await createBatchWorld(database.url, { postingSurfaces: ['slack'] })
  rig = await startRig('http', {}, world.host)
  picking = rig.slack.addChannel('picking')
  lou = rig.slack.addUser('lou')
  dispatch = replica()
})
afterEach(async () => {
  await rig.stop()
  await world.close()
})

/** One process's dispatcher. */
const replica = (worker = 'here') =>
  dispatcher(world, [rig.surface], {
    worker,
    cardOf: createCardOf(world.queries, world.clock),
    channelOn: (_surface, channel) => (channel === 'picking' ? picking : rig.orders).id,
    admins: async () => [[{ surface: 'slack', externalId: `T0BATON:${lou.id}` }]],
  })
const deliver = () => dispatch(rig.surface)
const pass = (ms: number): void => {
  world.pass(ms)
  rig.slack.wait(ms)
}
/** A short pick: its exception opens at once, and a card is wanted. */
const opened = (n = 1) => world.say(world.wms, { ...fulfillment(`${n}`, `D${n}`), state: 'short' })
const toPicking = () =>
  world.setup.routing.rules.push({ name: 'picks', if: { contract: ['short-pick'] }, channel: 'picking' })
const calls = (method = 'chat.postMessage') => rig.slack.calls(method).length
const cards = (channel = rig.orders) => rig.slack.see(channel)
const labelOf = async (action: string): Promise<string> => {
  const found = buttonsOf(await world.card('1')).find((each) => each.action === action)
  if (!found) throw new Error(`${action} is not offered`)
  return found.label
}
const press = async (ts: string | undefined) => {
  await rig.slack.press(rig.orders, ts ?? '', await labelOf('claim'), rig.mara)
  // What a press sets off is over when the surface has stopped taking any more.
  await rig.slack.until('the press is redrawn', () => calls('response_url') > 0)
}
const troubles = async () =>
  (await readTroubles(world.connection.db)).map((trouble) => troubleWords(trouble, 'orders'))
const toldLou = () => rig.slack.calls('chat.postMessage').filter(({ channel }) => channel === lou.id)

describe('Slack asks to come back later', () => {
  it('and every replica rests so long; then all cards come', async () => {
    const other = replica('other')
    await opened(1)
    rig.slack.fault('chat.postMessage', { is: 'rate_limited', retryAfterSeconds: 17 })
    await deliver()
    await opened(2)
    await other(rig.surface)
    pass(16_000)
    await Promise.all([deliver(), other(rig.surface)])
    expect(calls()).toBe(1)
    for (let i = 0; i < 3; i++) {
      pass(2_000)
      await Promise.all([deliver(), other(rig.surface)])
    }
    expect(cards()).toHaveLength(2)
    expect(calls()).toBe(3)
    expect(await readHealth(world.connection.db)).toMatchObject({ rateLimitedCalls: 1, postsBehind: 0 })
  })
})

describe('it is not known whether a card has arrived', () => {
  it('because Slack failed after taking it: it comes once more after a minute; the first goes when it is pressed', async () => {
    await opened()
    rig.slack.fault('chat.postMessage', { is: 'status', status: 500, applied: true })
    await deliver()
    pass(MINUTE - 1)
    await deliver()
    expect(cards()).toHaveLength(1)
    pass(1)
    await deliver()
    const [orphan, post] = cards()
    expect(cards()).toHaveLength(2)

    await rig.slack.press(rig.orders, orphan?.ts ?? '', await labelOf('claim'), rig.mara)
    await deliver()
    expect(cards().map(({ ts }) => ts)).toEqual([post?.ts])
    expect(cards()[0]?.text).toContain('mara')
    expect(await world.exception('1')).toMatchObject({ claimed_by: expect.anything() })
  })

  it('because Slack never answered: whoever presses it makes it the post, and no second one comes', async () => {
    await opened()
    rig.slack.fault('chat.postMessage', { is: 'hang', applied: true })
    const { log } = recordingLog()
    const impatient = createSlack(configFor(rig.slack, 'http'), world.host, {
      log,
      keep: NO_KEEP,
      timing: { requestMs: 50 },
    })
    await dispatch(impatient)
    expect(cards()).toHaveLength(1)
    await press(cards()[0]?.ts)
    pass(MINUTE)
    await deliver()
    expect(cards()).toHaveLength(1)
    expect(cards()[0]?.text).toContain('mara')
    expect(calls()).toBe(1)
  })

  it('because the connection was cut before Slack took it: it comes after a minute, once', async () => {
    await opened()
    rig.slack.fault('chat.postMessage', { is: 'reset', applied: false })
    await deliver()
    pass(MINUTE)
    await deliver()
    expect(cards()).toHaveLength(1)
  })
})

describe('a message that somebody deleted', () => {
  it('is posted again when its exception changes', async () => {
    await opened()
    await deliver()
    rig.slack.deleteMessage(rig.orders, cards()[0]?.ts ?? '')
    await world.press('ada', '1', 'claim')
    await deliver()
    expect(cards()).toHaveLength(1)
    expect(cards()[0]?.text).toContain('Ada Example')
  })
})

describe('a channel that', () => {
  it.each([
    ['was archived', { archived: true }, { archived: false }, 'the channel is archived'],
    [
      'Baton was removed from',
      { botIsMember: false, private: true },
      { botIsMember: true, private: false },
      'Slack knows no such channel, or it is private and Baton was not invited',
    ],
  ])(
    '%s loses no card: they go to the default one and say why, and an admin is told once',
    async (_, broken, mended, why) => {
      toPicking()
      Object.assign(picking, broken)
      await opened(1)
      await opened(2)
      await deliver()
      pass(2_000)
      await deliver()
      expect(cards()).toHaveLength(2)
      for (const { text } of cards())
        expect(text).toContain(`Meant for picking, which cannot be used: ${why}.`)
      expect(toldLou().map(({ text }) => text)).toEqual([`Cards for picking go to orders on slack: ${why}.`])
      expect(await troubles()).toEqual([`Cards for picking go to orders on slack: ${why}.`])

      Object.assign(picking, mended)
      pass(5 * MINUTE)
      await opened(3)
      await deliver()
      expect(cards(picking)).toHaveLength(1)
      expect(await troubles()).toEqual([])
    },
  )

  it('is the default one and cannot be used lets its cards rest, says so, and has them all when it is mended', async () => {
    rig.orders.archived = true
    await opened(1)
    await opened(2)
    await deliver()
    const tried = calls()
    pass(4 * MINUTE)
    await deliver()
    expect(calls()).toBe(tried)
    const words =
      'Cards cannot be delivered to orders, the default channel, on slack: the channel is archived. They wait until it is mended.'
    expect(await troubles()).toEqual([words])
    expect(toldLou().map(({ text }) => text)).toEqual([words])
    expect(await readHealth(world.connection.db)).toMatchObject({ postsBehind: 2, deliveryTroubles: 1 })

    rig.orders.archived = false
    pass(MINUTE)
    await deliver()
    pass(5 * MINUTE)
    await deliver()
    expect(cards()).toHaveLength(2)
    expect(await readHealth(world.connection.db)).toMatchObject({ postsBehind: 0, deliveryTroubles: 0 })
  })
})

describe('a revoked token', () => {
  it('lets everything rest and is said; when it is mended everything goes on', async () => {
    rig.slack.revokeTokens()
    await opened(1)
    await deliver()
    await opened(2)
    await deliver()
    pass(4 * MINUTE)
    await deliver()
    expect(calls()).toBe(1)
    expect(await troubles()).toEqual([
      'Nothing can be delivered on slack: Slack refuses Baton: the token was revoked: reinstall the app and copy the new one. Cards wait until it is mended.',
    ])

    rig.slack.server.revoked = false
    pass(MINUTE)
    await deliver()
    pass(5_000)
    await deliver()
    expect(cards()).toHaveLength(2)
    expect(await troubles()).toEqual([])
  })
})

describe('a card that Slack finds fault with', () => {
  it('is shown as a plain one that says how to see the whole', async () => {
    await opened()
    rig.slack.refuseBlocks('unsupported type: sparkline [json-pointer:/blocks/3]')
    await deliver()
    expect(cards()).toHaveLength(1)
    expect(cards()[0]?.text).toContain('"open 1" shows everything.')
    expect(await readHealth(world.connection.db)).toMatchObject({ postsBehind: 0 })
  })
})

describe('what came of a press', () => {
  it('is shown at once: whoever pressed looks at the card for it', async () => {
    await world.broken(1)
    await deliver()
    const [post] = cards()
    await world.press('ada', '1', 'erp.book_receipt')
    await deliver()
    await world.work('run')
    await deliver()
    expect(cards()[0]).toMatchObject({ ts: post?.ts, edited: true })
    expect(cards()[0]?.text).toMatch(/^✅/)
  })
})
