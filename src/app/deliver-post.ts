import type { Card } from './card.ts'
import { escalationOf, groupOf, listOf, raisedGroupOf } from './card-ref.ts'
import type { PostRecord } from './records.ts'
import type { DeliveryFailure } from './surface.ts'

const PAUSE_MS = 5_000
/**
 * A post of which nobody knows whether it arrived is tried again after this time, and each time after double that: a
 * second message may come of it. Whoever presses the first one meanwhile ends the doubt. Nothing else can: a platform
 * takes the same message twice, and Baton has no right to read what stands in a channel. So a message that nobody
 * presses stays as it was, beside the card's post; a press on it is answered, and then it goes.
 */
const DOUBT_MS = 60_000
/** What an admin or a developer must mend is tried again after a while. */
export const MENDING_MS = 300_000

/** Where a post goes now. `native`: the platform's name of that channel; null where it has none. */
export type Way = { channel: string; native: string | null; detour: string | null }

/** What is known to be unusable, and until when it is not tried again. */
export type Blocked = Map<string, { words: string; until: Date }>

/** A post that is new goes round a channel that cannot be used; one that is there is changed where it is. */
export const wayOf = (post: PostRecord, { blocked, now, defaultChannel, nameOf }: WayDeps): Way => {
  const { channel, detour } = post
  // A reply goes wherever its parent went, and says nothing of the way.
  if (post.under !== null) return { channel, native: nameOf(channel) ?? nameOf(defaultChannel), detour: null }
  const trouble = blocked.get(channel)
  if (post.ref === null && channel !== defaultChannel && trouble && trouble.until > now) {
    return {
      channel: defaultChannel,
      native: nameOf(defaultChannel),
      detour: detourWords(channel, trouble.words),
    }
  }
  const native = nameOf(channel)
  if (native !== null || channel === defaultChannel) return { channel, native, detour }
  return { channel, native: nameOf(defaultChannel), detour: detourWords(channel, 'it has no channel here') }
}

export type WayDeps = {
  blocked: Blocked
  now: Date
  defaultChannel: string
  nameOf: (channel: string) => string | null
}

const detourWords = (channel: string, why: string): string =>
  `Meant for ${channel}, which cannot be used: ${why}.`

/** What is shown: the card, or a plain one in place of one that the platform rejected; and why it is here. */
export const cardFor = (post: PostRecord, { detour }: Way, card: Card, revision: number): Card => {
  const shown = post.plainRevision === revision ? plainCard(post.card, card) : card
  if (detour === null) return shown
  return { ...shown, blocks: [{ kind: 'text', text: detour, tone: 'warning' }, ...shown.blocks] }
}

const plainCard = (ref: string, { title, tone, summary, tell }: Card): Card => {
  const exception = escalationOf(ref) ?? (/^\d+$/.test(ref) ? ref : null)
  const isOfStorm = groupOf(ref) !== null || listOf(ref) !== null || raisedGroupOf(ref) !== null
  const asked = exception !== null ? `open ${exception}` : isOfStorm ? 'open' : null
  const more = asked === null ? 'Everything is in the console.' : `"${asked}" shows everything.`
  return {
    title,
    tone,
    summary,
    blocks: [
      { kind: 'text', text: summary },
      { kind: 'context', text: `This card cannot be shown here as it is. ${more}` },
    ],
    ...(tell ? { tell } : {}),
  }
}

/** What fails under another post for the same reason again, after so many attempts, is let be. */
const LAST_ATTEMPT = 5

/**
 * A reply says nothing about the message that it could not stand under, which is seen when that one is changed: it is
 * posted again, or in the default channel if its own cannot be used any more, and the reply comes under it there. So
 * the parent is drawn again, and the reply waits for that. Where the parent is in order and takes no replies all the
 * same, this ends after a while: whatever a reply says, the card above it says as well.
 */
export const lostItsParent = ({ under, ref }: PostRecord, failure: DeliveryFailure | null): boolean =>
  under !== null && ref === null && (failure?.is === 'gone' || failure?.is === 'channel_unusable')

export type PostResult = {
  ref: string | null
  channel: string
  postedRevision: number
  nextAttemptAt: Date
  problem: string | null
  detour: string | null
  plainRevision: number | null
}

/** What a failure means for the post: when to try again, where, how, and whether the old message is still there. */
export const afterFailure = (
  post: PostRecord,
  failure: DeliveryFailure,
  { now, defaultChannel, way, revision }: { now: Date; defaultChannel: string; way: Way; revision: number },
): PostResult => {
  const { ref, postedRevision, attempts, plainRevision } = post
  const { channel, detour } = way
  const at = (ms: number): Date => new Date(now.getTime() + ms)
  const again = { ref, channel, postedRevision, problem: failure.words, detour, plainRevision }
  const anew = { ...again, ref: null, postedRevision: 0 }
  if (lostItsParent(post, failure)) {
    const isOver = attempts + 1 >= LAST_ATTEMPT && post.problem === failure.words
    const pauseMs = PAUSE_MS * 2 ** Math.min(attempts, 6)
    return { ...again, postedRevision: isOver ? revision : postedRevision, nextAttemptAt: at(pauseMs) }
  }
  switch (failure.is) {
    case 'later':
      return { ...again, nextAttemptAt: at(failure.retryAfterMs) }
    case 'ambiguous':
      return {
        ...again,
        nextAttemptAt: at(
          ref === null ? DOUBT_MS * 2 ** Math.min(attempts, 4) : PAUSE_MS * 2 ** Math.min(attempts, 6),
        ),
      }
    case 'gone':
      return { ...anew, nextAttemptAt: ref === null ? at(PAUSE_MS) : now }
    case 'channel_unusable':
      // Never lost: it goes to the default channel, and rests there if that is the one that cannot be used.
      return channel === defaultChannel
        ? { ...anew, nextAttemptAt: at(MENDING_MS) }
        : {
            ...anew,
            channel: defaultChannel,
            detour: detourWords(channel, failure.words),
            nextAttemptAt: now,
          }
    case 'locked_out':
      return { ...again, nextAttemptAt: at(MENDING_MS) }
    case 'rejected':
      // The plain one at once; if that is rejected as well, the whole one after a while.
      return plainRevision === revision
        ? { ...again, plainRevision: null, nextAttemptAt: at(MENDING_MS) }
        : { ...again, plainRevision: revision, nextAttemptAt: now }
  }
}

/**
 * How long nobody else need try: the narrowest budget rests, or for credentials the widest. `doubts`: how many posts in
 * a row may or may not have arrived, this one counted; 0 for a change, which is harmless to repeat. They keep all new
 * posts waiting, so that an outage leaves few in doubt.
 */
export const restAfter = (
  failure: DeliveryFailure,
  doubts: number,
): { ms: number; budget: 'narrowest' | 'widest'; limited: boolean } | null => {
  switch (failure.is) {
    case 'later':
      return { ms: failure.retryAfterMs, budget: 'narrowest', limited: failure.limited === true }
    case 'ambiguous':
      return doubts === 0
        ? { ms: PAUSE_MS, budget: 'narrowest', limited: false }
        : { ms: Math.min(PAUSE_MS * 2 ** (doubts - 1), DOUBT_MS), budget: 'widest', limited: false }
    case 'locked_out':
      return { ms: MENDING_MS, budget: 'widest', limited: false }
    case 'gone':
    case 'channel_unusable':
    case 'rejected':
      return null
  }
}
