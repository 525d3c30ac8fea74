import { SystemError } from '../../../app/errors.ts'
import type { Call, HttpAnswer, HttpClient } from '../../http/client.ts'
import type { ActionConfig } from './config.ts'
import { renderBody, renderHeader, renderPath, renderText, TemplateError, type Values } from './template.ts'

type Declared = ActionConfig['read'] | ActionConfig['call']

const each = (of: Record<string, string>, render: (text: string) => string): Record<string, string> =>
  Object.fromEntries(Object.entries(of).map(([name, text]) => [name, render(text)]))

/**
 * A declared request with its values, each escaped by where it goes. Throws SystemError (refused, nothing was sent)
 * where a value cannot go there.
 */
const requestOf = (system: string, declared: Declared, values: Values, signal: AbortSignal): Call => {
  const { method, path, query, headers, body } = declared
  try {
    return {
      method,
      path: renderPath(path, values),
      ...(Object.keys(query).length > 0 ? { query: each(query, (text) => renderText(text, values)) } : {}),
      headers: each(headers, (text) => renderHeader(text, values)),
      ...(body === undefined ? {} : { body: renderBody(body, values) }),
      signal,
    }
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw new SystemError(system, 'refused', `Nothing was sent to ${system}: ${error.message}.`)
  }
}

/** Asks the system; what it does not have (404) is an answer too. */
export const ask = (
  http: HttpClient,
  system: string,
  declared: ActionConfig['read'],
  values: Values,
  signal: AbortSignal,
): Promise<HttpAnswer> => http.read({ ...requestOf(system, declared, values, signal), expects: [404] })

/** Tells the system to change something, once. */
export const tell = (
  http: HttpClient,
  system: string,
  declared: ActionConfig['call'],
  values: Values,
  key: string,
  signal: AbortSignal,
): Promise<HttpAnswer> => {
  const request = requestOf(system, declared, { ...values, key }, signal)
  const named = declared.idempotency_header
  return http.change(named ? { ...request, headers: { ...request.headers, [named]: key } } : request)
}
