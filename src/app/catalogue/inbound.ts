import type { Written } from './written.ts'

const SHORT = {
  meaning: 'Less, or more, came in than the supplier said, and the delivery is closed.',
  hurts: 'Whoever counts on the rest; and finance, who may pay for it.',
  fix: 'Claim the difference from the supplier; order the rest again.',
  subject: 'receipt' as const,
  severity: 'medium' as const,
  grace: '1h',
  actions: ['claim_shortage', 'recount'],
}
/** A receipt is short only when it is final: what has not all come in yet may still come. */
const NOT_FINAL = {
  role: 'wms' as const,
  type: 'receipt' as const,
  states: ['ordered', 'acknowledged', 'in_transit', 'partial'],
}

/** From the supplier to the shelf, and from the customer back. */
export const inbound: Written[] = [
  {
    ...SHORT,
    id: 'supplier-receipt-complete',
    title: 'The supplier sent another quantity than announced',
    handoff: { from: 'supplier', to: 'wms', object: 'receipt' },
    agree: {
      left: [{ role: 'supplier', type: 'receipt', quantity: 'shipped' }],
      right: [{ role: 'wms', type: 'receipt', quantity: 'received' }],
      suspend: [NOT_FINAL],
    },
  },
  {
    ...SHORT,
    id: 'erp-receipt-complete',
    title: 'Another quantity came in than the ERP was told',
    handoff: { from: 'supplier', to: 'wms', object: 'receipt' },
    agree: {
      left: [{ role: 'erp', type: 'receipt', quantity: 'advised' }],
      right: [{ role: 'wms', type: 'receipt', quantity: 'received' }],
      suspend: [NOT_FINAL],
    },
    foldsUnder: ['supplier-receipt-complete'],
  },
  {
    id: 'supplier-date-agrees',
    title: 'The supplier delivers later than the ERP believes',
    meaning: 'The supplier has moved the date, and the ERP still plans with the old one.',
    hurts: 'Everybody who is promised goods by the old date.',
    fix: 'Take the new date over into the ERP, and tell who waits.',
    handoff: { from: 'supplier', to: 'erp', object: 'date' },
    subject: 'purchase',
    severity: 'medium',
    grace: '4h',
    agree: {
      left: [{ role: 'supplier', type: 'purchase_order', instant: 'expectedAt' }],
      right: [{ role: 'erp', type: 'purchase_order', instant: 'expectedAt' }],
      // Hours: a date without a time may be off by a day.
      tolerance: 24,
      breaks: 'left_above',
    },
    actions: ['take_over_date'],
  },
  {
    id: 'erp-promise-agrees',
    title: 'The shop promises a date that the ERP has given up',
    meaning: 'The purchase comes later than the shop tells its customers.',
    hurts: 'Every customer who orders now, and believes the date.',
    fix: 'Set the new date in the shop, and tell those who have ordered.',
    handoff: { from: 'erp', to: 'storefront', object: 'date' },
    subject: 'purchase',
    severity: 'medium',
    grace: '4h',
    agree: {
      left: [{ role: 'erp', type: 'purchase_order', instant: 'expectedAt' }],
      right: [{ role: 'storefront', type: 'purchase_order', instant: 'promiseAt' }],
      tolerance: 24,
      breaks: 'left_above',
    },
    actions: ['update_promise', 'ask_customer'],
    foldsUnder: ['supplier-date-agrees'],
  },
  {
    id: 'supplier-delivery-arrived',
    title: 'The supplier is late',
    meaning: 'The purchase should be here, and nothing has come in.',
    hurts: 'Everybody who is promised these goods.',
    fix: 'Ask the supplier for a date, and enter it.',
    handoff: { from: 'supplier', to: 'erp', object: 'purchase' },
    subject: 'purchase',
    severity: 'medium',
    grace: { field: 'expectedAt', role: 'erp', type: 'purchase_order', plus: '24h' },
    follow: {
      when: {
        role: 'erp',
        type: 'purchase_order',
        states: ['ordered', 'acknowledged', 'in_transit', 'partial', 'received', 'closed'],
      },
      then: { role: 'erp', type: 'purchase_order', states: ['partial', 'received', 'closed'] },
    },
    actions: ['ask_supplier', 'take_over_date'],
    foldsUnder: ['supplier-date-agrees'],
  },
  {
    id: 'wms-receipt-booked',
    title: 'Received in the warehouse, never booked in the ERP',
    meaning: 'The goods are on the shelf and cannot be sold: the ERP still waits for the supplier.',
    hurts: 'Sales, who turn customers away; and whoever waits for a back-order.',
    fix: 'Book the receipt in the ERP.',
    handoff: { from: 'wms', to: 'erp', object: 'receipt' },
    subject: 'receipt',
    severity: 'medium',
    grace: '1h',
    follow: {
      when: { role: 'wms', type: 'receipt', states: ['received'] },
      then: { role: 'erp', type: 'receipt', states: ['received', 'closed'] },
      covers: 'received',
    },
    actions: ['book_receipt'],
    foldsUnder: ['integration-message-passed'],
  },
  {
    id: 'wms-receipt-sellable',
    title: 'Received, and still not sellable',
    meaning: 'The goods are in the house and nobody has put them where they can be picked.',
    hurts: 'Sales; and whoever waits for a back-order.',
    fix: 'Put them away, or decide about the quality check.',
    handoff: { from: 'wms', to: 'storefront', object: 'receipt' },
    subject: 'receipt',
    severity: 'low',
    grace: '1d',
    leave: {
      object: {
        role: 'wms',
        type: 'receipt',
        states: ['partial', 'received'],
        where: { attribute: 'sellable', in: [false] },
      },
    },
    actions: ['put_away'],
  },
  {
    id: 'wms-return-refunded',
    title: 'Returned and inspected, never refunded',
    meaning: 'The goods are back and in order, and the customer has not got the money.',
    hurts: 'The customer, who will ask; and the shop, if the bank asks first.',
    fix: 'Refund what came back.',
    handoff: { from: 'wms', to: 'storefront', object: 'return' },
    subject: 'return',
    severity: 'high',
    // From the inspection on: what has not been looked at is not owed yet.
    grace: '48h',
    follow: {
      when: { role: 'wms', type: 'return', states: ['inspected'] },
      then: { role: 'storefront', type: 'return', states: ['refunded', 'exchanged', 'rejected', 'closed'] },
    },
    actions: ['refund_return'],
  },
]
