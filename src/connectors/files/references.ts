import { closest } from '../../app/closest.ts'
import type { CellType } from './cells.ts'

/**
 * How a mapping points at columns. `price` is a column of the object's own file, `items.price` one of a file that is
 * joined to it by its key. Where a key has many rows in that file, an aggregate says which value is meant.
 */

export const AGGREGATES = ['earliest', 'latest', 'sum', 'first', 'count'] as const
type Aggregate = (typeof AGGREGATES)[number]

/** Where a value comes from: one column as it is, or an aggregate over the joined rows (`count`: of a file). */
export type Source = { how: 'value' | Aggregate; of: string }

type FileShape = {
  key: string
  many?: string[] | undefined
  columns: Record<string, { type: CellType }>
}
export type FilesShape = Record<string, FileShape>

export type ColumnRef = { file: string; column: string; type: CellType }
export type Problem = { problem: string }

/** The column that `text` means for an object whose rows come from the file `from`. */
export const findColumn = (files: FilesShape, from: string, text: string): ColumnRef | Problem => {
  const own = files[from]?.columns[text]
  if (own) return { file: from, column: text, type: own.type }
  const dot = text.indexOf('.')
  const file = text.slice(0, Math.max(dot, 0))
  const joined = files[file]
  if (!joined)
    return {
      problem: `${from} has no column ${text} here${hint(text, Object.keys(files[from]?.columns ?? {}))}`,
    }
  const column = text.slice(dot + 1)
  const found = joined.columns[column]
  if (!found)
    return { problem: `${file} has no column ${column} here${hint(column, Object.keys(joined.columns))}` }
  return { file, column, type: found.type }
}

const hint = (word: string, known: string[]): string => {
  const near = closest(word, known)
  return near
    ? `; did you mean ${near}?`
    : `; declare it under its file's \`columns\` (declared: ${known.join(', ')})`
}

/** A column of which each object has exactly one: of its own row, or of a joined file with one row a key. */
export const findSingle = (files: FilesShape, from: string, text: string): ColumnRef | Problem => {
  const found = findColumn(files, from, text)
  if ('problem' in found || found.file === from || !files[found.file]?.many) return found
  return {
    problem: `${found.file} has many rows a key; say which: { earliest: ${text} }, latest, sum, first or count`,
  }
}

/** What a source gives: its type, and the column it reads (null for a count of rows). */
export const findSource = (
  files: FilesShape,
  from: string,
  source: Source,
): { type: CellType; column: ColumnRef | null } | Problem => {
  if (source.how === 'count') {
    return files[source.of]
      ? { type: 'number', column: null }
      : { problem: `there is no file ${source.of} to count; files: ${Object.keys(files).join(', ')}` }
  }
  const column = (source.how === 'value' ? findSingle : findColumn)(files, from, source.of)
  if ('problem' in column) return column
  const fits = fitting(source.how)
  if (fits.includes(column.type)) return { type: column.type, column }
  return {
    problem: `${source.how} needs a ${fits.join(' or ')} column; ${source.of} is declared as ${column.type}`,
  }
}

const fitting = (how: Exclude<Source['how'], 'count'>): CellType[] => {
  switch (how) {
    case 'earliest':
    case 'latest':
      return ['time', 'day']
    case 'sum':
      return ['number', 'money']
    case 'value':
    case 'first':
      return ['text', 'time', 'day', 'number', 'money']
  }
}

export type TemplatePart = { text: string } | { column: string }

/** `'{order_id}-{seller_id}'` > its parts. Text without braces is one part; what it means is the caller's matter. */
export const templateParts = (template: string): TemplatePart[] =>
  template
    .split(/(\{[^{}]+\})/)
    .filter((part) => part !== '')
    .map((part) =>
      part.startsWith('{') && part.endsWith('}') ? { column: part.slice(1, -1) } : { text: part },
    )

/** An id: a column's name, or a template. */
export const idParts = (id: string): TemplatePart[] =>
  id.includes('{') ? templateParts(id) : [{ column: id }]
