import { PEOPLE, picked, RESERVE } from './catalogue.ts'
import { saleFor } from './erp.ts'
import { type FaultKind, isFault } from './faults.ts'
import type { Author, Planted } from './ledger.ts'
import { PLOTS } from './plots.ts'
import { LAGS, type SystemName } from './steps.ts'
import type { World } from './world.ts'

/** What a fault sits on, as the ledger names it. */
type On = {
  order: string
  receipt: string
  purchase: string
  sku: string
  stock: string
  units: number
  wrongIn: string
}

/** How one kind of fault is seen and ended. */
type Mending = {
  /** Whether it can be seen in the systems now. Once it was there and is no more, it is mended, whoever did it. */
  shows(world: World, on: On): boolean
  /** Whose people come across it, and what they do about it at that system's own screen. */
  in: SystemName
  byHand(world: World, on: On, by: Author): void
}

const liveOf = ({ wms }: World, order: string) =>
  wms.deliveriesOf(order).filter(({ data }) => data.status !== 'VOID')
const inHouse = (world: World, order: string) =>
  liveOf(world, order).filter(({ data }) => data.status !== 'DESPATCHED')
const shippedOf = ({ wms }: World, order: string) =>
  wms.deliveriesOf(order).find(({ data }) => data.tracking !== null)
const parcelIs = (world: World, order: string, ...statuses: string[]): boolean =>
  world.wms
    .deliveriesOf(order)
    .some(({ id }) => statuses.includes(world.carrier.parcelOf(id)?.data.status ?? ''))
const findParcels = ({ wms, carrier }: World, { order }: On, by: Author) => {
  for (const { id } of wms.deliveriesOf(order)) carrier.find(id, by)
}

const MENDING: Record<FaultKind, Mending> = {
  receipt_never_booked: {
    shows: ({ erp, wms }, { receipt }) =>
      wms.inboundOf(receipt) !== undefined && erp.receiptOf(receipt)?.data.state !== 'booked',
    in: 'erp',
    byHand: ({ erp, wms }, { receipt }, by) =>
      void erp.book(receipt, wms.inboundOf(receipt)?.data.quantity ?? 0, by, true),
  },
  hold_not_passed: {
    shows: (world, { order }) =>
      world.shop.fulfillment(order)?.data.status === 'ON_HOLD' &&
      inHouse(world, order).some(({ data }) => data.status !== 'HOLD'),
    in: 'wms',
    byHand: (world, { order }, by) => {
      for (const { id } of inHouse(world, order)) world.wms.hold(id, 'held in the shop', by)
    },
  },
  stock_drift: {
    shows: ({ erp, wms, timeline }, { stock }) => {
      const level = erp.level(stock)?.data
      const onTheWay = timeline
        .pending('move_stock', stock)
        .filter((move) => (move.seq ?? 0) > (level?.counted_to ?? 0))
      const settled = onTheWay.reduce((sum, move) => sum + (move.n ?? 0), level?.quantity ?? 0)
      const uncounted = timeline.pending('finish_count', stock).reduce((sum, { n = 0 }) => sum + n, 0)
      return settled !== (wms.level(stock)?.data.on_hand ?? 0) + uncounted
    },
    in: 'wms',
    byHand: ({ erp, wms }, { stock, units, wrongIn }, by) => {
      const counted = wms.level(stock)
      if (!counted) return
      if (wrongIn === 'wms') wms.finishCount(stock, units, by)
      else erp.setLevel(stock, counted.data.on_hand, counted.seq, by)
    },
  },
  short_pick: {
    shows: (world, { order }) =>
      liveOf(world, order).some(({ data }) => data.status === 'SHORT' && data.short_final),
    in: 'wms',
    byHand: ({ wms }, { order }, by) => {
      for (const { id } of wms.deliveriesOf(order)) wms.split(id, by)
    },
  },
  label_without_scan: {
    shows: (world, { order }) =>
      shippedOf(world, order) !== undefined && parcelIs(world, order, 'PRE_TRANSIT'),
    in: 'carrier',
    byHand: findParcels,
  },
  paid_never_imported: {
    shows: ({ shop, erp }, { order }) => shop.order(order)?.data.status === 'paid' && !erp.saleOf(order),
    in: 'erp',
    byHand: ({ shop, erp }, { order }, by) => {
      const row = shop.order(order)
      if (row) erp.createSale(saleFor(row.data), by)
    },
  },
  shipped_not_in_erp: {
    shows: (world, { order }) =>
      shippedOf(world, order) !== undefined && world.erp.deliveryOf(order)?.data.state === 'waiting',
    in: 'erp',
    byHand: (world, { order }, by) =>
      void world.erp.ship(order, shippedOf(world, order)?.data.tracking ?? '', by),
  },
  duplicate_shipment: {
    shows: (world, { order }) => liveOf(world, order).length > 1,
    in: 'wms',
    byHand: (world, { order }, by) => {
      const newest = liveOf(world, order).at(-1)
      if (newest) world.wms.cancel(newest.id, by)
    },
  },

  delivery_never_sent: {
    shows: ({ erp, wms }, { order }) =>
      erp.deliveryOf(order)?.data.state === 'waiting' && wms.deliveriesOf(order).length === 0,
    in: 'wms',
    byHand: ({ shop, wms }, { order }, by) => {
      const lines = picked(shop.order(order)?.data.lines ?? [])
      wms.receiveDelivery(order, shop.fulfillment(order)?.data.location ?? '', lines, by)
    },
  },
  release_not_passed: {
    shows: (world, { order }) =>
      world.shop.fulfillment(order)?.data.status === 'OPEN' &&
      inHouse(world, order).some(({ data }) => data.status === 'HOLD'),
    in: 'wms',
    byHand: ({ wms }, { order }, by) => {
      for (const { id } of wms.deliveriesOf(order)) wms.release(id, by)
    },
  },
  cancel_not_passed: {
    shows: (world, { order }) =>
      world.shop.order(order)?.data.status === 'cancelled' && liveOf(world, order).length > 0,
    in: 'wms',
    byHand: (world, { order }, by) => {
      for (const { id } of inHouse(world, order)) world.wms.recall(id, by)
    },
  },
  void_not_answered: {
    shows: (world, { order }) =>
      world.shop.order(order)?.data.status === 'paid' &&
      world.wms.deliveriesOf(order).length > 0 &&
      liveOf(world, order).length === 0,
    in: 'shop',
    byHand: ({ shop }, { order }, by) => void shop.cancel(order, by),
  },
  tracking_not_passed: {
    shows: (world, { order }) =>
      shippedOf(world, order) !== undefined && world.shop.fulfillment(order)?.data.tracking === null,
    in: 'shop',
    byHand: (world, { order }, by) =>
      void world.shop.fulfil(order, shippedOf(world, order)?.data.tracking ?? '', false, by),
  },
  hold_undecided: {
    shows: ({ shop }, { order }) => shop.fulfillment(order)?.data.status === 'ON_HOLD',
    in: 'shop',
    byHand: ({ shop }, { order }, by) => void shop.release(order, by),
  },
  move_not_passed: {
    shows: (world, { order }) =>
      inHouse(world, order).some(({ data }) => data.site !== world.shop.fulfillment(order)?.data.location),
    in: 'wms',
    byHand: ({ shop, wms }, { order }, by) => {
      const site = shop.fulfillment(order)?.data.location
      if (site !== undefined) for (const { id } of wms.deliveriesOf(order)) wms.moveTo(id, site, by)
    },
  },
  oversold: {
    shows: ({ shop }, { sku }) => shop.available(sku) < 0,
    in: 'shop',
    byHand: ({ shop }, { sku }, by) => void shop.reroute(sku, RESERVE.site, by),
  },
  address_doubted: {
    shows: (world, { order }) =>
      inHouse(world, order).some(({ data }) => data.status === 'HOLD' && data.hold_reason === 'address'),
    in: 'wms',
    byHand: ({ wms }, { order }, by) => {
      for (const { id } of wms.deliveriesOf(order)) wms.release(id, by)
    },
  },
  payment_expired: {
    shows: ({ shop }, { order }) => {
      const row = shop.order(order)
      return row?.data.payment === 'expired' && row.data.status !== 'cancelled'
    },
    in: 'shop',
    byHand: ({ shop }, { order }, by) => shop.changeOrder(order, { payment: 'paid' }, by),
  },
  article_unknown: {
    shows: ({ erp }, { order }) => erp.saleOf(order)?.data.state === 'rejected',
    in: 'erp',
    byHand: ({ shop, erp }, { order }, by) => {
      const row = shop.order(order)
      if (row) erp.createSale(saleFor(row.data), by)
    },
  },

  parcel_stalled: {
    shows: (world, { order }) => parcelIs(world, order, 'IN_TRANSIT'),
    in: 'carrier',
    byHand: findParcels,
  },
  parcel_harmed: {
    shows: (world, { order }) => parcelIs(world, order, 'LOST', 'DAMAGED'),
    in: 'carrier',
    byHand: findParcels,
  },
  return_unannounced: {
    shows: (world, { order }) => parcelIs(world, order, 'RETURN_TO_SENDER') && !world.wms.returnOf(order),
    in: 'wms',
    byHand: (world, { order }, by) => {
      const shipped = shippedOf(world, order)?.data
      const lines = shipped?.lines.map(({ sku, picked: quantity }) => ({ sku, quantity })) ?? []
      world.wms.expectReturn(order, shipped?.tracking ?? null, lines, by)
    },
  },
  claim_unanswered: {
    shows: ({ shop }, { order }) => shop.claimOf(order)?.data.status === 'OPEN',
    in: 'shop',
    byHand: ({ shop }, { order }, by) => void shop.answerClaim(shop.claimOf(order)?.id ?? '', 'refund', by),
  },

  supplier_short: {
    shows: ({ erp, wms }, { receipt }) => {
      const inbound = wms.inboundOf(receipt)?.data
      return inbound?.status === 'RECEIVED' && inbound.quantity !== erp.receiptOf(receipt)?.data.advised
    },
    in: 'erp',
    byHand: ({ erp, wms }, { receipt }, by) =>
      erp.settleShortage(receipt, wms.inboundOf(receipt)?.data.quantity ?? 0, by),
  },
  promise_stale: {
    shows: ({ shop, erp }, { purchase }) =>
      shop.restock(purchase)?.data.promised_for !== erp.purchase(purchase)?.data.expected_at,
    in: 'shop',
    byHand: ({ shop, erp }, { purchase }, by) => {
      const row = erp.purchase(purchase)?.data
      if (row) shop.promise(purchase, row.product, new Date(row.expected_at), by)
    },
  },
  return_not_refunded: {
    shows: ({ shop, wms }, { order }) =>
      wms.returnOf(order)?.data.status === 'INSPECTED' && shop.returnOf(order)?.data.status !== 'REFUNDED',
    in: 'shop',
    byHand: ({ shop }, { order }, by) => void shop.refundReturn(shop.returnOf(order)?.id ?? '', by),
  },
}

const onOf = ({ keys, units, wrongIn }: Planted): On => ({
  order: keys.order ?? '',
  receipt: keys.receipt ?? '',
  purchase: keys.purchase_order ?? '',
  sku: keys.sku ?? '',
  stock: keys.stock ?? '',
  units: units ?? 0,
  wrongIn: wrongIn ?? '',
})

/**
 * Somebody comes across a planted fault and mends it by hand, at the system's own screen: Baton sees it heal, changed
 * by a person.
 */
export const mendByHand = (world: World, entry: Planted): void => {
  if (!isFault(entry.kind)) return
  const { in: system, byHand } = MENDING[entry.kind]
  byHand(world, onOf(entry), { kind: 'person', name: world.dice('who', entry.id).pick(PEOPLE[system]) })
}

/** What waited for the fault to be mended goes on. */
const goOn = (world: World, kind: FaultKind, { order, receipt }: On): void => {
  const stopped = PLOTS[kind]?.stops ?? []
  if (stopped.includes('pick'))
    for (const { id, data } of liveOf(world, order))
      if (data.status === 'ALLOCATED') world.later(LAGS.pick, { do: 'pick', key: id })
  if (stopped.includes('receive_goods')) world.later(LAGS.receive, { do: 'receive_goods', key: receipt })
  if (kind === 'hold_not_passed' && world.shop.fulfillment(order)?.data.status === 'ON_HOLD')
    world.later(LAGS.review, { do: 'release_order', key: order })
}

/** Something has changed: does a planted fault on it show now, or show no more? */
export const judge = (world: World, about: string, by: Author): void => {
  for (const entry of world.ledger.on(about)) {
    if (!isFault(entry.kind)) continue
    const shows = MENDING[entry.kind].shows(world, onOf(entry))
    // What is lost breaks when it is lost: before that it may look the same, and be on its way.
    if (shows && entry.brokenAt === null && !PLOTS[entry.kind]?.loses) world.ledger.broke(entry)
    if (shows || entry.brokenAt === null) continue
    world.ledger.fixed(entry, by)
    goOn(world, entry.kind, onOf(entry))
  }
}
