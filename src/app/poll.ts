import { randomUUID } from 'node:crypto'
import type { Fact } from '../domain/model.ts'
import { contentHash, objectId } from '../domain/object.ts'
import type { Connector, PollPage } from './connector.ts'
import { SystemError, wordsOf } from './errors.ts'
import { sift, smoothSkew, toFacts } from './facts.ts'
import type { Tx } from './ports.ts'
import { type ProcessDeps, processFacts } from './process.ts'
import { problemOf } from './receive.ts'
import type { FactRef, FeedState } from './records.ts'
import { storable } from './storable.ts'

/** What a poll knows of its feed, and writes: the rest of a feed's state is not its own. */
type Polled = Pick<
  FeedState,
  'system' | 'cursor' | 'watermark' | 'skewMs' | 'lastSignalAt' | 'downSince' | 'lastError'
>

const polled = (system: string, known: FeedState | undefined): Polled => ({
  system,
  cursor: known?.cursor ?? null,
  watermark: known?.watermark ?? null,
  skewMs: known?.skewMs ?? null,
  lastSignalAt: known?.lastSignalAt ?? null,
  downSince: known?.downSince ?? null,
  lastError: known?.lastError ?? null,
})

/**
 * Reads what changed in one system since its cursor, and moves its watermark to the moment the read began: up to
 * then Baton knows its world. The cursor moves only after the facts are taken, so that a crash reads again; two
 * processes that poll at once only read twice.
 */
export const poll = async (deps: ProcessDeps, connector: Connector, signal: AbortSignal): Promise<void> => {
  const { store, clock } = deps
  const { system, poll: poller } = connector
  if (!poller) return
  const feeds = await store.transaction((tx) => tx.feeds())
  let feed = polled(
    system,
    feeds.find((f) => f.system === system),
  )
  for (;;) {
    const startedAt = clock()
    let page: PollPage
    try {
      page = await poller.changes(feed.cursor, signal)
    } catch (error) {
      const lastError = storable(wordsOf(error))
      const down: Polled = { ...feed, downSince: feed.downSince ?? startedAt, lastError }
      await store.transaction((tx) => tx.saveFeed(down))
      if (error instanceof SystemError) return
      throw error
    }
    const skewMs = smoothSkew(feed.skewMs, page.sentAt, clock())
    const refs = await keepNew(deps, connector, page, skewMs ?? 0)
    // A contradiction has just been read again by this very poll: what it read last stands.
    if (refs.length > 0) await processFacts(deps, refs)
    feed = {
      ...feed,
      skewMs,
      cursor: page.cursor,
      watermark: page.more ? feed.watermark : startedAt,
      lastSignalAt: refs.length > 0 ? startedAt : feed.lastSignalAt,
      downSince: null,
      lastError: null,
    }
    await store.transaction((tx) => tx.saveFeed(feed))
    if (!page.more) return
  }
}

/** Those of the facts that say something new: a poll overlaps the one before it, and a webhook may have been faster. */
const newsIn = async (tx: Tx, facts: Fact[]): Promise<Fact[]> => {
  const [known, quarantined] = await Promise.all([
    tx.knownVersions('live', facts),
    tx.quarantined('live', facts),
  ])
  return facts.filter((fact) => {
    const id = objectId(fact)
    if (quarantined.has(`${id} ${fact.version}`)) return false
    const object = known.get(id)
    if (!object || object.version < fact.version) return true
    return object.version === fact.version && object.hash !== contentHash(fact)
  })
}

/** Keeps the page and those of its facts that say something new; an overlap that repeats itself leaves no trace. */
const keepNew = (
  { store, clock }: ProcessDeps,
  connector: Connector,
  page: PollPage,
  skewMs: number,
): Promise<FactRef[]> =>
  store.transaction(async (tx) => {
    const receivedAt = clock()
    const { sound, bad } = sift(toFacts(connector, page.facts, receivedAt, skewMs))
    const wrong = [...page.bad, ...bad]
    const facts = await newsIn(tx, sound)
    if (facts.length === 0 && wrong.length === 0) return []
    return tx.recordSignals([
      {
        system: connector.system,
        via: 'poll',
        receivedAt,
        deliveryKey: `poll:${randomUUID()}`,
        body: page.raw,
        problem: storable(problemOf(wrong)),
        badRows: wrong.length,
        facts,
      },
    ])
  })
