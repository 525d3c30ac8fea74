import { IANAZone } from 'luxon'
import { z } from 'zod'
import { duration } from '../../app/contract-config.ts'
import { senderProof } from '../http/signature.ts'

const setId = z.string().regex(/^\d{3}$/, 'is no number of a transaction set, such as 997')
const factor = z.number().positive()

/** A folder into which somebody else (an AS2 or SFTP server, a VAN's client) puts files. */
const folder = z.strictObject({
  path: z.string().min(1),
  /** Where files go once what they say is kept; without it, `done` in the folder itself. */
  done: z.string().min(1).optional(),
  /** Where files go in which something could not be read, with the reasons beside them; without it, `bad`. */
  bad: z.string().min(1).optional(),
  /** A file that has not changed for so long is whole. In ms once it is read. */
  quiet: duration.default(5_000),
})

/** One trading partner that speaks X12: a 3PL (role wms) or a supplier. */
export const x12Config = z
  .strictObject({
    role: z.enum(['wms', 'supplier']),
    /** How the partner's gateway shows who it is at `POST /hooks/<system>`. */
    verify: senderProof.optional(),
    folder: folder.optional(),
    /** IANA: X12 writes local times and no zone. */
    zone: z
      .string()
      .default('UTC')
      .refine((zone) => IANAZone.isValidZone(zone), 'is no IANA zone, such as America/Chicago'),
    /** ISA06 and ISA08 without the blanks: what comes from or goes to somebody else is not taken. */
    sender: z.string().trim().min(1).optional(),
    receiver: z.string().trim().min(1).optional(),
    /** Takes interchanges marked as tests (ISA15 = T), and only those; without it, only real ones. */
    test: z.boolean().default(false),
    /** False where the sender counts the interchanges to all its partners together: then holes say nothing. */
    gaps: z.boolean().default(true),
    /** Transaction sets that come along and say nothing that Baton needs. */
    ignore: z.array(setId).default(['997', '999']),
    /** Which of an article's numbers is the SKU, the first one that is stated: element 235. */
    item: z
      .array(z.string().regex(/^[A-Z0-9]{2}$/))
      .min(1)
      .default(['SK', 'VN', 'BP', 'IN', 'UP', 'UK', 'EN']),
    /** The place of stock where the documents name none. */
    place: z.string().trim().min(1).optional(),
    /** Which quantity a qualifier of the 846 states (element 673). */
    levels: z
      .record(z.string(), z.enum(['on_hand', 'available', 'committed', 'incoming', 'damaged', 'held']))
      .default({ 17: 'on_hand', 33: 'available', 63: 'incoming', QH: 'held' }),
    /** Pieces in one of a unit (element 355), for all articles or by SKU: `{ CA: 12 }`, `{ CA: { MUG: 6 } }`. */
    units: z.record(z.string(), z.union([factor, z.record(z.string(), factor)])).default({}),
  })
  .refine(({ verify, folder }) => verify !== undefined || folder !== undefined, {
    error: 'say how its documents come: verify (by HTTP), folder, or both',
  })
/** `name`: as configured in Baton. */
export type X12Config = z.infer<typeof x12Config> & { name: string }
