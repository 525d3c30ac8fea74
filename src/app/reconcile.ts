import { subjectName } from '../domain/keys.ts'
import { objectId } from '../domain/object.ts'
import type { Connector, Poller, PollPage } from './connector.ts'
import { SystemError } from './errors.ts'
import { smoothSkew } from './facts.ts'
import { keepNews, type News } from './news.ts'
import { type ProcessDeps, processFacts } from './process.ts'
import type { FeedState, ObjectName } from './records.ts'

/** One object that the stream had missed, as people know it. */
export type Missed = ObjectName & {
  is: News['is']
  /** What it is about: "order 1001". */
  subject: string
  says: string
  changedAt: Date
  /** Changed so lately that its word may only have been on its way. */
  isYoung: boolean
}

/** What one comparison of a system found. */
export type Compared = {
  system: string
  /** When an interrupted comparison was begun that this one went on with; null if it began by itself. */
  wentOnFrom: Date | null
  /** False where it stopped before the end: `problem` says why, or its pages were up. */
  done: boolean
  objects: number
  unreadable: number
  isNew: number
  newer: number
  /** The first of what was missed, up to `MISSED_NAMED`. */
  missed: Missed[]
  /** What Baton still watches and the system no longer lists; null where that cannot be told. */
  gone: ObjectName[] | null
  problem: string | null
}

export type ReconcileOptions = {
  /** Limits one call to the system. */
  signal: () => AbortSignal
  /** Stops after so many pages; the next comparison goes on from there. */
  pages?: number
  onPage?: (soFar: Readonly<Compared>) => void
}

/** So much of what was missed is named; the rest is counted. */
const MISSED_NAMED = 1_000
/** Of so many subjects that wait or are open it is looked whether the system still lists their objects. */
const WATCHED_SUBJECTS = 20_000

/**
 * Walks through everything that a system holds now, compares it with what Baton knows, and takes what is news through
 * the pipeline: a webhook that was lost costs no more than the time to the next comparison. Each page and how far the
 * walk has come are committed before the next, so that a stopped one goes on; two at once only read twice. The cursor of
 * the polls is left alone. A system that fails is reported as `problem`; other errors reject.
 */
export const reconcile = async (
  deps: ProcessDeps,
  connector: Connector,
  { signal, pages = Number.POSITIVE_INFINITY, onPage }: ReconcileOptions,
): Promise<Compared> => {
  const { store, clock } = deps
  const { system, poll } = connector
  const before = await stateOf(deps, system)
  const unfinished = before && isUnfinished(before) ? before : null
  const compared: Compared = {
    system,
    wentOnFrom: unfinished?.reconcileStartedAt ?? null,
    done: false,
    objects: 0,
    unreadable: 0,
    isNew: 0,
    newer: 0,
    missed: [],
    gone: null,
    problem: null,
  }
  if (!poll) return { ...compared, problem: `${system} only sends; it cannot be read.` }
  const startedAt = unfinished?.reconcileStartedAt ?? clock()
  const cursor = unfinished?.reconcileCursor ?? null
  if (!unfinished) {
    await store.transaction((tx) =>
      tx.saveFeed({ system, reconcileStartedAt: startedAt, reconcileCursor: null }),
    )
  }
  const watched = poll.listsAll && !unfinished ? await watchedOf(deps, system) : null
  const walk: Walk = { poll, compared, watched, skewMs: before?.skewMs ?? null, justRead: new Set(), cursor }
  for (let page = 0; page < pages && !compared.done; page++) {
    try {
      await comparePage(deps, connector, walk, signal())
    } catch (error) {
      if (!(error instanceof SystemError)) throw error
      compared.problem = error.message
      // A cursor that is no longer understood must not stand in the way for ever.
      if (walk.cursor !== null && error.failure === 'refused')
        await store.transaction((tx) => tx.saveFeed({ system, reconcileCursor: null }))
      return compared
    }
    onPage?.(compared)
  }
  // What could not be read may be just what seems to be gone.
  if (compared.done && watched && compared.unreadable === 0) compared.gone = [...watched.values()]
  return compared
}

/** One comparison under way. */
type Walk = {
  poll: Poller
  compared: Compared
  /** What Baton watches and the system has not listed so far. */
  watched: Map<string, ObjectName> | null
  skewMs: number | null
  /** Objects of the page before: pages overlap. */
  justRead: Set<string>
  cursor: string | null
}

const stateOf = async ({ store }: Pick<ProcessDeps, 'store'>, system: string) =>
  (await store.transaction((tx) => tx.feeds())).find((feed) => feed.system === system)

/** Begun, and not finished since. */
export const isUnfinished = ({
  reconcileStartedAt,
  reconciledAt,
}: Pick<FeedState, 'reconcileStartedAt' | 'reconciledAt'>): boolean =>
  reconcileStartedAt !== null && (reconciledAt === null || reconciledAt < reconcileStartedAt)

const watchedOf = async ({ store }: ProcessDeps, system: string): Promise<Map<string, ObjectName>> => {
  const names = await store.transaction((tx) => tx.watchedObjects(system, WATCHED_SUBJECTS))
  return new Map(names.map((name) => [objectId(name), name]))
}

const comparePage = async (
  deps: ProcessDeps,
  connector: Connector,
  walk: Walk,
  signal: AbortSignal,
): Promise<void> => {
  const { store, clock, setup } = deps
  const { compared } = walk
  const readAt = clock()
  const page: PollPage = await walk.poll.changes(walk.cursor, signal)
  walk.skewMs = smoothSkew(walk.skewMs, page.sentAt, clock())
  const { facts, news, unreadable, refs } = await keepNews(
    deps,
    connector,
    page,
    walk.skewMs ?? 0,
    'reconcile',
  )
  if (refs.length > 0) await processFacts(deps, refs)

  const read = new Set(facts.map(objectId))
  for (const id of read) walk.watched?.delete(id)
  compared.objects += [...read].filter((id) => !walk.justRead.has(id)).length
  walk.justRead = read
  compared.unreadable += unreadable
  compared.isNew += news.filter(({ is }) => is === 'new').length
  compared.newer += news.filter(({ is }) => is === 'newer').length
  const youngFrom = readAt.getTime() - setup.pollMs
  const room = MISSED_NAMED - compared.missed.length
  compared.missed.push(...news.slice(0, room).map((each) => missedOf(each, youngFrom)))

  compared.done = !page.more
  walk.cursor = page.cursor
  await store.transaction((tx) =>
    tx.saveFeed({
      system: compared.system,
      reconcileCursor: page.more ? page.cursor : null,
      // The end of the walk is known as of when it was read, as after a poll.
      ...(page.more ? {} : { reconciledAt: clock(), watermark: page.watermark ?? readAt }),
    }),
  )
}

const missedOf = ({ fact, is }: News, youngFrom: number): Missed => {
  const { system, type, externalId, keys, rawState, occurredAt } = fact
  const isYoung = occurredAt.getTime() > youngFrom
  return {
    system,
    type,
    externalId,
    is,
    subject: subjectName(keys),
    says: rawState,
    changedAt: occurredAt,
    isYoung,
  }
}

/** Pages that one job reads before it lets others go first. */
const PAGES_A_JOB = 20

/**
 * The scheduled comparison of one system: begins where the last one lies `everyMs` back, goes on where one was
 * stopped, and reads some pages. True when more is left, for the next job.
 */
export const reconcileWhenDue = async (
  deps: ProcessDeps,
  connector: Connector,
  everyMs: number,
  signal: () => AbortSignal,
): Promise<boolean> => {
  const state = await stateOf(deps, connector.system)
  // Its first reading brings everything, and is not through yet.
  if (!state?.watermark) return false
  const { reconcileStartedAt: last } = state
  const isDue = last === null || isUnfinished(state) || deps.clock().getTime() - last.getTime() >= everyMs
  if (!isDue) return false
  const { done, problem } = await reconcile(deps, connector, { signal, pages: PAGES_A_JOB })
  return !done && problem === null
}

/** In the order in which people want to hear of them. */
const CONSEQUENCES = ['opened', 'healed', 'waiting'] as const

/** Something that a comparison has changed for people. */
export type Consequence = {
  is: (typeof CONSEQUENCES)[number]
  contract: string
  subject: string
  /** The exception; null while it waits for its grace. */
  exception: string | null
  /** Only of what waits: until when, or for what. */
  dueAt: Date | null
  waitingFor: string | null
}

/** Subjects looked at in one transaction. */
const SUBJECTS_AT_ONCE = 200

/** What became of the subjects of these objects since `since`, as far as it is known now. */
export const consequencesOf = async (
  { store }: Pick<ProcessDeps, 'store'>,
  names: ObjectName[],
  since: Date,
): Promise<Consequence[]> => {
  if (names.length === 0) return []
  const links = await store.transaction((tx) => tx.subjectsOfObjects('live', names))
  const ids = [...new Set(links.map(({ subjectId }) => subjectId))]
  const found: Consequence[] = []
  for (let at = 0; at < ids.length; at += SUBJECTS_AT_ONCE) {
    const some = ids.slice(at, at + SUBJECTS_AT_ONCE)
    for (const record of await store.transaction((tx) => tx.lockSubjects(some))) {
      const subject = subjectName(record.keys)
      for (const { id: exception, contract, state, openedAt, closedAt } of record.exceptions) {
        const said = { contract, subject, exception, dueAt: null, waitingFor: null }
        if (state === 'open' && openedAt >= since) found.push({ is: 'opened', ...said })
        if ((state === 'healed' || state === 'resolved') && closedAt && closedAt >= since)
          found.push({ is: 'healed', ...said })
      }
      for (const { contract, dueAt, waitingFor } of record.expectations)
        found.push({ is: 'waiting', contract, subject, exception: null, dueAt, waitingFor })
    }
  }
  return found.sort((a, b) => CONSEQUENCES.indexOf(a.is) - CONSEQUENCES.indexOf(b.is))
}
