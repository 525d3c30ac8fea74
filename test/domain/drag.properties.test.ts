import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ASSUMPTIONS } from '../../src/domain/drag/assumptions.ts'
import { handsOn } from '../../src/domain/drag/hands-on.ts'
import { type Drag, type Gap, measure, type Touch } from '../../src/domain/drag.ts'
import { bookReceipt, passHold } from '../support/touches.ts'

const START = Date.UTC(2026, 10, 9, 8)
const SECONDS = 3_600
const DAY = { from: new Date(START), to: new Date(START + SECONDS * 1000) }
const instant = (second: number) => new Date(START + second * 1000)

/** Touches of an hour, to the second, by two persons and one unknown, on four exceptions of two gaps. */
const touchesOf = (over: Partial<{ [K in keyof Touch]: fc.Arbitrary<Touch[K]> }> = {}) =>
  fc
    .array(
      fc.record({
        second: fc.nat(SECONDS - 1),
        formSeconds: fc.option(fc.integer({ min: 1, max: 500 }), { freq: 2 }),
        personId: over.personId ?? fc.constantFrom('ada', 'bo', null),
        kind:
          over.kind ??
          fc.constantFrom<Touch['kind']>('press', 'press', 'press', 'approval', 'command', 'off_chat'),
        result:
          over.result ??
          fc.constantFrom<Touch['result']>('acted', 'acted', 'stale', 'lost_race', 'not_allowed'),
        gap: fc.constantFrom<Gap>(bookReceipt, passHold),
        exceptions: fc.uniqueArray(fc.constantFrom('1', '2', '3', '4'), { minLength: 1, maxLength: 3 }),
        reportedMinutes: over.reportedMinutes ?? fc.option(fc.integer({ min: 0, max: 90 }), { freq: 8 }),
      }),
      { maxLength: 25 },
    )
    .map((rows) =>
      rows.map(({ second, formSeconds, ...row }, index): Touch => {
        const ofCommand = row.kind === 'command' ? { gap: null, exceptions: [], result: null } : {}
        const startedAt = formSeconds === null || row.kind !== 'press' ? null : instant(second - formSeconds)
        return { ...row, ...ofCommand, id: String(index).padStart(3, '0'), at: instant(second), startedAt }
      }),
    )

const figure = (touches: Touch[], over: Partial<Parameters<typeof measure>[1]> = {}): Drag =>
  measure(touches, { period: DAY, orders: 400, falseAlarms: new Set(['4']), ...over })

const MARGIN = 1_200

/**
 * Seconds of one person's wall time in which work is believed, found the slow way: second by second, and with none
 * of the code under test.
 */
const wallSeconds = (touches: Touch[]): number => {
  const busy = new Set<number>()
  const fill = (from: number, to: number) => {
    for (let second = from; second < to; second++) busy.add(second)
  }
  const second = (date: Date) => (date.getTime() - START) / 1000 + MARGIN
  const points = touches.map((t) => ({ from: second(t.startedAt ?? t.at), to: second(t.at), kind: t.kind }))
  for (const { from, to, kind } of points) {
    if (from < to) fill(from, to)
    else if (kind === 'off_chat') fill(to - ASSUMPTIONS.offChatMinutes * 60, to)
    else {
      const put = points.filter((p) => p.from < p.to && p.from > to).map((p) => p.from)
      fill(to, Math.min(to + ASSUMPTIONS.tailMinutes * 60, ...put))
    }
  }
  // Between two signs of the person less than the joining gap apart.
  const signs = [...new Set(points.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b)
  signs.slice(1).forEach((sign, index) => {
    const before = signs[index] ?? sign
    if (sign - before < ASSUMPTIONS.joinMinutes * 60) fill(before, sign)
  })
  return busy.size
}

const personsOf = (touches: Touch[]) => [...new Set(touches.map((t) => t.personId))]

describe('whatever the log holds', () => {
  it('its order changes nothing', () => {
    const shuffled = touchesOf().chain((touches) =>
      fc.tuple(fc.constant(touches), fc.shuffledSubarray(touches, { minLength: touches.length })),
    )
    fc.assert(
      fc.property(shuffled, ([touches, other]) => {
        expect(figure(other)).toEqual(figure(touches))
      }),
    )
  })

  it('the total is the sum of its lines, and of what was measured and assumed', () => {
    fc.assert(
      fc.property(touchesOf(), (touches) => {
        const { total, lines } = figure(touches)
        for (const key of [
          'handsOnHours',
          'measuredHours',
          'assumedHours',
          'offChatHours',
          'sessions',
          'touches',
        ] as const) {
          expect(lines.reduce((sum, line) => sum + line[key], 0)).toBeCloseTo(total[key], 9)
        }
        expect(total.measuredHours + total.assumedHours).toBeCloseTo(total.handsOnHours, 9)
        expect(total.touches).toBe(touches.length)
      }),
    )
  })

  it('no minute is counted twice: the hours are the wall time of each person', () => {
    const unstated = touchesOf({ reportedMinutes: fc.constant(null), result: fc.constant('acted') })
    fc.assert(
      fc.property(unstated, (touches) => {
        const wall = personsOf(touches)
          .map((person) => wallSeconds(touches.filter((t) => t.personId === person)))
          .reduce((a, b) => a + b, 0)
        expect(figure(touches).total.handsOnHours).toBeCloseTo(wall / 3600, 9)
      }),
    )
  })

  it('never exceeds the wall time and the stated minutes together', () => {
    fc.assert(
      fc.property(touchesOf(), (touches) => {
        const wall = personsOf(touches)
          .map((person) => wallSeconds(touches.filter((t) => t.personId === person)))
          .reduce((a, b) => a + b, 0)
        const stated = touches.reduce((sum, t) => sum + (t.reportedMinutes ?? 0), 0)
        expect(figure(touches).total.handsOnHours).toBeLessThanOrEqual(wall / 3600 + stated / 60 + 1e-9)
      }),
    )
  })

  it('two adjoining periods add up to both together', () => {
    fc.assert(
      fc.property(touchesOf(), fc.nat(SECONDS), (touches, cut) => {
        const whole = figure(touches).total
        const first = figure(touches, { period: { from: DAY.from, to: instant(cut) } }).total
        const second = figure(touches, { period: { from: instant(cut), to: DAY.to } }).total
        expect(first.handsOnHours + second.handsOnHours).toBeCloseTo(whole.handsOnHours, 9)
        expect(first.sessions + second.sessions).toBe(whole.sessions)
        expect(first.touches + second.touches).toBe(whole.touches)
      }),
    )
  })

  it('lost races and refused presses change no minute', () => {
    fc.assert(
      fc.property(touchesOf({ reportedMinutes: fc.constant(null) }), (touches) => {
        const effective = touches.filter(({ result }) => result !== 'lost_race' && result !== 'not_allowed')
        expect(figure(touches).total.handsOnHours).toBeCloseTo(figure(effective).total.handsOnHours, 9)
      }),
    )
  })

  it('how the work is split over exceptions and gaps changes no total', () => {
    fc.assert(
      fc.property(touchesOf({ reportedMinutes: fc.constant(null) }), (touches) => {
        const one = touches.map((touch) => ({ ...touch, gap: bookReceipt, exceptions: ['1'] }))
        expect(figure(one).total.handsOnHours).toBeCloseTo(figure(touches).total.handsOnHours, 9)
        expect(figure(one).total.sessions).toBe(figure(touches).total.sessions)
      }),
    )
  })

  it('each exception of a bulk press bears the same part of it', () => {
    fc.assert(
      fc.property(touchesOf({ reportedMinutes: fc.constant(null) }), (touches) => {
        for (const touch of touches) {
          const parts = handsOn(touches, ASSUMPTIONS).filter((piece) => piece.touch === touch)
          const times = new Set(parts.map(({ measuredMs, assumedMs }) => measuredMs + assumedMs))
          expect(times.size).toBeLessThanOrEqual(1)
        }
      }),
    )
  })
})
