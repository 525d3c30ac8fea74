import { sql } from 'drizzle-orm'
import type { SignalTx } from '../app/ports.ts'
import type { FactRef, NewSignal, ObjectName, StoredFact } from '../app/records.ts'
import type { Fact, Timeline } from '../domain/model.ts'
import { objectId } from '../domain/object.ts'
import { idList, instants, prepared, rows } from './bulk.ts'
import type { Executor } from './connect.ts'
import { parseFact } from './parse.ts'
import { quarantine } from './schema.ts'

const FACT_COLUMNS = `timeline text, system text, role text, type text, "externalId" text, version float8, keys jsonb,
  "orderClass" text, state text, "rawState" text, quantities jsonb, attributes jsonb, "changedBy" jsonb,
  "occurredAt" timestamptz, "receivedAt" timestamptz`

const FACT_FIELDS =
  sql.raw(`f.id, f.timeline, f.system, f.role, f.type, f.external_id, f.version, f.keys, f.order_class,
  f.state, f.raw_state, f.quantities, f.attributes, f.changed_by, f.occurred_at, f.received_at`)

const insertFacts = async (db: Executor, facts: (Fact & { timeline: Timeline })[]): Promise<FactRef[]> => {
  if (facts.length === 0) return []
  const inserted = await prepared<{ id: string; received_at: string }>(
    db,
    sql`
    insert into facts (timeline, system, role, type, external_id, version, keys, order_class, state, raw_state,
                       quantities, attributes, changed_by, occurred_at, received_at)
    select r.timeline, r.system, r.role, r.type, r."externalId", r.version, r.keys, r."orderClass", r.state,
           r."rawState", r.quantities, r.attributes, r."changedBy", r."occurredAt", r."receivedAt"
    from ${rows(facts, FACT_COLUMNS)}
    returning id::text, received_at::text`,
  )
  return inserted.map(({ id, received_at }) => ({ id, receivedAt: received_at }))
}

/** A number stands at the end of its key, so wide that text and number sort alike. */
export const NUMBER_DIGITS = 15
/** Numbers stand among the deliveries of a system of their own; no system is named with a blank. */
export const numbersOf = (system: string): string => `${system} numbers`

export const signalTx = (db: Executor): SignalTx => ({
  async recordSignals(signals: NewSignal[]) {
    // A key twice in one batch is one delivery too; on conflict, primary key deliveries (system, key).
    const unique = new Map(
      signals.map((signal) => [JSON.stringify([signal.system, signal.deliveryKey]), signal]),
    )
    const deliveries = [...unique.values()].map(({ system, deliveryKey: key, receivedAt }) => ({
      system,
      key,
      receivedAt,
    }))
    const taken = await prepared<{ system: string; key: string }>(
      db,
      sql`
      insert into deliveries (system, key, received_at)
      select r.system, r.key, r."receivedAt"
      from ${rows(deliveries, 'system text, key text, "receivedAt" timestamptz')}
      order by r.system, r.key
      on conflict do nothing returning system, key`,
    )
    const fresh = taken.flatMap(({ system, key }) => unique.get(JSON.stringify([system, key])) ?? [])
    if (fresh.length === 0) return []
    const raw = fresh.map((s) => ({ ...s, body: s.body.toString('base64'), facts: s.facts.length }))
    const insertSignals = prepared(
      db,
      sql`
      insert into signals (system, via, received_at, delivery_key, body, problem, bad_rows, facts)
      select r.system, r.via, r."receivedAt", r."deliveryKey", decode(r.body, 'base64'), r.problem, r."badRows", r.facts
      from ${rows(
        raw,
        `system text, via text, "receivedAt" timestamptz, "deliveryKey" text, body text, problem text,
         "badRows" int, facts int`,
      )}`,
    )
    const facts = fresh.flatMap((s) => s.facts.map((fact) => ({ ...fact, timeline: 'live' as const })))
    const [refs] = await Promise.all([insertFacts(db, facts), insertSignals])
    return refs
  },

  async noteNumbers(numbers) {
    if (numbers.length === 0) return
    const noted = numbers.map(({ system, of, number, receivedAt }) => ({
      system: numbersOf(system),
      key: `${of} ${String(number).padStart(NUMBER_DIGITS, '0')}`,
      receivedAt,
    }))
    // On conflict, primary key deliveries (system, key): each number came first when it came first.
    await prepared(
      db,
      sql`
      insert into deliveries (system, key, received_at)
      select r.system, r.key, min(r."receivedAt")
      from ${rows(noted, 'system text, key text, "receivedAt" timestamptz')}
      group by r.system, r.key order by r.system, r.key
      on conflict do nothing`,
    )
  },

  insertFacts: (timeline, facts) =>
    insertFacts(
      db,
      facts.map((fact) => ({ ...fact, timeline })),
    ),

  async loadFacts(refs: FactRef[]): Promise<StoredFact[]> {
    // Primary key facts (id, received_at): the receipt time finds the partition.
    const found = await prepared(
      db,
      sql`
      select ${FACT_FIELDS} from facts f
      where f.id = any(${idList(refs.map(({ id }) => id))})
        and f.received_at = any(${instants(refs.map(({ receivedAt }) => receivedAt))})
      order by f.id`,
    )
    return found.map(parseFact)
  },

  async historyOf(timeline: Timeline, names: ObjectName[]) {
    // Index facts_object.
    const found = await prepared(
      db,
      sql`
      select ${FACT_FIELDS} from (
        select distinct r.system, r.type, r."externalId" from ${rows(names, 'system text, type text, "externalId" text')}) n
      cross join lateral (
        select * from facts f
        where f.timeline = ${timeline} and f.system = n.system and f.type = n.type and f.external_id = n."externalId"
          and not exists (select 1 from quarantine q where q.fact_id = f.id) offset 0) f`,
    )
    return found.map((row) => parseFact(row).fact)
  },

  async quarantined(timeline: Timeline, names: ObjectName[]) {
    if (names.length === 0) return new Set()
    const wanted = names.map(({ system, type, externalId }) => ({ system, type, externalId }))
    const found = await db.execute<{
      system: string
      type: string
      external_id: string
      version: number
    }>(sql`
      select f.system, f.type, f.external_id, f.version from quarantine q
      join facts f on f.id = q.fact_id and f.received_at = q.received_at
      join ${rows(wanted, 'system text, type text, "externalId" text')}
        on f.system = r.system and f.type = r.type and f.external_id = r."externalId"
      where f.timeline = ${timeline}`)
    return new Set(
      found.map(
        (f) => `${objectId({ system: f.system, type: f.type, externalId: f.external_id })} ${f.version}`,
      ),
    )
  },

  async quarantine(ref, problem, at) {
    await db
      .insert(quarantine)
      .values({ factId: Number(ref.id), receivedAt: new Date(ref.receivedAt), quarantinedAt: at, problem })
      .onConflictDoNothing()
  },
})
