import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import postgres from 'postgres'
import { UserError, wordsOf } from '../../app/errors.ts'
import { giveTo } from './account.ts'
import { type Binaries, installedBinaries, usableBinaries } from './binaries.ts'
import { BATON, type Cluster, openCluster } from './cluster.ts'
import { folderTrouble, type Home, openHome, SHARED_DIR } from './home.ts'
import { freePort, launch, type Settings } from './launch.ts'
import { type FolderLock, LockHeld, lockFolder } from './lock.ts'
import { addressOf, findLeftover, type Postmaster, stopServer } from './postmaster.ts'
import { isRunning } from './process.ts'

/** A PostgreSQL of Baton's own, for this process alone. */
export interface EmbeddedPostgres {
  /** The database `baton`, as its superuser; carries the password. Stays the same while this process runs. */
  readonly url: string
  readonly port: number
  /** Whether it was already running, left by a Baton that was killed. */
  readonly adopted: boolean
  /** What an admin should know: dropped rights, a moved folder, an adoption. One sentence each. */
  readonly notes: readonly string[]
  /** Stops the server and frees the folder; returns when both are done. A second call does nothing. */
  stop(): Promise<void>
}

/** As pino's. */
interface EmbeddedLog {
  info(words: string): void
  warn(words: string): void
  error(words: string): void
}

export interface EmbeddedOptions {
  /** BATON_DATA_DIR: the server keeps to `postgres` in it. Made if missing. */
  readonly dataDir: string
  readonly log: EmbeddedLog
  /** Overrides and additions, as in postgresql.conf. `fsync: 'off'` also makes a new data folder faster. */
  readonly settings?: Settings
  /** SHARED_DIR, but in tests. */
  readonly sharedDir?: string
  /** The binaries; those that npm installed. */
  readonly binaries?: Binaries
  /** A free port of 127.0.0.1. */
  readonly pickPort?: () => Promise<number>
}

const WATCH_MS = 1000
/** Restarts of a server that keeps dying, within RESTART_WINDOW_MS, before it is given up. */
const RESTARTS = 3
const RESTART_WINDOW_MS = 60_000

/**
 * Starts the embedded PostgreSQL, or adopts the one that a killed Baton left running, and keeps it running until
 * `stop()`: should it die, it is started again on the same port. Takes well under a second, the first time about one.
 * Every failure that a person can mend is a UserError of one line.
 *
 * Run and tested on Linux, as root and as an ordinary user. The macOS and Windows ways (no account to change to;
 * `.exe`; processes told apart by `ps`, or on Windows by their id alone) follow their manuals and were not run.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { log, settings = {}, sharedDir = SHARED_DIR, pickPort = freePort } = options
  const notes: string[] = []
  const installed = options.binaries ?? (await installedBinaries())
  const home = await openHome(options.dataDir, sharedDir, notes)
  const lock = await lockHome(home)
  try {
    const binaries = await usableBinaries(installed, home, notes)
    const cluster = await openCluster(home, binaries, settings.fsync !== 'off')
    const leftover = await findLeftover(cluster)
    if (leftover)
      notes.push(`Took over the database server (process ${leftover.pid}) of a Baton that was killed.`)
    const wanted = { cluster, home, binaries, settings, log }
    const server = leftover ?? (await launch({ ...wanted, pickPort }))
    const stopServing = (): Promise<void> => stopServer(cluster.data, home, binaries)
    await makeDatabase(cluster, server.port).catch(async (error: unknown) => {
      await stopServing()
      throw error
    })
    const relaunch = (): Promise<Postmaster> => launch({ ...wanted, pickPort: async () => server.port })
    const unwatch = watch(server, relaunch, log)
    let stopping: Promise<void> | undefined
    const stop = async (): Promise<void> => {
      await unwatch()
      await stopServing()
      await lock.release()
    }
    return {
      url: addressOf(cluster, server.port),
      port: server.port,
      adopted: leftover !== undefined,
      notes,
      stop: () => {
        stopping ??= stop()
        return stopping
      },
    }
  } catch (error) {
    await lock.release()
    throw folderTrouble(home.folder, error)
  }
}

async function lockHome(home: Home): Promise<FolderLock> {
  const folder = join(home.folder, 'lock')
  try {
    await mkdir(folder, { recursive: true })
    await giveTo(home.account, folder)
    return await lockFolder(folder)
  } catch (error) {
    if (!(error instanceof LockHeld)) throw folderTrouble(home.folder, error)
    throw new UserError(
      `Another Baton (process ${error.pid}) is using ${home.folder}. Stop that one first, or give this one a folder ` +
        'of its own with BATON_DATA_DIR.',
    )
  }
}

async function makeDatabase(cluster: Cluster, port: number): Promise<void> {
  const sql = postgres(addressOf(cluster, port, 'postgres'), { max: 1, fetch_types: false })
  try {
    const found = await sql`select 1 from pg_database where datname = ${BATON}`
    if (found.length === 0) await sql.unsafe(`create database ${BATON}`)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** Looks every second whether the server lives, and starts it again if not. Returns how to end the watch. */
function watch(
  first: Postmaster,
  relaunch: () => Promise<Postmaster>,
  log: EmbeddedLog,
): () => Promise<void> {
  let { pid } = first
  let restarts: number[] = []
  let looking: Promise<void> = Promise.resolve()
  const look = async (): Promise<void> => {
    if (await isRunning(pid)) return
    const now = performance.now()
    restarts = [...restarts.filter((at) => now - at < RESTART_WINDOW_MS), now]
    if (restarts.length > RESTARTS) {
      clearInterval(timer)
      log.error(
        'The embedded PostgreSQL keeps dying and is given up. See its log, postgres.log, and restart Baton.',
      )
      return
    }
    log.warn(`The embedded PostgreSQL (process ${pid}) died; starting it again.`)
    await relaunch().then(
      (next) => {
        pid = next.pid
        log.info(`The embedded PostgreSQL runs again (process ${pid}).`)
      },
      (error: unknown) => log.error(wordsOf(error)),
    )
  }
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    looking = look().finally(() => {
      busy = false
    })
  }, WATCH_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await looking
  }
}
