import type { WireFact } from '../../app/connector.ts'
import type { Key } from '../../domain/model.ts'
import { identity, type Line, linesText, reference, skuKeys, sum } from '../kit/facts.ts'
import type { Segment } from './envelope.ts'
import {
  type Advice,
  add,
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

/** Element 412: what was not as it should be; all else counts as `questioned`. Good condition (07) is no exception. */
const CONDITIONS: Record<string, string> = {
  '01': 'damaged',
  '02': 'short',
  '03': 'over',
  '05': 'incorrect',
  '07': 'good',
  '08': 'rejected',
  '09': 'held',
}

/** What a receipt brought in: `received` as the document counts it, and the exceptions to it. */
type Tally = { quantities: Record<string, number>; lines: Line[] }

const except = (tally: Tally, condition: string, count: number): void => {
  const name = CONDITIONS[condition] ?? 'questioned'
  if (name !== 'good') add(tally.quantities, name, count)
}

/** Element 514: a whole account of goods that came in. The others are corrections of stock, or only exceptions. */
const REPORTS = ['F', 'J', 'N', 'P', 'R', 'Z']

/** 944, stock transfer receipt advice: one receipt of the warehouse, or what a customer sent back. */
export const readStockReceipt = (advice: Advice): WireFact[] => {
  const { segments } = advice.set
  const head = beginning(advice.set, 'W17')
  const reports = required(head, 1, 'reporting code')
  const receipt = required(head, 3, 'warehouse receipt number')
  const [order, shipment] = [el(head, 4), el(head, 5)]
  const occurredAt = happenedAt(advice, head, 2, 7)
  const { quantities, lines } = tallyOf944(advice)
  const skus = skuKeys(lines.map(({ sku }) => sku))

  if (reports === 'C') {
    const number = required(head, 4, 'number of the return')
    return [
      factOf(advice, 'return', {
        externalId: receipt,
        keys: [identity('return', number), ...skus],
        state: 'received',
        rawState: '944 C',
        quantities: { ...quantities, expected: quantities.received ?? 0 },
        occurredAt,
      }),
    ]
  }
  if (!REPORTS.includes(reports))
    throw new BadSegment('W17', `W1701 is ${reports}: no full account of a receipt`)
  const orders = [...references(segments, 'PO'), order].filter((number) => number !== '').slice(0, 1)
  return [
    factOf(advice, 'receipt', {
      externalId: receipt,
      keys: [identity('receipt', shipment || order || receipt), ...purchaseKeys(orders), ...skus],
      state: isLast(el(head, 9)) ? 'received' : 'partial',
      rawState: `944 ${reports}`,
      quantities,
      attributes: { lines: linesText(lines), location: siteOf(segments) },
      occurredAt,
    }),
  ]
}

const tallyOf944 = ({ set, terms }: Advice): Tally => {
  const tally: Tally = { quantities: { received: 0 }, lines: [] }
  let sku: string | null = null
  for (const segment of set.segments) {
    if (segment.tag === 'W07') {
      sku = el(segment, 5) === '' && el(segment, 3) !== '' ? el(segment, 3) : skuOf(terms, segment, 4, 2)
      const quantity = pieces(terms, segment, { quantity: 1, unit: el(segment, 2), sku })
      add(tally.quantities, 'received', quantity)
      tally.lines.push({ sku, quantity })
    }
    if (segment.tag === 'W13') {
      if (sku === null) throw new BadSegment('W13', 'it stands before the article that it is about')
      except(tally, el(segment, 3), pieces(terms, segment, { quantity: 1, unit: el(segment, 2), sku }))
    }
  }
  if (tally.lines.length === 0) throw new BadSegment('W07', 'no article is listed')
  return tally
}

/**
 * 861, receiving advice: what was received of a delivery, and what of it was refused. A document that takes back
 * another one is not understood.
 */
export const readReceivingAdvice = (advice: Advice): WireFact[] => {
  const { set } = advice
  const head = beginning(set, 'BRA')
  const number = required(head, 1, 'reference')
  const purpose = required(head, 3, 'purpose')
  if (!['00', '05', '06'].includes(purpose))
    throw new BadSegment('BRA', `BRA03 is ${purpose}: no original and no replacement`)
  const { quantities, lines } = tallyOf861(advice)
  const orders = [
    ...set.segments.filter(({ tag }) => tag === 'PRF').map((segment) => el(segment, 1)),
    ...references(set.segments, 'PO'),
  ].filter((each) => each !== '')
  const [shipment] = [...references(set.segments, 'SI'), ...references(set.segments, 'PK')]
  const received = set.segments.find(({ tag, elements }) => tag === 'DTM' && elements[0] === '050')
  return [
    factOf(advice, 'receipt', {
      externalId: number,
      keys: [
        identity('receipt', shipment ?? number),
        ...purchaseKeys(orders),
        ...skuKeys(lines.map(({ sku }) => sku)),
      ],
      state: 'received',
      rawState: `861 ${el(head, 4)}`.trim(),
      quantities,
      attributes: { lines: linesText(lines), location: siteOf(set.segments) },
      occurredAt: received ? happenedAt(advice, received, 2, 3) : happenedAt(advice, head, 2, 5),
    }),
  ]
}

/** RCD: quantity and unit received, returned, and up to five in question, each with its condition. */
const IN_QUESTION = [6, 9, 12, 15, 18]

const tallyOf861 = ({ set, terms }: Advice): Tally => {
  const tally: Tally = { quantities: { received: 0, rejected: 0 }, lines: [] }
  const { segments } = set
  for (const [index, segment] of segments.entries()) {
    if (segment.tag !== 'RCD') continue
    const end = segments.findIndex(({ tag }, at) => at > index && tag === 'RCD')
    const item = segments.slice(index, end < 0 ? undefined : end).find(({ tag }) => tag === 'LIN')
    if (!item) throw new BadSegment('RCD', 'no LIN says which article it is about')
    const sku = skuOf(terms, item, 2, 15)
    const count = (quantity: number): number => {
      // The unit is composite: its first component is the unit itself.
      const unit = el(segment, quantity + 1).split(set.component)[0] ?? ''
      return el(segment, quantity) === '' ? 0 : pieces(terms, segment, { quantity, unit, sku })
    }
    const quantity = count(2)
    add(tally.quantities, 'received', quantity)
    add(tally.quantities, 'rejected', count(4))
    tally.lines.push({ sku, quantity })
    for (const n of IN_QUESTION) if (el(segment, n) !== '') except(tally, el(segment, n + 2), count(n))
  }
  if (tally.lines.length === 0) throw new BadSegment('RCD', 'no article is listed')
  return { ...tally, quantities: { ...tally.quantities, accepted: acceptedOf(tally) } }
}

const acceptedOf = ({ quantities: { received = 0, rejected = 0 } }: Tally): number =>
  Math.max(0, sum([received, -rejected]))

const purchaseKeys = (orders: string[]): Key[] =>
  [...new Set(orders)].map((number) => reference('purchase_order', number))

/** The warehouse that received (N1). */
const siteOf = (segments: Segment[]): string | null => {
  const site = segments.find((segment) => segment.tag === 'N1' && ['WH', 'ST'].includes(el(segment, 1)))
  return site ? el(site, 4) || el(site, 2) || null : null
}
