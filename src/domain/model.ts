/**
 * The words of Baton, one name each.
 *
 * A **system** sends **signals**; a signal carries **facts**: what one system says about one of its objects at
 * one time. Facts are folded into **objects** (the newest known version of each), objects that speak about the
 * same business thing share a **subject**, and a **contract** says what one system owes another about that
 * subject and how long it may take. A contract not kept is a **breach**; a breach that outlasts its grace is an
 * **exception**. People **intervene**; what that costs is **drag**.
 *
 * Times are UTC instants (`Date`). Money is integer minor units with a currency. Everything here is data:
 * nothing in `domain/` reads a clock, a database or the network.
 */

export const ROLES = ['storefront', 'erp', 'wms', 'carrier', 'supplier', 'integration'] as const
/** What part a system plays in the retail chain. */
export type Role = (typeof ROLES)[number]

export const OBJECT_TYPES = [
  'order',
  'fulfillment',
  'inventory',
  'shipment',
  'purchase_order',
  'receipt',
  'transfer',
  'return',
  /** A customer's word that something went wrong: not received, damaged. */
  'claim',
  /** An integration's own record of one hand-over. */
  'message',
  /** What Baton itself observes: the stream of one system, and a name that no map knows. */
  'feed',
  'mapping',
] as const
/** The kind of thing a fact is about, in Baton's words (not the system's). */
export type ObjectType = (typeof OBJECT_TYPES)[number]

export const SUBJECT_KINDS = [
  'fulfillment',
  'parcel',
  'stock',
  'purchase',
  'receipt',
  'transfer',
  'return',
  'feed',
  'mapping',
] as const
/** The business thing that facts of several systems speak about. */
export type SubjectKind = (typeof SUBJECT_KINDS)[number]

export const ORDER_CLASSES = [
  'consumer',
  'b2b',
  'preorder',
  'backorder',
  'marketplace',
  'draft',
  'pos',
  'other',
] as const
export type OrderClass = (typeof ORDER_CLASSES)[number]

/** `live`, or one import. Facts, breaches and exceptions of different timelines never mix. */
export type Timeline = 'live' | `import:${string}`

export const KEY_NAMES = [
  'order',
  'sale',
  'tracking',
  'stock',
  'receipt',
  'purchase_order',
  'sku',
  'transfer',
  'return',
  'feed',
  'mapping',
] as const
export type KeyName = (typeof KEY_NAMES)[number]

/**
 * A business key carried by a fact. An `identity` key says "this object IS that subject" and unifies objects of
 * several systems; a `reference` key only links ("this parcel belongs to that order") and never unifies.
 * `value` is already normalised by the connector's schema (`#1001` and `WEB-1001` are both `1001`).
 */
export type Key = { name: KeyName; value: string; kind: 'identity' | 'reference' }

/** Who changed the object in its own system, where the source says so. */
export type ChangedBy = { kind: 'integration' | 'person' | 'unknown'; name?: string }

/** Values that a source states about an object beyond its state: deadlines, places, reasons, money in minor units. */
export type Attributes = Record<string, string | number | boolean | null>

/** The instant that an attribute states, written as ISO 8601 ("2026-11-23T10:00:00Z"); null if it states none. */
export const instantOf = (value: Attributes[string] | undefined): Date | null => {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}/.test(value)) return null
  const at = new Date(value)
  return Number.isNaN(at.getTime()) ? null : at
}

/** What one system says about one object at one time. Append-only. */
export type Fact = {
  system: string
  role: Role
  type: ObjectType
  externalId: string
  keys: Key[]
  orderClass?: OrderClass
  /** Canonical state: the word that contracts use. */
  state: string
  /** The system's own word for it, shown to people. */
  rawState: string
  /** Units by name: `on_hand`, `available`, `ordered`, `received`, `shipped`, ... */
  quantities: Record<string, number>
  /** Instants are ISO 8601 strings here, so that a fact survives JSON unchanged. */
  attributes: Attributes
  /** When it happened, corrected for the system's clock skew, never later than `receivedAt`. */
  occurredAt: Date
  receivedAt: Date
  /** Orders the versions of one object: the source's own `updated_at` in ms or its revision number. */
  version: number
  changedBy: ChangedBy
}

/** The newest known version of one object, and when it first entered each state of its present run of states. */
export type ObjectState = Omit<Fact, 'keys'> & {
  keys: Key[]
  /** Canonical state -> ISO instant at which the latest run of that state began. */
  enteredAt: Record<string, string>
  /** The first fact's `occurredAt`. */
  firstAt: Date
  /** Content hash of the newest fact: breaks ties between equal versions the same way everywhere. */
  hash: string
}

/** Everything known about one subject: the only input of a contract check. */
export type SubjectView = {
  id: string
  timeline: Timeline
  kind: SubjectKind
  keys: Key[]
  orderClass: OrderClass
  objects: ObjectState[]
}

/** A directed edge between two roles for one object type: `wms>erp receipt`. */
export type Handoff = { from: Role; to: Role; object: string }

export const handoffName = (handoff: Handoff): string => `${handoff.from}>${handoff.to} ${handoff.object}`

export const SEVERITIES = ['low', 'medium', 'high'] as const
export type Severity = (typeof SEVERITIES)[number]

export const PERSON_ROLES = ['operator', 'lead', 'admin'] as const
/** Rights grow from left to right: a lead may do what an operator may, an admin what a lead may. */
export type PersonRole = (typeof PERSON_ROLES)[number]

export const mayActAs = (have: PersonRole, need: PersonRole): boolean =>
  PERSON_ROLES.indexOf(have) >= PERSON_ROLES.indexOf(need)

/** One human across Slack, Teams and the console. */
export type Person = { id: string; name: string; role: PersonRole }
