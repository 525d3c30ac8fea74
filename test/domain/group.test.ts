import { describe, expect, it } from 'vitest'
import { barOf, NO_BAR, type Opened, placeOpened, type Recent, standingOut } from '../../src/domain/group.ts'

const NOW = new Date('2026-11-23T06:00:00Z')
const RULE = { after: 3, waitMs: 30_000 }
const opened = (id: number, more: Partial<Opened> = {}): Opened => ({
  id: `${id}`,
  severity: 'medium',
  valueMinor: null,
  currency: null,
  promiseAt: null,
  ...more,
})
const recent = (id: number, secondsAgo: number, place: Recent['place']): Recent => ({
  ...opened(id),
  place,
  at: new Date(NOW.getTime() - secondsAgo * 1_000),
})
const places = (found: ReturnType<typeof placeOpened>) =>
  Object.fromEntries(found.places.map(({ id, place }) => [id, place]))

describe('what has just opened', () => {
  it('is posted at once where it is quiet; of several the worst is', () => {
    const list = [opened(1), opened(2, { severity: 'high' })]
    expect(places(placeOpened(RULE, null, [], list, NOW))).toEqual({ 1: 'held', 2: 'own' })
  })

  it('waits while another one of its kind has just come, and not after that', () => {
    expect(places(placeOpened(RULE, null, [recent(1, 29, 'own')], [opened(2)], NOW))).toEqual({ 2: 'held' })
    expect(places(placeOpened(RULE, null, [recent(1, 30, 'own')], [opened(2)], NOW))).toEqual({ 2: 'own' })
  })

  it('is summed up past the threshold with what was held back; what has a post keeps it', () => {
    const before = [recent(1, 20, 'own'), recent(2, 10, 'held'), recent(3, 5, 'held')]
    const found = placeOpened(RULE, null, before, [opened(4)], NOW)
    expect(found.storm).not.toBeNull()
    expect(places(found)).toEqual({ 2: 'summed', 3: 'summed', 4: 'summed' })
  })

  it('goes into the storm that there is', () => {
    expect(places(placeOpened(RULE, barOf([opened(1)]), [], [opened(2)], NOW))).toEqual({ 2: 'summed' })
  })
})

describe('one that stands out', () => {
  const out = (list: Opened[], bar = NO_BAR) => [...standingOut(list, bar, NOW)].map(({ id }) => id)
  const euros = (id: number, valueMinor: number) => opened(id, { valueMinor, currency: 'EUR' })

  it('is graver than every other one', () => {
    expect(out([opened(1), opened(2, { severity: 'high' }), opened(3)])).toEqual(['2'])
    expect(out([opened(1), opened(2, { severity: 'high' }), opened(3, { severity: 'high' })])).toEqual([])
    expect(out([opened(4, { severity: 'high' })], barOf([opened(1, { severity: 'high' })]))).toEqual([])
  })

  it('is worth ten times the most valuable other one, in the same currency', () => {
    expect(out([euros(1, 100), euros(2, 1_000), euros(3, 90)])).toEqual(['2'])
    expect(out([euros(1, 100), euros(2, 999)])).toEqual([])
    expect(out([euros(1, 100), opened(2, { valueMinor: 100_000, currency: 'SEK' })])).toEqual([])
    expect(out([euros(3, 1_000)], barOf([euros(1, 100)]))).toEqual(['3'])
  })

  it('is the only one whose promise can still be kept within two hours', () => {
    const due = (id: number, hours: number) =>
      opened(id, { promiseAt: new Date(NOW.getTime() + hours * 3_600_000) })
    expect(out([due(1, 30), due(2, 2), opened(3)])).toEqual(['2'])
    expect(out([due(1, 1), due(2, 2), opened(3)])).toEqual([])
    expect(out([due(1, 30), due(2, -1), opened(3)])).toEqual([])
  })

  it('has something to stand out from', () => {
    expect(out([euros(1, 100_000)])).toEqual([])
  })
})
