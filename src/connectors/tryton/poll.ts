import { z } from 'zod'
import type { BadRow, Poller, WireFact } from '../../app/connector.ts'
import type { TrytonClient } from './client.ts'
import type { TrytonConfig } from './config.ts'
import { DELIVERY } from './deliveries.ts'
import { PURCHASE, SALE } from './orders.ts'
import { RECEIPT } from './receipts.ts'
import { deliveries, type Kind, purchases, type Read, readRecords, receipts, sales } from './records.ts'
import { CHANGED, type Changed, changed, changedAt } from './rows.ts'
import { MOVE_MODEL, PRODUCT, readLevels } from './stock.ts'
import { earlier, type Stamp, toStamp } from './values.ts'

const PAGE = 200
/** Records read in one call, each with all its moves: Tryton takes its time for them, and the answer has a limit. */
const RECORDS = 50
/**
 * Tryton dates a row by the start of the transaction that writes it: one that is committed later may be dated before
 * what was read already. What is written by a transaction that took longer than this, in ms, is found by the comparison
 * with everything (`listsAll`).
 */
const OVERLAP_MS = 300_000

/**
 * How far one stream of rows has been read. `at`: the latest instant seen. `next`: the row after which the next page
 * begins, while there is one.
 */
const placeSchema = z.object({
  at: z.string().optional(),
  next: z.tuple([z.string(), z.number()]).optional(),
})
const cursorSchema = z.record(z.string(), placeSchema)
type Place = z.infer<typeof placeSchema>

/** `write_date` is null until the second write: what was only created is a stream of its own. */
const DATES = ['create_date', 'write_date'] as const
type DateField = (typeof DATES)[number]

/** What each role reads. A move's change is a change of its shipment, of its purchase, and of the stock of its article. */
const MODELS = {
  erp: [SALE, PURCHASE, DELIVERY, RECEIPT, PRODUCT, MOVE_MODEL],
  wms: [DELIVERY, RECEIPT, PRODUCT, MOVE_MODEL],
}
const MOVE_FIELDS = { erp: ['shipment', 'product', 'purchase'], wms: ['shipment', 'product'] }

const newsSchema = z.object({
  ...changed,
  id: z.number(),
  shipment: z.string().nullish(),
  product: z.number().optional(),
  purchase: z.number().nullish(),
})
type News = z.infer<typeof newsSchema>

const domainFor = (field: DateField, { at, next }: Place): unknown[] => {
  const created = field === 'create_date' ? [['write_date', '=', null]] : []
  if (next) {
    const [stamp, id] = next
    const here = toStamp(stamp)
    return [
      ...created,
      [
        'OR',
        [[field, '>', here]],
        [
          [field, '=', here],
          ['id', '>', id],
        ],
      ],
    ]
  }
  const from = at === undefined ? null : toStamp(earlier(at, OVERLAP_MS))
  return [...created, [field, ...(from === null ? ['!=', null] : ['>=', from])]]
}

const later = (a: Stamp | undefined, b: Stamp): Stamp => (a !== undefined && a > b ? a : b)

type Page = { model: string; stream: string; rows: News[]; place: Place }

const readPage = async (
  client: TrytonClient,
  config: TrytonConfig,
  model: string,
  field: DateField,
  cursor: Record<string, Place>,
  signal: AbortSignal,
): Promise<Page> => {
  const stream = `${model} ${field}`
  const known = cursor[stream] ?? {}
  const fields = [...CHANGED, ...(model === MOVE_MODEL ? MOVE_FIELDS[config.role] : [])]
  const order: [string, string][] = [
    [field, 'ASC'],
    ['id', 'ASC'],
  ]
  const found = await client.search(model, domainFor(field, known), { fields, order, limit: PAGE }, signal)
  const rows = z.array(newsSchema).parse(found)
  const last = rows.at(-1)
  const stamp = last?.[field]
  if (!last || !stamp) return { model, stream, rows, place: known.at === undefined ? {} : { at: known.at } }
  const at = later(known.at, stamp)
  return { model, stream, rows, place: rows.length === PAGE ? { at, next: [stamp, last.id] } : { at } }
}

/** What has to be read as a whole, by model: a moved article's stock with the newest change of its moves. */
const gather = (pages: Page[]) => {
  const ids = new Map<string, Set<number>>()
  const moved = new Map<number, Changed>()
  const add = (model: string, id: number) => ids.set(model, (ids.get(model) ?? new Set()).add(id))
  for (const { model, rows } of pages) {
    for (const row of rows) {
      if (model !== MOVE_MODEL) {
        add(model, row.id)
        continue
      }
      const [shipment, id] = (row.shipment ?? '').split(',')
      if (shipment && Number(id) > 0) add(shipment, Number(id))
      if (row.purchase) add(PURCHASE, row.purchase)
      if (row.product === undefined) continue
      add(PRODUCT, row.product)
      const before = moved.get(row.product)
      if (!before || changedAt(row) > changedAt(before)) moved.set(row.product, row)
    }
  }
  return { idsOf: (model: string) => [...(ids.get(model) ?? [])], movedBy: (id: number) => moved.get(id) }
}

/**
 * Everything written or created since, by Tryton's own clock, in pages by (instant, id): what changes while pages are
 * read comes again at the end. The cursor is how far each stream has come.
 */
export const createPoller = (client: TrytonClient, config: TrytonConfig): Poller => ({
  listsAll: true,
  async changes(cursor, signal) {
    const from = cursor === null ? {} : cursorSchema.parse(JSON.parse(cursor))
    const streams = MODELS[config.role].flatMap((model) => DATES.map((field) => ({ model, field })))
    const pages = await Promise.all(
      streams.map(({ model, field }) => readPage(client, config, model, field, from, signal)),
    )
    const { idsOf, movedBy } = gather(pages)
    const facts: WireFact[] = []
    const bad: BadRow[] = []
    const raw: Record<string, unknown> = {}
    const take = async <Row>(kind: Kind<Row>) => {
      const ids = idsOf(kind.model)
      const rows: unknown[] = []
      for (let from = 0; from < ids.length; from += RECORDS) {
        const some = [['id', 'in', ids.slice(from, from + RECORDS)]]
        const read: Read<Row> = await readRecords(client, config, kind, some, signal)
        facts.push(...read.facts)
        bad.push(...read.bad)
        rows.push(...read.raw)
      }
      if (rows.length > 0) raw[kind.model] = rows
    }
    if (config.role === 'erp') {
      await take(sales)
      await take(purchases)
    }
    await take(deliveries)
    await take(receipts)
    const products = idsOf(PRODUCT)
    if (products.length > 0) {
      const { levels, rows } = await readLevels(client, config, [['id', 'in', products]], movedBy, signal)
      facts.push(...levels.map(({ fact }) => fact))
      raw[PRODUCT] = rows
    }
    const sentAt = client.clock()
    return {
      facts,
      bad,
      ...(sentAt ? { sentAt } : {}),
      cursor: JSON.stringify(Object.fromEntries(pages.map(({ stream, place }) => [stream, place]))),
      more: pages.some(({ place }) => place.next !== undefined),
      raw: Buffer.from(JSON.stringify(raw)),
    }
  },
})
