import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { ParsedSignal, RequestHead, Verified, WebhookIntake } from '../../app/connector.ts'
import type { EasypostConfig } from './config.ts'
import { parseTrackers } from './tracker.ts'

const MAX_BYTES = 1_000_000

/** How EasyPost's own libraries sign: hex HMAC-SHA256 of the raw body, the secret in Unicode form NFKD. */
const SIGNATURE = /^hmac-sha256-hex=([0-9a-f]{64})$/i

/** `created_at` is when the event arose, not when it was sent: a retry comes hours later. It tells no clock. */
const event = z.object({ description: z.string(), result: z.unknown() })
const named = z.object({ id: z.string().min(1).max(200) })

const json = (body: Buffer): unknown => JSON.parse(body.toString('utf8'))

/** The event's id; the signature covers no time, so this is all that tells a replay. */
const deliveryKeyOf = (body: Buffer): string => {
  try {
    const parsed = named.safeParse(json(body))
    if (parsed.success) return parsed.data.id
  } catch {
    // Signed, and no JSON: kept as unreadable, once.
  }
  return `sha256:${createHash('sha256').update(body).digest('hex')}`
}

const verify = (secrets: string[], { headers }: RequestHead, body: Buffer): Verified => {
  const [, hex] = SIGNATURE.exec(headers['x-hmac-signature']?.trim() ?? '') ?? []
  if (hex === undefined) {
    return { ok: false, status: 401, reason: 'x-hmac-signature is missing or no hmac-sha256-hex' }
  }
  const theirs = Buffer.from(hex, 'hex')
  // Every secret is tried, so that the time taken does not tell which one matched.
  const matches = secrets.filter((secret) =>
    timingSafeEqual(createHmac('sha256', secret.normalize('NFKD')).update(body).digest(), theirs),
  )
  return matches.length > 0
    ? { ok: true, deliveryKey: deliveryKeyOf(body) }
    : { ok: false, status: 401, reason: 'the signature matches no known secret' }
}

/** Events of trackers; an account sends all its others to the same address, and they are no news to Baton. */
export const createWebhook = ({ webhookSecrets, mode }: EasypostConfig): WebhookIntake => ({
  maxBytes: MAX_BYTES,
  verify: (head, body) => verify(webhookSecrets, head, body),
  parse(body): ParsedSignal {
    const { description, result } = event.parse(json(body))
    return description.startsWith('tracker.')
      ? parseTrackers(mode, [result], () => 'result')
      : { facts: [], bad: [] }
  },
})
