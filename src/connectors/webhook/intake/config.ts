import { z } from 'zod'
import { proofFields } from '../../http/signature.ts'
import { factMapping, instant } from '../mapping/config.ts'
import { path } from '../mapping/path.ts'

const header = z
  .string()
  .regex(/^[A-Za-z0-9-]+$/, 'write the name of a header, like X-Delivery-Id')
  .transform((name) => name.toLowerCase())

/** One secret, or two while one replaces the other. */
const standard = z.strictObject({
  secrets: z
    // Without a key behind the prefix everybody could sign.
    .array(
      z
        .string()
        .regex(/^whsec_(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2,3}={0,2})?$/, 'is no whsec_ and base64'),
    )
    .min(1),
})

const KINDS = ['standard_webhooks', 'hmac', 'bearer', 'basic'] as const
const verify = z
  .strictObject({ standard_webhooks: standard.optional(), ...proofFields })
  .refine((given) => KINDS.filter((kind) => given[kind] !== undefined).length === 1, {
    error: `say how a delivery proves whom it is from: exactly one of ${KINDS.join(', ')}`,
  })
export type VerifyConfig = z.output<typeof verify>

const MAX_BYTES = 5_000_000

/** What a system that sends has besides what it is. */
export const intakeFields = {
  verify,
  /** CloudEvents 1.0 in structured or binary mode: paths start at the event (`data.lines[].sku`, `type`). */
  cloudevents: z.boolean().default(false),
  /** What a redelivery has in common with the first one; without it, the event's id or the body itself. */
  delivery_id: z.union([z.strictObject({ header }), z.strictObject({ path })]).optional(),
  /** Bodies that are no business of Baton's: a ping. */
  ignore: path.optional(),
  /** When it was sent, by the sender's clock, so that the clock's error is known. */
  sent_at: instant.optional(),
  max_bytes: z.number().int().min(1_000).max(MAX_BYTES).default(262_144),
  facts: z.array(factMapping).min(1),
}
const intake = z.strictObject(intakeFields)
export type IntakeConfig = z.output<typeof intake>
