import type { Connector } from './connector.ts'
import type { Tx } from './ports.ts'
import type { FeedState } from './records.ts'

/*
 * Whether a system can be reached, found out by its polls and by the runs that call it, and kept in one place: what
 * every card says of it, and when what waits for it goes on.
 */

/** An outage shorter than this is shown on no card but that of a run that meets it, in ms: it would only flicker. */
const SHOWN_AFTER_MS = 30_000
/** What waits goes on one after the other: a system that has just come back is not run over, in ms. */
const ONE_BY_ONE_MS = 200

/** A call did not arrive. Answers since when none does. */
export const lost = async (tx: Tx, system: string, now: Date): Promise<Date> => {
  const { since, isNew } = await tx.markUnreachable(system, now)
  if (isNew) {
    const runAt = new Date(now.getTime() + SHOWN_AFTER_MS)
    const job = { system, since: since.toISOString() }
    await tx.addJob('reach', job, { key: `reach:${system}`, runAt })
  }
  return since
}

/** A call that changes something, or all that was asked of the system, got an answer: whatever waits for it goes on. */
export const found = async (tx: Tx, system: string, now: Date): Promise<void> => {
  const since = await tx.markReachable(system)
  if (since === null) return
  await wake(tx, await tx.restingRuns(system), now)
  if (now.getTime() - since.getTime() < SHOWN_AFTER_MS) return
  await tx.addJob('reach', { system, since: null }, { key: `reach:${system}` })
}

/**
 * It could be read, which does not say that it takes changes: runs that wait for it find that out, at once when it had
 * not been readable before (`isBack`).
 */
export const readable = async (tx: Tx, system: string, isBack: boolean, now: Date): Promise<void> => {
  const runs = await tx.restingRuns(system)
  if (runs.length === 0) await found(tx, system, now)
  else if (isBack) await wake(tx, runs, now)
}

const wake = async (tx: Tx, runs: string[], now: Date): Promise<void> => {
  for (const [place, run] of runs.entries()) {
    const runAt = new Date(now.getTime() + place * ONE_BY_ONE_MS)
    await tx.addJob('run', { run }, { key: `run:${run}`, runAt })
  }
}

/** Systems that cannot be reached, and since when. */
export const unreachableAmong = (
  feeds: Pick<FeedState, 'system' | 'unreachableSince'>[],
): Map<string, Date> =>
  new Map(
    feeds.flatMap(({ system, unreachableSince }) =>
      unreachableSince ? [[system, unreachableSince] as const] : [],
    ),
  )

/** "erp unreachable since 10:42", once that has lasted long enough to be shown; else null. */
export const unreachableWords =
  (unreachable: ReadonlyMap<string, Date>, clockText: (at: Date) => string, now: Date) =>
  (system: string): string | null => {
    const since = unreachable.get(system)
    return since && now.getTime() - since.getTime() >= SHOWN_AFTER_MS
      ? `${system} unreachable since ${clockText(since)}`
      : null
  }

/**
 * A system that is not polled, and from which nothing waits for an answer any more, is taken to answer: the next press
 * finds out.
 */
export const forgetUnwatched = async (tx: Tx, connectors: Connector[], now: Date): Promise<void> => {
  const unreachable = unreachableAmong(await tx.feeds())
  for (const { system, poll } of connectors) {
    if (!poll && unreachable.has(system)) await readable(tx, system, false, now)
  }
}
