import { expect, it } from 'vitest'
import { snoozeChoices } from '../../src/app/snooze.ts'

const until = (now: string): Record<string, string> =>
  Object.fromEntries(
    snoozeChoices(new Date(now), 'Europe/Berlin').map((choice) => [choice.value, choice.until.toISOString()]),
  )

it('means eight on the wall, also over the night in which the clocks change, and an hour that passes', () => {
  // Saturday evening; in the night the clocks go back.
  expect(until('2026-10-24T20:00:00Z')).toEqual({
    '1h': '2026-10-24T21:00:00.000Z',
    '4h': '2026-10-25T00:00:00.000Z',
    tomorrow: '2026-10-25T07:00:00.000Z',
    monday: '2026-10-26T07:00:00.000Z',
  })
  // Half past midnight on Sunday, by UTC still Saturday; at two the clocks go forward.
  expect(until('2026-03-28T23:30:00Z')).toEqual({
    '1h': '2026-03-29T00:30:00.000Z',
    '4h': '2026-03-29T03:30:00.000Z',
    tomorrow: '2026-03-30T06:00:00.000Z',
    monday: '2026-03-30T06:00:00.000Z',
  })
})
