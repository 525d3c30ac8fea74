import { withRules } from '../domain/keys.ts'
import type { Fact } from '../domain/model.ts'
import type { BadRow, Connector, WireFact } from './connector.ts'
import { storable } from './storable.ts'

/**
 * A connector's facts as Baton keeps them: numbers as the system's rules say they are compared, its clock corrected by
 * its measured skew (ms, positive = the sender is ahead), and nothing dated later than it was received.
 */
export const toFacts = (
  from: Pick<Connector, 'system' | 'role' | 'keys'>,
  wire: WireFact[],
  receivedAt: Date,
  skewMs: number,
): Fact[] =>
  wire.map((fact) => ({
    ...withRules(storable(fact), from.keys ?? {}),
    system: from.system,
    role: from.role,
    receivedAt,
    occurredAt: new Date(Math.min(fact.occurredAt.getTime() - skewMs, receivedAt.getTime())),
  }))

/** Ids and key values stand in indexes, whose entries are limited; no real one comes near. */
const MAX_ID_CHARS = 500
const FIRST_YEAR = 1900

/** What keeps a fact from being stored, or null. A connector may let through what its schema did not foresee. */
const flaw = ({ externalId, keys, version, quantities, attributes, occurredAt }: Fact): string | null => {
  const ids = [externalId, ...keys.map(({ value }) => value)]
  if (ids.some((id) => id === '' || id.length > MAX_ID_CHARS))
    return `has an id or key that is empty or longer than ${MAX_ID_CHARS} characters`
  if (!Number.isFinite(version)) return 'has no version'
  const year = occurredAt.getUTCFullYear()
  if (!(year >= FIRST_YEAR && year <= 9999)) return 'has no time at which it can have happened'
  const numbers = [...Object.entries(quantities), ...Object.entries(attributes)]
  const [wrong] = numbers.find(([, value]) => typeof value === 'number' && !Number.isFinite(value)) ?? []
  return wrong === undefined ? null : `states a ${wrong} that is no number`
}

/** Parts what can be stored from what cannot: a bad fact never takes its neighbours with it. */
export const sift = (facts: Fact[]): { sound: Fact[]; bad: BadRow[] } => {
  const sound: Fact[] = []
  const bad: BadRow[] = []
  for (const fact of facts) {
    const reason = flaw(fact)
    if (reason === null) sound.push(fact)
    else bad.push({ at: `${fact.type} ${fact.externalId.slice(0, 40)}`, reason })
  }
  return { sound, bad }
}

/** Weight of a measurement below the estimate, which a slow delivery explains just as well as a clock. */
const DELAYED_WEIGHT = 0.05

/**
 * The estimated skew after one more delivery, in ms. A delivery can come late but never early: a measurement above
 * the estimate corrects it at once, one below hardly moves it.
 */
export const smoothSkew = (
  skewMs: number | null,
  sentAt: Date | undefined,
  receivedAt: Date,
): number | null => {
  if (!sentAt || Number.isNaN(sentAt.getTime())) return skewMs
  const measured = sentAt.getTime() - receivedAt.getTime()
  return skewMs === null || measured > skewMs ? measured : skewMs + DELAYED_WEIGHT * (measured - skewMs)
}
