import { z } from 'zod'
import { SystemError } from '../../app/errors.ts'
import { createHttpClient } from '../http/client.ts'
import { API_VERSION, type ShopifyConfig } from './config.ts'
import { type Clock, createBucket } from './throttle.ts'

/** One GraphQL document that the connector sends. */
export type Document = { name: string; text: string }
export type Variables = Record<string, unknown>

/** The shop's GraphQL Admin API. Everything that goes wrong is a SystemError, also what comes inside a 200. */
export type ShopifyClient = {
  /** A query. `raw`: the answer as it came, to be kept. */
  query<T>(
    document: Document,
    variables: Variables,
    shape: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<{ data: T; raw: Buffer }>
  /**
   * A mutation of one field: answers the field's payload. Throws `refused` with the shop's own words for user errors;
   * `known` are the codes that the caller answers himself.
   */
  mutate<T>(
    document: Document,
    variables: Variables,
    shape: z.ZodType<T>,
    signal: AbortSignal,
    known?: string[],
  ): Promise<{ payload: T; codes: string[] }>
}

const errorShape = z.object({
  message: z.string(),
  path: z.array(z.unknown()).nullish(),
  extensions: z
    .looseObject({ code: z.string().optional(), requiredAccess: z.string().optional() })
    .optional(),
})
type GraphqlError = z.infer<typeof errorShape>
const answerShape = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z.union([z.array(errorShape), z.string()]).optional(),
  extensions: z
    .object({
      cost: z
        .object({
          requestedQueryCost: z.number(),
          throttleStatus: z.object({
            maximumAvailable: z.number(),
            currentlyAvailable: z.number(),
            restoreRate: z.number().positive(),
          }),
        })
        .optional(),
    })
    .optional(),
})
const userError = z.object({
  message: z.string(),
  code: z.string().nullish(),
  field: z.array(z.string()).nullish(),
})
const withUserErrors = z.looseObject({
  userErrors: z.array(userError).optional(),
  orderCancelUserErrors: z.array(userError).optional(),
})

/** A call that Shopify has throttled was not carried out, and is sent again so many times. */
const THROTTLED_TRIES = 3
/** Codes of an error inside a 200 that an admin has to mend. */
const MISCONFIGURED = new Set(['ACCESS_DENIED', 'SHOP_INACTIVE', 'FORBIDDEN'])

/** The failure that an error inside a 200 stands for. */
const failureOf = (
  system: string,
  intent: 'query' | 'mutation',
  { errors, ran, answered }: Failed,
): SystemError => {
  const [first] = errors
  const code = first?.extensions?.code ?? ''
  const said = `${first?.message ?? 'no words'}`.slice(0, 300)
  const open = `${system} failed in the middle (${said}), and nobody knows what it did: look there first.`
  if (intent === 'mutation' && answered) return new SystemError(system, 'ambiguous', open)
  if (MISCONFIGURED.has(code)) {
    const needs = first?.extensions?.requiredAccess
    const words = `${system} denies access: ${said}${needs ? ` It needs: ${needs}` : ''} Check the app's scopes.`
    return new SystemError(system, 'misconfigured', words)
  }
  const broke = code === 'INTERNAL_SERVER_ERROR' || code === 'TIMEOUT'
  if (intent === 'query' && broke) return new SystemError(system, 'unreachable', `${system} failed: ${said}`)
  // What was refused before it ran has a code and has changed nothing; what broke while it ran may have.
  if (intent === 'mutation' && (broke || ran || code === ''))
    return new SystemError(system, 'ambiguous', open)
  return new SystemError(system, 'refused', `${system} refused: ${said}`)
}
/** `ran`: it was begun; `answered`: the change itself came through, and what failed is a part of its answer. */
type Failed = { errors: GraphqlError[]; ran: boolean; answered: boolean }

const isThrottled = (errors: GraphqlError[]) => errors.some((e) => e.extensions?.code === 'THROTTLED')

export const createShopifyClient = (config: ShopifyConfig, clock: Clock, retryMs?: number): ShopifyClient => {
  const system = config.name
  const http = createHttpClient({
    system,
    baseUrl: config.url ?? `https://${config.shop}`,
    headers: { 'x-shopify-access-token': config.token },
    timeoutMs: config.timeoutMs,
    ...(retryMs === undefined ? {} : { retryMs }),
  })
  const bucket = createBucket(system, clock)

  /** An answer of another shape comes from something else; after a mutation nobody knows what it has done. */
  const shaped = <T>(intent: 'query' | 'mutation', schema: z.ZodType<T>, json: unknown): T => {
    const parsed = schema.safeParse(json)
    if (parsed.success) return parsed.data
    const issue = parsed.error.issues[0]
    const where = issue?.path.join('.') || 'the answer'
    const words = `${system} answers with something unreadable at ${where}: ${issue?.message ?? 'not valid'}.`
    throw new SystemError(system, intent === 'query' ? 'misconfigured' : 'ambiguous', words)
  }

  const send = async (
    intent: 'query' | 'mutation',
    document: Document,
    variables: Variables,
    signal: AbortSignal,
  ): Promise<{ data: Record<string, unknown>; raw: Buffer }> => {
    for (let tries = 1; ; tries++) {
      await bucket.enter(document.name, signal)
      const call = {
        method: 'POST' as const,
        path: `/admin/api/${API_VERSION}/graphql.json`,
        body: { query: document.text, operationName: document.name, variables },
        signal,
      }
      const { json, raw } = await (intent === 'query' ? http.read(call) : http.change(call))
      const answer = shaped(intent, answerShape, json)
      const cost = answer.extensions?.cost
      if (cost) bucket.learn(document.name, cost.requestedQueryCost, cost.throttleStatus)
      const errors = typeof answer.errors === 'string' ? [{ message: answer.errors }] : (answer.errors ?? [])
      if (errors.length === 0 && answer.data) return { data: answer.data, raw }
      if (!isThrottled(errors)) {
        const ran = answer.data != null || errors.some((error) => error.path != null)
        const answered =
          Object.values(answer.data ?? {}).some((payload) => payload !== null) ||
          errors.some((error) => (error.path?.length ?? 0) > 1)
        throw failureOf(system, intent, { errors, ran, answered })
      }
      if (tries >= THROTTLED_TRIES || !cost) {
        throw new SystemError(system, 'unreachable', `${system} asks to be left alone for a while.`, 5_000)
      }
    }
  }

  return {
    async query(document, variables, shape, signal) {
      const { data, raw } = await send('query', document, variables, signal)
      return { data: shaped('query', shape, data), raw }
    },
    async mutate(document, variables, shape, signal, known = []) {
      const { data } = await send('mutation', document, variables, signal)
      const [payload] = Object.values(data)
      const { userErrors = [], orderCancelUserErrors = [] } = shaped('mutation', withUserErrors, payload)
      const errors = [...userErrors, ...orderCancelUserErrors]
      const unknown = errors.filter(({ code }) => !code || !known.includes(code))
      if (unknown.length > 0) {
        const words = unknown.map(({ message }) => message).join(' ')
        throw new SystemError(system, 'refused', `${system} refused: ${words}`)
      }
      return {
        payload: shaped('mutation', shape, payload),
        codes: errors.flatMap(({ code }) => (code ? [code] : [])),
      }
    },
  }
}
