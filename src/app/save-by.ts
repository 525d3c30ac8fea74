import type { Contract } from '../domain/contract/contract.ts'
import type { Setup } from './world.ts'

/**
 * Until when it can still be saved: the last cut-off that is not after the promise, or the promise itself where nobody
 * has a cut-off. Of a contract with a calendar of its own it is that calendar's; else the earliest of all calendars', so
 * that nobody is told too late. Null where nothing was promised.
 */
export const saveBy = (
  { calendars }: Pick<Setup, 'calendars'>,
  contract: Pick<Contract, 'grace'> | undefined,
  promiseAt: Date | null,
): Date | null => {
  if (promiseAt === null) return null
  const own = contract?.grace.kind === 'working' ? calendars.get(contract.grace.calendar) : undefined
  const last =
    own?.lastCutOff(promiseAt) ?? earliest([...calendars.values()].map((each) => each.lastCutOff(promiseAt)))
  return last ?? promiseAt
}

const earliest = (times: (Date | null)[]): Date | null =>
  times.reduce((first, at) => (at !== null && (first === null || at < first) ? at : first), null)
