import {
  BrokenCircuitError,
  BulkheadRejectedError,
  bulkhead,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  type IDefaultPolicyContext,
  retry,
  TaskCancelledError,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel'
import { Agent, type Dispatcher, request } from 'undici'
import { SystemError } from '../../app/errors.ts'
import { createBudget, type Rate } from './budget.ts'
import { failureOfCall, failureOfStatus, type Intent } from './failure.ts'
import { type Guard, guardedConnect } from './guard.ts'

export type HttpOptions = {
  /** The configured name, for the words of errors. */
  system: string
  /** May have a path; a call's path is put behind it. */
  baseUrl: string
  /** Sent with every call: credentials. Never logged. */
  headers: Record<string, string>
  /** One attempt, from connecting to the last byte, in ms. */
  timeoutMs?: number
  /** An answer larger than this is not read on, in bytes. */
  maxBytes?: number
  /** Further attempts at a read that could not be answered. A change is never attempted twice. */
  retries?: number
  /** The first wait before a retry, in ms; it doubles, with chance added. */
  retryMs?: number
  /** After so many failures in a row the system is left alone for `openMs`. */
  breakAfter?: number
  openMs?: number
  /** Calls at once, and calls waiting behind them. */
  concurrent?: number
  queued?: number
  /** Calls in a second and in a minute; what is above waits its turn. */
  rate?: Rate
  /** How many processes share the rate just now; one, unless told otherwise. */
  replicas?: (() => number) | undefined
  /** For an address that an admin writes freely: only public ones, and those that are allowed by name. */
  guard?: Guard
}

export type Call = {
  /** GET for a read, POST for a change, unless said otherwise (a read may be a POST: JSON-RPC, GraphQL). */
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  query?: Record<string, string>
  /** Sent as JSON. */
  body?: unknown
  headers?: Record<string, string>
  /** Statuses beyond 2xx that are answers to this call and no failures; their body need not be JSON. */
  expects?: number[]
  signal: AbortSignal
}

/** `date`: the system's own clock when it answered, if it says so (to the second). */
export type HttpAnswer = { status: number; raw: Buffer; json: unknown; date?: Date }

/**
 * The one way to a system over HTTP: timeout, retries of reads, circuit breaker and bulkhead, one set for each system.
 * Every failure is a SystemError; bodies and credentials appear in none, but for the system's own words of refusal.
 */
export type HttpClient = {
  /** Changes nothing in the system, so that it may be repeated. */
  read(call: Call): Promise<HttpAnswer>
  /** May change something: sent once. */
  change(call: Call): Promise<HttpAnswer>
}

/** A connection that takes longer than this is not going to come, in ms. */
const CONNECT_MS = 3_000

const urlOf = (baseUrl: string, { path, query }: Call): string => {
  const search = query ? `?${new URLSearchParams(query)}` : ''
  return `${baseUrl.replace(/\/+$/, '')}${path}${search}`
}

/** The body up to the limit; null when there is more. */
const readUpTo = async (body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<Buffer | null> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > maxBytes) return null
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

const parse = (raw: Buffer): { json: unknown } | null => {
  if (raw.length === 0) return { json: undefined }
  try {
    return { json: JSON.parse(raw.toString('utf8')) }
  } catch {
    return null
  }
}

/** The answer makes no sense. After a change that leaves open whether it happened. */
const senseless = (system: string, intent: Intent, what: string): SystemError =>
  intent === 'change'
    ? new SystemError(system, 'ambiguous', `${system} ${what}: look there before trying again.`)
    : new SystemError(system, 'misconfigured', `${system} ${what}: check its url.`)

export const createHttpClient = (options: HttpOptions): HttpClient => {
  const { system, baseUrl, timeoutMs = 10_000, maxBytes = 5_000_000 } = options
  const connecting = { timeout: Math.min(CONNECT_MS, timeoutMs / 2) }
  const connect = options.guard ? guardedConnect(system, options.guard, connecting) : connecting
  // A change gets a connection of its own: a kept one may be dead, and then nobody knows whether the change was sent.
  const agents = { read: new Agent({ connect }), change: new Agent({ connect, pipelining: 0 }) }

  const exchange = async (intent: Intent, call: Call, signal: AbortSignal): Promise<HttpAnswer> => {
    const body = call.body === undefined ? null : JSON.stringify(call.body)
    const response = await request(urlOf(baseUrl, call), {
      method: call.method ?? (intent === 'read' ? 'GET' : 'POST'),
      headers: {
        accept: 'application/json',
        ...(body === null ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
        ...call.headers,
      },
      body,
      signal,
      dispatcher: agents[intent],
    })
    const status = response.statusCode
    const header = (name: string) => [response.headers[name]].flat()[0] ?? null
    const raw = await readUpTo(response.body, maxBytes)
    const parsed = raw && parse(raw)
    if (raw && call.expects?.includes(status)) return { status, raw, json: parsed?.json }
    if (status < 200 || status > 299) {
      const said = { status, retryAfter: header('retry-after'), location: header('location') }
      throw failureOfStatus(system, intent, { ...said, body: parsed?.json }, new Date())
    }
    if (!raw) throw senseless(system, intent, `answered with more than ${maxBytes} bytes`)
    if (!parsed) throw senseless(system, intent, `answered with something that is not JSON`)
    const at = Date.parse(header('date') ?? '')
    return { status, raw, json: parsed.json, ...(Number.isNaN(at) ? {} : { date: new Date(at) }) }
  }

  /** One attempt, with every failure classified on the spot: the policies around it decide by class alone. */
  const attempt = async (intent: Intent, call: Call, inner: AbortSignal): Promise<HttpAnswer> => {
    try {
      return await exchange(intent, call, inner)
    } catch (error) {
      if (error instanceof SystemError) throw error
      const ended = call.signal.aborted ? 'stopped' : inner.aborted ? 'timeout' : 'error'
      throw failureOfCall(system, intent, error, ended)
    }
  }

  const isTrouble = (error: Error) =>
    error instanceof SystemError && (error.failure === 'unreachable' || error.failure === 'ambiguous')
  const openMs = options.openMs ?? 5_000
  const isolate = bulkhead(options.concurrent ?? 8, options.queued ?? 64)
  const breaker = circuitBreaker(handleWhen(isTrouble), {
    halfOpenAfter: openMs,
    breaker: new ConsecutiveBreaker(options.breakAfter ?? 5),
  })
  const inTime = timeout(timeoutMs, TimeoutStrategy.Cooperative)
  // Who says when to come back is not pressed before that: the caller waits.
  const worthRepeating = (error: Error) =>
    error instanceof SystemError && error.failure === 'unreachable' && error.retryAfterMs === undefined
  const again = retry(handleWhen(worthRepeating), {
    maxAttempts: options.retries ?? 2,
    backoff: new ExponentialBackoff({ initialDelay: options.retryMs ?? 200, maxDelay: 2_000 }),
  })
  const around = { read: wrap(again, isolate), change: isolate }
  const within = wrap(breaker, inTime)
  const budget = createBudget(options.rate ?? {}, options.replicas)

  const run = async (intent: Intent, call: Call): Promise<HttpAnswer> => {
    const once = ({ signal }: IDefaultPolicyContext) => attempt(intent, call, signal)
    // The time in line is no part of the attempt's, and each attempt stands in line.
    const inTurn = async ({ signal }: IDefaultPolicyContext) => {
      await budget.take(signal)
      return within.execute(once, signal)
    }
    try {
      return await around[intent].execute(inTurn, call.signal)
    } catch (error) {
      if (error instanceof SystemError) throw error
      // What the policies themselves throw: in each case this call was not made.
      if (error instanceof BrokenCircuitError) {
        const words = `${system} has failed several times in a row and is left alone for a moment.`
        throw new SystemError(system, 'unreachable', words, openMs)
      }
      if (error instanceof BulkheadRejectedError) {
        throw new SystemError(system, 'unreachable', `Too many calls to ${system} are waiting already.`)
      }
      if (error instanceof TaskCancelledError || call.signal.aborted) {
        throw new SystemError(system, 'unreachable', `Stopped before ${system} was called.`)
      }
      throw error
    }
  }
  return { read: (call) => run('read', call), change: (call) => run('change', call) }
}
