/** The tables of a Tryton double: rows, dates of change, search with domains and nested fields. */

export type Row = { id: number; [field: string]: unknown }
type Clause = unknown[]

/** What a relation's field leads to. */
const RELATIONS: Record<string, Record<string, string>> = {
  'stock.move': {
    product: 'product.product',
    from_location: 'stock.location',
    to_location: 'stock.location',
    sale: 'sale.sale',
    purchase: 'purchase.purchase',
  },
  'stock.shipment.out': {
    moves: 'stock.move',
    warehouse: 'stock.location',
    inventory_moves: 'stock.move',
    outgoing_moves: 'stock.move',
  },
  'stock.shipment.in': { moves: 'stock.move', warehouse: 'stock.location', incoming_moves: 'stock.move' },
  'stock.inventory': { lines: 'stock.inventory.line' },
  'sale.sale': { lines: 'sale.line', currency: 'currency.currency', shipments: 'stock.shipment.out' },
  'sale.line': { product: 'product.product', unit: 'product.uom' },
  'purchase.purchase': {
    lines: 'purchase.line',
    moves: 'stock.move',
    currency: 'currency.currency',
    shipments: 'stock.shipment.in',
  },
  'purchase.line': { product: 'product.product', unit: 'product.uom' },
  'product.product': { default_uom: 'product.uom' },
  'party.party': { customer_location: 'stock.location' },
  'res.user': { company: 'company.company' },
  'company.company': { currency: 'currency.currency' },
}
const USERS = { create_uid: 'res.user', write_uid: 'res.user' }

/** A fault of the double's server, as it stands in the body of a 200. */
export class Inside200 extends Error {
  readonly error: unknown[]
  constructor(error: unknown[]) {
    super(String(error[0]))
    this.error = error
  }
}
export const userError = (words: string) => new Inside200(['UserError', [words, '', null]])

const stampOf = (ms: number, micro: number) => {
  const at = new Date(ms)
  return {
    __class__: 'datetime',
    year: at.getUTCFullYear(),
    month: at.getUTCMonth() + 1,
    day: at.getUTCDate(),
    hour: at.getUTCHours(),
    minute: at.getUTCMinutes(),
    second: at.getUTCSeconds(),
    microsecond: at.getUTCMilliseconds() * 1000 + micro,
  }
}
const comparable = (value: unknown): string | number | boolean | null => {
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? value : null
  }
  const parts: Record<string, unknown> = { ...value }
  const pad = (name: string, width: number) => String(parts[name] ?? 0).padStart(width, '0')
  return ['year', 'month', 'day', 'hour', 'minute', 'second', 'microsecond']
    .map((name) => pad(name, name === 'microsecond' ? 6 : 4))
    .join('')
}

export const createTables = (computed: (model: string, row: Row, field: string, context: Row) => unknown) => {
  const tables = new Map<string, Map<number, Row>>()
  let lastId = 100
  let last = 0
  const table = (model: string) => {
    const found = tables.get(model)
    if (!found) throw new Inside200([`'${model}'`, ''])
    return found
  }
  /** Later with every transaction, as a database's clock is. */
  const now = () => {
    last = Math.max(last + 1, Date.now() * 1000)
    return stampOf(Math.floor(last / 1000), last % 1000)
  }
  let transaction = now()

  const value = (model: string, row: Row, field: string, context: Row): unknown => {
    if (field === '_timestamp') return comparable(row.write_date ?? row.create_date)
    return field in row ? row[field] : computed(model, row, field, context)
  }
  const related = (model: string, field: string): string => {
    const to = { ...USERS, ...RELATIONS[model] }[field]
    if (to === undefined) throw new Inside200([`'${field}'`, ''])
    return to
  }

  /** The values at the end of a path: several where it leads through lists. */
  const valuesAt = (model: string, row: Row, path: string[], context: Row): unknown[] => {
    const [field = '', ...rest] = path
    const here = value(model, row, field, context)
    if (rest.length === 0) return Array.isArray(here) ? here : [here]
    const to = related(model, field)
    const ids = Array.isArray(here) ? here : here === null || here === undefined ? [] : [here]
    return ids.flatMap((id) => {
      const next = table(to).get(Number(id))
      return next ? valuesAt(to, next, rest, context) : []
    })
  }

  const holds = (found: unknown, operator: unknown, wanted: unknown): boolean => {
    const [a, b] = [comparable(found), comparable(wanted)]
    switch (operator) {
      case '=':
        return a === b
      case '!=':
        return a !== b
      case '>':
        return a !== null && b !== null && a > b
      case '>=':
        return a !== null && b !== null && a >= b
      case 'in':
        return Array.isArray(wanted) && wanted.includes(found)
      case 'ilike': {
        if (typeof found !== 'string' || typeof wanted !== 'string') return false
        const text = wanted.replaceAll('\\', '').toLowerCase()
        return text.startsWith('%')
          ? found.toLowerCase().endsWith(text.slice(1))
          : found.toLowerCase() === text
      }
      default:
        throw new Inside200([`unknown operator ${String(operator)}`, ''])
    }
  }

  const fits = (model: string, row: Row, domain: unknown, context: Row): boolean => {
    if (!Array.isArray(domain)) throw new Inside200(['bad domain', ''])
    const [first, operator, wanted] = domain
    if (typeof first === 'string' && first !== 'OR' && first !== 'AND') {
      const found = valuesAt(model, row, first.split('.'), context)
      return operator === '!=' && wanted === null
        ? found.some((v) => v !== null && v !== undefined)
        : (found.length === 0 ? [null] : found).some((v) => holds(v ?? null, operator, wanted))
    }
    const clauses: Clause[] = typeof first === 'string' ? domain.slice(1) : domain
    return first === 'OR'
      ? clauses.some((clause) => fits(model, row, clause, context))
      : clauses.every((clause) => fits(model, row, clause, context))
  }

  const show = (model: string, row: Row, fields: string[], context: Row): Row => {
    const shown: Row = { id: row.id }
    const nested = new Map<string, string[]>()
    for (const field of fields) {
      const [head = '', ...rest] = field.split('.')
      if (rest.length === 0) shown[head] = value(model, row, head, context) ?? null
      else nested.set(head, [...(nested.get(head) ?? []), rest.join('.')])
    }
    for (const [head, rest] of nested) {
      const to = related(model, head)
      const here = value(model, row, head, context)
      const one = (id: unknown) => {
        const next = table(to).get(Number(id))
        return next ? show(to, next, rest, context) : null
      }
      shown[`${head}.`] = Array.isArray(here)
        ? here.map(one)
        : here === null || here === undefined
          ? null
          : one(here)
    }
    return shown
  }

  const all = (model: string): Row[] => [...table(model).values()]
  return {
    all,
    get(model: string, id: number): Row {
      const row = table(model).get(id)
      if (!row) throw userError(`There is no ${model} ${id}.`)
      return row
    },
    has: (model: string) => tables.has(model),
    define: (...models: string[]) => {
      for (const model of models) tables.set(model, new Map())
    },
    begin() {
      transaction = now()
    },
    insert(model: string, values: object, id = ++lastId): Row {
      const row: Row = {
        ...values,
        id,
        create_date: transaction,
        write_date: null,
        create_uid: 2,
        write_uid: null,
      }
      table(model).set(row.id, row)
      return row
    },
    update(row: Row, values: object) {
      Object.assign(row, values, { write_date: transaction, write_uid: 2 })
    },
    remove: (model: string, id: number) => table(model).delete(id),
    stamp: (row: Row) => comparable(row.write_date ?? row.create_date),
    search(model: string, params: unknown[], context: Row): Row[] {
      const [domain, offset, limit, order, fields] = params
      const by = Array.isArray(order) ? order : [['id', 'ASC']]
      const found = all(model)
        .filter((row) => fits(model, row, domain, context))
        .sort((a, b) => {
          for (const [field, way] of by) {
            const [x, y] = [
              comparable(value(model, a, field, context)),
              comparable(value(model, b, field, context)),
            ]
            if (x === y || x === null || y === null) continue
            return (x < y ? -1 : 1) * (way === 'DESC' ? -1 : 1)
          }
          return 0
        })
      const from = Number(offset)
      const page = found.slice(from, limit === null ? undefined : from + Number(limit))
      return page.map((row) => show(model, row, Array.isArray(fields) ? fields.map(String) : [], context))
    },
  }
}
export type Tables = ReturnType<typeof createTables>
