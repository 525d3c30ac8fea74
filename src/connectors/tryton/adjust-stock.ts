import { z } from 'zod'
import type { ActionInput, ActionTarget, RoutingAction } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import { stockParts } from '../../domain/keys.ts'
import type { SubjectView } from '../../domain/model.ts'
import { objectAction, objectsOf, stood } from '../kit/action.ts'
import type { TrytonClient } from './client.ts'
import type { TrytonConfig } from './config.ts'
import { type Deed, doing } from './deed.ts'
import { units } from './rows.ts'
import { type Level, lastMove, PRODUCT, readLevels } from './stock.ts'

const INVENTORY = 'stock.inventory'

const readLevel = async (
  client: TrytonClient,
  config: TrytonConfig,
  { target, signal }: Pick<ActionInput, 'target' | 'signal'>,
): Promise<Level> => {
  const { sku } = stockParts(target.externalId)
  const moved = await lastMove(client, sku, signal)
  const { levels } = await readLevels(client, config, [['code', '=', sku]], () => moved, signal)
  const level = levels.find(({ fact }) => fact.externalId === target.externalId)
  if (level) return level
  throw new SystemError(
    config.name,
    'refused',
    `${config.name} has no article or place ${target.externalId}.`,
  )
}

const quantitySchema = z.tuple([z.object({ quantity: z.number() })])
const inventorySchema = z.array(
  z.object({
    id: z.number(),
    'lines.': z.array(z.object({ quantity: z.number().nullable(), product: z.number() })),
  }),
)

/** A count of this article that was entered and never confirmed: the one that a broken-off attempt left behind. */
const findCount = async (
  client: TrytonClient,
  deed: Deed,
  location: number,
  product: number,
  quantity: number,
) => {
  const domain = [
    ['state', '=', 'draft'],
    ['location', '=', location],
    ['lines.product', '=', product],
  ]
  const fields = ['lines.quantity', 'lines.product']
  const found = inventorySchema.parse(await client.search(INVENTORY, domain, { fields }, deed.signal))
  return found.find(({ 'lines.': lines }) => lines.length === 1 && lines[0]?.quantity === quantity)?.id
}

/** Counts the storage zone so that the whole warehouse comes to `wanted`. */
const count = async (
  client: TrytonClient,
  config: TrytonConfig,
  deed: Deed,
  level: Level,
  wanted: number,
) => {
  const { productId, warehouse, fact } = level
  const location = warehouse.storage_location
  const context = { locations: [location], with_childs: false }
  const search = { fields: ['quantity'], context }
  const [{ quantity }] = quantitySchema.parse(
    await client.search(PRODUCT, [['id', '=', productId]], search, deed.signal),
  )
  const inStorage = units(quantity + wanted - (fact.quantities.on_hand ?? 0))
  if (inStorage < 0) {
    const words = `${config.name}: more is picked already than the warehouse counts: finish the deliveries under way first.`
    throw new SystemError(config.name, 'refused', words)
  }
  const known = await findCount(client, deed, location, productId, inStorage)
  const lines = [['create', [{ product: productId, quantity: inStorage }]]]
  const made =
    known === undefined
      ? z
          .tuple([z.number()])
          .parse(await deed.change(`model.${INVENTORY}.create`, [[{ location, lines }]]))[0]
      : known
  // A write makes Tryton look again at what it expects: a count left behind may be older than the last movement.
  if (known !== undefined) await deed.change(`model.${INVENTORY}.write`, [[made], { location }])
  await deed.change(`model.${INVENTORY}.confirm`, [[made]])
}

/** Between the card and the deed goods have moved, so that the count that the card showed is an old one too. */
const movedOn = (now: number | undefined, { params }: ActionTarget): string =>
  `The ERP has ${now} on hand by now, no longer ${params.was}: look at the card again.`

const sides = (subject: SubjectView, system: string) => ({
  mine: objectsOf(subject, { role: 'erp', type: 'inventory', system })[0],
  counted: objectsOf(subject, { role: 'wms', type: 'inventory' })[0],
})

/** The warehouse counts what is there, and the ERP follows it, by an inventory of this one article. */
export const adjustStock = (client: TrytonClient, config: TrytonConfig): RoutingAction =>
  objectAction(config.name, {
    id: 'adjust_stock',
    label: 'Set ERP stock to the warehouse count',
    risk: 'second_person',
    undo: {
      action: 'adjust_stock',
      target(subject, done) {
        const { mine } = sides(subject, config.name)
        const { before, after } = stood(done)
        const units = before?.quantities.on_hand
        if (mine?.externalId !== done.target.externalId || units === undefined) return null
        const was = mine.quantities.on_hand
        return was !== undefined && was === after?.quantities.on_hand
          ? { externalId: mine.externalId, params: { units, was } }
          : { unavailable: `Goods have moved since: ${was} on hand` }
      },
    },
    magnitude(subject) {
      const { mine, counted } = sides(subject, config.name)
      return Math.abs((counted?.quantities.on_hand ?? 0) - (mine?.quantities.on_hand ?? 0))
    },
    target(subject) {
      const { mine, counted } = sides(subject, config.name)
      if (!mine) return null
      const wanted = counted?.quantities.on_hand
      if (wanted === undefined) return { unavailable: 'The warehouse has not said what it has' }
      if (wanted < 0) return { unavailable: `The warehouse says ${wanted}: count there first` }
      if (wanted === mine.quantities.on_hand) return { unavailable: 'ERP and warehouse agree' }
      const was = mine.quantities.on_hand
      if (was === undefined) return null
      return { externalId: mine.externalId, params: { units: wanted, was } }
    },
    readObject: async (input) => (await readLevel(client, config, input)).fact,
    send: (input) =>
      doing(client, config, input.signal, async (deed) => {
        const wanted = Number(input.target.params.units)
        const level = await readLevel(client, config, input)
        const now = level.fact.quantities.on_hand
        if (now === wanted) return
        if (now !== input.target.params.was)
          throw new SystemError(config.name, 'refused', movedOn(now, input.target))
        await count(client, config, deed, level, wanted)
      }),
    ready({ quantities: { on_hand: now } }, target) {
      const { units: wanted, was } = target.params
      if (now === wanted) return { is: 'already_done', words: `The ERP has ${wanted} on hand, as counted.` }
      return now === was ? { is: 'ready' } : { is: 'impossible', words: movedOn(now, target) }
    },
    compare(before, { quantities }, { target }) {
      const [was, now] = [before.quantities.on_hand, quantities.on_hand]
      if (now === target.params.units && was !== now)
        return { is: 'changed', words: `${now} on hand now, was ${was}.` }
      return { is: 'unchanged', words: `Still ${now} on hand.` }
    },
  })
