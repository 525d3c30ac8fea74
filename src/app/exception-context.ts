import type { CardBlock } from './card.ts'
import { type Amount, MOST_COUNTED } from './context.ts'
import type { Consequence, ExceptionDetail, GapView, Waiter } from './queries.ts'
import { count, elapsed, lasting, listed, upperFirst, wholeNumber } from './words.ts'

/** What stands around an exception, in words: shared by its card and by the longer answer to "Why?". */

export const money = ({ minor, currency }: Amount): string => {
  try {
    return new Intl.NumberFormat('en', { style: 'currency', currency }).format(minor / 100)
  } catch {
    return `${(minor / 100).toFixed(2)} ${currency}`
  }
}

const amountWords = (amounts: Amount[]): string => listed(amounts.map(money))

type Fact = Extract<CardBlock, { kind: 'facts' }>['facts'][number]

const factOf = ({ name, promiseAt }: Waiter, words: string[]): Fact => ({
  label: upperFirst(name),
  value: [...words, ...(promiseAt ? ['promised'] : [])].join(', ') || 'no promise known',
  ...(promiseAt ? { at: promiseAt } : {}),
})

const consequenceFact = (each: Consequence): Fact => factOf(each, [`#${each.id} ${each.title}`])

const orderFact = (each: Waiter): Fact =>
  factOf(
    each,
    each.valueMinor === null || each.currency === null
      ? []
      : [money({ minor: each.valueMinor, currency: each.currency })],
  )

/** Of how many the first ones follow; nothing where all of them do, or none. */
const firstOf = (total: number, shown: number): string =>
  shown > 0 && total > shown ? ` The first ${shown}, and ${wholeNumber(total - shown)} more:` : ''

const listOf = (facts: Fact[]): CardBlock[] => (facts.length > 0 ? [{ kind: 'facts', facts }] : [])

/** What else is broken because of it, the most urgent first. */
export const consequenceBlocks = (row: ExceptionDetail, most: number): CardBlock[] => {
  const { first, amounts } = row.consequences
  if (first.length === 0) return []
  const total = row.consequenceCount
  const shown = first.slice(0, most)
  const worth = amounts.length > 0 ? `, worth ${amountWords(amounts)}` : ''
  const atLeast = total >= MOST_COUNTED ? 'At least ' : ''
  const follows = `${atLeast}${count(total, 'other break follows', 'other breaks follow')} from it${worth}.`
  return [
    { kind: 'text', text: `${follows}${firstOf(total, shown.length)}`, tone: 'warning' },
    ...listOf(shown.map(consequenceFact)),
  ]
}

/** Who else waits for the same goods, the first promised first. */
export const orderBlocks = ({ orders }: ExceptionDetail, most: number): CardBlock[] => {
  if (orders === null || orders.total === 0) return []
  const { total, isCut, amounts } = orders
  const shown = orders.first.slice(0, most)
  const worth = amounts.length > 0 ? `, worth ${amountWords(amounts)}` : ''
  const atLeast = isCut ? 'At least ' : ''
  const need = `${count(total, 'open order needs', 'open orders need')} the same goods${worth}.`
  return [
    { kind: 'text', text: `${atLeast}${need}${firstOf(total, shown.length)}` },
    ...listOf(shown.map(orderFact)),
  ]
}

/** Fewer than this say nothing about what is usual. */
const TELLING_CLOSED = 5

const times = (n: number): string => (n === 1 ? 'once' : count(n, 'time'))

const oftenWords = ({ week, quarter, isCut, medianOpenMs }: GapView): string => {
  if (quarter <= 1) return 'The first of its kind in 90 days.'
  const inQuarter = isCut ? `over ${count(quarter - 1, 'time')}` : times(quarter)
  const open = medianOpenMs === null ? '' : `; half of them were over within ${lasting(medianOpenMs)}`
  return `It broke ${times(week)} in 7 days, ${inQuarter} in 90${open}.`
}

/** Whether waiting a little is mostly all it takes. */
export const healsAlone = ({ closed, healedAlone }: GapView): boolean =>
  closed >= TELLING_CLOSED && healedAlone * 2 > closed

const aloneWords = (gap: GapView): string[] =>
  healsAlone(gap) && gap.medianAloneMs !== null
    ? [
        `Most heal by themselves (${gap.healedAlone} of ${gap.closed}), half of those within ${lasting(gap.medianAloneMs)}.`,
      ]
    : []

const actionWords = ({ label, times: n, verified }: GapView['actions'][number]): string =>
  `${label} (${n}×${verified === n ? '' : `, ${verified} worked`})`

/** "12 of the last 14 times, 3 min": how often people did the same about it; null where nobody has. */
export const usualWords = ({ gap }: ExceptionDetail, action: string): string | null => {
  const did = gap?.actions.find(({ id }) => id === action)
  if (!gap || !did) return null
  const often = gap.handled === 1 ? 'The last time' : `${did.times} of the last ${gap.handled} times`
  return [
    often,
    ...(did.verified === did.times ? [] : [`${did.verified} worked`]),
    ...(did.ms === null || did.ms < 1_000 ? [] : [lasting(did.ms)]),
  ].join(', ')
}

/** What this break has come to before: how often, what helped, and who knows it. */
export const historyLines = ({ gap }: ExceptionDetail): string[] => {
  if (gap === null) return []
  const { actions, people } = gap
  const done = [
    ...(actions.length > 0 ? [`What people did: ${listed(actions.map(actionWords))}.`] : []),
    ...(people.length > 0 ? [`Who knows it: ${listed(people)}.`] : []),
  ]
  return [[oftenWords(gap), ...aloneWords(gap)].join(' '), ...(done.length > 0 ? [done.join(' ')] : [])]
}

/** How far each action has come on this gap towards being left to automation. */
export const provenWords = ({ gap }: ExceptionDetail): string | null => {
  const earning = (gap?.actions ?? []).flatMap(({ label, proven, needed }) =>
    needed === null || proven === 0 ? [] : [`${label}, ${Math.min(proven, needed)} of ${needed}`],
  )
  return earning.length === 0
    ? null
    : `Verified runs that lasted, of those that automation asks for: ${earning.join('; ')}.`
}

/** The latest notes on others of its kind. */
export const noteLines = ({ gap, asOf }: ExceptionDetail): string[] =>
  (gap?.notes ?? []).map(
    ({ exception, person, note, at }) =>
      `Note by ${person} on #${exception}, ${elapsed(at, asOf)} ago: ${note}`,
  )

const DAY_MS = 86_400_000

/** "3 times in 2 h": how often it was back within the past day, or over its whole life; null for a first episode. */
export const cameBack = ({ episode, openings, asOf }: ExceptionDetail): string | null => {
  if (episode < 2) return null
  const recent = openings.filter((at) => asOf.getTime() - at.getTime() < DAY_MS)
  const returns = recent.filter((_, index) => episode - index > 1).length
  const first = recent.at(-1)
  if (returns === 0 || first === undefined) return times(episode - 1)
  const inAll = returns < episode - 1 ? `, ${times(episode - 1)} in all` : ''
  return `${times(returns)} in ${elapsed(first, asOf)}${inAll}`
}
