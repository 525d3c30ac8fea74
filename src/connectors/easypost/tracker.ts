import { z } from 'zod'
import type { BadRow, WireFact } from '../../app/connector.ts'
import { instantOf } from '../../domain/model.ts'
import { identity, named, trackingNumber, words } from '../kit/facts.ts'
import type { EasypostConfig } from './config.ts'

/** What it says about a parcel that goes before its status; a parcel that is delivered is delivered. */
const DETAILS: Record<string, string> = { lost: 'lost', damaged: 'exception', return: 'returning' }
/** Details that add nothing to the status for a reader. */
const PLAIN = ['status_update', 'unknown']

const scan = z.object({
  datetime: z.string().nullish(),
  tracking_location: z
    .object({ city: z.string().nullish(), state: z.string().nullish(), country: z.string().nullish() })
    .nullish(),
})
type Scan = z.infer<typeof scan>

const instant = z.iso.datetime({ offset: true })

/** What is read of a tracker: not who signed, nor the carrier's messages, which may name people. */
const tracker = z.object({
  id: named,
  mode: z.string(),
  tracking_code: named,
  status: words({
    unknown: 'label',
    pre_transit: 'label',
    in_transit: 'in_transit',
    out_for_delivery: 'out',
    available_for_pickup: 'pickup_ready',
    delivered: 'delivered',
    return_to_sender: 'returning',
    failure: 'exception',
    error: 'exception',
    // The label was voided: no parcel will come under this number, and none is lost.
    cancelled: 'cancelled',
  }),
  status_detail: z.string().nullish(),
  updated_at: instant,
  carrier: named.nullish(),
  est_delivery_date: z.string().nullish(),
  carrier_detail: z.object({ service: named.nullish() }).nullish(),
  tracking_details: z.array(scan).nullish(),
})
type Tracker = z.infer<typeof tracker>

const stateOf = ({ status, status_detail }: Tracker): string => {
  if (status.state === 'delivered') return 'delivered'
  const moves = status.state === 'in_transit' || status.state === 'out'
  // While it is still on its way, only the delivery failed.
  if (moves && status_detail === 'delivery_exception') return 'attempted'
  return DETAILS[status_detail ?? ''] ?? status.state
}

const timeOf = ({ datetime }: Scan): number =>
  instantOf(datetime ?? null)?.getTime() ?? Number.NEGATIVE_INFINITY

/** The town where it was scanned: never nearer. */
const townOf = ({ tracking_location: at }: Scan): string | null =>
  at?.city ? [at.city, at.state ?? at.country].filter(Boolean).join(', ') : null

const factOf = (row: Tracker): WireFact => {
  const scans = [...(row.tracking_details ?? [])].sort((a, b) => timeOf(b) - timeOf(a))
  const updatedMs = Date.parse(row.updated_at)
  // Without a place EasyPost takes the carrier's local time for UTC: a scan may seem to be hours ahead.
  const scannedMs = Math.min(scans[0] ? timeOf(scans[0]) : updatedMs, updatedMs)
  const { raw } = row.status
  const detail = row.status_detail ?? ''
  return {
    type: 'shipment',
    externalId: row.id,
    keys: [identity('tracking', trackingNumber(row.tracking_code))],
    state: stateOf(row),
    rawState: detail === '' || detail === raw || PLAIN.includes(detail) ? raw : `${raw}, ${detail}`,
    quantities: {},
    attributes: {
      carrier: row.carrier ?? null,
      service: row.carrier_detail?.service ?? null,
      location: scans.map(townOf).find((town) => town !== null) ?? null,
      promise: instantOf(row.est_delivery_date ?? null)?.toISOString() ?? null,
    },
    occurredAt: new Date(Number.isFinite(scannedMs) ? scannedMs : updatedMs),
    version: updatedMs,
    changedBy: { kind: 'unknown' },
  }
}

/** Who signed, and what the carrier wrote, which may name people. */
const PERSONAL = new Set(['signed_by', 'message'])

/** As JSON to be kept: without what is about a person. */
export const withoutPerson = (value: unknown): string =>
  JSON.stringify(value, (name, inner) => (PERSONAL.has(name) ? undefined : inner))

/** Trackers as facts; those of the other world are left out, a bad one is reported with its place. */
export const parseTrackers = (
  mode: EasypostConfig['mode'],
  rows: unknown[],
  placeOf: (index: number) => string,
): { facts: WireFact[]; bad: BadRow[] } => {
  const facts: WireFact[] = []
  const bad: BadRow[] = []
  for (const [index, row] of rows.entries()) {
    const parsed = tracker.safeParse(row)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      const reason = `${issue?.path.join('.') || 'tracker'}: ${issue?.message ?? 'not valid'}`
      bad.push({ at: placeOf(index), reason })
    } else if (parsed.data.mode === mode) facts.push(factOf(parsed.data))
  }
  return { facts, bad }
}
