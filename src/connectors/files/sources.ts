import type { Cell, CellType } from './cells.ts'
import type { Mapping } from './config.ts'
import type { Group } from './join.ts'
import { type ColumnRef, findColumn, findSource, type Source, type TemplatePart } from './references.ts'
import type { Row } from './rows.ts'

/** What an object is made from: its own row, and all rows of its key. */
export type Unit = { row: Row; group: Group }

export type Read = (unit: Unit) => Cell

/** Turns the references of one object of a (checked) mapping into functions over its rows. */
export const compileFor = (mapping: Mapping, from: string) => {
  const { files } = mapping
  const names = Object.keys(files)
  const must = <T extends object>(found: T | { problem: string }): T => {
    // The mapping's own check refuses these with a line; coming here would be a bug of that check.
    if ('problem' in found) throw new Error(`unchecked mapping: ${found.problem}`)
    return found
  }
  const placeOf = ({ file, column }: ColumnRef): { file: number; cell: number } => ({
    file: names.indexOf(file),
    cell: Object.keys(files[file]?.columns ?? {}).indexOf(column),
  })
  const single = (ref: ColumnRef): Read => {
    const place = placeOf(ref)
    if (ref.file === from) return ({ row }) => row.cells[place.cell] ?? null
    return ({ group }) => group[place.file]?.[0]?.cells[place.cell] ?? null
  }
  const all = (ref: ColumnRef): ((unit: Unit) => (string | number)[]) => {
    const place = placeOf(ref)
    if (ref.file === from) return ({ row }) => present([row], place.cell)
    return ({ group }) => present(group[place.file] ?? [], place.cell)
  }
  return {
    /** One value of a column; of a file with many rows a key, every value. */
    column: (text: string): { read: Read; all: (unit: Unit) => string[]; type: CellType } => {
      const ref = must(findColumn(files, from, text))
      const values = all(ref)
      return {
        read: single(ref),
        all: (unit) => values(unit).map((v) => cellText(v, ref.type)),
        type: ref.type,
      }
    },
    /** Every instant of a column, in ms, one for each row of the key. */
    instants: (text: string): ((unit: Unit) => number[]) => {
      const values = all(must(findColumn(files, from, text)))
      return (unit) => numbers(values(unit))
    },
    source: (source: Source): { read: Read; type: CellType } => {
      const { type, column } = must(findSource(files, from, source))
      if (source.how === 'count' || column === null) {
        const at = names.indexOf(source.of)
        return { type, read: ({ group }) => group[at]?.length ?? 0 }
      }
      if (source.how === 'value') return { type, read: single(column) }
      const place = placeOf(column)
      const values = ({ group }: Unit): (string | number)[] => present(group[place.file] ?? [], place.cell)
      const how = source.how
      return { type, read: (unit) => aggregate(how, values(unit)) }
    },
    template: (parts: TemplatePart[]): ((unit: Unit) => string | null) => {
      const pieces = parts.map((part) => {
        if ('text' in part) return () => part.text
        const ref = must(findColumn(files, from, part.column))
        const read = single(ref)
        return (unit: Unit) => {
          const cell = read(unit)
          return cell === null ? null : cellText(cell, ref.type)
        }
      })
      return (unit) => {
        const texts = pieces.map((piece) => piece(unit))
        return texts.includes(null) ? null : texts.join('')
      }
    },
  }
}

export type Compile = ReturnType<typeof compileFor>

const present = (rows: Row[], cell: number): (string | number)[] =>
  rows.flatMap((row) => {
    const value = row.cells[cell]
    return value === null || value === undefined ? [] : [value]
  })

/** No value at all gives null, never 0: "nothing is known" is not "nothing is there". */
const aggregate = (how: 'earliest' | 'latest' | 'sum' | 'first', values: (string | number)[]): Cell => {
  const [first] = values
  if (first === undefined) return null
  switch (how) {
    case 'first':
      return first
    case 'earliest':
      return numbers(values).reduce((a, b) => Math.min(a, b))
    case 'latest':
      return numbers(values).reduce((a, b) => Math.max(a, b))
    case 'sum':
      return numbers(values).reduce((a, b) => a + b, 0)
  }
}

const numbers = (values: (string | number)[]): number[] => values.filter((value) => typeof value === 'number')

/** A cell as text in ids, keys and templates; an instant is written in ISO 8601, UTC. */
export const cellText = (cell: string | number, type: CellType): string =>
  typeof cell === 'number' && (type === 'time' || type === 'day')
    ? new Date(cell).toISOString()
    : String(cell)
