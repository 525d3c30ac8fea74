import type { Range } from './dice.ts'

/** What a fault sits on: an order, a purchase, or a stock level. */
type Seat = 'order' | 'purchase' | 'stock'

/**
 * The faults that the world can plant, and the contract that each one breaks. All of them show through the systems'
 * own APIs and can be mended through them.
 */
export const FAULTS = {
  /** The WMS received the goods; the integration loses the message, the ERP never books them. */
  receipt_never_booked: { on: 'purchase', contract: 'wms-receipt-booked' },
  /** Held in the storefront; the hold is lost on the way, the delivery waits in the WMS and can still be held. */
  hold_not_passed: { on: 'order', contract: 'storefront-hold-passed' },
  /** A movement booked twice in the ERP, or a count mistyped in the WMS. */
  stock_drift: { on: 'stock', contract: 'wms-erp-stock-agrees' },
  /** Picked short for good: nothing moves until somebody splits the missing line off. */
  short_pick: { on: 'order', contract: 'wms-short-resolved' },
  /** The parcel left on paper; the carrier never scans it. */
  label_without_scan: { on: 'order', contract: 'carrier-parcel-scanned' },
  /** Paid, and the integration never hands it to the ERP. */
  paid_never_imported: { on: 'order', contract: 'storefront-order-imported' },
  /** Shipped by the WMS; the ERP is never told. */
  shipped_not_in_erp: { on: 'order', contract: 'wms-shipment-synced' },
  /** The ERP sends the same delivery twice; both are live in the WMS. */
  duplicate_shipment: { on: 'order', contract: 'wms-one-delivery' },
} as const satisfies Record<string, { on: Seat; contract: string }>

export type FaultKind = keyof typeof FAULTS

/** What looks like a fault and is none: nobody should ever hear of these. */
export const LOOKALIKES = {
  /** The integration takes its time, within every grace. */
  import_late: { on: 'order' },
  sync_late: { on: 'order' },
  scan_late: { on: 'order' },
  receipt_booked_late: { on: 'purchase' },
  /** The goods are in the WMS and on their way to the ERP's stock. */
  stock_in_flight: { on: 'purchase' },
  /** Held for a fraud check, passed on, released again. */
  hold_released: { on: 'order' },
  /** Short at first and not final: the rest is found a moment later. */
  partial_completes: { on: 'order' },
  /** A business customer on terms: shipped, and never "paid". */
  b2b_on_terms: { on: 'order' },
  /** Paid long before it may go to the ERP. */
  preorder_waits: { on: 'order' },
  /** Paid and cancelled before the import: the ERP owes nothing. */
  cancelled_before_import: { on: 'order' },
  /** Two deliveries of one order, the first one void before the second was made. */
  replaced_delivery: { on: 'order' },
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
  /** How many times each kind stands in the bag that faults are drawn from; 0 = never planted by itself. */
  weights: Record<FaultKind, number>
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
  weights: {
    receipt_never_booked: 2,
    hold_not_passed: 1,
    stock_drift: 1,
    short_pick: 2,
    label_without_scan: 1,
    paid_never_imported: 2,
    shipped_not_in_erp: 2,
    duplicate_shipment: 1,
  },
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
  weights: {
    receipt_never_booked: 0,
    hold_not_passed: 0,
    stock_drift: 0,
    short_pick: 0,
    label_without_scan: 0,
    paid_never_imported: 0,
    shipped_not_in_erp: 0,
    duplicate_shipment: 0,
  },
  lookalikeEvery: null,
  outageEvery: null,
  webhooks: { drop: 0, duplicate: 0, delay: 0 },
}

/**
 * Faults in the order in which they are drawn: the first round shows every kind, the slowest ones first, so that all
 * can be seen early.
 */
export const FIRST_ROUND: readonly FaultKind[] = [
  'shipped_not_in_erp',
  'paid_never_imported',
  'label_without_scan',
  'receipt_never_booked',
  'short_pick',
  'hold_not_passed',
  'stock_drift',
  'duplicate_shipment',
]
