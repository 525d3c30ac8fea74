import { z } from 'zod'
import type { ActionTarget, RoutingAction } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import type { Attributes, SubjectView } from '../../domain/model.ts'
import { objectsOf, reaches, readingOf, readyWhen, stood } from '../kit/action.ts'
import { readLines } from '../kit/facts.ts'
import { requestedUntil, sandboxAction } from './action.ts'
import type { SandboxClient } from './client.ts'

/** The ERP's actions: they repeat in the ERP what another system already says. */
export const erpActions = (client: SandboxClient, system: string, now: () => Date): RoutingAction[] => [
  bookReceipt(client, system),
  syncShipment(client, system),
  createOrder(client, system),
  adjustStock(client, system),
  sendDelivery(client, system),
  claimShortage(client, system, now),
]

const bookReceipt = (client: SandboxClient, system: string) =>
  sandboxAction(client, system, {
    id: 'book_receipt',
    label: 'Book the receipt in the ERP',
    on: 'receipts',
    verb: 'book',
    target(subject) {
      const mine = objectsOf(subject, { role: 'erp', type: 'receipt', system })[0]
      if (!mine) return null
      if (mine.state === 'received') return { unavailable: `${mine.externalId} is booked` }
      const arrived = objectsOf(subject, { role: 'wms', type: 'receipt' }).find((o) => o.state === 'received')
      const quantity = arrived?.quantities.received
      if (quantity === undefined) return { unavailable: 'The warehouse has not received it' }
      return { externalId: mine.externalId, params: { quantity } }
    },
    body: ({ params }) => ({ quantity: params.quantity }),
    ready: readyWhen({ ready: ['ordered'], done: ['received'], else: 'it cannot be booked' }),
    compare: reaches('received'),
  })

const syncShipment = (client: SandboxClient, system: string) =>
  sandboxAction(client, system, {
    id: 'sync_shipment',
    label: 'Mark it shipped in the ERP',
    on: 'deliveries',
    verb: 'ship',
    target(subject) {
      const mine = objectsOf(subject, { role: 'erp', type: 'fulfillment', system })[0]
      if (!mine) return null
      if (mine.state !== 'ready') return { unavailable: `${mine.externalId} is ${mine.rawState}` }
      const shipped = objectsOf(subject, { role: 'wms', type: 'fulfillment' }).find(
        (o) => o.state === 'shipped',
      )
      const tracking = shipped?.attributes.tracking
      if (typeof tracking !== 'string') return { unavailable: 'The warehouse has not shipped it' }
      return { externalId: mine.externalId, params: { tracking } }
    },
    body: ({ params }) => ({ tracking: params.tracking }),
    ready: readyWhen({ ready: ['ready'], done: ['shipped'], else: 'it cannot be shipped' }),
    compare: reaches('shipped'),
  })

/** This ERP puts some refusals into a 200. */
const errorIn200 = z.object({ error: z.object({ message: z.string() }) })

const saleFrom = ({ externalId, params }: ActionTarget) => ({
  reference: externalId,
  currency: params.currency,
  amount: (Number(params.valueMinor) / 100).toFixed(2),
  lines: readLines(String(params.lines)).map(({ sku, quantity }) => ({ product: sku, quantity })),
})

/** There is nothing to read yet but the absence of a sale with the order's reference. */
const createOrder = (client: SandboxClient, system: string): RoutingAction => ({
  id: 'create_order',
  label: 'Create the order in the ERP',
  kind: 'do',
  risk: 'second_person',
  settleMs: 5_000,
  idempotent: true,
  target(subject) {
    const mine = objectsOf(subject, { role: 'erp', type: 'order', system })[0]
    if (mine) return { unavailable: `It is there, as ${mine.externalId}` }
    const order = objectsOf(subject, { role: 'storefront', type: 'order' })[0]
    const number = order?.keys.find((key) => key.name === 'order' && key.kind === 'identity')?.value
    if (!order || number === undefined) return null
    if (order.state !== 'confirmed') return { unavailable: `The order is ${order.rawState}, not paid` }
    const { valueMinor, currency, lines } = order.attributes
    if (typeof valueMinor !== 'number' || typeof currency !== 'string' || typeof lines !== 'string') {
      return { unavailable: 'The storefront does not say what was ordered' }
    }
    return { externalId: `WEB-${number}`, params: { valueMinor, currency, lines } }
  },
  async read({ target, signal }) {
    const facts = await client.find('sales', { reference: target.externalId }, signal)
    const [sale] = facts
    return readingOf(
      facts,
      sale ? `${target.externalId} is ${sale.externalId}.` : `No sale has ${target.externalId}.`,
    )
  },
  precondition(_input, { facts: [sale] }) {
    return sale ? { is: 'already_done', words: `It is there, as ${sale.externalId}.` } : { is: 'ready' }
  },
  async act({ target, signal }, key) {
    const answer = await client.post(['sales'], saleFrom(target), key, signal)
    const refused = errorIn200.safeParse(answer)
    if (refused.success)
      throw new SystemError(system, 'refused', `${system} refused: ${refused.data.error.message}`)
    return { is: 'accepted', words: `${system} accepted it.` }
  },
  compare: (_input, _before, { facts: [sale] }) =>
    sale
      ? { is: 'changed', words: `Created as ${sale.externalId}.` }
      : { is: 'unchanged', words: 'There is no such sale.' },
})

const levelsOf = (subject: SubjectView, system: string) => ({
  mine: objectsOf(subject, { role: 'erp', type: 'inventory', system })[0],
  counted: objectsOf(subject, { role: 'wms', type: 'inventory' })[0],
})

/** The warehouse counts what is there: the ERP follows it, up to the movement that the count contains. */
const adjustStock = (client: SandboxClient, system: string) =>
  sandboxAction(client, system, {
    id: 'adjust_stock',
    label: 'Set ERP stock to the warehouse count',
    risk: 'second_person',
    undo: {
      action: 'adjust_stock',
      target(subject, done) {
        const { mine } = levelsOf(subject, system)
        const { before, after } = stood(done)
        const units = before?.quantities.on_hand
        const { asOf } = done.target.params
        if (!mine || units === undefined || asOf === undefined) return null
        const onHand = mine.quantities.on_hand
        return onHand === after?.quantities.on_hand
          ? { externalId: mine.externalId, params: { units, asOf } }
          : { unavailable: `Goods have moved since: ${onHand} on hand` }
      },
    },
    on: 'levels',
    verb: 'set',
    magnitude(subject) {
      const { mine, counted } = levelsOf(subject, system)
      return Math.abs((counted?.quantities.on_hand ?? 0) - (mine?.quantities.on_hand ?? 0))
    },
    target(subject) {
      const { mine, counted } = levelsOf(subject, system)
      if (!mine) return null
      const units = counted?.quantities.on_hand
      if (!counted || units === undefined) return { unavailable: 'The warehouse has not said what it has' }
      if (units === mine.quantities.on_hand) return { unavailable: 'ERP and warehouse agree' }
      return { externalId: mine.externalId, params: { units, asOf: counted.version } }
    },
    body: ({ params }) => ({ quantity: params.units, as_of: params.asOf }),
    ready({ quantities }, { params }) {
      return quantities.on_hand === params.units
        ? { is: 'already_done', words: `The ERP has ${params.units} on hand, as counted.` }
        : { is: 'ready' }
    },
    compare(before, after, { target }) {
      const { asOf, units } = target.params
      const onHand = after.quantities.on_hand
      const isIn = (attributes: Attributes) => Number(attributes.countedTo) >= Number(asOf)
      const moved = !isIn(before.attributes) || before.quantities.on_hand !== onHand
      return isIn(after.attributes) && moved
        ? { is: 'changed', words: `Set to ${units}; ${onHand} on hand now.` }
        : { is: 'unchanged', words: `Still ${onHand} on hand.` }
    },
  })

/** Once more: where the warehouse has no live delivery of the order. */
const sendDelivery = (client: SandboxClient, system: string) =>
  sandboxAction(client, system, {
    id: 'send_delivery',
    label: 'Send the delivery to the warehouse again',
    on: 'deliveries',
    verb: 'resend',
    target(subject) {
      const mine = objectsOf(subject, { role: 'erp', type: 'fulfillment', system })[0]
      if (!mine) return null
      const live = objectsOf(subject, { role: 'wms', type: 'fulfillment' }).find(
        (o) => o.state !== 'cancelled',
      )
      if (live) return { unavailable: `The warehouse has it, as ${live.externalId}` }
      return mine.state === 'ready'
        ? { externalId: mine.externalId, params: {} }
        : { unavailable: `${mine.externalId} is ${mine.rawState}` }
    },
    ready: readyWhen({ ready: ['ready'], done: ['shipped'], else: 'it cannot be sent' }),
    compare: (before, after) =>
      after.attributes.resentAt === before.attributes.resentAt
        ? { is: 'unchanged', words: 'The delivery has not been sent.' }
        : { is: 'changed', words: 'The delivery has been sent again.' },
  })

/** What the supplier announced and did not send: it is asked to settle for what came. */
const claimShortage = (client: SandboxClient, system: string, now: () => Date) =>
  sandboxAction(client, system, {
    id: 'claim_shortage',
    label: 'Claim the difference from the supplier',
    kind: 'request',
    settleMs: 60_000,
    on: 'receipts',
    verb: 'claim',
    target(subject) {
      const mine = objectsOf(subject, { role: 'erp', type: 'receipt', system })[0]
      if (!mine) return null
      if (typeof mine.attributes.claimedAt === 'string') return { unavailable: 'It is claimed already' }
      const came = objectsOf(subject, { role: 'wms', type: 'receipt' })[0]?.quantities.received
      return came === undefined || came === mine.quantities.advised
        ? { unavailable: 'As much came as was announced' }
        : { externalId: mine.externalId, params: {} }
    },
    ready: ({ attributes }) =>
      typeof attributes.claimedAt === 'string'
        ? { is: 'already_done', words: 'It is claimed already.' }
        : { is: 'ready' },
    acted: requestedUntil(system, now, 'The supplier is asked.'),
    compare(before, after) {
      const { advised } = after.quantities
      if (advised !== before.quantities.advised)
        return { is: 'changed', words: `The supplier settles for ${advised}.` }
      return after.attributes.claimedAt === before.attributes.claimedAt
        ? { is: 'unchanged', words: 'Nothing was claimed.' }
        : { is: 'settling', words: 'The supplier has not answered yet.' }
    },
  })
