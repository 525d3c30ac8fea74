import { z } from 'zod'
import { SystemError } from '../../app/errors.ts'
import { createHttpClient } from '../http/client.ts'
import type { EasypostConfig } from './config.ts'
import { withoutPerson } from './tracker.ts'

/** The most that EasyPost lists at once. */
const PAGE = 100
/** EasyPost answers lists five times a second and then 429 (its guide on rate limits). */
const LISTS_PER_SECOND = 4

const pageSchema = z.object({ trackers: z.array(z.unknown()), has_more: z.boolean() })

export type Page = { trackers: unknown[]; hasMore: boolean; raw: Buffer; date?: Date }

export type EasypostClient = {
  /** Trackers, the youngest first; `before`: those that were made before this one. Throws SystemError. */
  trackers(before: string | null, signal: AbortSignal, size?: number): Promise<Page>
}

/** EasyPost's API, with the key as the user of Basic authentication. */
export const createEasypostClient = (config: EasypostConfig, replicas?: () => number): EasypostClient => {
  const http = createHttpClient({
    system: config.name,
    baseUrl: config.url,
    headers: { authorization: `Basic ${Buffer.from(`${config.apiKey}:`).toString('base64')}` },
    timeoutMs: config.timeoutMs,
    rate: { perSecond: LISTS_PER_SECOND },
    replicas,
  })
  return {
    async trackers(before, signal, size = PAGE) {
      const query = { page_size: String(size), ...(before === null ? {} : { before_id: before }) }
      const { json, date } = await http.read({ path: '/trackers', query, signal })
      const page = pageSchema.safeParse(json)
      if (!page.success) {
        const words = `${config.name} answers unlike EasyPost: check its url.`
        throw new SystemError(config.name, 'misconfigured', words)
      }
      const { trackers, has_more } = page.data
      const raw = Buffer.from(withoutPerson({ trackers, has_more }))
      return { trackers, hasMore: has_more, raw, ...(date ? { date } : {}) }
    },
  }
}
