import { sql } from 'drizzle-orm'
import type { Card } from '../../src/app/card.ts'
import type { ShownCard } from '../../src/app/card-of.ts'
import { createDeliver, type DeliverDeps } from '../../src/app/deliver.ts'
import type { Deliver, Delivered, DeliveryFailure, Surface } from '../../src/app/surface.ts'
import { fakeDeliver } from './fake-deliver.ts'
import type { World } from './world.ts'

/** A chat that shows cards by their revision, and fails as a test says. */
export type FakeChat = {
  surface: Surface
  /** What stands in the chat now: the revision shown, by message. */
  messages: Map<string, { channel: string; shown: string; under?: string }>
  calls: string[]
  /** The next calls fail so, one after the other; `applied`: it takes effect all the same. */
  failures: ((DeliveryFailure & { applied?: boolean }) | Error)[]
  /** In the middle of each post and update: after the card was drawn, before it is shown. */
  during: () => Promise<void>
  /** After a post or an update is shown, before its caller hears of it. */
  after: () => Promise<void>
  /** Who was told what in private. */
  told: string[]
  /** The words on the card that was posted last. */
  texts: string[]
  budgets: Deliver['budgets']
}

export const fakeChat = (id: string): FakeChat => {
  const messages: FakeChat['messages'] = new Map()
  let posted = 0
  const failing = <T>(apply: () => void): Delivered<T> | null => {
    const failed = chat.failures.shift()
    if (failed instanceof Error) throw failed
    if (!failed) return null
    const { applied, ...failure } = failed
    if (applied) apply()
    return { ok: false, failure }
  }
  const chat: FakeChat = {
    messages,
    calls: [],
    failures: [],
    told: [],
    texts: [],
    budgets: () => [],
    during: async () => {},
    after: async () => {},
    surface: {
      id,
      routes: () => {},
      start: async () => {},
      stop: async () => {},
      probe: async () => 'ok',
      deliver: fakeDeliver({
        budgets: (call, channel) => chat.budgets(call, channel),
        async remove(ref) {
          chat.calls.push(`remove ${ref}`)
          const failed = failing<null>(() => messages.delete(ref))
          if (failed) return failed
          return messages.delete(ref)
            ? { ok: true, value: null }
            : { ok: false, failure: { is: 'gone', words: 'message_not_found' } }
        },
        async notify(externalId, { summary }) {
          chat.told.push(`${externalId}: ${summary}`)
          return { ok: true, value: 'd1' }
        },
        async post(channel, { summary, blocks }) {
          chat.calls.push(`post ${channel}`)
          await chat.during()
          const show = (): string => {
            posted += 1
            messages.set(`m${posted}`, { channel, shown: summary })
            return `m${posted}`
          }
          const failed = failing<string>(show)
          if (failed) return failed
          const ref = show()
          chat.texts = blocks.flatMap((block) => ('text' in block ? [block.text] : []))
          await chat.after()
          return { ok: true, value: ref }
        },
        async reply(under, { summary }) {
          chat.calls.push(`reply ${under}`)
          await chat.during()
          const show = (): string => {
            posted += 1
            messages.set(`m${posted}`, { channel: messages.get(under)?.channel ?? '', shown: summary, under })
            return `m${posted}`
          }
          const failed = failing<string>(show)
          if (failed) return failed
          if (!messages.has(under)) return { ok: false, failure: { is: 'gone', words: 'thread_not_found' } }
          const ref = show()
          await chat.after()
          return { ok: true, value: ref }
        },
        async update(ref, { summary }) {
          chat.calls.push(`update ${ref}`)
          await chat.during()
          const show = (): void => {
            const message = messages.get(ref)
            if (message) message.shown = summary
          }
          const failed = failing<null>(show)
          if (failed) return failed
          show()
          await chat.after()
          return { ok: true, value: null }
        },
      }),
    },
  }
  return chat
}

/** A card that says which revision it shows. */
export const revisionOf =
  (world: World) =>
  async (id: string): Promise<ShownCard | null> => {
    const [row] = await world.rows(sql`select revision from exceptions where id = ${id}`)
    if (!row) return null
    const revision = Number(row.revision)
    const card: Card = { title: 'x', tone: 'neutral', summary: `revision ${revision}`, blocks: [] }
    return { card, revision }
  }

/** The dispatcher of one process over the test's store and time. */
export const dispatcher = (world: World, surfaces: Surface[], over: Partial<DeliverDeps> = {}) =>
  createDeliver({
    store: world.store,
    clock: world.clock,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    worker: 'here',
    defaultChannel: 'orders',
    channelOn: (_surface, channel) => (channel === 'nowhere' ? null : `#${channel}`),
    cardOf: revisionOf(world),
    admins: async () => [],
    surfaces: () => surfaces,
    ...over,
  })
