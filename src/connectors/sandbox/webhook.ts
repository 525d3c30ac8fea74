import { z } from 'zod'
import type { ParsedSignal, WebhookIntake } from '../../app/connector.ts'
import { verifyStandardWebhook } from '../http/standard-webhooks.ts'
import type { SandboxConfig } from './config.ts'
import { parseRows } from './schema.ts'

const MAX_BYTES = 256 * 1024

const envelope = z.object({ sent_at: z.iso.datetime(), data: z.unknown() })

/** One change of one object, signed in the Standard Webhooks format. */
export const createWebhook = ({ role, webhookSecrets }: SandboxConfig): WebhookIntake => ({
  maxBytes: MAX_BYTES,
  verify: (head, body) => verifyStandardWebhook(webhookSecrets, head, body),
  parse(body): ParsedSignal {
    const { sent_at, data } = envelope.parse(JSON.parse(body.toString('utf8')))
    return { ...parseRows(role, [data], () => 'data'), sentAt: new Date(sent_at) }
  },
})
