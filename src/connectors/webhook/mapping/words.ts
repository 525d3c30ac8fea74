import { KEY_NAMES, type KeyName, type ObjectType } from '../../../domain/model.ts'

/** What a declared system can speak about: everything but what Baton itself observes. */
export const TYPES = [
  'order',
  'fulfillment',
  'inventory',
  'shipment',
  'purchase_order',
  'receipt',
  'transfer',
  'return',
  'claim',
  'message',
] as const satisfies ObjectType[]
export type DeclaredType = (typeof TYPES)[number]

const GOODS_IN = [
  'ordered',
  'acknowledged',
  'in_transit',
  'partial',
  'received',
  'short',
  'closed',
  'cancelled',
]

/** The states of each type, which every system's own words are turned into: contracts know no others. */
export const STATES: Record<DeclaredType, readonly string[]> = {
  order: ['placed', 'confirmed', 'partial', 'complete', 'cancelled', 'rejected'],
  fulfillment: [
    'unrouted',
    'ready',
    'held',
    'allocated',
    'short',
    'picked',
    'packed',
    'shipped',
    'cancelled',
  ],
  inventory: ['level'],
  shipment: [
    'label',
    'in_transit',
    'out',
    'attempted',
    'pickup_ready',
    'delivered',
    'exception',
    'returning',
    'returned',
    'lost',
    'cancelled',
  ],
  purchase_order: GOODS_IN,
  receipt: GOODS_IN,
  transfer: [...GOODS_IN, 'sent'],
  return: ['requested', 'expected', 'received', 'inspected', 'refunded', 'exchanged', 'rejected', 'closed'],
  claim: ['open', 'answered', 'closed'],
  message: ['error', 'waiting', 'ok'],
}

/** A stock item is an article at a place: both are named, and make its key together. */
export type MappedKey = Exclude<KeyName, 'stock' | 'feed' | 'mapping'> | 'location'
export const MAPPED_KEYS = [
  ...KEY_NAMES.filter(
    (name): name is Exclude<KeyName, 'stock' | 'feed' | 'mapping'> =>
      !['stock', 'feed', 'mapping'].includes(name),
  ),
  'location',
] as const satisfies MappedKey[]

const ALL_BUT_SKU: MappedKey[] = [
  'order',
  'sale',
  'tracking',
  'receipt',
  'purchase_order',
  'transfer',
  'return',
]

/**
 * The keys that say which business thing an object of a type is; all others only refer to something else. A message is
 * about whatever it names.
 */
export const OWN_KEYS: Record<DeclaredType, readonly MappedKey[]> = {
  order: ['order', 'sale'],
  fulfillment: ['order', 'sale', 'tracking'],
  inventory: ['sku', 'location'],
  shipment: ['tracking'],
  purchase_order: ['purchase_order'],
  receipt: ['receipt'],
  transfer: ['transfer'],
  return: ['return', 'tracking'],
  claim: ['order'],
  message: ALL_BUT_SKU,
}
