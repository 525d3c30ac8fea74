import type { ActionInput, RoutingAction } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import type { SubjectView } from '../../domain/model.ts'
import { objectsOf, readingOf } from '../kit/action.ts'
import { linesText, readLines } from '../kit/facts.ts'
import type { TrytonClient } from './client.ts'
import type { TrytonConfig } from './config.ts'
import { type Deed, doing, type Step, walk } from './deed.ts'
import { DELIVERY } from './deliveries.ts'
import { statedLines } from './lines.ts'
import {
  asReference,
  companyCurrency,
  isOrder,
  productsOf,
  readCustomer,
  readHome,
  referenceDomain,
} from './masters.ts'
import { deliveries, readRecords } from './records.ts'
import { toDate, toDecimal } from './values.ts'

const SENDING: Step[] = [{ from: ['draft'], button: 'wait', to: ['waiting'] }]

/** The live delivery of an order; the oldest where there are several. */
const findDelivery = async (
  client: TrytonClient,
  config: TrytonConfig,
  { target: { externalId: order }, signal }: Pick<ActionInput, 'target' | 'signal'>,
) => {
  const { rows } = await readRecords(client, config, deliveries, [referenceDomain(order)], signal)
  const row = rows.find((r) => isOrder(r.reference, order) && r.state.raw !== 'cancelled')
  const fact = row ? deliveries.fact(config, row) : null
  return { row, facts: fact ? [fact] : [] }
}

/** What is to be delivered: the ERP's delivery says it best, then its order, then the shop's. */
const wantedLines = (subject: SubjectView): string | null => {
  const open = objectsOf(subject, { role: 'erp', type: 'fulfillment' }).filter((o) =>
    ['ready', 'allocated', 'unrouted'].includes(o.state),
  )
  const orders = [
    ...objectsOf(subject, { role: 'erp', type: 'order' }),
    ...objectsOf(subject, { role: 'storefront', type: 'order' }),
  ]
  const lines = [...open, ...orders].map(statedLines).find((stated) => stated !== null)
  return lines ? linesText(lines) : null
}

const enter = async (client: TrytonClient, config: TrytonConfig, deed: Deed, { target }: ActionInput) => {
  const [party, home, currency, lines] = await Promise.all([
    readCustomer(client, config, deed.signal),
    readHome(client, config, deed.signal),
    companyCurrency(client, config, deed.signal),
    productsOf(client, config, readLines(String(target.params.lines)), deed.signal),
  ])
  const to = party['customer_location.']?.id
  if (to === undefined) {
    const words = `${config.name}: the customer in baton.yml has no customer location: set it in Tryton.`
    throw new SystemError(config.name, 'misconfigured', words)
  }
  const moves = lines.map(({ quantity, product }) => ({
    product: product.id,
    uom: product.default_uom,
    quantity,
    from_location: home.output_location,
    to_location: to,
    unit_price: toDecimal('0'),
    currency,
  }))
  const today = client.clock()?.toISOString()
  const values = {
    ...(today === undefined ? {} : { planned_date: toDate(today) }),
    reference: asReference(config, target.externalId),
    customer: party.id,
    delivery_address: party.address,
    warehouse: home.id,
    moves: [['create', moves]],
  }
  await deed.change(`model.${DELIVERY}.create`, [[values]])
}

/**
 * Enters the order's delivery in the warehouse, ready to be picked. Tryton knows no key: it is searched for by its
 * reference before anything is written.
 */
export const sendDelivery = (client: TrytonClient, config: TrytonConfig): RoutingAction => ({
  id: 'send_delivery',
  label: 'Enter the delivery in the warehouse',
  kind: 'do',
  risk: 'safe',
  settleMs: 10_000,
  idempotent: false,
  target(subject) {
    const mine = objectsOf(subject, { role: 'wms', type: 'fulfillment', system: config.name })
    const live = mine.find((o) => o.state !== 'cancelled')
    const order =
      objectsOf(subject, { role: 'storefront', type: 'order' })[0] ??
      objectsOf(subject, { role: 'erp', type: 'order' })[0]
    const number = order?.keys.find((key) => key.name === 'order' && key.kind === 'identity')?.value
    if (!order || number === undefined) return null
    if (live) return { unavailable: `The warehouse has it, as ${live.externalId}` }
    if (order.state === 'cancelled') return { unavailable: `The order is ${order.rawState}` }
    const lines = wantedLines(subject)
    if (lines === null) return { unavailable: 'Nobody says what is to be delivered' }
    return { externalId: number, params: { lines } }
  },
  async read(input) {
    const { row, facts } = await findDelivery(client, config, input)
    const words = row
      ? `Delivery ${row.number} is ${row.state.raw} in ${config.name}.`
      : `${config.name} has no live delivery with ${asReference(config, input.target.externalId)}.`
    return { ...readingOf(facts, words), snapshot: row?.state.raw ?? 'absent' }
  },
  precondition: (_input, { snapshot, words }) =>
    snapshot === 'absent' || snapshot === 'draft' ? { is: 'ready' } : { is: 'already_done', words },
  act: (input) =>
    doing(client, config, input.signal, async (deed) => {
      const { row: known } = await findDelivery(client, config, input)
      if (!known) await enter(client, config, deed, input)
      const read = async () => {
        const { row } = await findDelivery(client, config, input)
        if (row) return row
        throw new SystemError(
          config.name,
          'refused',
          `${config.name} shows no delivery after it was entered.`,
        )
      }
      await walk(config, deed, DELIVERY, read, SENDING)
      return { is: 'accepted', words: `${config.name} accepted it.` }
    }),
  compare: (_input, before, { snapshot, words }) =>
    snapshot === before.snapshot || snapshot === 'absent' || snapshot === 'draft'
      ? { is: 'unchanged', words }
      : { is: 'changed', words },
})
