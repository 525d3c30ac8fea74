import { and, count, eq, gt, gte, inArray, lt, sql } from 'drizzle-orm'
import type { GraceTx, Reader } from '../app/ports.ts'
import type { BaselineRecord } from '../app/records.ts'
import { prepared, rows } from './bulk.ts'
import type { Executor } from './connect.ts'
import { personTx } from './people.ts'
import { baselines, lags } from './schema.ts'

export const toBaseline = (row: typeof baselines.$inferSelect): BaselineRecord => {
  const { fromSystem: from, toSystem: to, agreedBy, ...rest } = row
  return { ...rest, from, to, agreedBy: agreedBy === null ? null : String(agreedBy) }
}

export const graceTx = (db: Executor): GraceTx => ({
  async saveLags(list) {
    await prepared(
      db,
      sql`
      insert into lags (contract, from_system, to_system, value, reached_at, ms)
      select r.contract, r."from", r."to", r.value, r."reachedAt", r.ms
      from ${rows(list, 'contract text, "from" text, "to" text, value text, "reachedAt" timestamptz, ms float8')}`,
    )
  },

  async lagsOf(contract, from, to) {
    // Index lags_contract.
    const found = await db
      .select()
      .from(lags)
      .where(and(eq(lags.contract, contract), gte(lags.reachedAt, from), lt(lags.reachedAt, to)))
    return found.map(({ fromSystem, toSystem, ...rest }) => ({ ...rest, from: fromSystem, to: toSystem }))
  },

  async baselines() {
    const found = await db
      .select()
      .from(baselines)
      .where(eq(baselines.state, 'in_force'))
      .prepare('baselines')
      .execute()
    return found.map(toBaseline)
  },

  async lockBaselines(contract) {
    const found = await db.select().from(baselines).where(eq(baselines.contract, contract)).for('update')
    return found.map(toBaseline)
  },

  async saveBaselines(list) {
    if (list.length === 0) return
    await db
      .insert(baselines)
      .values(
        list.map(({ from, to, agreedBy, ...rest }) => ({
          ...rest,
          fromSystem: from,
          toSystem: to,
          agreedBy: agreedBy === null ? null : Number(agreedBy),
        })),
      )
      .onConflictDoUpdate({
        target: [
          baselines.contract,
          baselines.fromSystem,
          baselines.toSystem,
          baselines.value,
          baselines.state,
        ],
        set: {
          learnedAt: sql`excluded.learned_at`,
          sample: sql`excluded.sample`,
          medianMs: sql`excluded.median_ms`,
          quantileMs: sql`excluded.quantile_ms`,
          agreedBy: sql`excluded.agreed_by`,
        },
      })
  },

  async removeBaselines(list) {
    if (list.length === 0) return
    await db.execute(sql`
      delete from baselines b using ${rows(list, 'contract text, "from" text, "to" text, value text, state text')}
      where b.contract = r.contract and b.from_system = r."from" and b.to_system = r."to" and b.value = r.value
        and b.state = r.state`)
  },

  async lastHeard(systems) {
    if (systems.length === 0) return new Map()
    // Primary key signals (system, received_at, id), read from its end.
    const found = await prepared<{ system: string; at: string }>(
      db,
      sql`
      select r.system, h.received_at as at from ${rows(
        systems.map((system) => ({ system })),
        'system text',
      )}
      cross join lateral (
        select received_at from signals s where s.system = r.system and s.via in ('webhook', 'poll')
          and (s.facts > 0 or s.problem is null)
        order by received_at desc limit 1) h`,
    )
    return new Map(found.map(({ system, at }) => [system, new Date(at)]))
  },

  async feedIncidents(from) {
    const since = from.toISOString()
    const found = await db.execute<{ system: string; from: string; to: string | null }>(sql`
      select k.value as system, p.since as "from", p.closed_at as "to" from subject_keys k
      join exceptions e on e.subject_id = k.subject_id join episodes p on p.exception_id = e.id
      where k.timeline = 'live' and k.name = 'feed' and (p.closed_at is null or p.closed_at >= ${since}::timestamptz)
      union all
      select system, least(down_since, suspect_since), null from system_state
      where down_since is not null or suspect_since is not null`)
    return found.map((row) => ({
      system: row.system,
      from: new Date(row.from),
      to: row.to === null ? null : new Date(row.to),
    }))
  },
})

/** What was learned of these contracts, for people. */
export const readLearned: (
  db: Executor,
  ...asked: Parameters<Reader['learned']>
) => ReturnType<Reader['learned']> = async (db, contracts, from) => {
  if (contracts.length === 0) return { baselines: [], names: new Map(), samples: new Map() }
  const found = (await db.select().from(baselines).where(inArray(baselines.contract, contracts))).map(
    toBaseline,
  )
  const names = await personTx(db).personNames([...new Set(found.flatMap(({ agreedBy }) => agreedBy ?? []))])
  // Index lags_contract.
  const seen = await db
    .select({ contract: lags.contract, sample: count() })
    .from(lags)
    .where(and(inArray(lags.contract, contracts), gte(lags.reachedAt, from)))
    .groupBy(lags.contract)
  return { baselines: found, names, samples: new Map(seen.map((row) => [row.contract, row.sample])) }
}

export const countSlower: (
  db: Executor,
  ...asked: Parameters<Reader['slowerLags']>
) => ReturnType<Reader['slowerLags']> = async (db, of, from, { overMs, withinMs }) => {
  const isOfValue = of.value === '' ? undefined : eq(lags.value, of.value)
  const isOfPair = and(eq(lags.fromSystem, of.from), eq(lags.toSystem, of.to))
  // Index lags_contract.
  const [found] = await db
    .select({ slower: count(), within: sql<string>`count(*) filter (where ${lags.ms} <= ${withinMs})` })
    .from(lags)
    .where(
      and(
        eq(lags.contract, of.contract),
        gte(lags.reachedAt, from),
        isOfPair,
        isOfValue,
        gt(lags.ms, overMs),
      ),
    )
  return { slower: found?.slower ?? 0, within: Number(found?.within ?? 0) }
}

/** Those of the contracts for which a longer grace waits for an admin. */
export const proposedGraces = async (db: Executor, contracts: string[]): Promise<string[]> => {
  if (contracts.length === 0) return []
  const found = await db
    .selectDistinct({ contract: baselines.contract })
    .from(baselines)
    .where(and(eq(baselines.state, 'proposed'), inArray(baselines.contract, contracts)))
    .orderBy(baselines.contract)
  return found.map(({ contract }) => contract)
}
