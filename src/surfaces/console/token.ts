import { createHmac, timingSafeEqual } from 'node:crypto'

/** Long enough for a shift with its handover. */
const SESSION_HOURS = 12

const COOKIE = 'baton_console'

/**
 * The console token: compared in constant time, and turned into sessions that do not contain it. A session is an
 * expiry signed with the token, so nothing is stored, and a new token ends every session.
 */
export type TokenKeeper = {
  isToken(candidate: string): boolean
  /** The `Set-Cookie` value of a new session. */
  startSession(now: Date): string
  /** The `Set-Cookie` value that ends it. */
  endSession(): string
  /** Whether this `Cookie` header carries a session that still runs. */
  hasSession(cookieHeader: string | undefined, now: Date): boolean
}

export const createTokenKeeper = (token: string): TokenKeeper => {
  const sign = (text: string): string => createHmac('sha256', token).update(text).digest('base64url')
  const session = (expires: number): string => `${expires}.${sign(`console session until ${expires}`)}`
  return {
    // Digests have one length, so the comparison takes the same time whatever was sent.
    isToken: (candidate) => equal(sign(`token ${candidate}`), sign(`token ${token}`)),
    startSession: (now) =>
      cookie(session(Math.floor(now.getTime() / 1000) + SESSION_HOURS * 3600), SESSION_HOURS * 3600),
    endSession: () => cookie('', 0),
    hasSession: (header, now) => {
      const value = readCookie(header)
      const expires = Number(/^(\d{1,12})\./.exec(value)?.[1])
      return expires * 1000 > now.getTime() && equal(value, session(expires))
    },
  }
}

/** `Path` keeps the cookie away from hooks and chat; Strict, so that no other site's request carries it. */
const cookie = (value: string, seconds: number): string =>
  `${COOKIE}=${value}; Path=/console; Max-Age=${seconds}; HttpOnly; SameSite=Strict`

const readCookie = (header: string | undefined): string => {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1) ?? ''
}

const equal = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
