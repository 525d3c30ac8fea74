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
  status: z.enum([
    'PRE_TRANSIT',
    'IN_TRANSIT',
    'OUT_FOR_DELIVERY',
    'DELIVERED',
    'LOST',
    'DAMAGED',
    'RETURN_TO_SENDER',
  ]),
  /** Where it was seen last. */
  hub: z.string().nullable(),
  trace: z.object({ case: z.string(), opened_at: z.string() }).nullable(),
})

type Status = z.infer<typeof parcelSchema>['status']

/** What the carrier can be asked to look for: it has been told of the parcel, and it is not on a van. */
const TRACEABLE: Status[] = ['PRE_TRANSIT', 'IN_TRANSIT', 'LOST', 'DAMAGED']

/** A parcel that was seen less than this ago is not searched for; pace 1. */
const QUIET_MS = 9_000

/** How long the carrier takes at most to answer a trace, at pace 1. */
const TRACE_ANSWER_MS = 30_000

export type Carrier = ReturnType<typeof createCarrier>

/** The carrier. What it is asked, it does later: a trace is a request. */
export const createCarrier = (skewMs: number, around: Surroundings) => {
  const system = createSystem('carrier', skewMs, around)
  const parcels = system.shelf('parcel', 'parcels', parcelSchema, ({ reference }) => [orderOf(reference)])

  const barcodeOf = (delivery: string) => `trk${delivery.slice(1).replace('-', 'x')}nl`
  const parcelOf = (delivery: string) => parcels.get(barcodeOf(delivery))

  const label = (delivery: string) => {
    const barcode = barcodeOf(delivery)
    const data = { barcode, reference: delivery, status: 'PRE_TRANSIT' as const, hub: null, trace: null }
    parcels.put(barcode, data, INTEGRATION)
  }

  const change = (delivery: string, from: Status[], to: Status, by: Author, hub?: string): boolean => {
    const row = parcelOf(delivery)
    if (!row || !from.includes(row.data.status)) return false
    parcels.put(row.id, { ...row.data, status: to, trace: null, hub: hub ?? row.data.hub }, by)
    return true
  }

  /** The first scan of a parcel that has only had a label. */
  const scan = (delivery: string, by: Author): boolean => {
    if (!change(delivery, ['PRE_TRANSIT'], 'IN_TRANSIT', by, 'first mile')) return false
    around.later(LAGS.van, { do: 'load_van', key: delivery })
    return true
  }

  /** Somebody looks for it and finds it, wherever it was: it goes on from there. */
  const find = (delivery: string, by: Author): boolean => {
    if (scan(delivery, by)) return true
    if (!change(delivery, ['IN_TRANSIT', 'LOST', 'DAMAGED'], 'OUT_FOR_DELIVERY', by, 'search desk'))
      return false
    around.later(LAGS.deliver, { do: 'deliver', key: delivery })
    return true
  }

  const move = (delivery: string, from: Status, to: Status, hub?: string): boolean =>
    change(delivery, [from], to, INTEGRATION, hub)

  const openTrace = (barcode: string, by: Author): string | null => {
    const row = parcels.get(barcode)
    if (!row) return null
    const trace = { case: `TR-${String(system.next('trace', 7)).padStart(4, '0')}`, opened_at: system.time() }
    parcels.put(row.id, { ...row.data, trace }, by)
    around.later(LAGS.trace, { do: 'find_parcel', key: row.data.reference })
    return trace.case
  }

  return {
    system,
    label,
    scan,
    find,
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
      if (!TRACEABLE.includes(status))
        return refuse(409, `Parcel ${id} is ${status}: there is nothing to trace.`)
      const quietMs = Date.parse(carrier.system.time()) - Date.parse(row.changedAt)
      if (status === 'IN_TRANSIT' && quietMs < QUIET_MS * pace)
        return refuse(409, `Parcel ${id} was seen at ${row.changedAt}: look again later.`)
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
