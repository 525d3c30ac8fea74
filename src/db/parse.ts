import type { StoredFact } from '../app/records.ts'
import {
  type Attributes,
  type ChangedBy,
  type Fact,
  KEY_NAMES,
  type Key,
  OBJECT_TYPES,
  type ObjectState,
  ORDER_CLASSES,
  ROLES,
  SUBJECT_KINDS,
  type Timeline,
} from '../domain/model.ts'

/*
 * Rows of plain SQL, parsed at this edge: the driver gives timestamps and bigints as text, and JSON as it is. By hand,
 * and without copying what is right: every fact makes its subjects be read with all their objects, and a schema
 * library was a third of what that costs.
 */

const instant = (value: unknown): Date => {
  const at = new Date(String(value))
  if (Number.isNaN(at.getTime())) throw new Error(`Not a timestamp: ${String(value)}`)
  return at
}

/** `2026-11-23 10:00:00.123+00`, or null. */
export const instantOrNull = (value: unknown): Date | null => (value === null ? null : instant(value))

type Row = Record<string, unknown>

const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string'
const isNumber = (value: unknown): value is number => typeof value === 'number'
const isOneOf = <T extends string>(all: readonly T[]) => {
  const known = new Set<unknown>(all)
  return (value: unknown): value is T => known.has(value)
}
const isRecordOf =
  <T>(is: (value: unknown) => value is T) =>
  (value: unknown): value is Record<string, T> =>
    isRow(value) && Object.values(value).every(is)

const isTimeline = (value: unknown): value is Timeline =>
  isText(value) && (value === 'live' || value.startsWith('import:'))
const isKeyName = isOneOf(KEY_NAMES)
const isKeyKind = isOneOf(['identity', 'reference'] as const)
const isChanger = isOneOf(['integration', 'person', 'unknown'] as const)
const isAttribute = (value: unknown): value is Attributes[string] =>
  value === null || isText(value) || isNumber(value) || typeof value === 'boolean'
const isKey = (value: unknown): value is Key =>
  isRow(value) && isKeyName(value.name) && isText(value.value) && isKeyKind(value.kind)
const isKeys = (value: unknown): value is Key[] => Array.isArray(value) && value.every(isKey)
const isChangedBy = (value: unknown): value is ChangedBy =>
  isRow(value) && isChanger(value.kind) && (value.name === undefined || isText(value.name))

/** Answers a value as what it is; throws when it is something else. */
const parser =
  <T>(what: string, is: (value: unknown) => value is T) =>
  (value: unknown): T => {
    if (is(value)) return value
    throw new Error(`Not ${what}: ${JSON.stringify(value)}`)
  }

const row = parser('a row', isRow)
const text = parser('a text', isText)
const number = parser('a number', isNumber)
const role = parser('a role', isOneOf(ROLES))
const objectType = parser('a type of object', isOneOf(OBJECT_TYPES))
const orderClass = parser('a class of order', isOneOf(ORDER_CLASSES))
const keyName = parser('the name of a key', isKeyName)
const keys = parser('keys', isKeys)
const quantities = parser('quantities', isRecordOf(isNumber))
const attributes = parser('attributes', isRecordOf(isAttribute))
const changedBy = parser('who changed it', isChangedBy)
const enteredAt = parser('times by state', isRecordOf(isText))

export const timelineOf = parser('a timeline', isTimeline)
export const subjectKindOf = parser('a kind of subject', isOneOf(SUBJECT_KINDS))

const factOf = (said: Row): Fact => ({
  system: text(said.system),
  role: role(said.role),
  type: objectType(said.type),
  externalId: text(said.external_id),
  version: number(said.version),
  keys: keys(said.keys),
  ...(said.order_class === null ? {} : { orderClass: orderClass(said.order_class) }),
  state: text(said.state),
  rawState: text(said.raw_state),
  quantities: quantities(said.quantities),
  attributes: attributes(said.attributes),
  changedBy: changedBy(said.changed_by),
  occurredAt: instant(said.occurred_at),
  receivedAt: instant(said.received_at),
})

export const parseFact = (found: unknown): StoredFact => {
  const stored = row(found)
  return { id: text(stored.id), timeline: timelineOf(stored.timeline), fact: factOf(stored) }
}

export const parseObject = (found: unknown): ObjectState => {
  const object = row(found)
  return {
    ...factOf(object),
    hash: text(object.hash),
    enteredAt: enteredAt(object.entered_at),
    firstAt: instant(object.first_at),
  }
}

export const parseKey = (found: unknown, kind: Key['kind']): Key => {
  const { name, value } = row(found)
  return { name: keyName(name), value: text(value), kind }
}
