import type { ExceptionRecord, RunRecord } from './records.ts'

/** Somebody else has it in hand: asked, or has agreed to it. It may take days, and nothing waits for it. */
export const isAsked = ({ state, outcome }: Pick<RunRecord, 'state' | 'outcome'>): boolean =>
  state === 'settling' && (outcome === 'requested' || outcome === 'accepted')

/**
 * Whether the exception is still the one that the run was asked for: open, in the same episode. To take something back
 * nothing need be wrong with it.
 */
export const stands = ({ state, episode }: ExceptionRecord, run: RunRecord): boolean =>
  episode === run.episode && (state === 'open' || run.undoes !== null)

/** What the run means for what is offered beside it: nothing else, anything else, or itself again. */
const bearing = (run: RunRecord): string | null => {
  if (run.state === 'finished') return 'over'
  return isAsked(run) ? run.outcome : 'in progress'
}

/** The exception as its card shows the run; the same object if it shows nothing new. */
export const showRun = (
  exception: ExceptionRecord,
  before: RunRecord,
  run: RunRecord,
  status: string | undefined,
): ExceptionRecord => {
  // Where somebody answers while another run is in progress, the card goes on saying how far that one is.
  const hasWord = stands(exception, run) && (exception.run === null || exception.run.id === run.id)
  const words = hasWord && status !== undefined ? status : exception.status
  const shown = ({ state, outcome, words, verifiedAt, settleBy }: RunRecord) => {
    // Every try of a run that waits for its system goes from the queue into a process's hands and back.
    const progress = state === 'reading' ? 'queued' : state
    return JSON.stringify([progress, outcome, words, verifiedAt, outcome === 'requested' ? settleBy : null])
  }
  if (words === exception.status && shown(before) === shown(run)) return exception
  // Where other actions are offered from now on that is a new version.
  const isVersion = bearing(before) !== bearing(run) && stands(exception, run)
  return {
    ...exception,
    status: words,
    revision: exception.revision + 1,
    version: exception.version + (isVersion ? 1 : 0),
    run: exception.run?.id === run.id && bearing(run) !== 'in progress' ? null : exception.run,
    asked: [...exception.asked.filter(({ id }) => id !== run.id), ...(isAsked(run) ? [run] : [])],
  }
}
