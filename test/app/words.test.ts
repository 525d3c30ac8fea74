import { expect, it } from 'vitest'
import { closest } from '../../src/app/closest.ts'
import { count, elapsed, figure, listed, quoted, share, workHours } from '../../src/app/words.ts'

it('counts in the singular and the plural', () => {
  expect([count(1, 'order'), count(0, 'order'), count(12345, 'order')]).toEqual([
    '1 order',
    '0 orders',
    '12,345 orders',
  ])
})

it('gives figures as many digits as they carry', () => {
  expect([0, 0.042, 3.256, 41.72, 1204.4].map(figure)).toEqual(['0.00', '0.04', '3.26', '41.7', '1,204'])
})

it('says hours of work in the unit that fits', () => {
  const hours = [0, 10 / 3600, 12 / 60, 59.6 / 60, 3.25, 1204]
  expect(hours.map(workHours)).toEqual(['0 h', 'under 1 min', '12 min', '1.00 h', '3.25 h', '1,204 h'])
})

it('never rounds a share to none or all', () => {
  const shares = [share(0, 10), share(1, 1000), share(1, 3), share(999, 1000), share(10, 10), share(0, 0)]
  expect(shares).toEqual(['0%', 'under 1%', '33%', 'over 99%', '100%', '0%'])
})

it('says how long ago something began', () => {
  const now = new Date('2026-11-23T12:00:00Z')
  const ago = [
    '2026-11-23T11:59:30Z',
    '2026-11-23T11:48:00Z',
    '2026-11-21T13:00:00Z',
    '2026-11-20T12:00:00Z',
    '2026-11-23T12:05:00Z',
  ]
  expect(ago.map((at) => elapsed(new Date(at), now))).toEqual([
    'under 1 min',
    '12 min',
    '47 h',
    '3 days',
    'under 1 min',
  ])
})

it('lists and quotes as people write', () => {
  expect([listed([]), listed(['a']), listed(['a', 'b', 'c'])]).toEqual(['', 'a', 'a, b and c'])
  expect(quoted('x'.repeat(61))).toBe(`"${'x'.repeat(59)}…"`)
})

it('knows what a slip of the keys was meant to be', () => {
  const names = ['open', 'find', 'mine', 'drag', 'help', 'exceptions']
  const slips = ['darg', 'opne', 'fnd', 'HELPP', 'minr', 'exeptoins', 'quit', 'x']
  expect(slips.map((slip) => closest(slip, names))).toEqual([
    'drag',
    'open',
    'find',
    'help',
    'mine',
    'exceptions',
    undefined,
    undefined,
  ])
})
