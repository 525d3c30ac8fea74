import { createHash } from 'node:crypto'
import { access, chmod, constants, mkdir, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { UserError } from '../../app/errors.ts'
import { codeOf } from '../errors.ts'
import { type Account, canEnter, giveTo, serverAccount, userName } from './account.ts'

/**
 * Where the embedded server keeps everything:
 *
 *     data/           PostgreSQL's own folder, and in it `baton.password`
 *     lock/           who holds the home (see lock.ts)
 *     postgres.log    what the server says
 *     pgsql-<v>/      a copy of the binaries, only where the installed ones cannot be used (see binaries.ts)
 *     new-<x>/        a data folder in the making
 */
export interface Home {
  /** Absolute, links resolved: PostgreSQL reports its data folder this way, and adoption compares. */
  readonly folder: string
  /** Undefined: the server runs as the user that Baton runs as. */
  readonly account: Account | undefined
}

/** Where a database goes whose own folder the server's account cannot enter (Baton as root). */
export const SHARED_DIR = '/var/lib/baton'

/**
 * Finds or makes the home: `<dataDir>/postgres`; where Baton runs as root and the server's account cannot enter
 * that, `<sharedDir>/<name derived from dataDir>`, on every later start too, even if the way is open by then.
 * Every departure from the plain case is said in `notes`. Throws UserError.
 */
export async function openHome(dataDir: string, sharedDir: string, notes: string[]): Promise<Home> {
  // Made by root, it must let the server's account through, whatever the umask.
  await makeFolder(dataDir, process.geteuid?.() === 0 ? 0o711 : undefined)
  const base = await realpath(dataDir)
  const local = join(base, 'postgres')
  const moved = join(sharedDir, createHash('sha256').update(base).digest('hex').slice(0, 12))
  const account = await serverAccount([moved, local, base, dirname(base)])
  if (account === undefined) {
    await makeFolder(local, 0o700)
    await checkOwn(local)
    return { folder: local, account }
  }
  notes.push(`PostgreSQL refuses to run as root, so it runs as ${account.name}.`)
  const folder = (await chosenBefore(moved)) || !(await canEnter(account, base)) ? moved : local
  if (folder === moved) {
    await makeFolder(sharedDir, 0o755)
    if (!(await canEnter(account, sharedDir))) {
      throw new UserError(
        `Baton runs as root but its database as ${account.name}, who can enter neither ${base} nor ${sharedDir}. ` +
          'Set BATON_DATA_DIR to a folder that every user may enter, start Baton as an ordinary user, or set DATABASE_URL.',
      )
    }
    notes.push(`${account.name} cannot enter ${base}, so the database is kept in ${moved}.`)
  }
  await makeFolder(folder, 0o700)
  if ((await stat(folder)).uid !== account.uid) await giveTo(account, folder)
  return { folder: await realpath(folder), account }
}

const chosenBefore = (moved: string): Promise<boolean> =>
  stat(join(moved, 'data')).then(
    () => true,
    () => false,
  )

/** Makes a folder unless it exists. `mode` is given whatever the umask, to the folder itself alone. */
async function makeFolder(path: string, mode?: number): Promise<void> {
  try {
    const made = await mkdir(path, { recursive: true })
    if (made !== undefined && mode !== undefined) await chmod(path, mode)
    if (!(await stat(path)).isDirectory())
      throw new UserError(`${path} is a file; Baton needs a folder there.`)
  } catch (error) {
    if (error instanceof UserError) throw error
    throw folderTrouble(path, error)
  }
}

/** An ordinary user must own the home: PostgreSQL insists on it, and says so less plainly. */
async function checkOwn(folder: string): Promise<void> {
  const me = process.geteuid?.()
  if (me === undefined) return
  const { uid } = await stat(folder)
  if (uid !== me) {
    throw new UserError(
      `${folder} belongs to ${await userName(uid)}, and Baton runs as ${await userName(me)}. Start Baton as ` +
        `${await userName(uid)}, or set BATON_DATA_DIR to a folder of your own.`,
    )
  }
  await access(folder, constants.R_OK | constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw folderTrouble(folder, error)
  })
}

/** A UserError for what the system says no to about a file below `path`; any other error as it is. */
export function folderTrouble(path: string, error: unknown): unknown {
  switch (codeOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return new UserError(
        `Baton may not write to ${path}. Give yourself that right, or set BATON_DATA_DIR to another folder.`,
      )
    case 'EROFS':
      return new UserError(
        `${path} is on a read-only disk. Set BATON_DATA_DIR to a folder that can be written.`,
      )
    case 'ENOSPC':
    case 'EDQUOT':
      return new UserError(diskFull(path))
    case 'ENOTDIR':
    case 'EEXIST':
      return new UserError(
        `${path} cannot be made: a file is in the way. Move it, or set BATON_DATA_DIR to another folder.`,
      )
    default:
      return error
  }
}

export const diskFull = (path: string): string =>
  `The disk of ${path} is full. Free some space and start again, or set BATON_DATA_DIR to a folder on another disk.`
