import { z } from 'zod'
import type { WireFact } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import { createHttpClient, type HttpAnswer } from '../http/client.ts'
import type { SandboxConfig } from './config.ts'
import { parseRow } from './schema.ts'

const pageSchema = z.object({
  now: z.iso.datetime(),
  items: z.array(z.unknown()),
  next_cursor: z.string().regex(/^\d+$/),
  more: z.boolean(),
})
const whoamiSchema = z.object({ role: z.string() })
const itemsSchema = z.object({ items: z.array(z.unknown()) })

export type SandboxClient = {
  page(
    after: number,
    limit: number,
    signal: AbortSignal,
  ): Promise<z.infer<typeof pageSchema> & { raw: Buffer }>
  /** One object, e.g. `deliveries` `D1001-1`. */
  object(on: string, id: string, signal: AbortSignal): Promise<WireFact>
  /** Objects found by a field. */
  find(on: string, query: Record<string, string>, signal: AbortSignal): Promise<WireFact[]>
  /** A change; answers the body. */
  post(path: string[], body: unknown, key: string, signal: AbortSignal): Promise<unknown>
  /** The role that the system gives itself. */
  role(signal: AbortSignal): Promise<string>
}

/** The sandbox's HTTP API, for one of its systems. */
export const createSandboxClient = (config: SandboxConfig): SandboxClient => {
  const http = createHttpClient({
    system: config.name,
    baseUrl: config.url,
    headers: { authorization: `Bearer ${config.token}` },
    timeoutMs: config.timeoutMs,
  })
  const pathOf = (parts: string[]) => `/${parts.map(encodeURIComponent).join('/')}`

  /** An answer of another shape comes from something else than the sandbox. */
  const shaped = <T>(schema: z.ZodType<T>, { json }: HttpAnswer): T => {
    const parsed = schema.safeParse(json)
    if (parsed.success) return parsed.data
    throw new SystemError(
      config.name,
      'misconfigured',
      `${config.name} answers like no sandbox system: check its url.`,
    )
  }
  const factOf = (row: unknown): WireFact => {
    const parsed = parseRow(config.role, row)
    if ('fact' in parsed) return parsed.fact
    throw new SystemError(
      config.name,
      'refused',
      `${config.name} sent something unreadable: ${parsed.reason}`,
    )
  }

  return {
    async page(after, limit, signal) {
      const query = { cursor: String(after), limit: String(limit) }
      const answer = await http.read({ path: '/changes', query, signal })
      return { ...shaped(pageSchema, answer), raw: answer.raw }
    },
    async object(on, id, signal) {
      const { json } = await http.read({ path: pathOf([on, id]), signal })
      return factOf(json)
    },
    async find(on, query, signal) {
      const answer = await http.read({ path: pathOf([on]), query, signal })
      return shaped(itemsSchema, answer).items.map(factOf)
    },
    async post(path, body, key, signal) {
      const headers = { 'idempotency-key': key }
      const { json } = await http.change({ path: pathOf(path), body, headers, signal })
      return json
    },
    async role(signal) {
      return shaped(whoamiSchema, await http.read({ path: '/whoami', signal })).role
    },
  }
}
