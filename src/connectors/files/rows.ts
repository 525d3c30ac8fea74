import type { Hash } from 'node:crypto'
import { createHash } from 'node:crypto'
import { type Cell, type CellReader, cellReader, minorDigitsOf } from './cells.ts'
import type { Mapping } from './config.ts'
import { readCsv } from './csv.ts'
import type { Findings } from './findings.ts'
import type { Input } from './recognise.ts'
import { type TimeReader, timeReader } from './times.ts'

/** One row of an export: its declared columns, in the order in which the mapping declares them. */
export type Row = { cells: Cell[]; shown: string; line: number }

export type ReadFile = { rows: number; sha256: string }

/** Called after every batch of rows. */
export type OnProgress = (progress: { file: string; rows: number; bytes: number; totalBytes: number }) => void

/**
 * Reads one CSV into typed rows. A row that is wrong anywhere is left out whole and reported: half a row would tell a
 * false story, an order without its delivery looks undelivered.
 */
export const readRows = async (
  mapping: Mapping,
  input: Input,
  findings: Findings,
  take: (key: string, row: Row) => void,
  onProgress: OnProgress,
): Promise<ReadFile> => {
  const parse = rowParser(mapping, input, findings)
  const hash: Hash = createHash('sha256')
  let bytes = 0
  let rows = 0
  let header = true
  const onBytes = (chunk: Buffer): void => {
    hash.update(chunk)
    bytes += chunk.length
  }
  for await (const batch of readCsv(input.path, input.format, onBytes)) {
    for (const row of header ? batch.slice(1) : batch) {
      rows += 1
      if ('problem' in row) findings.bad({ file: input.shown, line: row.line }, null, row.problem)
      else {
        const parsed = parse(row.cells, row.line)
        if (parsed) take(parsed.key, parsed.row)
      }
    }
    header = false
    onProgress({ file: input.shown, rows, bytes, totalBytes: input.bytes })
  }
  return { rows, sha256: hash.digest('hex') }
}

type ColumnReader = { name: string; title: string; place: number; read: CellReader }

const rowParser = (
  mapping: Mapping,
  input: Input,
  findings: Findings,
): ((cells: string[], line: number) => { key: string; row: Row } | undefined) => {
  const columns = columnReaders(mapping, input)
  const keyColumn = mapping.files[input.file]?.key
  const keyAt = columns.findIndex((column) => column.name === keyColumn)
  const width = input.header.length
  return (cells, line) => {
    const place = { file: input.shown, line }
    if (cells.length !== width) {
      const fix = 'mend the row, or quote cells that contain the delimiter'
      findings.bad(place, null, `has ${cells.length} cells where the header has ${width}; ${fix}`)
      return undefined
    }
    const values: Cell[] = []
    let ambiguous = false
    for (const column of columns) {
      const read = column.place === -1 ? { value: null } : column.read(cells[column.place] ?? '')
      if ('problem' in read) {
        findings.bad(place, column.title, read.problem)
        return undefined
      }
      ambiguous ||= read.ambiguous === true
      values.push(read.value)
    }
    const key = values[keyAt] ?? null
    if (key === null) {
      findings.bad(
        place,
        columns[keyAt]?.title ?? null,
        'is empty, so the row belongs to nothing; fill it in the export',
      )
      return undefined
    }
    if (ambiguous) findings.warn('ambiguous_time', place)
    return { key: String(key), row: { cells: values, shown: input.shown, line } }
  }
}

const columnReaders = (mapping: Mapping, input: Input): ColumnReader[] => {
  const { empty, decimal } = mapping
  const minorDigits = mapping.currency === undefined ? 2 : minorDigitsOf(mapping.currency)
  const readers = new Map<string, TimeReader>()
  const timeFor = (formats: string[], zone: string): TimeReader => {
    const id = JSON.stringify([formats, zone])
    const time = readers.get(id) ?? timeReader(formats, zone)
    readers.set(id, time)
    return time
  }
  return Object.entries(mapping.files[input.file]?.columns ?? {}).map(([name, column], i) => {
    const time = timeFor(column.formats ?? mapping.formats, column.zone ?? mapping.zone)
    const place = input.places[i] ?? -1
    return {
      name,
      title: input.header[place] ?? name,
      place,
      read: cellReader(column.type, { empty, decimal, minorDigits, time }),
    }
  })
}
