/** One measured figure, as `--json` prints it. `ratio` is `value / baseline`; both are null where nothing compares. */
export type Row = {
  bench: string
  metric: string
  value: number
  unit: 'per s' | 'ms' | 's' | 'min' | 'MB' | 'n' | '%' | 'buffers'
  baseline: number | null
  ratio: number | null
}

const DIGITS = 4

/** Figures carry no more digits than they mean: four. */
const rounded = (value: number): number => Number(value.toPrecision(DIGITS))

export const row = (
  bench: string,
  metric: string,
  value: number,
  unit: Row['unit'],
  baseline: number | null = null,
): Row => ({
  bench,
  metric,
  value: rounded(value),
  unit,
  baseline: baseline === null ? null : rounded(baseline),
  ratio: baseline === null ? null : rounded(value / baseline),
})

const shown = (value: number | null): string => {
  if (value === null) return ''
  if (Math.abs(value) < 1) return value.toLocaleString('en', { maximumSignificantDigits: 2 })
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en', { maximumFractionDigits: digits })
}

/** A metric named `<subject>: <measure>` is shown in one line with the others of its subject. */
const SUBJECT = /^(.+): (.+)$/

type Column = { name: string; is: 'text' | 'number' }

const COLUMNS: readonly (Column & { of: (r: Row) => string })[] = [
  { name: 'bench', is: 'text', of: (r) => r.bench },
  { name: 'metric', is: 'text', of: (r) => r.metric },
  { name: 'value', is: 'number', of: (r) => shown(r.value) },
  { name: 'unit', is: 'text', of: (r) => r.unit },
  { name: 'baseline', is: 'number', of: (r) => shown(r.baseline) },
  { name: 'ratio', is: 'number', of: (r) => shown(r.ratio) },
]

type Table = { columns: readonly Column[]; lines: string[][] }

const plainTable = (rows: Row[]): Table => ({
  columns: COLUMNS,
  lines: rows.map((r) => COLUMNS.map(({ of }) => of(r))),
})

/** A line for each subject, a column for each measure: its value, and the baseline behind a slash. */
const wideTable = (bench: string, bySubject: Map<string, Map<string, Row>>): Table => {
  const measures = [...new Set([...bySubject.values()].flatMap((row) => [...row.keys()]))]
  const unitOf = (measure: string) =>
    [...bySubject.values()].flatMap((row) => row.get(measure)?.unit ?? []).find((unit) => unit !== 'n')
  const cell = (r: Row | undefined) =>
    r ? `${shown(r.value)}${r.baseline === null ? '' : ` / ${shown(r.baseline)}`}` : ''
  return {
    columns: [
      { name: bench, is: 'text' },
      ...measures.map((measure): Column => {
        const unit = unitOf(measure)
        return { name: unit ? `${measure}, ${unit}` : measure, is: 'number' }
      }),
    ],
    lines: [...bySubject].map(([subject, row]) => [
      subject,
      ...measures.map((measure) => cell(row.get(measure))),
    ]),
  }
}

/** The rows as tables: the subjects of one bench that begin with the same measure stand in one. */
const tablesOf = (rows: Row[]): Table[] => {
  const plain: Row[] = []
  const subjects = new Map<string, { bench: string; row: Map<string, Row> }>()
  for (const r of rows) {
    const [, subject, measure] = SUBJECT.exec(r.metric) ?? []
    if (subject === undefined || measure === undefined) {
      plain.push(r)
      continue
    }
    const name = `${r.bench} ${subject}`
    const found = subjects.get(name) ?? { bench: r.bench, row: new Map<string, Row>() }
    subjects.set(name, { ...found, row: found.row.set(measure, r) })
  }
  const wide = new Map<string, { bench: string; bySubject: Map<string, Map<string, Row>> }>()
  for (const [name, { bench, row }] of subjects) {
    const kind = `${bench} ${[...row.keys()][0]}`
    const found = wide.get(kind) ?? { bench, bySubject: new Map<string, Map<string, Row>>() }
    found.bySubject.set(name.slice(bench.length + 1), row)
    wide.set(kind, found)
  }
  return [
    ...(plain.length > 0 ? [plainTable(plain)] : []),
    ...[...wide.values()].map(({ bench, bySubject }) => wideTable(bench, bySubject)),
  ]
}

/** The lines of a table, header first, every cell as wide as its column. */
const aligned = ({ columns, lines }: Table): string[][] => {
  const padded = columns.map(({ name, is }, at) => {
    const cells = [name, ...lines.map((line) => line[at] ?? '')]
    const width = Math.max(...cells.map(({ length }) => length))
    return cells.map((cell) => (is === 'text' ? cell.padEnd(width) : cell.padStart(width)))
  })
  return ['', ...lines].map((_, line) => padded.map((cells) => cells[line] ?? ''))
}

const asText = (table: Table): string =>
  aligned(table)
    .map((cells) => cells.join('  ').trimEnd())
    .join('\n')

/** Aligned as the formatter wants it, so that it can be pasted as it is. */
const asMarkdown = (table: Table): string => {
  const [header = [], ...lines] = aligned(table)
  const rule = header.map(({ length }, at) =>
    table.columns[at]?.is === 'number' ? `${'-'.repeat(length - 1)}:` : '-'.repeat(length),
  )
  return [header, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

export const textTable = (rows: Row[]): string => tablesOf(rows).map(asText).join('\n\n')
export const markdownTable = (rows: Row[]): string => tablesOf(rows).map(asMarkdown).join('\n\n')
