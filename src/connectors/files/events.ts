import type { Mapping } from './config.ts'
import type { Findings } from './findings.ts'
import { type Group, placeOf } from './join.ts'
import type { Row } from './rows.ts'
import type { Event, ObjectReader } from './schema.ts'

/**
 * Every event of the joined rows, in the order of the events' own times. Times are taken as they are: where one
 * system's clock puts a later step before an earlier one, both stand, for the contracts to call a clock conflict.
 */
export const eventsOf = (
  mapping: Mapping,
  groups: Map<string, Group>,
  readers: ObjectReader[],
  findings: Findings,
): Event[] => {
  const files = Object.keys(mapping.files)
  const events: Event[] = []
  for (const group of groups.values()) {
    const readings = files.flatMap((file, i) => {
      const own = readers.filter((reader) => reader.from === file)
      return own.length === 0
        ? []
        : (group[i] ?? []).flatMap((row) => readRow(row, group, own, findings) ?? [])
    })
    const timed = readings.flatMap((reading) => reading.events)
    for (const event of timed) events.push(event)
    for (const event of finals(readings, timed, readers, findings)) events.push(event)
  }
  events.sort(inOrder)
  return withoutRepeats(events, readers, findings)
}

type Final = { reader: ObjectReader; state: string; raw: string }
type Reading = { row: Row; group: Group; events: Event[]; finals: Final[] }

/** All that one row says through all objects made from it, or undefined when any part of it is wrong. */
const readRow = (
  row: Row,
  group: Group,
  readers: ObjectReader[],
  findings: Findings,
): Reading | undefined => {
  const unit = { row, group }
  const reading: Reading = { row, group, events: [], finals: [] }
  for (const reader of readers) {
    const events = reader.events(unit)
    const final = reader.final(unit)
    const wrong = 'problem' in events ? events : final && 'problem' in final ? final : undefined
    if (wrong) {
      findings.bad(placeOf(row), wrong.column, wrong.problem)
      return undefined
    }
    if (!('problem' in events)) reading.events.push(...events)
    if (final && 'state' in final) reading.finals.push({ reader, ...final })
  }
  return reading
}

/**
 * Final states that carry no time. Each stands from the start: at the earliest event of everything that shares the
 * key, with a version above the object's other facts, so that none of them moves it out of that state again. Where
 * the export does date that state, the date stands and nothing is added.
 */
const finals = (readings: Reading[], timed: Event[], readers: ObjectReader[], findings: Findings): Event[] =>
  readings.flatMap(({ row, group, finals: declared }) =>
    declared.flatMap(({ reader, state, raw }): Event[] => {
      const unit = { row, group }
      const object = readers.indexOf(reader)
      const id = reader.id(unit)
      const own = timed.filter((event) => event.object === object && event.id === id)
      if (id === null || own.some((event) => event.state === state)) return []
      if (timed.length === 0) {
        findings.bad(
          placeOf(row),
          null,
          `is ${raw} but has no time at all, so it cannot be placed; give it one`,
        )
        return []
      }
      const atMs = timed.reduce((earliest, event) => Math.min(earliest, event.atMs), Number.POSITIVE_INFINITY)
      const version = own.reduce((latest, event) => Math.max(latest, event.version), atMs) + 1
      return [{ atMs, version, object, id, state, raw, untimed: true, unit }]
    }),
  )

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0)

/** By time; at one time in the mapping's order of objects. Nothing of it depends on the order of rows or files. */
const inOrder = (a: Event, b: Event): number =>
  a.atMs - b.atMs ||
  a.object - b.object ||
  compare(a.id, b.id) ||
  a.version - b.version ||
  compare(a.state, b.state)

/** Two rows may state the same event of one object: said alike it counts once, said differently one is kept. */
const withoutRepeats = (events: Event[], readers: ObjectReader[], findings: Findings): Event[] => {
  const kept: Event[] = []
  for (const event of events) {
    const last = kept.at(-1)
    if (!last || inOrder(last, event) !== 0) {
      kept.push(event)
      continue
    }
    const [a, b] = [last, event].map((e) => JSON.stringify(readers[e.object]?.fact(e)))
    if (a === b) continue
    const [loser, winner] = (a ?? '') < (b ?? '') ? [last, event] : [event, last]
    kept[kept.length - 1] = winner
    const place = placeOf(winner.unit.row)
    findings.bad(
      placeOf(loser.unit.row),
      null,
      `states ${event.id} as ${event.state} like ${place.file}:${place.line} but with other details; that one was kept`,
    )
  }
  return kept
}
