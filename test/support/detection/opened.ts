import { sql } from 'drizzle-orm'
import type { Database } from '../../../src/db/connect.ts'

/** One episode of one exception, with the keys of what it is about: `order 1001`. */
export type Opened = {
  exception: string
  contract: string
  keys: string[]
  since: Date
  dueAt: Date
  openedAt: Date
  closedAt: Date | null
  evidence: string
}

type Row = {
  exception: string
  contract: string
  keys: string[]
  since: string
  due_at: string
  opened_at: string
  closed_at: string | null
  evidence: string
}

/** Everything that Baton has opened. */
export const readOpened = async (db: Database): Promise<Opened[]> => {
  const rows = await db.execute<Row>(sql`
    select e.id::text as exception, e.contract, p.since::text, p.due_at::text, p.opened_at::text, p.closed_at::text,
      e.evidence,
      array(select k.name || ' ' || k.value from subject_keys k where k.subject_id = e.subject_id order by 1) as keys
    from exceptions e join episodes p on p.exception_id = e.id
    where e.timeline = 'live'
    order by p.opened_at, e.id`)
  return rows.map(({ exception, contract, keys, evidence, ...at }) => ({
    exception,
    contract,
    keys,
    evidence,
    since: new Date(at.since),
    dueAt: new Date(at.due_at),
    openedAt: new Date(at.opened_at),
    closedAt: at.closed_at === null ? null : new Date(at.closed_at),
  }))
}
