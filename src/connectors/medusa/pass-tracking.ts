import type { Aim, RoutingAction } from '../../app/connector.ts'
import type { ObjectState, SubjectView } from '../../domain/model.ts'
import { objectsOf } from '../kit/action.ts'
import { type Line, readLines, sum, trackingNumber } from '../kit/facts.ts'
import { fulfillmentState, trackingsOf } from './facts.ts'
import { type Glimpse, onceChanged, orderAction, orderOf, refused, type Shop } from './order-action.ts'
import type { Fulfillment, Order } from './schema.ts'

/** Which parcel a fulfillment was made for: what was begun and not finished is found again by it. */
const MARK = 'baton_tracking'

/** Lines of a fulfillment as Medusa takes them: its own line ids. */
type Items = { id: string; quantity: number }[]

/** The warehouse's parcels that the shop knows nothing of, in the order in which they came about. */
const unknownParcels = (subject: SubjectView): (ObjectState & { tracking: string })[] => {
  const known = new Set(
    objectsOf(subject, { role: 'storefront', type: 'fulfillment' }).flatMap(({ keys, attributes }) => [
      attributes.tracking,
      ...keys.flatMap(({ name, value }) => (name === 'tracking' ? [value] : [])),
    ]),
  )
  return objectsOf(subject, { role: 'wms', type: 'fulfillment' }).flatMap((parcel) => {
    const { tracking } = parcel.attributes
    const isMissing = parcel.state === 'shipped' && typeof tracking === 'string' && !known.has(tracking)
    return isMissing ? [{ ...parcel, tracking }] : []
  })
}

/** What of the order has gone with the parcel; null where the warehouse does not say, and all that is open has. */
const linesOf = (order: Order, text: string): Line[] | null => {
  const lines = readLines(text)
  return lines.length > 0 && lines.every(({ sku }) => order.items.some((item) => item.variant_sku === sku))
    ? lines
    : null
}

/** The open units that go into the parcel. A line that is not open in full is a disagreement that a person must solve. */
const openItems = (order: Order, lines: Line[] | null): Items | { missing: string } => {
  const open = order.items.flatMap(({ id, variant_sku: sku, quantity, requires_shipping, detail }) => {
    const left = requires_shipping === false ? 0 : quantity - detail.fulfilled_quantity
    return left > 0 ? [{ id, sku, left }] : []
  })
  if (lines === null) return open.map(({ id, left }) => ({ id, quantity: left }))
  const items: Items = []
  for (const { sku, quantity } of lines) {
    let wanted = quantity
    for (const line of open.filter((each) => each.sku === sku)) {
      const taken = Math.min(wanted, line.left)
      if (taken > 0) items.push({ id: line.id, quantity: taken })
      wanted -= taken
    }
    if (wanted > 0) return { missing: `${wanted} of ${sku}` }
  }
  return items
}

const unitsIn = (items: { quantity: number }[]): number => sum(items.map(({ quantity }) => quantity))

/** A fulfillment that was made and has not left yet, and that the parcel belongs to. */
const waitingFor = (order: Order, tracking: string, units: number | null): Fulfillment | undefined => {
  const waiting = order.fulfillments.filter((row) => ['packed', 'allocated'].includes(fulfillmentState(row)))
  return (
    waiting.find(({ metadata }) => metadata?.[MARK] === tracking) ??
    waiting.find(
      ({ metadata, items }) => metadata?.[MARK] === undefined && (units === null || unitsIn(items) === units),
    )
  )
}

const has = (tracking: string) => (each: { state: string; trackings: string[] }) =>
  each.state === 'shipped' && each.trackings.includes(tracking)

const readyToPass = ({ status, open, fulfillments, number }: Glimpse, tracking: string) => {
  if (fulfillments.some(has(tracking))) {
    return { is: 'already_done' as const, words: `Order ${number} has ${tracking} already.` }
  }
  if (status === 'canceled') {
    return { is: 'impossible' as const, words: `Order ${number} is cancelled: call the parcel back instead.` }
  }
  if (open > 0 || fulfillments.some(({ state }) => state === 'packed' || state === 'allocated')) {
    return { is: 'ready' as const }
  }
  const words = `Everything of order ${number} has left under other numbers, and Medusa adds none to a fulfillment that has left.`
  return { is: 'impossible' as const, words }
}

/** The first parcel that the shop knows nothing of, with what it holds as far as the warehouse says. */
const aimAt = (subject: SubjectView, system: string): Aim => {
  const order = orderOf(subject, system)
  if (!order) return null
  if (order.state === 'cancelled') return { unavailable: 'The order is cancelled in the shop' }
  const [parcel] = unknownParcels(subject)
  if (!parcel) {
    const known = objectsOf(subject, { role: 'storefront', type: 'fulfillment', system }).find(
      ({ attributes }) => typeof attributes.tracking === 'string',
    )
    return {
      unavailable: known
        ? `The shop has ${known.attributes.tracking}`
        : 'The warehouse has shipped nothing with a tracking number',
    }
  }
  const { attributes, quantities } = parcel
  const tracking = trackingNumber(parcel.tracking)
  return {
    externalId: order.externalId,
    params: {
      tracking,
      ...(typeof attributes.lines === 'string' ? { lines: attributes.lines } : {}),
      ...(quantities.shipped === undefined ? {} : { units: quantities.shipped }),
    },
  }
}

/**
 * Tells the shop that a parcel has left: creates the fulfillment of what it holds, unless the shop has one that waits,
 * and ships it with the parcel's number. Two calls: where the second one fails, the next attempt finds the first one's
 * fulfillment by its mark and goes on from there. Medusa refuses to fulfil or to ship a unit twice, but not two requests at
 * once: it is Baton that sends one at a time on one order.
 */
export const passTracking = (shop: Shop): RoutingAction => {
  const { system, client, trackingUrl } = shop
  return orderAction(shop, {
    id: 'pass_tracking',
    label: 'Pass the tracking number on to the shop',
    // Two calls on their way at once would each make a fulfillment where more is open than the parcel holds.
    idempotent: false,
    target: (subject) => aimAt(subject, system),
    ready: (now, { params }) => readyToPass(now, String(params.tracking)),
    async act(order, { target, signal }) {
      const { tracking: number, lines: text, units: stated } = target.params
      const tracking = String(number)
      const isKnown = order.fulfillments.some((row) =>
        has(tracking)({ state: fulfillmentState(row), trackings: trackingsOf(row) }),
      )
      if (isKnown) return
      const lines = typeof text === 'string' ? linesOf(order, text) : null
      const units = lines ? unitsIn(lines) : typeof stated === 'number' ? stated : null
      const label = {
        tracking_number: tracking,
        tracking_url: trackingUrl?.replaceAll('{tracking}', encodeURIComponent(tracking)) ?? '',
        label_url: '',
      }
      const ship = ({ id, items }: Fulfillment) => {
        const shipped = items.flatMap(({ line_item_id, quantity }) =>
          line_item_id ? [{ id: line_item_id, quantity }] : [],
        )
        const body = { items: shipped, labels: [label] }
        return client.post(['orders', order.id, 'fulfillments', id, 'shipments'], body, signal)
      }
      const waiting = waitingFor(order, tracking, units)
      if (waiting) return ship(waiting)

      const items = openItems(order, lines)
      if ('missing' in items) {
        const words = `The parcel holds ${items.missing} that is not open in ${system}: compare the two by hand.`
        throw refused(system, words)
      }
      if (items.length === 0) throw refused(system, `Nothing of the order is open in ${system}.`)
      if (lines === null && units !== null && unitsIn(items) !== units) {
        const words = `The parcel holds ${units} units, ${unitsIn(items)} are open in ${system}, and nobody says which: enter it there by hand.`
        throw refused(system, words)
      }
      const body = { items, metadata: { [MARK]: tracking } }
      await client.post(['orders', order.id, 'fulfillments'], body, signal)
      await onceChanged(system, 'The fulfillment was created', async () => {
        const made = waitingFor(await client.order(order.id, signal), tracking, units)
        if (!made) throw refused(system, 'it is not there; look at the order.')
        await ship(made)
      })
    },
    compare: (before, after, { params }) => {
      const tracking = String(params.tracking)
      return after.fulfillments.some(has(tracking)) && !before.fulfillments.some(has(tracking))
        ? { is: 'changed', words: `Order ${after.number} has ${tracking} now.` }
        : { is: 'unchanged', words: `Order ${after.number} still has no ${tracking}.` }
    },
  })
}
