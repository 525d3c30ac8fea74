import { z } from 'zod'
import { duration } from '../../app/contract-config.ts'
import { isAddress } from './address.ts'

/** What can be asked by mail. */
const REQUESTS = [
  'open_trace',
  'file_claim',
  'claim_shortage',
  'ask_supplier',
  'notify_customer',
  'ask_customer',
] as const
export type RequestId = (typeof REQUESTS)[number]

const DAY_MS = 86_400_000

const address = z.string().refine(isAddress, 'is no e-mail address')
const answerWithin = duration.refine((ms) => ms >= 60_000 && ms <= 60 * DAY_MS, 'write 1m to 60d')
const desk = { to: address, answerWithin: answerWithin.default(2 * DAY_MS) }

/** A mail server, and the people outside whom Baton may write to through it. */
export const mailConfig = z
  .strictObject({
    /** `smtps://` speaks TLS from the start (465), `smtp://` by STARTTLS (587). */
    url: z
      .url({ protocol: /^smtps?$/, error: 'is no smtp:// or smtps:// address' })
      .refine(
        (url) => new URL(url).username === '',
        'write the login as user and password, not into the url',
      ),
    user: z.string().min(1).optional(),
    password: z.string().min(1).optional(),
    /** Only a relay inside one's own network may do without TLS. */
    requireTls: z.boolean().default(true),
    /** PEM of the authority, where the server's certificate is of one's own. */
    ca: z.string().min(1).optional(),
    /** Answers come here: a mailbox that somebody reads. */
    from: address,
    fromName: z.string().min(1).max(100).optional(),
    /** Who is written to; what has no desk is not offered. */
    desks: z
      .strictObject({
        /** `carriers`: only parcels of these, where the carrier is known. Another mail system has the others. */
        carrier: z
          .strictObject({ ...desk, carriers: z.array(z.string().min(1)).min(1).optional() })
          .optional(),
        supplier: z.strictObject(desk).optional(),
        /** Customers, each at the address that the person types. */
        customer: z.strictObject({ answerWithin: desk.answerWithin }).optional(),
      })
      .default({}),
    /** Where one request goes elsewhere than its desk, or waits longer. */
    actions: z
      .partialRecord(
        z.enum(REQUESTS),
        z.strictObject({ to: address.optional(), answerWithin: answerWithin.optional() }),
      )
      .default({}),
    /** One message, from connecting to the server's last word, in ms. */
    timeoutMs: z.number().int().positive().default(15_000),
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), {
    error: 'needs both user and password, or neither',
    path: ['user'],
  })
/** `name`: as configured in Baton. */
export type MailConfig = z.infer<typeof mailConfig> & { name: string }
