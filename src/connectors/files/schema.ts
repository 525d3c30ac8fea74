import type { WireFact } from '../../app/connector.ts'
import type { Attributes, Key, KeyName, Role } from '../../domain/model.ts'
import { KEY_NAMES } from '../../domain/model.ts'
import type { CellType } from './cells.ts'
import type { Mapping, ObjectMapping } from './config.ts'
import { findColumn, idParts, type Problem, templateParts } from './references.ts'
import { type Compile, cellText, compileFor, type Read, type Unit } from './sources.ts'

/**
 * What lies behind a fact that the fact itself does not carry: whose it is, by dimension, and where an instant was
 * made from several rows, the instants of all of them.
 */
export type Background = {
  dimensions: Record<string, string[]>
  /** By attribute; `lines`: the file whose rows they are. */
  instants: { attribute: string; lines: string; atMs: number[] }[]
}

/** A fact of the export, with the system that states it. */
export type ExportedFact = WireFact & { system: string; role: Role }

/**
 * That an object came into a state at a time: a fact before it is written out. Events are what is held in memory and
 * sorted; each becomes a fact only when it is played.
 */
export type Event = {
  atMs: number
  version: number
  /** Place in the mapping's list of objects. */
  object: number
  id: string
  state: string
  raw: string
  /** A final state without a time of its own: it applies from the start. */
  untimed: boolean
  unit: Unit
}

export type ObjectReader = {
  from: string
  /** The timed events of one row; a problem leaves the whole row out. */
  events(unit: Unit): Event[] | (Problem & { column: string | null })
  /** The final state that the row declares, or null. */
  final(unit: Unit): { state: string; raw: string } | null | (Problem & { column: string | null })
  id(unit: Unit): string | null
  fact(event: Event): ExportedFact
  background(event: Event): Background
}

/** Readers for the mapping's objects, in its order. */
export const objectReaders = (mapping: Mapping): ObjectReader[] =>
  mapping.objects.map((object, index) => objectReader(mapping, object, index))

const objectReader = (mapping: Mapping, object: ObjectMapping, index: number): ObjectReader => {
  const compile = compileFor(mapping, object.from)
  const id = compile.template(idParts(object.id))
  const timed = timedStates(compile, object)
  const version = object.version ? compile.source(object.version).read : null
  const final = object.final ? valueMap(compile, object.final) : null
  const keys = keysOf(compile, object)
  const details = detailsOf(mapping, compile, object)
  const background = backgroundOf(mapping, compile, object)
  const classMap = typeof object.orderClass === 'object' ? valueMap(compile, object.orderClass) : null
  const role = mapping.systems[object.system]
  if (role === undefined) throw new Error(`unchecked mapping: no system ${object.system}`)

  return {
    from: object.from,
    id,
    events: (unit) => {
      const states = timed(unit)
      if ('problem' in states) return states
      if (states.length === 0) return []
      const externalId = id(unit)
      if (externalId === null)
        return {
          column: object.id,
          problem: `is empty, so the ${object.type} has no id; fill it in the export`,
        }
      if (!keys(unit).some((key) => key.kind === 'identity')) {
        return {
          column: null,
          problem: `gives the ${object.type} no identity key; fill ${identityColumns(object)} in the export`,
        }
      }
      const stated = classMap?.(unit) ?? null
      if (stated && 'problem' in stated) return stated
      const given = version?.(unit)
      return states.map(({ atMs, state, raw }) => ({
        atMs,
        version: typeof given === 'number' ? given : atMs,
        object: index,
        id: externalId,
        state,
        raw,
        untimed: false,
        unit,
      }))
    },
    final: (unit) => (final ? final(unit) : null),
    background: ({ unit }) => background(unit),
    fact: ({ unit, id: externalId, state, raw, atMs, version: v, untimed }) => {
      const stated = classMap?.(unit) ?? null
      const orderClass =
        typeof object.orderClass === 'string'
          ? object.orderClass
          : stated && 'state' in stated
            ? stated.state
            : undefined
      const { quantities, attributes } = details(unit)
      return {
        system: object.system,
        role,
        type: object.type,
        externalId,
        keys: keys(unit),
        ...(orderClass === undefined ? {} : { orderClass }),
        state,
        rawState: raw,
        quantities,
        attributes: untimed ? { ...attributes, untimed: true } : attributes,
        occurredAt: new Date(atMs),
        version: v,
        changedBy: { kind: 'unknown' },
      }
    },
  }
}

const identityColumns = (object: ObjectMapping): string => Object.values(object.identity).flat().join(' or ')

type Mapped<T extends string> = { state: T; raw: string } | null | (Problem & { column: string })

/**
 * A column's words > Baton's; a word that is named nowhere is a problem, so that a new status is never guessed at.
 * The word itself is shown: it must be known to be named, and a column of statuses holds nothing personal.
 */
const valueMap = <T extends string>(
  compile: Compile,
  { column, values, ignore }: { column: string; values: Record<string, T>; ignore: '*' | string[] },
): ((unit: Unit) => Mapped<T>) => {
  const { read, type } = compile.column(column)
  const known = new Map(Object.entries(values))
  return (unit) => {
    const cell = read(unit)
    if (cell === null) return null
    const raw = cellText(cell, type)
    const state = known.get(raw)
    if (state !== undefined) return { state, raw }
    if (ignore === '*' || ignore.includes(raw)) return null
    return {
      column,
      problem: `"${raw.slice(0, 40)}" is not in the mapping; name it under \`values\`, or under \`ignore\` if it means nothing here`,
    }
  }
}

type Timed = { atMs: number; state: string; raw: string }

/** Which states the row's columns date; an empty column = it never happened. */
const timedStates = (
  compile: Compile,
  { states }: ObjectMapping,
): ((unit: Unit) => Timed[] | (Problem & { column: string })) => {
  if (!Array.isArray(states)) {
    const map = valueMap(compile, states)
    const at = compile.source(states.at).read
    return (unit) => {
      const mapped = map(unit)
      if (mapped && 'problem' in mapped) return mapped
      const atMs = at(unit)
      return mapped && typeof atMs === 'number' ? [{ atMs, ...mapped }] : []
    }
  }
  const compiled = states.map(({ state, at, raw }) => ({
    state,
    at: compile.source(at).read,
    raw: compile.template(templateParts(raw ?? state)),
  }))
  return (unit) =>
    compiled.flatMap(({ state, at, raw }) => {
      const atMs = at(unit)
      return typeof atMs === 'number' ? [{ atMs, state, raw: raw(unit) ?? state }] : []
    })
}

/** Every value of the key columns, each once, in a fixed order. */
const keysOf = (compile: Compile, object: ObjectMapping): ((unit: Unit) => Key[]) => {
  const kinds = (['identity', 'reference'] as const).flatMap((kind) =>
    KEY_NAMES.flatMap((name: KeyName) =>
      (object[kind][name] ?? []).map((column) => ({ kind, name, all: compile.column(column).all })),
    ),
  )
  return (unit) =>
    kinds.flatMap(({ kind, name, all }) =>
      [...new Set(all(unit))].sort().map((value): Key => ({ name, value, kind })),
    )
}

type Details = { quantities: Record<string, number>; attributes: Attributes }

const detailsOf = (mapping: Mapping, compile: Compile, object: ObjectMapping): ((unit: Unit) => Details) => {
  const quantities = Object.entries(object.quantities).map(([name, source]) => ({
    name,
    ...compile.source(source),
  }))
  const attributes = Object.entries(object.attributes).map(([name, source]) => ({
    name,
    ...compile.source(source),
  }))
  const value = object.value ? compile.source(object.value).read : null
  const { currency } = mapping
  return (unit) => ({
    quantities: Object.fromEntries(
      quantities.flatMap(({ name, read }) => {
        const cell = read(unit)
        return typeof cell === 'number' ? [[name, cell]] : []
      }),
    ),
    attributes: Object.fromEntries([
      ...attributes.flatMap(({ name, read, type }) => attribute(name, read, type, unit)),
      ...valueAttributes(value?.(unit), currency),
    ]),
  })
}

const backgroundOf = (
  { files }: Mapping,
  compile: Compile,
  object: ObjectMapping,
): ((unit: Unit) => Background) => {
  const dimensions = Object.entries(object.dimensions).map(([name, columns]) => ({
    name,
    all: columns.map((column) => compile.column(column).all),
  }))
  const instants = Object.entries(object.attributes).flatMap(([attribute, { how, of }]) => {
    if (how !== 'earliest' && how !== 'latest') return []
    const found = findColumn(files, object.from, of)
    return 'problem' in found ? [] : [{ attribute, lines: found.file, all: compile.instants(of) }]
  })
  return (unit) => ({
    dimensions: Object.fromEntries(
      dimensions.map(({ name, all }) => [name, [...new Set(all.flatMap((values) => values(unit)))]]),
    ),
    instants: instants.map(({ attribute, lines, all }) => ({ attribute, lines, atMs: all(unit) })),
  })
}

/** Unknown is left out rather than null: a deadline that nobody set is not a deadline. */
const attribute = (name: string, read: Read, type: CellType, unit: Unit): [string, string | number][] => {
  const cell = read(unit)
  if (cell === null) return []
  return [[name, type === 'time' || type === 'day' ? cellText(cell, type) : cell]]
}

const valueAttributes = (minor: unknown, currency: string | undefined): [string, string | number][] =>
  typeof minor === 'number' && currency !== undefined
    ? [
        ['valueMinor', minor],
        ['currency', currency],
      ]
    : []
