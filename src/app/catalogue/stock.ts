import type { Written } from './written.ts'

/** While somebody counts, or goods are on their way between two places, the numbers cannot agree. */
const MOVING: NonNullable<Written['agree']>['suspend'] = [
  { role: 'wms', type: 'inventory', where: { attribute: 'counting', in: [true] } },
  { role: 'erp', type: 'inventory', where: { attribute: 'counting', in: [true] } },
  { role: 'wms', type: 'inventory', where: { quantity: 'in_transfer', above: 0 } },
]

/** One article at one place: what is there, and what is sold of it. */
export const stock: Written[] = [
  {
    id: 'wms-erp-stock-agrees',
    title: 'Stock differs between warehouse and ERP',
    meaning: 'The ERP sells from a number that the warehouse does not have, or hides stock that is there.',
    hurts: 'Whoever is promised what is not there; or sales, where it is there and nobody knows.',
    fix: 'Count, then book the difference in the ERP.',
    handoff: { from: 'wms', to: 'erp', object: 'stock' },
    subject: 'stock',
    severity: 'medium',
    grace: '30m',
    agree: {
      left: [{ role: 'wms', type: 'inventory', quantity: 'on_hand' }],
      right: [{ role: 'erp', type: 'inventory', quantity: 'on_hand' }],
      suspend: MOVING,
    },
    actions: ['adjust_stock', 'recount'],
  },
  {
    id: 'wms-storefront-stock-agrees',
    title: 'Stock differs between warehouse and shop',
    meaning: 'What the shop offers, with what it has promised already, is not what the warehouse has.',
    hurts: 'The next customer, who buys what is not there.',
    fix: 'Count, then correct the shop.',
    handoff: { from: 'wms', to: 'storefront', object: 'stock' },
    subject: 'stock',
    severity: 'medium',
    grace: '30m',
    agree: {
      left: [{ role: 'wms', type: 'inventory', quantity: 'on_hand' }],
      right: [
        { role: 'storefront', type: 'inventory', quantity: 'available' },
        { role: 'storefront', type: 'inventory', quantity: 'committed' },
      ],
      suspend: MOVING,
    },
    actions: ['adjust_stock', 'recount'],
    foldsUnder: ['wms-erp-stock-agrees'],
  },
  {
    id: 'storefront-not-oversold',
    title: 'Sold more than there is',
    meaning: 'The shop has promised units that nobody has.',
    hurts: 'The customers who ordered last, and do not know it yet.',
    fix: 'Fill the orders from elsewhere, or tell the customers before they ask.',
    handoff: { from: 'storefront', to: 'wms', object: 'stock' },
    subject: 'stock',
    severity: 'high',
    // An order and its correction may cross on the way.
    grace: '10m',
    leave: {
      object: {
        role: 'storefront',
        type: 'inventory',
        states: ['level'],
        where: [
          { quantity: 'available', below: 0 },
          // Sold on purpose: delivered when it comes.
          { attribute: 'backorders', stated: false },
        ],
      },
      since: 'seen',
    },
    actions: ['reroute_orders', 'recount', 'adjust_stock'],
    foldsUnder: ['wms-erp-stock-agrees', 'wms-storefront-stock-agrees'],
  },
]
