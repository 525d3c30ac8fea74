import type { Concentration } from '../domain/diagnosis/concentration.ts'
import type { Downstream } from '../domain/diagnosis/downstream.ts'
import type { Fix } from '../domain/diagnosis/fix.ts'
import type { HandoffDiagnosis } from '../domain/diagnosis/handoff.ts'
import type { Interval, Lag, Part, Rate } from '../domain/diagnosis/statistics.ts'
import type { Mark, Step } from '../domain/diagnosis/steps.ts'
import type { Trend } from '../domain/diagnosis/trend.ts'
import type { Report } from './report.ts'

/** The sentences of a diagnosis: said alike on the terminal, on the page and in the picture. */

export const count = (n: number): string => n.toLocaleString('en')

/** To one decimal, halves up: what a reader would do by hand. */
const oneDecimal = (value: number): string => (Math.round(value * 10) / 10).toFixed(1)

/** One decimal: a rate of 9.7% is not one of 9.2%. Never rounded to none or all when it is not. */
export const percent = (share: number): string => {
  const rounded = oneDecimal(share * 100)
  if (share > 0 && rounded === '0.0') return 'under 0.1%'
  if (share < 1 && rounded === '100.0') return 'over 99.9%'
  return `${rounded}%`
}

const wholePercent = (share: number): string => `${Math.round(share * 100)}%`

const range = ({ low, high }: Interval): string => `${oneDecimal(low * 100)} to ${oneDecimal(high * 100)}%`

export const sharePercent = ({ share }: Part): string => (share === null ? 'none' : percent(share))

/** "9.7% (483 of 4,954; 95% interval 9.0 to 10.6%)". */
export const rateWords = ({ hits, of, share, interval }: Rate): string =>
  share === null || interval === null
    ? 'nothing to count (n = 0)'
    : `${percent(share)} (${count(hits)} of ${count(of)}; 95% interval ${range(interval)})`

/** "43.6 h", "0.35 h (21 min)", "169.0 h (7.0 days)". */
export const hours = (value: number): string => {
  const size = Math.abs(value)
  if (size < 1) return `${value.toFixed(2)} h (${Math.round(value * 60)} min)`
  return size < 72 ? `${oneDecimal(value)} h` : `${oneDecimal(value)} h (${oneDecimal(value / 24)} days)`
}

export const lagParts = ({ n, medianHours, p90Hours, p99Hours }: Lag): { name: string; words: string }[] => {
  const words = (value: number | null): string =>
    value === null ? `too few (n = ${count(n)})` : hours(value)
  return [
    { name: 'median', words: words(medianHours) },
    { name: 'p90', words: words(p90Hours) },
    { name: 'p99', words: words(p99Hours) },
  ]
}

export const plain = (word: string): string => word.replaceAll('_', ' ')

export const markWords = ({ type, state }: Mark): string => `${plain(type)} ${plain(state)}`

/** "warehouse > carrier": the systems where there is one at each end, else the roles. */
const endsWords = (
  edges: readonly { from: string; to: string }[],
  roles: { from: string; to: string },
): string => {
  const [only, ...others] = edges
  const { from, to } = only && others.length === 0 ? only : roles
  return `${from} > ${to}`
}

export const handoffTitle = ({ edges, roles, object }: HandoffDiagnosis): string =>
  `${endsWords(edges, roles)}, ${plain(object)}`

export const stepTitle = ({ pairs, from, to }: Step): string =>
  `${endsWords(pairs, { from: from.role, to: to.role })}: ${markWords(from)} > ${markWords(to)}`

/** What became of the volume, largest part first; parts of nothing are left out. */
export const standingParts = ({ standings, conflicts }: HandoffDiagnosis): { n: number; words: string }[] => [
  ...[
    { n: standings.in_time, words: 'completed in time' },
    { n: standings.late, words: 'completed late' },
    { n: standings.undated, words: 'completed, but nothing says when' },
    { n: standings.never, words: 'overdue and never completed' },
    { n: standings.waiting, words: 'not yet due when the export ends' },
    { n: standings.called_off, words: 'called off, or no longer owed' },
    { n: standings.no_deadline, words: 'without a known deadline' },
  ].filter(({ n }) => n > 0),
  ...(conflicts > 0
    ? [{ n: conflicts, words: 'of those in time: dated before they were owed (clock conflict)' }]
    : []),
]

const laterName = (report: Report, contract: string): string => {
  const later = report.diagnosis.handoffs.find((handoff) => handoff.contract === contract)
  return later ? `“${later.title}”` : contract
}

/** How far the two rates downstream lie apart, and what that tells. */
export const tellWords = ({ difference, tells, excess }: Downstream): string => {
  if (!difference || tells === 'too_few') return 'too few to tell'
  const { value, interval } = difference
  const points = `${oneDecimal(value * 100)} points apart (95% interval ${oneDecimal(interval.low * 100)} to ${oneDecimal(interval.high * 100)})`
  const told = {
    more: `about ${count(Math.round(excess))} late ones more than usual`,
    less: 'fewer than where it was in time',
    no_difference: 'chance alone may explain it',
  }[tells]
  return `${points}: ${told}`
}

/** What goes with a missed handoff further down, sentence by sentence. */
export const downstreamWords = (own: Downstream, report: Report): string[] => {
  const name = laterName(report, own.contract)
  const { whenLate, whenInTime, missedWhenLate, missedWhenInTime, missedWhenNever } = own
  if (own.tells === 'too_few')
    return [`${name}: too few to tell (n = ${count(whenLate.of)} late, n = ${count(whenInTime.of)} in time).`]
  const said = [
    `${name}: late in ${sharePercent(whenLate)} of cases (n = ${count(whenLate.of)}) where this handoff was late, against ${sharePercent(whenInTime)} (n = ${count(whenInTime.of)}) where it was in time.`,
  ]
  said.push(`${tellWords(own)}.`)
  said.push(
    `Counting also what never arrived: ${sharePercent(missedWhenLate)} (n = ${count(missedWhenLate.of)}) against ${sharePercent(missedWhenInTime)} (n = ${count(missedWhenInTime.of)}).`,
  )
  if (missedWhenNever.of > 0)
    said.push(
      `Where this one never came: ${count(missedWhenNever.hits)} of ${count(missedWhenNever.of)} missed.`,
    )
  return said
}

export const pluralOf = (dimension: string): string => {
  const word = plain(dimension)
  if (word.endsWith('s')) return word
  return word.endsWith('y') ? `${word.slice(0, -1)}ies` : `${word}s`
}

/** "The worst 20 of 1,204 sellers hold 29% of the late ones (133 of 451) and 11% of the volume (527 of 4,922)." */
export const concentrationWords = (own: Concentration): string[] => {
  const { dimension, worst, owners, late, volume, luck, verdict, unknown } = own
  if (late.share === null || volume.share === null || luck === null)
    return [`No late one among ${count(owners)} ${pluralOf(dimension)}.`]
  const who =
    worst === 1
      ? `The worst of ${count(owners)} ${pluralOf(dimension)} holds`
      : `The worst ${worst} of ${count(owners)} ${pluralOf(dimension)} hold`
  const said = [
    `${who} ${wholePercent(late.share)} of the late ones (${count(late.hits)} of ${count(late.of)}) and ${wholePercent(volume.share)} of the volume (${count(volume.hits)} of ${count(volume.of)}).`,
    `By luck alone it would be ${wholePercent(luck.mean)}, rarely above ${percent(luck.p95)}: ${
      {
        concentrated: 'this is more than luck.',
        spread: 'no pile that luck does not explain.',
        too_few: 'too few late ones to tell.',
      }[verdict]
    }`,
  ]
  if (unknown > 0) said.push(`Left out, because their ${plain(dimension)} is not known: ${count(unknown)}.`)
  return said
}

export const trendWords = ({ compared }: Trend): string => {
  if (!compared) return 'Too few weeks to compare.'
  const { weeks, recent, before, tells } = compared
  const figures = `${sharePercent(recent)} missed in the last ${weeks} decided weeks (n = ${count(recent.of)}), ${sharePercent(before)} in the ${weeks} before (n = ${count(before.of)})`
  return {
    up: `Rising: ${figures}.`,
    down: `Falling: ${figures}.`,
    level: `No clear change: ${figures}.`,
    too_few: `Too few to tell: ${figures}.`,
  }[tells]
}

/** Why a handoff is among those to fix first. */
export const fixWords = (fix: Fix, report: Report): string[] => {
  if (fix.kind === 'step') {
    const { step, unwatched } = fix
    return [
      `${count(unwatched)} of ${count(step.entered)} got lost here, and no contract accounts for them: nobody has said how long this may take.`,
      'Set a deadline for it first: add a contract to the mapping.',
    ]
  }
  const { handoff, explained, hurts, piles } = fix
  const said = [`Missed: ${rateWords(handoff.missed)}.`]
  if (hurts) {
    said.push(
      `Where it is late, ${laterName(report, hurts.contract)} follows in ${sharePercent(hurts.whenLate)} of cases (n = ${count(hurts.whenLate.of)}), otherwise in ${sharePercent(hurts.whenInTime)} (n = ${count(hurts.whenInTime.of)}): about ${count(Math.round(hurts.excess))} more than usual.`,
    )
  }
  if (explained >= 1) {
    said.push(
      `About ${count(Math.round(explained))} of its ${count(handoff.missed.hits)} go with an earlier missed handoff; the other ${count(Math.round(handoff.missed.hits - explained))} are its own.`,
    )
  }
  if (piles) said.push(...concentrationWords(piles))
  else if (handoff.concentration.some(({ verdict }) => verdict === 'too_few'))
    said.push('Too few late ones to tell where it piles up.')
  else if (handoff.concentration.length > 0)
    said.push('It piles up nowhere beyond luck: mend the process, not a single partner.')
  return said
}

export const fixTitle = (fix: Fix): string =>
  fix.kind === 'contract' ? handoffTitle(fix.handoff) : stepTitle(fix.step)

/** What a step shows, in one or two sentences. */
export const stepWords = (step: Step): string[] => {
  const { entered, reached, undated, never, backwards } = step
  const without = entered - reached
  const said = [`${count(reached)} of ${count(entered)} went on.`]
  if (without > 0)
    said.push(
      undated > 0
        ? `${count(without)} have no date for it: ${count(never)} never got there, ${count(undated)} did, but nothing says when.`
        : `${count(never)} never got there.`,
    )
  if (backwards > 0)
    said.push(`${count(backwards)} are dated before the step that they follow: the clocks disagree.`)
  return said
}

/** "2018-10-10" in the report's zone. */
export const dayWords = (at: Date, zone: string): string => at.toLocaleDateString('sv', { timeZone: zone })

/** What was read, and what was wrong with it. */
export const readWords = ({ rows, badCount, diagnosis, asOf, zone }: Report): string[] => [
  `Rows read: ${Object.entries(rows)
    .map(([file, n]) => `${file} ${count(n)}`)
    .join(', ')}. ${badCount === 0 ? 'None was bad.' : `Left out as bad: ${count(badCount)}.`}`,
  `They state ${count(diagnosis.facts)} facts about ${count(diagnosis.cases)} subjects, up to ${dayWords(asOf, zone)}.`,
]
