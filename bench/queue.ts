import { setTimeout as pause } from 'node:timers/promises'
import type postgres from 'postgres'

const LOOK_MS = 25
const PATIENCE_MS = 60_000

/** Waits until every recorded fact has gone through the pipeline; how long that took, in seconds. */
export const untilTaken = async (sql: postgres.Sql): Promise<number> => {
  const began = performance.now()
  for (;;) {
    const [left] = await sql`
      select count(*)::int as jobs from graphile_worker.jobs where task_identifier = 'process' and attempts < max_attempts`
    const waited = performance.now() - began
    if (left?.jobs === 0) return waited / 1000
    if (waited > PATIENCE_MS) throw new Error(`${left?.jobs} jobs were still waiting after ${PATIENCE_MS} ms`)
    await pause(LOOK_MS)
  }
}
