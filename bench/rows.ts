/** One measured figure, as `--json` prints it. `ratio` is `value / baseline`; both are null where nothing compares. */
export type Row = {
  bench: string
  metric: string
  value: number
  unit: 'per s' | 'ms' | 'MB'
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

const COLUMNS: readonly { name: string; is: 'text' | 'number'; of: (r: Row) => string }[] = [
  { name: 'bench', is: 'text', of: (r) => r.bench },
  { name: 'metric', is: 'text', of: (r) => r.metric },
  { name: 'value', is: 'number', of: (r) => shown(r.value) },
  { name: 'unit', is: 'text', of: (r) => r.unit },
  { name: 'baseline', is: 'number', of: (r) => shown(r.baseline) },
  { name: 'ratio', is: 'number', of: (r) => shown(r.ratio) },
]

/** The lines of a table, header first, every cell as wide as its column. */
const aligned = (rows: Row[]): string[][] => {
  const columns = COLUMNS.map(({ name, is, of }) => {
    const cells = [name, ...rows.map(of)]
    const width = Math.max(...cells.map(({ length }) => length))
    return cells.map((cell) => (is === 'text' ? cell.padEnd(width) : cell.padStart(width)))
  })
  return ['', ...rows].map((_, line) => columns.map((cells) => cells[line] ?? ''))
}

export const textTable = (rows: Row[]): string =>
  aligned(rows)
    .map((cells) => cells.join('  ').trimEnd())
    .join('\n')

/** Aligned as the formatter wants it, so that it can be pasted as it is. */
export const markdownTable = (rows: Row[]): string => {
  const [header = [], ...lines] = aligned(rows)
  const rule = header.map(({ length }, i) =>
    COLUMNS[i]?.is === 'number' ? `${'-'.repeat(length - 1)}:` : '-'.repeat(length),
  )
  return [header, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
