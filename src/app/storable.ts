/** PostgreSQL stores neither NUL nor half a surrogate pair; both come up in the texts of old systems. */
const storableText = (text: string): string =>
  text.replaceAll('\u0000', '\uFFFD').replace(/\p{Cs}/gu, '\uFFFD')

const mended = (value: unknown): unknown => {
  if (typeof value === 'string') return storableText(value)
  if (Array.isArray(value)) return value.map(mended)
  if (value === null || typeof value !== 'object' || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [storableText(key), mended(each)]))
}

/** JSON writes out, as an escape, exactly what cannot be stored; a backslash before it would be doubled. */
const UNSTORABLE = /\\u(?:0000|d[89a-f])/i

/** The same value with every text made storable; nearly always the value itself. */
export const storable = <T>(value: T): T => {
  const written = JSON.stringify(value)
  // `mended` keeps the shape: only characters inside texts change.
  return written !== undefined && UNSTORABLE.test(written) ? (mended(value) as T) : value
}
