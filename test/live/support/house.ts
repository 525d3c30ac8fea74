import { z } from 'zod'
import { decimal, logIn, today } from './tryton.ts'

/** Units of an article; an order's or a delivery's lines. */
export type Lines = Record<string, number>

const shipment = {
  id: z.number(),
  number: z.string().nullable(),
  reference: z.string().nullable(),
  state: z.string(),
}
const move = { product: z.number(), quantity: z.number() }

const written = {
  id: z.number(),
  create_uid: z.number(),
  create_date: z.unknown(),
  write_uid: z.number().nullable(),
  write_date: z.unknown(),
}
const user = { id: z.number(), login: z.string() }

type Shipment = z.infer<z.ZodObject<typeof shipment>>

/** The places of Tryton's own warehouse: what is on the shelf, at the doors, and who is beyond them. */
type Place = 'STO' | 'IN' | 'OUT' | 'CUS' | 'SUP' | 'WH'

/** The building: its places, the articles that a test has made, the people it deals with. */
const enter = async (url: string, password: string) => {
  const tryton = await logIn(url, 'admin', password)
  const { row, rows, create } = tryton
  const placeRows = await rows('stock.location', [['code', '!=', null]], { id: z.number(), code: z.string() })
  const places = new Map(placeRows.map(({ id, code }) => [code, id]))
  const place = (code: Place): number => {
    const id = places.get(code)
    if (id === undefined) throw new Error(`${url} has no place ${code}`)
    return id
  }
  const unit = (await row('product.uom', [['symbol', '=', 'u']], { id: z.number() })).id
  const { currency } = await row('company.company', [], { currency: z.number() })
  const articles = new Map<string, number>()
  const article = (sku: string): number => {
    const id = articles.get(sku)
    if (id === undefined) throw new Error(`${url}: no article ${sku} was made by this test`)
    return id
  }
  const skuOf = (product: number): string =>
    [...articles].find(([, id]) => id === product)?.[0] ?? `product ${product}`

  return {
    tryton,
    unit,
    currency,
    place,
    article,
    warehouse: place('WH'),
    party: (name: string) =>
      row('party.party', [['name', '=', name]], { id: z.number(), addresses: z.array(z.number()) }),
    /** An article of its own, so that nothing else in the rig moves its stock. */
    async newArticle(sku: string, more: object = {}): Promise<void> {
      await create('product.template', {
        name: sku,
        default_uom: unit,
        type: 'goods',
        list_price: decimal(12),
        products: [['create', [{ suffix_code: sku, cost_price: decimal(5) }]]],
        ...more,
      })
      articles.set(sku, (await row('product.product', [['code', '=', sku]], { id: z.number() })).id)
    },
    /** What makes one move of each line, from one place to another. */
    movesOf: (lines: Lines, from: Place, to: Place) => [
      [
        'create',
        Object.entries(lines).map(([sku, quantity]) => ({
          product: article(sku),
          uom: unit,
          quantity,
          from_location: place(from),
          to_location: place(to),
          unit_price: decimal(from === 'SUP' ? 5 : 0),
          currency,
        })),
      ],
    ],
    /** Units by article of the moves that a domain matches. */
    async moved(domain: unknown[]): Promise<Lines> {
      const sums: Lines = {}
      for (const { product, quantity } of await rows('stock.move', domain, move)) {
        const sku = skuOf(product)
        sums[sku] = (sums[sku] ?? 0) + quantity
      }
      return sums
    },
  }
}
type Building = Awaited<ReturnType<typeof enter>>

const shelf = ({ tryton, place, article }: Building) => ({
  /** Counts an article: so many are on the shelf from now on. */
  async count(sku: string, quantity: number): Promise<void> {
    const inventory = await tryton.create('stock.inventory', {
      location: place('STO'),
      date: today(),
      lines: [['create', [{ product: article(sku), quantity }]]],
    })
    await tryton.button('stock.inventory', 'confirm', inventory)
  },
  async onShelf(sku: string): Promise<number> {
    const there = tryton.within({ locations: [place('STO')] })
    const found = await there.row('product.product', [['id', '=', article(sku)]], { quantity: z.number() })
    return found.quantity
  },
})

const OUT = 'stock.shipment.out'

const goingOut = ({ tryton, place, party, warehouse, movesOf, moved }: Building) => {
  const { row, rows, create, button, buttons } = tryton
  const toCustomer = (id: number, ...state: unknown[]) =>
    moved([
      ['shipment', '=', `${OUT},${id}`],
      ['to_location', '=', place('CUS')],
      ['state', ...state],
    ])
  return {
    async newDelivery(reference: string, lines: Lines): Promise<number> {
      const customer = await party('Web Customer')
      const id = await create(OUT, {
        reference,
        customer: customer.id,
        delivery_address: customer.addresses[0],
        warehouse,
        planned_date: today(),
        moves: movesOf(lines, 'OUT', 'CUS'),
      })
      await button(OUT, 'wait', id)
      return id
    },
    delivery: (id: number): Promise<Shipment> => row(OUT, [['id', '=', id]], shipment),
    /** A shop's order may be written `17` or `WEB-17`, by whoever enters it. */
    deliveriesFor: (order: string): Promise<Shipment[]> =>
      rows(OUT, [['reference', 'in', [order, `WEB-${order}`, `#${order}`]]], shipment),
    press: (id: number, ...names: string[]) => buttons(OUT, names, id),
    /** From the shelf to the carrier. */
    ship: (id: number) => buttons(OUT, ['assign_try', 'pick', 'pack', 'done'], id),
    /** What has left for customers under this delivery, by its moves: the system's own account of what was done. */
    sent: (id: number): Promise<Lines> => toCustomer(id, '=', 'done'),
    /** What is to leave under this delivery. */
    planned: (id: number): Promise<Lines> => toCustomer(id, '!=', 'cancelled'),
    /** Who wrote the delivery and its moves last, and when, by the system's own books. */
    async history(id: number): Promise<{ row: string; at: string; by: string }[]> {
      const heads = await rows(OUT, [['id', '=', id]], written)
      const lines = await rows('stock.move', [['shipment', '=', `${OUT},${id}`]], written)
      const logins = new Map((await rows('res.user', [], user)).map((each) => [each.id, each.login]))
      const tell = (kind: string) => (it: (typeof heads)[number]) => ({
        row: `${kind} ${it.id}`,
        at: JSON.stringify(it.write_date ?? it.create_date),
        by: logins.get(it.write_uid ?? it.create_uid) ?? '?',
      })
      return [...heads.map(tell('delivery')), ...lines.map(tell('move'))]
    },
  }
}

const IN = 'stock.shipment.in'

const comingIn = ({ tryton, place, party, warehouse, movesOf, moved }: Building) => ({
  async newReceipt(reference: string, lines: Lines): Promise<number> {
    const supplier = await party('Mug Supplier')
    return tryton.create(IN, {
      reference,
      supplier: supplier.id,
      warehouse,
      planned_date: today(),
      moves: movesOf(lines, 'SUP', 'IN'),
    })
  },
  receipt: (id: number): Promise<Shipment> => tryton.row(IN, [['id', '=', id]], shipment),
  takeIn: (id: number) => tryton.buttons(IN, ['receive', 'done'], id),
  /** What came in from suppliers under this receipt. */
  received: (id: number): Promise<Lines> =>
    moved([
      ['shipment', '=', `${IN},${id}`],
      ['from_location', '=', place('SUP')],
      ['state', '=', 'done'],
    ]),
})

/**
 * One Tryton database as the people who work in it use it: articles, stock, what comes in and what goes out. The ERP and
 * the WMS of the rig both are one.
 */
export const openHouse = async (url: string, password: string) => {
  const building = await enter(url, password)
  return { ...building, ...shelf(building), ...goingOut(building), ...comingIn(building) }
}

export type House = Awaited<ReturnType<typeof openHouse>>
