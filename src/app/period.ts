import { DateTime } from 'luxon'
import type { Parsed } from './command.ts'
import { quoted } from './words.ts'

/**
 * Periods as people say them ("last week", "30d", "november", "2026-11-01..2026-11-15"), in a zone. The one place
 * where words become instants; weeks start on Monday, days may have 23 or 25 hours.
 */

/** `from` belongs to it, `to` does not. */
export type Period = { from: Date; to: Date; label: string }

type Unit = 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year'

/** Whole calendar units; `name` is what people call it, empty when the dates say it all. */
type Span = { start: DateTime; end: DateTime; name: string }

const SHORT_UNITS = new Map<string, Unit>([
  ['h', 'hour'],
  ['d', 'day'],
  ['w', 'week'],
  ['mo', 'month'],
  ['y', 'year'],
])
const UNITS: readonly Unit[] = ['hour', 'day', 'week', 'month', 'quarter', 'year']
const MONTHS = 'january february march april may june july august september october november december'.split(
  ' ',
)
/** Ten years: more is a slip of the keys. */
const MOST_DAYS = 3_660

const unitOf = (word: string): Unit | undefined =>
  SHORT_UNITS.get(word) ?? UNITS.find((unit) => word === unit || word === `${unit}s`)

const whole = (at: DateTime, unit: Unit, name = ''): Span => {
  const start = at.startOf(unit)
  return { start, end: start.plus({ [unit]: 1 }), name }
}

const namedSpan = (text: string, now: DateTime): Span | undefined => {
  if (text === 'today') return whole(now, 'day', text)
  if (text === 'yesterday') return whole(now.minus({ days: 1 }), 'day', text)
  const [, which, word] = /^(?:(this|current|last|previous|past) )?([a-z]+)$/.exec(text) ?? []
  const unit = UNITS.find((candidate) => candidate === word)
  if (!unit) return undefined
  const isNow = which === undefined || which === 'this' || which === 'current'
  return isNow ? whole(now, unit, `this ${unit}`) : whole(now.minus({ [unit]: 1 }), unit, `last ${unit}`)
}

/** `november`, `nov`, `nov 2025`: without a year the latest one that has begun. */
const monthSpan = (text: string, now: DateTime): Span | undefined => {
  const [, word = '', year] = /^([a-z]{3,9})\.?(?: (\d{4}))?$/.exec(text) ?? []
  const month = MONTHS.findIndex((name) => name.startsWith(word)) + 1
  if (word === '' || month === 0) return undefined
  const inYear = year === undefined ? now.year - (month > now.month ? 1 : 0) : Number(year)
  return whole(now.set({ year: inYear, month, day: 1 }), 'month')
}

/** `2026`, `2026-11`, `2026-11-30`, `2026-W48`: an impossible one is named as such. */
const isoSpan = (text: string, now: DateTime): Span | { error: string } | undefined => {
  if (!/^\d{4}(-\d{1,2}(-\d{1,2})?|-w\d{2})?$/.test(text)) return undefined
  const padded = text.toUpperCase().replace(/-(\d)(?=-|$)/g, '-0$1')
  const at = DateTime.fromISO(padded, { zone: now.zone })
  if (!at.isValid) return { error: `There is no ${quoted(padded)} in the calendar.` }
  const unit = text.includes('w') ? 'week' : (['year', 'month', 'day'] as const)[text.split('-').length - 1]
  return unit && whole(at, unit)
}

const calendarSpan = (text: string, now: DateTime): Span | { error: string } | undefined =>
  namedSpan(text, now) ?? monthSpan(text, now) ?? isoSpan(text, now)

const rolling = (text: string, now: DateTime): Period | { error: string } | undefined => {
  const [, digits = '', word = ''] = /^(?:last |past |previous )?(\d{1,6}) ?([a-z]+)$/.exec(text) ?? []
  const unit = unitOf(word)
  if (!unit) return undefined
  const amount = Number(digits)
  const from = now.minus({ [unit]: amount })
  if (amount === 0) return { error: 'A period is at least 1 hour long.' }
  if (!(now.diff(from, 'days').days <= MOST_DAYS)) return { error: 'A period is at most 10 years long.' }
  const label = amount === 1 ? `the last ${unit}` : `the last ${amount} ${unit}s`
  return { from: from.toJSDate(), to: now.toJSDate(), label }
}

const DATE = 'ccc d LLL yyyy'

const datesOf = ({ start, end }: Span): string => {
  const last = end.minus({ milliseconds: 1 })
  const words = (at: DateTime, format: string) => at.toFormat(format, { locale: 'en-US' })
  if (start.hasSame(last, 'day')) {
    const isWholeDay = start.equals(start.startOf('day')) && end.equals(start.plus({ days: 1 }))
    return isWholeDay ? words(start, DATE) : `${words(start, `${DATE} HH:mm`)} to ${words(end, 'HH:mm')}`
  }
  for (const [unit, format] of [
    ['month', 'LLLL yyyy'],
    ['year', 'yyyy'],
  ] as const) {
    if (start.equals(start.startOf(unit)) && end.equals(start.plus({ [unit]: 1 })))
      return words(start, format)
  }
  return `${words(start, start.year === last.year ? 'ccc d LLL' : DATE)} to ${words(last, DATE)}`
}

const periodOf = (span: Span, now: DateTime): Parsed<Period> => {
  if (span.start > now) return { ok: false, error: `${datesOf(span)} has not begun yet.` }
  const dates = datesOf(span)
  const label = `${span.name === '' ? dates : `${span.name} (${dates})`}${span.end > now ? ', so far' : ''}`
  return { ok: true, args: { from: span.start.toJSDate(), to: span.end.toJSDate(), label } }
}

/** `a..b`, `a to b`, `since a`: both ends belong to it, in either order. */
const rangeEnds = (text: string): [string, string] | undefined => {
  const [, since] = /^since (.+)$/.exec(text) ?? []
  if (since) return [since, 'today']
  const [, a, b] =
    /^(?:from |between )?(.+?)(?: ?(?:\.{2,3}|…) ?| (?:to|until|till|through|and|-|–|—) )(.*)$/.exec(text) ??
    []
  return a === undefined || b === undefined ? undefined : [a, b === '' ? 'today' : b]
}

/**
 * Reads a period. Empty text is the last seven days. Dates without a zone are days of `zone` (IANA); an error says
 * what was wrong in one sentence.
 */
export const parsePeriod = (text: string, context: { now: Date; zone: string }): Parsed<Period> => {
  const now = DateTime.fromJSDate(context.now, { zone: context.zone })
  if (!now.isValid) return { ok: false, error: `${quoted(context.zone)} is not a time zone that I know.` }
  const words = text
    .toLowerCase()
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/[?!]+$/, '')
  const asked = words.replace(/^(?:for |in |of |during |over |the )+/, '') || '7 days'

  const unreadable = (part: string) => ({
    ok: false as const,
    error: `I cannot read ${quoted(part)} as a period.`,
  })
  const ends = rangeEnds(asked)
  if (ends) {
    const spans: Span[] = []
    for (const end of ends) {
      const span = calendarSpan(end, now)
      if (!span) return unreadable(end)
      if ('error' in span) return { ok: false, error: span.error }
      spans.push({ ...span, name: '' })
    }
    const start = DateTime.min(...spans.map((span) => span.start))
    const end = DateTime.max(...spans.map((span) => span.end))
    return start && end ? periodOf({ start, end, name: '' }, now) : unreadable(asked)
  }
  const span = calendarSpan(asked, now)
  if (span) return 'error' in span ? { ok: false, error: span.error } : periodOf(span, now)
  const rolled = rolling(asked, now)
  if (!rolled) return unreadable(text.trim())
  return 'error' in rolled ? { ok: false, error: rolled.error } : { ok: true, args: rolled }
}

/** The first moment that is not today any more. */
export const endOfDay = (now: Date, zone: string): Date =>
  DateTime.fromJSDate(now, { zone }).startOf('day').plus({ days: 1 }).toJSDate()

/** The time of day in a zone: `14:00`; of another day than `now` with its day: `Tue 24 Nov 14:00`. */
export const clockIn = (at: Date, zone: string, now = at): string => {
  const local = DateTime.fromJSDate(at, { zone }).setLocale('en-GB')
  const isToday = local.hasSame(DateTime.fromJSDate(now, { zone }), 'day')
  return local.toFormat(isToday ? 'HH:mm' : 'ccc d LLL HH:mm')
}
