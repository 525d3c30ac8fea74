import type { Fact, Timeline } from '../domain/model.ts'
import {
  guesses,
  meaningIn,
  type NameMaps,
  namesIn,
  type SystemName,
  systemNameText,
  understood,
} from '../domain/names.ts'
import { objectId } from '../domain/object.ts'
import type { WireFact } from './connector.ts'
import type { Clock, Store, Tx } from './ports.ts'
import { count } from './words.ts'

/** The system in whose name Baton states what it observes itself. */
export const BATON = 'baton'

/** A select of more names than this is no help. */
const MOST_CHOICES = 20
/** Names given in chat that are looked at for a guess. */
const MOST_KNOWN = 2_000
/** Beyond this nobody needs the exact number. */
const MOST_COUNTED = 10_000

export type Understand = (fact: Fact) => Fact

const asTheyAre: Understand = (fact) => fact

/** How facts like these are to be read: by the file's maps first, then by what was mapped in chat. */
export const reading = async (tx: Tx, maps: NameMaps | undefined, facts: Fact[]): Promise<Understand> => {
  if (!maps) return asTheyAre
  const unlisted = unlistedIn(maps, facts)
  const mapped = unlisted.length > 0 ? await tx.mappingsOf(unlisted) : new Map<string, string>()
  return (fact) =>
    understood(maps, fact, (name) => {
      const canonical = mapped.get(systemNameText(name))
      return meaningIn(maps, name) ?? (canonical === undefined ? null : { canonical, units: 1 })
    })
}

/** Names that the file says nothing about, each once. */
const unlistedIn = (maps: NameMaps, facts: Fact[]): SystemName[] => {
  const names = facts.flatMap((fact) => namesIn(maps, fact)).filter((name) => meaningIn(maps, name) === null)
  return [...new Map(names.map((name) => [systemNameText(name), name])).values()]
}

/** What a name means, and how often and where it was seen. */
export type NameStanding = {
  canonical: string | null
  /** On how many subjects; 0 = not counted yet. */
  seen: number
  /** The object that used it first, as people find it. */
  first: string | null
  choices: string[]
  /** Of the last word on it, 0 = the first one: two words of one instant have an order, too. */
  version: number
}

const CHOICES = 'choices'

/** What Baton says about a name: `unmapped` until somebody says what it means. */
export const nameFact = (name: SystemName, standing: NameStanding, now: Date): WireFact => {
  const { canonical, seen, first, choices, version } = standing
  const text = systemNameText(name)
  const where = [
    ...(seen > 0 ? [`on ${count(seen, 'thing')}${seen >= MOST_COUNTED ? ' or more' : ''}`] : []),
    ...(first === null ? [] : [`first on ${first}`]),
  ]
  const tail = where.length > 0 ? ` (seen ${where.join(', ')})` : ''
  return {
    type: 'mapping',
    externalId: text,
    keys: [{ name: 'mapping', value: text, kind: 'identity' }],
    state: canonical === null ? 'unmapped' : 'mapped',
    rawState:
      canonical === null
        ? `${name.kind} "${name.value}" of ${name.system} is on no map${tail}`
        : `${name.kind} "${name.value}" of ${name.system} is ${canonical}`,
    quantities: { seen },
    attributes: { canonical, first, [CHOICES]: JSON.stringify(choices) },
    occurredAt: now,
    version: Math.max(now.getTime(), version + 1),
    changedBy: { kind: 'unknown' },
  }
}

/** The names that a card offers, best guess first. */
export const choicesOf = ({ attributes }: Pick<Fact, 'attributes'>): string[] => {
  const said: unknown = JSON.parse(String(attributes[CHOICES] ?? '[]'))
  return Array.isArray(said) ? said.map(String) : []
}

const asBaton = (fact: WireFact, now: Date): Fact => ({
  ...fact,
  system: BATON,
  role: 'integration',
  receivedAt: now,
})

const choicesFor = async (tx: Tx, maps: NameMaps, { kind, value }: SystemName): Promise<string[]> =>
  guesses(value, [...maps.canonical[kind], ...(await tx.canonicalNames(kind, MOST_KNOWN))], MOST_CHOICES)

/** How a name stands now: what it means, and on how many subjects it was seen. */
const standingOf = async (tx: Tx, maps: NameMaps, name: SystemName): Promise<NameStanding> => {
  const text = systemNameText(name)
  const [mapped, seen, known, choices] = [
    await tx.mappingsOf([name]),
    await tx.timesNamed(text, MOST_COUNTED),
    await tx.loadObjects('live', [{ system: BATON, type: 'mapping', externalId: text }]),
    await choicesFor(tx, maps, name),
  ]
  const isAsked = maps.asks.includes(name.kind) && maps.systems[name.kind].has(name.system)
  // A name that nobody asks about any more is taken as it is.
  const canonical = meaningIn(maps, name)?.canonical ?? mapped.get(text) ?? (isAsked ? null : name.value)
  const first = known[0]?.attributes.first
  const version = known[0]?.version ?? 0
  return { canonical, seen, first: typeof first === 'string' ? first : null, choices, version }
}

/** What Baton has to say of a name, as it stands now. */
export const stateName = async (tx: Tx, maps: NameMaps, name: SystemName, now: Date): Promise<Fact> =>
  asBaton(nameFact(name, await standingOf(tx, maps, name), now), now)

/**
 * Of the names that these facts use and no map knows, what Baton has to say about those it has not spoken of yet: one
 * fact for each, however many facts carry the name. They are stored with the facts that brought them up.
 */
export const firstWordOf = async (
  tx: Tx,
  timeline: Timeline,
  maps: NameMaps | undefined,
  facts: Fact[],
  now: Date,
): Promise<Fact[]> => {
  if (!maps || timeline !== 'live') return []
  const asked = unlistedIn(maps, facts).filter(({ kind }) => maps.asks.includes(kind))
  if (asked.length === 0) return []
  const [mapped, known] = await Promise.all([
    tx.mappingsOf(asked),
    tx.knownVersions(
      timeline,
      asked.map((name) => ({ system: BATON, type: 'mapping', externalId: systemNameText(name) })),
    ),
  ])
  const fresh = asked.filter((name) => {
    const text = systemNameText(name)
    return !mapped.has(text) && !known.has(objectId({ system: BATON, type: 'mapping', externalId: text }))
  })
  const stated: Fact[] = []
  for (const name of fresh) {
    const text = systemNameText(name)
    const carrying = facts.filter((fact) => namesIn(maps, fact).some((own) => systemNameText(own) === text))
    const [first] = carrying
    const choices = await choicesFor(tx, maps, name)
    const seen = new Set(carrying.map(objectId)).size
    const where = first ? `${first.type.replaceAll('_', ' ')} ${first.externalId}` : null
    stated.push(
      asBaton(nameFact(name, { canonical: null, seen, first: where, choices, version: 0 }, now), now),
    )
  }
  if (stated.length > 0) await tx.insertFacts(timeline, stated)
  return stated
}

/** What the action "Map it" needs of the store. */
export type NameDesk = {
  look(name: SystemName): Promise<WireFact>
  /** From now on the name means this; what was recorded under it is moved by a job. */
  map(name: SystemName, canonical: string, by: string | null): Promise<void>
}

export const createNameDesk = (deps: { store: Store; maps: NameMaps; clock: Clock }): NameDesk => ({
  look: (name) => deps.store.transaction((tx) => stateName(tx, deps.maps, name, deps.clock())),
  map: (name, canonical, by) =>
    deps.store.transaction(async (tx) => {
      await tx.saveMapping(name, canonical, by, deps.clock())
      const text = systemNameText(name)
      await moveWhatIsNamed(tx, text, deps.clock())
    }),
})

/** Whoever read the old meaning before this transaction may still write for a moment: for them, once more. */
const ONCE_MORE_MS = 60_000

/** What was recorded under a name goes where it belongs now. */
export const moveWhatIsNamed = async (tx: Tx, name: string, now: Date): Promise<void> => {
  await tx.addJob('remap', { name, after: '0' }, { key: `remap:${name}` })
  const runAt = new Date(now.getTime() + ONCE_MORE_MS)
  await tx.addJob('remap', { name, after: '0' }, { key: `remap:${name}:more`, runAt })
}
