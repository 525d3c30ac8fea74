import { z } from 'zod'
import { duration } from '../../app/contract-config.ts'

const DAY_MS = 86_400_000

/** One EasyPost account, in one of its two worlds. */
export const easypostConfig = z.strictObject({
  apiKey: z.string().min(1),
  /** The `webhook_secret` of the webhook that points here; two while one replaces the other. */
  webhookSecrets: z.array(z.string().min(1)).default([]),
  /** Trackers of the other world are none of ours: an account may send both to one address. */
  mode: z.enum(['production', 'test']).default('production'),
  /** A parcel is read again and again so long after its tracker was made; later only webhooks tell of it. */
  watch: duration.refine((ms) => ms >= DAY_MS && ms <= 90 * DAY_MS, 'write 1d to 90d').default(30 * DAY_MS),
  /** So often every watched parcel is read again; a call for each hundred. */
  walkEvery: duration
    .refine((ms) => ms >= 60_000 && ms <= 6 * 3_600_000, 'write 1m to 6h')
    .default(5 * 60_000),
  url: z.url({ protocol: /^https?$/, error: 'is no http(s) address' }).default('https://api.easypost.com/v2'),
  /** One attempt at a call, in ms. */
  timeoutMs: z.number().int().positive().default(15_000),
})
/** `name`: as configured in Baton. */
export type EasypostConfig = z.infer<typeof easypostConfig> & { name: string }
