import { type Row, type Tables, userError } from './tables.ts'

/** Where everything stands, by its code. */
export const PLACES = { WH: 5, IN: 1, OUT: 2, STO: 3, CUS: 7, SUP: 6, LOST: 4 }
const LIVE = ['draft', 'assigned', 'done']
const DAY = { __class__: 'date', year: 2026, month: 11, day: 23 }

export const num = (value: unknown): number => (typeof value === 'number' ? value : Number(value ?? 0))

/** The stock half of a Tryton double, with the traps of the real one: see the comments. */
export const createStock = (
  db: Tables,
  shipped: (shipment: Row) => void,
  received: (shipment: Row) => void,
) => {
  const movesOf = (model: string, id: number) =>
    db.all('stock.move').filter((move) => move.shipment === `${model},${id}`)
  const outgoing = (id: number) =>
    movesOf('stock.shipment.out', id).filter((m) => m.from_location === PLACES.OUT)
  const shelf = (id: number) => movesOf('stock.shipment.out', id).filter((m) => m.to_location === PLACES.OUT)
  const incoming = (id: number) => movesOf('stock.shipment.in', id).filter((m) => m.to_location === PLACES.IN)
  const quantity = (product: number, places: number[], states = ['done']) =>
    db.all('stock.move').reduce((sum, move) => {
      if (move.product !== product || !states.includes(String(move.state))) return sum
      const into = places.includes(num(move.to_location)) ? num(move.quantity) : 0
      const from = places.includes(num(move.from_location)) ? num(move.quantity) : 0
      return sum + into - from
    }, 0)
  const addMove = (values: object): Row =>
    db.insert('stock.move', { state: 'draft', planned_date: null, origin: null, shipment: null, ...values })
  const setAll = (moves: Row[], state: string) => {
    for (const move of moves) if (move.state !== 'done' && move.state !== state) db.update(move, { state })
  }
  const removeAll = (moves: Row[]) => {
    for (const move of moves) db.remove('stock.move', move.id)
  }

  /** New moves to the shelf for what is not on its way yet: their ids are new ones. */
  const wait = (row: Row) => {
    removeAll(shelf(row.id).filter((move) => move.state !== 'done'))
    for (const move of outgoing(row.id).filter((m) => LIVE.includes(String(m.state)))) {
      addMove({
        product: move.product,
        quantity: move.quantity,
        from_location: PLACES.STO,
        to_location: PLACES.OUT,
        shipment: move.shipment,
        origin: `stock.move,${move.id}`,
      })
    }
    db.update(row, { state: 'waiting' })
  }

  /** True only if all is assigned; what was found before stays assigned, and its move is cut in two. */
  const assign = (row: Row): boolean => {
    for (const move of shelf(row.id).filter((m) => m.state === 'draft')) {
      const taken = db
        .all('stock.move')
        .filter((m) => m.state === 'assigned' && m.product === move.product && m.from_location === PLACES.STO)
      const free =
        quantity(num(move.product), [PLACES.STO]) - taken.reduce((sum, m) => sum + num(m.quantity), 0)
      const wanted = num(move.quantity)
      if (free <= 0) continue
      db.update(move, { quantity: Math.min(free, wanted), state: 'assigned' })
      if (free < wanted) {
        const { product, from_location, to_location, shipment, origin } = move
        addMove({ product, from_location, to_location, shipment, origin, quantity: wanted - free })
      }
    }
    const isAll = shelf(row.id).every((move) => move.state !== 'draft')
    if (isAll && row.state === 'waiting') db.update(row, { state: 'assigned' })
    return isAll
  }

  /** Also from waiting, also what is not there: the stock of the shelf then goes below nothing. */
  const pick = (row: Row) => {
    setAll(shelf(row.id), 'done')
    for (const move of outgoing(row.id)) {
      const picked = shelf(row.id).filter((m) => m.origin === `stock.move,${move.id}`)
      db.update(move, { quantity: picked.reduce((sum, m) => sum + num(m.quantity), 0) })
    }
    db.update(row, { state: 'picked' })
  }

  const OUT_BUTTONS: Record<string, { from: string[]; do(row: Row): void }> = {
    wait: { from: ['draft', 'waiting', 'assigned'], do: wait },
    draft: {
      from: ['waiting', 'cancelled'],
      do(row) {
        // What was cancelled stays cancelled: a delivery that is reopened ships nothing.
        setAll(
          movesOf('stock.shipment.out', row.id).filter((m) => m.state !== 'cancelled'),
          'draft',
        )
        db.update(row, { state: 'draft' })
      },
    },
    pick: { from: ['waiting', 'assigned'], do: pick },
    pack: {
      from: ['waiting', 'picked'],
      do(row) {
        removeAll(outgoing(row.id).filter((move) => num(move.quantity) === 0))
        setAll(outgoing(row.id), 'assigned')
        db.update(row, { state: 'packed' })
      },
    },
    done: {
      from: ['packed'],
      do(row) {
        setAll(outgoing(row.id), 'done')
        db.update(row, { state: 'done', effective_date: DAY })
        shipped(row)
      },
    },
    cancel: {
      from: ['draft', 'waiting', 'assigned', 'picked', 'packed'],
      do(row) {
        setAll(movesOf('stock.shipment.out', row.id), 'cancelled')
        db.update(row, { state: 'cancelled' })
      },
    },
  }
  const IN_BUTTONS: typeof OUT_BUTTONS = {
    receive: {
      from: ['draft'],
      do(row) {
        setAll(incoming(row.id), 'done')
        for (const { product, quantity: units, shipment } of incoming(row.id))
          addMove({ product, quantity: units, shipment, from_location: PLACES.IN, to_location: PLACES.STO })
        db.update(row, { state: 'received' })
        received(row)
      },
    },
    done: {
      from: ['received'],
      do(row) {
        setAll(movesOf('stock.shipment.in', row.id), 'done')
        db.update(row, { state: 'done' })
      },
    },
    cancel: {
      from: ['draft'],
      do(row) {
        setAll(movesOf('stock.shipment.in', row.id), 'cancelled')
        db.update(row, { state: 'cancelled' })
      },
    },
  }
  const confirm = (row: Row) => {
    for (const id of Array.isArray(row.lines) ? row.lines : []) {
      const line = db.get('stock.inventory.line', num(id))
      const delta = num(line.quantity) - num(line.expected_quantity)
      const [from_location, to_location] = delta > 0 ? [PLACES.LOST, PLACES.STO] : [PLACES.STO, PLACES.LOST]
      if (delta !== 0)
        addMove({
          product: line.product,
          quantity: Math.abs(delta),
          from_location,
          to_location,
          state: 'done',
        })
    }
    db.update(row, { state: 'done' })
  }
  const INVENTORY_BUTTONS: typeof OUT_BUTTONS = { confirm: { from: ['draft'], do: confirm } }
  const BUTTONS: Record<string, typeof OUT_BUTTONS> = {
    'stock.shipment.out': OUT_BUTTONS,
    'stock.shipment.in': IN_BUTTONS,
    'stock.inventory': INVENTORY_BUTTONS,
  }

  /** Undefined where there is no such button. From a wrong state it answers null and does nothing. */
  const press = (model: string, button: string, row: Row): { result: unknown } | undefined => {
    if (model === 'stock.shipment.out' && button === 'assign_try') return { result: assign(row) }
    const found = BUTTONS[model]?.[button]
    if (!found) return undefined
    if (found.from.includes(String(row.state))) found.do(row)
    return { result: null }
  }

  const expect = (row: Row) => {
    for (const id of Array.isArray(row.lines) ? row.lines : []) {
      const line = db.get('stock.inventory.line', num(id))
      db.update(line, { expected_quantity: quantity(num(line.product), [num(row.location)]) })
    }
  }

  /** `[["create", [...]], ["add", [ids]], ["write", [ids], values]]` on a shipment's moves. */
  const changeMoves = (model: string, id: number, commands: unknown) => {
    for (const command of Array.isArray(commands) ? commands : []) {
      const [what, first, values] = command
      if (what === 'create') for (const move of first) addMove({ ...move, shipment: `${model},${id}` })
      else if (what === 'add')
        for (const move of first) db.update(db.get('stock.move', move), { shipment: `${model},${id}` })
      else if (what === 'write') for (const move of first) writeMove(db.get('stock.move', move), values)
    }
  }
  const writeMove = (move: Row, values: object) => {
    if (move.state === 'done' || move.state === 'cancelled')
      throw userError(`You cannot modify move "${move.id}" because it is ${move.state}.`)
    db.update(move, values)
  }
  return {
    movesOf,
    outgoing,
    shelf,
    incoming,
    quantity,
    addMove,
    press,
    expect,
    changeMoves,
    writeMove,
    wait,
  }
}
