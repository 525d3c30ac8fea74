import type { Attributes, Key, KeyName, SubjectKind } from './model.ts'

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

/** What a stock item is called: one article at one place. */
export const stockKey = (sku: string, location: string): string => `${sku}@${location}`

/** The article and the place of a stock item; no place where none is named. */
export const stockParts = (value: string): { sku: string; location: string | null } => {
  const at = value.lastIndexOf('@')
  return at <= 0 || at === value.length - 1
    ? { sku: value, location: null }
    : { sku: value.slice(0, at), location: value.slice(at + 1) }
}

/** Numbers and names that every system writes in its own way, so that a rule may be needed for them. */
export const RULED = [
  'order',
  'sale',
  'tracking',
  'receipt',
  'purchase_order',
  'transfer',
  'return',
  'sku',
  'location',
] as const
export type Ruled = (typeof RULED)[number]

/** How one system writes one kind of number, as an admin declares it. */
export type KeyRule = {
  /** Taken off the beginning, again and again: with `#` and `WEB-`, `WEB-#1001` is 1001. */
  strip: string[]
  /** Only what stands before it counts: with `-`, `1001-2` is 1001. */
  cutAt: string | null
  /** `00017` is 17; a number with letters keeps its zeros. */
  dropZeros: boolean
  upper: boolean
  /** Whose number it is, by how it begins; the empty beginning fits every number. */
  stores: { prefix: string; store: string }[]
}

/** One system's rules. */
export type KeyRules = Partial<Record<Ruled, KeyRule>>

const withoutZeros = (text: string): string => (/^\d+$/.test(text) ? text.replace(/^0+(?=\d)/, '') : text)

/** A rule may shorten a number, but never to nothing: unlike things would be taken for one. */
const orSame = (shorter: string, text: string): string => {
  const left = shorter.trim()
  return left === '' ? text : left
}

type Found = { store: string | null; number: string }

/** Takes a store's name or a prefix off the beginning. */
const lessPrefix = (rule: KeyRule, { store, number }: Found): Found => {
  const without = (beginning: string): string | null =>
    number.startsWith(beginning) && orSame(number.slice(beginning.length), '') !== ''
      ? number.slice(beginning.length).trim()
      : null
  if (store === null) {
    for (const { prefix, store: named } of rule.stores) {
      // A number that bears its store already keeps it.
      const rest =
        without(`${named}/`) ?? (prefix === '' ? null : without(rule.upper ? prefix.toUpperCase() : prefix))
      if (rest !== null) return { store: named, number: rest }
    }
  }
  for (const prefix of rule.strip) {
    const rest = without(rule.upper ? prefix.toUpperCase() : prefix)
    if (rest !== null && prefix !== '') return { store, number: rest }
  }
  return { store, number }
}

/** One round of a rule; every part of it only ever shortens, so that rounds come to an end. */
const round = (rule: KeyRule, before: Found): Found => {
  let found = before
  for (let next = lessPrefix(rule, found); next.number !== found.number; next = lessPrefix(rule, found))
    found = next
  const cut = rule.cutAt === null || rule.cutAt === '' ? -1 : found.number.indexOf(rule.cutAt)
  const kept = cut < 0 ? found.number : orSame(found.number.slice(0, cut), found.number)
  return { store: found.store, number: rule.dropZeros ? withoutZeros(kept) : kept }
}

/**
 * A number as Baton compares it, `store/number` where a rule says whose it is. Normalising twice changes nothing, and
 * what says something never becomes empty.
 */
export const normalised = (rule: KeyRule, value: string): string => {
  const text = value.trim()
  if (text === '') return text
  // A store's name stays as it is, whatever the rule does to numbers.
  const own = rule.stores.find(
    ({ store }) => text.startsWith(`${store}/`) && text.length > store.length + 1,
  )?.store
  const named = own === undefined ? 0 : own.length + 1
  let found: Found = {
    store: null,
    number: rule.upper ? text.slice(0, named) + text.slice(named).toUpperCase() : text,
  }
  for (let next = round(rule, found); ; next = round(rule, found)) {
    if (next.number === found.number && next.store === found.store) break
    found = next
  }
  const store = found.store ?? rule.stores.find(({ prefix }) => prefix === '')?.store ?? null
  return store === null ? found.number : `${store}/${found.number}`
}

const ruled = (rules: KeyRules, name: Ruled, value: string): string => {
  const rule = rules[name]
  return rule ? normalised(rule, value) : value.trim()
}

const isRuled = (name: string): name is Ruled => RULED.some((known) => known === name)

const normalisedKey = (rules: KeyRules, key: Key): Key => {
  if (isRuled(key.name)) return { ...key, value: ruled(rules, key.name, key.value) }
  if (key.name !== 'stock') return key
  const { sku, location } = stockParts(key.value)
  const article = ruled(rules, 'sku', sku)
  return {
    ...key,
    value: location === null ? article : stockKey(article, ruled(rules, 'location', location)),
  }
}

/** Attributes that state the same names as keys do, and are compared between systems as well. */
const NAMED_ATTRIBUTES = ['location', 'tracking', 'sku'] as const

/** What a fact says, with its numbers and names as Baton compares them. */
export const withRules = <T extends { keys: Key[]; attributes: Attributes }>(fact: T, rules: KeyRules): T => {
  const named = NAMED_ATTRIBUTES.flatMap((name) => {
    const value = fact.attributes[name]
    return typeof value === 'string' ? [[name, ruled(rules, name, value)]] : []
  })
  return {
    ...fact,
    keys: fact.keys.map((key) => normalisedKey(rules, key)),
    attributes: { ...fact.attributes, ...Object.fromEntries(named) },
  }
}

/** A number that somebody typed, as it stands and as each system's rules would have it: the first that is known is meant. */
export const readings = (typed: string, rules: KeyRules[]): string[] => {
  const text = typed.trim()
  const ruledBy = rules.flatMap((each) => RULED.flatMap((name) => each[name] ?? []))
  return [...new Set([text, ...ruledBy.map((rule) => normalised(rule, text))])]
}
