import { DateTime } from 'luxon'

/**
 * Working time: the hours of a calendar in its zone. A shift belongs to the day on which it begins and may run past
 * midnight; on a holiday none begins. Hours are read off the wall clock, but what passes between two readings is real
 * time: the night in which the clocks go back has a longer shift.
 */

/** Minutes after midnight of the day on which it begins; beyond 1440 it runs into the next day. */
export type Shift = { from: number; to: number }

export type Calendar = {
  /** IANA; null = the zone of the file that it stands in. */
  zone: string | null
  /** Seven days from Monday on, each with its shifts in the order of their beginning. */
  days: Shift[][]
  /** `2026-12-25`, or `12-25` for every year. */
  holidays: string[]
  /** Minutes after midnight: what comes later counts from the next day on. */
  cutOff: number | null
}

export type Worktime = {
  /**
   * The end of the shift that is on at that moment, or of one that begins within the hour; of several the first to end.
   * Null where nobody works then.
   */
  shiftEnd(at: Date): Date | null
  /** The end of `ms` of working time after `from`; with 0 the first moment from then on at which somebody works. */
  after(from: Date, ms: number): Date
  /** The last cut-off at or before `at`, of a day on which somebody works; null without a cut-off. */
  lastCutOff(at: Date): Date | null
}

export type Calendars = ReadonlyMap<string, Worktime>

const DAY_MS = 86_400_000
const DAY_MINUTES = 1_440
/** Ten years: what would take longer than that never falls due. */
const MOST_DAYS = 3_660
/** Days kept worked out; about two years of facts in any order. */
const MOST_KEPT = 800

/** Who comes so early belongs to the shift that begins then. */
const EARLY_MS = 3_600_000

/** Days are counted from 1970-01-01, which was a Thursday. */
export const weekdayOf = (day: number): number => (((day + 3) % 7) + 7) % 7
const dateOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10)

/**
 * When a wall clock in the zone shows `minutes` after midnight of a day. A time that the spring leaves out is the one
 * that comes in its place; of two equal ones in autumn it is the first.
 */
export const instantOn = (day: number, minutes: number, zone: string): number => {
  const date = new Date((day + Math.floor(minutes / DAY_MINUTES)) * DAY_MS)
  const ofDay = minutes % DAY_MINUTES
  return DateTime.fromObject(
    {
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      hour: Math.floor(ofDay / 60),
      minute: ofDay % 60,
    },
    { zone },
  ).toMillis()
}

/** Whether a shift begins on this day. */
const isOpenOn = ({ days, holidays }: Calendar, day: number): boolean => {
  const date = dateOf(day)
  const shifts = days[weekdayOf(day)] ?? []
  return shifts.length > 0 && !holidays.includes(date) && !holidays.includes(date.slice(5))
}

/** The first year between these two (both belong to it) in which nobody ever works; null where there is none. */
export const closedYear = (calendar: Calendar, from: number, to: number): number | null => {
  for (let year = from; year <= to; year++) {
    const first = Date.UTC(year, 0, 1) / DAY_MS
    const next = Date.UTC(year + 1, 0, 1) / DAY_MS
    let day = first
    while (day < next && !isOpenOn(calendar, day)) day++
    if (day === next) return year
  }
  return null
}

/** Remembers what was worked out for each day, so that the check of a fact costs no look at a calendar's zone. */
export const byDay = <T>(work: (day: number) => T): ((day: number) => T) => {
  const known = new Map<number, T>()
  return (day) => {
    const found = known.get(day)
    if (found !== undefined) return found
    if (known.size >= MOST_KEPT) known.clear()
    const fresh = work(day)
    known.set(day, fresh)
    return fresh
  }
}

/** A calendar ready to be asked; `zone` holds where it names none itself. */
export const worktimeOf = (calendar: Calendar, zone: string): Worktime => {
  const at = calendar.zone ?? zone
  const shiftsOf = byDay((day) =>
    isOpenOn(calendar, day)
      ? (calendar.days[weekdayOf(day)] ?? []).map(({ from, to }) => ({
          from: instantOn(day, from, at),
          to: instantOn(day, to, at),
        }))
      : [],
  )
  const startOf = byDay((day) => instantOn(day, 0, at))
  const cutOffOf = byDay((day) => instantOn(day, calendar.cutOff ?? 0, at))

  /** What comes after the day's cut-off came, for the people who work, at the beginning of the next day. */
  const arrival = (from: number): number => {
    if (calendar.cutOff === null) return from
    let day = Math.floor(from / DAY_MS) + 1
    while (startOf(day) > from) day--
    return from < cutOffOf(day) ? from : startOf(day + 1)
  }

  return {
    shiftEnd(at) {
      const now = at.getTime()
      const today = Math.floor(now / DAY_MS)
      const ends = [-2, -1, 0, 1].flatMap((days) =>
        shiftsOf(today + days).flatMap(({ from, to }) => (from - EARLY_MS <= now && now < to ? [to] : [])),
      )
      return ends.length > 0 ? new Date(Math.min(...ends)) : null
    },

    after(from, ms) {
      let now = arrival(from.getTime())
      let left = ms
      // Two days back: one for the zone, one for the shift of the night before.
      const first = Math.floor(now / DAY_MS) - 2
      for (let day = first; day < first + MOST_DAYS; day++) {
        for (const shift of shiftsOf(day)) {
          const begin = Math.max(shift.from, now)
          const length = shift.to - begin
          if (length <= 0) continue
          if (left <= length) return new Date(begin + left)
          left -= length
          now = shift.to
        }
      }
      return new Date((first + MOST_DAYS) * DAY_MS)
    },

    lastCutOff(before) {
      if (calendar.cutOff === null) return null
      const latest = Math.floor(before.getTime() / DAY_MS) + 1
      for (let day = latest; day > latest - MOST_DAYS; day--) {
        if (isOpenOn(calendar, day) && cutOffOf(day) <= before.getTime()) return new Date(cutOffOf(day))
      }
      return null
    },
  }
}

export const worktimesOf = (calendars: Record<string, Calendar>, zone: string): Calendars =>
  new Map(Object.entries(calendars).map(([name, calendar]) => [name, worktimeOf(calendar, zone)]))
