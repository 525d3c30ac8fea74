import type { SpawnOptions } from 'node:child_process'
import { constants, open, rename, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { UserError } from '../../app/errors.ts'
import { giveTo } from './account.ts'
import { type Binaries, program } from './binaries.ts'
import type { Cluster } from './cluster.ts'
import type { Home } from './home.ts'
import { answers, type Postmaster, readPidFile } from './postmaster.ts'
import { cannotRun, startTool, whyItFailed } from './tool.ts'

/** Server settings, as in postgresql.conf. */
export type Settings = Readonly<Record<string, string>>

const SETTINGS: Settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '128MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
}

/** Past this size the log is set aside at the next start, as `postgres.log.1`. */
const LOG_LIMIT_BYTES = 10_000_000
const START_PATIENCE_MS = 5 * 60_000
const SLOW_MS = 5000
/** After a postmaster was killed its children take a moment to notice and let go of the data folder. */
const ORPHAN_PATIENCE_MS = 15_000
const PORT_ATTEMPTS = 5

interface Launch {
  readonly cluster: Cluster
  readonly home: Home
  readonly binaries: Binaries
  readonly settings: Settings
  readonly log: { info(words: string): void }
  /** Chooses a port for each attempt: a free one may be taken by the time the server asks for it. */
  readonly pickPort: () => Promise<number>
}

/** Starts a server on a data folder that none serves, and returns when it takes logins. Throws UserError. */
export async function launch(wanted: Launch): Promise<Postmaster> {
  const orphansUntil = performance.now() + ORPHAN_PATIENCE_MS
  for (let ports = 1; ; ) {
    const outcome = await attempt(wanted, await wanted.pickPort())
    if (typeof outcome !== 'string') return outcome
    if (/could not bind|could not create any TCP\/IP sockets/.test(outcome) && ports < PORT_ATTEMPTS)
      ports += 1
    else if (/pre-existing shared memory block/.test(outcome) && performance.now() < orphansUntil)
      await pause(250)
    else throw new UserError(whyItFailed(outcome, wanted.home, ` Its log: ${logOf(wanted.home)}`))
  }
}

/** A port of 127.0.0.1 that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

const logOf = (home: Home): string => join(home.folder, 'postgres.log')

/** One start: the running server, or what it said before it gave up. */
async function attempt(wanted: Launch, port: number): Promise<Postmaster | string> {
  const { cluster, home, binaries } = wanted
  const log = await openLog(home)
  const from = (await log.stat()).size
  const settings = Object.entries({ ...SETTINGS, ...wanted.settings }).map(
    ([name, value]) => `--${name}=${value}`,
  )
  const postgres = program(binaries, 'postgres')
  // A session of its own: Ctrl-C goes to every process of the terminal's group, and the database must outlive Baton's
  // own orderly stop. None of our streams: what waits for them to close must not wait for the server.
  const own = { detached: true, stdio: ['ignore', log.fd, log.fd] } satisfies SpawnOptions
  const child = startTool(postgres, ['-D', cluster.data, '-p', String(port), ...settings], home, own)
  const ended = new Promise<'ended'>((resolve, reject) => {
    child.once('exit', () => resolve('ended'))
    child.on('error', (error) => reject(new UserError(cannotRun(postgres, error, home.account))))
  })
  ended.catch(() => undefined) // Awaited below; but not any more once the server is up.
  const slow = setTimeout(() => {
    wanted.log.info('PostgreSQL is still starting: after a crash it first goes through its log. Waiting.')
  }, SLOW_MS)
  try {
    const deadline = performance.now() + START_PATIENCE_MS
    while ((await Promise.race([ended, pause(20)])) !== 'ended') {
      const file = await readPidFile(cluster.data)
      const ready = file?.pid === child.pid && file?.status === 'ready'
      if (ready && (await answers(cluster, port))) return { pid: file.pid, port }
      if (performance.now() > deadline) {
        child.kill('SIGQUIT')
        await ended
      }
    }
    const said = Buffer.alloc(Math.min((await log.stat()).size - from, 100_000))
    await log.read(said, 0, said.length, from)
    return said.toString('utf8')
  } finally {
    clearTimeout(slow)
    child.unref()
    await log.close()
  }
}

async function openLog(home: Home): Promise<Awaited<ReturnType<typeof open>>> {
  const path = logOf(home)
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  )
  if (size > LOG_LIMIT_BYTES) await rename(path, `${path}.1`)
  // No links: the folder belongs to the server's account, and this may be root.
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW
  const log = await open(path, flags, 0o600)
  await giveTo(home.account, path)
  return log
}
