import type { Cell } from './cells.ts'
import type { Mapping } from './config.ts'
import { type Findings, type Place, placeText } from './findings.ts'
import type { Row } from './rows.ts'

/** All rows of one key: by file (in the mapping's order), the rows of each. */
export type Group = Row[][]

/**
 * Joins the rows of all files by their key, in memory. The result depends on the rows' content alone, not on the
 * order in which they or their files were read.
 */
export const createJoin = (
  mapping: Mapping,
): { add(file: string, key: string, row: Row): void; groups: Map<string, Group> } => {
  const names = Object.keys(mapping.files)
  const groups = new Map<string, Group>()
  return {
    groups,
    add: (file, key, row) => {
      const group = groups.get(key) ?? names.map((): Row[] => [])
      groups.set(key, group)
      group[names.indexOf(file)]?.push(row)
    },
  }
}

/**
 * Puts each group's rows in their own order and leaves one of each: a file has one row a key, or one for each value of
 * its `many` columns. Of several, the one that says most is kept, then the one whose content sorts last.
 */
export const settle = (mapping: Mapping, groups: Map<string, Group>, findings: Findings): void => {
  const files = Object.values(mapping.files).map((file) => {
    const columns = Object.keys(file.columns)
    return {
      idColumns: file.many ?? [],
      idAt: (file.many ?? []).map((column) => columns.indexOf(column)),
      key: file.key,
    }
  })
  const bases = Object.keys(mapping.files).map((name) =>
    mapping.objects.some((object) => object.from === name),
  )
  for (const group of groups.values()) {
    files.forEach(({ idColumns, idAt, key }, i) => {
      const rows = group[i]
      if (!rows || rows.length < 2) return
      const id = (row: Row): Cell[] => idAt.map((at) => row.cells[at] ?? null)
      rows.sort(
        (a, b) =>
          compareCells(id(a), id(b)) ||
          filled(b) - filled(a) ||
          compareCells(b.cells, a.cells) ||
          byPlace(a, b),
      )
      group[i] = withoutRepeats(rows, id, findings, [key, ...idColumns].join(' and '))
    })
    const based = group.some((rows, i) => bases[i] && rows.length > 0)
    if (!based) for (const row of group.flat()) findings.warn('joined_to_nothing', placeOf(row))
  }
}

const withoutRepeats = (
  rows: Row[],
  id: (row: Row) => Cell[],
  findings: Findings,
  columns: string,
): Row[] => {
  let kept: Row | undefined
  return rows.filter((row) => {
    if (!kept || compareCells(id(kept), id(row)) !== 0) {
      kept = row
      return true
    }
    if (compareCells(kept.cells, row.cells) === 0) findings.warn('repeated_row', placeOf(row))
    else
      findings.bad(
        placeOf(row),
        null,
        `has the same ${columns} as ${placeText(placeOf(kept))}, which says more and was kept; remove one`,
      )
    return false
  })
}

export const placeOf = (row: Row): Place => ({ file: row.shown, line: row.line })

/** Between rows of equal content, which place is named. */
const byPlace = (a: Row, b: Row): number => (a.shown < b.shown ? -1 : a.shown > b.shown ? 1 : a.line - b.line)

const filled = (row: Row): number => row.cells.reduce((sum: number, cell) => sum + (cell === null ? 0 : 1), 0)

/** Empty cells first, then numbers by value, then text by code unit: the same on every machine. */
const compareCells = (a: Cell[], b: Cell[]): number => {
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] ?? null, b[i] ?? null]
    if (x === y) continue
    if (x === null) return -1
    if (y === null) return 1
    return x < y ? -1 : 1
  }
  return 0
}
