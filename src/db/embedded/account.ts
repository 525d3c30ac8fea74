import { lchown, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Whom the server's processes run as, and who owns its files, where Baton itself runs as root. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** Accounts without rights of their own, the most fitting first. */
const SERVICE_ACCOUNTS = ['baton', 'postgres', 'nobody']

const isRoot = (): boolean => process.geteuid?.() === 0

/**
 * PostgreSQL refuses to run as root. Undefined for an ordinary user (nothing to drop); for root the owner of the
 * first of `folders` that exists, so that the same database can later be started by that owner too; failing that (it
 * is root's) a service account.
 */
export async function serverAccount(folders: readonly string[]): Promise<Account | undefined> {
  if (!isRoot()) return undefined
  const known = await readAccounts()
  for (const folder of folders) {
    const owner = await stat(folder).catch(() => undefined)
    if (owner === undefined) continue
    if (owner.uid === 0) break
    const account = known.find(({ uid }) => uid === owner.uid)
    return account ?? { name: `uid ${owner.uid}`, uid: owner.uid, gid: owner.gid }
  }
  const service = SERVICE_ACCOUNTS.map((wanted) => known.find(({ name }) => name === wanted))
  return service.find((account) => account !== undefined) ?? { name: 'uid 65534', uid: 65534, gid: 65534 }
}

/** The name of a user id, for messages. */
export async function userName(uid: number): Promise<string> {
  return (await readAccounts()).find((account) => account.uid === uid)?.name ?? `uid ${uid}`
}

/**
 * Whether the account may enter an existing folder, by the mode bits of the folder and of every folder above it.
 * Access lists are not read: one that grants more only means a move that was not needed.
 */
export async function canEnter(account: Account, path: string): Promise<boolean> {
  for (let folder = await realpath(path); ; folder = dirname(folder)) {
    const { mode, uid, gid } = await stat(folder)
    const search = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
    if ((mode & search) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

/** Makes the account the owner of a file or of a folder with all that it holds; a link itself, not its target. */
export async function giveTo(account: Account | undefined, path: string): Promise<void> {
  if (account === undefined) return
  await lchown(path, account.uid, account.gid)
  const inside = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => [])
  for (const entry of inside) {
    await lchown(join(entry.parentPath, entry.name), account.uid, account.gid)
  }
}

async function readAccounts(): Promise<Account[]> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => {
    const [name = '', , uid, gid] = line.split(':')
    return uid === undefined || gid === undefined ? [] : [{ name, uid: Number(uid), gid: Number(gid) }]
  })
}
