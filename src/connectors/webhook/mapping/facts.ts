import type { BadRow, WireFact } from '../../../app/connector.ts'
import { wordsOf } from '../../../app/errors.ts'
import type { Attributes, ChangedBy, Key } from '../../../domain/model.ts'
import { identity, linesText, orderNumber, reference, stockKeys, trackingNumber } from '../../kit/facts.ts'
import type { Attribute, FactMapping, Instant, ObjectMapping } from './config.ts'
import { documentOf, type Json } from './document.ts'
import { holds, type Path } from './path.ts'
import { type MappedKey, OWN_KEYS } from './words.ts'

/** More rows than this in one delivery are no delivery. */
const MAX_ROWS = 1_000
const SHOWN = 60

/** What makes a row a bad one; `unknownWord` where a map lacks a word. */
class Flaw extends Error {
  readonly unknownWord: string | undefined
  constructor(words: string, unknownWord?: string) {
    super(words)
    this.unknownWord = unknownWord
  }
}
/** The row is none of ours: a word that is to be skipped. */
class Skip extends Error {}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, SHOWN)

const found = (field: string, path: Path, row: Json): unknown => {
  try {
    return path.of(row)
  } catch (error) {
    throw new Flaw(`${field}: ${wordsOf(error)}`)
  }
}

/** A word, or null where there is none. */
const textOf = (field: string, value: unknown): string | null => {
  if (value === null) return null
  if (typeof value === 'string') return value.trim() === '' ? null : value.trim()
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new Flaw(`${field}: ${shown(value)} is no text`)
}

const numberOf = (field: string, value: unknown): number | null => {
  if (value === null) return null
  // A field that is blank says nothing: it is not zero.
  if (typeof value === 'string' && value.trim() === '') return null
  const number = typeof value === 'string' ? Number(value) : value
  if (typeof number === 'number' && Number.isFinite(number)) return number
  throw new Flaw(`${field}: ${shown(value)} is no number`)
}

const FACTOR = { epoch_s: 1_000, epoch_ms: 1 } as const
const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2}))?$/

const instantIn = (field: string, format: Instant['format'], value: unknown): Date | null => {
  if (value === null || value === '') return null
  const at =
    format === 'iso'
      ? new Date(typeof value === 'string' && ISO.test(value.trim()) ? value.trim() : Number.NaN)
      : new Date((numberOf(field, value) ?? Number.NaN) * FACTOR[format])
  if (!Number.isNaN(at.getTime())) return at
  const wanted = format === 'iso' ? 'ISO 8601 with a zone, like 2026-11-23T10:00:00Z' : format
  throw new Flaw(`${field}: ${shown(value)} is no instant (${wanted})`)
}

/** An instant in a document; undefined where there is none. */
export const readInstant = ({ path, format }: Instant, document: Json): Date | undefined => {
  try {
    return instantIn(path.text, format, path.of(document)) ?? undefined
  } catch {
    return undefined
  }
}

/** The word's meaning. Own properties only: a system may well say "constructor". */
const meaning = <T>(
  field: string,
  { map, otherwise }: { map: Record<string, T>; otherwise: 'bad' | 'skip' },
  word: string,
): T => {
  const to = Object.hasOwn(map, word) ? map[word] : undefined
  if (to !== undefined) return to
  if (otherwise === 'skip') throw new Skip(word)
  throw new Flaw(`${field}: nothing says what ${shown(word)} means; add it to the map`, word)
}

const stateOf = (mapping: ObjectMapping, row: Json): { state: string; rawState: string } => {
  const { state } = mapping
  if (typeof state === 'string') return { state, rawState: state }
  const word = textOf('state', found('state', state.path, row))
  if (word === null) throw new Flaw(`state: nothing at ${state.path.text}`)
  return { state: meaning('state', state, word), rawState: word }
}

/** A number as systems share it. */
const shared = (name: MappedKey, value: string): string => {
  if (name === 'tracking') return trackingNumber(value)
  return name === 'order' || name === 'sale' ? orderNumber(value) : value
}

const valuesOf = (name: MappedKey, path: Path, row: Json): string[] => {
  const value = found(`keys.${name}`, path, row)
  const all = (Array.isArray(value) ? value : [value]).flatMap((each) => {
    const text = textOf(`keys.${name}`, each)
    return text === null ? [] : [shared(name, text)]
  })
  // A bare `#` names nothing, and would be the same for all.
  return [...new Set(all)].filter((text) => /[\p{L}\p{N}]/u.test(text))
}

const keysOf = (mapping: ObjectMapping, row: Json, state: string): Key[] => {
  const { type, keys } = mapping
  const values = (name: MappedKey): string[] => {
    const path = keys[name]
    return path === undefined ? [] : valuesOf(name, path, row)
  }
  if (type === 'inventory') {
    const [[sku], [place]] = [values('sku'), values('location')]
    if (sku === undefined || place === undefined)
      throw new Flaw(`keys.${sku === undefined ? 'sku' : 'location'}: nothing is there`)
    return stockKeys(sku, place)
  }
  const own = mapping.identity ?? OWN_KEYS[type]
  const all = Object.keys(keys).flatMap((text): Key[] => {
    const name = MAPPED.get(text)
    if (name === undefined) return []
    // A delivery is a parcel once it has left, and not before.
    if (type === 'fulfillment' && name === 'tracking' && !mapping.identity && state !== 'shipped') return []
    return values(name).map((value) => (own.includes(name) ? identity : reference)(name, value))
  })
  if (!all.some(({ kind }) => kind === 'identity'))
    throw new Flaw(
      `keys: nothing says which ${type} it is (${own.filter((name) => name in keys).join(', ')})`,
    )
  return all
}
const MAPPED = new Map(
  (['order', 'sale', 'tracking', 'receipt', 'purchase_order', 'sku', 'transfer', 'return'] as const).map(
    (name) => [String(name), name] as const,
  ),
)

const linesOf = (field: string, value: unknown): string => {
  if (!Array.isArray(value)) throw new Flaw(`${field}: ${shown(value)} is no list of lines`)
  return linesText(
    value.map((line) => {
      const { sku, quantity } = typeof line === 'object' && line !== null ? line : {}
      const [article, units] = [textOf(field, sku ?? null), numberOf(field, quantity ?? null)]
      if (article === null || units === null || !Number.isInteger(units) || units < 0)
        throw new Flaw(`${field}: ${shown(line)} has no sku and whole quantity`)
      return { sku: article, quantity: units }
    }),
  )
}

const moneyOf = (field: string, value: unknown): number => {
  const text = textOf(field, value) ?? ''
  if (!/^-?\d+(\.\d{1,2})?$/.test(text)) throw new Flaw(`${field}: ${shown(value)} is no amount like 59.90`)
  return Math.round(Number(text) * 100)
}

const attributeOf = (name: string, spec: Attribute, row: Json): Attributes[string] => {
  const field = `attributes.${name}`
  const value = found(field, spec.path, row)
  if (value === null) return null
  if (spec.map) {
    const word = textOf(field, value)
    return word === null ? null : meaning(field, { map: spec.map, otherwise: spec.otherwise }, word)
  }
  switch (spec.format) {
    case undefined: {
      if (typeof value === 'number' || typeof value === 'boolean') return value
      const text = textOf(field, value)
      return text !== null && name === 'tracking' ? shared('tracking', text) : text
    }
    case 'money':
      return moneyOf(field, value)
    case 'lines':
      return linesOf(field, value)
    case 'iso':
    case 'epoch_s':
    case 'epoch_ms':
      return instantIn(field, spec.format, value)?.toISOString() ?? null
  }
}

const versionOf = (mapping: ObjectMapping, row: Json, at: Date): number => {
  if (!mapping.version) return at.getTime()
  const value = found('version', mapping.version, row)
  const dated = typeof value === 'string' && ISO.test(value) ? Date.parse(value) : value
  const version = numberOf('version', dated)
  if (version === null) throw new Flaw(`version: nothing at ${mapping.version.text}`)
  return version
}

const changedByOf = ({ changed_by }: ObjectMapping, row: Json): ChangedBy => {
  const name = changed_by ? textOf('changed_by', found('changed_by', changed_by.path, row)) : null
  if (name === null) return { kind: 'unknown' }
  return { kind: changed_by?.integrations.includes(name) ? 'integration' : 'person', name }
}

const timeOf = (mapping: ObjectMapping, row: Json, now: Date): Date => {
  if ('received' in mapping.at) return now
  const at = instantIn('at', mapping.at.format, found('at', mapping.at.path, row))
  if (at === null) throw new Flaw(`at: nothing at ${mapping.at.path.text}`)
  return at
}

/** What one row says. Throws Flaw or Skip. */
const factIn = (mapping: ObjectMapping, row: Json, now: Date): WireFact => {
  const externalId = textOf('id', found('id', mapping.id, row))
  if (externalId === null) throw new Flaw(`id: nothing at ${mapping.id.text}`)
  const stated = stateOf(mapping, row)
  const orderClass = mapping.class && textOf('class', found('class', mapping.class.path, row))
  const quantities = Object.entries(mapping.quantities).flatMap(([name, path]) => {
    const units = numberOf(`quantities.${name}`, found(`quantities.${name}`, path, row))
    return units === null ? [] : [[name, units] as const]
  })
  const attributes = Object.entries(mapping.attributes).map(
    ([name, spec]) => [name, attributeOf(name, spec, row)] as const,
  )
  const at = timeOf(mapping, row, now)
  return {
    type: mapping.type,
    externalId,
    keys: keysOf(mapping, row, stated.state),
    ...(mapping.class && typeof orderClass === 'string'
      ? { orderClass: meaning('class', mapping.class, orderClass) }
      : {}),
    ...stated,
    quantities: Object.fromEntries(quantities),
    attributes: Object.fromEntries(attributes),
    occurredAt: at,
    version: versionOf(mapping, row, at),
    changedBy: changedByOf(mapping, row),
  }
}

/** One object of an answer as a fact; null where its word is one to be skipped, `reason` where it is unreadable. */
export const readObject = (
  mapping: ObjectMapping,
  row: unknown,
  now: Date,
): { fact: WireFact } | { reason: string; unknownWord?: string } | null => {
  try {
    return { fact: factIn(mapping, documentOf(row), now) }
  } catch (error) {
    if (error instanceof Skip) return null
    const word = error instanceof Flaw ? error.unknownWord : undefined
    return { reason: wordsOf(error), ...(word === undefined ? {} : { unknownWord: word }) }
  }
}

type Row = { row: Json; at: string }

/** The rows of one mapping, each with its place; null where what `each` looks for is not in the document. */
const rowsOf = ({ each, type }: FactMapping, document: Json): Row[] | null => {
  if (!each) return [{ row: document, at: `the body (${type})` }]
  const list = found(`each: ${each.text}`, each, document)
  if (list === null) return null
  const rows = Array.isArray(list) ? list : [list]
  return rows.map((row, index) => ({ row: documentOf(row), at: `${each.text} row ${index + 1} (${type})` }))
}

/**
 * A document as facts. Bad rows are reported with their place, and their neighbours go on. A document in which no
 * mapping finds anything to read is reported too: its shape has changed. Throws where it has too many rows.
 */
export const factsIn = (
  mappings: readonly FactMapping[],
  document: Json,
  now: Date,
): { facts: WireFact[]; bad: BadRow[] } => {
  const facts: WireFact[] = []
  const bad: BadRow[] = []
  let isKnown = false
  let count = 0
  for (const mapping of mappings) {
    let rows: Row[] | null
    try {
      rows = rowsOf(mapping, document)
    } catch (error) {
      bad.push({ at: 'the body', reason: wordsOf(error) })
      continue
    }
    if (rows === null) continue
    isKnown = true
    count += rows.length
    if (count > MAX_ROWS) throw new Error(`The document has more than ${MAX_ROWS} rows: send fewer at once.`)
    for (const { row, at } of rows) {
      try {
        if (mapping.when && !holds(mapping.when, row)) continue
      } catch (error) {
        bad.push({ at, reason: `when: ${wordsOf(error)}` })
        continue
      }
      const read = readObject(mapping, row, now)
      if (read === null) continue
      if ('fact' in read) facts.push(read.fact)
      else bad.push({ at, ...read })
    }
  }
  if (!isKnown && bad.length === 0)
    bad.push({
      at: 'the body',
      reason: 'none of the mappings finds anything in it: its shape is not the one mapped',
    })
  return { facts, bad }
}
