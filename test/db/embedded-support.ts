import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import postgres from 'postgres'
import { afterEach, inject } from 'vitest'
import { type EmbeddedOptions, type EmbeddedPostgres, startEmbedded } from '../../src/db/embedded/start.ts'
import { projectRoot } from '../../src/root.ts'

export const isRoot = process.geteuid?.() === 0

/** An ordinary user's ids: those of `nobody` when the tests run as root, else one's own. */
export const ordinary = isRoot ? { uid: 65534, gid: 65534 } : {}

export const quiet = { info: () => {}, warn: () => {}, error: () => {} }

/** The data need not survive a power cut, and initdb need not wait for the disk. */
export const fast = { fsync: 'off' }

const cleanups: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A folder for one test. `mode` 0o755 lets every user in; removed after the test. */
export async function folder(mode = 0o755): Promise<string> {
  const path = await mkdtemp(join(inject('scratch'), 'embedded-'))
  await chmod(path, mode)
  cleanups.push(() => rm(path, { recursive: true, force: true }))
  return path
}

/** Starts a server in this process; stopped after the test. */
export async function start(
  options: Omit<EmbeddedOptions, 'log'> & Partial<EmbeddedOptions>,
): Promise<EmbeddedPostgres> {
  const server = await startEmbedded({ log: quiet, settings: fast, ...options })
  cleanups.push(() => server.stop())
  return server
}

interface Baton {
  readonly child: ChildProcess
  /** The next JSON line it says. */
  said(): Promise<Record<string, unknown>>
}

/** Starts a server in a process and process group of its own; that process is killed after the test. */
export function startProcess(
  options: Omit<EmbeddedOptions, 'log'>,
  user: { uid?: number; gid?: number } = {},
): Baton {
  const child = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      join(projectRoot, 'test/db/child/embedded.ts'),
      JSON.stringify({ settings: fast, ...options }),
    ],
    { cwd: projectRoot, detached: true, stdio: ['pipe', 'pipe', 'inherit'], ...user },
  )
  cleanups.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM') // It stops its server.
    await once(child, 'exit')
  })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    child,
    said: async () => {
      const { value, done } = await lines.next()
      if (done) throw new Error('the process ended without a word')
      return JSON.parse(value)
    },
  }
}

/** Kills a process outright, and returns once its streams are closed: by then nobody else holds them either. */
export async function killOutright({ child }: Baton): Promise<void> {
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
}

/** Runs one query on a connection of its own. */
export async function query(url: unknown, text: string): Promise<postgres.RowList<postgres.Row[]>> {
  const sql = postgres(String(url), { max: 1, connect_timeout: 5, onnotice: () => {} })
  try {
    return await sql.unsafe(text)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** The process that serves the data of a home. */
export async function postmasterPid(home: string): Promise<number> {
  return Number((await readFile(join(home, 'data', 'postmaster.pid'), 'utf8')).split('\n')[0])
}
