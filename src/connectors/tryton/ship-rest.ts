import { z } from 'zod'
import type { RoutingAction } from '../../app/connector.ts'
import { objectAction, objectsOf, reaches, readyWhen } from '../kit/action.ts'
import type { Line } from '../kit/facts.ts'
import { linesText, readLines } from '../kit/facts.ts'
import type { TrytonClient } from './client.ts'
import type { TrytonConfig } from './config.ts'
import { type Deed, doing, guardedBy, type Step, walk } from './deed.ts'
import { DELIVERY, type Delivery } from './deliveries.ts'
import { minus, sameLines } from './lines.ts'
import { deliveries, readOne, readRecords } from './records.ts'
import { inItsUnit, linesOf, type Move, units } from './rows.ts'
import { MOVE_MODEL } from './stock.ts'

const GONE_ON = ['picked', 'packed', 'shipped']
const STOPPING: Step[] = [{ from: ['waiting'], button: 'draft', to: ['draft'] }]
const RELEASING: Step[] = [{ from: ['draft'], button: 'wait', to: ['waiting'] }]

/** Which of the moves to the customer stay, and which make up the rest; a move that is part of both is cut in two. */
const divide = (moves: Move[], keep: Line[]) => {
  const left = new Map(keep.map(({ sku, quantity }) => [sku, quantity]))
  const cuts: { move: Move; keep: number }[] = []
  const rest: Move[] = []
  for (const move of [...moves].sort((a, b) => a.id - b.id)) {
    const sku = move['product.'].code
    const stays = Math.min(move.internal_quantity, left.get(sku) ?? 0)
    left.set(sku, (left.get(sku) ?? 0) - stays)
    if (stays === 0) rest.push(move)
    else if (stays < move.internal_quantity) cuts.push({ move, keep: stays })
  }
  return { cuts, rest }
}

const restSchema = z.object({
  customer: z.number(),
  delivery_address: z.number(),
  company: z.number(),
  customer_location: z.number().nullish(),
})
const moveTermsSchema = z.object({
  product: z.number(),
  uom: z.number(),
  from_location: z.number(),
  to_location: z.number(),
  unit_price: z.unknown(),
  currency: z.number().nullable(),
})

/** Cuts a move of a draft delivery in two, in one transaction: what is asked for stays the same in sum. */
const cut = async (client: TrytonClient, deed: Deed, row: Delivery, move: Move, keep: number) => {
  const fields = ['product', 'uom', 'from_location', 'to_location', 'unit_price', 'currency']
  const [wire] = await client.search(MOVE_MODEL, [['id', '=', move.id]], { fields }, deed.signal)
  const terms = moveTermsSchema.parse(wire)
  const values = {
    moves: [
      ['write', [move.id], { quantity: inItsUnit(move, keep) }],
      ['create', [{ ...terms, quantity: inItsUnit(move, units(move.internal_quantity - keep)) }]],
    ],
  }
  await deed.write(DELIVERY, row, values)
}

/** The rest as a delivery of its own: the moves go over from one to the other, in one transaction. */
const open = async (client: TrytonClient, deed: Deed, row: Delivery, rest: Move[]) => {
  const fields = ['customer', 'delivery_address', 'company']
  const [wire] = await client.search(DELIVERY, [['id', '=', row.id]], { fields }, deed.signal)
  const { customer, delivery_address, company } = restSchema.parse(wire)
  const values = {
    reference: row.reference,
    customer,
    delivery_address,
    company,
    warehouse: row['warehouse.'].id,
    moves: [['add', rest.map(({ id }) => id)]],
  }
  await deed.change(`model.${DELIVERY}.create`, [[values]], guardedBy(MOVE_MODEL, ...rest))
}

const split = async (
  client: TrytonClient,
  config: TrytonConfig,
  deed: Deed,
  number: string,
  { keep, rest }: { keep: Line[]; rest: Line[] },
): Promise<void> => {
  const read = async () => (await readOne(client, config, deliveries, number, deed.signal)).row
  let row = await read()
  if (minus(linesOf(row.outgoing), keep).length > 0) {
    row = await walk(config, deed, DELIVERY, read, STOPPING)
    for (let [next] = divide(row.outgoing, keep).cuts; next; [next] = divide(row.outgoing, keep).cuts) {
      await cut(client, deed, row, next.move, next.keep)
      row = await read()
    }
    await open(client, deed, row, divide(row.outgoing, keep).rest)
  }
  // The rest waits for stock like any other; it is found by what it is, so that a split that broke off goes on.
  const parts = await readRecords(
    client,
    config,
    deliveries,
    [['reference', '=', row.reference]],
    deed.signal,
  )
  const waiting = parts.rows.find(
    (part) => part.id !== row.id && part.state.raw === 'draft' && sameLines(linesOf(part.outgoing), rest),
  )
  if (waiting) {
    const readRest = async () => (await readOne(client, config, deliveries, waiting.number, deed.signal)).row
    await walk(config, deed, DELIVERY, readRest, RELEASING)
  }
  row = await walk(config, deed, DELIVERY, read, RELEASING)
  if (row.state.raw === 'waiting') await deed.press(DELIVERY, 'assign_try', row)
}

/**
 * A short delivery is split: what was found stays in it, reserved in full, for the warehouse to pick and ship; what is
 * missing becomes a delivery of its own with the same reference, which waits for stock.
 */
export const shipRest = (client: TrytonClient, config: TrytonConfig): RoutingAction =>
  objectAction(config.name, {
    id: 'ship_rest',
    label: 'Ship the rest, back-order the missing line',
    target(subject) {
      const mine = objectsOf(subject, { role: 'wms', type: 'fulfillment', system: config.name })
      const short = mine.find((o) => o.state === 'short')
      if (!short) return null
      const { found, missing } = short.attributes
      if (typeof found !== 'string' || typeof missing !== 'string' || found === '')
        return { unavailable: 'Nothing was found: there is no rest to ship' }
      return { externalId: short.externalId, params: { found, missing } }
    },
    readObject: async ({ target, signal }) =>
      (await readOne(client, config, deliveries, target.externalId, signal)).fact,
    send: ({ target: { externalId, params }, signal }) =>
      doing(client, config, signal, (deed) =>
        split(client, config, deed, externalId, {
          keep: readLines(String(params.found)),
          rest: readLines(String(params.missing)),
        }),
      ),
    ready(fact, target) {
      const { found, missing } = fact.attributes
      const moved = found !== target.params.found || missing !== target.params.missing
      if (fact.state === 'short' && moved) {
        const words = `${linesText(readLines(String(found)))} is found by now: look at the card again.`
        return { is: 'impossible', words }
      }
      return readyWhen({
        ready: ['short'],
        done: ['allocated', ...GONE_ON],
        else: 'only a short delivery can be split',
      })(fact, target)
    },
    compare: reaches('allocated', ...GONE_ON),
  })
