import { readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import { UserError } from '../../app/errors.ts'
import { codeOf } from '../errors.ts'
import { type Binaries, program } from './binaries.ts'
import { BATON, type Cluster } from './cluster.ts'
import type { Home } from './home.ts'
import { commandLine, isRunning } from './process.ts'
import { runTool } from './tool.ts'

/** A server that runs. */
export interface Postmaster {
  readonly pid: number
  readonly port: number
}

/** What `postmaster.pid` in a data folder says: by whom it is served, or was when that one died. */
interface PidFile extends Postmaster {
  readonly status: 'starting' | 'ready' | 'stopping' | 'unknown'
}

/** Crash recovery reads the whole write-ahead log since the last checkpoint: at most 1 GB with the default settings. */
const RECOVERY_PATIENCE_MS = 5 * 60_000
const POLL_MS = 20

/** The address of a database of the server; it carries the password. */
export const addressOf = (cluster: Cluster, port: number, database = BATON): string =>
  `postgres://${BATON}:${cluster.password}@127.0.0.1:${port}/${database}`

export async function readPidFile(data: string): Promise<PidFile | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return ''
    throw error
  })
  // Lines: pid, data folder, start time, port, socket folder, address, shared memory key, status.
  const lines = text.split('\n').map((line) => line.trim())
  const [pid, port] = [Number(lines[0]), Number(lines[3])]
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  const status = lines[7]
  return {
    pid,
    port: Number.isInteger(port) ? port : 0,
    status: status === 'starting' || status === 'ready' || status === 'stopping' ? status : 'unknown',
  }
}

/** Whether a living process serves this data folder, judged by its command line (where the system shows it). */
export async function serves(pid: number, data: string): Promise<boolean> {
  if (!(await isRunning(pid))) return false
  const command = await commandLine(pid)
  return command === undefined || (command.includes('postgres') && command.includes(data))
}

/** Logs in with our password and asks the server which folder it serves: nobody else's server passes that. */
export async function answers(cluster: Cluster, port: number, database = 'postgres'): Promise<boolean> {
  const sql = postgres(addressOf(cluster, port, database), {
    max: 1,
    connect_timeout: 5,
    fetch_types: false,
  })
  try {
    const [row] = await sql<{ folder: string }[]>`select current_setting('data_directory') as folder`
    return row !== undefined && resolve(row.folder) === resolve(cluster.data)
  } catch {
    return false
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/**
 * The server that a Baton which was killed left running on this data folder, once it is ready; undefined where there
 * is none. Throws UserError where one runs that does not let us in.
 */
export async function findLeftover(cluster: Cluster): Promise<Postmaster | undefined> {
  const deadline = performance.now() + RECOVERY_PATIENCE_MS
  for (let refusals = 0; ; ) {
    const left = await readPidFile(cluster.data)
    // A file left by a dead process is for PostgreSQL to judge: it also looks for that server's orphans.
    if (left === undefined || !(await isRunning(left.pid))) return undefined
    if (!(await serves(left.pid, cluster.data))) {
      // The id belongs to another program by now; of the same user, and PostgreSQL would refuse to start.
      await rm(join(cluster.data, 'postmaster.pid'), { force: true })
      return undefined
    }
    if (left.status === 'ready') {
      if (await answers(cluster, left.port)) return { pid: left.pid, port: left.port }
      refusals += 1
    }
    if (refusals > 2 || performance.now() > deadline) {
      throw new UserError(
        `A PostgreSQL that Baton did not start (process ${left.pid}) serves ${cluster.data}, or it hangs. Stop it ` +
          `(\`kill -INT ${left.pid}\`), then start Baton again.`,
      )
    }
    await pause(POLL_MS * 5)
  }
}

/**
 * Stops the server of a data folder, whoever started it, and returns when it is gone: first as PostgreSQL calls it
 * fast (transactions are rolled back, everything is written), and if that takes over 30 s at once (the next start
 * then recovers from the log). Does nothing where none runs.
 */
export async function stopServer(data: string, home: Home, binaries: Binaries): Promise<void> {
  for (const [mode, seconds] of [
    ['fast', '30'],
    ['immediate', '10'],
  ] as const) {
    const { code, output } = await runTool(
      program(binaries, 'pg_ctl'),
      ['stop', '--pgdata', data, '--mode', mode, '--wait', '--timeout', seconds, '--silent'],
      home,
    )
    const left = await readPidFile(data)
    if (code === 0 || left === undefined || !(await serves(left.pid, data))) return
    if (mode === 'immediate')
      throw new Error(`PostgreSQL (process ${left.pid}) does not stop: ${output.trim()}`)
  }
}
