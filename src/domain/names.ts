import { stockKey, stockParts } from './keys.ts'
import type { Fact, Key } from './model.ts'

/*
 * Systems call the same article or the same place by different names. A map says what each name means; facts are
 * kept as the system stated them and read through the maps, so that a map that was wrong can be put right.
 */

export const NAME_KINDS = ['sku', 'location'] as const
export type NameKind = (typeof NAME_KINDS)[number]

/** One name as one system uses it. */
export type SystemName = { kind: NameKind; system: string; value: string }

/** `units`: how many canonical ones one of it is (a case of 12); 1 for everything that is not packed differently. */
export type Meaning = { canonical: string; units: number }

/** What `baton.yml` says about names. A system without a map of a kind uses the canonical names of that kind. */
export type NameMaps = {
  /** The names that the file maps, by `systemNameText`. */
  meanings: Map<string, Meaning>
  /** Systems that have a map, by kind. */
  systems: Record<NameKind, Set<string>>
  canonical: Record<NameKind, Set<string>>
  /** Kinds whose unknown names are asked about; of the others an unknown name is taken as it is. */
  asks: NameKind[]
}

/** Names a system's name, as the key of what Baton says about it: `erp location 001`. */
export const systemNameText = ({ system, kind, value }: SystemName): string => `${system} ${kind} ${value}`

export const parseSystemName = (text: string): SystemName | null => {
  const [, system, kind, value] = /^(\S+) (\S+) ([\s\S]+)$/.exec(text) ?? []
  const known = NAME_KINDS.find((each) => each === kind)
  return system !== undefined && known !== undefined && value !== undefined
    ? { system, kind: known, value }
    : null
}

const isMapped = (maps: NameMaps, kind: NameKind, system: string): boolean => maps.systems[kind].has(system)

/** What the file says; a canonical name means itself. Null: only what was mapped in chat can tell. */
export const meaningIn = (maps: NameMaps, name: SystemName): Meaning | null =>
  maps.meanings.get(systemNameText(name)) ??
  (maps.canonical[name.kind].has(name.value) ? { canonical: name.value, units: 1 } : null)

type Naming = Pick<Fact, 'system' | 'keys' | 'attributes'>

/** Every name of a mapped system that a fact uses, each once. */
export const namesIn = (maps: NameMaps, { system, keys, attributes }: Naming): SystemName[] => {
  const { location } = attributes
  const stocks = keys.flatMap((key) => (key.name === 'stock' ? [stockParts(key.value)] : []))
  const values: Record<NameKind, (string | null)[]> = {
    sku: [...keys.flatMap((key) => (key.name === 'sku' ? [key.value] : [])), ...stocks.map(({ sku }) => sku)],
    location: [...stocks.map((stock) => stock.location), typeof location === 'string' ? location : null],
  }
  return NAME_KINDS.filter((kind) => isMapped(maps, kind, system)).flatMap((kind) =>
    [...new Set(values[kind])].flatMap((value) => (value === null ? [] : [{ kind, system, value }])),
  )
}

/**
 * A fact as the maps understand it. `meaningOf` answers null for an unknown name, which goes on under itself. What
 * depends on a map refers to the name, so that it is found when the name is mapped, or means something else.
 * Quantities are counted in canonical units where the fact is about one article alone.
 */
export const understood = <T extends Naming & Pick<Fact, 'quantities'>>(
  maps: NameMaps,
  fact: T,
  meaningOf: (name: SystemName) => Meaning | null,
): T => {
  const names = namesIn(maps, fact)
  if (names.length === 0) return fact
  const meaning = (kind: NameKind, value: string): Meaning =>
    (isMapped(maps, kind, fact.system) ? meaningOf({ kind, system: fact.system, value }) : null) ?? {
      canonical: value,
      units: 1,
    }
  const keyOf = (key: Key): Key => {
    if (key.name === 'sku') return { ...key, value: meaning('sku', key.value).canonical }
    if (key.name !== 'stock') return key
    const { sku, location } = stockParts(key.value)
    const article = meaning('sku', sku).canonical
    return {
      ...key,
      value: location === null ? article : stockKey(article, meaning('location', location).canonical),
    }
  }
  const depends = names.filter(
    (name) =>
      maps.meanings.has(systemNameText(name)) ||
      (maps.asks.includes(name.kind) && meaningIn(maps, name) === null),
  )
  const { location } = fact.attributes
  const [only, ...more] = names.filter(({ kind }) => kind === 'sku')
  const units = only && more.length === 0 ? meaning('sku', only.value).units : 1
  return {
    ...fact,
    keys: [
      ...fact.keys.map(keyOf),
      ...depends.map((name): Key => ({ name: 'mapping', value: systemNameText(name), kind: 'reference' })),
    ],
    attributes:
      typeof location === 'string'
        ? { ...fact.attributes, location: meaning('location', location).canonical }
        : fact.attributes,
    quantities:
      units === 1
        ? fact.quantities
        : Object.fromEntries(Object.entries(fact.quantities).map(([name, n]) => [name, n * units])),
  }
}

const pairsIn = (text: string): string[] => {
  const letters = text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
  return Array.from({ length: Math.max(1, letters.length - 1) }, (_, at) => letters.slice(at, at + 2))
}

/** How alike two names look, 0 to 1: the pairs of neighbouring letters that they share (Dice's coefficient). */
const likeness = (a: string, b: string): number => {
  const left = pairsIn(a)
  const right = new Set(pairsIn(b))
  return (2 * left.filter((pair) => right.has(pair)).length) / (left.length + right.size)
}

/** Known names, the one that most looks like `value` first; at most `limit`. */
export const guesses = (value: string, known: Iterable<string>, limit: number): string[] =>
  [...new Set(known)]
    .map((name) => ({ name, like: likeness(value, name) }))
    .sort((a, b) => b.like - a.like || (a.name < b.name ? -1 : 1))
    .slice(0, limit)
    .map(({ name }) => name)
