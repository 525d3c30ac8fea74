import type { BadRow as ConnectorBadRow } from '../../app/connector.ts'

/** A row that was left out, where it stands and what to do about it. Shows a value's shape, never the value. */
export type BadRow = ConnectorBadRow & { file: string; line: number; column: string | null }

const WARNINGS = {
  ambiguous_time: 'local times that the clocks showed twice; the earlier was taken',
  repeated_row: 'rows that say the same as another row; taken once',
  joined_to_nothing: 'rows whose key no main row has (it is missing, or was left out as bad); not used',
  after_as_of: 'facts later than asOf; not played',
} as const
type WarningKind = keyof typeof WARNINGS

/** Something that was settled by rule and that a reader of the result should know of. */
export type Warning = { kind: WarningKind; words: string; count: number; example: string }

export type Place = { file: string; line: number }

export type Findings = {
  bad(place: Place, column: string | null, reason: string): void
  warn(kind: WarningKind, place: Place): void
  /** The bad rows by file and line; past the most that are kept, only counted. */
  result(): { bad: BadRow[]; badCount: number; warnings: Warning[] }
}

/** More bad rows than this say nothing new, and an export in which every row is bad must not fill the memory. */
const MOST_BAD_ROWS_KEPT = 10_000

export const placeText = ({ file, line }: Place): string => `${file}:${line}`

const byPlace = (a: Place, b: Place): number => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line)

export const createFindings = (): Findings => {
  const bad: BadRow[] = []
  let badCount = 0
  const warnings = new Map<WarningKind, { count: number; first: Place }>()
  return {
    bad: ({ file, line }, column, reason) => {
      badCount += 1
      const at = column === null ? placeText({ file, line }) : `${placeText({ file, line })} ${column}`
      if (bad.length < MOST_BAD_ROWS_KEPT) bad.push({ at, reason, file, line, column })
    },
    warn: (kind, { file, line }) => {
      const known = warnings.get(kind)
      const place = { file, line }
      const first = known && byPlace(known.first, place) < 0 ? known.first : place
      warnings.set(kind, { count: (known?.count ?? 0) + 1, first })
    },
    result: () => ({
      bad: [...bad].sort(byPlace),
      badCount,
      warnings: [...warnings].map(([kind, { count, first }]) => ({
        kind,
        words: WARNINGS[kind],
        count,
        example: placeText(first),
      })),
    }),
  }
}
