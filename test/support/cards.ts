import type { ExceptionDetail, OfferedAction, SystemSide } from '../../src/app/queries.ts'

/** Exceptions as operators meet them. All names and numbers are invented. */

const minutes = (count: number): number => count * 60_000
const before = (now: Date, count: number): Date => new Date(now.getTime() - minutes(count))
const after = (now: Date, count: number): Date => new Date(now.getTime() + minutes(count))

const side = (
  system: string,
  role: SystemSide['role'],
  state: string,
  raw: string,
  at: Date | null,
): SystemSide => ({
  system,
  role,
  type: 'fulfillment',
  externalId: `${system}-${raw.length}01`,
  state,
  raw,
  at,
  quantities: {},
})

export const action = (id: string, label: string, more: Partial<OfferedAction> = {}): OfferedAction => ({
  id,
  label,
  enabled: true,
  reason: null,
  style: 'default',
  confirm: null,
  inputs: [],
  ...more,
})

const note = action('note', 'Add a note', {
  inputs: [{ kind: 'text', id: 'note', label: 'Note', required: true, maxLength: 500 }],
})

const dismiss = action('dismiss', 'Dismiss', {
  inputs: [
    {
      kind: 'choice',
      id: 'reason',
      label: 'Why',
      required: true,
      options: [
        { value: 'expected', label: 'Expected, not a fault' },
        { value: 'elsewhere', label: 'Handled elsewhere' },
      ],
    },
  ],
})

const blank = (now: Date, id: string): ExceptionDetail => ({
  id,
  timeline: 'live',
  version: 1,
  revision: 1,
  state: 'open',
  episode: 1,
  contract: 'shipped-is-booked',
  handoff: { from: 'wms', to: 'erp', object: 'shipment' },
  title: 'Shipped in the warehouse, still open in the ERP',
  severity: 'high',
  subject: {
    id: `subject-${id}`,
    kind: 'fulfillment',
    keys: [{ name: 'order', value: '10428', kind: 'identity' }],
  },
  systems: [],
  since: before(now, 95),
  dueAt: before(now, 35),
  openedAt: before(now, 35),
  closedAt: null,
  valueMinor: 18_490,
  currency: 'EUR',
  promiseAt: after(now, 190),
  saveBy: null,
  snoozedUntil: null,
  tell: { own: [], raised: [] },
  channel: 'shipping',
  claimedBy: null,
  status: 'Waiting for someone to take it.',
  actions: [],
  evidence: 'The WMS shipped it 95 min ago; the ERP still says open.',
  routeReason: 'rule "shipping": role erp, severity high',
  graceWords: null,
  interventions: [],
  actionRuns: [],
  columns: [],
  root: null,
  consequenceCount: 0,
  asOf: now,
  meaning: '',
  hurts: '',
  fix: '',
  consequences: { first: [], amounts: [] },
  orders: null,
  openings: [],
  gap: null,
})

const filled = (now: Date, more: Partial<ExceptionDetail> & { id: string }): ExceptionDetail => ({
  ...blank(now, more.id),
  systems: [
    side('wms-north', 'wms', 'shipped', 'SHIP_CONF', before(now, 95)),
    side('erp-main', 'erp', 'open', 'Backorder: none; status 20', before(now, 1_480)),
  ],
  actions: [
    action('sync_shipment', 'Book the shipment', {
      style: 'primary',
      reason: 'settled 12 of the last 14 of these, 2 min each',
    }),
    action('recheck', 'Check again'),
    note,
    dismiss,
  ],
  ...more,
})

/** One exception; whatever is not given is that of the shipment never booked. */
export const exceptionOf = (now: Date, more: Partial<ExceptionDetail> & { id: string }): ExceptionDetail => {
  const row = filled(now, more)
  const columns = row.systems.map(({ system, role, state, raw, at }) => ({
    system,
    role,
    state,
    raw,
    at,
    details: [],
  }))
  return { ...row, columns }
}

/** A morning's worth: one of each kind that an operator meets. */
export const morning = (now: Date): ExceptionDetail[] => [
  exceptionOf(now, { id: 'ex-shipped' }),
  exceptionOf(now, {
    id: 'ex-never-imported',
    evidence: 'The shop was paid 72 min ago; the ERP knows no such order.',
    contract: 'paid-is-imported',
    handoff: { from: 'storefront', to: 'erp', object: 'order' },
    title: 'Paid in the shop, never reached the ERP',
    channel: 'orders',
    openedAt: before(now, 12),
    subject: { id: 's2', kind: 'fulfillment', keys: [{ name: 'order', value: '10431', kind: 'identity' }] },
    systems: [
      side('shop-eu', 'storefront', 'paid', 'paid / unfulfilled', before(now, 72)),
      side('erp-main', 'erp', 'absent', 'no such order', null),
    ],
    actions: [
      action('create_order', 'Create the order', {
        style: 'danger',
        confirm: {
          title: 'Create order 10431 in erp-main?',
          text: 'It cannot be taken back from here. A second person has to approve it.',
          yes: 'Ask for approval',
        },
      }),
      action('retry_integration', 'Send it again', {
        enabled: false,
        reason: 'the integration has no failed record of this order',
      }),
      note,
      dismiss,
    ],
  }),
  exceptionOf(now, {
    id: 'ex-receipt',
    evidence: 'The WMS received 240 units; the ERP still expects them.',
    contract: 'received-is-booked',
    handoff: { from: 'wms', to: 'erp', object: 'receipt' },
    title: 'Received at the dock, no receipt in the ERP',
    severity: 'medium',
    channel: 'receiving',
    openedAt: before(now, 8),
    status: 'Ines Okafor took it at 06:12. Booking the receipt: sending to erp-main…',
    claimedBy: { id: 'p2', name: 'Ines Okafor', at: before(now, 2), until: null },
    subject: {
      id: 's3',
      kind: 'receipt',
      keys: [{ name: 'purchase_order', value: 'PO-7719', kind: 'reference' }],
    },
    systems: [
      {
        ...side('wms-north', 'wms', 'received', 'RCV_CLOSED', before(now, 140)),
        quantities: { received: 240 },
      },
      { ...side('erp-main', 'erp', 'expected', 'ordered', before(now, 8_640)), quantities: { ordered: 240 } },
    ],
  }),
  exceptionOf(now, {
    id: 'ex-stock',
    evidence: 'The warehouse has 12 on hand; the shop offers 19.',
    contract: 'stock-agrees',
    handoff: { from: 'wms', to: 'storefront', object: 'stock' },
    title: 'Stock differs: warehouse 12, shop 19',
    severity: 'medium',
    channel: 'stock',
    openedAt: before(now, 51),
    promiseAt: null,
    subject: { id: 's4', kind: 'stock', keys: [{ name: 'sku', value: 'KNIT-SCARF-GRN', kind: 'identity' }] },
    systems: [
      { ...side('wms-north', 'wms', 'available', 'available', before(now, 51)), quantities: { on_hand: 12 } },
      {
        ...side('shop-eu', 'storefront', 'available', 'in stock', before(now, 230)),
        quantities: { available: 19 },
      },
    ],
    actions: [
      action('set_stock', 'Set the shop’s stock', {
        style: 'primary',
        inputs: [
          {
            kind: 'number',
            id: 'quantity',
            label: 'Available',
            required: true,
            min: 0,
            max: 500,
            unit: 'units',
          },
          { kind: 'text', id: 'why', label: 'Why', required: false, maxLength: 120 },
        ],
      }),
      action('recheck', 'Check again'),
      dismiss,
    ],
  }),
  exceptionOf(now, {
    id: 'ex-no-scan',
    evidence: 'The label is 26 h old; the carrier has not seen the parcel.',
    contract: 'label-is-scanned',
    handoff: { from: 'wms', to: 'carrier', object: 'shipment' },
    title: 'Label printed, no carrier scan for 26 h',
    severity: 'low',
    channel: 'shipping',
    openedAt: before(now, 300),
    subject: {
      id: 's5',
      kind: 'parcel',
      keys: [{ name: 'tracking', value: '00340434161094042557', kind: 'identity' }],
    },
    systems: [
      side('wms-north', 'wms', 'labelled', 'LABEL', before(now, 1_560)),
      side('parcels', 'carrier', 'announced', 'order data transmitted', before(now, 1_555)),
    ],
    actions: [action('ask_carrier', 'Ask the carrier'), note, dismiss],
  }),
]
