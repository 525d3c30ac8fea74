import { z } from 'zod'

/**
 * Tryton's JSON marks what JSON has no type for: `{"__class__": "Decimal", "decimal": "12.00"}`. Everything that
 * reads or writes such a value is here. Instants keep their microseconds as text: `Date` would round them away, and
 * a rounded instant is no cursor.
 */

/** An instant in UTC with microseconds, `2026-11-23T10:00:00.123456Z`: as text, later ones sort later. */
export type Stamp = string

const pad = (n: number, width = 2): string => String(n).padStart(width, '0')
const part = z.number().int()
const day = { year: part, month: part, day: part }

/** A numeric field. */
export const decimal = z
  .object({ __class__: z.literal('Decimal'), decimal: z.string().regex(/^-?\d+(\.\d+)?$/) })
  .transform(({ decimal: text }) => text)

/** A date, as `2026-11-23`. */
export const date = z
  .object({ __class__: z.literal('date'), ...day })
  .transform((d) => `${pad(d.year, 4)}-${pad(d.month)}-${pad(d.day)}`)

export const stamp = z
  .object({
    __class__: z.literal('datetime'),
    ...day,
    hour: part,
    minute: part,
    second: part,
    microsecond: part,
  })
  .transform(
    (t): Stamp =>
      `${pad(t.year, 4)}-${pad(t.month)}-${pad(t.day)}T${pad(t.hour)}:${pad(t.minute)}:${pad(t.second)}.${pad(t.microsecond, 6)}Z`,
  )

export const toDecimal = (text: string) => ({ __class__: 'Decimal', decimal: text })

/** `2026-11-23`, or the day of an instant. */
export const toDate = (text: string) => {
  const [year, month, dayOfMonth] = text.slice(0, 10).split('-').map(Number)
  return { __class__: 'date', year, month, day: dayOfMonth }
}

export const toStamp = (text: Stamp) => {
  const micro = Number(text.slice(20, 26))
  const at = new Date(`${text.slice(0, 19)}Z`)
  return {
    ...toDate(text),
    __class__: 'datetime',
    hour: at.getUTCHours(),
    minute: at.getUTCMinutes(),
    second: at.getUTCSeconds(),
    microsecond: micro,
  }
}

export const stampDate = (text: Stamp): Date => new Date(`${text.slice(0, 23)}Z`)

/** For a fact's version: ms with the microseconds behind the point. */
export const stampMs = (text: Stamp): number =>
  Date.parse(`${text.slice(0, 19)}Z`) + Number(text.slice(20, 26)) / 1000

/** The same instant so many ms earlier. */
export const earlier = (text: Stamp, ms: number): Stamp =>
  `${new Date(Date.parse(`${text.slice(0, 19)}Z`) - ms).toISOString().slice(0, 19)}.${text.slice(20, 26)}Z`

/** `12.5` of a currency with two digits is 1250. */
export const minorUnits = (text: string, digits: number): number => {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  const minor = Number(whole) * 10 ** digits + Math.round(Number(`0.${fraction || '0'}`) * 10 ** digits)
  return sign === '-' ? -minor : minor
}
