import type { ActionInput, RoutingAction } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import { objectsOf, readingOf } from '../kit/action.ts'
import { readLines } from '../kit/facts.ts'
import type { TrytonClient } from './client.ts'
import type { TrytonConfig } from './config.ts'
import { type Deed, doing, type Step, walk } from './deed.ts'
import { sameLines } from './lines.ts'
import {
  asReference,
  currencyOf,
  isOrder,
  productsOf,
  readCustomer,
  readHome,
  referenceDomain,
} from './masters.ts'
import { goodsOf, SALE, type Sale } from './orders.ts'
import { readRecords, sales } from './records.ts'
import { toDate, toDecimal } from './values.ts'

const CONFIRMING: Step[] = [
  { from: ['draft'], button: 'quote', to: ['quotation'] },
  { from: ['quotation'], button: 'confirm', to: ['confirmed', 'processing', 'done'] },
]
const UNFINISHED = ['draft', 'quotation']

/** The live sale of an order, its drafts too; the oldest where there are several. */
const findSale = async (
  client: TrytonClient,
  config: TrytonConfig,
  { target: { externalId: order }, signal }: ActionInput,
) => {
  const { rows } = await readRecords(client, config, sales, [referenceDomain(order)], signal)
  const row = rows.find((sale) => isOrder(sale.reference, order) && sale.state.raw !== 'cancelled')
  const fact = row ? sales.fact(config, row) : null
  return { row, facts: fact ? [fact] : [] }
}

const enter = async (client: TrytonClient, config: TrytonConfig, deed: Deed, input: ActionInput) => {
  const { externalId: order, params } = input.target
  const [party, home, currency, lines] = await Promise.all([
    readCustomer(client, config, deed.signal),
    readHome(client, config, deed.signal),
    currencyOf(client, config, String(params.currency), deed.signal),
    productsOf(client, config, readLines(String(params.lines)), deed.signal),
  ])
  const values = {
    reference: asReference(config, order),
    party: party.id,
    invoice_party: party.id,
    invoice_address: party.address,
    shipment_address: party.address,
    payment_term: party.customer_payment_term ?? null,
    currency,
    warehouse: home.id,
    invoice_method: 'order',
    shipment_method: 'order',
    sale_date: toDate(String(params.placedOn)),
    comment: `Entered by Baton${input.by === undefined ? '' : ` for ${input.by}`}.`,
    lines: [
      [
        'create',
        lines.map(({ sku, quantity, product }) => ({
          type: 'line',
          product: product.id,
          unit: product.default_uom,
          quantity,
          unit_price: toDecimal(product.list_price ?? '0'),
          description: sku,
        })),
      ],
    ],
  }
  await deed.change(`model.${SALE}.create`, [[values]])
}

const stateOf = (sale: Sale | undefined) => sale?.state.raw ?? 'absent'
const money = (minor: unknown): string => (typeof minor === 'number' ? (minor / 100).toFixed(2) : 'unknown')

/**
 * Enters the order as a sale with the ERP's list prices, quotes and confirms it. Tryton knows no key: it is searched
 * for by its reference before anything is written, and a draft that was left half-way is finished.
 */
export const createOrder = (client: TrytonClient, config: TrytonConfig): RoutingAction => ({
  id: 'create_order',
  label: 'Create the order in the ERP',
  kind: 'do',
  risk: 'second_person',
  settleMs: 30_000,
  idempotent: false,
  target(subject) {
    const mine = objectsOf(subject, { role: 'erp', type: 'order', system: config.name })
    const live = mine.find((o) => o.state !== 'cancelled' && o.rawState !== 'quotation')
    if (live) return { unavailable: `It is there, as ${live.externalId}` }
    const order = objectsOf(subject, { role: 'storefront', type: 'order' })[0]
    const number = order?.keys.find((key) => key.name === 'order' && key.kind === 'identity')?.value
    if (!order || number === undefined) return null
    if (!['confirmed', 'partial', 'complete'].includes(order.state)) {
      return { unavailable: `The order is ${order.rawState}, not paid` }
    }
    const { valueMinor, currency, lines } = order.attributes
    if (typeof currency !== 'string' || typeof lines !== 'string' || readLines(lines).length === 0) {
      return { unavailable: 'The storefront does not say what was ordered' }
    }
    const placedOn = order.firstAt.toISOString().slice(0, 10)
    const value = typeof valueMinor === 'number' ? { valueMinor } : {}
    return { externalId: number, params: { currency, lines, placedOn, ...value } }
  },
  async read(input) {
    const { row, facts } = await findSale(client, config, input)
    const words = row
      ? `Sale ${row.number ?? '(no number yet)'} with ${row.reference} is ${row.state.raw}.`
      : `No sale has ${asReference(config, input.target.externalId)}.`
    return { ...readingOf(facts, words), snapshot: stateOf(row) }
  },
  precondition(_input, { snapshot, words }) {
    if (snapshot === 'absent' || UNFINISHED.includes(String(snapshot))) return { is: 'ready' }
    return { is: 'already_done', words }
  },
  act: (input) =>
    doing(client, config, input.signal, async (deed) => {
      const { row: known } = await findSale(client, config, input)
      if (known && !sameLines(goodsOf(known), readLines(String(input.target.params.lines)))) {
        const words = `${config.name} has a sale ${known.number ?? ''} with this reference and other lines: finish it there.`
        throw new SystemError(config.name, 'refused', words)
      }
      if (!known) await enter(client, config, deed, input)
      const read = async () => {
        const { row } = await findSale(client, config, input)
        if (row) return row
        throw new SystemError(config.name, 'refused', `${config.name} shows no sale after it was entered.`)
      }
      await walk(config, deed, SALE, read, CONFIRMING)
      return { is: 'accepted', words: `${config.name} accepted it.` }
    }),
  compare({ target: { params } }, before, { snapshot, facts: [sale], words }) {
    if (snapshot === before.snapshot) return { is: 'unchanged', words }
    if (snapshot === 'absent') return { is: 'unchanged', words }
    if (!sale || UNFINISHED.includes(String(snapshot))) {
      return { is: 'unchanged', words: `${words} Press again to confirm it.` }
    }
    const { valueMinor } = sale.attributes
    const differs = params.valueMinor !== undefined && valueMinor !== params.valueMinor
    const check = differs
      ? ` Its total is ${money(valueMinor)}, the shop says ${money(params.valueMinor)}: check the prices.`
      : ''
    return { is: 'changed', words: `Created as ${sale.externalId}.${check}` }
  },
})
