import type { ConfigurationBotFrameworkAuthentication } from 'botbuilder'
import { z } from 'zod'

/** Teams understood a call and did not do it, or failed while it did. */
export class ConnectorRefusal extends Error {
  readonly status: number
  /** Teams' own word for it, e.g. `MessageWritesBlocked`; empty where it gave none. */
  readonly code: string
  /** From `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number | null

  constructor(status: number, code: string, retryAfterMs: number | null) {
    super(`Teams answered HTTP ${status}${code && ` (${code})`}`)
    this.status = status
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}

/** A call got no answer; `sent`: it may have been heard. */
export class ConnectorSilence extends Error {
  readonly sent: boolean

  constructor(sent: boolean, cause: unknown) {
    super(sent ? 'the connection to Teams broke' : 'Teams cannot be reached', { cause })
    this.sent = sent
  }
}

type ClientOptions = NonNullable<ConstructorParameters<typeof ConfigurationBotFrameworkAuthentication>[4]>
type HttpClient = NonNullable<ClientOptions['httpClient']>
type HttpRequest = Parameters<HttpClient['sendRequest']>[0]

/** Errors of the network that certainly came before anything was sent. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** The code of a system error, wherever fetch has wrapped it. */
const neverSent = (error: unknown): boolean => {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if ('code' in each && typeof each.code === 'string' && NEVER_SENT.has(each.code)) return true
    if (each instanceof AggregateError && each.errors.length > 0) return each.errors.every(neverSent)
  }
  return false
}

const refusal = z.object({ error: z.object({ code: z.string() }) })

const codeIn = (text: string): string => {
  try {
    const parsed = refusal.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data.error.code : ''
  } catch {
    return ''
  }
}

/** `Retry-After`: seconds, or a date. */
const pauseIn = (header: string | null, now: number): number | null => {
  if (header === null) return null
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now
  return Number.isFinite(ms) ? Math.max(0, ms) : null
}

/**
 * What carries the SDK's calls. The SDK's own client waits for ever on a hang, and silently sends a POST again after
 * 5xx, 429 and resets, so that a message is there twice; it does so for the answers and errors that it knows. This one
 * gives every call one try and `timeoutMs`, and throws errors that the SDK passes on untouched.
 */
export const connectorHttp = (timeoutMs: number): HttpClient => ({
  async sendRequest(request: HttpRequest) {
    const { response, text } = await send(request, timeoutMs)
    if (!response.ok) {
      const pause = pauseIn(response.headers.get('retry-after'), Date.now())
      throw new ConnectorRefusal(response.status, codeIn(text), pause)
    }
    const headers = request.headers.clone()
    for (const name of headers.headerNames()) headers.remove(name)
    response.headers.forEach((value, name) => {
      headers.set(name, value)
    })
    return { request, status: response.status, headers, bodyAsText: text }
  },
})

const send = async (
  { url, method, headers, body }: HttpRequest,
  timeoutMs: number,
): Promise<{ response: Response; text: string }> => {
  try {
    const response = await fetch(url, {
      method,
      headers: headers.rawHeaders(),
      ...(typeof body === 'string' ? { body } : {}),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
    return { response, text: await response.text() }
  } catch (error) {
    throw new ConnectorSilence(!neverSent(error), error)
  }
}
