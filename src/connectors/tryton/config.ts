import { z } from 'zod'

/** One Tryton database, as ERP or as WMS. A second database of the same server is a second system. */
export const trytonConfig = z.strictObject({
  role: z.enum(['erp', 'wms']),
  /** With the database as its path: `https://tryton.example/erp/`. */
  url: z
    .url({ protocol: /^https?$/, error: 'is no http(s) address' })
    .refine((url) => new URL(url).pathname.replaceAll('/', '') !== '', {
      error: 'names no database: put its name behind the address, as in https://tryton.example/erp/',
    }),
  /** A login of Baton's own: what it writes in Tryton is then told from what people write. */
  user: z.string().min(1),
  password: z.string().min(1),
  /** Other logins that are programs: an order import, the interface to the warehouse. */
  integrations: z.array(z.string().min(1)).default([]),
  /** Code of the one warehouse to look at; without it, all of them. New deliveries go there. */
  warehouse: z.string().min(1).optional(),
  /** Code or name of the party in whose name orders and deliveries of the shop are entered. */
  customer: z.string().min(1).optional(),
  /** How an order's number is written as a reference in this Tryton, when Baton enters one. */
  reference: z
    .string()
    .refine((text) => text.includes('{order}'), { error: 'must contain {order}' })
    .default('WEB-{order}'),
  /**
   * Where a delivery's tracking number stands: text with fields of `stock.shipment.out` in braces. Tryton's own modules
   * have no field for it, so that the delivery's number stands for the parcel unless this says otherwise.
   */
  tracking: z
    .string()
    .regex(/\{\w+\}/, { error: 'must name a field in braces, as in {number}' })
    .default('{number}'),
  /** One attempt at a call, in ms. */
  timeoutMs: z.number().int().positive().default(15_000),
})
/** `name`: as configured in Baton. */
export type TrytonConfig = z.infer<typeof trytonConfig> & { name: string }
