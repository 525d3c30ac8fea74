import type { z } from 'zod'

/** The caller's mistake: answered with this status and the message as `{error}`. */
export class BadRequest extends Error {
  readonly status: 400 | 404
  constructor(message: string, status: 400 | 404 = 400) {
    super(message)
    this.name = 'BadRequest'
    this.status = status
  }
}

/** Parses input at the edge; the error names each field, what is wrong with it, and where it stood. */
export const parseInput = <T>(schema: z.ZodType<T>, input: unknown, where: 'query' | 'body'): T => {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const words = parsed.error.issues.map((issue) => {
    const field = issue.path.join('.')
    return field === '' ? `${where}: ${issue.message}` : `${field} (${where}): ${issue.message}`
  })
  throw new BadRequest(words.join('; '))
}
