import { type SystemError, wordsOf } from './errors.ts'
import type { RunRecord } from './records.ts'
import type { Next, Running } from './run.ts'

/** A run waits so long for a system that cannot be reached, in ms; then a person must look after it. */
export const WAIT_MS = 4 * 3_600_000

/** A run that waits tries again after a quarter of the time that it has waited, within these bounds, in ms. */
const TRY_MIN_MS = 5_000
const TRY_MAX_MS = 300_000

const nextTry = (waitedMs: number, { retryAfterMs = 0 }: SystemError): number =>
  Math.max(Math.min(Math.max(waitedMs / 4, TRY_MIN_MS), TRY_MAX_MS), retryAfterMs)

/**
 * The system cannot be reached and certainly nothing was sent: the run goes back into the queue and tries again by
 * itself, until it gets through, the systems agree by another way, somebody takes it back, or its time is over.
 */
export const waitFor = async (it: Running, run: RunRecord, error: SystemError): Promise<Next> => {
  const since = await it.lost()
  const now = it.now()
  const { system, label } = run
  const waitsSince = run.waitsSince ?? now
  const until = new Date(waitsSince.getTime() + it.waitMs)
  if (now >= until) {
    const words = `${system} could not be reached since ${it.clockText(since)}. Nothing was sent: press it again once ${system} is back, or do it there by hand.`
    return it.finish({ ...run, sends: 0, sentAt: null }, 'failed', words)
  }
  const waits: Partial<RunRecord> = {
    state: 'queued',
    sends: 0,
    sentAt: null,
    waitsSince,
    // What it said first: the card is not drawn anew for every other way of not answering.
    words: run.waitsSince === null ? wordsOf(error) : run.words,
  }
  const at = now.getTime() + nextTry(now.getTime() - waitsSince.getTime(), error)
  await it.save(run, {
    change: (open) =>
      open ? waits : it.finished('already_done', 'The systems agree by now. Nothing was sent.'),
    status: `${system} unreachable since ${it.clockText(since)}: "${label}" is queued and goes on by itself, until ${it.clockText(until)} at the latest.`,
    rest: new Date(Math.min(at, until.getTime())),
  })
  return { go: 'rest' }
}
