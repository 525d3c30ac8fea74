import { z } from 'zod'
import { SystemError } from '../../app/errors.ts'
import { createHttpClient, type HttpAnswer } from '../http/client.ts'
import { errorWords } from '../http/failure.ts'
import type { TrytonConfig } from './config.ts'

/** A record comes with all its moves: a delivery of a hundred lines takes 200 kB. */
const MAX_BYTES = 30_000_000

/** What Tryton adds to a call: the company, the language, and what one call needs besides (`locations`, `_timestamp`). */
export type Context = Record<string, unknown>

export type Search = { fields: string[]; order?: [string, string][]; limit?: number; context?: Context }

/** JSON-RPC to one Tryton database. Every failure is a SystemError. */
export type TrytonClient = {
  /** Rows as they stand on the wire, in id order unless said otherwise. */
  search(model: string, domain: unknown[], search: Search, signal: AbortSignal): Promise<unknown[]>
  /** A call that may change something. Sent once; sent again only where Tryton did not know the session. */
  change(method: string, params: unknown[], signal: AbortSignal, context?: Context): Promise<unknown>
  /** Tryton's clock, as its last answer showed it. */
  clock(): Date | undefined
}

const answerSchema = z.object({ result: z.unknown().optional(), error: z.unknown().optional() })
const loginSchema = z.tuple([z.number(), z.string()])
const contextSchema = z.record(z.string(), z.unknown())
/** `["UserError", ["The message", "what it is about"], ...]`; any other fault of the server has its name in front. */
const errorSchema = z.tuple([z.string()], z.unknown())

type Session = { authorization: string; context: Context }

/** The message first, and what it is about behind it. */
const wordsIn = (details: unknown): string => {
  const texts = Array.isArray(details) ? details.flat(2) : [details]
  const said = texts.filter((text): text is string => typeof text === 'string' && text.trim() !== '')
  return errorWords(said.join(' ')) ?? 'without words'
}

/**
 * An error inside a 200. Tryton has rolled its transaction back by then: nothing was changed, whatever it was.
 * A bare quoted name is a model or field that the server does not know.
 */
export const failureInside = (system: string, method: string, error: unknown): SystemError => {
  const parsed = errorSchema.safeParse(error)
  if (!parsed.success) return new SystemError(system, 'refused', `${system} refused: ${wordsIn(error)}`)
  const [kind, ...details] = parsed.data
  if (kind === 'ConcurrencyException') {
    const words = `${system}: it was changed meanwhile by somebody else. Look at it again.`
    return new SystemError(system, 'refused', words)
  }
  if (/^'[\w.]+'$/.test(kind)) {
    const words = `${system} does not know ${kind} (${method}): is the module for it active?`
    return new SystemError(system, 'misconfigured', words)
  }
  const isForPeople = kind === 'UserError' || kind === 'UserWarning'
  // A warning starts with the name under which Tryton would remember a "yes" to it.
  const said =
    kind === 'UserWarning' ? details.flat(1).slice(1) : isForPeople ? details[0] : [kind, details[0]]
  return new SystemError(system, 'refused', `${system} refused: ${wordsIn(said)}`)
}

export const createTrytonClient = (config: TrytonConfig): TrytonClient => {
  const { name: system, user } = config
  const http = createHttpClient({
    system,
    baseUrl: config.url,
    headers: {},
    timeoutMs: config.timeoutMs,
    maxBytes: MAX_BYTES,
  })
  let session: Promise<Session> | null = null
  let clock: Date | undefined
  let calls = 0

  const misconfigured = (words: string) => new SystemError(system, 'misconfigured', words)

  const resultOf = (method: string, answer: HttpAnswer): unknown => {
    clock = answer.date ?? clock
    if (answer.status === 403) {
      throw misconfigured(
        `${system} does not offer ${method} to "${user}" (403): check its groups and modules.`,
      )
    }
    if (answer.status === 404)
      throw misconfigured(`${system}: there is no such database (404): check its url.`)
    const parsed = answerSchema.safeParse(answer.json)
    if (!parsed.success) throw misconfigured(`${system} answers like no Tryton: check its url.`)
    if (parsed.data.error !== undefined && parsed.data.error !== null) {
      throw failureInside(system, method, parsed.data.error)
    }
    return parsed.data.result
  }

  const bodyOf = (method: string, params: unknown[]) => ({ id: ++calls, method, params })
  const expects = [401, 403, 404]

  const login = async (signal: AbortSignal): Promise<Session> => {
    const read = async (method: string, params: unknown[], headers: Record<string, string>) => {
      const body = bodyOf(method, params)
      const answer = await http.read({ method: 'POST', path: '/', body, headers, expects, signal })
      if (answer.status === 401) {
        throw misconfigured(`${system} does not accept the password of "${user}" (401): check both.`)
      }
      return resultOf(method, answer)
    }
    const parsed = loginSchema.safeParse(
      await read('common.db.login', [user, { password: config.password }, 'en'], {}),
    )
    if (!parsed.success) throw misconfigured(`${system} did not log "${user}" in: check user and password.`)
    const [id, key] = parsed.data
    const authorization = `Session ${Buffer.from(`${user}:${id}:${key}`).toString('base64')}`
    const preferences = await read('model.res.user.get_preferences', [true, {}], { authorization })
    const context = contextSchema.safeParse(preferences)
    if (!context.success) throw misconfigured(`${system} answers like no Tryton: check its url.`)
    return { authorization, context: context.data }
  }

  /** A 401 says that the call was not carried out, so that it may be made again: once, with a new session. */
  const call = async (
    intent: 'read' | 'change',
    method: string,
    params: unknown[],
    signal: AbortSignal,
    context: Context = {},
  ): Promise<unknown> => {
    for (let attempt = 0; ; attempt++) {
      session ??= login(signal)
      const mine = session
      // Another call may have logged in anew meanwhile: only one's own session is given up.
      const giveUp = () => {
        if (session === mine) session = null
      }
      const { authorization, context: own } = await mine.catch((error: unknown) => {
        giveUp()
        throw error
      })
      const body = bodyOf(method, [...params, { ...own, ...context }])
      const headers = { authorization }
      const answer = await http[intent]({ method: 'POST', path: '/', body, headers, expects, signal })
      if (answer.status !== 401) return resultOf(method, answer)
      giveUp()
      if (attempt > 0) throw misconfigured(`${system} ends every session of "${user}" at once (401).`)
    }
  }

  return {
    async search(model, domain, { fields, order, limit, context }, signal) {
      const params = [domain, 0, limit ?? null, order ?? [['id', 'ASC']], fields]
      const result = await call('read', `model.${model}.search_read`, params, signal, context)
      if (!Array.isArray(result)) throw misconfigured(`${system} answers like no Tryton: check its url.`)
      return result
    },
    change: (method, params, signal, context) => call('change', method, params, signal, context),
    clock: () => clock,
  }
}
