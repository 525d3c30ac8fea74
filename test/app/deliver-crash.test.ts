import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { Crash, dying } from '../support/dying.ts'
import { dispatcher, type FakeChat, fakeChat } from '../support/fake-chat.ts'
import { createWorld, fulfillment, MINUTE, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
let chat: FakeChat
beforeEach(async () => {
  world = await createWorld(database.url)
  chat = fakeChat('chat')
})
afterEach(() => world.close())

const opened = (n = 1) => world.say(world.wms, { ...fulfillment(`${n}`, `D${n}`), state: 'short' })
const deliver = (over = {}) => dispatcher(world, [chat.surface], over)(chat.surface)

/** The press of somebody who found this message. */
const pressed = (ref: string) =>
  world.store.transaction((tx) => tx.pressedPost({ card: '1', surface: 'chat', ref }, world.clock()))
const refOf = async () => String((await world.posts())[0]?.ref)

/** Commits of one round that posts one card: two looks, take, nothing more to take, write down, the same, tell, wake. */
const COMMITS = 8
/** The one that writes down what was posted. */
const RECORD = 5

describe.each(['before', 'after'] as const)('a crash %s', (when) => {
  it.each(Array.from({ length: COMMITS }, (_, i) => i + 1))(
    'commit %i of posting a card leaves at most one orphan, and whoever presses that clears it away',
    async (at) => {
      await opened()
      const { store, isDead } = dying(world.store, at, when)
      await expect(deliver({ store, worker: 'dead' })).rejects.toThrow(Crash)
      expect(isDead()).toBe(true)

      world.pass(31_000)
      await deliver()
      expect(chat.messages.size).toBeGreaterThanOrEqual(1)
      expect(chat.messages.size).toBeLessThanOrEqual(2)
      const ref = await refOf()
      for (const message of chat.messages.keys()) await pressed(message)
      await deliver()
      expect([...chat.messages.keys()]).toEqual([ref])
    },
  )
})

it('a round has no more commits than the crashes above go through', async () => {
  await opened()
  const { store, isDead } = dying(world.store, COMMITS + 1, 'before')
  await deliver({ store })
  expect(isDead()).toBe(false)
})

describe('an orphan of a crash', () => {
  const orphaned = async () => {
    await opened()
    await expect(
      deliver({ store: dying(world.store, RECORD, 'before').store, worker: 'dead' }),
    ).rejects.toThrow(Crash)
    expect([...chat.messages.keys()]).toEqual(['m1'])
  }

  it('that is pressed once its writer is known to be dead is adopted: no second one is posted', async () => {
    await orphaned()
    world.pass(31_000)
    await pressed('m1')
    await deliver()
    expect([...chat.messages.keys()]).toEqual(['m1'])
    expect(await refOf()).toBe('m1')
  })

  it('that is pressed before that goes when the next one is there', async () => {
    await orphaned()
    await pressed('m1')
    await deliver()
    expect([...chat.messages.keys()]).toEqual(['m1'])
    world.pass(31_000)
    await deliver()
    await deliver()
    expect([...chat.messages.keys()]).toEqual(['m2'])
  })

  it('whose writer was only slow is taken away by that writer itself', async () => {
    await opened()
    let wakeUp = () => {}
    chat.after = () => {
      chat.after = async () => {}
      return new Promise((resolve) => {
        wakeUp = resolve
      })
    }
    const slow = deliver({ worker: 'slow' })
    await expect.poll(() => chat.messages.size).toBe(1)
    world.pass(31_000)
    await deliver()
    expect(chat.messages.size).toBe(2)
    wakeUp()
    await slow
    await deliver()
    expect([...chat.messages.keys()]).toEqual(['m2'])
  })
})

describe('a post of which nobody knows whether it arrived', () => {
  const doubtful = { is: 'ambiguous' as const, words: 'HTTP 500', applied: true }
  /** Keeps what it knows of the chat from round to round, as a process does. */
  const process = () => dispatcher(world, [chat.surface])

  it('leaves a minute for somebody to press it, and is then the post', async () => {
    await opened()
    chat.failures.push(doubtful)
    await deliver()
    world.pass(MINUTE - 1)
    await deliver()
    expect(chat.calls).toEqual(['post #orders'])
    await pressed('m1')
    await deliver()
    expect(chat.calls).toEqual(['post #orders', 'update m1'])
    expect([...chat.messages.keys()]).toEqual(['m1'])
  })

  it('is posted again after that, and the first goes when somebody presses it', async () => {
    await opened()
    chat.failures.push(doubtful)
    await deliver()
    world.pass(MINUTE)
    await deliver()
    expect([...chat.messages.keys()]).toEqual(['m1', 'm2'])
    await pressed('m1')
    await deliver()
    expect([...chat.messages.keys()]).toEqual(['m2'])
  })

  it('in an outage of an hour is tried seven times, not each few seconds', async () => {
    await opened()
    for (let i = 0; i < 100; i++) chat.failures.push(doubtful)
    const end = world.clock().getTime() + 60 * MINUTE
    while (world.clock().getTime() < end) {
      await deliver()
      world.pass(30_000)
    }
    expect(chat.calls).toHaveLength(7)
  })

  it('keeps the others waiting, longer each time and up to a minute: an outage leaves few in doubt', async () => {
    chat.budgets = (call) => (call === 'post' ? [{ key: 'post', capacity: 3, perMs: 1 }] : [])
    for (let n = 1; n <= 12; n++) await opened(n)
    for (let i = 0; i < 100; i++) chat.failures.push(doubtful)
    const round = process()
    const tries: number[] = []
    for (let second = 0; second < 58; second++) {
      const before = chat.calls.length
      await round(chat.surface)
      if (chat.calls.length > before) tries.push(second)
      world.pass(1_000)
    }
    // The first ones were under way together; from then on it is one at a time.
    const together = chat.calls.length - (tries.length - 1)
    expect(together).toBeLessThanOrEqual(3)
    expect(
      tries
        .slice(1)
        .map((at, i) => at - Number(tries[i]))
        .every((pause) => pause >= 5),
    ).toBe(true)
    expect(chat.calls.length).toBeLessThanOrEqual(7)

    chat.failures.length = 0
    for (let i = 0; i < 60; i++) {
      world.pass(20_000)
      await round(chat.surface)
    }
    expect((await world.posts()).every(({ ref }) => ref !== null)).toBe(true)
  })
})
