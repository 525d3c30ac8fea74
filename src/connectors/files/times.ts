import { DateTime, IANAZone } from 'luxon'

/**
 * Local times of an export, read into UTC instants. A zone's clock skips some local times in spring and shows some
 * twice in autumn: the skipped ones are refused, of the doubled ones the earlier is taken and counted.
 */

type TimeRead = { ms: number; ambiguous: boolean } | { problem: string }

/** Reads one cell. `day`: only the date counts, and it means the first instant of that day. */
export type TimeReader = (text: string, day: boolean) => TimeRead

const DAY_MS = 86_400_000
/** Month and weekday names are read in English, whatever the machine's locale. */
const LOCALE = 'en-US'

type Wall = { wallMs: number } | { ms: number }
type Format = (text: string) => Wall | null

/** Luxon's own words for an offset inside a format (`Z`, `ZZ`, `z`), outside quoted text. */
const carriesOffset = (format: string): boolean => /[Zz]/.test(format.replace(/'[^']*'/g, ''))

/** ISO 8601 and its looser cousins: a blank for the `T`, a blank before the offset, `UTC` for `Z`. */
const compileIso = (): Format => (text) => {
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return null
  const iso = text
    .replace(/ *UTC$/, 'Z')
    .replace(/ +/, 'T')
    .replace(/ +/, '')
  const parsed = DateTime.fromISO(iso, { zone: 'utc' })
  if (!parsed.isValid) return null
  return /T.*(Z|[+-]\d\d(:?\d\d)?)$/.test(iso) ? { ms: parsed.toMillis() } : { wallMs: parsed.toMillis() }
}

const compileFormat = (format: string): Format => {
  if (format === 'iso') return compileIso()
  const parser = DateTime.buildFormatParser(format, { locale: LOCALE })
  const offset = carriesOffset(format)
  return (text) => {
    const parsed = DateTime.fromFormatParser(text, parser, { zone: 'utc', locale: LOCALE })
    if (!parsed.isValid) return null
    return offset ? { ms: parsed.toMillis() } : { wallMs: parsed.toMillis() }
  }
}

/** Luxon's tokens that carry one part of a date or time each; its locale-dependent macros (D, ff, T) are left out. */
const TOKENS = new Set(
  'yyyy yy MMMM MMM MM M LLLL LLL LL L dd d ooo o EEEE EEE cccc ccc HH H hh h mm m ss s SSS S u uu uuu a ZZZ ZZ Z z'.split(
    ' ',
  ),
)
const SAMPLE = DateTime.utc(2017, 3, 24, 17, 6, 7)

/**
 * Says what is wrong with a format, or null. It must consist of luxon's tokens and carry a whole date: writing an
 * afternoon with it and reading it back gives the same day, and the same hour where it has hours. That catches the
 * tokens of other libraries (`YYYY-MM-DD`) and a 12-hour clock without am and pm.
 */
export const formatProblem = (format: string): string | null => {
  if (format === 'iso') return null
  const fix = 'use luxon tokens such as yyyy-MM-dd HH:mm:ss, M/d/yyyy H:mm or dd.MM.yyyy, or the word iso'
  const foreign = format
    .replace(/'[^']*'/g, '')
    .match(/([A-Za-z])\1*/g)
    ?.find((run) => !TOKENS.has(run))
  if (foreign !== undefined) return `"${format}" has ${foreign}, which is no luxon token; ${fix}`
  const read = compileFormat(format)(SAMPLE.toFormat(format, { locale: LOCALE }))
  const ms = read === null ? Number.NaN : 'ms' in read ? read.ms : read.wallMs
  const hours = Math.floor((ms - SAMPLE.startOf('day').toMillis()) / 3_600_000)
  if (hours === 0 || hours === SAMPLE.hour) return null
  return hours === SAMPLE.hour - 12
    ? `"${format}" has a 12-hour clock without am and pm; write H for hours from 0 to 23, or add a`
    : `"${format}" does not read a whole date; ${fix}`
}

/** A reader for local times of one IANA zone in any of several formats; the first format that fits is taken. */
export const timeReader = (formats: string[], zoneName: string): TimeReader => {
  const compiled = formats.map(compileFormat)
  const toInstant = wallClock(zoneName)
  return (text, day) => {
    for (const format of compiled) {
      const read = format(text)
      if (read === null) continue
      if ('ms' in read) return { ms: read.ms, ambiguous: false }
      return toInstant(read.wallMs, day)
    }
    return {
      problem: `is not a time in ${formats.length === 1 ? 'the format' : 'any of the formats'} ${formats.join(', ')}`,
    }
  }
}

/** Wall time (ms as if it were UTC) of a zone > instant. Assumes at most one clock change within three days. */
const wallClock = (zoneName: string): ((wallMs: number, day: boolean) => TimeRead) => {
  const zone = IANAZone.create(zoneName)
  const offsetMs = (ms: number): number => zone.offset(ms) * 60_000
  const around = new Map<number, { before: number; after: number }>()
  const offsetsAround = (wallMs: number): { before: number; after: number } => {
    const day = Math.floor(wallMs / DAY_MS)
    const known = around.get(day) ?? {
      before: offsetMs((day - 1) * DAY_MS),
      after: offsetMs((day + 2) * DAY_MS),
    }
    around.set(day, known)
    return known
  }
  return (given, day) => {
    const wallMs = day ? Math.floor(given / DAY_MS) * DAY_MS : given
    const { before, after } = offsetsAround(wallMs)
    if (before === after) return { ms: wallMs - before, ambiguous: false }
    const instants = [wallMs - before, wallMs - after].filter((ms) => offsetMs(ms) === wallMs - ms)
    const [first, second] = [...new Set(instants)].sort((a, b) => a - b)
    // A day begins once: the first of two midnights, or where midnight was skipped, the moment after the gap.
    if (day) return { ms: first ?? wallMs - before, ambiguous: false }
    if (first === undefined)
      return { problem: `did not exist in ${zoneName}: the clocks were put forward over it` }
    return { ms: first, ambiguous: second !== undefined }
  }
}
