import { z } from 'zod'
import type { WireFact } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import { named, stockKeys } from '../kit/facts.ts'
import type { TrytonClient } from './client.ts'
import type { TrytonConfig } from './config.ts'
import { CHANGED, type Changed, changed, changedAt, factOf, under, units } from './rows.ts'

export const PRODUCT = 'product.product'
export const MOVE_MODEL = 'stock.move'
export const LOCATION = 'stock.location'

const id = z.object({ id: z.number() })
const warehouseSchema = z.object({
  id: z.number(),
  code: named,
  input_location: z.number(),
  output_location: z.number(),
  storage_location: z.number(),
})
const placeSchema = z.object({ id: z.number(), warehouse: z.number().nullable() })

/** A warehouse, and every place in it that holds goods: the dock and the packing table too. */
export type Warehouse = z.infer<typeof warehouseSchema> & { places: number[] }

/** The warehouses that Baton looks at. Throws SystemError where there is none. */
export const readWarehouses = async (
  client: TrytonClient,
  { name: system, warehouse: wanted }: TrytonConfig,
  signal: AbortSignal,
): Promise<Warehouse[]> => {
  const type = (word: string) => ['type', '=', word]
  const fields = ['code', 'input_location', 'output_location', 'storage_location']
  const [warehouses, places] = await Promise.all([
    client.search(LOCATION, [type('warehouse')], { fields }, signal),
    client.search(LOCATION, [type('storage')], { fields: ['warehouse'] }, signal),
  ])
  const parsed = z.array(warehouseSchema).safeParse(warehouses)
  if (!parsed.success) {
    const words = `${system}: every warehouse needs a code and its zones (input, output, storage): set them in Tryton.`
    throw new SystemError(system, 'misconfigured', words)
  }
  const all = z.array(placeSchema).parse(places)
  const found = parsed.data
    .filter(({ code }) => wanted === undefined || code === wanted)
    .map((row) => ({ ...row, places: all.flatMap((p) => (p.warehouse === row.id ? [p.id] : [])) }))
  if (found.length > 0) return found
  const words =
    wanted === undefined
      ? `${system} has no warehouse.`
      : `${system} has no warehouse with the code "${wanted}": check it in baton.yml.`
  throw new SystemError(system, 'misconfigured', words)
}

const levelSchema = z.object({ ...changed, id: z.number(), code: named, quantity: z.number() })

/** What is said under an article's code at a warehouse: the identity of its level. */
export const levelId = (sku: string, warehouse: string): string => `${sku}@${warehouse}`

export type Level = { productId: number; warehouse: Warehouse; fact: WireFact }

/**
 * What stands in each warehouse of some articles, wherever in it: what is picked and not shipped yet is still there.
 * `movedBy` is the newest change of a move of the article, which dates its level.
 */
export const readLevels = async (
  client: TrytonClient,
  config: TrytonConfig,
  domain: unknown[],
  movedBy: (productId: number) => Changed | undefined,
  signal: AbortSignal,
): Promise<{ levels: Level[]; rows: unknown[] }> => {
  const goods = [['type', '=', 'goods'], ['code', '!=', null], ...domain]
  const fields = ['code', 'quantity', ...CHANGED]
  const levels: Level[] = []
  const rows: unknown[] = []
  for (const warehouse of await readWarehouses(client, config, signal)) {
    const context = { locations: warehouse.places, with_childs: false }
    const found = await client.search(PRODUCT, goods, { fields, context }, signal)
    rows.push(...found)
    for (const row of z.array(levelSchema).parse(found)) {
      const moved = movedBy(row.id)
      const fact = factOf(config, moved ? [row, moved] : [row], 'inventory', {
        externalId: levelId(row.code, warehouse.code),
        keys: stockKeys(row.code, warehouse.code),
        state: 'level',
        rawState: 'on hand',
        quantities: { on_hand: units(row.quantity) },
      })
      levels.push({ productId: row.id, warehouse, fact })
    }
  }
  return { levels, rows }
}

const movedSchema = z.object({ ...changed, 'product.': id })

/** The newest change among the moves of one article: the later of the last write and the last creation. */
export const lastMove = async (
  client: TrytonClient,
  sku: string,
  signal: AbortSignal,
): Promise<Changed | undefined> => {
  const domain = [['product.code', '=', sku]]
  const fields = [...CHANGED, ...under('product', ['id'])]
  const newest = (field: string) =>
    client.search(
      MOVE_MODEL,
      [...domain, [field, '!=', null]],
      { fields, order: [[field, 'DESC']], limit: 1 },
      signal,
    )
  const rows = (await Promise.all([newest('write_date'), newest('create_date')])).flat()
  return z
    .array(movedSchema)
    .parse(rows)
    .sort((a, b) => (changedAt(a) < changedAt(b) ? 1 : -1))[0]
}
