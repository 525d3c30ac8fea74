import { randomBytes } from 'node:crypto'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { codeOf } from '../errors.ts'
import { birthmark, isRunning } from './process.ts'

/** How long rivals that start at the same moment may take to sort themselves out. */
const PATIENCE_MS = 1500
const PAUSE_MS = 30

export interface FolderLock {
  release(): Promise<void>
}

/** The folder is held by the living process `pid`. */
export class LockHeld extends Error {
  readonly pid: number
  constructor(pid: number) {
    super(`held by process ${pid}`)
    this.name = 'LockHeld'
    this.pid = pid
  }
}

/**
 * Takes an existing folder for this process alone, among the processes of one machine (or of one container: process
 * ids mean nothing beyond). Throws LockHeld if a living process has it.
 *
 * Each contender puts an empty file into the folder, named after itself, and then looks who else is there. Whoever
 * looks after putting up its own file and sees no other living one holds the folder: of any two contenders, the one
 * that came second sees the first, so two can never both hold it. Of those that start together the smallest name
 * stays and the others step back. A file is deleted by its owner, or by anyone once that owner is dead; as the name
 * holds the owner's start time, it can never stand for a later process with the same id, and so nobody can delete
 * the file of a living holder, however stale the listing he acts on.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const mine = `${process.pid}.${(await birthmark(process.pid)) ?? '-'}.${randomBytes(4).toString('hex')}`
  const withdraw = (): Promise<void> => rm(join(folder, mine), { force: true })
  const deadline = performance.now() + PATIENCE_MS
  for (let claimed = false; ; ) {
    const [rival, ...more] = await livingRivals(folder, mine)
    if (rival === undefined) {
      if (claimed) return { release: withdraw }
      await writeFile(join(folder, mine), '', { flag: 'wx', mode: 0o600 })
      claimed = true
      continue
    }
    if (claimed && [rival, ...more].some((name) => name < mine)) {
      await withdraw()
      claimed = false
    }
    if (performance.now() > deadline) {
      await withdraw()
      throw new LockHeld(pidOf(rival))
    }
    await pause(PAUSE_MS)
  }
}

/** The living process that holds the folder, or is about to; undefined where there is none, or no such folder. */
export async function holderOf(folder: string): Promise<number | undefined> {
  const [holder] = await livingRivals(folder, '').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  })
  return holder === undefined ? undefined : pidOf(holder)
}

async function livingRivals(folder: string, mine: string): Promise<string[]> {
  const living: string[] = []
  for (const name of await readdir(folder)) {
    if (name === mine) continue
    if (await ownerLives(name)) living.push(name)
    else await rm(join(folder, name), { force: true })
  }
  return living
}

async function ownerLives(name: string): Promise<boolean> {
  const pid = pidOf(name)
  if (!Number.isInteger(pid) || pid <= 0 || !(await isRunning(pid))) return false
  const [, recorded] = name.split('.')
  const actual = await birthmark(pid)
  return recorded === '-' || actual === undefined || recorded === actual
}

const pidOf = (name: string): number => Number(name.split('.')[0])
