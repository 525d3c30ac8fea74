import type { ExceptionRecord, RunRecord } from './records.ts'

/**
 * Whether the exception is still the one that the run was asked for: open, in the same episode. To take something back
 * nothing need be wrong with it.
 */
export const stands = ({ state, episode }: ExceptionRecord, run: RunRecord): boolean =>
  episode === run.episode && (state === 'open' || run.undoes !== null)

/** The exception as its card shows the run; the same object if it shows nothing new. */
export const showRun = (
  exception: ExceptionRecord,
  before: RunRecord,
  run: RunRecord,
  status: string | undefined,
): ExceptionRecord => {
  const words = stands(exception, run) && status !== undefined ? status : exception.status
  const shown = ({ state, outcome, words, verifiedAt, settleBy }: RunRecord) => {
    // Every try of a run that waits for its system goes from the queue into a process's hands and back.
    const progress = state === 'reading' ? 'queued' : state
    return JSON.stringify([progress, outcome, words, verifiedAt, outcome === 'requested' ? settleBy : null])
  }
  if (words === exception.status && shown(before) === shown(run)) return exception
  // The end of a run offers the actions again: that is a new version.
  const ended = run.state === 'finished' && before.state !== 'finished' && stands(exception, run)
  return {
    ...exception,
    status: words,
    revision: exception.revision + 1,
    version: exception.version + (ended ? 1 : 0),
    run: run.state === 'finished' ? null : exception.run,
  }
}
