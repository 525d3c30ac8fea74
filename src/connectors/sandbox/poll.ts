import type { Poller } from '../../app/connector.ts'
import type { SandboxClient } from './client.ts'
import type { SandboxRole } from './config.ts'
import { parseRows } from './schema.ts'

const PAGE = 200
/** So many changes before the cursor are read again. Less than a page, or a poll would never move on. */
const OVERLAP = 5

/** Reads the system's changes in the order of its own sequence. The cursor is the last sequence number read. */
export const createPoller = (client: SandboxClient, role: SandboxRole): Poller => ({
  listsAll: true,
  async changes(cursor, signal) {
    const after = Math.max(0, Number(cursor ?? 0) - OVERLAP)
    const page = await client.page(after, PAGE, signal)
    return {
      ...parseRows(role, page.items, (index) => `items[${index}]`),
      sentAt: new Date(page.now),
      // A page that repeats only the overlap ends where the cursor was.
      cursor: String(Math.max(Number(cursor ?? 0), Number(page.next_cursor))),
      more: page.more,
      raw: page.raw,
    }
  },
})
