import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { ParsedSignal, RequestHead, Verified, WebhookIntake } from '../../app/connector.ts'
import { verifySender } from '../http/signature.ts'
import type { EasypostConfig } from './config.ts'
import { parseTrackers, withoutPerson } from './tracker.ts'

const MAX_BYTES = 1_000_000

/** `created_at` is when the event arose, not when it was sent: a retry comes hours later. It tells no clock. */
const event = z.object({ description: z.string(), result: z.unknown() })
const named = z.object({ id: z.string().min(1).max(200) })

const isTracker = (description: string): boolean => description.startsWith('tracker.')

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

/** What is kept of an event: of one that is no tracker's, which may well hold addresses, only what it is. */
const keptOf = (body: Buffer): Buffer | undefined => {
  try {
    const { id, description, result } = event.extend({ id: z.unknown() }).parse(json(body))
    return Buffer.from(withoutPerson({ id, description, ...(isTracker(description) ? { result } : {}) }))
  } catch {
    return undefined
  }
}

/** How EasyPost's own libraries sign: hex HMAC-SHA256 of the raw body, the secret in Unicode form NFKD. */
const verify = (secrets: string[], head: RequestHead, body: Buffer): Verified => {
  const hmac = {
    header: 'x-hmac-signature',
    prefix: 'hmac-sha256-hex=',
    secrets: secrets.map((secret) => secret.normalize('NFKD')),
    algorithm: 'sha256' as const,
    encoding: 'hex' as const,
  }
  const proven = verifySender({ hmac }, head, body)
  if (!proven.ok) return proven
  const kept = keptOf(body)
  return { ok: true, deliveryKey: deliveryKeyOf(body), ...(kept ? { body: kept } : {}) }
}

/** Events of trackers; an account sends all its others to the same address, and they are no news to Baton. */
export const createWebhook = ({ webhookSecrets, mode }: EasypostConfig): WebhookIntake => ({
  maxBytes: MAX_BYTES,
  verify: (head, body) => verify(webhookSecrets, head, body),
  parse(body): ParsedSignal {
    const { description, result } = event.parse(json(body))
    return isTracker(description) ? parseTrackers(mode, [result], () => 'result') : { facts: [], bad: [] }
  },
})
