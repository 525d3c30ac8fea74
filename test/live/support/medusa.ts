import type { Rig } from './rig.ts'

/** Speaks to the shop as its admin (`admin`) or as a customer (`store`); answers what came, parsed by nobody yet. */
export type Medusa = {
  get(path: string, query?: Record<string, string>): Promise<unknown>
  post(path: string, body?: object): Promise<unknown>
}

const medusa = (url: string, credentials: Record<string, string>): Medusa => {
  const call = async (method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...(body ? { 'content-type': 'application/json' } : {}), ...credentials },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(20_000),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: HTTP ${response.status} ${text.slice(0, 400)}`)
    return JSON.parse(text)
  }
  return {
    get: (path, query) => call('GET', query ? `${path}?${new URLSearchParams(query)}` : path),
    post: (path, body = {}) => call('POST', path, body),
  }
}

export const asCustomer = ({ shopUrl, shopKeys }: Rig): Medusa =>
  medusa(shopUrl, { 'x-publishable-api-key': shopKeys.publishable })

/** Signed in with a password, as people are: not with Baton's key. */
export const asAdmin = async ({ shopUrl, shopEmail, shopPassword }: Rig): Promise<Medusa> => {
  const answer = await medusa(shopUrl, {}).post('/auth/user/emailpass', {
    email: shopEmail,
    password: shopPassword,
  })
  const token = typeof answer === 'object' && answer && 'token' in answer ? String(answer.token) : ''
  return medusa(shopUrl, { authorization: `Bearer ${token}` })
}
