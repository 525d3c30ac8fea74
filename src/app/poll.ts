import type { Connector, PollPage } from './connector.ts'
import { SystemError, wordsOf } from './errors.ts'
import { smoothSkew } from './facts.ts'
import { keepNews } from './news.ts'
import { type ProcessDeps, processFacts } from './process.ts'
import { lost, readable } from './reach.ts'
import type { FeedState } from './records.ts'
import { storable } from './storable.ts'

/** What a poll knows of its feed, and writes: the rest of a feed's state is not its own. */
type Polled = Pick<
  FeedState,
  | 'system'
  | 'cursor'
  | 'watermark'
  | 'skewMs'
  | 'lastSignalAt'
  | 'downSince'
  | 'lastError'
  | 'blindFrom'
  | 'blindTo'
>

const polled = (system: string, known: FeedState | undefined): Polled => ({
  system,
  cursor: known?.cursor ?? null,
  watermark: known?.watermark ?? null,
  skewMs: known?.skewMs ?? null,
  lastSignalAt: known?.lastSignalAt ?? null,
  downSince: known?.downSince ?? null,
  lastError: known?.lastError ?? null,
  blindFrom: known?.blindFrom ?? null,
  blindTo: known?.blindTo ?? null,
})

/** Two outages with less than this between them are one, in ms: nobody has caught up in between. */
const SAME_OUTAGE_MS = 60_000

/** The last stretch of time in which the system was out of sight, once it has been read again at `readAt`. */
const blindness = ({ downSince, blindFrom, blindTo }: Polled, readAt: Date): Partial<Polled> => {
  if (!downSince) return {}
  const goesOn = blindTo !== null && downSince.getTime() - blindTo.getTime() < SAME_OUTAGE_MS
  return { blindFrom: goesOn ? blindFrom : downSince, blindTo: readAt }
}

/**
 * What a start finds: systems that nobody has read for several poll intervals were out of sight, as if they had been
 * down. Another Baton that has gone on reading leaves nothing to find.
 */
export const findUnread = async ({ store, setup, clock }: ProcessDeps): Promise<void> =>
  store.transaction(async (tx) => {
    for (const { system, watermark, downSince } of await tx.feeds()) {
      const lagMs = setup.connectors.find((c) => c.system === system)?.poll?.lagMs ?? 0
      const usualMs = 2 * setup.pollMs + lagMs
      if (!watermark || downSince || clock().getTime() - watermark.getTime() <= usualMs) continue
      await tx.saveFeed({ system, downSince: watermark, lastError: 'Baton was not running' })
    }
  })

/**
 * Reads what changed in one system since its cursor, and moves its watermark to the moment the read began, or to the
 * one that the page names: up to then Baton knows its world. The cursor moves only after the facts are taken, so that a
 * crash reads again; two processes that poll at once only read twice.
 */
export const poll = async (deps: ProcessDeps, connector: Connector, signal: AbortSignal): Promise<void> => {
  const { store, clock } = deps
  const { system, poll: poller } = connector
  if (!poller) return
  const feeds = await store.transaction((tx) => tx.feeds())
  const known = feeds.find((f) => f.system === system)
  let feed = polled(system, known)
  const firstAt = feed.cursor === null ? clock() : null
  for (let pages = 0; ; pages++) {
    const startedAt = clock()
    let page: PollPage
    try {
      page = await poller.changes(feed.cursor, signal)
    } catch (error) {
      // The time was up in the middle of a reading that gets on: no outage, and the next poll goes on from here.
      if (signal.aborted && pages > 0) return
      const lastError = storable(wordsOf(error))
      const down: Polled = { ...feed, downSince: feed.downSince ?? startedAt, lastError }
      const unreachable = error instanceof SystemError && error.failure === 'unreachable'
      await store.transaction(async (tx) => {
        await tx.saveFeed(down)
        if (unreachable) await lost(tx, system, startedAt)
      })
      if (error instanceof SystemError) return
      throw error
    }
    const knownUpTo = page.watermark ?? startedAt
    const skewMs = smoothSkew(feed.skewMs, page.sentAt, clock())
    const { refs } = await keepNews(deps, connector, page, skewMs ?? 0, 'poll')
    // A contradiction has just been read again by this very poll: what it read last stands.
    if (refs.length > 0) await processFacts(deps, refs)
    feed = {
      ...feed,
      ...(page.more ? {} : blindness(feed, startedAt)),
      skewMs,
      cursor: page.cursor,
      watermark: page.more ? feed.watermark : knownUpTo,
      lastSignalAt: refs.length > 0 ? startedAt : feed.lastSignalAt,
      downSince: page.more ? feed.downSince : null,
      lastError: null,
    }
    // Who has read everything from the start has compared everything.
    const compared = firstAt && !page.more ? { reconcileStartedAt: firstAt, reconciledAt: clock() } : {}
    await store.transaction(async (tx) => {
      await tx.saveFeed({ ...feed, ...compared })
      if (page.more) return
      await tx.wakeWaiting('live', knownUpTo, clock())
      if (known?.unreachableSince) await readable(tx, system, known.downSince !== null, clock())
    })
    // What is left over when the time is up is for the next poll, from here.
    if (!page.more || signal.aborted) return
  }
}
