import * as fc from 'fast-check'
import { contractConfig } from '../../src/app/contract-config.ts'
import type { Fact, Key, ObjectType, OrderClass, Role } from '../../src/domain/model.ts'
import { key, MINUTE, SIX } from '../support/world.ts'

/** One contract of each form and of each way to say since when it is broken, all about a handful of objects. */
export const CONTRACTS = [
  {
    id: 'shipped-booked',
    title: 'Shipped, and not booked',
    handoff: { from: 'wms', to: 'erp', object: 'shipment' },
    subject: 'fulfillment',
    grace: '30m',
    follow: {
      when: { role: 'wms', type: 'fulfillment', states: ['shipped'] },
      then: { role: 'erp', type: 'order', states: ['shipped'] },
      unless: [{ role: 'storefront', type: 'order', states: ['cancelled'] }],
    },
  },
  {
    id: 'ships-by-its-deadline',
    title: 'Not shipped by the deadline',
    handoff: { from: 'storefront', to: 'wms', object: 'order' },
    subject: 'fulfillment',
    grace: { field: 'shipBy', role: 'storefront', type: 'order' },
    follow: {
      when: { role: 'storefront', type: 'order', states: ['open'] },
      then: { role: 'wms', type: 'fulfillment', states: ['shipped'] },
    },
  },
  {
    id: 'short-pick',
    title: 'Short pick',
    handoff: { from: 'wms', to: 'storefront', object: 'pick' },
    subject: 'fulfillment',
    grace: '0s',
    leave: { object: { role: 'wms', type: 'fulfillment', states: ['short'] } },
  },
  {
    id: 'erp-silent',
    title: 'Nothing heard of it',
    handoff: { from: 'erp', to: 'wms', object: 'order' },
    subject: 'fulfillment',
    grace: '1h',
    leave: { object: { role: 'erp', type: 'order', states: ['open'] }, since: 'silence' },
  },
  {
    id: 'one-delivery',
    title: 'Two live deliveries',
    handoff: { from: 'erp', to: 'wms', object: 'delivery' },
    subject: 'fulfillment',
    grace: '5m',
    one: { object: { role: 'wms', type: 'fulfillment', states: ['open', 'shipped'] } },
  },
  {
    id: 'units-agree',
    title: 'Units differ',
    handoff: { from: 'wms', to: 'erp', object: 'units' },
    subject: 'fulfillment',
    grace: '6h',
    agree: {
      left: [{ role: 'wms', type: 'fulfillment', quantity: 'units' }],
      right: [{ role: 'erp', type: 'order', quantity: 'units' }],
    },
  },
  {
    id: 'units-below-zero',
    title: 'Less than nothing',
    handoff: { from: 'erp', to: 'wms', object: 'units' },
    subject: 'fulfillment',
    grace: '6h',
    leave: {
      object: {
        role: 'erp',
        type: 'order',
        states: ['open', 'shipped'],
        where: { quantity: 'units', below: 0 },
      },
      since: 'seen',
    },
  },
  {
    id: 'parcel-scanned',
    title: 'Never scanned',
    handoff: { from: 'wms', to: 'carrier', object: 'parcel' },
    subject: 'parcel',
    grace: '2h',
    follow: {
      when: { role: 'wms', type: 'fulfillment', states: ['shipped'] },
      then: { role: 'carrier', type: 'shipment', states: ['shipped'] },
    },
  },
].map((written) => contractConfig.parse(written))

/** The earliest time that a story knows, in minutes before six o'clock; it ends at six. */
export const EARLIEST = 300
/** Past every due time, whatever was seen first. */
export const ALL_DUE_MS = 24 * 60 * MINUTE

type Named = { system: string; role: Role; type: ObjectType }
const SHOP: Named = { system: 'shop', role: 'storefront', type: 'order' }
const ERP: Named = { system: 'erp', role: 'erp', type: 'order' }
const WMS: Named = { system: 'wms', role: 'wms', type: 'fulfillment' }
const CARRIER: Named = { system: 'carrier', role: 'carrier', type: 'shipment' }

export type Statement = Omit<Fact, 'receivedAt'>

const minute = fc.integer({ min: -EARLIEST, max: 0 })
const timeOf = (at: number): Date => new Date(SIX.getTime() + at * MINUTE)

/** What is said about one object: versions that may contradict each other, times that may contradict the versions. */
const told = fc.record({
  state: fc.constantFrom('open', 'short', 'shipped', 'cancelled'),
  version: fc.integer({ min: 1, max: 4 }),
  at: minute,
  units: fc.option(fc.integer({ min: -1, max: 2 })),
  shipBy: fc.option(minute),
  orderClass: fc.option(fc.constantFrom<OrderClass>('consumer', 'draft')),
  /** Which of its names it gives this time: an identity key may come early, late, or with one version only. */
  names: fc.uniqueArray(fc.nat(4), { minLength: 0, maxLength: 3 }),
})

/** Names by which the objects of one order may be called; the last one belongs to another order. */
const namesOf = (order: number): Key[] => [
  key('order', `${order}`),
  key('sale', `S${order}`),
  key('tracking', `T${order}`),
  key('sku', 'SHOE', 'reference'),
  key('sale', `S${(order % 3) + 1}`),
]

const history = fc
  .record({
    what: fc.constantFrom(SHOP, ERP, WMS, CARRIER),
    order: fc.integer({ min: 1, max: 3 }),
    n: fc.integer({ min: 1, max: 2 }),
    all: fc.array(told, { minLength: 1, maxLength: 4 }),
  })
  .map(({ what, order, n, all }): Statement[] =>
    all.map(({ state, version, at, units, shipBy, orderClass, names }) => ({
      ...what,
      externalId: `${order}-${n}`,
      keys: names.flatMap((place) => namesOf(order)[place] ?? []),
      ...(orderClass === null ? {} : { orderClass }),
      state,
      rawState: state.toUpperCase(),
      quantities: units === null ? {} : { units },
      attributes: shipBy === null ? {} : { shipBy: timeOf(shipBy).toISOString() },
      changedBy: { kind: 'unknown' },
      occurredAt: timeOf(at),
      version,
    })),
  )

/** What four systems say about three orders in a morning. */
export const story: fc.Arbitrary<Statement[]> = fc
  .array(history, { minLength: 2, maxLength: 8 })
  .map((all) => all.flat())

/** How it is heard: in which order, how often, how late, in which batches, and by how many processes at once. */
export type Hearing = {
  /** Places in the story; each at least once. */
  order: number[]
  steps: { sizes: number[]; minutes: number; sweep: boolean }[]
  /** All is recorded before any of it is taken. */
  recordedFirst: boolean
}

const step = fc.record({
  /** One batch, or two that two processes take at the same time. */
  sizes: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 2 }),
  minutes: fc.constantFrom(0, 0, 7, 45, 200),
  sweep: fc.boolean(),
})

/** `delays`: whether time passes meanwhile. */
export const hearingOf = (count: number, delays: boolean): fc.Arbitrary<Hearing> => {
  const places = [...Array(count).keys()]
  return fc.record({
    order: fc
      .subarray(places)
      .chain((again) =>
        fc.shuffledSubarray([...places, ...again], { minLength: places.length + again.length }),
      ),
    steps: fc
      .array(step, { minLength: 1, maxLength: 8 })
      .map((steps) => (delays ? steps : steps.map((each) => ({ ...each, minutes: 0 })))),
    recordedFirst: fc.boolean(),
  })
}
