import { join } from 'node:path'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate as applyMigrations } from 'drizzle-orm/postgres-js/migrator'
import { Logger, runMigrations as migrateQueue } from 'graphile-worker'
import postgres from 'postgres'
import { UserError } from '../app/errors.ts'
import { projectRoot } from '../root.ts'
import { describeDatabaseError } from './errors.ts'
import { probe } from './probe.ts'
import { queueUrl } from './url.ts'

interface MigrateOptions {
  /** What drizzle-kit generated: SQL files and meta/_journal.json. The project's own `migrations`. */
  readonly folder?: string
  /** Also bring the queue's schema (graphile_worker) up to date. */
  readonly queue?: boolean
  readonly log?: { info(words: string): void }
}

const FOLDER = join(projectRoot, 'migrations')

/** Every Baton takes this advisory lock of the database before it migrates ("baton" in ASCII). */
const LOCK = 0x6261746f6e

/**
 * Brings the database at `url` up to date; any number of processes may ask at once: one migrates, the others wait
 * and find it done. A migration that fails is rolled back. `url` must lead to the server itself or to a pooler of
 * sessions, because the lock belongs to a session (DATABASE_DIRECT_URL where DATABASE_URL is a transaction pooler).
 * Throws UserError: the database cannot be reached, or is newer than this code, or a migration failed.
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<void> {
  const { folder = FOLDER, queue = false, log } = options
  await probe(url)
  const known = knownMigrations(folder)
  await withConnection(url, async (guard) => {
    await takeLock(guard, log).catch(fail(url))
    checkApplied(known, await appliedMigrations(guard).catch(fail(url)))
    // The lock's own connection does nothing else: a migration that breaks its connection keeps the lock.
    await withConnection(url, async (sql) => {
      await applyMigrations(drizzle(sql), { migrationsFolder: folder }).catch(
        fail(url, 'The database was not migrated and is as it was'),
      )
    })
    if (queue)
      await upgradeQueue(url).catch(fail(url, "The queue's tables (graphile_worker) were not migrated"))
  })
}

/** How many migrations the database at `url` still lacks; only looks. Throws UserError as `migrate` does. */
export async function pendingMigrations(url: string): Promise<number> {
  await probe(url)
  const known = knownMigrations(FOLDER)
  let applied: number[] = []
  await withConnection(url, async (sql) => {
    applied = await appliedMigrations(sql).catch(fail(url))
  })
  checkApplied(known, applied)
  return known.length - applied.length
}

const knownMigrations = (folder: string): number[] =>
  readMigrationFiles({ migrationsFolder: folder }).map(({ folderMillis }) => folderMillis)

/** One connection, closed at the end, and with it whatever its session holds. */
async function withConnection(url: string, use: (sql: postgres.Sql) => Promise<void>): Promise<void> {
  const sql = connect(url)
  try {
    await use(sql)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

function connect(url: string): postgres.Sql {
  try {
    return postgres(url, {
      max: 1,
      max_lifetime: null,
      fetch_types: false,
      connect_timeout: 10,
      onnotice: () => {},
    })
  } catch (error) {
    throw new UserError(describeDatabaseError(error, url))
  }
}

async function takeLock(guard: postgres.Sql, log: MigrateOptions['log']): Promise<void> {
  // Some providers give every role a time limit; waiting for another process's migration may take longer.
  await guard`select set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false)`
  const [tried] = await guard<{ taken: boolean }[]>`select pg_try_advisory_lock(${LOCK}) as taken`
  if (tried?.taken) return
  log?.info('Another Baton is migrating the database; waiting for it.')
  await guard`select pg_advisory_lock(${LOCK})`
}

/** The applied migrations by their time in the journal, which is what drizzle knows them by. */
async function appliedMigrations(sql: postgres.Sql): Promise<number[]> {
  const [table] = await sql<{ there: boolean }[]>`
    select to_regclass('drizzle.__drizzle_migrations') is not null as there`
  if (!table?.there) return []
  const rows = await sql<{ at: string }[]>`select created_at as at from drizzle.__drizzle_migrations`
  return rows.map(({ at }) => Number(at))
}

/** Refuses a database that this code does not understand; drizzle itself would pass over both cases in silence. */
function checkApplied(known: readonly number[], applied: readonly number[]): void {
  const foreign = applied.filter((at) => !known.includes(at))
  if (foreign.length > 0) {
    throw new UserError(
      `The database is newer than this Baton: it has ${foreign.length} migration(s) that this version does not know, ` +
        `the last of ${new Date(Math.max(...foreign)).toISOString().slice(0, 10)}. Start the newer Baton, or restore a ` +
        'backup from before it.',
    )
  }
  const newest = Math.max(...applied, 0)
  const late = known.filter((at) => at < newest && !applied.includes(at))
  if (late.length > 0) {
    throw new UserError(
      `The database lacks ${late.length} migration(s) that come before one it has, the first of ` +
        `${new Date(Math.min(...late)).toISOString()}. Migrations are only ever added at the end: generate them again.`,
    )
  }
}

async function upgradeQueue(url: string): Promise<void> {
  const silent = new Logger(() => () => {})
  const exitCode = process.exitCode
  try {
    await migrateQueue({ connectionString: queueUrl(url), maxPoolSize: 1, logger: silent })
  } catch (error) {
    process.exitCode = exitCode // The library sets its own.
    throw error
  }
}

/** Turns a failure into one line, opened by `what`, that keeps its cause. */
function fail(url: string, what?: string): (error: unknown) => never {
  return (error) => {
    const words = describeDatabaseError(error, url)
    const failure = new UserError(what === undefined ? words : `${what}. ${words}`)
    failure.cause = error
    throw failure
  }
}
