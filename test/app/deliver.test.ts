import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { dispatcher, type FakeChat, fakeChat } from '../support/fake-chat.ts'
import { createWorld, fulfillment, MINUTE, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
let chat: FakeChat
let other: FakeChat
let admins: { surface: string; externalId: string }[][]
beforeEach(async () => {
  world = await createWorld(database.url)
  chat = fakeChat('chat')
  other = fakeChat('other')
  admins = []
})
afterEach(() => world.close())

const deliver = (worker = 'here') =>
  dispatcher(world, [chat.surface, other.surface], { worker, admins: async () => admins })(chat.surface)

/** A short pick: its exception opens at once, and a card is wanted. */
const opened = (n = 1) => world.say(world.wms, { ...fulfillment(`${n}`, `D${n}`), state: 'short' })
const post = async () => {
  const [row] = await world.posts()
  return {
    behind: Number(row?.desired_revision) - Number(row?.posted_revision),
    problem: row?.problem,
    channel: row?.channel,
  }
}
const wakesAt = async () =>
  (await world.jobs()).filter(({ key }) => key === 'deliver:chat:later').map(({ run_at }) => run_at)

describe('a card', () => {
  it('is posted once, and updated in place to what it should show', async () => {
    await opened()
    await deliver()
    expect([...chat.messages.values()]).toEqual([{ channel: '#orders', shown: 'revision 1' }])
    await world.press('ada', (await world.exception('short-pick')).id, 'claim')
    await deliver()
    expect([...chat.messages.values()]).toEqual([{ channel: '#orders', shown: 'revision 2' }])
    expect(chat.calls).toEqual(['post #orders', 'update m1'])
    await deliver()
    expect(chat.calls).toHaveLength(2)
    expect(await wakesAt()).toEqual([])
  })

  it('is wanted by every change of its exception, which wakes the writer', async () => {
    await opened()
    const woken = async () => (await world.jobs()).map(({ key }) => key)
    expect(await woken()).toEqual(['deliver:chat'])
  })

  it('shows what is true at the time of the call, also when it changed during the call', async () => {
    await opened()
    chat.during = async () => {
      chat.during = async () => {}
      await world.press('ada', (await world.exception('short-pick')).id, 'claim')
    }
    await deliver()
    expect([...chat.messages.values()]).toEqual([{ channel: '#orders', shown: 'revision 2' }])
    expect(await post()).toMatchObject({ behind: 0 })
  })

  it('has one writer at a time, however many replicas deliver at once', async () => {
    for (let n = 1; n <= 6; n++) await opened(n)
    await Promise.all(['a', 'b', 'c'].map((worker) => deliver(worker)))
    expect(chat.calls).toHaveLength(6)
    expect(chat.messages.size).toBe(6)
  })

  it('has one writer too within one process', async () => {
    await opened()
    await Promise.all([deliver(), deliver(), deliver()])
    expect(chat.calls).toHaveLength(1)
  })

  it('whose writer died is taken over when its lease ends; a writer that wakes up later does not undo that', async () => {
    await opened()
    let wakeUp = () => {}
    chat.during = () => {
      chat.during = async () => {}
      return new Promise((resolve) => {
        wakeUp = resolve
      })
    }
    const dead = deliver('dead')
    await expect.poll(() => chat.calls.length).toBe(1)
    await deliver('other')
    expect(chat.calls).toHaveLength(1)
    expect(await wakesAt()).toEqual(['2026-11-23 06:00:30+00'])
    world.pass(30_000)
    await deliver('other')
    expect(chat.calls).toHaveLength(2)
    const [row] = await world.posts()
    chat.failures.push({ is: 'gone', words: 'no such message' })
    wakeUp()
    await dead
    expect(await world.posts()).toEqual([row])
  })
})

describe('when the chat', () => {
  it('asks to come back later, the card comes then and not before', async () => {
    await opened()
    chat.failures.push({ is: 'later', retryAfterMs: 7_000, words: 'rate limited' })
    await deliver()
    expect(await post()).toEqual({ behind: 1, problem: 'rate limited', channel: 'orders' })
    expect(await wakesAt()).toEqual(['2026-11-23 06:00:07+00'])
    world.pass(6_000)
    await deliver()
    expect(chat.calls).toHaveLength(1)
    world.pass(1_000)
    await deliver()
    expect(await post()).toEqual({ behind: 0, problem: null, channel: 'orders' })
  })

  it('was down for so long that the job has failed for good, the card has a writer coming all the same', async () => {
    await opened()
    await world.rows(sql`update graphile_worker._private_jobs set attempts = max_attempts`)
    await world.store.transaction((tx) => tx.addJob('reclaim', {}))
    await world.work('reclaim')
    expect(await wakesAt()).toEqual(['2026-11-23 06:00:00+00'])
  })

  it('makes two cards wait, it is the sooner one that wakes the writer', async () => {
    await opened(1)
    await opened(2)
    chat.failures.push({ is: 'later', retryAfterMs: 5_000, words: 'x' }, { is: 'rejected', words: 'y' })
    await deliver()
    expect(await wakesAt()).toEqual(['2026-11-23 06:00:05+00'])
  })

  it('has lost the message, it is posted again', async () => {
    await opened()
    await deliver()
    await world.press('ada', (await world.exception('short-pick')).id, 'claim')
    chat.failures.push({ is: 'gone', words: 'message_not_found' })
    await deliver()
    expect(chat.calls).toEqual(['post #orders', 'update m1', 'post #orders'])
    expect(await post()).toMatchObject({ behind: 0 })
  })

  it('cannot use the channel, the card goes to the default channel', async () => {
    world.setup.routing.rules.push({ name: 'picks', if: { contract: ['short-pick'] }, channel: 'picking' })
    await opened()
    chat.failures.push({ is: 'channel_unusable', words: 'is_archived' })
    await deliver()
    expect(chat.calls).toEqual(['post #picking', 'post #orders'])
    expect(await post()).toEqual({ behind: 0, problem: null, channel: 'orders' })
  })

  it('cannot use the default channel either, the card rests and is not lost', async () => {
    await opened()
    chat.failures.push({ is: 'channel_unusable', words: 'is_archived' })
    await deliver()
    expect(await post()).toMatchObject({ behind: 1, problem: 'is_archived' })
    world.pass(5 * MINUTE)
    await deliver()
    expect(await post()).toMatchObject({ behind: 0 })
  })

  it('has no such channel at all, the card goes where the default is', async () => {
    world.setup.routing.rules.push({ name: 'picks', if: {}, channel: 'nowhere' })
    await opened()
    await deliver()
    expect(chat.calls).toEqual(['post #orders'])
  })

  it('shuts Baton out, it is tried again after a while: an admin may have mended it', async () => {
    await opened()
    chat.failures.push({ is: 'locked_out', words: 'invalid_auth' })
    await deliver()
    expect(await post()).toMatchObject({ behind: 1, problem: 'invalid_auth' })
    expect(chat.calls).toHaveLength(1)
    world.pass(5 * MINUTE)
    await deliver()
    expect(await post()).toMatchObject({ behind: 0, problem: null })
  })

  it('answers nothing, it is not known whether the card is there: it waits for minutes, and longer each time', async () => {
    await opened()
    const pauses: unknown[] = []
    for (let i = 0; i < 4; i++) {
      chat.failures.push(i % 2 ? new Error('socket hang up') : { is: 'ambiguous', words: 'timeout' })
      const before = world.clock().getTime()
      await deliver()
      const [at] = await wakesAt()
      pauses.push((Date.parse(String(at)) - before) / 1000)
      world.pass(Date.parse(String(at)) - before)
    }
    expect(pauses).toEqual([60, 120, 240, 480])
    await deliver()
    expect(await post()).toMatchObject({ behind: 0, problem: null })
  })
})

describe('an admin', () => {
  it('is told once of a channel that cannot be used, however many cards it has; they say why they are elsewhere', async () => {
    world.setup.routing.rules.push({ name: 'picks', if: { contract: ['short-pick'] }, channel: 'picking' })
    admins = [[{ surface: 'chat', externalId: 'lou' }]]
    for (let n = 1; n <= 3; n++) {
      await opened(n)
      if (n === 1) chat.failures.push({ is: 'channel_unusable', words: 'the channel is archived' })
      await deliver()
    }
    expect(chat.calls).toEqual(['post #picking', 'post #orders', 'post #orders', 'post #orders'])
    expect(chat.texts).toContain('Meant for picking, which cannot be used: the channel is archived.')
    expect(chat.told).toEqual(['lou: Cards for picking go to orders on chat: the channel is archived.'])
  })

  it('is told on another surface when a whole one shuts Baton out', async () => {
    admins = [
      [
        { surface: 'chat', externalId: 'lou' },
        { surface: 'other', externalId: 'tenant:lou' },
      ],
    ]
    await opened()
    chat.failures.push({ is: 'locked_out', words: 'the token was revoked' })
    await deliver()
    expect(chat.told).toEqual([])
    expect(other.told).toEqual([
      'tenant:lou: Nothing can be delivered on chat: the token was revoked. Cards wait until it is mended.',
    ])
  })
})

it('an admin who is known on two surfaces is told on one of them, and the other admins as well', async () => {
  world.setup.routing.rules.push({ name: 'picks', if: { contract: ['short-pick'] }, channel: 'picking' })
  admins = [
    [
      { surface: 'other', externalId: 'tenant:lou' },
      { surface: 'chat', externalId: 'lou' },
    ],
    [{ surface: 'console', externalId: 'kim' }],
    [{ surface: 'chat', externalId: 'mo' }],
  ]
  await opened()
  chat.failures.push({ is: 'channel_unusable', words: 'the channel is archived' })
  await deliver()
  expect(other.told).toHaveLength(1)
  expect(chat.told).toEqual(['mo: Cards for picking go to orders on chat: the channel is archived.'])
})

describe('a rejected card', () => {
  it('is shown as a plain one with the way to the whole', async () => {
    await opened()
    chat.failures.push({ is: 'rejected', words: 'invalid_blocks' })
    await deliver()
    const { id } = await world.exception('short-pick')
    expect(chat.texts).toContain(`This card cannot be shown here as it is. "open ${id}" shows everything.`)
    expect(await post()).toMatchObject({ behind: 0 })
  })
})

describe('a budget', () => {
  it('that is used up in one channel holds up no other one, and is shared by all replicas', async () => {
    world.setup.routing.rules.push({ name: 'one', if: { contract: ['short-pick'] }, channel: 'picking' })
    chat.budgets = (_call, channel) => [{ key: channel, capacity: 1, perMs: 1 / 1000 }]
    for (let n = 1; n <= 3; n++) await opened(n)
    await world.rows(sql`update posts set channel = 'orders' where card = '3'`)
    await Promise.all([deliver('a'), deliver('b')])
    expect([...chat.calls].sort()).toEqual(['post #orders', 'post #picking'])
    expect(await wakesAt()).toEqual(['2026-11-23 06:00:01+00'])
    world.pass(1_000)
    await deliver()
    expect(chat.calls).toHaveLength(3)
  })

  it('keeps a part for what somebody pressed', async () => {
    chat.budgets = (call) => (call === 'update' ? [{ key: 'update', capacity: 3, perMs: 1 / 60_000 }] : [])
    for (let n = 1; n <= 4; n++) await opened(n)
    await deliver()
    await world.rows(sql`update posts set desired_revision = 2, priority = 3 where card <> '4'`)
    await world.rows(sql`update exceptions set revision = 2 where id <> 4`)
    await deliver()
    expect(chat.calls.filter((call) => call.startsWith('update'))).toHaveLength(2)
    await world.press('ada', '4', 'claim')
    await deliver()
    expect(chat.calls.filter((call) => call.startsWith('update'))).toHaveLength(3)
  })
})

describe('a pressed message that nobody remembers', () => {
  const pressed = (ref: string) =>
    world.store.transaction((tx) => tx.pressedPost({ card: '1', surface: 'chat', ref }, world.clock()))

  it('is adopted where there is no other one, and no second one is posted', async () => {
    await opened()
    chat.messages.set('m9', { channel: '#orders', shown: 'revision 1' })
    await pressed('m9')
    await deliver()
    expect(chat.calls).toEqual(['update m9'])
    expect(await world.posts()).toMatchObject([{ ref: 'm9' }])
  })

  it('is taken away where there is another one', async () => {
    await opened()
    await deliver()
    chat.messages.set('m9', { channel: '#orders', shown: 'revision 1' })
    await pressed('m9')
    await deliver()
    expect([...chat.messages.keys()]).toEqual(['m1'])
    await pressed('m1')
    await deliver()
    expect([...chat.messages.keys()]).toEqual(['m1'])
  })
  it('that cannot be taken away is let be in the end, which is said once, and tried anew when somebody presses it', async () => {
    await opened()
    await deliver()
    chat.messages.set('m9', { channel: '#orders', shown: 'revision 1' })
    const warned: unknown[] = []
    const log = { info: () => {}, error: () => {}, warn: (about: unknown) => warned.push(about) }
    const give = () => dispatcher(world, [chat.surface], { log })(chat.surface)
    const removals = () => chat.calls.filter((call) => call === 'remove m9').length
    /** When it was tried, in minutes after the press. */
    const triedFor = async (hours: number): Promise<number[]> => {
      const at: number[] = []
      for (let minutes = 0; minutes < hours * 60; minutes += 5) {
        const before = removals()
        chat.failures = [{ is: 'rejected', words: 'cant_delete_message' }]
        await give()
        if (removals() > before) at.push(minutes)
        world.pass(5 * MINUTE)
      }
      chat.failures = []
      return at
    }
    await pressed('m9')
    expect(await triedFor(24)).toEqual([0, 5, 15, 35, 75, 155, 315, 635])
    expect(warned).toEqual([
      expect.objectContaining({ card: '1', message: 'm9', problem: 'cant_delete_message' }),
    ])
    expect(await world.store.transaction((tx) => tx.nextErrandAt('chat'))).toBeNull()
    await pressed('m9')
    await give()
    expect([...chat.messages.keys()]).toEqual(['m1'])
    expect(warned).toHaveLength(1)
  })

  it('is not given up because the whole platform is shut', async () => {
    await opened()
    await deliver()
    chat.messages.set('m9', { channel: '#orders', shown: 'revision 1' })
    await pressed('m9')
    for (let i = 0; i < 20; i++) {
      chat.failures = [{ is: 'locked_out', words: 'the token was revoked' }]
      await deliver()
      world.pass(5 * MINUTE)
    }
    chat.failures = []
    await deliver()
    expect([...chat.messages.keys()]).toEqual(['m1'])
  })
})
