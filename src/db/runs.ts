import { and, eq, ne, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { RunTx } from '../app/ports.ts'
import type { RunRecord } from '../app/records.ts'
import type { Executor } from './connect.ts'
import { numberOrNull } from './exceptions.ts'
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
  approvedBy: row.approvedBy === null ? null : String(row.approvedBy),
})

const toRow = ({ exceptionId, requestedBy, approvedBy, ...rest }: Omit<RunRecord, 'id'>) => ({
  ...rest,
  exceptionId: Number(exceptionId),
  requestedBy: Number(requestedBy),
  approvedBy: numberOrNull(approvedBy),
})

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
})
