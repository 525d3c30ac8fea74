/*
 * Is the stream of one system's news as it always is? Three sentinels, in the order of their certainty: freshness (can
 * it be read, does anything come?), shape (can what comes be read?) and volume (is it as much as at this hour of other
 * weeks?). Only the same hours of the week are compared, so that a quiet night or Sunday is no alarm, and every alarm
 * says the figures that it rests on.
 */

const MINUTE_MS = 60_000
/** A number that was left out is looked for so long; then it will not come any more. */
export const MISSED_FOR_MS = 3 * 24 * 60 * MINUTE_MS
export const HOUR_MS = 60 * MINUTE_MS

/** How many weeks back the same hours are looked at. */
export const WEEKS = 4
/** A stretch without news is compared up to this length: longer ones say nothing more. */
export const LONGEST_QUIET_MS = 6 * HOUR_MS

/** So many of the weeks must be known before anything is called usual. */
const MIN_WEEKS = 3
/** Fewer facts in an hour swing too much by themselves: none of them may be called too few or too many. */
const MIN_FACTS = 40
/** As many signals must have come in each of the weeks before their absence says something. */
const MIN_SIGNALS = 20
/** A silence is one only if it is so many times as long as the longest of the same stretches. */
const GAP_TIMES = 3
/** Rows of the last hour, and of the same hours before, that a share of unreadable ones needs under it. */
const MIN_ROWS = 20
const MIN_USUAL_ROWS = 100
/** More unreadable rows than ever before: so many times the usual share. */
const UNREADABLE_TIMES = 3
/** What is strange already must come back this far into the usual, or it would flutter at the edge. */
const EASE = 2

/** What one system sent in one stretch of time; the gap is the longest without any signal, ends included. */
export type Counted = { signals: number; facts: number; unreadable: number; longestGapMs: number }

/** Where the alarms begin; what they mean is said in `baton.example.yml`. */
export type FeedLimits = {
  /** A system that cannot be read for so long is silent. */
  silentAfterMs: number
  /** Fewer than this share of the lowest of the same hours. */
  tooFew: number
  /** More than so many times the highest of the same hours. */
  tooMany: number
  /** More than this share of rows that cannot be read. */
  unreadable: number
}

/** What an alarm rests on: `unreachable`, `unread` and `missing` on what is seen now, all others on a comparison. */
export const FINDINGS = [
  'unreachable',
  'unread',
  'missing',
  'quiet',
  'unreadable',
  'too_few',
  'too_many',
] as const
export type Finding = (typeof FINDINGS)[number]

/** Numbers from `first` to `last` of a sender's series that were left out; `since`: when the next one came. */
export type MissingNumbers = { of: string; first: number; last: number; since: Date }

export type FeedFigures = {
  now: Date
  /** Where the sender numbers its deliveries; the oldest first. */
  missing: MissingNumbers[]
  /** Since when Baton has been there to hear: what was silent before may have been its own absence. */
  watchedSince: Date
  /** Since when the feed has been well; after an outage much comes at once. Null: always. */
  freshSince: Date | null
  /** Null for a system that only pushes. */
  read: { downSince: Date | null; lastError: string | null; knownUpTo: Date | null } | null
  lastSignalAt: Date | null
  /** The last hour, and the same hour of those earlier weeks in which the system was known already. */
  hour: Counted
  hours: Counted[]
  /** The stretch since the last signal, and the same stretch of the earlier weeks. */
  quiet: { ms: number; weeks: Counted[] } | null
  /** What it was called so far; null when it was well. */
  was: Finding | null
}

export type FeedVerdict =
  | { is: 'fresh' }
  | { is: 'silent' | 'strange'; finding: Finding; since: Date; words: string }
  /** Baton was not there long enough to tell: what it was called stays. */
  | { is: 'unclear' }

type Suspect = Exclude<FeedVerdict, { is: 'fresh' | 'unclear' }>

/** Judges one feed. Pure and total: the same figures give the same verdict. */
export const judgeFeed = (figures: FeedFigures, limits: FeedLimits): FeedVerdict => {
  const now = unreachable(figures, limits) ?? unread(figures, limits) ?? missing(figures)
  if (now) return now
  const compared =
    quiet(figures, limits) ??
    unreadable(figures, limits) ??
    tooFew(figures, limits) ??
    tooMany(figures, limits)
  if (compared) return compared
  const { was } = figures
  const wasCompared = was !== null && !['unreachable', 'unread', 'missing'].includes(was)
  return wasCompared && !watchedFor(figures, HOUR_MS) ? { is: 'unclear' } : { is: 'fresh' }
}

const watchedFor = ({ now, watchedSince }: FeedFigures, ms: number): boolean =>
  now.getTime() - watchedSince.getTime() >= ms

const unreachable = ({ now, read }: FeedFigures, { silentAfterMs }: FeedLimits): Suspect | null => {
  if (!read?.downSince || now.getTime() - read.downSince.getTime() < silentAfterMs) return null
  const words = `cannot be read. ${read.lastError ?? ''}`.trim()
  return { is: 'silent', finding: 'unreachable', since: read.downSince, words }
}

/** It answers, or is not even asked, and all the same Baton does not get to the end of what it says. */
const unread = (figures: FeedFigures, { silentAfterMs }: FeedLimits): Suspect | null => {
  const { now, read, watchedSince, lastSignalAt } = figures
  // Before its first reading is through nothing is owed; while news comes the reading is under way.
  if (!read?.knownUpTo || read.downSince) return null
  const heardAt = Math.max(read.knownUpTo.getTime(), lastSignalAt?.getTime() ?? 0, watchedSince.getTime())
  const ms = now.getTime() - heardAt
  if (ms < silentAfterMs) return null
  const words = `has not been read to its end for ${span(ms)}`
  return { is: 'silent', finding: 'unread', since: read.knownUpTo, words }
}

/** Something was sent and has not come: what it said is not known, and what depends on it not to be told. */
const missing = ({ missing: [first, ...more] }: FeedFigures): Suspect | null => {
  if (!first) return null
  const numbers =
    first.first === first.last ? `number ${first.first}` : `numbers ${first.first} to ${first.last}`
  const others =
    more.length === 0 ? '' : `, and ${more.length === 1 ? 'another hole' : `${more.length} other holes`}`
  const words = `${numbers} of ${first.of} never came, while ${first.last + 1} did${others}`
  return { is: 'strange', finding: 'missing', since: first.since, words }
}

const quiet = (figures: FeedFigures, { silentAfterMs }: FeedLimits): Suspect | null => {
  const { now, lastSignalAt, quiet } = figures
  if (!lastSignalAt || !quiet || quiet.weeks.length < MIN_WEEKS) return null
  if (quiet.ms < silentAfterMs || !watchedFor(figures, quiet.ms)) return null
  const counts = quiet.weeks.map(({ signals }) => signals)
  const longest = Math.max(...quiet.weeks.map(({ longestGapMs }) => longestGapMs))
  if (Math.min(...counts) < MIN_SIGNALS || quiet.ms < GAP_TIMES * longest) return null
  const since = new Date(Math.max(lastSignalAt.getTime(), now.getTime() - LONGEST_QUIET_MS))
  const words =
    `nothing for ${span(quiet.ms)}; in the same ${span(quiet.ms)} of the last ${counts.length} weeks ` +
    `${between(counts)} signals came, never more than ${span(longest)} apart`
  return { is: 'silent', finding: 'quiet', since, words }
}

const rowsOf = ({ facts, unreadable }: Counted): number => facts + unreadable
const total = (list: Counted[], of: (each: Counted) => number): number =>
  list.reduce((sum, each) => sum + of(each), 0)

const unreadable = ({ now, hour, hours, was }: FeedFigures, limits: FeedLimits): Suspect | null => {
  const rows = rowsOf(hour)
  const usualRows = total(hours, rowsOf)
  if (rows < MIN_ROWS || usualRows < MIN_USUAL_ROWS) return null
  const bad = total(hours, (each) => each.unreadable)
  const ease = was === 'unreadable' ? EASE : 1
  const limit = Math.max(limits.unreadable, (UNREADABLE_TIMES * bad) / usualRows) / ease
  if (hour.unreadable <= limit * rows) return null
  const words =
    `${hour.unreadable} of ${rows} rows of the last hour cannot be read; ` +
    `usually ${bad} of ${usualRows} at this hour of the week`
  return { is: 'strange', finding: 'unreadable', since: now, words }
}

const volumeWords = ({ hour, hours }: FeedFigures): string =>
  `${hour.facts} facts in the last hour; usually ${between(hours.map(({ facts }) => facts))} at this hour of the week`

const tooFew = (figures: FeedFigures, limits: FeedLimits): Suspect | null => {
  const { now, hour, hours, was } = figures
  if (hours.length < MIN_WEEKS || !watchedFor(figures, HOUR_MS)) return null
  const lowest = Math.min(...hours.map(({ facts }) => facts))
  const share = Math.min(1, limits.tooFew * (was === 'too_few' ? EASE : 1))
  if (lowest < MIN_FACTS || hour.facts >= share * lowest) return null
  return { is: 'strange', finding: 'too_few', since: now, words: volumeWords(figures) }
}

const tooMany = (figures: FeedFigures, limits: FeedLimits): Suspect | null => {
  const { now, hour, hours, was, freshSince } = figures
  if (hours.length < MIN_WEEKS || !watchedFor(figures, HOUR_MS)) return null
  // What was missed in an outage comes at once afterwards.
  const settled = freshSince === null || now.getTime() - freshSince.getTime() >= HOUR_MS
  if (!settled && was !== 'too_many') return null
  const highest = Math.max(...hours.map(({ facts }) => facts), MIN_FACTS)
  const times = Math.max(1, limits.tooMany / (was === 'too_many' ? EASE : 1))
  if (hour.facts <= times * highest) return null
  return { is: 'strange', finding: 'too_many', since: now, words: volumeWords(figures) }
}

/** `80 to 120`, or `80` where all are the same. */
const between = (counts: number[]): string => {
  const [least, most] = [Math.min(...counts), Math.max(...counts)]
  return least === most ? String(least) : `${least} to ${most}`
}

/** `40 s`, `24 min`, `5.5 h`. */
const span = (ms: number): string => {
  if (ms < MINUTE_MS) return `${Math.ceil(ms / 1000)} s`
  if (ms < 2 * HOUR_MS) return `${Math.round(ms / MINUTE_MS)} min`
  return `${Math.round((10 * ms) / HOUR_MS) / 10} h`
}
