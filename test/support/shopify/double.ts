import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type DocumentNode, execute, getOperationAST, parse, validate } from 'graphql'
import { API_VERSION, SCOPES } from '../../../src/connectors/shopify/config.ts'
import type { SignedRequest } from '../../contracts/connector.ts'
import { costOf, errorOf, missingKeys, missingScopes } from './check.ts'
import { mutationRoot } from './mutations.ts'
import { adminSchema } from './schema.ts'
import { queryRoot } from './views.ts'
import { type Sent, ShopWorld } from './world.ts'

export const SHOP = 'plain-mugs.myshopify.com'
export const TOKEN = 'shpat_for-tests'
export const SECRET = 'client-secret-for-tests'

/** The points of a shop on the basic plan, as Shopify gives them back. */
const BUCKET = { maximumAvailable: 2000, restoreRate: 100 }
const MAX_COST = 1000

/** What goes wrong inside a 200 at the next call of the kind, so many times. */
export type Trouble = {
  kind: 'throttled' | 'internal before' | 'internal after' | 'user error'
  on: 'any' | 'mutation'
  times: number
}

export type ShopDouble = {
  url: string
  world: ShopWorld
  /** Names of the documents that came, oldest first. */
  calls: string[]
  /** Scopes of the token; all that the connector asks for unless taken away. */
  scopes: Set<string>
  /** What is left in the bucket now. */
  available(): number
  drain(): void
  trouble(trouble: Trouble): void
  /** The next change has its effect, and its answer gets lost. */
  loseNextAnswer(): void
  sign(topic: string, body: Buffer, more?: { secret?: string; id?: string; shop?: string }): SignedRequest
  /** Everything sent so far on these topics, signed. */
  delivered(topic: RegExp): SignedRequest[]
  stop(): Promise<void>
}

type Request = { query: string; variables?: Record<string, unknown>; operationName?: string }

const bodyOf = async (stream: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

type Read = { document: DocumentNode } | { error: object }
/** Checking a document against so large a schema takes its time; what has been checked once stays so. */
const checked = new Map<string, Read>()
const readDocument = (text: string): Read => {
  const known = checked.get(text)
  if (known) return known
  let read: Read
  try {
    const document = parse(text)
    const [invalid] = validate(adminSchema().schema, document)
    read = invalid ? { error: errorOf(invalid.message, 'undefinedField') } : { document }
  } catch (error) {
    read = { error: errorOf(String(error), 'parseError') }
  }
  checked.set(text, read)
  return read
}

export const sign = (
  topic: string,
  body: Buffer,
  { secret = SECRET, id, shop = SHOP }: { secret?: string; id?: string; shop?: string } = {},
): SignedRequest => {
  const hmac = createHmac('sha256', secret).update(body).digest('base64')
  return {
    headers: {
      'x-shopify-hmac-sha256': hmac,
      'x-shopify-topic': topic,
      'x-shopify-shop-domain': shop,
      'x-shopify-webhook-id': id ?? `wh-${hmac.slice(0, 20)}`,
    },
    body,
  }
}

/**
 * A Shopify shop over real HTTP, as strict as the real one: it runs only documents that are valid against the real
 * schema, within the token's scopes and the shop's points, and with the keys that the documentation demands.
 */
export const startShop = async (start = new Date('2026-11-23T06:00:00Z')): Promise<ShopDouble> => {
  const admin = adminSchema()
  const world = new ShopWorld(start)
  const scopes = new Set<string>(SCOPES)
  const root = { ...queryRoot(world, SHOP, () => [...scopes]), ...mutationRoot(world) }
  const calls: string[] = []
  const troubles: Trouble[] = []
  /** What was answered to a key, and to what. */
  const keys = new Map<string, { asked: string; answer: object }>()
  const bucket = { left: BUCKET.maximumAvailable, at: world.now().getTime() }
  let losing = false

  const available = () => {
    const refilled = ((world.now().getTime() - bucket.at) / 1000) * BUCKET.restoreRate
    return Math.min(BUCKET.maximumAvailable, bucket.left + refilled)
  }
  const spend = (points: number) => {
    bucket.left = available() - points
    bucket.at = world.now().getTime()
  }
  const costs = (requestedQueryCost: number) => ({
    cost: { requestedQueryCost, throttleStatus: { ...BUCKET, currentlyAvailable: Math.floor(available()) } },
  })
  const strikes = (kind: Trouble['kind'], isMutation: boolean): boolean => {
    const trouble = troubles.find((t) => t.kind === kind && t.times > 0 && (t.on === 'any' || isMutation))
    if (trouble) trouble.times -= 1
    return trouble !== undefined
  }

  const run = async (document: DocumentNode, { query, variables = {} }: Request): Promise<object> => {
    const operation = getOperationAST(document)
    if (!operation) return { errors: [errorOf('No operation.', 'missingOperation')] }
    const isMutation = operation.operation === 'mutation'
    const requested = costOf(document, operation, admin, variables)
    const extensions = () => costs(requested)
    if (requested > MAX_COST) return { errors: [errorOf('Query cost is too high', 'MAX_COST_EXCEEDED')] }
    if (strikes('throttled', isMutation)) spend(available())
    if (available() < requested)
      return { errors: [errorOf('Throttled', 'THROTTLED')], extensions: extensions() }
    const [missing] = missingScopes(document, admin, scopes)
    if (missing) {
      const requiredAccess = missing.slice(missing.indexOf(': ') + 2)
      const error = errorOf(`Access denied for ${missing}`, 'ACCESS_DENIED', { requiredAccess })
      return { data: null, errors: [{ ...error, path: [missing] }] }
    }
    const [keyless] = missingKeys(document, admin, variables)
    if (keyless) return { errors: [errorOf(`${keyless} needs the @idempotent directive`, 'BAD_REQUEST')] }
    // What a query could cost is held back while it runs; what it did cost is mostly a tenth of that.
    spend(Math.ceil(requested / 10))
    if (strikes('internal before', isMutation)) {
      return {
        data: null,
        errors: [errorOf('Internal error. Looks like something went wrong.', 'INTERNAL_SERVER_ERROR')],
      }
    }
    const field = operation.selectionSet.selections[0]
    if (strikes('user error', isMutation) && field?.kind === 'Field') {
      const errors = [{ field: null, message: 'Something about it is not right.' }]
      const name = field.name.value === 'orderCancel' ? 'orderCancelUserErrors' : 'userErrors'
      return { data: { [field.name.value]: { [name]: errors } }, extensions: extensions() }
    }
    const asked = JSON.stringify([query, variables])
    const key =
      isMutation && admin.needsKey.has(field?.kind === 'Field' ? field.name.value : '') ? variables.key : null
    const known = typeof key === 'string' ? keys.get(key) : undefined
    if (known && known.asked !== asked)
      return {
        errors: [errorOf('The same key with other parameters.', 'IDEMPOTENCY_KEY_PARAMETER_MISMATCH')],
      }
    const result =
      known?.answer ??
      (await execute({ schema: admin.schema, document, rootValue: root, variableValues: variables }))
    if (typeof key === 'string') keys.set(key, { asked, answer: result })
    if (strikes('internal after', isMutation)) {
      return {
        data: null,
        errors: [errorOf('Internal error. Looks like something went wrong.', 'INTERNAL_SERVER_ERROR')],
      }
    }
    return { ...result, extensions: extensions() }
  }

  const answer = async (
    incoming: IncomingMessage,
  ): Promise<{ status: number; body: object; lose: boolean }> => {
    const text = await bodyOf(incoming)
    const no = (status: number, errors: unknown) => ({ status, body: { errors }, lose: false })
    if (incoming.method !== 'POST' || incoming.url !== `/admin/api/${API_VERSION}/graphql.json`)
      return no(404, 'Not Found')
    if (incoming.headers['x-shopify-access-token'] !== TOKEN)
      return no(401, '[API] Invalid API key or access token (unrecognized login or wrong password)')
    const request: Request = JSON.parse(text)
    calls.push(request.operationName ?? '')
    const read = readDocument(request.query)
    if ('error' in read) return { status: 200, body: { errors: [read.error] }, lose: false }
    const { document } = read
    const effects = world.effects
    const body = await run(document, request)
    const lose = losing && world.effects > effects
    if (lose) losing = false
    return { status: 200, body, lose }
  }

  const server = createServer((incoming, outgoing) => {
    answer(incoming).then(
      ({ status, body, lose }) => {
        if (lose) return incoming.socket.destroy()
        return outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      },
      (error: unknown) => outgoing.writeHead(400).end(JSON.stringify({ errors: String(error) })),
    )
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const signed = ({ topic, body }: Sent, index: number) => sign(topic, body, { id: `wh-${index}` })
  return {
    url: `http://127.0.0.1:${port}`,
    world,
    calls,
    scopes,
    available,
    drain: () => spend(available()),
    trouble: (trouble) => troubles.push(trouble),
    loseNextAnswer() {
      losing = true
    },
    sign,
    delivered: (topic) =>
      world.sent.map(signed).filter(({ headers }) => topic.test(headers['x-shopify-topic'] ?? '')),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
