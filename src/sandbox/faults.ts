import type { Range } from './dice.ts'

/** What a fault is planted on: an order, a purchase, or a stock level. */
type Seat = 'order' | 'purchase' | 'stock'

/** The key of the subject that shows it, in Baton's words. */
type Shown = 'order' | 'tracking' | 'stock' | 'receipt' | 'purchase_order' | 'return'

/**
 * The faults that the world can plant, and the contract that each one breaks. All of them show through the systems'
 * own APIs and can be mended through them. How each comes about is told in `plots.ts`, and what ends it in
 * `mending.ts`. `weight`: how many times it stands in the bag that faults are drawn from.
 */
export const FAULTS = {
  /** The WMS received the goods; the integration loses the message, the ERP never books them. */
  receipt_never_booked: { on: 'purchase', shown: 'receipt', contract: 'wms-receipt-booked', weight: 2 },
  /** Held in the storefront; the hold is lost on the way, the delivery waits in the WMS and can still be held. */
  hold_not_passed: { on: 'order', shown: 'order', contract: 'storefront-hold-passed', weight: 1 },
  /** A movement booked twice in the ERP, or a count mistyped in the WMS. */
  stock_drift: { on: 'stock', shown: 'stock', contract: 'wms-erp-stock-agrees', weight: 1 },
  /** Picked short for good: nothing moves until somebody splits the missing line off. */
  short_pick: { on: 'order', shown: 'order', contract: 'wms-short-resolved', weight: 2 },
  /** The parcel left on paper; the carrier never scans it. */
  label_without_scan: { on: 'order', shown: 'tracking', contract: 'carrier-parcel-scanned', weight: 1 },
  /** Paid, and the integration never hands it to the ERP. */
  paid_never_imported: { on: 'order', shown: 'order', contract: 'storefront-order-imported', weight: 2 },
  /** Shipped by the WMS; the ERP is never told. */
  shipped_not_in_erp: { on: 'order', shown: 'order', contract: 'wms-shipment-synced', weight: 2 },
  /** The ERP sends the same delivery twice; both are live in the WMS. */
  duplicate_shipment: { on: 'order', shown: 'order', contract: 'wms-one-delivery', weight: 1 },

  /** The ERP has the order; the warehouse never hears of it. */
  delivery_never_sent: { on: 'order', shown: 'order', contract: 'erp-delivery-sent', weight: 1 },
  /** Held and released in the shop; the warehouse hears of the hold only. */
  release_not_passed: { on: 'order', shown: 'order', contract: 'storefront-release-passed', weight: 1 },
  /** Called off when it was picked already: it lies at the packing table, and nobody there knows. */
  cancel_not_passed: { on: 'order', shown: 'order', contract: 'storefront-cancel-passed', weight: 1 },
  /** The warehouse gives a delivery up; the shop goes on promising it. */
  void_not_answered: { on: 'order', shown: 'order', contract: 'wms-cancel-answered', weight: 1 },
  /** Shipped; the shop never gets the tracking number. */
  tracking_not_passed: { on: 'order', shown: 'order', contract: 'wms-tracking-passed', weight: 1 },
  /** Held for a fraud check that nobody decides. */
  hold_undecided: { on: 'order', shown: 'order', contract: 'storefront-hold-decided', weight: 1 },
  /** Moved to the other site in the shop; the warehouse is about to pick it at the first one. */
  move_not_passed: { on: 'order', shown: 'order', contract: 'wms-location-agrees', weight: 1 },
  /** One large order for more than there is. */
  oversold: { on: 'order', shown: 'stock', contract: 'storefront-not-oversold', weight: 1 },
  /** The warehouse cannot read the address, and nobody asks the customer. */
  address_doubted: { on: 'order', shown: 'order', contract: 'wms-address-corrected', weight: 1 },
  /** The authorisation runs out before the goods are picked. */
  payment_expired: { on: 'order', shown: 'order', contract: 'storefront-payment-valid', weight: 1 },
  /** The ERP does not know an article of the order. */
  article_unknown: { on: 'order', shown: 'order', contract: 'erp-order-accepted', weight: 1 },

  /** The carrier has it, and then nothing is heard of it. */
  parcel_stalled: { on: 'order', shown: 'tracking', contract: 'carrier-parcel-moves', weight: 1 },
  /** The carrier says so itself. */
  parcel_harmed: { on: 'order', shown: 'tracking', contract: 'carrier-parcel-safe', weight: 1 },
  /** Undeliverable, on its way back, and the warehouse is not told. */
  return_unannounced: { on: 'order', shown: 'tracking', contract: 'carrier-return-announced', weight: 1 },
  /** Delivered, says the carrier; nothing came, says the customer; nobody answers. */
  claim_unanswered: { on: 'order', shown: 'order', contract: 'storefront-claim-answered', weight: 1 },

  /** Less came in than the supplier had announced, and nothing more will come. */
  supplier_short: { on: 'purchase', shown: 'receipt', contract: 'erp-receipt-complete', weight: 1 },
  /** The supplier puts it off; the shop goes on promising the old date. */
  promise_stale: { on: 'purchase', shown: 'purchase_order', contract: 'erp-promise-agrees', weight: 1 },
  /** Back and inspected; the shop never hears of it, the customer never gets the money. */
  return_not_refunded: { on: 'order', shown: 'return', contract: 'wms-return-refunded', weight: 1 },
} as const satisfies Record<string, { on: Seat; shown: Shown; contract: string; weight: number }>

export type FaultKind = keyof typeof FAULTS

/** What looks like a fault and is none: nobody should ever hear of these. */
export const LOOKALIKES = {
  /** The integration takes its time, within every grace. */
  import_late: { on: 'order' },
  sync_late: { on: 'order' },
  scan_late: { on: 'order' },
  receipt_booked_late: { on: 'purchase' },
  delivery_late: { on: 'order' },
  tracking_late: { on: 'order' },
  void_answered_late: { on: 'order' },
  move_late: { on: 'order' },
  date_late: { on: 'purchase' },
  refund_late: { on: 'order' },
  /** The goods are in the WMS and on their way to the ERP's stock. */
  stock_in_flight: { on: 'purchase' },
  /** Goods on their way from one site to the other. */
  transfer_in_flight: { on: 'stock' },
  /** Half of a shelf is counted: for a moment the rest is not there. */
  count_in_progress: { on: 'stock' },
  /** Held for a fraud check, passed on, decided, released again. */
  hold_released: { on: 'order' },
  /** Released in the shop, and asked for again from the warehouse a moment later. */
  release_late: { on: 'order' },
  /** Short at first and not final: the rest is found a moment later. */
  partial_completes: { on: 'order' },
  /** What a supplier sends comes in two parts. */
  receipt_in_parts: { on: 'purchase' },
  /** A business customer on terms: shipped, and never "paid". */
  b2b_on_terms: { on: 'order' },
  /** Paid long before it may go to the ERP. */
  preorder_waits: { on: 'order' },
  /** More than there is, of an article that is sold on back-order: it comes and is shipped then. */
  backorder_waits: { on: 'order' },
  /** Paid and cancelled before the import: the ERP owes nothing. */
  cancelled_before_import: { on: 'order' },
  /** Called off before it is picked, and the warehouse hears of it in time. */
  cancelled_before_pick: { on: 'order' },
  /** Two deliveries of one order, the first one void before the second was made. */
  replaced_delivery: { on: 'order' },
  /** One order in two parts, each a delivery and a parcel of its own. */
  split_order: { on: 'order' },
  /** A set that is sold as one article and picked as two. */
  kit_sold: { on: 'order' },
  /** The warehouse doubts the address, and the shop corrects it. */
  address_corrected: { on: 'order' },
  /** From one hub to the next: slow, but scanned everywhere. */
  parcel_slow: { on: 'order' },
  /** Undeliverable, and the warehouse expects it back. */
  return_announced: { on: 'order' },
  /** A customer asks where the parcel is, and is answered. */
  claim_answered: { on: 'order' },
  /** Back in the warehouse; nobody has looked at it yet, so nothing is owed yet. */
  return_uninspected: { on: 'order' },
} as const satisfies Record<string, { on: Seat }>

export type LookalikeKind = keyof typeof LOOKALIKES
export type PlantedKind = FaultKind | LookalikeKind

export const isFault = (kind: string): kind is FaultKind => Object.hasOwn(FAULTS, kind)
export const isLookalike = (kind: string): kind is LookalikeKind => Object.hasOwn(LOOKALIKES, kind)
export const seatOf = (kind: PlantedKind): Seat => (isFault(kind) ? FAULTS[kind].on : LOOKALIKES[kind].on)

/** What may go wrong with one webhook or one answer on its way. */
export const TROUBLES = ['drop', 'duplicate', 'delay', 'lose_answer'] as const
export type Trouble = (typeof TROUBLES)[number]

/** How much goes wrong, and when. Durations are at pace 1, in ms. */
export type FaultPlan = {
  /** How many times each kind stands in the bag that faults are drawn from; what is not named is never drawn. */
  weights: Partial<Record<FaultKind, number>>
  /** Kinds beyond the first round stay out of the bag for so long: a newcomer meets the well-known ones first. */
  rareAfterMs: number
  /** The first faults come quickly, so that a newcomer has something to see: when, how many, how far apart. */
  firstMs: number
  burst: number
  burstEvery: Range
  /** Then at a lively pace for a while, then at a calm one. */
  livelyForMs: number
  livelyEvery: Range
  calmEvery: Range
  /** No new fault is planted while so many are open. */
  maxOpen: number
  /** Null = never. */
  lookalikeEvery: Range | null
  /** The shortest grace that Baton gives: what is late but no fault stays well below it. */
  graceMs: number
  /** Of paid_never_imported and receipt_never_booked: the obvious fix is accepted and does not help. */
  stubbornShare: number
  /** The share of faults that somebody mends by hand in the system itself, and when. */
  personShare: number
  personAfter: Range
  /** The rest is mended by hand at last, so that the world does not fill up with old faults. */
  cleanUpAfter: Range
  /** Shares of all webhooks. */
  webhooks: { drop: number; duplicate: number; delay: number }
  /** How late a delayed webhook leaves; later ones overtake it. */
  delayFor: Range
  /** Null = never. */
  outageEvery: Range | null
  outageFor: Range
}

export const DEFAULT_FAULTS: FaultPlan = {
  weights: Object.fromEntries(Object.entries(FAULTS).map(([kind, { weight }]) => [kind, weight])),
  rareAfterMs: 180_000,
  firstMs: 300,
  burst: 8,
  burstEvery: [900, 1_200],
  livelyForMs: 180_000,
  livelyEvery: [10_000, 16_000],
  calmEvery: [30_000, 60_000],
  maxOpen: 30,
  lookalikeEvery: [8_000, 14_000],
  graceMs: 6_000,
  stubbornShare: 0.2,
  personShare: 0.3,
  personAfter: [120_000, 360_000],
  cleanUpAfter: [1_800_000, 5_400_000],
  webhooks: { drop: 0.01, duplicate: 0.03, delay: 0.03 },
  delayFor: [2_000, 4_000],
  outageEvery: [180_000, 360_000],
  outageFor: [12_000, 20_000],
}

/** A world in which nothing goes wrong by itself; faults can still be planted by hand. */
export const NO_FAULTS: Partial<FaultPlan> = {
  weights: {},
  lookalikeEvery: null,
  outageEvery: null,
  webhooks: { drop: 0, duplicate: 0, delay: 0 },
}

/**
 * The well-known faults, in the order in which they are drawn at first: the slowest ones first, so that all can be seen
 * early. All others join the bag later.
 */
export const FIRST_ROUND = [
  'shipped_not_in_erp',
  'paid_never_imported',
  'label_without_scan',
  'receipt_never_booked',
  'short_pick',
  'hold_not_passed',
  'stock_drift',
  'duplicate_shipment',
] as const satisfies readonly FaultKind[]
