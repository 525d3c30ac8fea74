/** JSON as it is read here: objects have no prototype, so that no path finds what is not in the document. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json }

const MAX_DEPTH = 64

const bare = (value: unknown, depth: number): Json => {
  if (depth > MAX_DEPTH) throw new Error(`The document is nested deeper than ${MAX_DEPTH} levels.`)
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value
  if (Array.isArray(value)) return value.map((each) => bare(each, depth + 1))
  const object: { [name: string]: Json } = Object.create(null)
  for (const [name, each] of Object.entries(value ?? {})) object[name] = bare(each, depth + 1)
  return object
}

/** Any value that came from JSON, as paths read it. Throws where it is nested too deep. */
export const documentOf = (value: unknown): Json => bare(value, 0)

/** The body of a delivery. Throws with words for an admin where it is no JSON. */
export const readDocument = (body: Buffer): Json => {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch {
    throw new Error('The body is no JSON.')
  }
  return documentOf(value)
}
