import { readFileSync, rmSync } from 'node:fs'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import type { TestProject } from 'vitest/node'
import { readPidFile, serves } from '../../src/db/embedded/postmaster.ts'
import { isRunning } from '../../src/db/embedded/process.ts'
import { startEmbedded } from '../../src/db/embedded/start.ts'
import { migrate } from '../../src/db/migrate.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The superuser's address on the test server; testDatabase() clones the template through it. */
    serverUrl: string
    /** Migrated once, then closed to connections: PostgreSQL clones only what nobody is connected to. */
    template: string
    /** The run's temporary folder: what is made in it goes with it. Every user may enter it. */
    scratch: string
  }
}

const TEMPLATE = 'baton_template'

/** `baton-test-<pid of the run>-<x>`, so that the next run can tell what a killed one left behind. */
const PREFIX = 'baton-test-'

/** A test's data need not outlive a power cut. */
const FAST = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '200',
}

/** One PostgreSQL for the whole run, in a temporary folder; removed at the end, also of an interrupted run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await sweep()
  const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`))
  await chmod(folder, 0o711) // As root the server runs as another user, who must get in.
  const quiet = { info: () => {}, warn: () => {}, error: () => {} }
  const server = await startEmbedded({ dataDir: folder, sharedDir: folder, settings: FAST, log: quiet })
  // vitest exits a moment after Ctrl-C or SIGTERM, without calling what this function returns.
  const interrupted = (): void => removeAtOnce(folder)
  process.once('exit', interrupted)
  const end = async (): Promise<void> => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
    process.off('exit', interrupted)
  }
  await makeTemplate(server.url).catch(async (error: unknown) => {
    await end()
    throw error
  })
  project.provide('serverUrl', server.url)
  project.provide('template', TEMPLATE)
  project.provide('scratch', folder)
  return end
}

async function makeTemplate(serverUrl: string): Promise<void> {
  const sql = postgres(serverUrl, { max: 1, onnotice: () => {} })
  try {
    await sql.unsafe(`create database ${TEMPLATE}`)
    const template = new URL(serverUrl)
    template.pathname = `/${TEMPLATE}`
    await migrate(template.href, { queue: true })
    await sql.unsafe(`alter database ${TEMPLATE} with is_template true allow_connections false`)
  } finally {
    await sql.end()
  }
}

/** Servers that a test's own process left in the folder notice that it is gone, and end within a minute or two. */
function removeAtOnce(folder: string): void {
  try {
    const pidFile = readFileSync(join(folder, 'postgres', 'data', 'postmaster.pid'), 'utf8')
    process.kill(Number(pidFile.split('\n')[0]), 'SIGQUIT')
  } catch {
    // It does not run (any more).
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
}

/** Ends and deletes the servers of runs that were killed outright. */
async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const [, run] = new RegExp(`^${PREFIX}(\\d+)-`).exec(name) ?? []
    if (run === undefined || (await isRunning(Number(run)))) continue
    // What belongs to another user, or is being swept by another run, is none of our business.
    await remove(join(tmpdir(), name)).catch(() => undefined)
  }
}

async function remove(folder: string): Promise<void> {
  const data = join(folder, 'postgres', 'data')
  const left = await readPidFile(data)
  if (left && (await serves(left.pid, data))) {
    process.kill(left.pid, 'SIGQUIT')
    while (await serves(left.pid, data)) await pause(50)
  }
  await rm(folder, { recursive: true, force: true })
}
