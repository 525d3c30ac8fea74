import { z } from 'zod'
import { INTEGRATION, orderOf } from './catalogue.ts'
import type { Author } from './ledger.ts'
import { LAGS } from './steps.ts'
import { createSystem, type Route, refuse, type Surroundings } from './system.ts'

const parcelSchema = z.object({
  /** The carrier writes barcodes in small letters; everybody else in capitals. */
  barcode: z.string(),
  /** The shipper's own number: the delivery. */
  reference: z.string(),
  status: z.enum(['PRE_TRANSIT', 'IN_TRANSIT', 'OUT_FOR_DELIVERY', 'DELIVERED']),
  trace: z.object({ case: z.string(), opened_at: z.string() }).nullable(),
})

/** How long the carrier takes at most to answer a trace, at pace 1. */
const TRACE_ANSWER_MS = 30_000

export type Carrier = ReturnType<typeof createCarrier>

/** The carrier. What it is asked, it does later: a trace is a request. */
export const createCarrier = (skewMs: number, around: Surroundings) => {
  const system = createSystem('carrier', skewMs, around)
  const parcels = system.shelf('parcel', 'parcels', parcelSchema)

  const barcodeOf = (delivery: string) => `trk${delivery.slice(1).replace('-', 'x')}nl`
  const parcelOf = (delivery: string) => parcels.get(barcodeOf(delivery))

  const label = (delivery: string) => {
    const barcode = barcodeOf(delivery)
    parcels.put(barcode, { barcode, reference: delivery, status: 'PRE_TRANSIT', trace: null }, INTEGRATION)
  }

  /** The first scan of a parcel that has only had a label. */
  const scan = (delivery: string, by: Author): boolean => {
    const row = parcelOf(delivery)
    if (row?.data.status !== 'PRE_TRANSIT') return false
    parcels.put(row.id, { ...row.data, status: 'IN_TRANSIT', trace: null }, by)
    around.mended('label_without_scan', orderOf(delivery), by)
    around.later(LAGS.van, { do: 'load_van', key: delivery })
    return true
  }

  const move = (delivery: string, from: string, status: 'OUT_FOR_DELIVERY' | 'DELIVERED'): boolean => {
    const row = parcelOf(delivery)
    if (row?.data.status !== from) return false
    parcels.put(row.id, { ...row.data, status }, INTEGRATION)
    return true
  }

  const openTrace = (barcode: string, by: Author): string | null => {
    const row = parcels.get(barcode)
    if (!row) return null
    const trace = { case: `TR-${String(system.next('trace', 7)).padStart(4, '0')}`, opened_at: system.time() }
    parcels.put(row.id, { ...row.data, trace }, by)
    around.later(LAGS.trace, { do: 'scan', key: row.data.reference, n: 1 })
    return trace.case
  }

  return {
    system,
    label,
    scan,
    move,
    openTrace,
    parcelOf,
    parcel: (barcode: string) => parcels.get(barcode),
    forget: (delivery: string) => parcels.remove(barcodeOf(delivery)),
  }
}

export const carrierRoutes = (carrier: Carrier, pace: number): Route[] => [
  {
    method: 'POST',
    on: 'parcels',
    verb: 'trace',
    run({ id, by }) {
      const row = carrier.parcel(id)
      if (!row) return refuse(404, `Unknown barcode ${id}.`)
      const { status, trace } = row.data
      if (status !== 'PRE_TRANSIT')
        return refuse(409, `Parcel ${id} is ${status}: there is nothing to trace.`)
      if (trace) return refuse(409, `Trace ${trace.case} is already open for ${id}.`)
      const opened = carrier.openTrace(id, by)
      return {
        status: 202,
        body: { case: opened, answer_within_s: Math.ceil((TRACE_ANSWER_MS * pace) / 1000) },
        effect: { action: 'open_trace', object: id },
      }
    },
  },
]
