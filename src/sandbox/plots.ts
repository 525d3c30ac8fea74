import type { Range } from './dice.ts'
import type { PlantedKind } from './faults.ts'
import { LAGS, type StepName } from './steps.ts'
import type { ShopOrder } from './storefront.ts'

/** How a planted kind comes about. What it does to a step it does to the steps of its own order or purchase alone. */
export type Plot = {
  /** A message that is lost, a duty that nobody does: the step never happens, and nothing on its way mends it then. */
  loses?: StepName
  /** It happens, but once it is put off: late, and well within every grace. */
  delays?: StepName
  /** These wait until the fault is mended, so that there is something left to mend. */
  stops?: readonly StepName[]
  /** Once the one step has happened, the other one will, so much later. */
  brings?: readonly { after: StepName; step: StepName; lag: Range }[]
  /** What the customer buys, and where. */
  channel?: ShopOrder['channel']
  basket?: 'two lines' | 'kit' | 'too much' | 'too much, on back-order'
}

const HELD = { after: 'send_delivery', step: 'hold_order', lag: LAGS.soon } as const
const RELEASED = { after: 'hold_order', step: 'release_order', lag: LAGS.holdFor } as const
const MOVED = { after: 'send_delivery', step: 'move_order', lag: LAGS.soon } as const
const VOIDED = { after: 'allocate', step: 'void_delivery', lag: LAGS.soon } as const
const DOUBTED = { after: 'send_delivery', step: 'doubt_address', lag: LAGS.soon } as const
const TURNED_BACK = { after: 'load_van', step: 'turn_back', lag: LAGS.deliver } as const
const CLAIMED = { after: 'deliver', step: 'open_claim', lag: LAGS.desk } as const
const RETURNED = { after: 'deliver', step: 'open_return', lag: LAGS.desk } as const
const PUT_OFF = { after: 'promise_goods', step: 'put_off_goods', lag: LAGS.soon } as const

/** Kinds that are not named here need no more than what the flow itself asks the ledger. */
export const PLOTS: Partial<Record<PlantedKind, Plot>> = {
  receipt_never_booked: { loses: 'book_receipt' },
  hold_not_passed: { brings: [HELD], loses: 'pass_hold', stops: ['pick'] },
  short_pick: { basket: 'two lines' },
  label_without_scan: { loses: 'scan' },
  paid_never_imported: { loses: 'import_order' },
  shipped_not_in_erp: { loses: 'sync_shipment' },
  duplicate_shipment: { stops: ['pick'] },
  delivery_never_sent: { loses: 'send_delivery' },
  release_not_passed: { brings: [HELD, RELEASED], loses: 'pass_release' },
  cancel_not_passed: {
    brings: [{ after: 'pick', step: 'cancel_order', lag: LAGS.soon }],
    loses: 'pass_cancel',
    stops: ['pack'],
  },
  void_not_answered: { brings: [VOIDED], loses: 'answer_void' },
  tracking_not_passed: { loses: 'fulfil_order' },
  hold_undecided: { brings: [HELD] },
  move_not_passed: { brings: [MOVED], loses: 'pass_move', stops: ['pick'] },
  oversold: { basket: 'too much' },
  address_doubted: { brings: [DOUBTED], loses: 'correct_address' },
  payment_expired: {
    brings: [{ after: 'allocate', step: 'expire_payment', lag: LAGS.soon }],
    stops: ['pick'],
  },
  parcel_stalled: { loses: 'load_van' },
  parcel_harmed: {
    brings: [{ after: 'scan', step: 'harm_parcel', lag: LAGS.soon }],
    stops: ['load_van'],
  },
  return_unannounced: { brings: [TURNED_BACK], loses: 'expect_return', stops: ['deliver'] },
  claim_unanswered: { brings: [CLAIMED], loses: 'answer_claim' },
  promise_stale: { brings: [PUT_OFF], loses: 'pass_date', stops: ['receive_goods'] },
  return_not_refunded: { brings: [RETURNED], loses: 'refund_return' },

  import_late: { delays: 'import_order' },
  sync_late: { delays: 'sync_shipment' },
  scan_late: { delays: 'scan' },
  receipt_booked_late: { delays: 'book_receipt' },
  delivery_late: { delays: 'send_delivery' },
  tracking_late: { delays: 'fulfil_order' },
  void_answered_late: { brings: [VOIDED], delays: 'answer_void' },
  move_late: { brings: [MOVED], delays: 'pass_move' },
  date_late: { brings: [PUT_OFF], delays: 'pass_date' },
  refund_late: { brings: [RETURNED], delays: 'refund_return' },
  hold_released: { brings: [HELD, RELEASED] },
  release_late: { brings: [HELD, RELEASED], delays: 'pass_release' },
  partial_completes: { basket: 'two lines' },
  b2b_on_terms: { channel: 'b2b' },
  preorder_waits: { channel: 'preorder' },
  backorder_waits: { channel: 'backorder', basket: 'too much, on back-order' },
  cancelled_before_import: {
    brings: [{ after: 'pay_order', step: 'cancel_order', lag: LAGS.soon }],
    stops: ['import_order'],
  },
  cancelled_before_pick: { brings: [{ after: 'allocate', step: 'cancel_order', lag: LAGS.soon }] },
  split_order: { basket: 'two lines' },
  kit_sold: { basket: 'kit' },
  address_corrected: { brings: [DOUBTED] },
  return_announced: { brings: [TURNED_BACK], stops: ['deliver'] },
  claim_answered: { brings: [CLAIMED] },
  return_uninspected: { brings: [RETURNED] },
}
