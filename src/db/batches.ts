import { eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { BatchDetail, BatchMember, BatchRecord, MemberEnd } from '../app/batch-records.ts'
import type { BatchTx } from '../app/ports.ts'
import { rows } from './bulk.ts'
import type { Executor } from './connect.ts'
import { idOrNull, numberOrNull } from './exceptions.ts'
import { personTx } from './people.ts'
import { actionRuns, batches, batchMembers, exceptions } from './schema.ts'

const offer = z.object({ action: z.string(), label: z.string(), system: z.string() })

const recordOf = (row: typeof batches.$inferSelect): BatchRecord => ({
  ...row,
  id: String(row.id),
  offers: z.array(offer).parse(row.offers),
  chosen: offer.nullable().parse(row.chosen),
  askedBy: String(row.askedBy),
  startedBy: idOrNull(row.startedBy),
  stoppedBy: idOrNull(row.stoppedBy),
  decidedBy: idOrNull(row.decidedBy),
})

const toRow = ({ askedBy, startedBy, stoppedBy, decidedBy, ...rest }: Omit<BatchRecord, 'id'>) => ({
  ...rest,
  askedBy: Number(askedBy),
  startedBy: numberOrNull(startedBy),
  stoppedBy: numberOrNull(stoppedBy),
  decidedBy: numberOrNull(decidedBy),
})

const memberOf = ({ batchId: _, ...row }: typeof batchMembers.$inferSelect): BatchMember => ({
  ...row,
  exceptionId: String(row.exceptionId),
  runId: idOrNull(row.runId),
})

export const batchTx = (db: Executor): BatchTx => ({
  async insertBatch(batch, members) {
    const [inserted] = await db.insert(batches).values(toRow(batch)).returning({ id: batches.id })
    if (!inserted) throw new Error('The batch was not stored')
    const { id: batchId } = inserted
    await db.insert(batchMembers).values(
      members.map(({ exceptionId, runId, ...rest }) => ({
        ...rest,
        batchId,
        exceptionId: Number(exceptionId),
        runId: numberOrNull(runId),
      })),
    )
    return String(batchId)
  },

  async lockBatch(id) {
    const [row] = await db
      .select()
      .from(batches)
      .where(eq(batches.id, Number(id)))
      .for('update')
    if (!row) return null
    const members = await db
      .select()
      .from(batchMembers)
      .where(eq(batchMembers.batchId, row.id))
      .orderBy(batchMembers.place)
    return { batch: recordOf(row), members: members.map(memberOf) }
  },

  async saveBatch({ id, ...batch }, members) {
    await db
      .update(batches)
      .set(toRow(batch))
      .where(eq(batches.id, Number(id)))
    if (members.length === 0) return
    await db.execute(sql`
      update batch_members m set state = r.state, words = r.words, version = r.version, run_id = r."runId"
      from ${rows(members, 'place int, state text, words text, version int, "runId" int8')}
      where m.batch_id = ${id}::int8 and m.place = r.place`)
  },

  async endedMembers(id) {
    const found = await db.execute<MemberEnd>(sql`
      select m.place, r.outcome, r.words, e.state <> 'open' as "isOver", e.version from batch_members m
      join action_runs r on r.id = m.run_id join exceptions e on e.id = m.exception_id
      where m.batch_id = ${id}::int8 and m.state = 'running' and r.state = 'finished'`)
    return [...found]
  },

  async batchRunsIn(system) {
    await db.execute(sql`select pg_advisory_xact_lock(hashtext('batch'), hashtext(${system}))`)
    // Index action_runs_batch.
    const [counted] = await db.execute<{ runs: string }>(sql`
      select count(*) as runs from action_runs
      where system = ${system} and batch_id is not null and state <> 'finished' and state <> 'settling'`)
    return Number(counted?.runs ?? 0)
  },

  async batchesWithoutJob() {
    // Index batches_running.
    const found = await db.execute<{ id: string }>(sql`
      select b.id::text from batches b where b.state = 'running'
        and not exists (select 1 from graphile_worker.jobs j
          where j.key = 'batch:' || b.id and j.attempts < j.max_attempts)
        and not exists (select 1 from batch_members m join action_runs r on r.id = m.run_id
          where m.batch_id = b.id and m.state = 'running' and r.state <> 'finished')`)
    return found.map(({ id }) => id)
  },
})

/** A batch as its card shows it, without what only the configuration knows. */
export const readBatch = async (db: Executor, id: string): Promise<Omit<BatchDetail, 'title'> | null> => {
  const [row] = await db
    .select()
    .from(batches)
    .where(eq(batches.id, Number(id)))
  if (!row) return null
  const { since, valueMinor, currency, status } = exceptions
  const { state, sends, waitsSince } = actionRuns
  const members = await db
    .select({ member: batchMembers, since, valueMinor, currency, status, run: { state, sends, waitsSince } })
    .from(batchMembers)
    .innerJoin(exceptions, eq(exceptions.id, batchMembers.exceptionId))
    .leftJoin(actionRuns, eq(actionRuns.id, batchMembers.runId))
    .where(eq(batchMembers.batchId, row.id))
    .orderBy(batchMembers.place)
  const batch = recordOf(row)
  const people = [batch.startedBy, batch.stoppedBy].flatMap((person) => person ?? [])
  const names = await personTx(db).personNames(people)
  const nameOf = (person: string | null) => (person === null ? null : (names.get(person) ?? 'someone'))
  return {
    ...batch,
    startedBy: nameOf(batch.startedBy),
    stoppedBy: nameOf(batch.stoppedBy),
    members: members.map(({ member, run, ...shown }) => ({
      ...memberOf(member),
      ...shown,
      waits: run !== null && run.waitsSince !== null && run.sends === 0 && run.state !== 'finished',
    })),
  }
}

/** Batches under way, and those that have ended since then, newest first. */
export const recentBatches = async (db: Executor, since: Date, limit: number): Promise<string[]> => {
  // Indexes batches_running and batches_finished.
  const found = await db.execute<{ id: string }>(sql`
    select id::text from batches
    where state = 'running' or (state = 'finished' and finished_at >= ${since.toISOString()}::timestamptz)
    order by id desc limit ${limit}`)
  return found.map(({ id }) => id)
}
