import { randomUUID } from 'node:crypto'
import type { Card } from './card.ts'
import { wordsOf } from './errors.ts'
import type { Log } from './log.ts'
import type { Clock, Store } from './ports.ts'
import type { PostRecord } from './records.ts'
import type { Delivered, DeliveryFailure, Surface } from './surface.ts'

export type DeliverDeps = {
  store: Store
  clock: Clock
  log: Log
  /** This process: a post's lease names its one writer. */
  worker: string
  defaultChannel: string
  /** The channel's name on a surface (a Slack channel id), or null where it has none there. */
  channelOn: (surface: string, channel: string) => string | null
  /** What the card shows now; null when what it was about is gone. */
  cardOf: (card: string) => Promise<{ card: Card; revision: number } | null>
}

/** Longer than the slowest call a surface makes, so that a lease ends only when its writer has. */
const LEASE_MS = 30_000
const PAUSE_MS = 5_000
/** A card that is rejected, and a channel that cannot be used, are an admin's matter: tried again after a while. */
const MENDING_MS = 300_000

type Result = {
  ref: string | null
  channel: string
  postedRevision: number
  nextAttemptAt: Date
  problem: string | null
}

/** What a failure means for the post: when to try again, where, and whether the old message is still there. */
const afterFailure = (
  { ref, channel, postedRevision, attempts }: PostRecord,
  failure: DeliveryFailure,
  now: Date,
  defaultChannel: string,
): Result => {
  const at = (ms: number): Date => new Date(now.getTime() + ms)
  const problem = failure.words
  switch (failure.is) {
    case 'later':
      return { ref, channel, postedRevision, nextAttemptAt: at(failure.retryAfterMs), problem }
    case 'ambiguous':
      return {
        ref,
        channel,
        postedRevision,
        nextAttemptAt: at(PAUSE_MS * 2 ** Math.min(attempts, 6)),
        problem,
      }
    case 'gone':
      return { ref: null, channel, postedRevision: 0, nextAttemptAt: now, problem }
    case 'channel_unusable':
      // Never lost: it goes to the default channel, and rests there if that is the one that cannot be used.
      return channel === defaultChannel
        ? { ref: null, channel, postedRevision: 0, nextAttemptAt: at(MENDING_MS), problem }
        : { ref: null, channel: defaultChannel, postedRevision: 0, nextAttemptAt: now, problem }
    case 'rejected':
      return { ref, channel, postedRevision, nextAttemptAt: at(MENDING_MS), problem }
  }
}

/**
 * Makes posts equal to what they should show: leases one that is behind, calls the surface with no transaction open,
 * and writes down what came of it. Chat being down delays posts and loses none.
 */
export const createDeliver =
  (deps: DeliverDeps) =>
  async ({ id: surface, deliver }: Surface): Promise<void> => {
    if (!deliver) return
    const { store, clock } = deps
    for (;;) {
      // Each lease has a name of its own: a writer whose lease has run out cannot write over the next one's work.
      const lease = `${deps.worker}/${randomUUID()}`
      const post = await store.transaction((tx) => tx.leasePost(surface, lease, clock(), LEASE_MS))
      if (!post) break
      const result = await project(deps, surface, deliver, post)
      await store.transaction((tx) => tx.savePost(post, lease, result))
    }
    await store.transaction(async (tx) => {
      const runAt = await tx.nextPostAt(surface)
      if (runAt) await tx.addJob('deliver', { surface }, { key: `deliver:${surface}:later`, runAt })
    })
  }

type Deliver = NonNullable<Surface['deliver']>

/** One post or update of one card. */
const project = async (
  { clock, log, cardOf, channelOn, defaultChannel }: DeliverDeps,
  surface: string,
  deliver: Deliver,
  post: PostRecord,
): Promise<Result> => {
  const { card, ref, channel } = post
  const shown = await cardOf(card)
  const native = channelOn(surface, channel) ?? channelOn(surface, defaultChannel)
  if (!shown || native === null) {
    const problem = shown
      ? `Channel ${channel} has no counterpart on ${surface}`
      : 'What it was about is gone'
    return { ref, channel, postedRevision: post.desiredRevision, nextAttemptAt: clock(), problem }
  }
  const sent = await send(deliver, native, ref, shown.card)
  if (sent.ok) {
    return {
      ref: sent.value,
      channel,
      postedRevision: shown.revision,
      nextAttemptAt: clock(),
      problem: null,
    }
  }
  const { failure } = sent
  log.warn({ card, surface, failure: failure.is }, 'A card was not delivered')
  return afterFailure(post, failure, clock(), defaultChannel)
}

/** What a surface throws instead of classifying it may have happened after sending. */
const send = async (
  deliver: Deliver,
  channel: string,
  ref: string | null,
  card: Card,
): Promise<Delivered<string>> => {
  try {
    if (ref === null) return await deliver.post(channel, card)
    const updated = await deliver.update(ref, card)
    return updated.ok ? { ok: true, value: ref } : updated
  } catch (error) {
    return { ok: false, failure: { is: 'ambiguous', words: wordsOf(error) } }
  }
}
