import { EventEmitter } from 'node:events'
import { eq, sql } from 'drizzle-orm'
import { Logger, makeWorkerUtils, type Runner, run, type WorkerEvents } from 'graphile-worker'
import { wordsOf } from '../app/errors.ts'
import type { Log } from '../app/log.ts'
import type { Jobs, QueueTx } from '../app/ports.ts'
import { prepared } from './bulk.ts'
import type { Connection, Executor } from './connect.ts'
import { workers } from './schema.ts'
import { queueUrl } from './url.ts'

export const HEARTBEAT_MS = 5_000
/** A process that has been silent for so long is dead: its work is taken over. */
export const DEAD_AFTER_MS = 15_000

type JobPolicy = { priority: number; maxAttempts: number }

/** Lower runs first: a person waits for a run, nobody waits for upkeep. Schedules repeat what they enqueue. */
const POLICY: { [N in keyof Jobs]: JobPolicy } = {
  run: { priority: -20, maxAttempts: 1 },
  batch: { priority: -15, maxAttempts: 25 },
  deliver: { priority: -10, maxAttempts: 3 },
  notify: { priority: -10, maxAttempts: 3 },
  process: { priority: 0, maxAttempts: 25 },
  fold: { priority: 1, maxAttempts: 25 },
  redraw: { priority: 2, maxAttempts: 25 },
  reach: { priority: 2, maxAttempts: 25 },
  sweep: { priority: 5, maxAttempts: 1 },
  groups: { priority: 1, maxAttempts: 1 },
  tend: { priority: 5, maxAttempts: 1 },
  poll: { priority: 5, maxAttempts: 1 },
  remap: { priority: 8, maxAttempts: 25 },
  reclaim: { priority: 10, maxAttempts: 1 },
  upkeep: { priority: 20, maxAttempts: 3 },
  learn: { priority: 20, maxAttempts: 3 },
  reconcile: { priority: 15, maxAttempts: 1 },
  watch: { priority: 5, maxAttempts: 1 },
}

export const queueTx = (db: Executor): QueueTx => ({
  async addJob(name, payload, { key, runAt } = {}) {
    const { priority, maxAttempts } = POLICY[name]
    await prepared(
      db,
      sql`
      select graphile_worker.add_job(${name}, payload := ${JSON.stringify(payload)}::json,
        run_at := ${runAt?.toISOString() ?? null}::timestamptz, max_attempts := ${maxAttempts}::int,
        job_key := ${key ?? null}::text, priority := ${priority}::int)`,
    )
  },
})

/**
 * Inserts a schedule's tick and its job together: of many replicas the first wins, the others do nothing. False when
 * somebody else had this tick.
 */
export const enqueueTick = (
  connection: Connection,
  name: string,
  tick: Date,
  enqueue: (tx: QueueTx) => Promise<void>,
) =>
  connection.db.transaction(async (tx) => {
    const won = await tx.execute(sql`
      insert into schedule_ticks (name, tick) values (${name}, ${tick.toISOString()}::timestamptz)
      on conflict do nothing returning name`)
    if (won.length === 0) return false
    await enqueue(queueTx(tx))
    return true
  })

export type Handlers = { [N in keyof Jobs]: (payload: Jobs[N]) => Promise<void> }

export type WorkerOptions = {
  connection: Connection
  directUrl?: string | undefined
  /** Names this process; unique, never reused. */
  id: string
  handlers: Handlers
  log: Log
  concurrency?: number
  /** Called when a dead process's jobs have been freed. */
  onTakeover: () => Promise<void>
}

export type QueueWorker = { stop(): Promise<void> }

/** The library's own chatter is kept out of the log, but for its warnings and errors. */
const loggerFor = (log: Log): Logger =>
  new Logger(() => (level, message) => {
    if (level === 'error' || level === 'warning') log.warn({ from: 'queue' }, message)
  })

/**
 * The library logs a failed job's error, and stores its message: what quotes parameters, which may be anybody's data,
 * gives the database's words instead, and keeps where it came from.
 */
const withoutData = (error: unknown): unknown => {
  const words = wordsOf(error)
  if (!(error instanceof Error) || words === error.message) return error
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  const told = new Error(words)
  told.stack = [`Error: ${words}`, ...frames].join('\n')
  return told
}

const taskList = (handlers: Handlers): Record<string, (payload: unknown) => Promise<void>> =>
  Object.fromEntries(
    Object.entries(handlers).map(([name, handle]) => [
      name,
      async (payload: unknown) => {
        try {
          await handle(payload as never)
        } catch (error) {
          throw withoutData(error)
        }
      },
    ]),
  )

/*
 * Life and death are told by the database's clock alone: replicas whose own clocks disagree must not bury one another.
 */
const silence = sql`make_interval(secs => ${DEAD_AFTER_MS / 1000})`

/** Processes whose heartbeat is younger than `DEAD_AFTER_MS`. */
export const liveWorkers = async (db: Executor): Promise<string[]> => {
  const alive = await db
    .select({ id: workers.id })
    .from(workers)
    .where(sql`${workers.heartbeatAt} >= now() - ${silence}`)
  return alive.map(({ id }) => id)
}

/**
 * Names that hold a job for longer than the silence that counts as death, and belong to no living process.
 * Asking the locks, and not the dead process's row, also covers one that died before it had told its names.
 */
const orphanedLocks = async (db: Executor): Promise<string[]> => {
  const found = await db.execute<{ locked_by: string }>(sql`
    select distinct locked_by from graphile_worker.jobs
    where locked_at < now() - ${silence} and locked_by not in (select unnest(queue_workers) from workers)`)
  return found.map((row) => row.locked_by)
}

/**
 * One heartbeat of process `id`: says that it lives, and under which names it locks jobs; buries the dead, and
 * answers how many there were and whose locks they left.
 */
const beatOnce = async (db: Executor, id: string, queueWorkers: string[]) => {
  const now = sql`now()`
  await db
    .insert(workers)
    .values({ id, startedAt: now, heartbeatAt: now, queueWorkers })
    .onConflictDoUpdate({ target: workers.id, set: { heartbeatAt: now, queueWorkers } })
  const dead = await db
    .delete(workers)
    .where(sql`${workers.heartbeatAt} < now() - ${silence}`)
    .returning({ id: workers.id })
  return { dead: dead.map((row) => row.id), orphaned: await orphanedLocks(db) }
}

/**
 * Works off jobs until stopped, and beats its heart. The library frees a dead process's jobs only after four hours;
 * here every process watches the others, and frees them after `DEAD_AFTER_MS` of silence.
 */
export const startWorker = async (options: WorkerOptions): Promise<QueueWorker> => {
  const { connection, id, log } = options
  const { db } = connection
  const connectionString = queueUrl(options.directUrl ?? connection.url)
  const logger = loggerFor(log)
  const utils = await makeWorkerUtils({ connectionString, logger })
  await beatOnce(db, id, [])

  // The library writes a pool's id into the jobs that its workers lock.
  const pools = new Set<string>()
  const events: WorkerEvents = new EventEmitter()
  events.on('pool:create', ({ workerPool }) => pools.add(workerPool.id))
  const concurrency = options.concurrency ?? 4
  const runner: Runner = await run({
    events,
    connectionString,
    logger,
    taskList: taskList(options.handlers),
    concurrency,
    pollInterval: 1_000,
    noHandleSignals: true,
    maxPoolSize: concurrency + 2,
    preset: { worker: { gracefulShutdownAbortTimeout: 10_000 } },
  })

  const beat = async (): Promise<void> => {
    const { dead, orphaned } = await beatOnce(db, id, [...pools])
    if (orphaned.length > 0) await utils.forceUnlockWorkers(orphaned)
    if (dead.length + orphaned.length === 0) return
    log.warn({ dead, orphaned: orphaned.length }, 'A process died; its work is taken over')
    await options.onTakeover()
  }
  let beating = beat()
  await beating
  const timer = setInterval(() => {
    beating = beat().catch((error: unknown) => log.error({ error: wordsOf(error) }, 'Heartbeat failed'))
  }, HEARTBEAT_MS)
  // A heart that beats over dead workers would keep the others from taking over.
  runner.promise.catch((error: unknown) => {
    clearInterval(timer)
    log.error({ error: wordsOf(error) }, 'The queue has failed; others take over. Start this Baton again')
  })

  return {
    async stop() {
      await runner.stop()
      clearInterval(timer)
      await beating
      await utils.release()
      await db.delete(workers).where(eq(workers.id, id))
    },
  }
}
