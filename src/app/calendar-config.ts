import { IANAZone } from 'luxon'
import { z } from 'zod'
import { type Calendar, closedYear, type Shift } from './calendar.ts'
import { duration } from './contract-config.ts'
import type { Lands } from './landing.ts'

/*
 * How working time and batches are written, in `baton.yml` and (calendars) in an import's mapping:
 *
 *   calendars:
 *     warehouse:
 *       zone: Europe/Berlin                      # else the zone of the file
 *       hours:
 *         mon-fri: [06:00-14:00, 14:30-22:00]    # a day, or from one to another
 *         sat: 22:00-06:00                       # a night shift belongs to the day on which it begins
 *       holidays: [2026-12-25, 01-01]            # without a year: every year
 *       cut_off: 20:00                           # what comes later counts from the next day on
 *
 *   batches:
 *     erp-main: { at: [02:00, 14:00], days: mon-sat }
 *     pim: { every: 1h }
 */

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const DAY_MINUTES = 1_440

/** Minutes after midnight of `6:00`, `06:00`, `24:00`; null for what is no time of day. */
const minutesOf = (text: string): number | null => {
  const [, hours = '', minutes = ''] = /^(\d{1,2}):(\d{2})$/.exec(text.trim()) ?? []
  const at = hours === '' ? Number.NaN : Number(hours) * 60 + Number(minutes)
  return at <= DAY_MINUTES && Number(minutes) < 60 ? at : null
}

/** `mon`, or `mon-fri`; also over the weekend, `sat-mon`. */
const daysOf = (text: string): number[] | null => {
  const [first = '', last = first, ...more] = text
    .trim()
    .toLowerCase()
    .split(/\s*-\s*/)
  const from = DAYS.indexOf(first)
  const to = DAYS.indexOf(last)
  if (from < 0 || to < 0 || more.length > 0) return null
  return DAYS.map((_day, n) => (from + n) % 7).slice(0, ((to - from + 7) % 7) + 1)
}

/** What a reader makes of a text, or what to write instead. */
const readAs = <T>(read: (text: string) => T | null, instead: string) =>
  z.string().transform((text, context): T => {
    const found = read(text)
    if (found !== null) return found
    context.addIssue({ code: 'custom', message: `"${text}" ${instead}` })
    return z.NEVER
  })

const oneOrMore = <S extends z.ZodType>(each: S) =>
  z.union([z.array(each).min(1), each.transform((only) => [only])])

export const zone = z.string().refine((text) => IANAZone.isValidZone(text), {
  error: 'is no time zone; write one like Europe/Berlin',
})

const clock = readAs((text) => {
  const at = minutesOf(text)
  return at === DAY_MINUTES ? null : at
}, 'is no time of day; write one like 06:00')

const shift = readAs((text): Shift | null => {
  const [from, to, ...more] = text.split('-').map(minutesOf)
  if (typeof from !== 'number' || typeof to !== 'number' || more.length > 0) return null
  if (from === to || from === DAY_MINUTES) return null
  return { from, to: to > from ? to : to + DAY_MINUTES }
}, 'are no hours; write them like 06:00-14:00, a night like 22:00-06:00, a whole day 00:00-24:00')

const holiday = readAs((text) => {
  const [, year = '2024', date = ''] = /^(?:(\d{4})-)?(\d{2}-\d{2})$/.exec(text.trim()) ?? []
  // 2024 has a 29th of February.
  const at = new Date(`${year}-${date}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().slice(5, 10) === date ? text.trim() : null
}, 'is no date; write one like 2026-12-25, or 12-25 for every year')

const DAY_WORDS = 'is no day; write one like mon, or several like mon-fri'

/** How far ahead a calendar is looked at for a year in which nobody would ever work. */
const LAST_YEAR = 2100

/** One calendar as written. */
export const calendarConfig = z
  .strictObject({
    zone: zone.optional(),
    hours: z.record(
      z
        .string()
        .refine((text) => daysOf(text) !== null, { error: (issue) => `"${issue.input}" ${DAY_WORDS}` }),
      oneOrMore(shift),
    ),
    holidays: z.array(holiday).default([]),
    cut_off: clock.optional(),
  })
  .transform((written, context): Calendar => {
    const days: Shift[][] = DAYS.map(() => [])
    for (const [text, shifts] of Object.entries(written.hours)) {
      for (const day of daysOf(text) ?? []) days[day]?.push(...shifts)
    }
    for (const shifts of days) shifts.sort((a, b) => a.from - b.from)
    const { zone: own = null, holidays, cut_off: cutOff = null } = written
    const calendar: Calendar = { zone: own, days, holidays, cutOff }
    const year = closedYear(calendar, 2020, LAST_YEAR)
    if (year === null) return calendar
    const message = days.every((shifts) => shifts.length === 0)
      ? 'is never open; write hours such as mon-fri: 08:00-17:00'
      : `is never open in ${year}: every day with hours is a holiday`
    context.addIssue({ code: 'custom', path: ['hours'], message })
    return z.NEVER
  })

const SHORTEST_MS = 5 * 60_000
const DAY_MS = 86_400_000

/** When the files of one system land, as written. */
export const landsConfig = z
  .strictObject({
    at: oneOrMore(clock).optional(),
    every: duration
      .refine(
        (ms) => ms >= SHORTEST_MS && DAY_MS % ms === 0 && ms % 60_000 === 0,
        'must divide a day into equal parts of at least 5m, such as 15m, 1h or 6h',
      )
      .optional(),
    days: oneOrMore(readAs(daysOf, DAY_WORDS)).optional(),
    zone: zone.optional(),
  })
  .transform(({ at, every, days, zone: own }, context): Lands => {
    if ((at === undefined) === (every === undefined)) {
      context.addIssue({ code: 'custom', message: 'say either at: [02:00, 14:00] or every: 1h' })
      return z.NEVER
    }
    const stepMinutes = (every ?? DAY_MS) / 60_000
    const steps = Array.from({ length: DAY_MINUTES / stepMinutes }, (_step, n) => n * stepMinutes)
    const on = days?.flat()
    return {
      at: [...new Set(at ?? steps)].sort((a, b) => a - b),
      days: DAYS.map((_day, n) => on?.includes(n) ?? true),
      zone: own ?? null,
    }
  })
