import { SystemError } from '../../app/errors.ts'

/** Whether the call only looked, or may have changed something when nobody knows how it ended. */
export type Intent = 'read' | 'change'

/** The request never left: nothing can have happened. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
])
/** OpenSSL and Node name a certificate that is not trusted in many ways; all come before the request is sent. */
const UNTRUSTED = /CERT|SELF_SIGNED|ERR_TLS|ERR_SSL|^EPROTO$|UNABLE_TO_/
/** An answer that was damaged on its way: by then the request had been sent. */
const DAMAGED = /BAD_RECORD|DECRYPTION_FAILED|UNEXPECTED_EOF/
/** What fails on a connection that stands, as the system call that noticed it. */
const ON_CONNECTION = ['read', 'write']
/** The HTTP client itself refuses to write the request. */
const UNWRITABLE = ['UND_ERR_INVALID_ARG', 'ERR_INVALID_URL', 'ERR_INVALID_CHAR']
const MAX_WORDS = 300
const MAX_RETRY_AFTER_MS = 3_600_000

const textIn = (value: unknown): string | undefined => {
  if (typeof value === 'string' && value.trim() !== '') return value
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) return textIn(value[0])
  const body: Record<string, unknown> = { ...value }
  for (const name of ['message', 'error_description', 'detail', 'error', 'errors', 'title']) {
    const words = textIn(body[name])
    if (words !== undefined) return words
  }
  return undefined
}

/** What an error body says, where the usual systems put it; one line, not too long. */
export const errorWords = (body: unknown): string | undefined =>
  textIn(body)?.replace(/\s+/g, ' ').trim().slice(0, MAX_WORDS)

/** Retry-After as ms from `now`: seconds or an HTTP date (RFC 9110, 10.2.3); undefined where it makes no sense. */
export const retryAfterMs = (header: string | null, now: Date): number | undefined => {
  if (header === null) return undefined
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now.getTime()
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS) : undefined
}

const ambiguousWords = (system: string, what: string) =>
  `${what} from ${system}, and nobody knows whether it did what it was asked: look there before trying again.`

/** An answer that is not a success. `body` is what it said, as far as it was JSON. */
export const failureOfStatus = (
  system: string,
  intent: Intent,
  answer: { status: number; retryAfter: string | null; location: string | null; body: unknown },
  now: Date,
): SystemError => {
  const { status } = answer
  const said = errorWords(answer.body)
  if (status === 401 || status === 403) {
    const words = `${system} does not accept the credentials (${status}${said ? `: ${said}` : ''}): check them.`
    return new SystemError(system, 'misconfigured', words)
  }
  if (status >= 300 && status < 400) {
    // What stands behind the path may be a value or a token.
    const [to = ''] = answer.location?.split(/[?#]/) ?? []
    const words = `${system} redirects to ${to || 'nowhere'} (${status}): check its url.`
    return new SystemError(system, 'misconfigured', words)
  }
  const wait = retryAfterMs(answer.retryAfter, now)
  if (status === 429 || (status === 503 && wait !== undefined)) {
    const words = `${system} asks to be left alone for a while (${status}${said ? `: ${said}` : ''}).`
    return new SystemError(system, 'unreachable', words, wait)
  }
  if (status >= 500 || status === 408) {
    return intent === 'read'
      ? new SystemError(system, 'unreachable', `${system} failed (${status}${said ? `: ${said}` : ''}).`)
      : new SystemError(system, 'ambiguous', ambiguousWords(system, `Error ${status}`))
  }
  return new SystemError(system, 'refused', `${system} refused: ${said ?? `status ${status}, without words`}`)
}

const codeOf = (error: unknown): { code: string; syscall: string } => {
  for (let e = error; typeof e === 'object' && e !== null; e = 'cause' in e ? e.cause : undefined) {
    if ('code' in e && typeof e.code === 'string') {
      return { code: e.code, syscall: 'syscall' in e ? String(e.syscall) : '' }
    }
  }
  return { code: 'UNKNOWN', syscall: '' }
}

/** A call that got no answer: it never left, or it broke off, or it took too long. */
export const failureOfCall = (
  system: string,
  intent: Intent,
  error: unknown,
  ended: 'timeout' | 'stopped' | 'error',
): SystemError => {
  const { code, syscall } = codeOf(error)
  const neverSent = syscall === 'connect' || (NEVER_SENT.has(code) && !ON_CONNECTION.includes(syscall))
  if (ended === 'error' && UNWRITABLE.includes(code)) {
    const words = `${system}: its url, or a header such as its token, has a character that cannot be sent; often it is a line break at the end of a secret.`
    return new SystemError(system, 'misconfigured', words)
  }
  if (ended === 'error' && UNTRUSTED.test(code) && !DAMAGED.test(code)) {
    return new SystemError(system, 'misconfigured', `${system}: its certificate is not trusted (${code}).`)
  }
  if (ended === 'error' && neverSent) {
    return new SystemError(
      system,
      'unreachable',
      `${system} cannot be reached (${code}): is it up, and its url right?`,
    )
  }
  const what = {
    timeout: 'No answer in time',
    stopped: 'Stopped before an answer',
    error: `Broken off (${code})`,
  }[ended]
  return intent === 'read'
    ? new SystemError(system, 'unreachable', `${what} from ${system}.`)
    : new SystemError(system, 'ambiguous', ambiguousWords(system, what))
}
