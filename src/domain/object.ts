import { createHash } from 'node:crypto'
import type { Fact, Key, ObjectState } from './model.ts'

/** Names one object of one system on one timeline. */
export const objectId = (o: { system: string; type: string; externalId: string }): string =>
  JSON.stringify([o.system, o.type, o.externalId])

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object' || value instanceof Date) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sorted(v)]),
  )
}

/**
 * What a fact says, without its times, as one text. `occurredAt` is left out because it is corrected by a clock skew
 * that is measured anew all the time.
 */
export const contentText = (fact: Fact): string => {
  const { state, rawState, quantities, attributes, changedBy, orderClass } = fact
  const keys = [...fact.keys].sort((a, b) => (keyText(a) < keyText(b) ? -1 : 1))
  return JSON.stringify(sorted({ state, rawState, quantities, attributes, changedBy, orderClass, keys }))
}

/** Equal content hashes to the same value everywhere. */
export const contentHash = (fact: Fact): string =>
  createHash('sha256').update(contentText(fact)).digest('base64url').slice(0, 22)

export const keyText = (key: Key): string => `${key.kind} ${key.name} ${key.value}`

const unionKeys = (a: Key[], b: Key[]): Key[] => {
  const all = new Map([...a, ...b].map((key) => [keyText(key), key]))
  return [...all.keys()].sort().flatMap((text) => all.get(text) ?? [])
}

/** Where a statement stands among those about one object. */
type Place = { version: number; receivedAt: Date; hash: string; occurredAt: Date }

/**
 * Orders the statements about one object. Of two that contradict each other at the same version the one received
 * later stands, because the system is read again after a contradiction; the rest only makes the order total, so that
 * it is the same everywhere.
 */
const compare = (a: Place, b: Place): number =>
  a.version - b.version ||
  a.receivedAt.getTime() - b.receivedAt.getTime() ||
  (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : a.occurredAt.getTime() - b.occurredAt.getTime())

export type Folded = {
  object: ObjectState
  /**
   * `same`: nothing new. `confirmed`: said again later, which only moves `receivedAt`. `late`: older than what is
   * known, so that the history must be folded again in order.
   */
  effect: 'new' | 'moved' | 'confirmed' | 'same' | 'late'
  /** Equal version, different content: the source contradicts itself and should be read again. */
  contradicts: boolean
}

/** Takes one fact into an object. A late or repeated fact never moves an object backwards. `hash`: the fact's own. */
export const fold = (object: ObjectState | undefined, fact: Fact, hash = contentHash(fact)): Folded => {
  if (!object) {
    const enteredAt = { [fact.state]: fact.occurredAt.toISOString() }
    const fresh = { ...fact, keys: unionKeys(fact.keys, []), enteredAt, firstAt: fact.occurredAt, hash }
    return { object: fresh, effect: 'new', contradicts: false }
  }
  const sameVersion = fact.version === object.version
  const contradicts = sameVersion && hash !== object.hash
  const order = compare({ ...fact, hash }, object)
  if (order < 0) return { object, effect: 'late', contradicts }
  if (sameVersion && !contradicts) {
    const again = fact.receivedAt.getTime() > object.receivedAt.getTime()
    return again
      ? { object: { ...object, receivedAt: fact.receivedAt }, effect: 'confirmed', contradicts }
      : { object, effect: 'same', contradicts }
  }
  const enteredAt =
    fact.state === object.state
      ? object.enteredAt
      : { ...object.enteredAt, [fact.state]: fact.occurredAt.toISOString() }
  const next: ObjectState = {
    ...fact,
    ...(fact.orderClass === undefined && object.orderClass !== undefined
      ? { orderClass: object.orderClass }
      : {}),
    keys: unionKeys(object.keys, fact.keys),
    enteredAt,
    firstAt: new Date(Math.min(fact.occurredAt.getTime(), object.firstAt.getTime())),
    hash,
  }
  return { object: next, effect: 'moved', contradicts }
}

/** Folds a whole history, in whatever order it is given; `read` says how each of its facts is understood. */
export const foldAll = (
  facts: Fact[],
  read: (fact: Fact) => Fact = (fact) => fact,
): ObjectState | undefined => {
  const ordered = facts
    .map((fact) => ({ fact, place: { ...fact, hash: contentHash(fact) } }))
    .sort((a, b) => compare(a.place, b.place))
  let object: ObjectState | undefined
  for (const { fact, place } of ordered) object = fold(object, read(fact), place.hash).object
  return object
}
