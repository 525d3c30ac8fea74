import { z } from 'zod'
import type { Journal } from './journal.ts'
import type { Author } from './ledger.ts'
import type { Step, SystemName } from './steps.ts'
import type { StoredDocument } from './store.ts'
import type { Timeline } from './timeline.ts'

/** One object of one system. `data` is what its API says; `seq` counts every change in the whole system. */
export type Row<T> = { id: string; seq: number; changedAt: string; changedBy: Author; data: T }

const metaSchema = z.object({
  seq: z.number(),
  changedAt: z.string(),
  changedBy: z.object({ kind: z.enum(['integration', 'person']), name: z.string() }),
})

export type Shelf<T> = {
  get(id: string): Row<T> | undefined
  all(): Row<T>[]
  /** Writes the object, gives it the next sequence number and tells the world. */
  put(id: string, data: T, by: Author): Row<T>
  remove(id: string): void
}

/** A call of the system's API, already authenticated. */
export type Call = { id: string; query: URLSearchParams; body: unknown; by: Author }

/** `effect` is set when, and only when, the call changed something. */
export type Answer = { status: number; body: unknown; effect?: { action: string; object: string } }

/** `POST /<on>/<id>/<verb>`, or `<method> /<on>` where there is no verb. */
export type Route = { method: 'GET' | 'POST'; on: string; verb: string | null; run(call: Call): Answer }

/** What a system may use of the world around it. */
export type Surroundings = {
  journal: Journal
  timeline: Timeline
  documents: StoredDocument[]
  /** Schedules a step; durations are at pace 1, in ms. */
  later(lag: readonly [number, number], step: Step): void
  /**
   * Hears of every change: to send webhooks, and to see what has become of the faults on what it is `about`, named
   * as the ledger's keys are.
   */
  changed(change: {
    system: SystemName
    kind: string
    row: Row<object>
    wire: unknown
    about: string[]
  }): void
}

export type System = {
  name: SystemName
  /** Creates the shelf of one kind of object, served at `/<path>/<id>`, with what was stored of it. */
  shelf<T extends object>(
    kind: string,
    path: string,
    schema: z.ZodType<T>,
    about: (data: T, id: string) => string[],
  ): Shelf<T>
  /** The next number of a series, e.g. of sales. */
  next(series: string, first: number): number
  /** An instant as this system's own clock tells it. */
  time(at?: Date): string
  /** Everything changed after the sequence number, oldest change first. */
  changes(after: number, limit: number): { items: unknown[]; last: number; more: boolean }
  read(path: string, id: string): unknown
  wire(kind: string, row: Row<object>): Record<string, unknown>
}

const countersSchema = z.record(z.string(), z.number())

export const createSystem = (name: SystemName, skewMs: number, around: Surroundings): System => {
  const { journal, timeline, documents } = around
  const saved = documents.find((d) => d.collection === 'counter' && d.id === name)
  const counters = saved ? countersSchema.parse(saved.body) : {}
  const paths = new Map<string, { kind: string; get(id: string): Row<object> | undefined }>()
  /** In order of change: a changed object moves to the end. */
  const feed = new Map<string, { kind: string; row: Row<object> }>()

  const saveCounters = () => journal.put('counter', name, counters)
  const time = (at?: Date) => new Date((at ?? timeline.now()).getTime() + skewMs).toISOString()
  const wire = (kind: string, row: Row<object>) => ({
    kind,
    id: row.id,
    sequence: row.seq,
    changed_at: row.changedAt,
    changed_by: row.changedBy,
    ...row.data,
  })
  const toFeed = (kind: string, row: Row<object>) => {
    feed.delete(`${kind} ${row.id}`)
    feed.set(`${kind} ${row.id}`, { kind, row })
  }
  const sortFeed = () => {
    const sorted = [...feed].sort(([, a], [, b]) => a.row.seq - b.row.seq)
    feed.clear()
    for (const [key, entry] of sorted) feed.set(key, entry)
  }

  return {
    name,
    shelf(kind, path, schema, about) {
      const collection = `${name}_${kind}`
      const stored = metaSchema.extend({ data: schema })
      const rows = new Map<string, Row<z.infer<typeof schema>>>()
      for (const document of documents) {
        if (document.collection !== collection) continue
        const row = { id: document.id, ...stored.parse(document.body) }
        rows.set(row.id, row)
        toFeed(kind, row)
      }
      sortFeed()
      const shelf: Shelf<z.infer<typeof schema>> = {
        get: (id) => rows.get(id),
        all: () => [...rows.values()],
        put(id, data, by) {
          const seq = (counters.sequence ?? 0) + 1
          counters.sequence = seq
          saveCounters()
          const row = { id, seq, changedAt: time(), changedBy: by, data }
          rows.set(id, row)
          toFeed(kind, row)
          journal.put(collection, id, { data, seq, changedAt: row.changedAt, changedBy: by })
          around.changed({ system: name, kind, row, wire: wire(kind, row), about: about(data, id) })
          return row
        },
        remove(id) {
          rows.delete(id)
          feed.delete(`${kind} ${id}`)
          journal.drop(collection, id)
        },
      }
      paths.set(path, { kind, get: (id) => rows.get(id) })
      return shelf
    },
    next(series, first) {
      const number = counters[series] ?? first
      counters[series] = number + 1
      saveCounters()
      return number
    },
    time,
    changes(after, limit) {
      const items: unknown[] = []
      let last = after
      for (const { kind, row } of feed.values()) {
        if (row.seq <= after) continue
        if (items.length === limit) return { items, last, more: true }
        items.push(wire(kind, row))
        last = row.seq
      }
      return { items, last, more: false }
    },
    read(path, id) {
      const found = paths.get(path)
      const row = found?.get(id)
      return found && row ? wire(found.kind, row) : undefined
    },
    wire,
  }
}

/** A refusal in the system's own words. */
export const refuse = (status: 404 | 409 | 422, message: string): Answer => ({ status, body: { message } })

/** The call's body in the wanted shape, or the refusal that says what is wrong with it. */
export const readBody = <T>(
  schema: z.ZodType<T>,
  body: unknown,
): { ok: true; value: T } | { ok: false; answer: Answer } => {
  const parsed = schema.safeParse(body)
  if (parsed.success) return { ok: true, value: parsed.data }
  const issue = parsed.error.issues[0]
  return {
    ok: false,
    answer: refuse(422, `${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'not valid'}`),
  }
}
