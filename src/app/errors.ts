/**
 * Failures, classified where they happen and handled in one place. `words` is for people: what failed, where, and
 * what to do. No error carries a secret or personal data.
 */

/** Something the user can mend: shown as one line, exit code 1 (2 when the call itself was wrong). */
export class UserError extends Error {
  readonly exitCode: 1 | 2
  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message)
    this.name = 'UserError'
    this.exitCode = exitCode
  }
}

/**
 * What a call to a system came to when it did not succeed:
 * - `refused`: the system understood and said no, in its own words; repeating the same call is useless.
 * - `unreachable`: the request certainly had no effect (connection refused, breaker open, 429, 503 before work).
 * - `ambiguous`: sent, but nobody knows whether it took effect (timeout after sending, reset, 5xx). Look first.
 * - `misconfigured`: credentials or address are wrong; an admin must mend it.
 */
export type SystemFailure = 'refused' | 'unreachable' | 'ambiguous' | 'misconfigured'

export class SystemError extends Error {
  readonly failure: SystemFailure
  readonly system: string
  /** From Retry-After, in milliseconds. */
  readonly retryAfterMs: number | undefined
  constructor(system: string, failure: SystemFailure, words: string, retryAfterMs?: number) {
    super(words)
    this.name = 'SystemError'
    this.system = system
    this.failure = failure
    this.retryAfterMs = retryAfterMs
  }
}

/**
 * The words of any thrown value, for logs and cards. A failed statement's own message quotes its parameters, which
 * may be anybody's data: of such an error only the database's words are given.
 */
export const wordsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const quotesParameters = 'params' in error && 'query' in error
  if (!quotesParameters) return error.message
  return error.cause instanceof Error ? wordsOf(error.cause) : 'A statement failed.'
}
