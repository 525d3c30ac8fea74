import { subjectName } from '../domain/keys.ts'
import type { Severity } from '../domain/model.ts'
import type { Tone } from './card.ts'
import { money } from './exception-context.ts'
import type { ExceptionRow } from './queries.ts'
import { count, elapsed, timeLeft, upperFirst } from './words.ts'

export const TONES: Record<Severity, Tone> = { low: 'neutral', medium: 'warning', high: 'danger' }

/** What is at stake in a few words: its age, value, promise and last cut-off, and whoever is on it. */
const stakeWords = (row: ExceptionRow, now: Date): string[] => {
  const { valueMinor: minor, currency, promiseAt, saveBy, claimedBy, consequenceCount } = row
  const isCutOff = saveBy !== null && promiseAt !== null && saveBy.getTime() !== promiseAt.getTime()
  return [
    `broken for ${elapsed(row.since, now)}`,
    ...(minor === null || currency === null ? [] : [money({ minor, currency })]),
    ...(promiseAt === null ? [] : [`promised: ${timeLeft(promiseAt, now)}`]),
    ...(isCutOff ? [`last cut-off: ${timeLeft(saveBy, now)}`] : []),
    ...(consequenceCount > 0 ? [`+${count(consequenceCount, 'consequence')}`] : []),
    ...(claimedBy === null ? [] : [`${claimedBy.name} is on it`]),
  ]
}

/** One exception in two short lines: what is wrong with what, and what is at stake. */
export const stakeLine = (row: ExceptionRow, now: Date): string =>
  `#${row.id} · ${upperFirst(subjectName(row.subject.keys))} · ${row.title}\n${stakeWords(row, now).join(' · ')}`
