import { createReadStream } from 'node:fs'
import { TextDecoder } from 'node:util'
import { CsvError, parse } from 'csv-parse/sync'

/**
 * CSV text into rows, with the line on which each begins.
 *
 * The file is cut into rows by counting quotes line by line, and csv-parse reads the cells. Cutting first is what keeps
 * one broken row from harming its neighbours: a parser that is given the whole stream takes a stray quote for an open
 * one and swallows the rows after it. Here such a row is reported, and reading goes on with the next line.
 */

export type CsvFormat = {
  /** A label that TextDecoder knows; a byte order mark in the file wins over it. */
  encoding: string
  delimiter: string
  /** null: this export does not quote. */
  quote: string | null
}

export type CsvRow = { line: number; cells: string[] } | { line: number; problem: string }

/** A quoted cell may run over this many lines; past that, its quote counts as a stray one. */
const MOST_LINES_IN_A_ROW = 1_000
const ROWS_IN_A_BATCH = 500

/**
 * Reads a file's rows in batches, the header being the first row. `onBytes` sees the raw bytes as they pass (for the
 * hash and the progress). Throws what the file system throws.
 */
export async function* readCsv(
  path: string,
  format: CsvFormat,
  onBytes: (chunk: Buffer) => void,
): AsyncGenerator<CsvRow[]> {
  const cutter = rowCutter(format)
  let tail = ''
  for await (const text of decoded(
    createReadStream(path, { highWaterMark: 1 << 20 }),
    format.encoding,
    onBytes,
  )) {
    const lines = (tail + text).split('\n')
    tail = lines.pop() ?? ''
    yield* cutter(lines, false)
  }
  yield* cutter(tail === '' ? [] : [tail], true)
}

/** The first row of a file's opening bytes: its header. An empty file has none. */
export const firstRow = (head: Buffer, format: CsvFormat): string[] | null => {
  const text = decoder(format.encoding, head).decode(head).replace(/\r\n?/g, '\n')
  for (const batch of rowCutter(format)(text.split('\n'), true)) {
    for (const row of batch) return 'cells' in row ? row.cells : null
  }
  return null
}

const UTF8_BOM = Buffer.from([0xef, 0xbb, 0xbf])
const UTF16_BOM = Buffer.from([0xff, 0xfe])

/** A decoder for a file that begins with these bytes; it drops the byte order mark. */
const decoder = (encoding: string, head: Buffer): TextDecoder => {
  if (head.subarray(0, 3).equals(UTF8_BOM)) return new TextDecoder('utf-8')
  return new TextDecoder(head.subarray(0, 2).equals(UTF16_BOM) ? 'utf-16le' : encoding)
}

/** Text with line feeds only, so that every system's line ends count as one line. */
async function* decoded(
  chunks: AsyncIterable<Buffer>,
  encoding: string,
  onBytes: (chunk: Buffer) => void,
): AsyncGenerator<string> {
  let decode: TextDecoder | undefined
  let heldReturn = ''
  for await (const chunk of chunks) {
    onBytes(chunk)
    decode ??= decoder(encoding, chunk)
    const text = heldReturn + decode.decode(chunk, { stream: true })
    // A carriage return at the very end may be half of a pair whose other half is in the next chunk.
    heldReturn = text.endsWith('\r') ? '\r' : ''
    yield (heldReturn ? text.slice(0, -1) : text).replace(/\r\n?/g, '\n')
  }
  yield (heldReturn + (decode?.decode() ?? '')).replace(/\r\n?/g, '\n')
}

/** Keeps the lines of a row that is not yet complete between calls; `final` says that no more lines will come. */
const rowCutter = (format: CsvFormat): ((more: string[], final: boolean) => Generator<CsvRow[]>) => {
  const { quote } = format
  let waiting: string[] = []
  let firstLine = 1
  let width: number | undefined

  return function* (more, final) {
    const lines = waiting.length > 0 ? waiting.concat(more) : more
    let simple: { line: number; text: string }[] = []
    let rows: CsvRow[] = []
    const flush = (): void => {
      const parsed = parseRows(simple, format)
      width ??= widthOf(parsed)
      rows = rows.concat(parsed)
      simple = []
    }
    let at = 0
    while (at < lines.length) {
      const text = lines[at] ?? ''
      const line = firstLine + at
      const span = text.trim() === '' ? 0 : spanOf(lines, at, quote)
      if (span === undefined && !final && lines.length - at < MOST_LINES_IN_A_ROW) break
      if (span === 1) simple.push({ line, text })
      if (span === undefined || span > 1) {
        flush()
        const whole =
          span === undefined ? undefined : parseWhole(lines.slice(at, at + span), line, format, width)
        rows.push(whole ?? { line, problem: STRAY_QUOTE })
        width ??= widthOf(rows)
        at += whole && span ? span : 1
      } else at += 1
      if (simple.length + rows.length >= ROWS_IN_A_BATCH) {
        flush()
        yield rows
        rows = []
      }
    }
    flush()
    if (rows.length > 0) yield rows
    waiting = lines.slice(at)
    firstLine += at
  }
}

const widthOf = (rows: CsvRow[]): number | undefined => {
  const first = rows[0]
  return first && 'cells' in first ? first.cells.length : undefined
}

/** How many lines the row at `from` takes: until its quotes are even. undefined: not within the lines known. */
const spanOf = (lines: string[], from: number, quote: string | null): number | undefined => {
  if (quote === null) return 1
  let open = false
  const end = Math.min(lines.length, from + MOST_LINES_IN_A_ROW)
  for (let at = from; at < end; at++) {
    const text = lines[at] ?? ''
    for (let i = text.indexOf(quote); i !== -1; i = text.indexOf(quote, i + 1)) open = !open
    if (!open) return at - from + 1
  }
  return undefined
}

const STRAY_QUOTE =
  'the quotes in this row do not match; double each quote inside a quoted cell, or set `quote: none` if this export never quotes'

const options = ({ delimiter, quote }: CsvFormat) => ({
  delimiter,
  quote: quote ?? false,
  escape: quote ?? false,
  relax_column_count: true,
  record_delimiter: '\n',
})

/** Rows of one line each, in one call; if one of them is broken, one by one, so that only that one is lost. */
const parseRows = (rows: { line: number; text: string }[], format: CsvFormat): CsvRow[] => {
  if (rows.length === 0) return []
  const parsed = tryParse(rows.map((row) => row.text).join('\n'), format)
  if (parsed?.length === rows.length) {
    return rows.map(({ line }, i) => ({ line, cells: parsed[i] ?? [] }))
  }
  return rows.map(({ line, text }) => {
    const [cells] = tryParse(text, format) ?? []
    return cells ? { line, cells } : { line, problem: STRAY_QUOTE }
  })
}

/** A row over several lines, believed only if it comes out as one row of the header's width. */
const parseWhole = (
  lines: string[],
  line: number,
  format: CsvFormat,
  width: number | undefined,
): CsvRow | undefined => {
  const parsed = tryParse(lines.join('\n'), format)
  const [cells] = parsed ?? []
  if (parsed?.length !== 1 || !cells) return undefined
  return width === undefined || cells.length === width ? { line, cells } : undefined
}

const tryParse = (text: string, format: CsvFormat): string[][] | undefined => {
  try {
    return parse(text, options(format))
  } catch (error) {
    if (error instanceof CsvError) return undefined
    throw error
  }
}
