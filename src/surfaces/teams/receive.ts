import express, { type Request, type RequestHandler, type Response } from 'express'
import { wordsOf } from '../../app/errors.ts'
import { notFromHere } from '../kit/from-here.ts'
import { outcomeOf } from '../kit/outcome.ts'
import { readActivity } from './activity.ts'
import type { TeamsAdapter } from './adapter.ts'
import type { TeamsConfig } from './config.ts'
import { LIMITS } from './limits.ts'
import { createTaker, type Taking } from './take.ts'

type Receiving = Taking & { config: TeamsConfig; adapter: TeamsAdapter }

/** `POST /api/messages`: JSON of a limited size, from Teams itself. */
export function receive(receiving: Receiving): RequestHandler[] {
  const { config, adapter, log } = receiving
  const take = createTaker(receiving)
  const parse = express.json({ limit: LIMITS.bodyBytes, type: 'application/json' })

  const handle = async (request: Request, response: Response): Promise<void> => {
    const body: unknown = request.body
    if (!isObject(body)) {
      response.status(request.is('application/json') ? 400 : 415).end()
      return
    }
    const refused = await refusalOf(request, body, config, adapter)
    if (refused) {
      log.warn({ surface: 'teams', status: refused.status, problem: refused.words }, 'A request was refused')
      response.status(refused.status).end()
      return
    }
    const activity = readActivity(body, config)
    if (!activity) {
      log.warn({ surface: 'teams' }, 'Teams sent something unreadable, or of another tenant')
      response.status(config.app && isObject(body.conversation) ? 403 : 400).end()
      return
    }
    const answer = await take(activity)
    if (answer.body === undefined) response.status(answer.status).end()
    else response.status(answer.status).json(answer.body)
  }
  return [parse, handle]
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

type Refusal = { status: 401 | 403 | 503; words: string }

/** Why a request is not taken; null where Teams, or in local development this machine, sent it. */
async function refusalOf(
  request: Request,
  body: Record<string, unknown>,
  config: TeamsConfig,
  adapter: TeamsAdapter,
): Promise<Refusal | null> {
  if (config.app === null) return fromElsewhere(request)
  const { type, channelId, serviceUrl } = body
  if (typeof type !== 'string' || channelId !== 'msteams' || typeof serviceUrl !== 'string') {
    return { status: 401, words: 'it does not say which service of Teams it comes from' }
  }
  const claimed = { type, channelId, serviceUrl }
  const known = await outcomeOf(adapter.authenticate(claimed, request.get('authorization') ?? ''))
  if (known.ok) return null
  // Every fault of a token is the caller's; only Microsoft's keys being out of reach is not.
  const words = wordsOf(known.error)
  const isAway = /Failed to load|request to .* failed|ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|socket/i.test(words)
  return { status: isAway ? 503 : 401, words }
}

/** A web page in a browser, or a tunnel, can reach this machine too: neither says that it comes from here. */
function fromElsewhere(request: Request): Refusal | null {
  const { headers, httpVersion, socket } = request
  const elsewhere = notFromHere({ headers, httpVersion, peer: socket.remoteAddress })
  const problem = elsewhere ?? (headers.origin === undefined ? null : 'A page in a browser sent the request.')
  return problem === null
    ? null
    : { status: 403, words: `TEAMS_LOCAL=1 takes requests of this machine alone. ${problem}` }
}
