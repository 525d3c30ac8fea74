import { describe, expect, it } from 'vitest'
import { CATALOGUE } from '../../src/app/catalogue.ts'
import { applies, check } from '../../src/domain/contract/check.ts'
import { type Contract, rolesInvolved, type Verdict } from '../../src/domain/contract/contract.ts'
import type { ObjectState, OrderClass, Role } from '../../src/domain/model.ts'
import { at, object, type Told, view } from '../support/objects.ts'

type Example = {
  /** What the card says about it. */
  says: string
  broken: ObjectState[]
  /** The same subject once somebody has done the usual fix. */
  mended: ObjectState[]
  /** What looks like it and is none. */
  looksLikeIt: Record<string, ObjectState[]>
}

/** One system's object as it went from state to state, a minute each: `shop('order', 'placed', 'confirmed')`. */
const of =
  (system: string, role: Role) =>
  (type: Told['type'], ...states: (string | Told)[]): ObjectState =>
    object(
      ...states.map(
        (state, index): Told => ({
          system,
          role,
          ...(type ? { type } : {}),
          externalId: `${system}-1`,
          minute: index,
          ...(typeof state === 'string'
            ? { state, rawState: state }
            : { rawState: state.state ?? '', ...state }),
        }),
      ),
    )
const shop = of('shop', 'storefront')
const erp = of('erp', 'erp')
const wms = of('wms', 'wms')
const carrier = of('carrier', 'carrier')
const supplier = of('supplier', 'supplier')
const hub = of('hub', 'integration')

const named = (externalId: string, state: string, more: Told = {}): Told => ({ externalId, state, ...more })
const level = (quantities: Record<string, number>, more: Told = {}): Told => ({
  state: 'level',
  quantities,
  ...more,
})
const expected = (expectedAt: string): Told => ({ state: 'ordered', attributes: { expectedAt } })
const promised = (promiseAt: string): Told => ({ state: 'ordered', attributes: { promiseAt } })
const heldFor = (holdReason: string): Told => ({ state: 'held', attributes: { holdReason } })
const tracked = (state: string): Told => ({ state, attributes: { tracking: 'T1' } })
const placedIn = (state: string, location: string): Told => ({ state, attributes: { location } })

const paid = shop('order', 'placed', 'confirmed')
const cancelled = shop('order', 'placed', 'confirmed', 'cancelled')
const released = shop('order', 'placed', {
  state: 'confirmed',
  attributes: { releaseAt: '2026-11-24T09:00:00Z' },
})

const EXAMPLES: Record<string, Example> = {
  'storefront-order-imported': {
    says: 'shop says confirmed; the erp knows nothing of it.',
    broken: [paid],
    mended: [paid, erp('order', 'placed')],
    looksLikeIt: {
      'a business customer on terms, who never pays in the shop': [shop('order', 'placed')],
      'cancelled before the import': [cancelled],
    },
  },
  'storefront-preorder-imported': {
    says: 'shop says confirmed; the erp knows nothing of it.',
    broken: [released],
    mended: [released, erp('order', 'placed')],
    looksLikeIt: { 'called off before its release': [cancelled] },
  },
  'erp-order-accepted': {
    says: 'erp says rejected and has not moved on.',
    broken: [paid, erp('order', 'rejected')],
    mended: [paid, erp('order', 'rejected', 'confirmed')],
    looksLikeIt: {},
  },
  'integration-message-passed': {
    says: 'hub says error and has not moved on.',
    broken: [hub('message', 'sent', 'error')],
    mended: [hub('message', 'sent', 'error', 'sent')],
    looksLikeIt: {},
  },
  'storefront-payment-valid': {
    says: 'shop says confirmed (expired) and has not moved on.',
    broken: [shop('order', 'placed', { state: 'confirmed', attributes: { paymentState: 'expired' } })],
    mended: [
      shop(
        'order',
        { state: 'confirmed', attributes: { paymentState: 'expired' } },
        { state: 'confirmed', attributes: { paymentState: 'paid' } },
      ),
    ],
    looksLikeIt: {
      'expired after everything has been captured and shipped': [
        shop('order', { state: 'complete', attributes: { paymentState: 'expired' } }),
      ],
    },
  },
  'erp-delivery-sent': {
    says: 'erp says confirmed; the wms knows nothing of it.',
    broken: [paid, erp('order', 'placed', 'confirmed')],
    mended: [paid, erp('order', 'placed', 'confirmed'), wms('fulfillment', 'ready')],
    looksLikeIt: {
      'still a quotation': [paid, erp('order', 'placed')],
      'held back on purpose while the customer may still add something': [
        paid,
        erp('order', 'confirmed'),
        shop('fulfillment', heldFor('edit_window')),
      ],
      'cancelled meanwhile': [cancelled, erp('order', 'confirmed')],
    },
  },
  'storefront-hold-decided': {
    says: 'shop says held (fraud); shop says confirmed.',
    broken: [paid, shop('fulfillment', 'ready', heldFor('fraud'))],
    mended: [paid, shop('fulfillment', 'ready', heldFor('fraud'), 'ready')],
    looksLikeIt: {
      'held for an upsell, which ends by itself': [paid, shop('fulfillment', heldFor('upsell'))],
      'cancelled, with the hold still on it': [cancelled, shop('fulfillment', heldFor('fraud'))],
    },
  },
  'storefront-hold-passed': {
    says: 'shop says held; wms still says ready.',
    broken: [shop('fulfillment', 'ready', 'held'), wms('fulfillment', 'ready')],
    mended: [shop('fulfillment', 'ready', 'held'), wms('fulfillment', 'ready', 'held')],
    looksLikeIt: { 'never sent to the warehouse': [shop('fulfillment', 'held')] },
  },
  'storefront-release-passed': {
    says: 'wms says held; shop says ready.',
    broken: [shop('fulfillment', 'ready', 'held', 'ready'), wms('fulfillment', 'ready', 'held')],
    mended: [shop('fulfillment', 'ready', 'held', 'ready'), wms('fulfillment', 'ready', 'held', 'ready')],
    looksLikeIt: {
      'a hold of the warehouse’s own': [shop('fulfillment', 'ready'), wms('fulfillment', heldFor('address'))],
      'still held in the shop as well': [shop('fulfillment', 'ready', 'held'), wms('fulfillment', 'held')],
    },
  },
  'storefront-cancel-passed': {
    says: 'wms says picked; shop says cancelled; shop says cancelled.',
    broken: [cancelled, shop('fulfillment', 'ready', 'cancelled'), wms('fulfillment', 'ready', 'picked')],
    mended: [
      cancelled,
      shop('fulfillment', 'ready', 'cancelled'),
      wms('fulfillment', 'ready', 'picked', 'cancelled'),
    ],
    looksLikeIt: {
      'cancelled after it had come: a return': [
        cancelled,
        shop('fulfillment', 'ready', 'shipped'),
        wms('fulfillment', 'shipped'),
      ],
      'the warehouse never had it': [cancelled, shop('fulfillment', 'cancelled')],
    },
  },
  'wms-cancel-answered': {
    says: 'wms says cancelled; shop still says confirmed.',
    broken: [paid, wms('fulfillment', 'ready', 'cancelled')],
    mended: [cancelled, wms('fulfillment', 'ready', 'cancelled')],
    looksLikeIt: {
      'replaced by another delivery': [
        paid,
        wms('fulfillment', named('D1', 'ready'), named('D1', 'cancelled')),
        wms('fulfillment', named('D2', 'ready')),
      ],
    },
  },
  'wms-address-corrected': {
    says: 'wms says held (address) and has not moved on.',
    broken: [wms('fulfillment', 'ready', heldFor('address'))],
    mended: [wms('fulfillment', 'ready', heldFor('address'), 'ready')],
    looksLikeIt: { 'held for something else': [wms('fulfillment', heldFor('operator'))] },
  },
  'wms-short-resolved': {
    says: 'wms says short and has not moved on.',
    broken: [wms('fulfillment', 'allocated', 'short')],
    mended: [wms('fulfillment', 'allocated', 'short', 'packed')],
    looksLikeIt: { 'a partial confirmation, which is not final': [wms('fulfillment', 'allocated')] },
  },
  'wms-location-agrees': {
    says: 'wms says Bergdorf, shop says Talheim.',
    broken: [
      shop('fulfillment', placedIn('ready', 'Talheim')),
      wms('fulfillment', placedIn('ready', 'Bergdorf')),
    ],
    mended: [
      shop('fulfillment', placedIn('ready', 'Talheim')),
      wms('fulfillment', placedIn('ready', 'Bergdorf'), placedIn('ready', 'Talheim')),
    ],
    looksLikeIt: {
      'split over two places, of which one has been sent so far': [
        shop('fulfillment', { ...placedIn('ready', 'Talheim'), externalId: 'F1' }),
        shop('fulfillment', { ...placedIn('ready', 'Bergdorf'), externalId: 'F2' }),
        wms('fulfillment', placedIn('ready', 'Bergdorf')),
      ],
      'the wrong one was given up': [
        shop('fulfillment', placedIn('ready', 'Talheim')),
        wms('fulfillment', placedIn('cancelled', 'Bergdorf')),
      ],
    },
  },
  'wms-one-delivery': {
    says: 'wms has 2 live at once: D1 (ready) and D2 (picked).',
    broken: [
      shop('order', { state: 'confirmed', quantities: { ordered: 2 } }),
      wms('fulfillment', named('D1', 'ready', { quantities: { ordered: 2 } })),
      wms('fulfillment', named('D2', 'picked', { quantities: { ordered: 2 } })),
    ],
    mended: [
      wms('fulfillment', named('D1', 'ready')),
      wms('fulfillment', named('D2', 'picked'), named('D2', 'cancelled')),
    ],
    looksLikeIt: {
      'a split order, whose parts come to what was ordered': [
        shop('order', { state: 'confirmed', quantities: { ordered: 2 } }),
        wms('fulfillment', named('D1', 'ready', { quantities: { ordered: 1 } })),
        wms('fulfillment', named('D2', 'shipped', { quantities: { ordered: 1 } })),
      ],
    },
  },
  'wms-shipment-synced': {
    says: 'wms says shipped; erp still says packed.',
    broken: [wms('fulfillment', 'packed', 'shipped'), erp('fulfillment', 'packed')],
    mended: [wms('fulfillment', 'packed', 'shipped'), erp('fulfillment', 'packed', 'shipped')],
    looksLikeIt: { 'packed, and not gone yet': [wms('fulfillment', 'packed'), erp('fulfillment', 'ready')] },
  },
  'wms-tracking-passed': {
    says: 'wms says shipped; shop still says ready.',
    broken: [paid, shop('fulfillment', 'ready'), wms('fulfillment', 'packed', tracked('shipped'))],
    mended: [
      paid,
      shop('fulfillment', 'ready', tracked('shipped')),
      wms('fulfillment', 'packed', tracked('shipped')),
    ],
    looksLikeIt: {
      'collected by the customer: there is no tracking number': [
        paid,
        shop('fulfillment', 'ready'),
        wms('fulfillment', 'shipped'),
      ],
    },
  },
  'wms-erp-stock-agrees': {
    says: 'wms says 4, erp says 9: 5 apart.',
    broken: [wms('inventory', level({ on_hand: 4 })), erp('inventory', level({ on_hand: 9 }))],
    mended: [
      wms('inventory', level({ on_hand: 4 })),
      erp('inventory', level({ on_hand: 9 }), level({ on_hand: 4 })),
    ],
    looksLikeIt: {
      'somebody is counting': [
        wms('inventory', level({ on_hand: 4 }, { attributes: { counting: true } })),
        erp('inventory', level({ on_hand: 9 })),
      ],
      'goods are between two places': [
        wms('inventory', level({ on_hand: 4, in_transfer: 5 })),
        erp('inventory', level({ on_hand: 9 })),
      ],
    },
  },
  'wms-storefront-stock-agrees': {
    says: 'wms says 4, shop says 6: 2 apart.',
    broken: [
      wms('inventory', level({ on_hand: 4 })),
      shop('inventory', level({ available: 5, committed: 1 })),
    ],
    mended: [
      wms('inventory', level({ on_hand: 4 })),
      shop('inventory', level({ available: 3, committed: 1 })),
    ],
    looksLikeIt: {
      'sold and not picked yet: still on the shelf': [
        wms('inventory', level({ on_hand: 6 })),
        shop('inventory', level({ available: 5, committed: 1 })),
      ],
    },
  },
  'storefront-not-oversold': {
    says: 'shop says level (available -2) and has not moved on.',
    broken: [shop('inventory', level({ available: 1 }), level({ available: -2 }))],
    mended: [shop('inventory', level({ available: -2 }), level({ available: 3 }))],
    looksLikeIt: {
      'sold on back-order, on purpose': [
        shop('inventory', level({ available: -2 }, { attributes: { backorders: true } })),
      ],
      'the last one is gone': [shop('inventory', level({ available: 0 }))],
    },
  },
  'carrier-parcel-scanned': {
    says: 'wms says shipped; carrier still says label.',
    broken: [wms('fulfillment', 'shipped'), carrier('shipment', 'label')],
    mended: [wms('fulfillment', 'shipped'), carrier('shipment', 'label', 'in_transit')],
    looksLikeIt: {
      'a label for what has not been packed yet': [
        wms('fulfillment', 'picked'),
        carrier('shipment', 'label'),
      ],
    },
  },
  'carrier-parcel-moves': {
    says: 'carrier says in_transit and nothing since.',
    broken: [carrier('shipment', 'label', 'in_transit')],
    mended: [carrier('shipment', 'label', 'in_transit', 'delivered')],
    looksLikeIt: {
      'waits to be picked up by the customer': [carrier('shipment', 'in_transit', 'pickup_ready')],
    },
  },
  'carrier-parcel-safe': {
    says: 'carrier says lost and has not moved on.',
    broken: [carrier('shipment', 'in_transit', 'lost')],
    mended: [carrier('shipment', 'in_transit', 'lost', 'delivered')],
    looksLikeIt: { 'nobody was at home': [carrier('shipment', 'in_transit', 'attempted')] },
  },
  'carrier-return-announced': {
    says: 'carrier says returning; the wms knows nothing of it.',
    broken: [wms('fulfillment', 'shipped'), carrier('shipment', 'in_transit', 'returning')],
    mended: [wms('return', 'expected'), carrier('shipment', 'in_transit', 'returning')],
    looksLikeIt: {},
  },
  'storefront-claim-answered': {
    says: 'shop says open and has not moved on.',
    broken: [shop('claim', 'open')],
    mended: [shop('claim', 'open', 'closed')],
    looksLikeIt: {},
  },
  'supplier-receipt-complete': {
    says: 'supplier says 10, wms says 8: 2 apart.',
    broken: [
      supplier('receipt', { state: 'in_transit', quantities: { shipped: 10 } }),
      wms('receipt', { state: 'received', quantities: { received: 8 } }),
    ],
    mended: [
      supplier('receipt', { state: 'in_transit', quantities: { shipped: 8 } }),
      wms('receipt', { state: 'received', quantities: { received: 8 } }),
    ],
    looksLikeIt: {
      'the rest is still being unloaded': [
        supplier('receipt', { state: 'in_transit', quantities: { shipped: 10 } }),
        wms('receipt', { state: 'partial', quantities: { received: 8 } }),
      ],
    },
  },
  'erp-receipt-complete': {
    says: 'erp says 10, wms says 8: 2 apart.',
    broken: [
      erp('receipt', { state: 'ordered', quantities: { advised: 10 } }),
      wms('receipt', { state: 'received', quantities: { received: 8 } }),
    ],
    mended: [
      erp('receipt', { state: 'ordered', quantities: { advised: 8 } }),
      wms('receipt', { state: 'received', quantities: { received: 8 } }),
    ],
    looksLikeIt: {
      'no advice was ever given': [
        erp('receipt', { state: 'ordered', quantities: { ordered: 10 } }),
        wms('receipt', { state: 'received', quantities: { received: 8 } }),
      ],
    },
  },
  'supplier-date-agrees': {
    says: 'supplier says 2026-12-10, erp says 2026-12-01.',
    broken: [
      supplier('purchase_order', expected('2026-12-10T00:00:00Z')),
      erp('purchase_order', expected('2026-12-01T00:00:00Z')),
    ],
    mended: [
      supplier('purchase_order', expected('2026-12-10T00:00:00Z')),
      erp('purchase_order', expected('2026-12-10T00:00:00Z')),
    ],
    looksLikeIt: {
      'the supplier is early': [
        supplier('purchase_order', expected('2026-11-30T00:00:00Z')),
        erp('purchase_order', expected('2026-12-03T00:00:00Z')),
      ],
      'the same day, written with another hour': [
        supplier('purchase_order', expected('2026-12-01T17:00:00Z')),
        erp('purchase_order', expected('2026-12-01T00:00:00Z')),
      ],
    },
  },
  'erp-promise-agrees': {
    says: 'erp says 2026-12-10, shop says 2026-12-03.',
    broken: [
      erp('purchase_order', expected('2026-12-10T00:00:00Z')),
      shop('purchase_order', promised('2026-12-03T00:00:00Z')),
    ],
    mended: [
      erp('purchase_order', expected('2026-12-10T00:00:00Z')),
      shop('purchase_order', promised('2026-12-12T00:00:00Z')),
    ],
    looksLikeIt: {
      'the shop leaves itself some days': [
        erp('purchase_order', expected('2026-12-10T00:00:00Z')),
        shop('purchase_order', promised('2026-12-17T00:00:00Z')),
      ],
    },
  },
  'supplier-delivery-arrived': {
    says: 'erp says ordered; erp still says ordered.',
    broken: [erp('purchase_order', expected('2026-12-01T00:00:00Z'))],
    mended: [erp('purchase_order', expected('2026-12-01T00:00:00Z'), 'received')],
    looksLikeIt: { 'not ordered yet': [erp('purchase_order', 'draft')] },
  },
  'wms-receipt-booked': {
    says: 'wms says received; erp still says ordered.',
    broken: [wms('receipt', 'received'), erp('receipt', 'ordered')],
    mended: [wms('receipt', 'received'), erp('receipt', 'ordered', 'received')],
    looksLikeIt: {
      'part of it is still on the lorry': [wms('receipt', 'partial'), erp('receipt', 'ordered')],
    },
  },
  'wms-receipt-sellable': {
    says: 'wms says received (not sellable) and has not moved on.',
    broken: [wms('receipt', { state: 'received', attributes: { sellable: false } })],
    mended: [wms('receipt', { state: 'received', attributes: { sellable: true } })],
    looksLikeIt: { 'a warehouse that does not say': [wms('receipt', 'received')] },
  },
  'wms-return-refunded': {
    says: 'wms says inspected; shop still says open.',
    broken: [wms('return', 'received', 'inspected'), shop('return', 'open')],
    mended: [wms('return', 'received', 'inspected'), shop('return', 'open', 'refunded')],
    looksLikeIt: {
      'back, and not inspected yet': [wms('return', 'expected', 'received'), shop('return', 'open')],
      'inspected and rejected': [wms('return', 'inspected', 'rejected'), shop('return', 'open')],
    },
  },
}

/** The forms that Baton's own observations use are tested with them. */
const shipped = CATALOGUE.filter(({ handoff }) => handoff.object !== 'feed' && handoff.object !== 'name')
const contractOf = (id: string): Contract => {
  const found = CATALOGUE.find((contract) => contract.id === id)
  if (!found) throw new Error(`no contract ${id} is shipped`)
  return found
}
const verdictOn = (contract: Contract, objects: ObjectState[]): Verdict =>
  check(contract, view(objects, { kind: contract.subject }))

describe('the catalogue', () => {
  it('has an example of every contract that is shipped, and of no other', () => {
    expect(Object.keys(EXAMPLES).sort()).toEqual(shipped.map(({ id }) => id).sort())
  })

  it('says in plain words what each break is, what it means, whom it hurts and what people do about it', () => {
    for (const { id, title, meaning, hurts, fix } of CATALOGUE) {
      for (const words of [meaning, hurts, fix]) expect(words, id).toMatch(/^[A-Z].*\.$/)
      expect(title, id).not.toMatch(/\.$/)
      expect(title.length, id).toBeLessThanOrEqual(60)
      expect(`${meaning} ${hurts} ${fix}`, id).not.toMatch(/contract|subject|handoff|canonical/i)
    }
  })

  it('folds only under contracts that are shipped, and never in a circle', () => {
    const above = (id: string, seen: string[] = []): string[] => {
      expect(seen).not.toContain(id)
      return contractOf(id).foldsUnder.flatMap((root) => [root, ...above(root, [...seen, id])])
    }
    for (const { id } of CATALOGUE) above(id)
  })

  it('speaks only of roles that take part in the handoff or explain it', () => {
    for (const contract of shipped) {
      const { id, handoff } = contract
      const roles = rolesInvolved(contract)
      expect(
        roles.some((role) => role === handoff.from || role === handoff.to),
        id,
      ).toBe(true)
    }
  })

  it('leaves out the classes of order for which it would be a false alarm', () => {
    const silentFor = (id: string): OrderClass[] => {
      const classes: OrderClass[] = [
        'consumer',
        'b2b',
        'preorder',
        'backorder',
        'marketplace',
        'draft',
        'pos',
        'other',
      ]
      const kind = contractOf(id).subject
      return classes.filter((orderClass) => !applies(contractOf(id), { kind, orderClass }))
    }
    expect(silentFor('storefront-order-imported')).toEqual(['preorder', 'draft', 'pos', 'other'])
    expect(silentFor('storefront-payment-valid')).toEqual(['b2b', 'draft', 'pos', 'other'])
    expect(silentFor('erp-delivery-sent')).toEqual(['preorder', 'backorder', 'draft', 'pos', 'other'])
    expect(silentFor('wms-short-resolved')).toEqual(['draft', 'other'])
  })

  it('gives a pre-order time until its release, and not from its payment', () => {
    const verdict = verdictOn(contractOf('storefront-preorder-imported'), [released])
    expect(verdict).toMatchObject({ is: 'broken', dueAt: new Date('2026-11-24T10:00:00Z') })
    expect(verdictOn(contractOf('storefront-preorder-imported'), [paid]).is).toBe('unknown')
  })

  it('counts a release that was not passed on from the release, however long the hold had been', () => {
    const held = wms('fulfillment', 'ready', 'held')
    const late = object(
      ...[0, 1, 500].map((minute, index) => ({
        system: 'shop',
        role: 'storefront' as const,
        type: 'fulfillment' as const,
        minute,
        state: ['ready', 'held', 'ready'][index] ?? '',
      })),
    )
    expect(verdictOn(contractOf('storefront-release-passed'), [held, late])).toMatchObject({ since: at(500) })
  })

  it('counts the silence of a parcel from the last word of it', () => {
    const moving = carrier('shipment', 'in_transit', { state: 'in_transit', attributes: { hub: 'Talheim' } })
    expect(verdictOn(contractOf('carrier-parcel-moves'), [moving])).toMatchObject({ since: at(1) })
  })
})

describe('several parcels of one order', () => {
  const contract = contractOf('wms-shipment-synced')
  const parcel = (externalId: string, minute: number) => ({
    externalId,
    minute,
    state: 'shipped',
    rawState: 'DESPATCHED',
  })
  const first = wms('fulfillment', { ...parcel('D1', 0), quantities: { shipped: 2 } })
  const second = wms('fulfillment', { ...parcel('D2', 600), quantities: { shipped: 1 } })
  const booked = (shipped: number) =>
    erp('fulfillment', { externalId: `S${shipped}`, state: 'shipped', quantities: { shipped } })

  it('are all owed, each from its own time', () => {
    expect(verdictOn(contract, [first, booked(2)]).is).toBe('kept')
    expect(verdictOn(contract, [first, second, booked(2)])).toMatchObject({
      is: 'broken',
      since: at(600),
      evidence: { sentence: 'wms says 3 DESPATCHED, erp says 2.', magnitude: 1 },
    })
    expect(verdictOn(contract, [first, second, booked(2), booked(1)]).is).toBe('kept')
  })

  it('are one thing where a system does not say how much', () => {
    expect(verdictOn(contract, [first, second, erp('fulfillment', 'shipped')]).is).toBe('kept')
  })
})

describe.each(Object.entries(EXAMPLES))('%s', (id, { says, broken, mended, looksLikeIt }) => {
  it('breaks, and says what the systems say', () => {
    const verdict = verdictOn(contractOf(id), broken)
    expect(verdict.is === 'broken' ? verdict.evidence.sentence : verdict).toBe(says)
  })

  it('is kept once it is mended', () => {
    expect(verdictOn(contractOf(id), mended).is).toBe('kept')
  })

  it.each(Object.entries(looksLikeIt))('keeps quiet: %s', (_words, objects) => {
    expect(verdictOn(contractOf(id), objects).is).not.toBe('broken')
  })
})

describe('the title of a contract', () => {
  /** What means something to whoever built the systems, and nothing to whoever mends an order. */
  const JARGON =
    /[_>{}/\\]|\b(ASN|EDI|API|HTTP|JSON|SKU|PO|ID|UUID|null|sync\w*|webhooks?|payload|endpoint|queue|mapping|entity|object|record|event|timeout|status|state|contract|breach|exception|handoff|subject)\b/i

  it.each(CATALOGUE.map(({ id, title }) => [id, title]))('%s is plain words: %s', (id, title) => {
    expect(title).not.toMatch(JARGON)
    expect(title).not.toContain(id)
    expect(title).toMatch(/^[A-Z].*[a-zA-Z]$/)
    // Two lines of a phone.
    expect(title.length).toBeLessThanOrEqual(60)
  })

  it('is no other contract’s', () => {
    expect(new Set(CATALOGUE.map(({ title }) => title)).size).toBe(CATALOGUE.length)
  })
})
