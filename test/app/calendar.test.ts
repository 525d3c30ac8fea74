import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { worktimeOf } from '../../src/app/calendar.ts'
import { calendarConfig } from '../../src/app/calendar-config.ts'

const HOUR = 3_600_000
const MINUTE = 60_000

const written = {
  hours: { 'mon-fri': ['06:00-14:00', '14:30-22:00'], sat: '08:00-12:00' },
  holidays: ['2026-12-25', '01-01'],
}
const worktime = (over: object = {}, zone = 'Europe/Berlin') =>
  worktimeOf(calendarConfig.parse({ ...written, ...over }), zone)

/** What a wall clock in Berlin shows, as an instant: winter is +1, summer +2. */
const berlin = (text: string, offset = '+01:00'): Date => new Date(`${text}:00${offset}`)
const ends = (calendar: ReturnType<typeof worktime>, from: Date, hours: number): string =>
  calendar.after(from, hours * HOUR).toISOString()

describe('working time', () => {
  it.each([
    ['within a shift', '2026-11-23T07:00', 2, '2026-11-23T09:00'],
    ['over the break between two shifts', '2026-11-23T13:30', 1, '2026-11-23T15:00'],
    ['before anybody is there', '2026-11-23T03:00', 1, '2026-11-23T07:00'],
    ['over the night', '2026-11-23T21:00', 2, '2026-11-24T07:00'],
    ['over the weekend, in which half a Saturday counts', '2026-11-27T21:00', 6, '2026-11-30T07:00'],
    ['over a holiday', '2026-12-24T21:00', 2, '2026-12-26T09:00'],
    ['over a holiday of every year', '2026-12-31T21:30', 1, '2027-01-02T08:30'],
    ['to the very end of a shift, not to the begin of the next', '2026-11-23T12:00', 2, '2026-11-23T14:00'],
  ])('counts %s', (_what, from, hours, to) => {
    expect(ends(worktime(), berlin(from), hours)).toBe(berlin(to).toISOString())
  })

  it.each([
    ['today, once it has passed', '2026-11-23T20:30', '2026-11-23T20:00'],
    ['at that very minute', '2026-11-23T20:00', '2026-11-23T20:00'],
    ['yesterday until then', '2026-11-24T12:00', '2026-11-23T20:00'],
    ['on Saturday where nobody works on Sunday', '2026-11-29T23:00', '2026-11-28T20:00'],
    ['before a holiday', '2026-12-25T21:00', '2026-12-24T20:00'],
  ])('has its last cut-off %s', (_what, at, last) => {
    expect(worktime({ cut_off: '20:00' }).lastCutOff(berlin(at))).toEqual(berlin(last))
  })

  it('without a cut-off has no last one', () => {
    expect(worktime().lastCutOff(berlin('2026-11-23T20:30'))).toBeNull()
  })

  it('of nothing ends when somebody is there', () => {
    expect(worktime().after(berlin('2026-11-29T12:00'), 0)).toEqual(berlin('2026-11-30T06:00'))
    expect(worktime().after(berlin('2026-11-30T07:00'), 0)).toEqual(berlin('2026-11-30T07:00'))
  })

  it('is read off the wall clock of its zone, in summer and in winter', () => {
    expect(ends(worktime(), berlin('2026-10-23T21:00', '+02:00'), 6)).toBe(
      berlin('2026-10-26T07:00').toISOString(),
    )
    expect(ends(worktime({ zone: 'America/New_York' }), new Date('2026-11-23T11:30:00Z'), 1)).toBe(
      '2026-11-23T12:30:00.000Z',
    )
  })

  it('counts real hours: the night in which the clocks change has a shorter or a longer shift', () => {
    const nights = worktime({ hours: { 'mon-sun': '22:00-06:00' } })
    // 2026-03-29 loses the hour from two to three, 2026-10-25 has it twice.
    expect(ends(nights, berlin('2026-03-28T22:00'), 7)).toBe(
      berlin('2026-03-29T06:00', '+02:00').toISOString(),
    )
    expect(ends(nights, berlin('2026-10-24T22:00', '+02:00'), 9)).toBe(
      berlin('2026-10-25T06:00').toISOString(),
    )
  })

  it('gives a night shift to the day on which it begins', () => {
    const nights = worktime({ hours: { sat: '22:00-06:00' }, holidays: ['2026-11-29'] })
    // It runs into a Sunday that is a holiday, and on.
    expect(ends(nights, berlin('2026-11-29T05:00'), 1)).toBe(berlin('2026-11-29T06:00').toISOString())
    expect(ends(nights, berlin('2026-11-29T05:00'), 2)).toBe(berlin('2026-12-05T23:00').toISOString())
    const closed = worktime({ hours: { sat: '22:00-06:00' }, holidays: ['2026-11-28'] })
    expect(ends(closed, berlin('2026-11-29T05:00'), 1)).toBe(berlin('2026-12-05T23:00').toISOString())
  })

  it('counts what comes after the cut-off from the next day on', () => {
    const cut = worktime({ cut_off: '13:00' })
    expect(ends(cut, berlin('2026-11-23T12:59'), 1)).toBe(berlin('2026-11-23T13:59').toISOString())
    expect(ends(cut, berlin('2026-11-23T13:00'), 1)).toBe(berlin('2026-11-24T07:00').toISOString())
    expect(ends(cut, berlin('2026-11-27T15:00'), 1)).toBe(berlin('2026-11-28T09:00').toISOString())
  })

  it('that would take longer than ten years ends somewhere, and at once', () => {
    const rare = worktime({ hours: { mon: '08:00-08:01' } })
    const end = rare.after(berlin('2026-11-23T07:00'), 10_000 * HOUR)
    expect(end.getTime()).toBeGreaterThan(Date.UTC(2036, 0, 1))
  })
})

/** Minute by minute, with another clock than the one under test: slow, and plainly right. */
const byMinutes = (calendar: Calendar, zone: string, from: Date, minutes: number): Date => {
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  let left = minutes
  for (let at = from.getTime(); ; at += MINUTE) {
    const parts = Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, value]))
    const day = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(parts.weekday ?? '')
    const minute = Number(parts.hour) * 60 + Number(parts.minute)
    const isIn = (shifts: Shift[] | undefined, shown: number) =>
      shifts?.some((shift) => shift.from <= shown && shown < shift.to) ?? false
    if (!isIn(calendar.days[day], minute) && !isIn(calendar.days[(day + 6) % 7], minute + 1_440)) continue
    if (left === 0) return new Date(at)
    left--
    if (left === 0) return new Date(at + MINUTE)
  }
}

type Calendar = z.output<typeof calendarConfig>
type Shift = Calendar['days'][number][number]

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Pacific/Auckland',
  'Pacific/Kiritimati',
]
const zone = fc.constantFrom(...ZONES)
/** Hours at which no zone changes its clocks, so that the order of readings is the order of time. */
const clockTime = fc
  .record({ hour: fc.integer({ min: 4, max: 23 }), quarter: fc.integer({ min: 0, max: 3 }) })
  .map(({ hour, quarter }) => `${String(hour).padStart(2, '0')}:${String(quarter * 15).padStart(2, '0')}`)
const shift = fc
  .tuple(clockTime, clockTime)
  .filter(([from, to]) => from !== to)
  .map(([from, to]) => `${from}-${to}`)
const hours = fc.dictionary(
  fc.constantFrom('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun', 'mon-fri', 'sat-mon'),
  fc.array(shift, { minLength: 1, maxLength: 3 }),
  { minKeys: 1, maxKeys: 4 },
)
const calendar = hours.map((hours) => calendarConfig.parse({ hours }))
const moment = fc
  .integer({ min: Date.UTC(2026, 0, 1) / MINUTE, max: Date.UTC(2027, 0, 1) / MINUTE })
  .map((minute) => new Date(minute * MINUTE))
const length = fc.integer({ min: 1, max: 3_000 })

describe('working time, whatever the calendar', () => {
  it('ends where counting minute by minute ends', () => {
    fc.assert(
      fc.property(
        calendar,
        zone,
        moment,
        fc.integer({ min: 1, max: 400 }),
        (calendar, zone, from, minutes) => {
          const counted = byMinutes(calendar, zone, from, minutes)
          expect(worktimeOf(calendar, zone).after(from, minutes * MINUTE)).toEqual(counted)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('taken in two parts is the same as taken at once', () => {
    fc.assert(
      fc.property(calendar, zone, moment, length, length, (calendar, zone, from, a, b) => {
        const worktime = worktimeOf(calendar, zone)
        const halfway = worktime.after(from, a * MINUTE)
        expect(worktime.after(halfway, b * MINUTE)).toEqual(worktime.after(from, (a + b) * MINUTE))
      }),
    )
  })

  it('never ends earlier for what began later, also with a cut-off', () => {
    fc.assert(
      fc.property(hours, clockTime, zone, moment, moment, length, (hours, cut_off, zone, a, b, minutes) => {
        const worktime = worktimeOf(calendarConfig.parse({ hours, cut_off }), zone)
        const [first, second] = a < b ? [a, b] : [b, a]
        const ends = [first, second].map((from) => worktime.after(from, minutes * MINUTE).getTime())
        expect(ends[0]).toBeLessThanOrEqual(ends[1] ?? 0)
        expect(ends[0]).toBeGreaterThanOrEqual(first.getTime() + minutes * MINUTE)
      }),
    )
  })
})

describe('a calendar as written', () => {
  it.each([
    [
      'a day that is none',
      { hours: { monday: '08:00-17:00' } },
      '"monday" is no day; write one like mon, or several like mon-fri',
    ],
    [
      'hours that are none',
      { hours: { mon: '8-17' } },
      '"8-17" are no hours; write them like 06:00-14:00, a night like 22:00-06:00, a whole day 00:00-24:00',
    ],
    ['a time that no clock shows', { hours: { mon: '08:00-25:00' } }, '"08:00-25:00" are no hours'],
    ['a shift without length', { hours: { mon: ['08:00-08:00'] } }, '"08:00-08:00" are no hours'],
    [
      'a date that does not exist',
      { hours: { mon: '08:00-17:00' }, holidays: ['2026-02-29'] },
      '"2026-02-29" is no date; write one like 2026-12-25, or 12-25 for every year',
    ],
    ['a calendar without hours', { hours: {} }, 'is never open; write hours such as mon-fri: 08:00-17:00'],
    [
      'a cut-off that is no time',
      { hours: { mon: '08:00-17:00' }, cut_off: '24:00' },
      '"24:00" is no time of day; write one like 06:00',
    ],
    [
      'a zone that is none',
      { hours: { mon: '08:00-17:00' }, zone: 'Berlin' },
      'is no time zone; write one like Europe/Berlin',
    ],
  ])('refuses %s', (_what, written, words) => {
    const parsed = calendarConfig.safeParse(written)
    expect(parsed.success ? 'taken' : JSON.stringify(z.treeifyError(parsed.error))).toContain(
      JSON.stringify(words).slice(1, -1),
    )
  })

  it('refuses one whose holidays leave no day of a year', () => {
    const days = Array.from({ length: 366 }, (_day, n) =>
      new Date(Date.UTC(2024, 0, 1 + n)).toISOString().slice(5, 10),
    )
    const parsed = calendarConfig.safeParse({ hours: { 'mon-sun': '08:00-17:00' }, holidays: days })
    expect(parsed.error?.issues[0]?.message).toBe('is never open in 2020: every day with hours is a holiday')
  })

  it('takes days over the weekend, and a whole day', () => {
    const calendar = worktime({ hours: { 'fri-mon': '00:00-24:00' }, holidays: [] })
    expect(ends(calendar, berlin('2026-11-26T12:00'), 96)).toBe(berlin('2026-12-01T00:00').toISOString())
  })
})
