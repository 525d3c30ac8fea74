import { z } from 'zod'
import type { Range } from './dice.ts'

export const SYSTEMS = ['shop', 'erp', 'wms', 'carrier'] as const
export type SystemName = (typeof SYSTEMS)[number]

/**
 * Everything that can happen in the world by itself, and whose doing it is: a system that is down does nothing, its
 * steps wait for its return. `world` is never down.
 */
export const STEP_OWNER = {
  place_order: 'shop',
  pay_order: 'shop',
  expire_payment: 'shop',
  renew_payment: 'shop',
  cancel_order: 'shop',
  hold_order: 'shop',
  release_order: 'shop',
  move_order: 'shop',
  correct_address: 'shop',
  answer_void: 'shop',
  tag_order: 'shop',
  fulfil_order: 'shop',
  refund_rest: 'shop',
  offer_stock: 'shop',
  open_claim: 'shop',
  answer_claim: 'shop',
  open_return: 'shop',
  refund_return: 'shop',
  promise_goods: 'shop',
  pass_date: 'shop',
  import_order: 'erp',
  reimport_order: 'erp',
  cancel_sale: 'erp',
  sync_shipment: 'erp',
  order_goods: 'erp',
  put_off_goods: 'erp',
  settle_shortage: 'erp',
  book_receipt: 'erp',
  move_stock: 'erp',
  send_delivery: 'wms',
  pass_hold: 'wms',
  pass_release: 'wms',
  pass_cancel: 'wms',
  pass_move: 'wms',
  pass_address: 'wms',
  doubt_address: 'wms',
  void_delivery: 'wms',
  allocate: 'wms',
  pick: 'wms',
  find_rest: 'wms',
  pack: 'wms',
  ship: 'wms',
  receive_goods: 'wms',
  receive_rest: 'wms',
  finish_count: 'wms',
  arrive_transfer: 'wms',
  expect_return: 'wms',
  receive_return: 'wms',
  inspect_return: 'wms',
  print_label: 'carrier',
  scan: 'carrier',
  scan_hub: 'carrier',
  find_parcel: 'carrier',
  harm_parcel: 'carrier',
  load_van: 'carrier',
  turn_back: 'carrier',
  deliver: 'carrier',
  plant_fault: 'world',
  plant_lookalike: 'world',
  person_looks: 'world',
  begin_outage: 'world',
  forget_order: 'world',
  forget_receipt: 'world',
  tidy: 'world',
} as const satisfies Record<string, SystemName | 'world'>

export type StepName = keyof typeof STEP_OWNER

const isStepName = (name: string): name is StepName => Object.hasOwn(STEP_OWNER, name)

/** `key` names what it is about (an order, a delivery, a SKU, ...); `n` and `seq` are a number or two it carries. */
export type Step = { do: StepName; key: string; n?: number | undefined; seq?: number | undefined }

/** What happens at each step. */
export type Handlers = Record<StepName, (step: Step) => void>

export const stepSchema = z.object({
  do: z.string().refine(isStepName),
  key: z.string(),
  n: z.number().optional(),
  seq: z.number().optional(),
})

/** How long things take at pace 1, in ms. `pace` multiplies every one of them. */
export const LAGS = {
  /** Between two orders. */
  order: [2_000, 3_000],
  pay: [300, 900],
  /** From one system to the next, through the integration. */
  integration: [500, 2_000],
  allocate: [800, 2_000],
  pick: [2_000, 4_000],
  pack: [800, 1_600],
  label: [100, 400],
  ship: [800, 1_600],
  scan: [1_500, 3_000],
  van: [4_000, 8_000],
  deliver: [4_000, 8_000],
  /** Between two purchases from suppliers. */
  purchase: [15_000, 25_000],
  receive: [3_000, 6_000],
  /** From one thing to the next that somebody does in the same system, or right after it. */
  soon: [200, 600],
  holdFor: [6_000, 10_000],
  /** From a hold that was placed at last to its release. */
  review: [20_000, 40_000],
  preorder: [30_000, 45_000],
  refund: [5_000, 10_000],
  count: [1_000, 2_500],
  trace: [4_000, 8_000],
  /** Somebody answers a customer or looks at what came back, within every grace. */
  desk: [2_000, 4_000],
  /** A parcel on its way back. */
  wayBack: [4_000, 8_000],
  /** A customer who is asked to pay again. */
  payAgain: [4_000, 8_000],
  /** Between two sites. */
  transfer: [2_000, 4_000],
  /** From placing an order to the time it is promised to be shipped by. */
  promise: [600_000, 1_200_000],
  /** From the end of an order's or a receipt's life until the systems archive it. */
  forget: [1_800_000, 1_800_000],
} as const satisfies Record<string, Range>
