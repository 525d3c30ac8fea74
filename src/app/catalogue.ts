import type { Contract } from '../domain/contract/contract.ts'
import { contractConfig } from './contract-config.ts'

const CANCELLED_ORDER = { role: 'storefront', type: 'order', states: ['cancelled'] }
const LIVE_IN_WMS = ['ready', 'held', 'allocated', 'short', 'picked', 'packed']

/**
 * The contracts that come with Baton. They switch on by the roles that are configured; `baton.yml` tunes their grace
 * and severity, and adds others of the same four forms.
 */
export const CATALOGUE: Contract[] = [
  {
    id: 'storefront-order-imported',
    title: 'Paid in the shop, never arrived in the ERP',
    meaning:
      'The customer has paid and nobody is working on the order: it is not picked, not shipped, not invoiced.',
    handoff: { from: 'storefront', to: 'erp', object: 'order' },
    subject: 'fulfillment',
    severity: 'high',
    // A pre-order is paid long before it may go to the ERP: its time runs from its release.
    classes: ['consumer', 'b2b', 'backorder', 'marketplace'],
    grace: '30m',
    follow: {
      when: { role: 'storefront', type: 'order', states: ['confirmed', 'partial', 'complete'] },
      then: { role: 'erp', type: 'order' },
      unless: [CANCELLED_ORDER],
    },
    actions: ['resend_order', 'create_order'],
  },
  {
    id: 'storefront-hold-passed',
    title: 'On hold in the shop, still live in the warehouse',
    meaning: 'The shop has stopped the order, but the warehouse does not know and may ship it.',
    handoff: { from: 'storefront', to: 'wms', object: 'hold' },
    subject: 'fulfillment',
    severity: 'high',
    grace: '10m',
    follow: {
      when: { role: 'storefront', type: 'fulfillment', states: ['held'] },
      then: { role: 'wms', type: 'fulfillment', states: ['held', 'cancelled'] },
      onlyIfKnown: true,
      unless: [CANCELLED_ORDER],
    },
    actions: ['place_hold'],
  },
  {
    id: 'wms-short-resolved',
    title: 'Short pick: the warehouse cannot fill the order',
    meaning: 'The warehouse found less than it promised. Until somebody decides, nothing of the order ships.',
    handoff: { from: 'wms', to: 'storefront', object: 'pick' },
    subject: 'fulfillment',
    severity: 'high',
    grace: '0s',
    leave: { object: { role: 'wms', type: 'fulfillment', states: ['short'] } },
    actions: ['ship_rest'],
  },
  {
    id: 'wms-erp-stock-agrees',
    title: 'Stock differs between warehouse and ERP',
    meaning: 'The ERP sells from a number that the warehouse does not have, or hides stock that is there.',
    handoff: { from: 'wms', to: 'erp', object: 'stock' },
    subject: 'stock',
    severity: 'medium',
    grace: '30m',
    agree: {
      left: [{ role: 'wms', type: 'inventory', quantity: 'on_hand' }],
      right: [{ role: 'erp', type: 'inventory', quantity: 'on_hand' }],
    },
    actions: ['adjust_stock', 'recount'],
  },
  {
    id: 'wms-shipment-synced',
    title: 'Shipped in the warehouse, still open in the ERP',
    meaning:
      'The parcel is gone, but the ERP does not know: no invoice, wrong stock, and somebody may ship it again.',
    handoff: { from: 'wms', to: 'erp', object: 'shipment' },
    subject: 'fulfillment',
    severity: 'medium',
    grace: '30m',
    follow: {
      when: { role: 'wms', type: 'fulfillment', states: ['shipped'] },
      then: { role: 'erp', type: 'fulfillment', states: ['shipped'] },
    },
    actions: ['sync_shipment'],
  },
  {
    id: 'wms-one-delivery',
    title: 'Two live deliveries for one order',
    meaning: 'The warehouse is about to ship the same order twice.',
    handoff: { from: 'erp', to: 'wms', object: 'delivery' },
    subject: 'fulfillment',
    severity: 'high',
    grace: '5m',
    one: { object: { role: 'wms', type: 'fulfillment', states: [...LIVE_IN_WMS, 'shipped'] } },
    actions: ['cancel_duplicate'],
  },
  {
    id: 'carrier-parcel-scanned',
    title: 'Label printed, parcel never scanned by the carrier',
    meaning:
      'The customer has a tracking number that does not move: the parcel may still stand in the warehouse.',
    handoff: { from: 'wms', to: 'carrier', object: 'parcel' },
    subject: 'parcel',
    severity: 'medium',
    grace: '48h',
    follow: {
      when: { role: 'wms', type: 'fulfillment', states: ['shipped'] },
      then: {
        role: 'carrier',
        type: 'shipment',
        states: ['in_transit', 'out', 'attempted', 'pickup_ready', 'delivered', 'returning'],
      },
    },
    actions: ['open_trace'],
  },
  {
    id: 'wms-receipt-booked',
    title: 'Received in the warehouse, never booked in the ERP',
    meaning: 'The goods are on the shelf and cannot be sold: the ERP still waits for the supplier.',
    handoff: { from: 'wms', to: 'erp', object: 'receipt' },
    subject: 'receipt',
    severity: 'medium',
    grace: '1h',
    follow: {
      when: { role: 'wms', type: 'receipt', states: ['received'] },
      then: { role: 'erp', type: 'receipt', states: ['received', 'closed'] },
    },
    actions: ['book_receipt'],
  },
].map((written) => contractConfig.parse(written))
