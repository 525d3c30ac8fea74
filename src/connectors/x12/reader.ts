import { DateTime } from 'luxon'
import type { WireFact } from '../../app/connector.ts'
import type { ObjectType } from '../../domain/model.ts'
import type { X12Config } from './config.ts'
import type { Segment, TransactionSet } from './envelope.ts'

/** A segment that makes no sense: its place in the set, and why. */
export class BadSegment extends Error {
  readonly segment: string
  constructor(segment: string, reason: string) {
    super(reason)
    this.segment = segment
  }
}

/** What a reader of transaction sets needs to know of the partner. */
export type Terms = Pick<X12Config, 'role' | 'zone' | 'item' | 'place' | 'levels' | 'units'>

/** One transaction set under the terms of its partner; `at` is when the sender made it. */
export type Advice = { set: TransactionSet; terms: Terms; at: Date; version: number }

/** The n-th element (from 1) without blanks around it; empty where there is none. */
export const el = ({ elements }: Segment, n: number): string => elements[n - 1]?.trim() ?? ''

const nameOf = (segment: Segment, n: number): string => `${segment.tag}${String(n).padStart(2, '0')}`

export const required = (segment: Segment, n: number, what: string): string => {
  const text = el(segment, n)
  if (text === '') throw new BadSegment(segment.tag, `${nameOf(segment, n)} (${what}) is missing`)
  return text
}

/** The first segment of a set, which says what it is about. */
export const beginning = ({ segments }: TransactionSet, tag: string): Segment => {
  const [first] = segments
  if (first?.tag !== tag)
    throw new BadSegment(tag, `the set begins with ${first?.tag ?? 'nothing'}, not with ${tag}`)
  return first
}

/** What N9 and REF segments call by one of these qualifiers, each once. */
export const references = (segments: Segment[], ...qualifiers: string[]): string[] => {
  const named = segments.filter(
    (segment) => ['N9', 'REF'].includes(segment.tag) && qualifiers.includes(el(segment, 1)),
  )
  return [...new Set(named.map((segment) => el(segment, 2)).filter((value) => value !== ''))]
}

/** `CCYYMMDD` with `HHMM`, `HHMMSS` or longer, as the sender's clock on the wall shows it; null if it is no time. */
export const instant = (date: string, time: string, zone: string): Date | null => {
  const clock = /^(\d{2})(\d{2})(\d{2})?\d{0,2}$/.exec(time)
  if (!/^\d{8}$/.test(date) || (time !== '' && !clock)) return null
  const [, hour = '00', minute = '00', second = '00'] = clock ?? []
  const iso = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T${hour}:${minute}:${second}`
  const read = DateTime.fromISO(iso, { zone })
  return read.isValid && read.year >= 1900 ? read.toJSDate() : null
}

/** A date with or without a time. One without says only the day: on the day of the document it is the document's time. */
export const happenedAt = (
  { set, terms, at }: Advice,
  segment: Segment,
  dateAt: number,
  timeAt?: number,
): Date => {
  const date = el(segment, dateAt)
  const time = timeAt === undefined ? '' : el(segment, timeAt)
  if (date === '' || (time === '' && date === set.group.date)) return at
  const read = instant(date, time, terms.zone)
  if (!read)
    throw new BadSegment(segment.tag, `${nameOf(segment, dateAt)}: "${`${date} ${time}`.trim()}" is no time`)
  return read
}

/**
 * Orders what documents say about one object: when the sender made them (GS04, GS05), and within one minute, or one
 * second where it writes seconds, by their control numbers.
 */
export const versionOf = ({ group, interchange }: TransactionSet, at: Date): number =>
  at.getTime() + (Number(interchange.control) % (group.time.length >= 6 ? 1_000 : 60_000))

/** Pairs of qualifier and number, such as `SK*MUG-RED*UP*0614…`, from one element on; the SKU as the partner's terms say. */
export const skuOf = ({ item }: Terms, segment: Segment, from: number, pairs: number): string => {
  const stated = new Map<string, string>()
  for (let n = from; n < from + 2 * pairs; n += 2) {
    if (el(segment, n + 1) !== '') stated.set(el(segment, n), el(segment, n + 1))
  }
  for (const qualifier of item) {
    const sku = stated.get(qualifier)
    if (sku !== undefined) return sku
  }
  const there = [...stated.keys()].join(', ')
  const words =
    there === '' ? 'it names no article' : `it names its article by ${there}, and not by ${item.join(', ')}`
  throw new BadSegment(segment.tag, words)
}

/** A number of pieces: as stated, times what is in one of its unit. No unit means pieces. */
export const pieces = (
  { units }: Terms,
  segment: Segment,
  at: { quantity: number; unit: string; sku: string; signed?: boolean },
): number => {
  const text = required(segment, at.quantity, 'quantity')
  const name = nameOf(segment, at.quantity)
  if (!/^-?\d{1,15}(\.\d{1,9})?$|^-?\.\d{1,9}$/.test(text)) {
    throw new BadSegment(segment.tag, `${name}: "${text}" is no quantity`)
  }
  const count = Number(text) * factorOf(units, segment, at.unit, at.sku)
  const whole = Math.round(count)
  if (Math.abs(count - whole) > 1e-6)
    throw new BadSegment(segment.tag, `${name}: ${text} ${at.unit} is no whole number of pieces`)
  if (whole < 0 && !at.signed) throw new BadSegment(segment.tag, `${name}: ${text} is below zero`)
  return whole === 0 ? 0 : whole
}

const factorOf = (units: Terms['units'], { tag }: Segment, unit: string, sku: string): number => {
  if (unit === '' || unit === 'EA') return 1
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined
  if (typeof factor === 'number') return factor
  const own = factor !== undefined && Object.hasOwn(factor, sku) ? factor[sku] : undefined
  if (own !== undefined) return own
  throw new BadSegment(tag, `the unit is ${unit}: say under "units" how many pieces of ${sku} that is`)
}

/** `SSSTTT`: the SSS-th of TTT documents that belong together. False only where more of them follow. */
export const isLast = (linkSequence: string): boolean => {
  const [, nth, of] = /^(\d{3})(\d{3})$/.exec(linkSequence) ?? []
  return nth === undefined || Number(nth) >= Number(of)
}

/** The part of a fact that depends on what it is about. */
type About = Pick<WireFact, 'externalId' | 'keys' | 'state' | 'rawState'> &
  Partial<Pick<WireFact, 'quantities' | 'attributes' | 'occurredAt'>>

export const factOf = ({ at, version }: Advice, type: ObjectType, about: About): WireFact => ({
  type,
  quantities: {},
  attributes: {},
  occurredAt: at,
  ...about,
  version,
  changedBy: { kind: 'unknown' },
})

/** Adds a number under a name. */
export const add = (to: Record<string, number>, name: string, count: number): void => {
  to[name] = (to[name] ?? 0) + count
}
