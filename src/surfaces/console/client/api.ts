import type {
  WireBatch,
  WireBatches,
  WireCard,
  WireCards,
  WireChannels,
  WireCommand,
  WireCommandAnswer,
  WireExceptionDetail,
  WireMe,
  WirePress,
  WirePressAnswer,
} from '../wire.ts'

/** An answer other than success. `status` 0 = no answer at all. `message` is for the reader. */
export class ApiError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.name = 'ApiError'
    this.status = status
  }
}

/** The batch that a card or a change is about; null where it is an exception. */
export const batchOf = (ref: string): string | null =>
  ref.startsWith('batch:') ? ref.slice('batch:'.length) : null

/** Whom the reader plays in the sandbox; null = himself. */
let person: string | null = null
export const speakAs = (externalId: string | null): void => {
  person = externalId
}

/** Names one press or command, so that sending it twice does it once. */
const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  )

const RETRY_AFTER_MS = 800

const call = async <T>(path: string, body?: object): Promise<T> => {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (person !== null) headers['X-Baton-Person'] = person
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  const init: RequestInit =
    body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
  const response = await fetch(`/console/api/${path}`, init).catch(() => {
    throw new ApiError(0, 'Baton did not answer. Nothing is lost: try again.')
  })
  const answer: unknown = await response.json().catch(() => null)
  if (response.ok && answer !== null) return answer as T
  throw new ApiError(response.status, errorIn(answer) ?? `Baton answered ${response.status}. Try again.`)
}

const errorIn = (answer: unknown): string | null =>
  typeof answer === 'object' && answer !== null && 'error' in answer && typeof answer.error === 'string'
    ? answer.error
    : null

/** Sends once more when no answer came: the key makes that safe. */
const callOnce = async <T>(path: string, body: object): Promise<T> => {
  const keyed = { ...body, interactionKey: newKey() }
  try {
    return await call<T>(path, keyed)
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 0) throw error
    await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS))
    return call<T>(path, keyed)
  }
}

export type CardFilter = { state: 'open' | 'closed' | 'all'; channel: string | null }

const query = (filter: CardFilter, after: string | null): string => {
  const parameters = new URLSearchParams({ state: filter.state, limit: '50' })
  if (filter.channel !== null) parameters.set('channel', filter.channel)
  if (after !== null) parameters.set('after', after)
  return parameters.toString()
}

const path = (id: string): string => `exceptions/${encodeURIComponent(id)}`

export const api = {
  me: () => call<WireMe>('me'),
  channels: () => call<WireChannels>('channels'),
  cards: (filter: CardFilter, after: string | null) => call<WireCards>(`cards?${query(filter, after)}`),
  card: (id: string) => call<WireCard>(`${path(id)}/card`),
  batches: () => call<WireBatches>('batches'),
  batch: (id: string) => call<WireBatch>(`batches/${encodeURIComponent(id)}`),
  detail: (id: string) => call<WireExceptionDetail>(path(id)),
  press: (press: Omit<WirePress, 'interactionKey'>) => callOnce<WirePressAnswer>('press', press),
  command: (command: Omit<WireCommand, 'interactionKey'>) => callOnce<WireCommandAnswer>('command', command),
}

/** Ends the session and shows the login form. */
export const signOut = async (): Promise<void> => {
  await fetch('/console/logout', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{}',
  })
  location.reload()
}
