import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { KeyName } from '../../src/domain/model.ts'
import { FAULTS, FIRST_ROUND, type LookalikeKind } from '../../src/sandbox/faults.ts'
import type { Planted } from '../../src/sandbox/ledger.ts'
import { startWorld, type TestWorld } from '../support/sandbox-world.ts'

let world: TestWorld
beforeEach(async () => {
  world = await startWorld()
})
afterEach(() => world.stop())

/** Longer than any lag of the integrations, so that what is not there by then is not coming. */
const LONG_MS = 20_000

const statesOf = async (key: KeyName, value = '') => {
  const { objects } = await world.subject(key, value)
  return objects.map((o) => `${o.system} ${o.type} ${o.state}`).sort()
}

/** How each well-known fault looks from outside, and the call that mends it. */
const SHOWS: Record<
  (typeof FIRST_ROUND)[number],
  { shows(fault: Planted): Promise<void>; mend(fault: Planted): Promise<number> }
> = {
  receipt_never_booked: {
    async shows({ keys }) {
      expect(await statesOf('receipt', keys.receipt)).toEqual(['erp receipt ordered', 'wms receipt received'])
    },
    async mend({ keys }) {
      const { objects } = await world.subject('receipt', keys.receipt ?? '')
      const receipt = objects.find((o) => o.system === 'erp')
      const body = { quantity: receipt?.quantities.ordered }
      return (await world.call('erp', `/receipts/${receipt?.externalId}/book`, { key: 'k', body })).status
    },
  },
  hold_not_passed: {
    async shows({ keys }) {
      const states = await statesOf('order', keys.order)
      expect(states).toContain('shop fulfillment held')
      expect(states).toContain('wms fulfillment allocated')
    },
    async mend({ keys }) {
      const body = { reason: 'fraud review' }
      return (await world.call('wms', `/deliveries/D${keys.order}-1/hold`, { key: 'k', body })).status
    },
  },
  stock_drift: {
    async shows({ keys, units, wrongIn }) {
      const { objects } = await world.subject('stock', keys.stock ?? '')
      const [erp, wms] = ['erp', 'wms'].map(
        (s) => objects.find((o) => o.system === s)?.quantities.on_hand ?? 0,
      )
      const apart = (wrongIn === 'erp' ? 1 : -1) * ((erp ?? 0) - (wms ?? 0))
      // Sales on their way from the WMS to the ERP may add a few units for a moment.
      expect(Math.abs(apart - (units ?? 0))).toBeLessThan(9)
      expect(Math.abs(units ?? 0)).toBeGreaterThanOrEqual(9)
    },
    async mend({ keys }) {
      const { objects } = await world.subject('stock', keys.stock ?? '')
      const counted = objects.find((o) => o.system === 'wms')
      const body = { quantity: counted?.quantities.on_hand, as_of: counted?.version }
      const path = `/levels/${encodeURIComponent(keys.stock ?? '')}/set`
      return (await world.call('erp', path, { key: 'k', body })).status
    },
  },
  short_pick: {
    async shows({ keys }) {
      expect(await statesOf('order', keys.order)).toContain('wms fulfillment short')
    },
    async mend({ keys }) {
      return (await world.call('wms', `/deliveries/D${keys.order}-1/split`, { key: 'k' })).status
    },
  },
  label_without_scan: {
    async shows({ keys }) {
      expect(await statesOf('tracking', keys.tracking)).toEqual([
        'carrier shipment label',
        'wms fulfillment shipped',
      ])
    },
    async mend({ keys }) {
      const path = `/parcels/${keys.tracking?.toLowerCase()}/trace`
      return (await world.call('carrier', path, { key: 'k' })).status
    },
  },
  paid_never_imported: {
    async shows({ keys }) {
      expect(await statesOf('order', keys.order)).toEqual(['shop fulfillment ready', 'shop order confirmed'])
    },
    async mend({ keys }) {
      return (await world.call('shop', `/orders/50${keys.order}/resend`, { key: 'k' })).status
    },
  },
  shipped_not_in_erp: {
    async shows({ keys }) {
      const states = await statesOf('order', keys.order)
      expect(states).toContain('wms fulfillment shipped')
      expect(states).toContain('erp fulfillment ready')
      expect(states).toContain('shop fulfillment shipped')
    },
    async mend({ keys }) {
      const { objects } = await world.subject('order', keys.order ?? '')
      const delivery = objects.find((o) => o.system === 'erp' && o.type === 'fulfillment')
      const body = { tracking: `TRK${keys.order}X1NL` }
      return (await world.call('erp', `/deliveries/${delivery?.externalId}/ship`, { key: 'k', body })).status
    },
  },
  duplicate_shipment: {
    async shows({ keys }) {
      const { objects } = await world.subject('order', keys.order ?? '')
      const live = objects.filter((o) => o.system === 'wms' && o.state !== 'cancelled')
      expect(live.map((o) => o.externalId).sort()).toEqual([`D${keys.order}-1`, `D${keys.order}-2`])
    },
    async mend({ keys }) {
      return (await world.call('wms', `/deliveries/D${keys.order}-2/void`, { key: 'k' })).status
    },
  },
}

const kinds = FIRST_ROUND.map((kind) => ({ kind }))

describe.each(kinds)('$kind', ({ kind }) => {
  it('shows through the APIs, stays, and can still be mended through them', async () => {
    const fault = await world.plant(kind)
    expect(fault).toMatchObject({
      kind,
      benign: false,
      expectedContract: FAULTS[kind].contract,
      fixedAt: null,
    })
    await SHOWS[kind].shows(fault)
    await world.advance(LONG_MS)
    await SHOWS[kind].shows(fault)

    expect(await SHOWS[kind].mend(fault)).toBeLessThan(300)
    const entry = await world.until('the ledger says mended', () =>
      world.sandbox.ledger().faults.find((f) => f.id === fault.id && f.fixedAt !== null),
    )
    const byFlow = ['paid_never_imported', 'label_without_scan'].includes(kind)
    expect(entry.fixedBy).toEqual({ kind: 'integration', name: byFlow ? 'bridge' : 'baton' })
  })

  it('is mended by a person at last, where nobody else does it', async () => {
    const fault = await world.plant(kind)
    const entry = await world.until(
      'somebody mends it',
      async () => {
        await world.advance(60_000)
        return world.sandbox.ledger().faults.find((f) => f.id === fault.id && f.fixedAt !== null)
      },
      2 * 3_600_000,
    )
    expect(entry.fixedBy?.kind).toBe('person')
  })
})

describe('after it was mended', () => {
  it.each(['short_pick', 'hold_not_passed', 'duplicate_shipment', 'paid_never_imported'] as const)(
    'an order with %s goes all the way to the customer',
    async (kind) => {
      const fault = await world.plant(kind)
      await SHOWS[kind].mend(fault)
      await world.until(
        'it is delivered',
        async () =>
          (await world.facts('carrier')).find(
            (f) => f.state === 'delivered' && f.keys.some((k) => k.value === fault.keys.order),
          ),
        120_000,
      )
      const states = await statesOf('order', fault.keys.order)
      expect(states).toContain('erp order complete')
      expect(states).toContain('shop fulfillment shipped')
    },
  )

  it('a split order is fulfilled in part, and the missing line refunded later', async () => {
    const fault = await world.plant('short_pick')
    await SHOWS.short_pick.mend(fault)
    const orderState = async () =>
      (await statesOf('order', fault.keys.order)).find((s) => s.startsWith('shop order'))
    await world.until('partial', async () =>
      (await orderState()) === 'shop order partial' ? true : undefined,
    )
    await world.until('refunded', async () =>
      (await orderState()) === 'shop order complete' ? true : undefined,
    )
  })
})

describe('what looks like a fault and is none', () => {
  const GRACE_MS = 6_000
  /** The state that each one comes to, and the key of the subject that shows it. */
  const cases: { kind: LookalikeKind; by?: KeyName; ends: string }[] = [
    { kind: 'import_late', ends: 'erp order confirmed' },
    { kind: 'delivery_late', ends: 'wms fulfillment shipped' },
    { kind: 'tracking_late', ends: 'shop fulfillment shipped' },
    { kind: 'void_answered_late', ends: 'shop order cancelled' },
    { kind: 'move_late', ends: 'wms fulfillment shipped' },
    { kind: 'refund_late', by: 'return', ends: 'shop return refunded' },
    { kind: 'hold_released', ends: 'wms fulfillment shipped' },
    { kind: 'release_late', ends: 'wms fulfillment shipped' },
    { kind: 'partial_completes', ends: 'wms fulfillment shipped' },
    { kind: 'b2b_on_terms', ends: 'shop order complete' },
    { kind: 'preorder_waits', ends: 'erp order confirmed' },
    { kind: 'backorder_waits', ends: 'wms fulfillment shipped' },
    { kind: 'cancelled_before_import', ends: 'shop order cancelled' },
    { kind: 'cancelled_before_pick', ends: 'wms fulfillment cancelled' },
    { kind: 'replaced_delivery', ends: 'wms fulfillment shipped' },
    { kind: 'split_order', ends: 'shop order complete' },
    { kind: 'kit_sold', ends: 'shop order complete' },
    { kind: 'address_corrected', ends: 'wms fulfillment shipped' },
    { kind: 'parcel_slow', by: 'tracking', ends: 'carrier shipment delivered' },
    { kind: 'return_announced', by: 'return', ends: 'shop return refunded' },
    { kind: 'claim_answered', ends: 'shop claim answered' },
    { kind: 'return_uninspected', by: 'return', ends: 'shop return refunded' },
    { kind: 'receipt_in_parts', by: 'receipt', ends: 'erp receipt received' },
    { kind: 'date_late', by: 'purchase_order', ends: 'erp purchase_order received' },
  ]
  it.each(cases)('$kind comes to a good end by itself', async ({ kind, by = 'order', ends }) => {
    const entry = await world.plant(kind)
    expect(entry).toMatchObject({ benign: true, expectedContract: null })
    const { order } = entry.keys
    const made: Partial<Record<KeyName, string>> = { tracking: `TRK${order}X1NL`, return: `RMA-${order}` }
    await world.until(
      kind,
      async () => ((await statesOf(by, entry.keys[by] ?? made[by])).includes(ends) ? true : undefined),
      180_000,
    )
  })

  it('what is counted or on its way between two sites is all there in the end', async () => {
    for (const kind of ['count_in_progress', 'transfer_in_flight'] as const) {
      const { keys } = await world.plant(kind)
      const onHand = async (system: 'erp' | 'wms') =>
        (await world.facts(system)).findLast((f) => f.type === 'inventory' && f.externalId === keys.stock)
          ?.quantities.on_hand
      const wms = async () => (await world.facts('wms')).findLast((f) => f.externalId === keys.stock)
      const moving = await wms()
      expect([moving?.attributes.counting, moving?.quantities.in_transfer !== 0]).toContain(true)
      await world.advance(LONG_MS / 2)
      const settled = await wms()
      expect([settled?.attributes.counting, settled?.quantities.in_transfer]).toEqual([false, 0])
      await world.until(`${kind} agrees`, async () =>
        (await onHand('erp')) === (await onHand('wms')) ? true : undefined,
      )
    }
  })

  it('a split order goes out as two parcels, each with a part of what was ordered', async () => {
    const { keys } = await world.plant('split_order')
    const parcels = await world.until(
      'both are delivered',
      async () => {
        const mine = (await world.facts('carrier')).filter((f) => f.keys.some((k) => k.value === keys.order))
        const delivered = new Set(mine.filter((f) => f.state === 'delivered').map((f) => f.externalId))
        return delivered.size === 2 ? delivered : undefined
      },
      60_000,
    )
    expect([...parcels].sort()).toEqual([`trk${keys.order}x1nl`, `trk${keys.order}x2nl`])
    const { objects } = await world.subject('order', keys.order ?? '')
    const units = (system: string, type: string) =>
      objects
        .filter((o) => o.system === system && o.type === type)
        .reduce((sum, o) => sum + (o.quantities.ordered ?? 0), 0)
    expect(units('wms', 'fulfillment')).toBe(units('shop', 'order'))
  })

  it('a held order is held in the WMS within the grace, and so is its release', async () => {
    const entry = await world.plant('hold_released')
    const is = async (state: string) =>
      (await statesOf('order', entry.keys.order)).includes(state) ? world.now().getTime() : undefined
    const heldInShop = await world.until('held in the shop', () => is('shop fulfillment held'))
    const heldInWms = await world.until('held in the WMS', () => is('wms fulfillment held'))
    expect(heldInWms - heldInShop).toBeLessThan(GRACE_MS)
    const released = await world.until('released in the shop', () => is('shop fulfillment ready'))
    const goesOn = await world.until(
      'released in the WMS',
      async () => (await is('wms fulfillment ready')) ?? (await is('wms fulfillment allocated')),
    )
    expect(goesOn - released).toBeLessThan(GRACE_MS)
  })

  it.each([
    { kind: 'receipt_booked_late', first: 'wms receipt received', ends: 'erp receipt received' },
  ] as const)('$kind is late, but within the grace', async ({ kind, first, ends }) => {
    const entry = await world.plant(kind)
    const is = async (state: string) =>
      (await statesOf('receipt', entry.keys.receipt)).includes(state) ? world.now().getTime() : undefined
    const from = await world.until(first, () => is(first))
    const to = await world.until(ends, () => is(ends))
    expect(to - from).toBeGreaterThan(2_000)
    expect(to - from).toBeLessThan(GRACE_MS)
  })

  it('a shipment scanned or synced late is scanned and synced within the grace', async () => {
    for (const { kind, ends } of [
      { kind: 'sync_late', ends: 'erp fulfillment shipped' },
      { kind: 'scan_late', ends: 'carrier shipment in_transit' },
    ] as const) {
      const { keys } = await world.plant(kind)
      const is = async (state: string) => {
        const states = [
          ...(await statesOf('order', keys.order)),
          ...(await statesOf('tracking', `TRK${keys.order}X1NL`)),
        ]
        return states.includes(state) ? world.now().getTime() : undefined
      }
      const shipped = await world.until('shipped', () => is('wms fulfillment shipped'))
      const done = await world.until(ends, () => is(ends))
      expect(done - shipped).toBeLessThan(GRACE_MS)
    }
  })
})
