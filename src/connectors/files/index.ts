import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { readYamlFile } from '../../config/yaml-file.ts'
import type { Role } from '../../domain/model.ts'
import { type Mapping, mappingSchema } from './config.ts'
import { eventsOf } from './events.ts'
import { type BadRow, createFindings, type Place, type Warning } from './findings.ts'
import { createJoin, placeOf, settle } from './join.ts'
import { type Input, recognise } from './recognise.ts'
import { type OnProgress, readRows } from './rows.ts'
import { type Background, type Event, type ExportedFact, objectReaders } from './schema.ts'

/** A system's export, read and joined: the facts that it states, and what was wrong with it. */
export type Export = {
  mapping: Mapping
  /**
   * SHA-256 over the mapping's meaning and the files' bytes: the identity of this import. The same export gives the
   * same one, in whatever folder, order or file names it comes.
   */
  fingerprint: string
  systems: { name: string; role: Role }[]
  /** Rows read, without headers, by the mapping's name for the file. */
  totals: Record<string, number>
  factCount: number
  /** Facts by the order of their own times; the same order every time, so that a stopped import can be taken up. */
  facts(): AsyncIterable<{ fact: ExportedFact; source: Place }>
  /** The same facts in the same order, each with what lies behind it: for a diagnosis. */
  statements(): AsyncIterable<{ fact: ExportedFact; background: Background }>
  /** Rows left out, by file and line; `badCount` counts also those that are no longer listed. */
  bad: BadRow[]
  badCount: number
  warnings: Warning[]
  /** When the export's world ends: as the mapping says, else its last event. null: it states nothing at all. */
  asOf: Date | null
}

/**
 * Reads the CSV files of an export by a mapping. A bad row is left out and reported; a mapping that is wrong, a file
 * or column that is missing throws UserError with one line that says what to mend.
 */
export const openExport = async (
  mappingPath: string,
  csvPaths: string[],
  onProgress: OnProgress = () => {},
): Promise<Export> => {
  const mapping = await readYamlFile(mappingPath, mappingSchema)
  const inputs = await recognise(mapping, basename(mappingPath), csvPaths)
  const findings = createFindings()
  const join = createJoin(mapping)
  const totals: Record<string, number> = {}
  const hashes: string[] = []
  for (const input of inOrder(mapping, inputs)) {
    const take = (key: string, row: Parameters<typeof join.add>[2]): void => join.add(input.file, key, row)
    const { rows, sha256 } = await readRows(mapping, input, findings, take, onProgress)
    totals[input.file] = (totals[input.file] ?? 0) + rows
    hashes.push(`${input.file}:${sha256}`)
  }
  settle(mapping, join.groups, findings)
  const readers = objectReaders(mapping)
  const events = untilEnd(eventsOf(mapping, join.groups, readers, findings), mapping.asOf, (event) =>
    findings.warn('after_as_of', placeOf(event.unit.row)),
  )
  const lastMs = events.at(-1)?.atMs

  return {
    mapping,
    fingerprint: createHash('sha256')
      .update(JSON.stringify([FINGERPRINT_VERSION, meaningOf(mapping), hashes.sort()]))
      .digest('hex'),
    systems: Object.entries(mapping.systems).map(([name, role]) => ({ name, role })),
    totals,
    factCount: events.length,
    facts: async function* () {
      for (const event of events) {
        const fact = readers[event.object]?.fact(event)
        if (fact) yield { fact, source: placeOf(event.unit.row) }
      }
    },
    statements: async function* () {
      for (const event of events) {
        const reader = readers[event.object]
        if (reader) yield { fact: reader.fact(event), background: reader.background(event) }
      }
    },
    ...findings.result(),
    asOf: mapping.asOf ?? (lastMs === undefined ? null : new Date(lastMs)),
  }
}

/** Raised when the same files and mapping come to state different facts than before. */
const FINGERPRINT_VERSION = 1

/** What the facts depend on. Dimensions are asked for by a diagnosis alone: an import stays the one that it was. */
const meaningOf = (mapping: Mapping): object => ({
  ...mapping,
  objects: mapping.objects.map(({ dimensions: _, ...object }) => object),
})

const untilEnd = (events: Event[], end: Date | null, onLate: (event: Event) => void): Event[] => {
  if (end === null) return events
  const kept = events.filter((event) => event.atMs <= end.getTime())
  for (const event of events.slice(kept.length)) onLate(event)
  return kept
}

/** Files in the mapping's order, parts of one file by name: what is reported does not depend on the command line. */
const inOrder = (mapping: Mapping, inputs: Input[]): Input[] => {
  const order = Object.keys(mapping.files)
  return [...inputs].sort(
    (a, b) =>
      order.indexOf(a.file) - order.indexOf(b.file) || (a.shown < b.shown ? -1 : a.shown > b.shown ? 1 : 0),
  )
}
