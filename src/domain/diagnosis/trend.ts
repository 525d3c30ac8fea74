import { isDecided, isMissed } from './downstream.ts'
import type { Outcome } from './outcome.ts'
import { differenceOf, type Rate, rateOf } from './statistics.ts'

/** The handoffs that became owed in one week. */
export type Week = {
  /** Its first day, ISO. */
  start: string
  missed: Rate
  /** Of this week, still not due when the export ends: its rate may yet change. */
  waiting: number
}

export type Trend = {
  weeks: Week[]
  /** The last weeks that are fully decided, beside as many before them; null where there are too few weeks. */
  compared: { weeks: number; recent: Rate; before: Rate; tells: 'up' | 'down' | 'level' | 'too_few' } | null
}

const COMPARED_WEEKS = 8
/** Handoffs on either side below which nothing is said. */
const LEAST = 30

const DAY_MS = 86_400_000

/** Every week from the first to the last, also those in which nothing happened. */
const allWeeks = (starts: readonly string[]): string[] => {
  const sorted = [...starts].sort()
  const [first, last] = [sorted[0], sorted.at(-1)]
  const weeks: string[] = []
  for (let week = first; week !== undefined && last !== undefined && week <= last; ) {
    weeks.push(week)
    week = new Date(Date.parse(week) + 7 * DAY_MS).toISOString().slice(0, 10)
  }
  return weeks
}

/** `weekOf`: an instant in ms > the first day of its week, ISO (the same weekday every time), by the caller's calendar. */
export const trendOf = (outcomes: readonly Outcome[], weekOf: (ms: number) => string): Trend => {
  const byWeek = new Map<string, Outcome[]>()
  for (const outcome of outcomes) {
    const start = weekOf(outcome.sinceMs)
    const own = byWeek.get(start)
    if (own) own.push(outcome)
    else byWeek.set(start, [outcome])
  }
  const weeks = allWeeks([...byWeek.keys()]).map((start): Week => {
    const own = byWeek.get(start) ?? []
    const decided = own.filter(isDecided)
    return {
      start,
      missed: rateOf(decided.filter(isMissed).length, decided.length),
      waiting: own.filter(({ standing }) => standing === 'waiting').length,
    }
  })
  return { weeks, compared: compare(weeks.filter(({ missed, waiting }) => missed.of > 0 && waiting === 0)) }
}

const compare = (weeks: readonly Week[]): Trend['compared'] => {
  const n = Math.min(COMPARED_WEEKS, Math.floor(weeks.length / 2))
  if (n === 0) return null
  const recent = together(weeks.slice(-n))
  const before = together(weeks.slice(-2 * n, -n))
  const difference = differenceOf(recent, before)
  const enough = difference !== null && Math.min(recent.of, before.of) >= LEAST
  const tells = !enough
    ? 'too_few'
    : difference.interval.low > 0
      ? 'up'
      : difference.interval.high < 0
        ? 'down'
        : 'level'
  return { weeks: n, recent, before, tells }
}

const together = (weeks: readonly Week[]): Rate =>
  rateOf(
    weeks.reduce((sum, { missed }) => sum + missed.hits, 0),
    weeks.reduce((sum, { missed }) => sum + missed.of, 0),
  )
