import express, { type Request, type RequestHandler, type Response } from 'express'
import { wordsOf } from '../../app/errors.ts'
import type { Identity } from '../../app/surface.ts'
import { readCommand } from '../adaptive-text.ts'
import { type Activity, readActivity } from './activity.ts'
import type { TeamsAdapter } from './adapter.ts'
import { type Actor, asWords, type Handling, type InvokeAnswer, keyOf } from './answer.ts'
import { answerButton, answerMessage, welcome } from './ask.ts'
import type { TeamsConfig } from './config.ts'
import { type DialogAnswer, readSubmission, saying } from './dialog.ts'
import type { Directory } from './directory.ts'
import { LIMITS } from './limits.ts'
import { outcomeOf, within } from './outcome.ts'
import { createPressKeys, openDialog, press, refresh, submit } from './press.ts'
import { readButton, readRefresh } from './press-data.ts'
import { Recent } from './recent.ts'

const REMEMBERED = 2_000
/** Asking the directory for an address must not make a press late. */
const EMAIL_MS = 1_500
const EMAIL_AGAIN_MS = 600_000
const OLD = 'This button is of an older Baton. Type open.'

type Receiving = Handling & { config: TeamsConfig; adapter: TeamsAdapter; directory: Directory }

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
  const peer = request.socket.remoteAddress ?? ''
  const isHere =
    /^(::1|(::ffff:)?127\.)/.test(peer) && /^(127\.|localhost|\[::1\])/.test(request.get('host') ?? '')
  const isPassedOn = ['origin', 'forwarded', 'x-forwarded-for', 'x-forwarded-host'].some((name) =>
    request.get(name),
  )
  return isHere && !isPassedOn
    ? null
    : { status: 403, words: 'TEAMS_LOCAL=1 takes requests of this machine alone' }
}

type Answer = { status: number; body?: InvokeAnswer | DialogAnswer }

/** What becomes of an activity. */
function createTaker({
  directory,
  config,
  adapter,
  ...handling
}: Receiving): (activity: Activity) => Promise<Answer> {
  const { calls, clock, log, track } = handling
  const keyOfPress = createPressKeys(clock)
  // A message may be delivered twice; it is answered once.
  const messages = new Recent<true>(REMEMBERED)
  const emails = new Recent<{ email: string | null; at: number }>(REMEMBERED)

  const emailOf = async (
    externalId: string,
    { serviceUrl, conversation, from }: Activity,
  ): Promise<string | null> => {
    const known = emails.get(externalId)
    const now = clock().getTime()
    if (known && (known.email !== null || now - known.at < EMAIL_AGAIN_MS)) return known.email
    const asking = calls.emailOf(serviceUrl, conversation, from.id).then((email) => {
      emails.set(externalId, { email, at: now })
      return email
    })
    const found = await within(outcomeOf(asking), EMAIL_MS)
    return found?.ok ? found.value : null
  }

  const actorOf = async (activity: Activity): Promise<Actor | null> => {
    const { aad, name } = activity.from
    if (aad === null) return null
    const externalId = directory.externalId(aad)
    const email = await emailOf(externalId, activity)
    const identity: Identity = { surface: 'teams', externalId, displayName: name || aad, email }
    return { identity, activity }
  }

  const onAction = async (actor: Actor): Promise<InvokeAnswer> => {
    const { data } = readAction(actor.activity.value)
    const again = readRefresh(data)
    if (again) return refresh(again.card, again.on === 'post' ? 'post' : 'reply', actor, handling)
    const button = readButton(data)
    if (button) return press(actor, button, keyOfPress(actor, button), handling)
    const command = readCommand(data)
    if (command === null) return asWords(OLD)
    const { id, conversation } = actor.activity
    return answerButton(actor, command, keyOf('command', conversation, id), handling)
  }

  const onDialog = async (actor: Actor): Promise<DialogAnswer> => {
    const { data } = readTask(actor.activity.value)
    if (actor.activity.name === 'task/submit') {
      const submitted = readSubmission(data)
      return submitted ? submit(actor, submitted, handling) : saying(OLD)
    }
    const button = readButton(data)
    return button ? openDialog(actor, button, keyOfPress(actor, button), handling) : saying(OLD)
  }

  const onMessage = async (actor: Actor): Promise<void> => {
    const { conversation, id } = actor.activity
    const key = keyOf('message', conversation, id)
    if (messages.get(key)) return
    messages.set(key, true)
    await answerMessage(actor, key, handling)
  }

  /** Goes on after Teams has its 200: commands may take longer than it waits. */
  const later = (work: Promise<void>): void =>
    track(
      work.catch((error: unknown) => {
        log.error({ surface: 'teams', problem: wordsOf(error) }, 'Something that Teams sent was not handled')
      }),
    )

  const onInvoke = async (activity: Activity): Promise<Answer> => {
    const isKnown = ['adaptiveCard/action', 'task/fetch', 'task/submit'].includes(activity.name)
    if (!isKnown) return { status: 501 }
    const actor = await actorOf(activity)
    if (!actor) return { status: 403 }
    if (activity.name === 'adaptiveCard/action') return { status: 200, body: await onAction(actor) }
    const dialog = await onDialog(actor)
    return dialog === null ? { status: 200 } : { status: 200, body: dialog }
  }

  return async (activity) => {
    const isRemoval = activity.type === 'installationUpdate' && activity.action.startsWith('remove')
    const learnt = await outcomeOf(isRemoval ? directory.forget(activity) : directory.learn(activity))
    if (!learnt.ok)
      log.error({ surface: 'teams', problem: wordsOf(learnt.error) }, 'A place was not remembered')
    if (activity.type === 'invoke') return onInvoke(activity)
    if (activity.from.isBot) return { status: 200 }
    if (activity.type === 'message') {
      later(actorOf(activity).then((actor) => (actor ? onMessage(actor) : undefined)))
    }
    if (
      activity.type === 'installationUpdate' &&
      activity.action === 'add' &&
      activity.place === 'personal'
    ) {
      later(actorOf(activity).then((actor) => (actor ? welcome(actor, handling) : undefined)))
    }
    return { status: 200 }
  }
}

const readAction = (value: unknown): { data: unknown } => {
  const action = isObject(value) && isObject(value.action) ? value.action : {}
  return { data: action.data }
}
const readTask = (value: unknown): { data: unknown } => ({ data: isObject(value) ? value.data : undefined })
