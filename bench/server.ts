import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Client } from 'undici'
import { projectRoot } from '../src/root.ts'
import { type Context, openFolder } from './context.ts'
import type { Told } from './journey.ts'
import { openQuietSystems, systemsAt, webhookOf } from './systems.ts'

const CLI = join(projectRoot, 'dist', 'src', 'cli.js')

export type Server = {
  url: string
  /** From the spawn until it said that it is running and answered that it is ready, in ms. */
  readyAfterMs: number
  /** Resident memory of the server's process (not of its PostgreSQL), in MB. */
  residentMb(): Promise<number>
  stop(): Promise<void>
}

/** `baton start` as a process of its own, in `folder`; `settings` is its whole environment besides PATH. */
export const startServer = async (
  context: Context,
  folder: string,
  settings: Record<string, string>,
): Promise<Server> => {
  const began = performance.now()
  const env = { PATH: process.env.PATH ?? '', PORT: '0', LOG_LEVEL: 'error', ...settings }
  const child = spawn(process.execPath, [CLI, 'start'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Not in the bench's process group: at Ctrl-C it is the bench that stops it, once.
    detached: true,
  })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  let stopping = false
  const stop = async (): Promise<void> => {
    stopping = true
    if (child.exitCode === null) child.kill('SIGTERM')
    await ended
  }
  context.onEnd(stop)
  const said: string[] = []
  const url = await saidToRun(child, said)
  // Whoever is talking to it fails now, and knows no reason.
  child.once('close', () => {
    if (!stopping) process.stderr.write(`The server ended by itself:\n${said.join('\n')}\n`)
  })
  const ready = await fetch(`${url}/readyz`)
  if (!ready.ok) throw new Error(`Baton says that it is running, but /readyz answers ${ready.status}`)
  const readyAfterMs = performance.now() - began
  return { url, readyAfterMs, stop, residentMb: () => residentMb(child.pid) }
}

/** The server's address, from the line in which it says that it is running. Everything it says goes into `said`. */
const saidToRun = (child: ChildProcess, said: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue
      createInterface({ input: stream }).on('line', (line) => {
        said.push(line)
        const url = /Baton is running: (http:\S+)\/console/.exec(line)?.[1]
        if (url !== undefined) resolve(url)
      })
    }
    child.once('error', reject)
    child.once('close', () => reject(new Error(`The server ended:\n${said.join('\n')}`)))
  })

const residentMb = async (pid: number | undefined): Promise<number> => {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)])
  return Number(stdout) / 1024
}

/** A server on `databaseUrl` that knows the four systems of the bench. */
export const startConfigured = async (context: Context, databaseUrl: string): Promise<Server> => {
  const folder = await openFolder(context)
  const config = join(folder, 'baton.yml')
  await writeFile(config, JSON.stringify({ systems: systemsAt(await openQuietSystems(context)) }))
  return startServer(context, folder, { DATABASE_URL: databaseUrl, BATON_CONFIG: config })
}

/** Sends one webhook. Throws unless it is accepted. */
export const postWebhook = async (client: Client, told: Told): Promise<void> => {
  const { statusCode, body } = await client.request({ method: 'POST', ...webhookOf(told) })
  const words = await body.text()
  if (statusCode !== 200) throw new Error(`A webhook was answered ${statusCode}: ${words}`)
}
