import { z } from 'zod'
import { SystemError } from '../../app/errors.ts'
import type { Line } from '../kit/facts.ts'
import type { TrytonClient } from './client.ts'
import type { TrytonConfig } from './config.ts'
import { orderNumber, under } from './rows.ts'
import { PRODUCT, readWarehouses, type Warehouse } from './stock.ts'
import { decimal } from './values.ts'

/** What a new record refers to, looked up when it is entered: Tryton's ids mean nothing outside. */

const productSchema = z.object({
  id: z.number(),
  code: z.string(),
  default_uom: z.number(),
  list_price: decimal.nullish(),
})
export type Product = z.infer<typeof productSchema>
const partySchema = z.object({
  id: z.number(),
  addresses: z.array(z.number()),
  customer_payment_term: z.number().nullish(),
  'customer_location.': z.object({ id: z.number() }).nullish(),
})
const userSchema = z.object({ 'company.': z.object({ id: z.number(), currency: z.number() }).nullable() })
const idSchema = z.object({ id: z.number() })

const refused = (system: string, words: string) => new SystemError(system, 'refused', `${system} ${words}`)
const misconfigured = (system: string, words: string) => new SystemError(system, 'misconfigured', words)

/** The articles of some lines, by SKU. Throws SystemError, naming those that this Tryton does not have. */
export const productsOf = async (
  client: TrytonClient,
  { name: system }: TrytonConfig,
  lines: Line[],
  signal: AbortSignal,
): Promise<(Line & { product: Product })[]> => {
  const skus = [...new Set(lines.map(({ sku }) => sku))]
  const fields = ['code', 'default_uom', 'list_price']
  const found = z
    .array(productSchema)
    .parse(await client.search(PRODUCT, [['code', 'in', skus]], { fields }, signal))
  const missing = skus.filter((sku) => !found.some(({ code }) => code === sku))
  if (missing.length > 0) throw refused(system, `has no article ${missing.join(', ')}: enter it there first.`)
  return lines.flatMap((line) => {
    const product = found.find(({ code }) => code === line.sku)
    return product ? [{ ...line, product }] : []
  })
}

/** The party in whose name the shop's orders are entered. */
export const readCustomer = async (
  client: TrytonClient,
  { name: system, role, customer }: TrytonConfig,
  signal: AbortSignal,
) => {
  if (customer === undefined) {
    const words = `${system} needs "customer" in baton.yml: the party in whose name the shop's orders are entered.`
    throw misconfigured(system, words)
  }
  const fields = [
    'addresses',
    ...under('customer_location', ['id']),
    ...(role === 'erp' ? ['customer_payment_term'] : []),
  ]
  const domain = ['OR', ['code', '=', customer], ['name', '=', customer]]
  const [party, another] = z
    .array(partySchema)
    .parse(await client.search('party.party', [domain], { fields }, signal))
  if (!party || another || party.addresses[0] === undefined) {
    const why = !party ? 'has no such party' : another ? 'has several such parties' : 'knows no address of it'
    throw misconfigured(system, `${system}: customer "${customer}" in baton.yml: Tryton ${why}.`)
  }
  return { ...party, address: party.addresses[0] }
}

/** The one warehouse that new deliveries are entered for. */
export const readHome = async (
  client: TrytonClient,
  config: TrytonConfig,
  signal: AbortSignal,
): Promise<Warehouse> => {
  const [warehouse, another] = await readWarehouses(client, config, signal)
  if (warehouse && !another) return warehouse
  const words = `${config.name} has several warehouses: name the one for new deliveries as "warehouse" in baton.yml.`
  throw misconfigured(config.name, words)
}

export const companyCurrency = async (
  client: TrytonClient,
  { name: system, user }: TrytonConfig,
  signal: AbortSignal,
): Promise<number> => {
  const fields = under('company', ['currency'])
  const [me] = z
    .array(userSchema)
    .parse(await client.search('res.user', [['login', '=', user]], { fields }, signal))
  if (me?.['company.']) return me['company.'].currency
  throw misconfigured(system, `${system}: the login "${user}" belongs to no company: give it one in Tryton.`)
}

export const currencyOf = async (
  client: TrytonClient,
  { name: system }: TrytonConfig,
  code: string,
  signal: AbortSignal,
): Promise<number> => {
  const domain = [['code', '=', code]]
  const [found] = z
    .array(idSchema)
    .parse(await client.search('currency.currency', domain, { fields: ['code'] }, signal))
  if (found) return found.id
  throw refused(system, `has no currency ${code}: activate it there first.`)
}

/** Finds an order's records however their reference is written: as in the shop, or with a prefix. */
export const referenceDomain = (order: string): unknown[] => [
  'reference',
  'ilike',
  `%${order.replace(/[\\%_]/g, '\\$&')}`,
]
export const isOrder = (reference: string | null, order: string): boolean =>
  reference !== null && orderNumber(reference) === order

/** How an order's number is written in this Tryton. */
export const asReference = ({ reference }: TrytonConfig, order: string): string =>
  reference.replaceAll('{order}', order)
