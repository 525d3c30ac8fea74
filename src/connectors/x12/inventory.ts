import type { BadRow, WireFact } from '../../app/connector.ts'
import { stockKeys } from '../kit/facts.ts'
import type { Segment } from './envelope.ts'
import { type Advice, add, BadSegment, beginning, el, factOf, happenedAt, pieces, skuOf } from './reader.ts'

/** The parties of N1 that name the place where stock lies. */
const PLACES = ['WH', 'SF', 'LC']

/** The place that a stretch of segments names, by its code or its name. */
const placeIn = (segments: Segment[]): string | null => {
  const found = segments.find((segment) => segment.tag === 'N1' && PLACES.includes(el(segment, 1)))
  return found ? el(found, 4) || el(found, 2) || null : null
}

type Level = { sku: string; place: string; quantities: Record<string, number> }

/** One LIN with what follows it. */
const levelOf = ({ set, terms }: Advice, loop: Segment[], header: string | null): Level => {
  const [item] = loop
  if (!item) throw new BadSegment('LIN', 'it is empty')
  const sku = skuOf(terms, item, 2, 15)
  const place = placeIn(loop) ?? header ?? terms.place
  if (place === undefined) throw new BadSegment('N1', `no place is named for ${sku}, and none is configured`)
  const quantities: Record<string, number> = {}
  for (const segment of loop) {
    if (segment.tag !== 'QTY') continue
    const qualifier = el(segment, 1)
    const name = Object.hasOwn(terms.levels, qualifier) ? terms.levels[qualifier] : undefined
    if (name === undefined) continue
    const unit = el(segment, 3).split(set.component)[0] ?? ''
    add(quantities, name, pieces(terms, segment, { quantity: 2, unit, sku, signed: true }))
  }
  if (Object.keys(quantities).length === 0) {
    const there = loop.filter(({ tag }) => tag === 'QTY').map((segment) => el(segment, 1))
    const words =
      there.length > 0 ? `only of quantities ${there.join(', ')}, none of them in "levels"` : 'of no quantity'
    throw new BadSegment('QTY', `${sku} is spoken of, but ${words}`)
  }
  return { sku, place, quantities }
}

/**
 * 846, inventory advice: the level of each article at each place, its lots added up. A line that cannot be read takes
 * only its own article with it: a sum without it would be wrong.
 */
export const readInventory = (advice: Advice): { facts: WireFact[]; bad: BadRow[] } => {
  const { segments } = advice.set
  const head = beginning(advice.set, 'BIA')
  const occurredAt = happenedAt(advice, head, 4, 5)
  const starts = segments.flatMap(({ tag }, index) => (tag === 'LIN' ? [index] : []))
  const [first] = starts
  if (first === undefined) throw new BadSegment('LIN', 'no article is listed')
  const header = placeIn(segments.slice(0, first))

  const levels = new Map<string, Level>()
  const spoilt = new Set<string>()
  const bad: BadRow[] = []
  for (const [nth, start] of starts.entries()) {
    const loop = segments.slice(start, starts[nth + 1])
    try {
      const level = levelOf(advice, loop, header)
      const id = `${level.sku}@${level.place}`
      const known = levels.get(id) ?? { ...level, quantities: {} }
      for (const [name, count] of Object.entries(level.quantities)) add(known.quantities, name, count)
      levels.set(id, known)
    } catch (error) {
      if (!(error instanceof BadSegment)) throw error
      bad.push({ at: `${error.segment} of LIN ${nth + 1}`, reason: error.message })
      for (const sku of skusIn(advice, loop)) spoilt.add(sku)
    }
  }
  const facts = [...levels.values()]
    .filter(({ sku }) => !spoilt.has(sku))
    .map(({ sku, place, quantities }) =>
      factOf(advice, 'inventory', {
        externalId: `${sku}@${place}`,
        keys: stockKeys(sku, place),
        state: 'level',
        rawState: '846',
        quantities,
        attributes: { asOf: occurredAt.toISOString() },
        occurredAt,
      }),
    )
  return { facts, bad }
}

const skusIn = ({ terms }: Advice, [item]: Segment[]): string[] => {
  try {
    return item ? [skuOf(terms, item, 2, 15)] : []
  } catch {
    return []
  }
}
