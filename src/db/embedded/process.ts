import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { codeOf } from '../errors.ts'

const exec = promisify(execFile)

/** Whether a process with this id runs. A zombie (killed, but nobody has collected it) counts as gone. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false // EPERM: it runs, as somebody else.
  }
  const state = (await procStat(pid))?.[0]
  return state !== 'Z' && state !== 'X'
}

/**
 * A mark that no later process with the same id shares, because it is made of the process's start time (and, where
 * start times count from the boot, of the boot). Undefined where the system does not tell: treat the id alone as
 * the identity then, which can only mistake a dead process for a living one.
 */
export async function birthmark(pid: number): Promise<string | undefined> {
  const born = process.platform === 'linux' ? await bornOnLinux(pid) : await bornByPs(pid)
  return born === undefined ? undefined : createHash('sha256').update(born).digest('hex').slice(0, 12)
}

/** The command line of a process, arguments parted by spaces; undefined where the system does not tell. */
export async function commandLine(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return await ps(pid, 'command')
  return await readFile(`/proc/${pid}/cmdline`, 'utf8').then(
    (text) => text.replaceAll('\0', ' ').trim(),
    () => undefined,
  )
}

async function bornOnLinux(pid: number): Promise<string | undefined> {
  // Field 22 of proc(5) stat, in clock ticks since boot; procStat starts at field 3.
  const ticks = (await procStat(pid))?.[19]
  if (ticks === undefined) return undefined
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
  return `${boot.trim()} ${ticks}`
}

const bornByPs = (pid: number): Promise<string | undefined> => ps(pid, 'lstart')

/** The fields of /proc/<pid>/stat from the third (state) on: the second, the name, may hold spaces and brackets. */
async function procStat(pid: number): Promise<string[] | undefined> {
  if (process.platform !== 'linux') return undefined
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')
}

async function ps(pid: number, column: string): Promise<string | undefined> {
  if (process.platform === 'win32') return undefined
  // A fixed zone and language: the same process must read the same whoever asks.
  const env = { ...process.env, TZ: 'UTC', LC_ALL: 'C' }
  const answer = await exec('ps', ['-ww', '-o', `${column}=`, '-p', String(pid)], { env }).catch(
    () => undefined,
  )
  return answer?.stdout.trim() || undefined
}
