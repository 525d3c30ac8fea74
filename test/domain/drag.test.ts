import { describe, expect, it } from 'vitest'
import { ASSUMPTIONS } from '../../src/domain/drag/assumptions.ts'
import { type Drag, type MeasureInput, measure, type Touch } from '../../src/domain/drag.ts'
import { at, bookReceipt, NOVEMBER, passHold, press } from '../support/touches.ts'

const measured = (touches: Touch[], input: Partial<MeasureInput> = {}) =>
  measure(touches, { period: NOVEMBER, orders: 1000, ...input })

const minutes = (hours: number) => Math.round(hours * 60 * 1e6) / 1e6

const minutesByContract = (drag: Drag) =>
  Object.fromEntries(drag.lines.map((line) => [line.gap?.contract ?? 'tool', minutes(line.handsOnHours)]))

describe('hands-on time', () => {
  it('gives a lone touch the two minute tail', () => {
    const { total } = measured([press('10:00')])
    expect(minutes(total.handsOnHours)).toBe(2)
    expect(total.sessions).toBe(1)
  })

  it('joins touches less than five minutes apart, and not those five minutes apart', () => {
    const joined = measured([press('10:00'), press('10:04:59')]).total
    expect([joined.sessions, minutes(joined.handsOnHours)]).toEqual([1, minutes((4 + 59 / 60 + 2) / 60)])
    const apart = measured([press('10:00'), press('10:05')]).total
    expect([apart.sessions, minutes(apart.handsOnHours)]).toEqual([2, 4])
  })

  it('counts two persons at the same time twice: two people spent it', () => {
    const { total, persons } = measured([
      press('10:00', { personId: 'ada' }),
      press('10:01', { personId: 'bo' }),
    ])
    expect([persons, total.sessions, minutes(total.handsOnHours)]).toEqual([2, 2, 4])
  })

  it('splits the wall time of one person on three exceptions at once equally', () => {
    const drag = measured([
      press('10:00', { exceptions: ['1'] }),
      press('10:00', { exceptions: ['2'], gap: passHold }),
      press('10:00', { exceptions: ['3'], gap: { ...passHold, contract: 'other' } }),
    ])
    expect(minutes(drag.total.handsOnHours)).toBe(2)
    expect(drag.lines.map((line) => minutes(line.handsOnHours))).toEqual([0.666667, 0.666667, 0.666667])
  })

  it('splits only the part in which several exceptions were in hand', () => {
    const drag = measured([
      press('10:00', { exceptions: ['1'] }),
      press('10:01', { exceptions: ['2'], gap: passHold }),
    ])
    // 10:00-10:01 the first alone, 10:01-10:02 both, 10:02-10:03 the second alone.
    expect(minutesByContract(drag)).toEqual({ [bookReceipt.contract]: 1.5, [passHold.contract]: 1.5 })
  })

  it('gives the time between two touches of a session to what was touched last', () => {
    const drag = measured([
      press('10:00', { exceptions: ['1'] }),
      press('10:04', { exceptions: ['2'], gap: passHold }),
    ])
    expect(minutesByContract(drag)).toEqual({ [bookReceipt.contract]: 4, [passHold.contract]: 2 })
  })

  it('splits the minutes of a bulk press over its exceptions: one touch, one share beside another', () => {
    const bulk = press('10:00', { exceptions: ['1', '2', '3'] })
    const { total, lines } = measured([bulk])
    expect([total.touches, total.exceptions, minutes(total.handsOnHours)]).toEqual([1, 3, 2])
    expect(lines).toHaveLength(1)

    const beside = measured([bulk, press('10:00', { exceptions: ['9'], gap: passHold })])
    expect(minutesByContract(beside)).toEqual({ [bookReceipt.contract]: 1, [passHold.contract]: 1 })

    const oneFalseAlarm = measured([bulk], { falseAlarms: new Set(['3']) })
    expect(minutesByContract(oneFalseAlarm)).toEqual({ [bookReceipt.contract]: 1.333333, tool: 0.666667 })
  })

  it('adds no minutes for a lost race or a refused press, which still may start a session', () => {
    const won = press('10:00', { personId: 'ada' })
    const lost = press('10:00:05', { personId: 'bo', result: 'lost_race' })
    const { total } = measured([won, lost])
    expect([total.touches, total.sessions, minutes(total.handsOnHours)]).toEqual([2, 2, 2])

    const refused = press('10:03', { personId: 'ada', result: 'not_allowed', startedAt: at('10:01') })
    expect(minutes(measured([won, refused]).total.handsOnHours)).toBe(2)
    expect(measured([won, refused]).total.sessions).toBe(1)
  })

  it('does not let a lost race bridge two stretches of work', () => {
    const { total } = measured([press('10:00'), press('10:04', { result: 'lost_race' }), press('10:08')])
    expect([total.sessions, minutes(total.handsOnHours)]).toEqual([1, 4])
  })
})

describe('measured time', () => {
  it('takes an open form as it was seen, without a tail', () => {
    const { total } = measured([press('10:07', { startedAt: at('10:00') })])
    expect([minutes(total.measuredHours), minutes(total.assumedHours)]).toEqual([7, 0])
  })

  it('ends the tail of a touch where the next form is opened', () => {
    const drag = measured([
      press('10:00', { exceptions: ['1'] }),
      press('10:04', { exceptions: ['2'], gap: passHold, startedAt: at('10:01') }),
    ])
    expect(minutesByContract(drag)).toEqual({ [bookReceipt.contract]: 1, [passHold.contract]: 3 })
    expect(minutes(drag.total.measuredHours)).toBe(3)
  })

  it('shares an open form with what was pressed meanwhile', () => {
    const drag = measured([
      press('10:04', { exceptions: ['1'], startedAt: at('10:00') }),
      press('10:01', { exceptions: ['2'], gap: passHold }),
    ])
    // 10:01-10:03, the tail of the second, belongs to both.
    expect(minutes(drag.total.handsOnHours)).toBe(4)
    expect(minutesByContract(drag)).toEqual({ [bookReceipt.contract]: 3, [passHold.contract]: 1 })
  })

  it('estimates a touch whose form was left open for hours, or was opened after it', () => {
    const forgotten = measured([press('14:00', { startedAt: at('09:00') })]).total
    const impossible = measured([press('14:00', { startedAt: at('14:01') })]).total
    for (const { measuredHours, assumedHours } of [forgotten, impossible]) {
      expect([minutes(measuredHours), minutes(assumedHours)]).toEqual([0, 2])
    }
  })

  it('lets stated minutes replace the estimate of the same work', () => {
    const log = press('10:13', { reportedMinutes: 12 })
    expect(minutes(measured([log]).total.handsOnHours)).toBe(12)
    // Pressed 12 minutes before the log, inside the stated stretch; and again a minute after it, in its session.
    const { total } = measured([press('10:01'), log, press('10:14')])
    expect([minutes(total.measuredHours), minutes(total.assumedHours)]).toEqual([12, 0])
  })

  it('replaces only the same person on the same exception', () => {
    const log = press('10:05', { reportedMinutes: 12, exceptions: ['1'] })
    const other = press('10:04', { exceptions: ['2'] })
    const colleague = press('10:04', { exceptions: ['1'], personId: 'bo' })
    expect(minutes(measured([log, other]).total.handsOnHours)).toBe(14)
    expect(minutes(measured([log, colleague]).total.handsOnHours)).toBe(14)
    expect(minutes(measured([log, press('09:00', { exceptions: ['1'] })]).total.handsOnHours)).toBe(14)
  })

  it('takes the minutes out of a bulk press for the logged exception alone', () => {
    const bulk = press('10:00', { exceptions: ['1', '2'] })
    const log = press('10:01', { exceptions: ['1'], reportedMinutes: 12 })
    expect(minutes(measured([bulk, log]).total.handsOnHours)).toBe(13)
  })

  it('keeps every stated minute of a shift that is logged at its end', () => {
    const logs = ['1', '2', '3'].map((id, i) =>
      press(`17:0${i}`, { exceptions: [id], reportedMinutes: 20, startedAt: at('16:59') }),
    )
    expect(minutes(measured(logs).total.handsOnHours)).toBe(60)
  })
})

describe('fixes outside chat', () => {
  const fix = press('10:00', { kind: 'off_chat', result: null, personId: null })

  it('have an assumed time and their own figure', () => {
    const { total, persons } = measured([fix])
    expect(minutes(total.offChatHours)).toBe(ASSUMPTIONS.offChatMinutes)
    expect(minutes(total.assumedHours)).toBe(ASSUMPTIONS.offChatMinutes)
    expect(persons).toBe(0)
  })

  it('are not counted again when a person logs the same work', () => {
    const log = press('15:00', { reportedMinutes: 12 })
    const { total } = measured([fix, log])
    expect([minutes(total.handsOnHours), minutes(total.offChatHours)]).toEqual([12, 0])
  })

  it('share one stretch when one person changed many objects at once', () => {
    const many = Array.from({ length: 50 }, (_, i) => ({ ...fix, id: `${i}`, exceptions: [`${i}`] }))
    expect(minutes(measured(many).total.handsOnHours)).toBe(ASSUMPTIONS.offChatMinutes)
  })
})

describe('attribution', () => {
  it('charges the switch of a session to the gap of its first touch, its minutes to each gap', () => {
    const drag = measured([
      press('10:00', { exceptions: ['1'] }),
      press('10:03', { exceptions: ['2'], gap: passHold }),
    ])
    const sessions = Object.fromEntries(drag.lines.map((line) => [line.gap?.contract, line.sessions]))
    expect(sessions).toEqual({ [bookReceipt.contract]: 1, [passHold.contract]: 0 })
    expect(minutesByContract(drag)).toEqual({ [bookReceipt.contract]: 3, [passHold.contract]: 2 })
  })

  it('charges a session across midnight to the day of each touch, and its switch to the first', () => {
    const touches = [press('23:58', { day: 9 }), press('00:01', { day: 10 })]
    const day = (d: number) =>
      measured(touches, { period: { from: at('00:00', d), to: at('00:00', d + 1) } }).total
    expect([day(9).sessions, minutes(day(9).handsOnHours)]).toEqual([1, 3])
    expect([day(10).sessions, minutes(day(10).handsOnHours)]).toEqual([0, 2])
  })

  it('knows no clock change: a session across one has the same length', () => {
    // 01:00 UTC on 25 October 2026 is when clocks in Berlin go back from 03:00 to 02:00.
    const touches = ['00:58', '01:01'].map((time) => press(time, { at: new Date(`2026-10-25T${time}:00Z`) }))
    const october = { from: new Date('2026-10-01T00:00:00Z'), to: new Date('2026-11-01T00:00:00Z') }
    const { total } = measured(touches, { period: october })
    expect([total.sessions, minutes(total.handsOnHours)]).toEqual([1, 5])
  })

  it('shows the time that Baton itself takes as a line inside the total', () => {
    const drag = measured(
      [
        press('09:00', { exceptions: ['1'] }),
        press('10:00', { kind: 'command', result: null, gap: null, exceptions: [] }),
        press('11:00', { kind: 'approval', exceptions: ['2'] }),
        press('12:00', { exceptions: ['3'] }),
      ],
      { falseAlarms: new Set(['3']) },
    )
    expect(minutesByContract(drag)).toEqual({ [bookReceipt.contract]: 2, tool: 6 })
    expect(drag.lines.at(-1)).toMatchObject({ gap: null, sessions: 3, touches: 3, exceptions: 2 })
    expect(minutes(drag.total.handsOnHours)).toBe(8)
    expect(drag.total.exceptions).toBe(3)
  })

  it('keeps contracts of one handoff apart', () => {
    const drag = measured([
      press('09:00'),
      press('10:00', { gap: { ...bookReceipt, contract: 'quantities' } }),
    ])
    expect(drag.lines.map((line) => line.gap?.contract)).toEqual(['quantities', bookReceipt.contract])
  })
})

describe('the figure', () => {
  it('is hands-on hours for each 1,000 orders, without switching', () => {
    const drag = measured([press('10:00'), press('11:00'), press('12:00')], { orders: 200 })
    expect(drag.indexPer1000).toBeCloseTo((6 / 60) * 5, 9)
    expect(drag.total.switchingHours.low).toBeCloseTo((3 * 4) / 3600, 9)
    expect(drag.total.switchingHours.typical).toBeCloseTo((3 * 64) / 3600, 9)
    expect(drag.total.switchingHours.high).toBeCloseTo((3 * 13) / 60, 9)
  })

  it('has no index without orders, and none of its hours outside its period', () => {
    expect(measured([press('10:00')], { orders: 0 }).indexPer1000).toBeNull()
    const drag = measured([press('10:00', { at: new Date('2026-12-01T00:00:00Z') })])
    expect(drag).toMatchObject({ persons: 0, lines: [], ranking: null })
    expect(drag.total).toMatchObject({ handsOnHours: 0, sessions: 0, touches: 0 })
  })

  it('can be asked how far it depends on what is assumed', () => {
    const touches = [press('10:00'), press('10:04')]
    const patient = { ...ASSUMPTIONS, joinMinutes: 1, tailMinutes: 10 }
    expect(minutes(measured(touches).total.handsOnHours)).toBe(6)
    // The long tails overlap: their union is 14 minutes, not 20.
    expect(minutes(measured(touches, { assumptions: patient }).total.handsOnHours)).toBe(14)
  })
})

describe('the ranking of handoffs', () => {
  /** `long` minutes in one form on one gap against `short` sessions of two minutes on the other. */
  const rivals = (long: number, short: number) => [
    press('09:00', { startedAt: new Date(at('09:00').getTime() - long * 60_000), personId: 'ada' }),
    ...Array.from({ length: short }, (_, i) =>
      press('12:00', { day: 1 + (i % 28), personId: `p${i}`, exceptions: [`s${i}`], gap: passHold }),
    ),
  ]

  it('is stable when its order holds from the low to the high cost of a switch', () => {
    expect(measured(rivals(10, 40)).ranking).toBe('stable')
    // 60 min in one session against 58 min in 29: 13 min a session turn the order round.
    expect(measured(rivals(60, 29)).ranking).toBe('unstable')
  })

  it('is not told from too few persons or sessions, nor where there is nothing to rank', () => {
    expect(measured(rivals(10, 20)).ranking).toBe('too_few')
    expect(measured(rivals(10, 40).map((touch) => ({ ...touch, personId: 'ada' }))).ranking).toBe('too_few')
    expect(measured([press('10:00')]).ranking).toBeNull()
  })
})
