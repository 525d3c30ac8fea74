import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DeliverDeps } from '../../src/app/deliver.ts'
import type { Store } from '../../src/app/ports.ts'
import { testDatabase } from '../support/database.ts'
import { Crash, dying } from '../support/dying.ts'
import { dispatcher, type FakeChat, fakeChat, revisionOf } from '../support/fake-chat.ts'
import { createWorld, fulfillment, type World } from '../support/world.ts'

/*
 * A storm's list is a round of replies under one post. Whoever writes it may die anywhere in the middle.
 */

const REPLIES = Array.from({ length: 12 }, (_, i) => `reply:${i + 1}`)
/** Of a round: two looks, and two commits to take and to write down each reply. It has a few more at its end. */
const COMMITS = 2 + 2 * REPLIES.length

const database = testDatabase()
let world: World
let chat: FakeChat
const cardOf: DeliverDeps['cardOf'] = async (card) =>
  card.startsWith('reply:')
    ? { revision: 1, card: { title: 'x', tone: 'neutral', summary: card, blocks: [] } }
    : revisionOf(world)(card)
const deliver = (over: Partial<DeliverDeps> = {}) =>
  dispatcher(world, [chat.surface], { cardOf, ...over })(chat.surface)

/** A post that is there, and all its replies still to come. */
beforeEach(async () => {
  world = await createWorld(database.url)
  chat = fakeChat('chat')
  await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'short' })
  await deliver()
  const wanted = { surface: 'chat', channel: 'orders', revision: 1, show: 'in_place' as const, under: '1' }
  await world.store.transaction((tx) =>
    tx.wantPosts(
      REPLIES.map((card) => ({ ...wanted, card })),
      world.clock(),
    ),
  )
})
afterEach(() => world.close())

/** What stands under the post, from top to bottom. */
const thread = () => [...chat.messages.values()].filter(({ under }) => under === 'm1')
const words = () => thread().map(({ shown }) => shown)
/** The same with what is there a second time left out, and how much that was. */
const once = () => [...new Set(words())]
const orphans = () => words().length - once().length

const rowsOf = async () => {
  const posts = await world.posts()
  return REPLIES.map((card) => posts.find((post) => post.card === card))
}

/** Another process, once the lease of the dead one has run out. */
const takenUp = async () => {
  world.pass(31_000)
  await deliver({ worker: 'next' })
}

/** Whoever presses what they find clears the orphans away, and each reply has its one message. */
const clearedAway = async () => {
  for (const [ref, { shown, under }] of [...chat.messages])
    if (under)
      await world.store.transaction((tx) =>
        tx.pressedPost({ card: shown, surface: 'chat', ref }, world.clock()),
      )
  await deliver()
  expect(words()).toEqual(REPLIES)
  expect((await rowsOf()).map((row) => chat.messages.get(String(row?.ref))?.shown)).toEqual(REPLIES)
}

describe.each(['before', 'after'] as const)('a crash in a round of replies, %s', (when) => {
  it.each(REPLIES.map((_, i) => i + 1))(
    'reply %i is shown: nothing is lost, nothing out of order, at most one orphan',
    async (at) => {
      let isDead = false
      const store: Store = {
        ...world.store,
        transaction: (work) => (isDead ? Promise.reject(new Crash()) : world.store.transaction(work)),
      }
      chat[when === 'before' ? 'during' : 'after'] = async () => {
        if (chat.calls.filter((call) => call.startsWith('reply')).length < at) return
        isDead = true
        throw new Crash()
      }
      await expect(deliver({ store, worker: 'dead' })).rejects.toThrow(Crash)
      expect(words()).toEqual(REPLIES.slice(0, when === 'before' ? at - 1 : at))
      chat.during = async () => {}
      chat.after = async () => {}

      await takenUp()
      expect(once()).toEqual(REPLIES)
      expect(orphans()).toBe(when === 'before' ? 0 : 1)
      await clearedAway()
    },
  )

  it.each(Array.from({ length: COMMITS }, (_, i) => i + 1))(
    'its commit %i: nothing is lost, nothing out of order, at most one orphan',
    async (at) => {
      const { store, isDead } = dying(world.store, at, when)
      await expect(deliver({ store, worker: 'dead' })).rejects.toThrow(Crash)
      expect(isDead()).toBe(true)

      await takenUp()
      expect(once()).toEqual(REPLIES)
      expect(orphans()).toBeLessThanOrEqual(1)
      // An orphan stands right before the message that took its place.
      expect(words()).toEqual(words().toSorted((a, b) => REPLIES.indexOf(a) - REPLIES.indexOf(b)))
      await clearedAway()
    },
  )
})

describe.each([false, true])('a call that fails in the middle of a round, the reply shown: %s', (isShown) => {
  it.each(REPLIES.map((_, i) => i + 1))('at reply %i, holds up no other one, and loses none', async (at) => {
    chat[isShown ? 'after' : 'during'] = async () => {
      if (chat.calls.filter((call) => call.startsWith('reply')).length === at)
        throw new Error('socket hang up')
    }
    await deliver({ worker: 'first' })
    // Nobody knows whether it arrived: the others rest for a moment, that one for a minute.
    for (let i = 0; i < 3; i++) {
      world.pass(30_000)
      await deliver({ worker: 'next' })
    }
    const late = REPLIES[at - 1] ?? ''
    const others = REPLIES.filter((card) => card !== late)
    expect(words()).toEqual(isShown ? [...REPLIES, late] : [...others, late])
  })
})

it('two crashes, one after the other, leave an orphan each at most', async () => {
  for (const at of [9, 7]) {
    const { store } = dying(world.store, at, 'before')
    await expect(deliver({ store, worker: `dead ${at}` })).rejects.toThrow(Crash)
    world.pass(31_000)
  }
  await takenUp()
  expect(once()).toEqual(REPLIES)
  expect(orphans()).toBeLessThanOrEqual(2)
  await clearedAway()
})
