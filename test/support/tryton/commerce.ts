import { createStock, num, PLACES } from './stock.ts'
import { type Row, type Tables, userError } from './tables.ts'

type Lists = Record<string, number[]>
const idsIn = (value: unknown): number[] => (Array.isArray(value) ? value.map(num) : [])

/** Sales and purchases of a Tryton double, and how its stock moves on for them. */
export const createCommerce = (db: Tables) => {
  let numbers = 0
  const number = () => String(++numbers)
  const originOf = (move: Row) => String(move.origin ?? '').split(',')
  /** The order line that a move fulfils, through the move to the customer where it is one from the shelf. */
  const orderOf = (move: Row, line: string, head: string): number | null => {
    const [model, id] = originOf(move)
    if (model !== line) return null
    return num(db.get(line, num(id))[head])
  }
  const saleOf = (move: Row) => orderOf(move, 'sale.line', 'sale')
  const purchaseOf = (move: Row) => orderOf(move, 'purchase.line', 'purchase')

  /** What is sold and on no live delivery yet becomes a delivery of its own: also the rest of a short one. */
  const plan = (sale: Row) => {
    const open = idsIn(sale.lines).flatMap((id) => {
      const line = db.get('sale.line', id)
      const moves = db
        .all('stock.move')
        .filter((m) => m.origin === `sale.line,${id}` && m.state !== 'cancelled')
      const left = num(line.quantity) - moves.reduce((sum, m) => sum + num(m.quantity), 0)
      return left > 0 ? [{ line, left }] : []
    })
    if (open.length === 0) return
    const shipment = db.insert('stock.shipment.out', {
      number: number(),
      reference: null,
      state: 'draft',
      warehouse: PLACES.WH,
      customer: sale.party,
      delivery_address: sale.shipment_address,
    })
    for (const { line, left } of open) {
      stock.addMove({
        product: line.product,
        quantity: left,
        from_location: PLACES.OUT,
        to_location: PLACES.CUS,
        shipment: `stock.shipment.out,${shipment.id}`,
        origin: `sale.line,${line.id}`,
      })
    }
    stock.wait(shipment)
  }
  const salesIn = (shipment: Row): Row[] =>
    [...new Set(stock.outgoing(shipment.id).map(saleOf))].flatMap((id) =>
      id === null ? [] : [db.get('sale.sale', id)],
    )

  /** What did not come of a purchase stays open, as a new move. */
  const reopen = (shipment: Row) => {
    for (const move of stock.incoming(shipment.id)) {
      const [model, id] = originOf(move)
      if (model !== 'purchase.line') continue
      const line = db.get('purchase.line', num(id))
      const moves = db.all('stock.move').filter((m) => m.origin === `purchase.line,${id}`)
      const left = num(line.quantity) - moves.reduce((sum, m) => sum + num(m.quantity), 0)
      if (left > 0)
        stock.addMove({
          product: move.product,
          quantity: left,
          from_location: PLACES.SUP,
          to_location: PLACES.IN,
          origin: move.origin,
        })
    }
  }

  const stock = createStock(
    db,
    (shipment) => {
      for (const sale of salesIn(shipment)) plan(sale)
    },
    reopen,
  )

  const enter = (model: string, line: string, head: string, values: Row | Record<string, unknown>): Row => {
    const { lines, ...own } = values
    const row = db.insert(model, { number: null, state: 'draft', comment: null, delivery_date: null, ...own })
    const made = (Array.isArray(lines) ? lines : []).flatMap(([, all]: [string, object[]]) =>
      all.map((each) => db.insert(line, { ...each, [head]: row.id, delivery_date: null }).id),
    )
    Object.assign(row, { lines: made })
    return row
  }

  const press = (model: string, button: string, row: Row): { result: unknown } | undefined => {
    if (model !== 'sale.sale' && model !== 'purchase.purchase') return stock.press(model, button, row)
    if (button === 'quote') {
      if (row.state === 'draft') db.update(row, { state: 'quotation', number: number() })
    } else if (button === 'confirm') {
      if (row.state !== 'quotation') return { result: null }
      db.update(row, { state: 'processing' })
      if (model === 'sale.sale') plan(row)
      else
        for (const id of idsIn(row.lines)) {
          const { product, quantity } = db.get('purchase.line', id)
          const [from_location, to_location] = [PLACES.SUP, PLACES.IN]
          stock.addMove({ product, quantity, from_location, to_location, origin: `purchase.line,${id}` })
        }
    } else return undefined
    return { result: null }
  }

  const shipmentState = (moves: Row[]): string => {
    if (moves.length === 0) return 'none'
    return moves.every((move) => ['done', 'cancelled'].includes(String(move.state))) ? 'sent' : 'waiting'
  }

  const computed = (model: string, row: Row, field: string): unknown => {
    const ids = (rows: Row[]): number[] => rows.map(({ id }) => id)
    const lists: Record<string, () => Lists> = {
      'stock.shipment.out': () => ({
        moves: ids(stock.movesOf(model, row.id)),
        outgoing_moves: ids(stock.outgoing(row.id)),
        inventory_moves: ids(stock.shelf(row.id)),
      }),
      'stock.shipment.in': () => ({
        moves: ids(stock.movesOf(model, row.id)),
        incoming_moves: ids(stock.incoming(row.id)),
      }),
      'purchase.purchase': () => ({
        moves: ids(db.all('stock.move').filter((m) => purchaseOf(m) === row.id)),
      }),
      'sale.sale': () => ({
        shipments: ids(db.all('stock.shipment.out').filter((s) => salesIn(s).includes(row))),
      }),
    }
    const list = lists[model]?.()[field]
    if (list) return list
    if (model === 'stock.move') {
      if (field === 'internal_quantity') return row.quantity
      if (field === 'sale') return saleOf(row)
      if (field === 'purchase') return purchaseOf(row)
    }
    if (field === 'shipment_state') {
      const isMine = (move: Row) => (model === 'sale.sale' ? saleOf(move) : purchaseOf(move)) === row.id
      const state = shipmentState(db.all('stock.move').filter(isMine))
      return model === 'purchase.purchase' && state === 'sent' ? 'received' : state
    }
    if (field === 'total_amount') {
      const decimal = (value: unknown) =>
        num(value !== null && typeof value === 'object' && 'decimal' in value ? value.decimal : 0)
      const lines = idsIn(row.lines).map((id) => db.get('sale.line', id))
      const total = lines.reduce((sum, line) => sum + num(line.quantity) * decimal(line.unit_price), 0)
      return { __class__: 'Decimal', decimal: total.toFixed(2) }
    }
    return null
  }

  const create = (model: string, values: Record<string, unknown>): Row => {
    if (model === 'sale.sale') return enter(model, 'sale.line', 'sale', values)
    if (model === 'purchase.purchase') return enter(model, 'purchase.line', 'purchase', values)
    if (model === 'stock.inventory') {
      const row = enter(model, 'stock.inventory.line', 'inventory', values)
      stock.expect(row)
      return row
    }
    if (model === 'stock.shipment.out' || model === 'stock.shipment.in') {
      const { moves, ...own } = values
      if (model === 'stock.shipment.out' && !own.customer)
        throw userError('A value is required for "Customer".')
      const row = db.insert(model, {
        company: 1,
        warehouse: PLACES.WH,
        reference: null,
        ...own,
        number: number(),
        state: 'draft',
      })
      stock.changeMoves(model, row.id, moves)
      return row
    }
    if (model === 'product.template') {
      const [[, [product]]] = values.products as [[string, [{ suffix_code: string }]]]
      const { list_price, default_uom, type } = values
      db.insert('product.product', { code: product.suffix_code, list_price, default_uom, type })
      return db.insert(model, {})
    }
    throw userError(`The double does not create ${model}.`)
  }

  const write = (model: string, row: Row, values: Record<string, unknown>) => {
    if (model === 'stock.move') return stock.writeMove(row, values)
    const { moves, ...own } = values
    if (moves !== undefined) stock.changeMoves(model, row.id, moves)
    db.update(row, own)
    if (model === 'stock.inventory') stock.expect(row)
  }
  return { stock, press, computed, create, write }
}
