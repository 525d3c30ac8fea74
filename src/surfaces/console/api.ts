import express, { type NextFunction, type Request, type Response, Router } from 'express'
import { z } from 'zod'
import { batchOf, batchRef } from '../../app/card-ref.ts'
import { UserError } from '../../app/errors.ts'
import type { ExceptionFilter, ExceptionPage, ExceptionRow } from '../../app/queries.ts'
import type { PressAnswer, SurfaceHost } from '../../app/surface.ts'
import { renderAdaptiveCard } from '../adaptive-card.ts'
import { BadRequest, parseInput } from './bad-request.ts'
import { identityOf } from './identity.ts'
import type { ChangeStream } from './stream.ts'
import { wireBatch, wireCard, wireDetail, wireException } from './to-wire.ts'
import type {
  WireBatch,
  WireBatches,
  WireCard,
  WireCards,
  WireChannels,
  WireCommandAnswer,
  WireExceptionDetail,
  WireExceptions,
  WireMe,
  WirePerson,
  WirePressAnswer,
} from './wire.ts'

/** Cards are composed one by one; this many at a time leaves the database to others. */
const CARDS_AT_ONCE = 8

const timeline = z.union([
  z.literal('live'),
  z.literal('any'),
  z.templateLiteral(['import:', z.string().min(1).max(200)]),
])

const listQuery = z.strictObject({
  state: z.enum(['open', 'closed', 'all']).default('open'),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  after: z.string().min(1).max(500).optional(),
  channel: z.string().min(1).max(200).optional(),
  q: z.string().max(200).optional(),
  timeline: timeline.default('live'),
})

const id = z.string().min(1).max(200)
const interactionKey = z.string().min(8).max(100).optional()

const pressBody = z.strictObject({
  exception: id,
  action: id,
  version: z.number().int().min(0),
  values: z.record(z.string().max(100), z.union([z.string().max(4000), z.number(), z.boolean()])).default({}),
  formOpenMs: z.number().int().min(0).max(86_400_000).optional(),
  interactionKey,
})

const commandBody = z.strictObject({
  channel: id.nullable().default(null),
  text: z.string().trim().min(1, 'type a question, for example: help').max(2000),
  interactionKey,
})

export type ApiParts = {
  host: SurfaceHost
  people: WirePerson[]
  stream: ChangeStream
  now: () => Date
  /** Told of every failure that is not the caller's mistake. */
  onError: (error: unknown, where: string) => void
}

/** The JSON API below `/console/api`. Everything that reaches it has passed the guard. */
export const createApi = (parts: ApiParts): Router => {
  const { host } = parts
  const api = Router({ caseSensitive: true })
  api.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store')
    next()
  })

  api.get('/exceptions', async (request, response: Response<WireExceptions>) => {
    const page = await listPage(host, request)
    response.json({ items: page.items.map(wireException), next: page.next })
  })
  api.get('/exceptions/:id', async (request, response: Response<WireExceptionDetail>) => {
    response.json(wireDetail(await found(host, request.params.id)))
  })
  api.get('/exceptions/:id/card', async (request, response: Response<WireCard>) => {
    const row = await found(host, request.params.id)
    const card = await host.card(row.id)
    if (card === null) throw unknownException(row.id)
    response.json(wireCard(row, card))
  })
  api.get('/cards', async (request, response: Response<WireCards>) => {
    const page = await listPage(host, request)
    response.json({ items: await cardsOf(host, page.items), next: page.next, total: page.total })
  })
  api.get('/batches', async (_request, response: Response<WireBatches>) => {
    const batches = await host.queries.batches()
    const drawn = await Promise.all(
      batches.map(async (batch) => ({ batch, card: await host.card(batchRef(batch.id)) })),
    )
    response.json({ items: drawn.flatMap(({ batch, card }) => (card ? [wireBatch(batch, card)] : [])) })
  })
  api.get('/batches/:id', async (request, response: Response<WireBatch>) => {
    const { id } = request.params
    const ref = batchRef(id)
    const batch = batchOf(ref) === null ? null : await host.queries.batch(id)
    const card = batch && (await host.card(ref))
    if (!batch || !card) throw new BadRequest(`No batch has the id ${id}`, 404)
    response.json(wireBatch(batch, card))
  })
  api.get('/channels', async (_request, response: Response<WireChannels>) => {
    response.json({ items: await host.queries.channels() })
  })
  api.get('/me', (_request, response: Response<WireMe>) => {
    response.json({ people: parts.people, signedIn: response.locals.accessBy === 'session' })
  })
  // Last-Event-ID needs no answer: the page reads the list again whenever it has connected.
  api.get('/stream', (_request, response) => parts.stream.add(response))

  api.use(express.json({ limit: '64kb' }))
  api.post('/press', async (request, response: Response<WirePressAnswer>) => {
    const { result, message } = await press(parts, request)
    response.json({ result, message })
  })
  api.post('/command', async (request, response: Response<WireCommandAnswer>) => {
    const { channel, text, interactionKey } = parseInput(commandBody, request.body, 'body')
    const reply = await host.command({
      identity: identityOf(request, parts.people),
      channel,
      text,
      interactionKey: interactionKey ?? null,
    })
    response.json({ card: renderAdaptiveCard(reply.card), text: reply.text })
  })

  api.use((request) => {
    throw new BadRequest(`Nothing answers to ${request.method} ${request.originalUrl}`, 404)
  })
  api.use(answerError(parts.onError))
  return api
}

const listPage = (host: SurfaceHost, request: Request): Promise<ExceptionPage> => {
  const query = parseInput(listQuery, request.query, 'query')
  const words = (query.q ?? '').split(/\s+/).filter((word) => word !== '')
  const filter: ExceptionFilter = {
    state: query.state,
    timeline: query.timeline,
    after: query.after ?? null,
    limit: query.limit,
    ...(query.channel === undefined ? {} : { channel: query.channel }),
    ...(words.length === 0 ? {} : { words }),
  }
  return host.queries.listExceptions(filter)
}

const unknownException = (ref: string): BadRequest => {
  const batch = batchOf(ref)
  return new BadRequest(
    batch === null ? `No exception has the id ${ref}` : `No batch has the id ${batch}`,
    404,
  )
}

const found = async (host: SurfaceHost, exception: string) => {
  const row = exception.length > 200 ? null : await host.queries.getException(exception)
  if (row === null) throw unknownException(exception)
  return row
}

/** In the order of the rows; one that vanished in between is left out. */
const cardsOf = async (host: SurfaceHost, rows: ExceptionRow[]): Promise<WireCard[]> => {
  const cards: WireCard[] = []
  for (let start = 0; start < rows.length; start += CARDS_AT_ONCE) {
    const some = rows.slice(start, start + CARDS_AT_ONCE)
    const drawn = await Promise.all(some.map(async (row) => ({ row, card: await host.card(row.id) })))
    for (const { row, card } of drawn) if (card !== null) cards.push(wireCard(row, card))
  }
  return cards
}

const press = async (parts: ApiParts, request: Request): Promise<PressAnswer> => {
  const body = parseInput(pressBody, request.body, 'body')
  const input = {
    identity: identityOf(request, parts.people),
    exception: body.exception,
    action: body.action,
    version: body.version,
    values: body.values,
    formOpenedAt: body.formOpenMs === undefined ? null : new Date(parts.now().getTime() - body.formOpenMs),
    interactionKey: body.interactionKey ?? null,
  }
  try {
    return await parts.host.press(input)
  } catch (error) {
    // Asked only after a failure: an ordinary press costs no extra query.
    if ((await parts.host.card(body.exception)) === null) throw unknownException(body.exception)
    throw error
  }
}

/** Malformed JSON, a body too large, an address that cannot be decoded: the caller's mistakes, told by status. */
const clientError = (error: unknown): { status: number; type: string } | null => {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return null
  if (error.status < 400 || error.status >= 500) return null
  return { status: error.status, type: 'type' in error ? String(error.type) : '' }
}

const PARSER_WORDS: Record<string, string> = {
  'entity.parse.failed': 'The body is not valid JSON.',
  'entity.too.large': 'The body is larger than 64 KB.',
}

const answerError =
  (onError: ApiParts['onError']) =>
  (error: unknown, request: Request, response: Response, next: NextFunction): void => {
    const mistake = clientError(error)
    if (response.headersSent) next(error)
    else if (error instanceof BadRequest) {
      response.status(error.status).json({ error: error.message })
    } else if (error instanceof UserError) {
      response.status(400).json({ error: error.message })
    } else if (mistake !== null) {
      const words = PARSER_WORDS[mistake.type] ?? 'The request cannot be read.'
      response.status(mistake.status).json({ error: words })
    } else {
      onError(error, `${request.method} ${request.baseUrl}${request.path}`)
      response.status(500).json({ error: 'Baton could not do this just now. Try again; its log says why.' })
    }
  }
