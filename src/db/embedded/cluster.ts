import { randomBytes } from 'node:crypto'
import { mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../app/errors.ts'
import { codeOf } from '../errors.ts'
import { giveTo } from './account.ts'
import { type Binaries, majorOf, program } from './binaries.ts'
import type { Home } from './home.ts'
import { runTool, whyItFailed } from './tool.ts'

/** A data folder, and the password of the superuser in it. */
export interface Cluster {
  readonly data: string
  readonly password: string
}

/** The superuser's name, and that of the database. */
export const BATON = 'baton'

/**
 * The home's data folder, made if there is none. It is made aside and moved into place whole, password and all, so
 * that a crash on the way leaves nothing but a draft, which the next start deletes. The caller holds the home's
 * lock. `durable: false` skips the wait for the disk (tests).
 */
export async function openCluster(home: Home, binaries: Binaries, durable: boolean): Promise<Cluster> {
  const data = join(home.folder, 'data')
  for (const name of await readdir(home.folder)) {
    // Again and again: the initdb of a Baton killed a moment ago may still be writing there, until it notices.
    const patiently = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }
    if (name.startsWith('new-')) await rm(join(home.folder, name), patiently)
  }
  if (await isMissing(data)) await create(data, home, binaries, durable)
  await checkVersion(data, binaries)
  return { data, password: await readPassword(data) }
}

/** The home's data folder as it is; undefined while there is none. */
export async function existingCluster(home: Home): Promise<Cluster | undefined> {
  const data = join(home.folder, 'data')
  return (await isMissing(data)) ? undefined : { data, password: await readPassword(data) }
}

async function create(data: string, home: Home, binaries: Binaries, durable: boolean): Promise<void> {
  const draft = await mkdtemp(join(home.folder, 'new-'))
  const passwordFile = join(draft, 'password')
  await writeFile(passwordFile, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600, flush: durable })
  await giveTo(home.account, draft)
  const { code, output } = await runTool(
    program(binaries, 'initdb'),
    [
      ...['--pgdata', join(draft, 'data'), '--username', BATON, '--pwfile', passwordFile],
      ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--no-instructions'],
      // PostgreSQL's own C.UTF-8 sorts by code point and knows every letter's case, on every system alike.
      ...['--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
      ...(durable ? [] : ['--no-sync']),
    ],
    home,
  )
  if (code !== 0) {
    await rm(draft, { recursive: true, force: true })
    throw new UserError(whyItFailed(output, home, ''))
  }
  await rename(passwordFile, join(draft, 'data', 'baton.password'))
  await rename(join(draft, 'data'), data)
  await rm(draft, { recursive: true })
  if (durable) await syncFolder(home.folder)
}

async function checkVersion(data: string, binaries: Binaries): Promise<void> {
  const version = await readFile(join(data, 'PG_VERSION'), 'utf8').catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error
    throw new UserError(
      `${data} is not a PostgreSQL data folder (it has no PG_VERSION). Move it out of the way.`,
    )
  })
  if (version.trim() !== majorOf(binaries)) {
    throw new UserError(
      `${data} was made by PostgreSQL ${version.trim()}, and this Baton brings PostgreSQL ${majorOf(binaries)}. Start the Baton ` +
        'that made it, set BATON_DATA_DIR to a new folder, or run PostgreSQL yourself and set DATABASE_URL.',
    )
  }
}

async function readPassword(data: string): Promise<string> {
  const file = join(data, 'baton.password')
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new UserError(
      `The database's password cannot be read from ${file} (${codeOf(error)}). Restore that file from a backup, ` +
        'or set BATON_DATA_DIR to a new folder.',
    )
  })
  return text.trim()
}

/** Makes the renaming itself survive a power cut: else the next start could find a draft, and delete it. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return // Windows does not open folders.
  const handle = await open(folder)
  await handle.sync().finally(() => handle.close())
}

const isMissing = (path: string): Promise<boolean> =>
  stat(path).then(
    () => false,
    (error: unknown) => codeOf(error) === 'ENOENT',
  )
