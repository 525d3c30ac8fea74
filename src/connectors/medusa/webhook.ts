import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { ParsedSignal, WebhookIntake } from '../../app/connector.ts'
import { verifySender } from '../http/signature.ts'
import type { MedusaConfig } from './config.ts'

const MAX_BYTES = 64 * 1024

/** An event as a subscriber passes it on: its name, the ids that it is about, and when it was sent. */
const notification = z.object({
  name: z.string().min(1),
  data: z.record(z.string(), z.unknown()),
  at: z.iso.datetime().optional(),
})

/**
 * Notifications that a subscriber in the shop signs. They hold ids and no states, so each is a hint to read the shop now.
 * They have no id of their own: the same bytes are the same delivery.
 */
export const createWebhook = ({ header, secrets }: NonNullable<MedusaConfig['webhook']>): WebhookIntake => ({
  maxBytes: MAX_BYTES,
  verify(head, body) {
    const hmac = { header, secrets, algorithm: 'sha256' as const, encoding: 'hex' as const, prefix: '' }
    const proven = verifySender({ hmac }, head, body)
    if (!proven.ok) return proven
    return { ok: true, deliveryKey: createHash('sha256').update(body).digest('base64url') }
  },
  parse(body): ParsedSignal {
    const { at } = notification.parse(JSON.parse(body.toString('utf8')))
    return { facts: [], bad: [], hint: true, ...(at === undefined ? {} : { sentAt: new Date(at) }) }
  },
})
