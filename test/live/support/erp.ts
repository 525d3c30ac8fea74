import { z } from 'zod'
import { type House, type Lines, openHouse } from './house.ts'
import { decimal, today } from './tryton.ts'

const sale = {
  id: z.number(),
  reference: z.string().nullable(),
  state: z.string(),
  shipment_state: z.string(),
  shipments: z.array(z.number()),
}
const line = { product: z.number(), quantity: z.number() }

/** What every sale and purchase of the rig begins with. */
const headOf = async ({ tryton, party, currency, warehouse }: House, name: string) => {
  const term = await tryton.row('account.invoice.payment_term', [['name', '=', 'Direct']], { id: z.number() })
  const {
    id,
    addresses: [address],
  } = await party(name)
  return {
    party: id,
    invoice_party: id,
    invoice_address: address,
    payment_term: term.id,
    currency,
    warehouse,
  }
}

const linesOf = ({ article, unit }: House, lines: Lines, price: number) => [
  [
    'create',
    Object.entries(lines).map(([sku, quantity]) => ({
      type: 'line',
      product: article(sku),
      unit,
      quantity,
      unit_price: decimal(price),
      description: sku,
    })),
  ],
]

const sales = (house: House) => {
  const { row, rows, create, buttons } = house.tryton
  const saleById = (id: number) => row('sale.sale', [['id', '=', id]], sale)
  return {
    sale: saleById,
    /** Every sale for a shop's order, however it was written. */
    salesFor: (order: string) =>
      rows('sale.sale', [['reference', 'in', [order, `WEB-${order}`, `#${order}`]]], sale),
    async saleLines(id: number): Promise<Lines> {
      const domain = [
        ['sale', '=', id],
        ['type', '=', 'line'],
      ]
      const found = await rows('sale.line', domain, line)
      const products = await rows('product.product', [['id', 'in', found.map((each) => each.product)]], {
        id: z.number(),
        code: z.string(),
      })
      const codes = new Map(products.map(({ id: product, code }) => [product, code]))
      return Object.fromEntries(found.map(({ product, quantity }) => [codes.get(product) ?? '?', quantity]))
    },
    /** A sale as an order import makes it: confirmed, its delivery waiting. Answers both. */
    async newSale(reference: string, lines: Lines): Promise<{ sale: number; delivery: number }> {
      const head = await headOf(house, 'Web Customer')
      const id = await create('sale.sale', {
        ...head,
        reference,
        shipment_address: head.invoice_address,
        invoice_method: 'order',
        shipment_method: 'order',
        sale_date: today(),
        lines: linesOf(house, lines, 12),
      })
      await buttons('sale.sale', ['quote', 'confirm'], id)
      const { shipments } = await saleById(id)
      const [delivery] = shipments
      if (delivery === undefined) throw new Error(`sale ${id} has no delivery`)
      return { sale: id, delivery }
    },
  }
}

const purchases = (house: House) => {
  const { row, rows, create, buttons } = house.tryton
  return {
    /** A confirmed purchase, and the receipt that its supplier has announced under `reference`. */
    async newPurchase(reference: string, lines: Lines): Promise<{ purchase: number; receipt: number }> {
      const head = await headOf(house, 'Mug Supplier')
      const purchase = await create('purchase.purchase', {
        ...head,
        reference: `PO-${reference}`,
        invoice_method: 'shipment',
        purchase_date: today(),
        lines: linesOf(house, lines, 5),
      })
      await buttons('purchase.purchase', ['quote', 'confirm'], purchase)
      const { moves } = await row('purchase.purchase', [['id', '=', purchase]], {
        moves: z.array(z.number()),
      })
      const receipt = await create('stock.shipment.in', {
        reference,
        supplier: head.party,
        warehouse: head.warehouse,
        planned_date: today(),
        moves: [['add', moves]],
      })
      return { purchase, receipt }
    },
    /** What the purchase says to its supplier, and the units of it that are still to come. */
    async purchase(id: number): Promise<{ comment: string | null; open: number }> {
      const { moves, comment } = await row('purchase.purchase', [['id', '=', id]], {
        moves: z.array(z.number()),
        comment: z.string().nullable(),
      })
      const domain = [
        ['id', 'in', moves],
        ['state', '=', 'draft'],
      ]
      const open = await rows('stock.move', domain, { quantity: z.number() })
      return { comment, open: open.reduce((sum, { quantity }) => sum + quantity, 0) }
    },
  }
}

/** The ERP as its people use it: a house with sales and purchases. */
export const openErp = async (url: string, password: string) => {
  const house = await openHouse(url, password)
  const { tryton, unit } = house
  const domain = [
    ['accounting', '=', true],
    ['name', '=', 'Goods'],
  ]
  const goods = await tryton.row('product.category', domain, { id: z.number() })
  return {
    ...house,
    ...sales(house),
    ...purchases(house),
    newArticle: (sku: string) =>
      house.newArticle(sku, {
        salable: true,
        sale_uom: unit,
        purchasable: true,
        purchase_uom: unit,
        account_category: goods.id,
      }),
  }
}
