import { and, desc, eq, inArray, isNotNull, isNull, ne, or, sql } from 'drizzle-orm'
import { z } from 'zod'
import { keptValues } from '../app/card.ts'
import type { RunTx } from '../app/ports.ts'
import type { PastRun, RunRecord } from '../app/records.ts'
import { idList } from './bulk.ts'
import type { Executor } from './connect.ts'
import { idOrNull, numberOrNull } from './exceptions.ts'
import { queueTx } from './queue.ts'
import { actionRuns } from './schema.ts'

const scalars = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
const target = z.object({ externalId: z.string(), params: scalars }).nullable()
const seen = z.object({ snapshot: z.unknown(), words: z.string() }).nullable()

export const runRecordOf = (row: typeof actionRuns.$inferSelect): RunRecord => ({
  ...row,
  id: String(row.id),
  exceptionId: String(row.exceptionId),
  values: scalars.parse(row.values),
  target: target.parse(row.target),
  before: seen.parse(row.before),
  after: seen.parse(row.after),
  requestedBy: String(row.requestedBy),
  approvedBy: idOrNull(row.approvedBy),
  undoes: idOrNull(row.undoes),
  batchId: idOrNull(row.batchId),
})

/** Once nothing more is sent, personal data that was typed only for the sending is forgotten. */
const isSent = ({ state }: Pick<RunRecord, 'state'>): boolean => state === 'settling' || state === 'finished'

const toRow = ({
  exceptionId,
  requestedBy,
  approvedBy,
  undoes,
  batchId,
  ...rest
}: Omit<RunRecord, 'id'>) => ({
  ...rest,
  ...(isSent(rest) ? { values: keptValues(rest.values) } : {}),
  undoes: numberOrNull(undoes),
  batchId: numberOrNull(batchId),
  exceptionId: Number(exceptionId),
  requestedBy: Number(requestedBy),
  approvedBy: numberOrNull(approvedBy),
})

/** What is offered next depends on no older ones. */
const PAST_RUNS = 20

/** The newest runs that have ended, of each of these exceptions. Index action_runs_exception. */
export const pastRunsOf = async (db: Executor, exceptionIds: number[]): Promise<Map<string, PastRun[]>> => {
  if (exceptionIds.length === 0) return new Map()
  const newest = sql`(
    select n.id from unnest(${idList(exceptionIds.map(String))}) e (id) cross join lateral (
      select r.id from action_runs r where r.exception_id = e.id and r.state = 'finished'
      order by r.id desc limit ${PAST_RUNS}) n)`
  const found = await db
    .select()
    .from(actionRuns)
    .where(inArray(actionRuns.id, newest))
    .orderBy(desc(actionRuns.id))
  const byException = new Map<string, PastRun[]>()
  for (const run of found.map(runRecordOf)) {
    const { finishedAt } = run
    if (!finishedAt) continue
    const own = byException.get(run.exceptionId)
    if (own) own.push({ ...run, finishedAt })
    else byException.set(run.exceptionId, [{ ...run, finishedAt }])
  }
  return byException
}

export const runTx = (db: Executor): RunTx => ({
  async insertRun(run) {
    const [inserted] = await db.insert(actionRuns).values(toRow(run)).returning({ id: actionRuns.id })
    if (!inserted) throw new Error('The run was not stored')
    return String(inserted.id)
  },

  async loadRun(id) {
    const [row] = await db
      .select()
      .from(actionRuns)
      .where(eq(actionRuns.id, Number(id)))
      .for('update')
    return row ? runRecordOf(row) : null
  },

  async saveRun({ id, ...run }) {
    await db
      .update(actionRuns)
      .set(toRow(run))
      .where(eq(actionRuns.id, Number(id)))
    // However it has come to its end, or to where it only waits to be proven: the next of its batch may begin.
    const { batchId, state } = run
    if (batchId !== null && (state === 'finished' || state === 'settling')) {
      await queueTx(db).addJob('batch', { batch: batchId }, { key: `batch:${batchId}` })
    }
  },

  async isBeingCalled({ id, system, target }) {
    if (!target) return false
    const { externalId } = target
    await db.execute(
      sql`select pg_advisory_xact_lock(hashtextextended(${`call ${system} ${externalId}`}, 0))`,
    )
    // Index action_runs_active.
    const [found] = await db
      .select({ id: actionRuns.id })
      .from(actionRuns)
      .where(
        and(
          eq(actionRuns.state, 'sending'),
          eq(actionRuns.system, system),
          sql`${actionRuns.target} ->> 'externalId' = ${externalId}`,
          isNotNull(actionRuns.worker),
          ne(actionRuns.id, Number(id)),
        ),
      )
      .limit(1)
    return found !== undefined
  },

  async runsWithoutJob() {
    const { state, id } = actionRuns
    // A run's job is never tried twice by the queue itself: one that has used up its try is no job any more.
    const noJob = sql`not exists (select 1 from graphile_worker.jobs j
      where j.key = 'run:' || ${id} and j.attempts < j.max_attempts)`
    const found = await db
      .select({ id })
      .from(actionRuns)
      .where(and(ne(state, 'finished'), ne(state, 'awaiting_approval'), noJob))
    return found.map((row) => String(row.id))
  },

  async restingRuns(system) {
    const { id, state, waitsSince, worker } = actionRuns
    const waits = or(inArray(state, ['sending', 'sent']), and(eq(state, 'queued'), isNotNull(waitsSince)))
    // Index action_runs_active.
    const found = await db
      .select({ id })
      .from(actionRuns)
      .where(and(eq(actionRuns.system, system), ne(state, 'finished'), isNull(worker), waits))
      .orderBy(id)
    return found.map((row) => String(row.id))
  },

  pastRuns: async (exceptionId) => (await pastRunsOf(db, [Number(exceptionId)])).get(exceptionId) ?? [],
})
