import type { WireFact } from '../../app/connector.ts'
import { identity, type Line, linesText, reference, skuKeys, sum, trackingNumber } from '../kit/facts.ts'
import type { Segment } from './envelope.ts'
import {
  type Advice,
  BadSegment,
  beginning,
  el,
  factOf,
  happenedAt,
  pieces,
  references,
  required,
  skuOf,
} from './reader.ts'

/** One level of the hierarchy: a shipment, an order, a pack or an item, with what is said at it. */
type Level = { id: string; parent: string; kind: string; segments: Segment[] }

/** The levels in their order. Each stands under one before it, or at the top. */
const levelsOf = (segments: Segment[]): Level[] => {
  const levels: Level[] = []
  const ids = new Set<string>()
  for (const segment of segments) {
    if (segment.tag !== 'HL') {
      levels.at(-1)?.segments.push(segment)
      continue
    }
    const [id, parent, kind] = [required(segment, 1, 'number'), el(segment, 2), required(segment, 3, 'level')]
    if (ids.has(id)) throw new BadSegment(`HL ${id}`, 'its number stands there twice')
    if (parent !== '' && !ids.has(parent))
      throw new BadSegment(`HL ${id}`, `HL02 names ${parent}, which is not before it`)
    ids.add(id)
    levels.push({ id, parent, kind, segments: [] })
  }
  return levels
}

/** The first of these dates that a stretch states (DTM), as an instant. */
const dateIn = (advice: Advice, segments: Segment[], ...qualifiers: string[]): Date | null => {
  const found = qualifiers
    .map((qualifier) => segments.find((each) => each.tag === 'DTM' && el(each, 1) === qualifier))
    .find((each) => each !== undefined)
  return found ? happenedAt(advice, found, 2, 3) : null
}

const lineOf = ({ terms }: Advice, { id, segments }: Level): Line => {
  const of = (tag: string): Segment => {
    const found = segments.find((segment) => segment.tag === tag)
    if (!found) throw new BadSegment(`HL ${id}`, `the item has no ${tag}`)
    return found
  }
  const sku = skuOf(terms, of('LIN'), 2, 15)
  return { sku, quantity: pieces(terms, of('SN1'), { quantity: 2, unit: el(of('SN1'), 3), sku }) }
}

/** Purchase orders of the items: each stands under an order, at whatever depth. */
const ordersOf = (levels: Level[]): string[] => {
  const byId = new Map(levels.map((level) => [level.id, level]))
  const orders = levels.flatMap((item) => {
    if (item.kind !== 'I') return []
    let level: Level | undefined = item
    while (level && !level.segments.some(({ tag }) => tag === 'PRF')) level = byId.get(level.parent)
    const order = level?.segments.find(({ tag }) => tag === 'PRF')
    if (!order) throw new BadSegment(`HL ${item.id}`, 'the item stands under no purchase order (PRF)')
    return [required(order, 1, 'purchase order')]
  })
  return [...new Set(orders)]
}

/** Element 353: what a document does to the one before it. */
const PURPOSES = ['00', '01', '03', '05']

/**
 * 856, ship notice: what the supplier has sent is a receipt that is announced, with the quantities to be received; each
 * of its purchase orders is expected when it says.
 */
export const readShipNotice = (advice: Advice): WireFact[] => {
  const { segments } = advice.set
  const head = beginning(advice.set, 'BSN')
  const purpose = required(head, 1, 'purpose')
  if (!PURPOSES.includes(purpose))
    throw new BadSegment('BSN', `BSN01 is ${purpose}: no whole notice of a shipment`)
  const isOff = purpose === '01' || purpose === '03'
  const shipment = required(head, 2, 'shipment')
  const levels = levelsOf(segments)
  const lines = levels.filter(({ kind }) => kind === 'I').map((level) => lineOf(advice, level))
  if (lines.length === 0 && !isOff) throw new BadSegment('HL', 'no item is listed')
  const orders = ordersOf(levels)

  const top = levels.filter(({ kind }) => kind === 'S').flatMap((level) => level.segments)
  const before = segments.slice(
    0,
    segments.findIndex(({ tag }) => tag === 'HL'),
  )
  const header = [...before, ...top]
  const tracking = references(header, '2I', 'CN').map(trackingNumber)
  const carrier = header.find(({ tag }) => tag === 'TD5')
  const expectedAt = dateIn(advice, header, '017', '371', '067')?.toISOString() ?? null
  const occurredAt = dateIn(advice, header, '011') ?? happenedAt(advice, head, 3, 4)
  return [
    factOf(advice, 'receipt', {
      externalId: shipment,
      keys: [
        identity('receipt', shipment),
        ...orders.map((order) => reference('purchase_order', order)),
        ...tracking.map((number) => reference('tracking', number)),
        ...skuKeys(lines.map(({ sku }) => sku)),
      ],
      state: isOff ? 'closed' : 'in_transit',
      rawState: `856 ${purpose}`,
      quantities: {
        shipped: isOff ? 0 : sum(lines.map(({ quantity }) => quantity)),
        packs: levels.filter(({ kind }) => kind === 'P').length,
      },
      attributes: {
        expectedAt,
        carrier: carrier ? el(carrier, 3) || null : null,
        tracking: tracking[0] ?? null,
        billOfLading: references(header, 'BM')[0] ?? null,
        lines: linesText(lines),
      },
      occurredAt,
    }),
    ...(isOff ? [] : orders).map((order) =>
      factOf(advice, 'purchase_order', {
        externalId: order,
        keys: [identity('purchase_order', order), reference('receipt', shipment)],
        state: 'in_transit',
        rawState: `856 ${purpose}`,
        attributes: { expectedAt },
        occurredAt,
      }),
    ),
  ]
}
