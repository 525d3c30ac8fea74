import { z } from 'zod'

/** Tryton's tagged values, as they travel. */
export const decimal = (value: number) => ({ __class__: 'Decimal', decimal: String(value) })
export const today = () => {
  const now = new Date()
  return {
    __class__: 'date',
    year: now.getUTCFullYear(),
    month: now.getUTCMonth() + 1,
    day: now.getUTCDate(),
  }
}

const answer = z.object({ result: z.unknown().optional(), error: z.unknown().optional() })
const created = z.array(z.number()).min(1)

/** A person's session at one Tryton database. */
export type Tryton = {
  call(method: string, ...params: unknown[]): Promise<unknown>
  /** The rows that a domain matches, oldest first; the fields that are read are those of `shape`. */
  rows<S extends z.ZodRawShape>(
    model: string,
    domain: unknown[],
    shape: S,
  ): Promise<z.infer<z.ZodObject<S>>[]>
  /** The only row that matches. */
  row<S extends z.ZodRawShape>(model: string, domain: unknown[], shape: S): Promise<z.infer<z.ZodObject<S>>>
  create(model: string, values: object): Promise<number>
  button(model: string, name: string, id: number): Promise<unknown>
  /** Presses one button after the other. */
  buttons(model: string, names: string[], id: number): Promise<void>
  /** The same session, with more in its context. */
  within(more: object): Tryton
}

/** Logs in. Every error throws, also one that comes inside a 200. */
export const logIn = async (url: string, user: string, password: string): Promise<Tryton> => {
  const post = async (method: string, params: unknown[], headers: Record<string, string> = {}) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ id: 1, method, params }),
      signal: AbortSignal.timeout(20_000),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method}: HTTP ${response.status} ${text.slice(0, 300)}`)
    const { result, error } = answer.parse(JSON.parse(text))
    if (error !== undefined) throw new Error(`${method}: ${JSON.stringify(error).slice(0, 600)}`)
    return result
  }
  const [id, token] = z
    .tuple([z.number(), z.string()])
    .parse(await post('common.db.login', [user, { password }, 'en']))
  const authorization = `Session ${Buffer.from(`${user}:${id}:${token}`).toString('base64')}`
  const preferences = await post('model.res.user.get_preferences', [true, {}], { authorization })
  return session(
    (method, params) => post(method, params, { authorization }),
    z.looseObject({}).parse(preferences),
  )
}

type Post = (method: string, params: unknown[]) => Promise<unknown>

const session = (post: Post, context: object): Tryton => {
  const it: Tryton = {
    // The context is always the last parameter.
    call: (method, ...params) => post(method, [...params, context]),
    async rows(model, domain, shape) {
      const fields = Object.keys(shape)
      const order = [['id', 'ASC']]
      const found = await it.call(`model.${model}.search_read`, domain, 0, 500, order, fields)
      return z.array(z.object(shape)).parse(found)
    },
    async row(model, domain, shape) {
      const [row, ...others] = await it.rows(model, domain, shape)
      if (!row || others.length > 0) {
        throw new Error(`${model} ${JSON.stringify(domain)}: ${row ? others.length + 1 : 0} rows, wanted one`)
      }
      return row
    },
    async create(model, values) {
      const [id = 0] = created.parse(await it.call(`model.${model}.create`, [values]))
      return id
    },
    button: (model, name, id) => it.call(`model.${model}.${name}`, [id]),
    async buttons(model, names, id) {
      for (const name of names) await it.button(model, name, id)
    },
    within: (more) => session(post, { ...context, ...more }),
  }
  return it
}
