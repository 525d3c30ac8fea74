import type { WireFact } from '../../app/connector.ts'
import type { Key } from '../../domain/model.ts'
import { identity, linesText, orderNumber, reference, skuKeys, sum, trackingNumber } from '../kit/facts.ts'
import type { Segment } from './envelope.ts'
import {
  type Advice,
  BadSegment,
  beginning,
  el,
  factOf,
  happenedAt,
  isLast,
  pieces,
  references,
  required,
  skuOf,
} from './reader.ts'

/** Element 368, of what is missing in a line: it will not come any more, or it will. */
const FINAL = ['CC', 'CE', 'CK', 'CL', 'CM', 'CP', 'CS', 'CU', 'DE', 'DI', 'DS', 'IC', 'LS', 'OP']
const TO_COME = ['BK', 'BM', 'BO', 'BP', 'ED', 'EW', 'EX', 'FS', 'IN', 'NS', 'OR', 'PR', 'PS', 'SP', 'SS']
/** Of those that are final: somebody has decided already. */
const CALLED_OFF = ['CK', 'CU', 'DE', 'IC']
/** Element 514: documents that say what was shipped, and all of it. */
const REPORTS = ['F', 'J', 'N', 'R', 'Z']

type Line = { sku: string; ordered: number; shipped: number; missing: number; isFinal: boolean; code: string }

/** W12: what was ordered and shipped of one article, and what becomes of the rest. */
const lineOf = ({ terms }: Advice, segment: Segment, isLastOne: boolean): Line => {
  const code = required(segment, 1, 'status')
  const sku = el(segment, 8) === '' && el(segment, 6) !== '' ? el(segment, 6) : skuOf(terms, segment, 7, 1)
  const count = (n: number) => pieces(terms, segment, { quantity: n, unit: el(segment, 5), sku })
  const shipped = count(3)
  const difference = el(segment, 4) === '' ? 0 : count(4)
  const ordered = el(segment, 2) === '' ? shipped + difference : count(2)
  const missing = Math.max(0, ordered - shipped)
  if (missing > 0 && !FINAL.includes(code) && !TO_COME.includes(code)) {
    throw new BadSegment(
      'W12',
      `${missing} of ${sku} are missing, and ${code} does not say whether they still come`,
    )
  }
  return { sku, ordered, shipped, missing, isFinal: isLastOne && FINAL.includes(code), code }
}

/** Tracking numbers of N9 and REF, and of the packages' marks (MAN), in capitals. */
const trackingOf = (segments: Segment[]): string[] => {
  const marks = segments
    .filter(({ tag }) => tag === 'MAN')
    .flatMap((mark) => [1, 4].flatMap((n) => (el(mark, n) === 'CP' ? [el(mark, n + 1)] : [])))
  const named = references(segments, '2I')
  const carrier = references(segments, 'CN')
  const all = marks.length + named.length > 0 ? [...named, ...marks] : carrier
  return [...new Set(all.map(trackingNumber).filter((number) => number !== ''))]
}

/** The warehouse that ships (N1). */
const siteOf = (segments: Segment[]): string | null => {
  const site = segments.find((segment) => segment.tag === 'N1' && ['WH', 'SF'].includes(el(segment, 1)))
  return site ? el(site, 4) || el(site, 2) || null : null
}

/**
 * 945, warehouse shipping advice: what has left of one order is a fulfillment that is shipped. What is missing for good
 * is one of its own, which is short; what is still to come is only counted.
 */
export const readShipAdvice = (advice: Advice): WireFact[] => {
  const { segments } = advice.set
  const head = beginning(advice.set, 'W06')
  const reports = required(head, 1, 'reporting code')
  if (!REPORTS.includes(reports))
    throw new BadSegment('W06', `W0601 is ${reports}: no full account of a shipment`)
  const order = orderNumber(required(head, 2, 'depositor order number'))
  const shipment = el(head, 4) || el(head, 5) || el(head, 3)
  if (shipment === '') throw new BadSegment('W06', 'it names neither a shipment nor a date')
  const lines = segments
    .filter(({ tag }) => tag === 'W12')
    .map((segment) => lineOf(advice, segment, isLast(el(head, 8))))
  if (lines.length === 0) throw new BadSegment('W12', 'no article is listed')

  const shippedOn = segments.find((segment) => segment.tag === 'G62' && el(segment, 1) === '11')
  const occurredAt = shippedOn ? happenedAt(advice, shippedOn, 2, 4) : happenedAt(advice, head, 3)
  const tracking = trackingOf(segments)
  const carrier = segments.find(({ tag }) => tag === 'W27')
  const attributes = {
    location: siteOf(segments),
    tracking: tracking[0] ?? null,
    carrier: carrier ? el(carrier, 2) || null : null,
  }
  const codes = [...new Set(lines.map(({ code }) => code))].join(' ')
  const keys = (of: Line[]): Key[] => [identity('order', order), ...skuKeys(of.map(({ sku }) => sku))]
  const facts: WireFact[] = []

  const left = lines.filter(({ shipped }) => shipped > 0)
  const coming = sum(lines.map(({ missing, isFinal }) => (isFinal ? 0 : missing)))
  if (left.length > 0 || coming > 0) {
    const shipped = sum(left.map((line) => line.shipped))
    facts.push(
      factOf(advice, 'fulfillment', {
        externalId: `${order}/${shipment}`,
        keys: [...keys(lines), ...(shipped > 0 ? parcelKeys(tracking) : [])],
        // Nothing has left: all of it is still to come.
        state: shipped > 0 ? 'shipped' : 'allocated',
        rawState: `945 ${codes}`,
        quantities: {
          // Its part of the order: what a later shipment brings is ordered there.
          ordered: shipped > 0 ? sum(left.map((line) => Math.min(line.ordered, line.shipped))) : coming,
          picked: shipped,
          shipped,
          backordered: coming,
        },
        attributes: {
          ...attributes,
          lines: linesText(left.map((line) => ({ sku: line.sku, quantity: line.shipped }))),
        },
        occurredAt,
      }),
    )
  }
  const short = lines.filter(({ missing, isFinal }) => missing > 0 && isFinal)
  // A replacement takes back what the document before it said was short.
  if (short.length > 0 || reports === 'R') {
    const isCalledOff = short.every(({ code }) => CALLED_OFF.includes(code))
    facts.push(
      factOf(advice, 'fulfillment', {
        externalId: `${order}/${shipment}/short`,
        keys: keys(short),
        state: short.length === 0 ? 'shipped' : isCalledOff ? 'cancelled' : 'short',
        rawState: `945 ${[...new Set(short.map(({ code }) => code))].join(' ')}`.trim(),
        quantities: {
          ordered: sum(short.map((line) => line.missing)),
          picked: 0,
          shipped: 0,
          backordered: 0,
        },
        attributes: {
          location: attributes.location,
          tracking: null,
          lines: linesText(short.map((line) => ({ sku: line.sku, quantity: line.missing }))),
        },
        occurredAt,
      }),
    )
  }
  return facts
}

/** One parcel is what this shipment is; several stay several, and are only linked to it. */
const parcelKeys = ([first, ...more]: string[]): Key[] =>
  first === undefined
    ? []
    : [identity('tracking', first), ...more.map((number) => reference('tracking', number))]
