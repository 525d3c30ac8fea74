import { z } from 'zod'
import { identity, named, reference, words } from '../kit/facts.ts'
import { fact, meta, orderNumber } from './wire.ts'

const carrierParcel = z
  .object({
    ...meta,
    barcode: named,
    reference: orderNumber,
    status: words({
      PRE_TRANSIT: 'label',
      IN_TRANSIT: 'in_transit',
      OUT_FOR_DELIVERY: 'out',
      DELIVERED: 'delivered',
      LOST: 'lost',
      DAMAGED: 'exception',
      FAILURE: 'exception',
      RETURN_TO_SENDER: 'returning',
    }),
    hub: z.string().nullish(),
    trace: z.object({ case: z.string() }).nullable(),
  })
  .transform((row) =>
    fact(row, 'shipment', {
      keys: [identity('tracking', row.barcode.toUpperCase()), reference('order', row.reference)],
      state: row.status.state,
      rawState: row.status.raw,
      attributes: { trace: row.trace?.case ?? null, hub: row.hub ?? null },
    }),
  )

/** What the carrier sends, by the row's `kind`. */
export const carrierRows = { parcel: carrierParcel }
