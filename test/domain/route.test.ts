import { describe, expect, it } from 'vitest'
import { type Condition, type Routable, route } from '../../src/domain/route.ts'

const it1: Routable = {
  contract: 'receipt-booked',
  handoff: { from: 'wms', to: 'erp', object: 'receipt' },
  severity: 'medium',
  kind: 'receipt',
  systems: ['wms-eu', 'erp'],
  valueMinor: 5_000,
}
const holds = (condition: Condition, over: Partial<Routable> = {}): boolean =>
  route([{ name: 'r', if: condition, channel: 'there' }], 'default', { ...it1, ...over }).channel === 'there'

describe('where an exception goes', () => {
  it.each<[Condition, boolean]>([
    [{}, true],
    [{ contract: ['receipt-booked', 'x'] }, true],
    [{ contract: ['x'] }, false],
    [{ from: ['wms'], to: ['erp'] }, true],
    [{ from: ['wms'], to: ['wms'] }, false],
    [{ severity: ['high'] }, false],
    [{ subject: ['receipt'] }, true],
    [{ system: ['wms-us', 'wms-eu'] }, true],
    [{ system: ['wms-us'] }, false],
    [{ valueAtLeastMinor: 5_000 }, true],
    [{ valueAtLeastMinor: 5_001 }, false],
    [{ contract: [] }, false],
  ])('%o holds: %s', (condition, wanted) => {
    expect(holds(condition)).toBe(wanted)
  })

  it('takes an unknown value for nothing at stake', () => {
    expect(holds({ valueAtLeastMinor: 1 }, { valueMinor: null })).toBe(false)
  })

  it('is decided by the first rule that matches, and says by which', () => {
    const rules = [
      { name: 'high', if: { severity: ['high' as const] }, channel: 'urgent' },
      { name: 'receipts', if: { subject: ['receipt' as const] }, channel: 'receiving' },
      { name: 'all', if: {}, channel: 'rest' },
    ]
    expect(route(rules, 'default', it1)).toEqual({ channel: 'receiving', reason: 'rule "receipts"' })
    expect(route([], 'default', it1)).toEqual({
      channel: 'default',
      reason: 'no rule matched: default channel',
    })
  })
})
