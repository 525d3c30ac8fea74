import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CATALOGUE } from '../../src/app/catalogue.ts'
import { FAULTS, type FaultKind, FIRST_ROUND, isFault } from '../../src/sandbox/faults.ts'
import type { Planted } from '../../src/sandbox/ledger.ts'
import type { SystemName } from '../../src/sandbox/steps.ts'
import { startWorld, type TestWorld } from '../support/sandbox-world.ts'

let world: TestWorld
beforeEach(async () => {
  world = await startWorld()
})
afterEach(() => world.stop())

/** Longer than any lag of the integrations, so that what is not there by then is not coming. */
const LONG_MS = 20_000

type RareKind = Exclude<FaultKind, (typeof FIRST_ROUND)[number]>

type Case = {
  /** What the systems say about it, each as `system type state`. */
  says: string[]
  /** What none of them says. */
  never?: string
  /** The call that mends it: `ids` finds an object by its `system type`. */
  call(keys: Record<string, string>, ids: (name: string) => string): [SystemName, string, object?]
  /** It takes its way through an integration, or somebody else has to answer first. */
  mendedBy?: 'bridge'
}

const CASES: Record<RareKind, Case> = {
  delivery_never_sent: {
    says: ['erp order confirmed', 'erp fulfillment ready'],
    never: 'wms fulfillment',
    call: (_keys, ids) => ['erp', `/deliveries/${ids('erp fulfillment')}/resend`],
    mendedBy: 'bridge',
  },
  release_not_passed: {
    says: ['shop fulfillment ready', 'wms fulfillment held'],
    call: (_keys, ids) => ['wms', `/deliveries/${ids('wms fulfillment')}/release`],
  },
  cancel_not_passed: {
    says: ['shop order cancelled', 'shop fulfillment cancelled', 'wms fulfillment picked'],
    call: (_keys, ids) => ['wms', `/deliveries/${ids('wms fulfillment')}/recall`],
  },
  void_not_answered: {
    says: ['shop order confirmed', 'wms fulfillment cancelled'],
    call: (_keys, ids) => ['shop', `/orders/${ids('shop order')}/cancel`],
  },
  tracking_not_passed: {
    says: ['wms fulfillment shipped', 'shop fulfillment ready'],
    call: ({ order }, ids) => [
      'shop',
      `/fulfillment_orders/${ids('shop fulfillment')}/fulfil`,
      { tracking: `TRK${order}X1NL` },
    ],
  },
  hold_undecided: {
    says: ['shop fulfillment held'],
    call: (_keys, ids) => ['shop', `/fulfillment_orders/${ids('shop fulfillment')}/release`],
  },
  move_not_passed: {
    says: ['shop fulfillment ready', 'wms fulfillment allocated'],
    call: (_keys, ids) => ['wms', `/deliveries/${ids('wms fulfillment')}/move`, { site: 'NORTH' }],
  },
  oversold: {
    says: ['shop inventory level'],
    call: (_keys, ids) => ['shop', `/inventory_levels/${ids('shop inventory')}/reroute`],
  },
  address_doubted: {
    says: ['shop fulfillment ready', 'wms fulfillment held'],
    call: (_keys, ids) => ['wms', `/deliveries/${ids('wms fulfillment')}/release`],
  },
  payment_expired: {
    says: ['shop order confirmed', 'wms fulfillment allocated'],
    call: (_keys, ids) => ['shop', `/orders/${ids('shop order')}/ask_payment`],
    mendedBy: 'bridge',
  },
  article_unknown: {
    says: ['shop order confirmed', 'erp order rejected'],
    never: 'erp fulfillment',
    call: (_keys, ids) => ['shop', `/orders/${ids('shop order')}/resend`],
    mendedBy: 'bridge',
  },
  parcel_stalled: {
    says: ['carrier shipment in_transit'],
    call: (_keys, ids) => ['carrier', `/parcels/${ids('carrier shipment')}/trace`],
    mendedBy: 'bridge',
  },
  parcel_harmed: {
    says: ['wms fulfillment shipped'],
    never: 'carrier shipment in_transit',
    call: (_keys, ids) => ['carrier', `/parcels/${ids('carrier shipment')}/trace`],
    mendedBy: 'bridge',
  },
  return_unannounced: {
    says: ['carrier shipment returning'],
    never: 'wms return',
    call: ({ order, tracking }) => ['wms', '/returns', { order, tracking }],
  },
  claim_unanswered: {
    says: ['shop claim open'],
    call: (_keys, ids) => ['shop', `/claims/${ids('shop claim')}/answer`, { answer: 'reship' }],
  },
  supplier_short: {
    says: ['wms receipt received', 'erp receipt received'],
    call: (_keys, ids) => ['erp', `/receipts/${ids('erp receipt')}/claim`],
    mendedBy: 'bridge',
  },
  promise_stale: {
    says: ['shop purchase_order ordered', 'erp purchase_order ordered'],
    call: (_keys, ids) => [
      'shop',
      `/restocks/${ids('shop purchase_order')}/promise`,
      { promised_for: expectedAt },
    ],
  },
  return_not_refunded: {
    says: ['wms return inspected', 'shop return requested'],
    call: (_keys, ids) => ['shop', `/returns/${ids('shop return')}/refund`],
  },
}
/** The day that the ERP expects the goods of `promise_stale`. */
let expectedAt = ''

const isRare = (kind: string): kind is RareKind => Object.hasOwn(CASES, kind)
const objectsOf = async (fault: Planted) => {
  const shown = isFault(fault.kind) ? FAULTS[fault.kind].shown : 'order'
  const { objects } = await world.subject(shown, fault.keys[shown] ?? '')
  return objects
}
const ledgerEntry = (fault: Planted) => world.sandbox.ledger().faults.find((f) => f.id === fault.id)

describe.each(Object.keys(CASES).filter(isRare))('%s', (kind) => {
  const { says, never, call, mendedBy } = CASES[kind]

  const expectItToShow = async (fault: Planted) => {
    const states = (await objectsOf(fault)).map((o) => `${o.system} ${o.type} ${o.state}`)
    expect(states).toEqual(expect.arrayContaining(says))
    if (never !== undefined) expect(states.join(', ')).not.toContain(never)
    expect(ledgerEntry(fault)?.fixedAt).toBeNull()
  }

  it('shows through the APIs, stays, and can still be mended through them', async () => {
    const fault = await world.plant(kind)
    expect(fault).toMatchObject({ kind, benign: false, expectedContract: FAULTS[kind].contract })
    await world.advance(3_000)
    await expectItToShow(fault)
    await world.advance(LONG_MS)
    await expectItToShow(fault)

    const objects = await objectsOf(fault)
    expectedAt = String(objects.find((o) => o.system === 'erp')?.attributes.expectedAt)
    const [system, path, body] = call(
      fault.keys,
      (name) => objects.find((o) => `${o.system} ${o.type}` === name)?.externalId ?? 'none',
    )
    const answer = await world.call(system, path, { key: 'k', ...(body ? { body } : {}) })
    expect([answer.status < 300, answer.body]).toEqual([true, expect.anything()])
    expect(world.sandbox.ledger().effects).toHaveLength(1)
    const mended = await world.until('the ledger says mended', () => {
      const entry = ledgerEntry(fault)
      return entry?.fixedAt ? entry : undefined
    })
    expect(mended.fixedBy).toEqual({ kind: 'integration', name: mendedBy ?? 'baton' })
  })

  it('is mended by a person at last, where nobody else does it', async () => {
    const fault = await world.plant(kind)
    const mended = await world.until(
      'somebody mends it',
      async () => {
        await world.advance(60_000)
        const entry = ledgerEntry(fault)
        return entry?.fixedAt ? entry : undefined
      },
      2 * 3_600_000,
    )
    expect(mended.fixedBy?.kind).toBe('person')
  })
})

describe('every kind', () => {
  it.each(Object.keys(FAULTS).filter(isFault))(
    '%s: its contract offers something that can be done',
    async (kind) => {
      const fault = await world.plant(kind)
      const { contract: id, shown } = FAULTS[kind]
      const contract = CATALOGUE.find((candidate) => candidate.id === id)
      const subject = await world.subject(shown, fault.keys[shown] ?? '')
      const offered = Object.values(world.connectors).flatMap(({ actions }) =>
        actions.filter((action) => contract?.actions.includes(action.id)),
      )
      const possible = offered.filter((action) => {
        const target = action.target(subject)
        return target !== null && !('unavailable' in target)
      })
      expect(possible.map((action) => action.id)).not.toEqual([])
    },
  )

  it('is told of in one of the two tests', () => {
    expect([...FIRST_ROUND, ...Object.keys(CASES)].sort()).toEqual(Object.keys(FAULTS).sort())
  })
})
