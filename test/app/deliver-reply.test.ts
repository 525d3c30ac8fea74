import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DeliverDeps } from '../../src/app/deliver.ts'
import { testDatabase } from '../support/database.ts'
import { Crash, dying } from '../support/dying.ts'
import { dispatcher, type FakeChat, fakeChat, revisionOf } from '../support/fake-chat.ts'
import { createWorld, fulfillment, MINUTE, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
let chat: FakeChat
beforeEach(async () => {
  world = await createWorld(database.url)
  chat = fakeChat('chat')
  revision = 1
})
afterEach(() => world.close())

const REPLY = 'reply'
let revision = 1
/** The card of an exception, or the reply that a test wants under it. */
const cardOf: DeliverDeps['cardOf'] = async (card) => {
  if (card !== REPLY) return revisionOf(world)(card)
  return { revision, card: { title: 'x', tone: 'neutral', summary: `reply ${revision}`, blocks: [] } }
}
const deliver = (over: Partial<DeliverDeps> = {}) =>
  dispatcher(world, [chat.surface], { cardOf, ...over })(chat.surface)

/** A short pick: its exception opens at once, and a card is wanted. */
const opened = (n = 1) => world.say(world.wms, { ...fulfillment(`${n}`, `D${n}`), state: 'short' })
const want = (over = {}) =>
  world.store.transaction((tx) =>
    tx.wantPosts(
      [{ card: REPLY, surface: 'chat', channel: 'orders', revision, show: 'in_place', under: '1', ...over }],
      world.clock(),
    ),
  )
const replied = async (over = {}) => {
  revision = 1
  await opened()
  await want(over)
}
const changed = async () => world.press('ada', (await world.exception('short-pick')).id, 'claim')
const rowOf = async (card: string) => (await world.posts()).find((post) => post.card === card)
const wakesAt = async () =>
  (await world.jobs()).filter(({ key }) => key === 'deliver:chat:later').map(({ run_at }) => run_at)
const seen = () =>
  [...chat.messages].map(([ref, { channel, shown, under }]) =>
    [ref, channel, shown, ...(under ? [under] : [])].join(' '),
  )

describe('a reply', () => {
  it('comes after the post that it stands under, also where it is the more urgent one', async () => {
    await replied({ urgency: 'severe' })
    await deliver()
    expect(chat.calls).toEqual(['post #orders', 'reply m1'])
    expect(seen()).toEqual(['m1 #orders revision 1', 'm2 #orders reply 1 m1'])
  })

  it('waits while its parent does, wakes nobody meanwhile, and comes at once when that is there', async () => {
    await replied()
    chat.failures.push({ is: 'later', retryAfterMs: 7_000, words: 'wait' })
    await deliver()
    expect(chat.calls).toEqual(['post #orders'])
    expect(await wakesAt()).toEqual(['2026-11-23 06:00:07+00'])
    world.pass(7_000)
    await deliver()
    expect(chat.calls).toEqual(['post #orders', 'post #orders', 'reply m1'])
  })

  it('is changed in place as any post, and never said twice', async () => {
    await replied()
    await deliver()
    await deliver()
    revision = 2
    await want()
    world.pass(MINUTE)
    await deliver()
    await deliver()
    expect(chat.calls).toEqual(['post #orders', 'reply m1', 'update m2'])
    expect(seen()).toEqual(['m1 #orders revision 1', 'm2 #orders reply 2 m1'])
  })

  it('may be wanted together with the post that it stands under', async () => {
    await opened()
    await world.rows(sql`delete from posts`)
    const both = { surface: 'chat', channel: 'orders', revision: 1, show: 'in_place' as const }
    await world.store.transaction((tx) =>
      tx.wantPosts(
        [
          { ...both, card: REPLY, under: '1' },
          { ...both, card: '1' },
        ],
        world.clock(),
      ),
    )
    await deliver()
    expect(seen()).toEqual(['m1 #orders revision 1', 'm2 #orders reply 1 m1'])
  })

  it('is not wanted where there is nothing to reply to', async () => {
    await want()
    expect(await world.posts()).toEqual([])
  })

  it('spends what a reply costs in the channel where its parent stands', async () => {
    const spent: string[] = []
    chat.budgets = (call, channel) => {
      spent.push(`${call} ${channel}`)
      return []
    }
    await opened()
    await world.store.transaction((tx) =>
      tx.saveTrouble({
        surface: 'chat',
        about: 'orders',
        words: 'archived',
        since: world.clock(),
        retryAt: world.at(MINUTE),
      }),
    )
    await want()
    await deliver({ defaultChannel: 'rest' })
    expect(spent).toEqual(['post #rest', 'reply #rest'])
    expect(seen()).toEqual(['m1 #rest revision 1', 'm2 #rest reply 1 m1'])
    expect(await rowOf(REPLY)).toMatchObject({ channel: 'rest', detour: null })
  })

  it('has one writer at a time, however many replicas deliver at once', async () => {
    await replied()
    await deliver()
    revision = 2
    await want()
    world.pass(MINUTE)
    await Promise.all(['a', 'b', 'c'].map((worker) => deliver({ worker })))
    expect(chat.calls).toEqual(['post #orders', 'reply m1', 'update m2'])
  })

  it('asked to come later comes then, once', async () => {
    await replied()
    await deliver({ cardOf: async (card) => (card === REPLY ? null : cardOf(card)) })
    revision = 2
    await want()
    chat.failures.push({ is: 'later', retryAfterMs: 9_000, words: 'wait', limited: true })
    await deliver()
    world.pass(8_999)
    await deliver()
    expect(chat.calls.filter((call) => call === 'reply m1')).toHaveLength(1)
    world.pass(1)
    await deliver()
    expect(seen()).toEqual(['m1 #orders revision 1', 'm2 #orders reply 2 m1'])
  })

  it('of which nobody knows whether it arrived leaves a minute, and comes once more', async () => {
    await opened()
    await deliver()
    revision = 1
    await want()
    chat.failures.push({ is: 'ambiguous', words: 'HTTP 500' })
    await deliver()
    world.pass(MINUTE - 1)
    await deliver()
    expect(seen()).toHaveLength(1)
    world.pass(1)
    await deliver()
    await deliver()
    expect(seen()).toEqual(['m1 #orders revision 1', 'm2 #orders reply 1 m1'])
  })
})

describe('where the parent', () => {
  it('is posted afresh, a reply comes under the newest message', async () => {
    await opened()
    await deliver()
    revision = 1
    const wanted = { surface: 'chat', channel: 'orders', revision: 2, show: 'fresh' as const }
    await changed()
    await world.store.transaction((tx) => tx.wantPosts([{ ...wanted, card: '1' }], world.clock()))
    await want()
    await deliver()
    expect(chat.calls).toEqual(['post #orders', 'post #orders', 'reply m2'])
  })

  it('is posted afresh, a reply that is there stays where it is, and is changed there', async () => {
    await replied()
    await deliver()
    await changed()
    const wanted = { surface: 'chat', channel: 'orders', revision: 2, show: 'fresh' as const }
    await world.store.transaction((tx) => tx.wantPosts([{ ...wanted, card: '1' }], world.clock()))
    revision = 2
    await want()
    world.pass(MINUTE)
    await deliver()
    expect(seen()).toEqual(['m1 #orders revision 1', 'm2 #orders reply 2 m1', 'm3 #orders revision 2'])
  })

  it('was deleted, it is posted again, and the reply comes under that', async () => {
    await opened()
    await deliver()
    chat.messages.delete('m1')
    revision = 1
    await want()
    chat.during = async () => {
      // The parent's message is gone as well for whoever changes it.
      if (chat.calls.at(-1)?.startsWith('update'))
        chat.failures.push({ is: 'gone', words: 'message_not_found' })
    }
    await deliver()
    world.pass(5_000)
    await deliver()
    expect(chat.calls).toEqual(['post #orders', 'reply m1', 'update m1', 'post #orders', 'reply m2'])
    expect(seen()).toEqual(['m2 #orders revision 1', 'm3 #orders reply 1 m2'])
  })

  it('cannot be replied to because its channel is shut, both go to the default channel, and the parent says why', async () => {
    await opened()
    await deliver({ defaultChannel: 'rest' })
    revision = 1
    await want()
    const shut = { is: 'channel_unusable' as const, words: 'the channel is archived' }
    chat.failures.push(shut, shut)
    await deliver({ defaultChannel: 'rest' })
    world.pass(5_000)
    await deliver({ defaultChannel: 'rest' })
    expect(chat.calls).toEqual(['post #orders', 'reply m1', 'update m1', 'post #rest', 'reply m2'])
    expect(chat.messages.get('m3')).toEqual({ channel: '#rest', shown: 'reply 1', under: 'm2' })
    expect(await rowOf('1')).toMatchObject({ channel: 'rest', detour: expect.stringContaining('archived') })
  })

  it('is in order and takes no replies, the reply is let be after a while, and nobody is told of trouble', async () => {
    await opened()
    await deliver()
    revision = 1
    await want()
    chat.during = async () => {
      if (chat.calls.at(-1)?.startsWith('reply'))
        chat.failures.push({ is: 'channel_unusable', words: 'no threads here' })
    }
    for (let i = 0; i < 60; i++) {
      await deliver()
      world.pass(MINUTE)
    }
    expect(chat.calls.filter((call) => call === 'reply m1')).toHaveLength(5)
    expect(await rowOf(REPLY)).toMatchObject({ ref: null, problem: 'no threads here' })
    expect(await world.store.transaction((tx) => tx.troubles('chat'))).toEqual([])
    expect(await world.store.transaction((tx) => tx.nextPostAt('chat'))).toBeNull()
  })
})

/**
 * Commits of one round that posts one card and a reply to it: as without it, and two for taking and writing it down. It
 * has one more where it looks for a second post before the first one is written down: then the last is the wake-up.
 */
const COMMITS = 10

describe.each(['before', 'after'] as const)('a crash %s', (when) => {
  it.each(Array.from({ length: COMMITS }, (_, i) => i + 1))(
    'commit %i leaves at most one orphan, of the card or of its reply, and the reply stands under the card',
    async (at) => {
      await replied()
      const { store, isDead } = dying(world.store, at, when)
      await expect(deliver({ store, worker: 'dead' })).rejects.toThrow(Crash)
      expect(isDead()).toBe(true)
      world.pass(31_000)
      await deliver()
      await deliver()
      expect(chat.messages.size).toBeGreaterThanOrEqual(2)
      expect(chat.messages.size).toBeLessThanOrEqual(3)
      const [parent, reply] = [await rowOf('1'), await rowOf(REPLY)]
      expect(chat.messages.get(String(reply?.ref))).toMatchObject({ under: parent?.ref, shown: 'reply 1' })
      // Pressing an orphan of either clears it away.
      for (const [ref, { under }] of [...chat.messages])
        await world.store.transaction((tx) =>
          tx.pressedPost({ card: under ? REPLY : '1', surface: 'chat', ref }, world.clock()),
        )
      await deliver()
      expect([...chat.messages.keys()]).toEqual([parent?.ref, reply?.ref])
    },
  )
})

it('a round has no more commits than the crashes above go through', async () => {
  await replied()
  const { store, isDead } = dying(world.store, COMMITS + 2, 'before')
  await deliver({ store })
  expect(isDead()).toBe(false)
})
