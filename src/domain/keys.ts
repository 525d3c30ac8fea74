import type { Key, KeyName, SubjectKind } from './model.ts'

/**
 * Which subject an identity key names. A fact with identity keys of several kinds feeds several subjects: a shipped
 * delivery is part of its order's fulfillment and is also a parcel. A SKU never identifies a subject: ten thousand
 * orders of one SKU stay ten thousand subjects. A purchase order is one by itself; its receipts only refer to it.
 */
const KIND_OF: Record<KeyName, SubjectKind | null> = {
  order: 'fulfillment',
  sale: 'fulfillment',
  tracking: 'parcel',
  stock: 'stock',
  receipt: 'receipt',
  transfer: 'transfer',
  purchase_order: 'purchase',
  return: 'return',
  feed: 'feed',
  mapping: 'mapping',
  sku: null,
}

export const kindOfKey = (name: KeyName): SubjectKind | null => KIND_OF[name]

/** The identity keys that unify, by the kind of subject they name. */
export const identityKeys = (keys: Key[]): { kind: SubjectKind; name: KeyName; value: string }[] =>
  keys.flatMap((key) => {
    const kind = kindOfKey(key.name)
    return key.kind === 'identity' && kind !== null ? [{ kind, name: key.name, value: key.value }] : []
  })

/** How people name a subject: its most telling key first ("order 1001", "tracking TRK-1"). */
export const subjectName = (keys: Key[]): string => {
  const order: KeyName[] = [
    'order',
    'tracking',
    'receipt',
    'stock',
    'transfer',
    'return',
    'feed',
    'mapping',
    'sale',
    'purchase_order',
    'sku',
  ]
  const own = keys.filter((key) => key.kind === 'identity')
  const best = order.flatMap((name) => own.filter((key) => key.name === name))[0] ?? keys[0]
  return best ? `${best.name.replace('_', ' ')} ${best.value}` : 'unnamed'
}
