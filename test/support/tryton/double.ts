import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { createCommerce } from './commerce.ts'
import { num, PLACES } from './stock.ts'
import { createTables, Inside200, type Row, userError } from './tables.ts'

const callSchema = z.object({ id: z.number(), method: z.string(), params: z.array(z.unknown()) })
const contextSchema = z.record(z.string(), z.unknown())
const PASSWORD = 'a-long-password'

/** Masters that the rig has, under the ids that the rig gives them. */
const furnish = (db: ReturnType<typeof createTables>, role: 'erp' | 'wms') => {
  const stock = [
    'stock.move',
    'stock.shipment.out',
    'stock.shipment.in',
    'stock.location',
    'stock.inventory',
    'stock.inventory.line',
  ]
  const others = [
    'product.product',
    'product.template',
    'product.uom',
    'product.category',
    'party.party',
    'res.user',
    'ir.model',
    'currency.currency',
    'company.company',
  ]
  const trade = [
    'sale.sale',
    'sale.line',
    'purchase.purchase',
    'purchase.line',
    'account.invoice.payment_term',
  ]
  db.define(...stock, ...others, ...(role === 'erp' ? trade : []))
  const put = (model: string, id: number, values: object) => db.insert(model, values, id)
  const { WH, IN, OUT, STO, CUS, SUP, LOST } = PLACES
  const zones = { input_location: IN, output_location: OUT, storage_location: STO }
  put('stock.location', WH, { code: 'WH', type: 'warehouse', ...zones, warehouse: WH })
  for (const [code, id] of Object.entries({ IN, OUT, STO }))
    put('stock.location', id, { code, type: 'storage', warehouse: WH })
  put('stock.location', CUS, { code: 'CUS', type: 'customer', warehouse: null })
  put('stock.location', SUP, { code: 'SUP', type: 'supplier', warehouse: null })
  put('stock.location', LOST, { code: null, type: 'lost_found', warehouse: null })
  put('res.user', 2, { login: 'bot', rec_name: 'Chatops bot', company: 1 })
  put('company.company', 1, { currency: 1 })
  put('currency.currency', 1, { code: 'USD', digits: 2 })
  put('product.uom', 1, { name: 'Unit', factor: 1 })
  put('product.uom', 2, { name: 'Dozen', factor: 12 })
  put('product.category', 1, { name: 'Goods' })
  const customer_location = CUS
  put('party.party', 4, { name: 'Mug Supplier', code: '4', addresses: [4], customer_location })
  put('party.party', 5, {
    name: 'Web Customer',
    code: '5',
    addresses: [5],
    customer_payment_term: 1,
    customer_location,
  })
  if (role === 'erp') put('account.invoice.payment_term', 1, { name: 'Direct' })
  for (const model of [...stock, ...(role === 'erp' ? trade : [])]) db.insert('ir.model', { model })
}

/**
 * One Tryton database behind real HTTP, in memory, as strict as the real one and with its traps: errors inside a 200,
 * 401 for a session it does not know, 403 in HTML for what it does not offer, buttons that answer 200 and do nothing.
 */
export const startTryton = async (role: 'erp' | 'wms') => {
  const computedBy: { current?: ReturnType<typeof createCommerce> } = {}
  const db = createTables((model, row, field, context) => {
    if (model === 'product.product' && field === 'quantity') {
      const places = z.array(z.number()).parse(context.locations ?? [])
      return computedBy.current?.stock.quantity(row.id, places)
    }
    return computedBy.current?.computed(model, row, field)
  })
  furnish(db, role)
  const commerce = createCommerce(db)
  computedBy.current = commerce

  const sessions = new Set<string>()
  let serial = 0
  let expireAfter: number | null = null
  let failNextChange = false
  let writtenMeanwhile: string | null = null

  /** What was read may have been written since: Tryton compares on every write. */
  const guard = (model: string, row: Row, context: Row) => {
    const stamps = context._timestamp
    const stamp =
      stamps && typeof stamps === 'object'
        ? Object.entries(stamps).find(([key]) => key === `${model},${row.id}`)?.[1]
        : undefined
    if (stamp !== undefined && stamp !== db.stamp(row))
      throw new Inside200(['ConcurrencyException', 'Record was modified in the mean time.'])
  }

  const ids = (value: unknown) => z.array(z.number()).parse(value)
  /** Undefined where it is not offered. */
  const perform = (
    model: string,
    verb: string,
    params: unknown[],
    context: Row,
  ): { result: unknown } | undefined => {
    if (!db.has(model)) throw new Inside200([`'${model}'`, ''])
    if (verb === 'search_read') return { result: db.search(model, params, context) }
    db.begin()
    if (failNextChange) {
      failNextChange = false
      throw userError('The period is closed.')
    }
    if (writtenMeanwhile !== null) {
      for (const row of db.all(writtenMeanwhile)) db.update(row, {})
      writtenMeanwhile = null
      db.begin()
    }
    const [first, values] = params
    if (verb === 'create') {
      // Records that are written along with a new one are compared like any other.
      for (const row of db.has('stock.move') ? db.all('stock.move') : []) guard('stock.move', row, context)
      return {
        result: z
          .array(contextSchema)
          .parse(first)
          .map((each) => commerce.create(model, each).id),
      }
    }
    const rows = ids(first).map((id) => db.get(model, id))
    for (const row of rows) guard(model, row, context)
    if (verb === 'write') {
      for (const row of rows) commerce.write(model, row, contextSchema.parse(values))
      return { result: null }
    }
    if (verb === 'delete' && model === 'stock.move') {
      for (const row of rows) {
        if (row.state !== 'draft' && row.state !== 'cancelled')
          throw userError('You cannot delete this move.')
        db.remove(model, row.id)
      }
      return { result: null }
    }
    const [row] = rows
    return row ? commerce.press(model, verb, row) : undefined
  }

  const answer = (response: ServerResponse, status: number, type: string, body: string) =>
    response.writeHead(status, { 'content-type': type }).end(body)

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    if (!request.url?.startsWith(`/${role}/`)) return answer(response, 404, 'text/html', '<h1>Not Found</h1>')
    const { id, method, params } = callSchema.parse(JSON.parse(Buffer.concat(chunks).toString()))
    const reply = (result: unknown) =>
      answer(response, 200, 'application/json', JSON.stringify({ id, result }))
    if (method === 'common.db.login') {
      const [user, secret] = z
        .tuple([z.string(), z.object({ password: z.string() }), z.string()])
        .parse(params)
      if (secret.password !== PASSWORD) return answer(response, 401, 'text/html', '<h1>Unauthorized</h1>')
      const key = `session${++serial}`
      sessions.add(Buffer.from(`${user}:2:${key}`).toString('base64'))
      return reply([2, key])
    }
    const session = request.headers.authorization?.replace(/^Session /, '') ?? ''
    if (expireAfter !== null && expireAfter-- <= 0) {
      sessions.clear()
      expireAfter = null
    }
    if (!sessions.has(session)) return answer(response, 401, 'text/plain', '')
    if (method === 'model.res.user.get_preferences') return reply({ company: 1, language: 'en' })
    const [, model = '', verb = ''] = /^model\.(.+)\.(\w+)$/.exec(method) ?? []
    const context: Row = { id: 0, ...contextSchema.parse(params.at(-1)) }
    try {
      const done = perform(model, verb, params.slice(0, -1), context)
      return done ? reply(done.result) : answer(response, 403, 'text/html', '<h1>Forbidden</h1>')
    } catch (error) {
      const said = error instanceof Inside200 ? error.error : [String(error), '']
      return answer(response, 200, 'application/json', JSON.stringify({ id, error: said }))
    }
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    /** Without the database. */
    url: `http://127.0.0.1:${port}`,
    password: PASSWORD,
    /** Records in one of these states. */
    count: (model: string, ...states: string[]) =>
      db.all(model).filter((row) => states.includes(String(row.state))).length,
    quantity: (sku: string, place: keyof typeof PLACES) => {
      const product = db.all('product.product').find((row) => row.code === sku)
      return commerce.stock.quantity(num(product?.id), [PLACES[place]])
    },
    /** The session is lost on the way: after so many calls that still work. */
    expireSessions(afterCalls: number) {
      expireAfter = afterCalls
    },
    /** The next change is refused with an error inside a 200. */
    refuseNextChange() {
      failNextChange = true
    },
    /** Moves that are planned for a day of that year. */
    plannedIn: (year: number) =>
      db.all('stock.move').filter(({ planned_date: day }) => Object(day).year === year).length,
    /** A purchase's line is by the dozen. */
    inDozens(line: number) {
      db.update(db.get('purchase.line', line), { unit: 2 })
    },
    /** Somebody else writes these records just before the next change comes in. */
    writeMeanwhile(model: string) {
      writtenMeanwhile = model
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
export type TrytonDouble = Awaited<ReturnType<typeof startTryton>>
