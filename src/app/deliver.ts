import { randomUUID } from 'node:crypto'
import type { Card } from './card.ts'
import type { ShownCard } from './card-of.ts'
import {
  afterFailure,
  type Blocked,
  cardFor,
  lostItsParent,
  MENDING_MS,
  type PostResult,
  restAfter,
  type Way,
  wayOf,
} from './deliver-post.ts'
import { type ErrandDeps, removeStrays, tellTroubles } from './delivery-errands.ts'
import { wordsOf } from './errors.ts'
import type { LeasedPost, Resting, Tx } from './ports.ts'
import type { PostRecord } from './records.ts'
import type { Budget, Deliver, Delivered, DeliveryFailure, Surface } from './surface.ts'

/** `defaultChannel`: of cards whose own channel cannot be used. `channelOn`: the platform's name of a channel, or null. */
export type DeliverDeps = ErrandDeps & {
  /** This process: a post's lease names its one writer. */
  worker: string
  /** What the card shows now; null when what it was about is gone. */
  cardOf: (card: string) => Promise<ShownCard | null>
}

/** Longer than the slowest call a surface makes, so that a lease ends only when its writer has. */
export const LEASE_MS = 30_000
/** Calls of one process that are under way at once, on one surface; a call takes 100 to 300 ms. */
const AT_ONCE = 8
/** Of those: kept for what somebody pressed. */
const FOR_CLICKS = 2

type Taken = { post: LeasedPost; lease: string; way: Way; budgets: Budget[] }
/** A channel's calls of one kind, and from when on one may be made: for clicks too, or for everything else. */
type Rest = Resting & { until: Date }
/** Rings when more has come; `wake` calls a round that waits for its calls. */
type Bell = { rings: boolean; wake: () => void }
/** How many posts in a row may or may not have arrived. While any did, one is tried at a time. */
type Doubts = { count: number }

/**
 * Makes posts equal to what they should show: leases one that is behind, takes its calls from the budgets that all
 * replicas share, calls the surface with no transaction open, and writes down what came of it. Chat being down delays
 * posts and loses none. A channel whose budget is used up holds up no other one. What comes while this process is at a
 * surface already is taken by that round.
 */
export const createDeliver = (deps: DeliverDeps): ((surface: Surface) => Promise<void>) => {
  const underWay = new Map<string, Bell>()
  const doubts = new Map<string, Doubts>()
  return async ({ id: surface, deliver }) => {
    if (!deliver) return
    const running = underWay.get(surface)
    if (running) {
      running.rings = true
      running.wake()
      return
    }
    const bell: Bell = { rings: true, wake: () => {} }
    underWay.set(surface, bell)
    try {
      const inDoubt = doubts.get(surface) ?? { count: 0 }
      doubts.set(surface, inDoubt)
      await createRound(deps, surface, deliver, inDoubt)(bell)
    } finally {
      underWay.delete(surface)
    }
  }
}

const createRound = (deps: DeliverDeps, surface: string, deliver: Deliver, doubts: Doubts) => {
  const { store, clock, defaultChannel } = deps
  const blocked: Blocked = new Map()
  let rests: Rest[] = []

  const look = async (): Promise<void> => {
    blocked.clear()
    for (const { about, words, retryAt } of await store.transaction((tx) => tx.troubles(surface))) {
      blocked.set(about, { words, until: retryAt })
    }
    await removeStrays(deps, surface, deliver)
  }

  /** Until when nothing is posted to the default channel, because it cannot be used either. */
  const shutUntil = (now: Date): Date | null => {
    const until = blocked.get(defaultChannel)?.until
    return until && until > now ? until : null
  }

  /** The next post that may be written now, with its lease and its budgets. */
  const take = (which: { clicksOnly: boolean; changesOnly: boolean }): Promise<Taken | null> =>
    store.transaction(async (tx) => {
      const now = clock()
      rests = rests.filter(({ until }) => until > now)
      for (;;) {
        // Each lease has a name of its own: a writer whose lease has run out cannot write over the next one's work.
        const lease = `${deps.worker}/${randomUUID()}`
        const post = await tx.leasePost(surface, lease, now, LEASE_MS, { resting: rests, ...which })
        if (!post) return null
        const nameOf = (channel: string): string | null => deps.channelOn(surface, channel)
        const way = wayOf(post, { blocked, now, defaultChannel, nameOf })
        const { channel, ref, under } = post
        const fresh = ref === null
        const call = !fresh ? 'update' : under === null ? 'post' : 'reply'
        const budgets = way.native === null ? [] : deliver.budgets(call, way.native)
        const isClick = post.priority === 0
        const shut = fresh && way.channel === defaultChannel ? shutUntil(now) : null
        const until = shut ?? (await tx.takeBudgets(surface, budgets, now, isClick))
        if (until === null) return { post, lease, way, budgets }
        rests.push({ channel, fresh, clicks: isClick || shut !== null, until })
        await tx.dropLease(post, lease)
      }
    })

  const ship = async ({ post, lease, way, budgets }: Taken): Promise<void> => {
    const { result, failure } = await project(deps, surface, deliver, post, way)
    const now = clock()
    const about = failure?.is === 'locked_out' ? '' : way.channel
    const isLost = lostItsParent(post, failure)
    const isTrouble = !isLost && (failure?.is === 'locked_out' || failure?.is === 'channel_unusable')
    const isNew = post.ref === null
    if (isNew && failure?.is === 'ambiguous') doubts.count += 1
    if (isNew && !failure) doubts.count = 0
    await store.transaction(async (tx) => {
      const saved = await tx.savePost(post, lease, result)
      if (saved === 'lost') await tooLate(tx, post, result, failure, now)
      if (isLost && post.under !== null && post.parentRef !== null) {
        await tx.probePost({ card: post.under, surface, ref: post.parentRef }, now)
      }
      const rest = failure && restAfter(failure, isNew ? doubts.count : 0)
      const budget = rest?.budget === 'widest' ? budgets.at(-1) : budgets[0]
      if (rest && budget) {
        await tx.restBudget(surface, budget, new Date(now.getTime() + rest.ms), rest.limited)
      }
      if (isTrouble) {
        const retryAt = new Date(now.getTime() + MENDING_MS)
        await tx.saveTrouble({ surface, about, words: failure.words, since: now, retryAt })
        blocked.set(about, { words: failure.words, until: retryAt })
      }
      if (failure) return
      for (const mended of ['', way.channel]) if (blocked.delete(mended)) await tx.endTrouble(surface, mended)
    })
  }

  /** The lease ran out during the call: what it left is a stray message, or an old card over a newer one. */
  const tooLate = async (
    tx: Tx,
    { card, ref }: PostRecord,
    result: PostResult,
    failure: DeliveryFailure | null,
    now: Date,
  ): Promise<void> => {
    const mayShow = failure === null || failure.is === 'ambiguous'
    if (ref !== null && mayShow) await tx.drawAgain({ card, surface, ref }, now)
    if (ref === null && result.ref !== null) await tx.pressedPost({ card, surface, ref: result.ref }, now)
  }

  const wakeLater = (): Promise<void> =>
    store.transaction(async (tx) => {
      const times = [
        await tx.nextPostAt(surface, rests),
        await tx.nextErrandAt(surface),
        ...rests.map(({ until }) => until),
      ].flatMap((at) => (at ? [at.getTime()] : []))
      if (times.length === 0) return
      const runAt = new Date(Math.min(...times))
      await tx.addJob('deliver', { surface }, { key: `deliver:${surface}:later`, runAt })
    })

  return async (bell: Bell): Promise<void> => {
    const calls = new Set<Promise<void>>()
    let posting = 0
    let ended = 0
    const failed: unknown[] = []
    for (;;) {
      if (bell.rings) await look()
      bell.rings = false
      while (calls.size < AT_ONCE && failed.length === 0) {
        const endedBefore = ended
        const taken = await take({
          clicksOnly: calls.size >= AT_ONCE - FOR_CLICKS,
          changesOnly: doubts.count > 0 && posting > 0,
        }).catch((error: unknown) => {
          // What is under way is written down before the round fails.
          failed.push(error)
          return null
        })
        // What was posted during the look may be what a reply waited for.
        if (!taken && ended > endedBefore) continue
        if (!taken) break
        const isNew = taken.post.ref === null
        if (isNew) posting += 1
        const call: Promise<void> = ship(taken)
          .catch((error: unknown) => {
            failed.push(error)
          })
          .finally(() => {
            if (isNew) posting -= 1
            ended += 1
            calls.delete(call)
          })
        calls.add(call)
      }
      const isDone = calls.size === 0 && !bell.rings
      if (isDone || failed.length > 0) break
      const more = new Promise<void>((resolve) => {
        bell.wake = resolve
      })
      if (calls.size > 0 && !bell.rings) await Promise.race([...calls, more])
    }
    await Promise.all(calls)
    if (failed.length > 0) throw failed[0]
    await tellTroubles(deps)
    await wakeLater()
  }
}

type Projected = { result: PostResult; failure: DeliveryFailure | null }

/** One post or update of one card. */
const project = async (
  { clock, log, cardOf, defaultChannel }: DeliverDeps,
  surface: string,
  deliver: Deliver,
  post: LeasedPost,
  way: Way,
): Promise<Projected> => {
  const { card, ref, plainRevision } = post
  const shown = await cardOf(card)
  const { channel, detour } = way
  if (!shown) {
    const { desiredRevision: postedRevision } = post
    const problem = 'What it was about is gone'
    const result = { ref, channel, postedRevision, nextAttemptAt: clock(), problem, detour, plainRevision }
    return { result, failure: null }
  }
  const { revision } = shown
  const sent = await send(deliver, way.native, post, cardFor(post, way, shown.card, revision))
  if (!sent.ok) {
    const { failure } = sent
    log.warn({ card, surface, failure: failure.is }, 'A card was not delivered')
    return { result: afterFailure(post, failure, { now: clock(), defaultChannel, way, revision }), failure }
  }
  const isPlain = plainRevision === revision
  if (isPlain) log.error({ card, surface }, 'A card was rejected: a plain one is shown in its place')
  const result = {
    ref: sent.value,
    channel,
    postedRevision: revision,
    nextAttemptAt: clock(),
    problem: null,
    detour,
    plainRevision: isPlain ? plainRevision : null,
  }
  return { result, failure: null }
}

/** What a surface throws instead of classifying it may have happened after sending. */
const send = async (
  deliver: Deliver,
  channel: string | null,
  { ref, under, parentRef }: LeasedPost,
  card: Card,
): Promise<Delivered<string>> => {
  if (channel === null) {
    const words = 'it has no counterpart there: name it under "channels" in baton.yml'
    return { ok: false, failure: { is: 'channel_unusable', words } }
  }
  try {
    if (ref === null && under !== null) {
      return parentRef === null
        ? { ok: false, failure: { is: 'gone', words: 'there is no message to reply to' } }
        : await deliver.reply(parentRef, card)
    }
    if (ref === null) return await deliver.post(channel, card)
    const updated = await deliver.update(ref, card)
    return updated.ok ? { ok: true, value: ref } : updated
  } catch (error) {
    return { ok: false, failure: { is: 'ambiguous', words: wordsOf(error) } }
  }
}
