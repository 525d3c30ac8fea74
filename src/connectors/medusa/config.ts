import { z } from 'zod'
import { ORDER_CLASSES } from '../../domain/model.ts'

/** One Medusa 2 shop, reached through its Admin API. */
export const medusaConfig = z.strictObject({
  /** Where the Admin API answers, without `/admin`. */
  url: z.url({ protocol: /^https?$/, error: 'is no http(s) address' }),
  /** A secret API key (`sk_...`), made under Settings > Secret API Keys. */
  secretKey: z.string().min(1),
  /**
   * Medusa sends no webhooks of its own: a subscriber in the shop does. Its signature is the HMAC-SHA256 of the raw
   * body, in hex, in this header. Without `secrets` nothing is taken in, and the shop is only polled.
   */
  webhook: z
    .strictObject({
      header: z.string().min(1).toLowerCase().default('x-medusa-signature'),
      /** One, or two while one replaces the other. */
      secrets: z.array(z.string().min(1)).min(1),
    })
    .optional(),
  /**
   * A stock location's name (or id) in Medusa, and its code as the other systems know it. A location that is not named
   * here goes by its name in Medusa.
   */
  locations: z.record(z.string(), z.string().trim().min(1)).default({}),
  /** The class of the orders of a sales channel, by its name. Orders of other channels are the consumer's. */
  channels: z.record(z.string(), z.enum(ORDER_CLASSES)).default({}),
  /** Medusa has no holds: an order is on hold while its metadata has this key, which says why. */
  holdMetadataKey: z.string().min(1).default('hold'),
  /** Where the customer follows a parcel: `{tracking}` stands for its number. Without it the shop gets no link. */
  trackingUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** One attempt at a call, in ms. */
  timeoutMs: z.number().int().positive().default(15_000),
})

/** `name`: as configured in Baton. */
export type MedusaConfig = z.infer<typeof medusaConfig> & { name: string }
