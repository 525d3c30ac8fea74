import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { UserError } from '../../app/errors.ts'
import { codeOf } from '../errors.ts'
import type { Account } from './account.ts'
import { diskFull, type Home } from './home.ts'

/**
 * Starts one of the server's programs: in the home (the caller's working folder may be closed to the account), as the
 * account, and with hardly any environment, so that neither PG* variables nor Baton's secrets reach the server, and
 * messages come in English, which this code reads. Throws UserError, or emits `error`: see cannotRun.
 */
export function startTool(
  path: string,
  args: readonly string[],
  home: Home,
  options: { detached?: boolean; stdio: StdioOptions },
): ChildProcess {
  const kept = ['PATH', 'SystemRoot', 'TEMP', 'TMP'].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  })
  try {
    return spawn(path, args, {
      cwd: home.folder,
      env: { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC' },
      windowsHide: true,
      ...(home.account && { uid: home.account.uid, gid: home.account.gid }),
      ...options,
    })
  } catch (error) {
    throw new UserError(cannotRun(path, error, home.account))
  }
}

/**
 * Runs a program to its end, in a process group of its own: a Ctrl-C of the terminal reaches Baton alone, which stops
 * when the program is done. Throws UserError if it cannot be run at all.
 */
export function runTool(
  path: string,
  args: readonly string[],
  home: Home,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = startTool(path, args, home, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    child.once('error', (error) => reject(new UserError(cannotRun(path, error, home.account))))
    child.once('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

/** One line for a program that the system would not start. */
export function cannotRun(path: string, error: unknown, account: Account | undefined): string {
  const otherwise = 'or set DATABASE_URL to a PostgreSQL server of your own.'
  switch (codeOf(error)) {
    case 'ENOENT':
      // The file is there: what is missing is the loader that it names.
      return `The embedded PostgreSQL (${path}) does not run on this system, which may lack glibc (Alpine does). Use a system with glibc, ${otherwise}`
    case 'EPERM':
      return `Baton runs as root but may not start PostgreSQL as ${account?.name ?? 'another user'}, and PostgreSQL refuses to run as root. Start Baton as an ordinary user, ${otherwise}`
    default:
      return `The embedded PostgreSQL (${path}) cannot be run: ${error instanceof Error ? error.message : error}. Reinstall with \`npm ci\`, ${otherwise}`
  }
}

/** One line for what initdb or postgres said when it gave up. `where` ends the line: a log file, or nothing. */
export function whyItFailed(said: string, home: Home, where: string): string {
  const library = /error while loading shared libraries: ([^:\s]+)|Library not loaded: (\S+)/.exec(said)
  if (library) {
    return `The embedded PostgreSQL lacks the library ${library[1] ?? library[2]}. Install it, or set DATABASE_URL to a PostgreSQL server of your own.`
  }
  if (/No space left on device|Check free disk space|Disk quota exceeded/.test(said)) {
    return diskFull(home.folder)
  }
  const lines = said.split('\n').filter((line) => line.trim() !== '')
  const reason = lines.find((line) => /FATAL|PANIC|error:/.test(line)) ?? lines.at(-1) ?? 'it said nothing'
  return `The embedded PostgreSQL did not start: ${reason.replace(/^.*?(FATAL|PANIC|error): +/, '').trim()}.${where}`
}
