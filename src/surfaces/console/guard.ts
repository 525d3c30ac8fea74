import type { IncomingMessage } from 'node:http'
import type { RequestHandler, Response } from 'express'
import { type Arrival, notFromHere } from '../kit/from-here.ts'
import type { TokenKeeper } from './token.ts'

/**
 * Who may speak to the console and the metrics. Any web page can send requests to loopback, and a tunnel or a proxy
 * makes strangers look local, so "it came from 127.0.0.1" proves nothing by itself: the peer, the Host, the Origin
 * and the absence of a proxy's traces must all agree. Everybody else needs the token.
 */
export type Access =
  | { ok: true; by: 'loopback' | 'token' | 'session' }
  /** `login` = a person could mend it by signing in. `reason` is shown to the caller. */
  | { ok: false; status: 401 | 403 | 415; reason: string; login: boolean }

/** What the decision is made of. */
export type RequestFacts = Arrival & {
  method: string
  /** The request asks for a page that may be linked to from elsewhere: it shows nothing by itself. */
  isPage: boolean
}

export const factsOf = (request: IncomingMessage, isPage = false): RequestFacts => ({
  method: request.method ?? 'GET',
  httpVersion: request.httpVersion,
  peer: request.socket.remoteAddress,
  headers: request.headers,
  isPage,
})

/** Decides one request. `keeper` is null when no token is configured. */
export const decideAccess = (facts: RequestFacts, keeper: TokenKeeper | null, now: Date): Access => {
  const foreign = foreignPage(facts)
  if (foreign !== null) return refused(403, foreign)
  if (changesState(facts.method) && !isJson(facts.headers['content-type'])) {
    return refused(415, 'Changes need the content type application/json.')
  }
  const bearer = /^Bearer +(\S+)$/i.exec(facts.headers.authorization ?? '')?.[1]
  if (keeper !== null && bearer !== undefined) {
    return keeper.isToken(bearer) ? { ok: true, by: 'token' } : needsToken('The token is wrong.')
  }
  if (keeper?.hasSession(facts.headers.cookie, now)) return { ok: true, by: 'session' }
  const stranger = notFromHere(facts)
  if (stranger === null) return { ok: true, by: 'loopback' }
  return keeper === null
    ? refused(403, `${stranger} Without BATON_CONSOLE_TOKEN this answers only to the computer it runs on.`)
    : needsToken(`${stranger} Send the console token as "Authorization: Bearer ...", or sign in.`)
}

/** Lets only those through whom `decideAccess` admits: for the metrics, and whatever else shows no page. */
export const accessGuard =
  (keeper: TokenKeeper | null, now: () => Date): RequestHandler =>
  (request, response, next) => {
    const access = decideAccess(factsOf(request), keeper, now())
    if (access.ok) next()
    else refuse(response, access)
  }

/** Answers a refusal as `{error}`. */
export const refuse = (response: Response, access: Extract<Access, { ok: false }>): void => {
  if (access.status === 401) response.set('WWW-Authenticate', 'Bearer realm="baton"')
  response.status(access.status).json({ error: access.reason })
}

/** Why the request is another web page's doing; null when it is not, or no browser's at all. */
export const foreignPage = (facts: RequestFacts): string | null => {
  const { origin, host } = facts.headers
  if (origin !== undefined && !isSameOrigin(origin, host)) {
    return 'Requests from other web pages are refused.'
  }
  const site = facts.headers['sec-fetch-site']
  if (site === undefined || site === 'same-origin' || site === 'none') return null
  // A link in a chat or a document may lead to the page; nothing else may be loaded from outside.
  const isLink =
    facts.isPage &&
    facts.method === 'GET' &&
    facts.headers['sec-fetch-mode'] === 'navigate' &&
    facts.headers['sec-fetch-dest'] === 'document'
  return isLink ? null : 'Requests from other web sites are refused.'
}

const refused = (status: 403 | 415, reason: string): Access => ({ ok: false, status, reason, login: false })

const needsToken = (reason: string): Access => ({ ok: false, status: 401, reason, login: true })

const changesState = (method: string): boolean => !['GET', 'HEAD', 'OPTIONS'].includes(method)

const isJson = (contentType: string | undefined): boolean =>
  /^application\/json\s*(;|$)/i.test(contentType ?? '')

/** Compared by host and port: behind a proxy that ends TLS the scheme differs rightly. */
const isSameOrigin = (origin: string, host: string | undefined): boolean => {
  if (host === undefined || !URL.canParse(origin)) return false
  const { protocol, host: originHost } = new URL(origin)
  return (protocol === 'http:' || protocol === 'https:') && originHost === host.toLowerCase()
}
