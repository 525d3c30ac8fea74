import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { RequestHead } from '../../app/connector.ts'
import { duration } from '../../app/contract-config.ts'

/** A secret, and the next one while it replaces the first: no delivery is lost in between. */
const secrets = z.array(z.string().min(1)).min(1)
const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is no name of a header')
  .transform((name) => name.toLowerCase())

const hmac = z.strictObject({
  header: headerName,
  algorithm: z.enum(['sha256', 'sha512', 'sha1']).default('sha256'),
  encoding: z.enum(['hex', 'base64']).default('hex'),
  /** What stands before the signature in the header, such as `sha256=`. */
  prefix: z.string().default(''),
  secrets,
  /**
   * The sender's time, in a header: then `time.body` is signed, and what is older or newer than `tolerance` (ms) is a
   * replay. A time that is not signed proves nothing.
   */
  timestamp: z
    .strictObject({
      header: headerName,
      format: z.enum(['epoch_s', 'epoch_ms', 'iso']).default('epoch_s'),
      tolerance: duration.default(300_000),
    })
    .optional(),
})
/** In `Authorization: Bearer`, or as it is in a header of its own. */
const bearer = z.strictObject({ tokens: secrets, header: headerName.optional() })
const basic = z.strictObject({ user: z.string().regex(/^[^:]+$/, 'has a colon'), passwords: secrets })

/** The ways themselves, for a schema that knows more of them. */
export const proofFields = { hmac: hmac.optional(), bearer: bearer.optional(), basic: basic.optional() }

const WAYS = ['hmac', 'bearer', 'basic'] as const

/**
 * How a sender shows who it is, for senders that follow no standard of their own: a signature over the raw bytes, a
 * token, or a name and a password. The last two prove who sends, and nothing about what is sent: they need https.
 */
export const senderProof = z
  .strictObject(proofFields)
  .refine((given) => WAYS.filter((way) => given[way] !== undefined).length === 1, {
    error: `say how a delivery proves whom it is from: exactly one of ${WAYS.join(', ')}`,
  })
export type SenderProof = z.infer<typeof senderProof>

/** 401 = from nobody we know, 400 = its time makes no sense, 403 = signed by the sender, but not now: a replay. */
export type Proven = { ok: true } | { ok: false; status: 400 | 401 | 403; reason: string }

const PROVEN: Proven = { ok: true }
const refused = (reason: string): Proven => ({ ok: false, status: 401, reason })

const digest = (text: string | Buffer): Buffer => createHash('sha256').update(text).digest()
/** Digests of equal length are compared, all of them, so that the time taken tells nothing about the texts. */
const isAnyOf = (expected: (string | Buffer)[], given: string | Buffer): boolean => {
  const mine = digest(given)
  return expected.map((each) => timingSafeEqual(digest(each), mine)).includes(true)
}

const after = (text: string, scheme: string): string | null =>
  text.slice(0, scheme.length).toLowerCase() === scheme ? text.slice(scheme.length).trim() : null

const timeOf = (text: string, format: 'epoch_s' | 'epoch_ms' | 'iso'): number => {
  if (format === 'iso') return Date.parse(text)
  return /^\d{1,14}$/.test(text) ? Number(text) * (format === 'epoch_s' ? 1_000 : 1) : Number.NaN
}

/** The sender's time has been signed by now; whether it is now. */
const verifyTime = (
  { header, format, tolerance }: NonNullable<z.infer<typeof hmac>['timestamp']>,
  stamp: string,
  receivedAt: Date,
): Proven => {
  const awayMs = Math.abs(receivedAt.getTime() - timeOf(stamp, format))
  if (Number.isNaN(awayMs)) return { ok: false, status: 400, reason: `${header} is no ${format}` }
  return awayMs > tolerance
    ? { ok: false, status: 403, reason: `signed ${Math.round(awayMs / 1000)} s away from now: a replay` }
    : PROVEN
}

const verifyHmac = (
  { header, algorithm, encoding, prefix, secrets, timestamp }: z.infer<typeof hmac>,
  { headers, receivedAt }: RequestHead,
  body: Buffer,
): Proven => {
  const given = headers[header]
  if (!given) return refused(`${header} is missing`)
  if (!given.startsWith(prefix)) return refused(`${header} does not begin with ${prefix}`)
  const stamp = timestamp && headers[timestamp.header]
  if (timestamp && !stamp) return refused(`${timestamp.header} is missing`)
  const signature = Buffer.from(given.slice(prefix.length).trim(), encoding)
  const expected = secrets.map((secret) => {
    const hash = createHmac(algorithm, secret)
    if (stamp) hash.update(`${stamp}.`)
    return hash.update(body).digest()
  })
  if (!isAnyOf(expected, signature)) return refused('signed with another secret, or changed on the way')
  return timestamp && stamp ? verifyTime(timestamp, stamp, receivedAt) : PROVEN
}

const verifyBearer = ({ tokens, header }: z.infer<typeof bearer>, { headers }: RequestHead): Proven => {
  const token = header ? (headers[header] ?? null) : after(headers.authorization ?? '', 'bearer ')
  if (token === null) return refused(`${header ?? 'authorization'} brings no token`)
  return isAnyOf(tokens, token) ? PROVEN : refused('the bearer token is another one')
}

const verifyBasic = ({ user, passwords }: z.infer<typeof basic>, { headers }: RequestHead): Proven => {
  const given = after(headers.authorization ?? '', 'basic ')
  if (given === null) return refused('authorization brings no user and password')
  const expected = passwords.map((password) => `${user}:${password}`)
  return isAnyOf(expected, Buffer.from(given, 'base64').toString('utf8'))
    ? PROVEN
    : refused('user or password is another one')
}

/** Checks a request against what its sender was configured to show, in constant time. Total: never throws. */
export const verifySender = (
  { hmac, bearer, basic }: SenderProof,
  head: RequestHead,
  body: Buffer,
): Proven => {
  if (hmac) return verifyHmac(hmac, head, body)
  if (bearer) return verifyBearer(bearer, head)
  if (basic) return verifyBasic(basic, head)
  return refused('nothing says how a delivery proves whom it is from')
}
