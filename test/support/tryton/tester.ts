import { z } from 'zod'

/** What Tryton answered: its error as it stands in the body of a 200, or the HTTP status. */
export class TrytonRefusal extends Error {
  readonly status: number
  readonly kind: string
  constructor(method: string, status: number, error: unknown) {
    const kind = Array.isArray(error) ? String(error[0]) : 'HTTP'
    super(`${method}: ${status} ${JSON.stringify(error).slice(0, 300)}`)
    this.status = status
    this.kind = kind
  }
}

const pair = z.tuple([z.number(), z.string()])
const rowsSchema = z.array(z.looseObject({ id: z.number() }))
export type TrytonRow = z.infer<typeof rowsSchema>[number]
const ids = z.array(z.number())

export type Line = [sku: string, quantity: number]

const dec = (n: number | string) => ({ __class__: 'Decimal', decimal: String(n) })
const today = () => {
  const now = new Date()
  return {
    __class__: 'date',
    year: now.getUTCFullYear(),
    month: now.getUTCMonth() + 1,
    day: now.getUTCDate(),
  }
}

/**
 * A user of Tryton beside Baton, over the same JSON-RPC: makes what tests need and reads what came of it. Knows
 * nothing of the connector, so that neither can hide the other's mistakes.
 */
export const createTester = async (url: string, user: string, password: string) => {
  let calls = 0
  const post = async (method: string, params: unknown[], authorization?: string): Promise<unknown> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) },
      body: JSON.stringify({ id: ++calls, method, params }),
    })
    const text = await response.text()
    if (!response.ok) throw new TrytonRefusal(method, response.status, text.slice(0, 200))
    const body: unknown = JSON.parse(text)
    const { result, error } = z
      .object({ result: z.unknown().optional(), error: z.unknown().optional() })
      .parse(body)
    if (error) throw new TrytonRefusal(method, response.status, error)
    return result
  }
  const [id, key] = pair.parse(await post('common.db.login', [user, { password }, 'en']))
  const authorization = `Session ${Buffer.from(`${user}:${id}:${key}`).toString('base64')}`
  const context = z
    .record(z.string(), z.unknown())
    .parse(await post('model.res.user.get_preferences', [true, {}], authorization))

  const call = (method: string, params: unknown[], extra: object = {}) =>
    post(method, [...params, { ...context, ...extra }], authorization)
  const search = async (model: string, domain: unknown[], fields: string[], extra: object = {}) =>
    rowsSchema.parse(
      await call(`model.${model}.search_read`, [domain, 0, null, [['id', 'ASC']], fields], extra),
    )
  const one = async (model: string, domain: unknown[], fields: string[], extra: object = {}) => {
    const [row] = await search(model, domain, fields, extra)
    if (!row) throw new Error(`No ${model} ${JSON.stringify(domain)}`)
    return row
  }
  const create = async (model: string, values: object): Promise<number> => {
    const [made] = ids.parse(await call(`model.${model}.create`, [[values]]))
    if (made === undefined) throw new Error(`No ${model} was made`)
    return made
  }
  const press = (model: string, button: string, record: number, extra: object = {}) =>
    call(`model.${model}.${button}`, [[record]], extra)

  /** Masters stay as they are: each is looked up once. */
  const masters = new Map<string, Promise<TrytonRow>>()
  const master = (model: string, domain: unknown[], fields: string[]) => {
    const key = JSON.stringify([model, domain])
    const known = masters.get(key) ?? one(model, domain, fields)
    masters.set(key, known)
    return known
  }
  const locationId = async (code: string) =>
    (await master('stock.location', [['code', '=', code]], ['code'])).id
  const product = (sku: string) => master('product.product', [['code', '=', sku]], ['default_uom'])
  const party = (name: string) => master('party.party', [['name', '=', name]], ['addresses'])
  const firstOf = (value: unknown) => ids.parse(value)[0]
  const currency = async () => (await master('company.company', [], ['currency'])).currency

  /** A new article, which nobody else on the rig moves. Only an administrator may. */
  const makeProduct = async (sku: string, isSold: boolean) => {
    const uom = (await master('product.uom', [['name', '=', 'Unit']], ['name'])).id
    const sold = isSold
      ? {
          salable: true,
          purchasable: true,
          sale_uom: uom,
          purchase_uom: uom,
          account_category: (await master('product.category', [['name', '=', 'Goods']], ['name'])).id,
        }
      : {}
    await create('product.template', {
      name: sku,
      type: 'goods',
      default_uom: uom,
      list_price: dec('12.00'),
      cost_price_method: 'fixed',
      products: [['create', [{ suffix_code: sku, cost_price: dec('5') }]]],
      ...sold,
    })
  }

  /** Counts an article in the storage zone. */
  const setStock = async (sku: string, quantity: number) => {
    const { id: article } = await product(sku)
    const inventory = await create('stock.inventory', {
      location: await locationId('STO'),
      date: today(),
      lines: [['create', [{ product: article, quantity }]]],
    })
    await press('stock.inventory', 'confirm', inventory)
  }

  const onHand = async (sku: string, place = 'STO') => {
    const locations = [await locationId(place)]
    const row = await one('product.product', [['code', '=', sku]], ['quantity'], { locations })
    return z.number().parse(row.quantity)
  }

  /** A sale as the shop's import makes it: confirmed, with its delivery waiting. */
  const makeSale = async (
    reference: string,
    lines: Line[],
    until: ('quote' | 'confirm')[] = ['quote', 'confirm'],
  ) => {
    const customer = await party('Web Customer')
    const address = firstOf(customer.addresses)
    const made = await Promise.all(
      lines.map(async ([sku, quantity]) => {
        const { id: article, default_uom } = await product(sku)
        const unit_price = dec('12.0000')
        return { type: 'line', product: article, unit: default_uom, quantity, unit_price, description: sku }
      }),
    )
    const sale = await create('sale.sale', {
      reference,
      party: customer.id,
      invoice_party: customer.id,
      invoice_address: address,
      shipment_address: address,
      payment_term: (await master('account.invoice.payment_term', [], ['name'])).id,
      currency: await currency(),
      invoice_method: 'order',
      shipment_method: 'order',
      sale_date: today(),
      warehouse: await locationId('WH'),
      lines: [['create', made]],
    })
    for (const button of until) await press('sale.sale', button, sale)
    return sale
  }

  const goodsMoves = async (lines: Line[], from: string, to: string, unit_price: object) => {
    const [from_location, to_location] = [await locationId(from), await locationId(to)]
    const money = { unit_price, currency: await currency() }
    const moves = await Promise.all(
      lines.map(async ([sku, quantity]) => {
        const { id: article, default_uom: uom } = await product(sku)
        return { product: article, uom, quantity, from_location, to_location, ...money }
      }),
    )
    return [['create', moves]]
  }

  /** A delivery as an interface enters it, brought along by these buttons. */
  const makeDelivery = async (reference: string, lines: Line[], buttons: string[] = ['wait']) => {
    const customer = await party('Web Customer')
    const made = await create('stock.shipment.out', {
      reference,
      customer: customer.id,
      delivery_address: firstOf(customer.addresses),
      warehouse: await locationId('WH'),
      planned_date: today(),
      moves: await goodsMoves(lines, 'OUT', 'CUS', dec('0')),
    })
    for (const button of buttons) await press('stock.shipment.out', button, made)
    return made
  }

  /** A supplier's delivery as it is announced, brought along by these buttons. */
  const makeReceipt = async (reference: string, lines: Line[], buttons: string[] = []) => {
    const made = await create('stock.shipment.in', {
      reference,
      supplier: (await party('Mug Supplier')).id,
      warehouse: await locationId('WH'),
      planned_date: today(),
      moves: await goodsMoves(lines, 'SUP', 'IN', dec('5')),
    })
    for (const button of buttons) await press('stock.shipment.in', button, made)
    return made
  }

  /** A confirmed purchase; its moves wait for a supplier shipment. */
  const makePurchase = async (reference: string, lines: Line[]) => {
    const supplier = await party('Mug Supplier')
    const made = await Promise.all(
      lines.map(async ([sku, quantity]) => {
        const { id: article, default_uom } = await product(sku)
        const unit_price = dec('5.0000')
        return { type: 'line', product: article, unit: default_uom, quantity, unit_price, description: sku }
      }),
    )
    const purchase = await create('purchase.purchase', {
      reference,
      party: supplier.id,
      invoice_party: supplier.id,
      invoice_address: firstOf(supplier.addresses),
      payment_term: (await master('account.invoice.payment_term', [], ['name'])).id,
      currency: await currency(),
      invoice_method: 'shipment',
      purchase_date: today(),
      warehouse: await locationId('WH'),
      lines: [['create', made]],
    })
    for (const button of ['quote', 'confirm']) await press('purchase.purchase', button, purchase)
    return purchase
  }

  /** The supplier announces it: a supplier shipment with the purchase's own moves. */
  const announce = async (purchase: number, reference: string) => {
    const { moves } = await one('purchase.purchase', [['id', '=', purchase]], ['moves'])
    return create('stock.shipment.in', {
      reference,
      supplier: (await party('Mug Supplier')).id,
      warehouse: await locationId('WH'),
      moves: [['add', ids.parse(moves)]],
    })
  }

  const stateOf = async (model: string, record: number) =>
    z.string().parse((await one(model, [['id', '=', record]], ['state'])).state)
  const numberOf = async (model: string, record: number) =>
    z.string().parse((await one(model, [['id', '=', record]], ['number'])).number)

  return {
    call,
    search,
    one,
    create,
    press,
    makeProduct,
    setStock,
    onHand,
    makeSale,
    makeDelivery,
    makeReceipt,
    makePurchase,
    announce,
    stateOf,
    numberOf,
  }
}
export type Tester = Awaited<ReturnType<typeof createTester>>
