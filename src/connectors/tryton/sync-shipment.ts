import type { ActionTarget, Ready, RoutingAction, WireFact } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import type { ObjectState, SubjectView } from '../../domain/model.ts'
import { objectAction, objectsOf, reaches, readyWhen } from '../kit/action.ts'
import { type Line, linesText, readLines } from '../kit/facts.ts'
import type { TrytonClient } from './client.ts'
import type { TrytonConfig } from './config.ts'
import { type Deed, doing, guardedBy, type Step, walk } from './deed.ts'
import { DELIVERY, type Delivery } from './deliveries.ts'
import { added, minus, statedLines } from './lines.ts'
import { deliveries, readOne } from './records.ts'
import { inItsUnit, linesOf } from './rows.ts'
import { MOVE_MODEL } from './stock.ts'

const OPEN = ['ready', 'allocated', 'picked', 'packed']

/** What the warehouse has shipped and the ERP has not; null where the warehouse does not name the articles. */
const owedLines = (shipped: ObjectState[], booked: ObjectState[]): Line[] | null => {
  const stated = shipped.map(statedLines)
  if (stated.some((lines) => lines === null)) return null
  return minus(
    added(stated.flatMap((lines) => lines ?? [])),
    added(booked.flatMap((object) => statedLines(object) ?? [])),
  )
}

const target = (subject: SubjectView, system: string): ReturnType<RoutingAction['target']> => {
  const mine = objectsOf(subject, { role: 'erp', type: 'fulfillment', system })
  const open = mine.find((o) => OPEN.includes(o.state))
  if (!open) return mine[0] ? { unavailable: `${mine[0].externalId} is ${mine[0].rawState}` } : null
  const isShipped = ({ state }: ObjectState) => state === 'shipped'
  const shipped = objectsOf(subject, { role: 'wms', type: 'fulfillment' }).filter(isShipped)
  if (shipped.length === 0) return { unavailable: 'The warehouse has not shipped it' }
  const owed = owedLines(shipped, mine.filter(isShipped))
  if (owed?.length === 0) return { unavailable: 'The ERP has booked all that the warehouse has shipped' }
  // No lines: the whole delivery.
  return { externalId: open.externalId, params: { lines: owed === null ? '' : linesText(owed) } }
}

const ready = (fact: WireFact, { params }: ActionTarget): Ready => {
  const shipped = readLines(String(params.lines))
  const [more] = minus(shipped, statedLines(fact) ?? [])
  if (more && OPEN.includes(fact.state)) {
    const words = `The warehouse shipped ${more.quantity} ${more.sku} more than ${fact.externalId} asks for: correct it by hand.`
    return { is: 'impossible', words }
  }
  return readyWhen({ ready: OPEN, done: ['shipped'], else: 'it cannot be shipped' })(fact, {
    externalId: fact.externalId,
    params,
  })
}

/** Only a part was shipped: the moves from the shelf are cut down to it, and Tryton opens a new delivery for the rest. */
const cutDown = async (deed: Deed, row: Delivery, shipped: Line[]): Promise<void> => {
  const left = new Map(shipped.map(({ sku, quantity }) => [sku, quantity]))
  for (const move of row.inventory) {
    const sku = move['product.'].code
    const wanted = Math.min(move.internal_quantity, left.get(sku) ?? 0)
    left.set(sku, (left.get(sku) ?? 0) - wanted)
    if (wanted === move.internal_quantity) continue
    if (wanted === 0)
      await deed.change(`model.${MOVE_MODEL}.delete`, [[move.id]], guardedBy(MOVE_MODEL, move))
    else await deed.write(MOVE_MODEL, move, { quantity: inItsUnit(move, wanted) })
  }
}

/**
 * Reserves what is to be shipped. Tryton would also pick what is not there, and its stock would go below nothing: so
 * without a full reservation the delivery is put back as it was.
 */
const reserve = async (
  client: TrytonClient,
  config: TrytonConfig,
  deed: Deed,
  number: string,
  shipped: Line[],
): Promise<void> => {
  const read = async () => (await readOne(client, config, deliveries, number, deed.signal)).row
  let row = await read()
  if (row.state.raw !== 'waiting') return
  if (shipped.length > 0 && minus(linesOf(row.outgoing), shipped).length > 0) {
    if (row.isShort) {
      await deed.press(DELIVERY, 'wait', row)
      row = await read()
    }
    await cutDown(deed, row, shipped)
    row = await read()
  }
  await deed.press(DELIVERY, 'assign_try', row)
  row = await read()
  if (row.state.raw === 'assigned') return
  const missing = linesOf(row.inventory.filter((move) => move.state === 'draft'))
  await deed.press(DELIVERY, 'wait', row)
  deed.undone()
  const words = `${config.name} has not enough stock for it (missing: ${linesText(missing) || 'unknown'}): correct the stock there first. The delivery is as it was.`
  throw new SystemError(config.name, 'refused', words)
}

const SHIPPING: Step[] = [
  { from: ['assigned'], button: 'pick', to: ['picked'] },
  { from: ['picked'], button: 'pack', to: ['packed'] },
  { from: ['packed'], button: 'done', to: ['done'] },
]

/** What the warehouse has shipped is shipped in the ERP: reserved, picked, packed, done, each seen before the next. */
export const syncShipment = (client: TrytonClient, config: TrytonConfig): RoutingAction =>
  objectAction(config.name, {
    id: 'sync_shipment',
    label: 'Mark it shipped in the ERP',
    target: (subject) => target(subject, config.name),
    readObject: async (input) =>
      (await readOne(client, config, deliveries, input.target.externalId, input.signal)).fact,
    send: ({ target: { externalId, params }, signal }) =>
      doing(client, config, signal, async (deed) => {
        await reserve(client, config, deed, externalId, readLines(String(params.lines)))
        const read = async () => (await readOne(client, config, deliveries, externalId, signal)).row
        await walk(config, deed, DELIVERY, read, SHIPPING)
      }),
    ready,
    compare: reaches('shipped'),
  })
