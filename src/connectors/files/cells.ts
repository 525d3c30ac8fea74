import type { TimeReader } from './times.ts'

/** Cells of an export: text in, one typed value out, or what is wrong with it. */

export const CELL_TYPES = ['text', 'time', 'day', 'number', 'money'] as const
export type CellType = (typeof CELL_TYPES)[number]

/** Times are ms since 1970, money is integer minor units, an empty cell is null. */
export type Cell = string | number | null

type CellRead = { value: Cell; ambiguous?: boolean } | { problem: string }

export type CellReader = (text: string) => CellRead

export type CellSettings = {
  /** Words that mean "empty", besides an empty cell. */
  empty: string[]
  decimal: '.' | ','
  /** Digits after the decimal mark of the export's currency. */
  minorDigits: number
  time: TimeReader
}

/** How many digits a currency's minor unit has (BRL 2, JPY 0, KWD 3), from the runtime's own ISO 4217 table. */
export const minorDigitsOf = (currency: string): number =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2

/** What a value looks like without saying what it is: digits as 9, letters as a or A. Safe to log and to show. */
export const shapeOf = (text: string): string => {
  const shape = text
    .slice(0, 40)
    .replace(/\p{Nd}/gu, '9')
    .replace(/\p{L}/gu, (letter) => (/\p{Lu}/u.test(letter) ? 'A' : 'a'))
    .replace(/[\p{Cc}\p{Cf}]/gu, ' ')
  return text.length > 40 ? `${shape}... (${text.length} characters)` : shape
}

/** A reader for the cells of one column. Surrounding blanks never count. */
export const cellReader = (type: CellType, settings: CellSettings): CellReader => {
  const empty = new Set(settings.empty)
  const read = readerOf(type, settings)
  return (raw) => {
    const text = raw.trim()
    if (text === '' || empty.has(text)) return { value: null }
    if (text.includes('\uFFFD')) {
      return {
        problem: 'holds bytes that are not in the declared encoding; set `encoding` (often windows-1252)',
      }
    }
    return read(text)
  }
}

const readerOf = (type: CellType, settings: CellSettings): CellReader => {
  switch (type) {
    case 'text':
      return (text) => ({ value: text })
    case 'time':
    case 'day':
      return (text) => {
        const read = settings.time(text, type === 'day')
        if ('ms' in read) return { value: read.ms, ambiguous: read.ambiguous }
        const fix = read.problem.startsWith('did not exist')
          ? 'export the time in UTC, or declare the column as `day` if only its date matters'
          : 'add its format under `formats`'
        return { problem: `"${shapeOf(text)}" ${read.problem}; ${fix}` }
      }
    case 'number':
      return (text) => {
        const parts = decimalParts(text, settings.decimal)
        if (!parts) return { problem: `"${shapeOf(text)}" is not a number; ${decimalFix(settings.decimal)}` }
        return { value: Number(`${parts.sign}${parts.whole}.${parts.fraction}`) }
      }
    case 'money':
      return (text) => moneyCell(text, settings)
  }
}

const moneyCell = (text: string, { decimal, minorDigits }: CellSettings): CellRead => {
  const parts = decimalParts(text, decimal)
  if (!parts) return { problem: `"${shapeOf(text)}" is not an amount; ${decimalFix(decimal)}` }
  const fraction = parts.fraction.replace(/0+$/, '')
  if (fraction.length > minorDigits) {
    return {
      problem: `"${shapeOf(text)}" has more than the currency's ${minorDigits} decimals; round it in the export`,
    }
  }
  const minor = Number(`${parts.sign}${parts.whole}${fraction.padEnd(minorDigits, '0')}`)
  if (!Number.isSafeInteger(minor)) return { problem: `"${shapeOf(text)}" is too large an amount` }
  return { value: minor === 0 ? 0 : minor }
}

const decimalFix = (decimal: '.' | ','): string =>
  `write digits with "${decimal}" before the decimals, or set \`decimal: '${decimal === '.' ? ',' : '.'}'\``

const GROUPED = {
  '.': /^([+-]?)(\d+|\d{1,3}(?:[, \u00a0\u202f']\d{3})+)(?:\.(\d+))?$/,
  ',': /^([+-]?)(\d+|\d{1,3}(?:[. \u00a0\u202f']\d{3})+)(?:,(\d+))?$/,
}

const decimalParts = (
  text: string,
  decimal: '.' | ',',
): { sign: string; whole: string; fraction: string } | null => {
  const match = GROUPED[decimal].exec(text)
  if (!match) return null
  const [, sign = '', whole = '', fraction = ''] = match
  return { sign: sign === '-' ? '-' : '', whole: whole.replace(/\D/g, ''), fraction }
}
