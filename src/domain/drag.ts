import { ASSUMPTIONS, type Assumptions } from './drag/assumptions.ts'
import { handsOn } from './drag/hands-on.ts'
import { sessionsOf } from './drag/sessions.ts'
import { byPerson, type Gap, inOrder, type Touch } from './drag/touch.ts'
import { handoffName } from './model.ts'

export type { Gap, Touch } from './drag/touch.ts'

/** Hours of what people did, or of a part of it. */
export type DragFigures = {
  /** Measured and assumed together. */
  handsOnHours: number
  /** Seen in an open form, or stated by the person. */
  measuredHours: number
  assumedHours: number
  /** Part of `assumedHours`: fixes that people made in the systems themselves. */
  offChatHours: number
  /** Sessions STARTED here; each is one switch of attention. */
  sessions: number
  /** Beside the headline, never inside it. */
  switchingHours: { low: number; typical: number; high: number }
  touches: number
  /** Different exceptions; one that was touched in two lines counts in both, and once in the total. */
  exceptions: number
}

/** Null gap: tool drag, the time that Baton itself takes (questions, approvals, false alarms). */
export type DragLine = DragFigures & { gap: Gap | null }

export type Drag = {
  period: { from: Date; to: Date }
  orders: number
  /** Persons known to Baton who touched anything. Never broken down by person. */
  persons: number
  /** The sum of the lines. */
  total: DragFigures
  /** Most hours first; tool drag, if any, last. */
  lines: DragLine[]
  /** Hands-on hours per 1,000 orders; null when no order was seen in the period. */
  indexPer1000: number | null
  /** Whether the order of the gaps would hold at every assumed cost of a switch; null when there are none to rank. */
  ranking: 'stable' | 'unstable' | 'too_few' | null
  assumptions: Assumptions
}

export type MeasureInput = {
  /** `from` belongs to the period, `to` does not. */
  period: { from: Date; to: Date }
  /** Orders placed in the period: the denominator. */
  orders: number
  /** Exceptions dismissed as false alarms: the touches on them are tool drag. */
  falseAlarms?: ReadonlySet<string>
  assumptions?: Assumptions
}

/**
 * How far outside the period the touches must be read for its figure to be exact: a session or a log across the
 * boundary needs its other side.
 */
export const CONTEXT_HOURS = 24

/** Hours per 1,000 orders; null without orders. */
export const per1000 = (hours: number, orders: number): number | null =>
  orders > 0 ? (1000 * hours) / orders : null

type Tally = {
  gap: Gap | null
  measuredMs: number
  assumedMs: number
  offChatMs: number
  sessions: number
  touches: number
  exceptions: Set<string>
}

const tallyFor = (gap: Gap | null): Tally => ({
  gap,
  measuredMs: 0,
  assumedMs: 0,
  offChatMs: 0,
  sessions: 0,
  touches: 0,
  exceptions: new Set(),
})

const sum = (tallies: readonly Tally[]): Tally => {
  const total = tallyFor(null)
  for (const tally of tallies) {
    total.measuredMs += tally.measuredMs
    total.assumedMs += tally.assumedMs
    total.offChatMs += tally.offChatMs
    total.sessions += tally.sessions
    total.touches += tally.touches
    for (const exception of tally.exceptions) total.exceptions.add(exception)
  }
  return total
}

const figuresOf = (tally: Tally, { switchSeconds }: Assumptions): DragFigures => {
  const hours = (ms: number) => ms / 3_600_000
  const switching = (seconds: number) => (tally.sessions * seconds) / 3_600
  return {
    handsOnHours: hours(tally.measuredMs + tally.assumedMs),
    measuredHours: hours(tally.measuredMs),
    assumedHours: hours(tally.assumedMs),
    offChatHours: hours(tally.offChatMs),
    sessions: tally.sessions,
    switchingHours: {
      low: switching(switchSeconds.low),
      typical: switching(switchSeconds.typical),
      high: switching(switchSeconds.high),
    },
    touches: tally.touches,
    exceptions: tally.exceptions.size,
  }
}

/** Tool drag has the empty name. */
const nameOf = (gap: Gap | null): string => (gap ? `${handoffName(gap.handoff)} ${gap.contract}` : '')

const mostHoursFirst = (a: DragLine, b: DragLine): number =>
  Number(a.gap === null) - Number(b.gap === null) ||
  b.handsOnHours - a.handsOnHours ||
  (nameOf(a.gap) < nameOf(b.gap) ? -1 : 1)

/** The cost of a line is linear in r: an order that holds at both ends of the band holds in between. */
const rankingOf = (
  lines: readonly DragLine[],
  persons: number,
  { sessions }: DragFigures,
  { minimum }: Assumptions,
): Drag['ranking'] => {
  const gaps = lines.filter(({ gap }) => gap !== null)
  if (gaps.length < 2) return null
  if (persons < minimum.persons || sessions < minimum.sessions) return 'too_few'
  const order = (end: 'low' | 'high') =>
    [...gaps]
      .sort((a, b) => b.handsOnHours + b.switchingHours[end] - (a.handsOnHours + a.switchingHours[end]))
      .map(({ gap }) => nameOf(gap))
      .join('\n')
  return order('low') === order('high') ? 'stable' : 'unstable'
}

/** Hours, sessions, touches and exceptions of the touches inside the period, by gap. */
const tallyUp = (touches: readonly Touch[], input: MeasureInput, assumptions: Assumptions): Tally[] => {
  const inside = ({ at }: Touch) => at >= input.period.from && at < input.period.to
  const isFalseAlarm = (exception: string) => input.falseAlarms?.has(exception) ?? false
  const isTool = ({ kind }: Touch) => kind === 'approval' || kind === 'command'
  const gapOn = (touch: Touch, exception: string | null) =>
    isTool(touch) || (exception !== null && isFalseAlarm(exception)) ? null : touch.gap
  /** As a whole a touch is tool drag only when everything it was about was a false alarm. */
  const gapOfWhole = (touch: Touch) =>
    gapOn(touch, touch.exceptions.every(isFalseAlarm) ? (touch.exceptions[0] ?? null) : null)

  const tallies = new Map<string, Tally>()
  const tallyOf = (gap: Gap | null): Tally => {
    const tally = tallies.get(nameOf(gap)) ?? tallyFor(gap)
    tallies.set(nameOf(gap), tally)
    return tally
  }
  for (const touch of touches.filter(inside)) {
    tallyOf(gapOfWhole(touch)).touches += 1
    for (const exception of touch.exceptions) tallyOf(gapOn(touch, exception)).exceptions.add(exception)
  }
  for (const { touch, exception, measuredMs, assumedMs } of handsOn(touches, assumptions)) {
    if (!inside(touch)) continue
    const tally = tallyOf(gapOn(touch, exception))
    tally.measuredMs += measuredMs
    tally.assumedMs += assumedMs
    if (touch.kind === 'off_chat') tally.offChatMs += assumedMs
  }
  for (const [first] of byPerson(touches).flatMap((own) => sessionsOf(own, assumptions))) {
    if (first && inside(first)) tallyOf(gapOfWhole(first)).sessions += 1
  }
  return [...tallies.values()]
}

/**
 * The hours-only Drag Index of a period (`reference/measurement.md`).
 *
 * `touches` may reach beyond the period, and should by `CONTEXT_HOURS` on both sides: sessions are read from all of
 * them, and what belongs to a touch inside the period is counted. So the figures of two adjoining periods add up to
 * that of both. The order of `touches` changes nothing.
 */
export const measure = (touches: readonly Touch[], input: MeasureInput): Drag => {
  const { period, orders, assumptions = ASSUMPTIONS } = input
  const tallies = tallyUp(inOrder(touches), input, assumptions)
  const lines = tallies
    .map((tally): DragLine => ({ gap: tally.gap, ...figuresOf(tally, assumptions) }))
    .sort(mostHoursFirst)
  const total = figuresOf(sum(tallies), assumptions)
  const persons = new Set(
    touches.filter(({ at }) => at >= period.from && at < period.to).flatMap(({ personId }) => personId ?? []),
  ).size
  return {
    period,
    orders,
    persons,
    total,
    lines,
    indexPer1000: per1000(total.handsOnHours, orders),
    ranking: rankingOf(lines, persons, total, assumptions),
    assumptions,
  }
}
