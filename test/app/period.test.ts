import { describe, expect, it } from 'vitest'
import { parsePeriod } from '../../src/app/period.ts'

// A Monday, 23 November 2026, 06:00 in Berlin (UTC+1).
const NOW = new Date('2026-11-23T05:00:00Z')

const parse = (text: string, now = NOW, zone = 'Europe/Berlin') => parsePeriod(text, { now, zone })

const span = (text: string, now = NOW, zone = 'Europe/Berlin') => {
  const parsed = parse(text, now, zone)
  if (!parsed.ok) return parsed.error
  return `${parsed.args.from.toISOString()} ${parsed.args.to.toISOString()}`
}

const label = (text: string) => {
  const parsed = parse(text)
  return parsed.ok ? parsed.args.label : parsed.error
}

describe('a period', () => {
  it('is the last seven days up to now when nothing is said', () => {
    expect(span('')).toBe('2026-11-16T05:00:00.000Z 2026-11-23T05:00:00.000Z')
    expect(label('  ')).toBe('the last 7 days')
  })

  it('is a day of the given zone, not of UTC', () => {
    expect(span('today')).toBe('2026-11-22T23:00:00.000Z 2026-11-23T23:00:00.000Z')
    expect(span('yesterday', NOW, 'America/Los_Angeles')).toBe(
      '2026-11-21T08:00:00.000Z 2026-11-22T08:00:00.000Z',
    )
  })

  it('starts weeks on Monday', () => {
    expect(span('this week')).toBe('2026-11-22T23:00:00.000Z 2026-11-29T23:00:00.000Z')
    expect(span('last week')).toBe('2026-11-15T23:00:00.000Z 2026-11-22T23:00:00.000Z')
    expect(span('week')).toBe(span('this week'))
  })

  it('gives the day on which clocks go back its 25 hours', () => {
    expect(span('2026-10-25')).toBe('2026-10-24T22:00:00.000Z 2026-10-25T23:00:00.000Z')
    expect(span('2026-03-29')).toBe('2026-03-28T23:00:00.000Z 2026-03-29T22:00:00.000Z')
  })

  it.each([
    ['7d', 'the last 7 days'],
    ['30 days', 'the last 30 days'],
    ['last 30 days', 'the last 30 days'],
    ['past 2 weeks', 'the last 2 weeks'],
    ['24h', 'the last 24 hours'],
    ['1 month', 'the last month'],
    ['today', 'today (Mon 23 Nov 2026), so far'],
    ['Last  WEEK ', 'last week (Mon 16 Nov to Sun 22 Nov 2026)'],
    ['for the last week?', 'last week (Mon 16 Nov to Sun 22 Nov 2026)'],
    ['last month', 'last month (October 2026)'],
    ['last year', 'last year (2025)'],
    ['this quarter', 'this quarter (Thu 1 Oct to Thu 31 Dec 2026), so far'],
    ['november', 'November 2026, so far'],
    ['nov', 'November 2026, so far'],
    ['december', 'December 2025'],
    ['Feb 2024', 'February 2024'],
    ['2026-11', 'November 2026, so far'],
    ['2026-w47', 'Mon 16 Nov to Sun 22 Nov 2026'],
    ['2025', '2025'],
    ['2026-11-3', 'Tue 3 Nov 2026'],
    ['2026-11-01..2026-11-15', 'Sun 1 Nov to Sun 15 Nov 2026'],
    ['2026-11-15 .. 2026-11-01', 'Sun 1 Nov to Sun 15 Nov 2026'],
    ['2025-12-20 to 2026-01-05', 'Sat 20 Dec 2025 to Mon 5 Jan 2026'],
    ['from september until october', 'Tue 1 Sep to Sat 31 Oct 2026'],
    ['2026-11-20..', 'Fri 20 Nov to Mon 23 Nov 2026, so far'],
    ['since yesterday', 'Sun 22 Nov to Mon 23 Nov 2026, so far'],
  ])('reads %j', (text, words) => {
    expect(label(text)).toBe(words)
  })

  it('includes the last day of a range', () => {
    expect(span('2026-11-01..2026-11-15')).toBe('2026-10-31T23:00:00.000Z 2026-11-15T23:00:00.000Z')
  })

  it.each([
    ['soon', 'I cannot read "soon" as a period.'],
    ['constructor', 'I cannot read "constructor" as a period.'],
    ['12', 'I cannot read "12" as a period.'],
    ['15.11.2026', 'I cannot read "15.11.2026" as a period.'],
    ['2026-11-01..later', 'I cannot read "later" as a period.'],
    ['2026-02-30', 'There is no "2026-02-30" in the calendar.'],
    ['2026-13', 'There is no "2026-13" in the calendar.'],
    ['2027-01-01', 'Fri 1 Jan 2027 has not begun yet.'],
    ['0d', 'A period is at least 1 hour long.'],
    ['999999 years', 'A period is at most 10 years long.'],
  ])('says what is wrong with %j', (text, error) => {
    expect(parse(text)).toEqual({ ok: false, error })
  })

  it('says when the configured zone does not exist', () => {
    expect(parse('today', NOW, 'Mars/Olympus')).toEqual({
      ok: false,
      error: '"Mars/Olympus" is not a time zone that I know.',
    })
  })
})
