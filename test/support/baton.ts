import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, inject } from 'vitest'
import { z } from 'zod'
import { readPidFile, serves } from '../../src/db/embedded/postmaster.ts'
import { projectRoot } from '../../src/root.ts'

/** Baton as its users have it: `node dist/src/cli.js`, in processes of its own. `npm test` builds it first. */

const CLI = join(projectRoot, 'dist/src/cli.js')
if (!existsSync(CLI)) throw new Error(`${CLI} is missing: npm run build`)

type Environment = Record<string, string>

const PAUSE_MS = 50

/** Waits until `look` answers something; fails after `ms`, saying what never came true. */
export const until = async <T>(
  what: string,
  look: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  ms = 20_000,
): Promise<T> => {
  const deadline = performance.now() + ms
  let failure: unknown
  while (performance.now() < deadline) {
    try {
      const found = await look()
      if (found !== undefined && found !== null && found !== false) return found
      failure = undefined
    } catch (error) {
      failure = error
    }
    await pause(PAUSE_MS)
  }
  throw new Error(`Not within ${ms} ms: ${what}`, { cause: failure })
}

/** A folder for the calling file, gone after its tests. Every user may enter it, as `postgres` must under root. */
export const testFolder = async (): Promise<string> => {
  const path = await mkdtemp(join(inject('scratch'), 'baton-'))
  await chmod(path, 0o755)
  cleanups.push(async () => {
    await endLeftover(path)
    await rm(path, { recursive: true, force: true })
  })
  return path
}

const cleanups: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** The PostgreSQL that a killed Baton left on its data folder. */
const endLeftover = async (dataDir: string): Promise<void> => {
  const data = join(dataDir, 'postgres', 'data')
  const left = await readPidFile(data).catch(() => undefined)
  if (!left || !(await serves(left.pid, data))) return
  process.kill(left.pid, 'SIGQUIT')
  await until('the PostgreSQL left behind ends', async () => !(await serves(left.pid, data)))
}

/** Only what is given, so that no setting of whoever runs the tests reaches Baton. */
const environmentOf = (given: Environment): Environment => ({
  PATH: process.env.PATH ?? '',
  LOG_LEVEL: 'warn',
  ...given,
})

/**
 * A free port that Baton may leave and take again: outside the range from which systems give out ports by themselves,
 * so that nobody gets it meanwhile.
 */
export const lastingPort = async (): Promise<number> => {
  for (;;) {
    const port = 20_000 + randomInt(10_000)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
}

export type User = { uid?: number; gid?: number }

/** Starts one process in a group of its own, as a terminal does; killed after the file's tests. */
const launch = (command: string, args: string[], env: Environment, cwd: string, user: User) => {
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'], ...user })
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text
  })
  const ended = once(child, 'close')
  cleanups.push(async () => {
    if (!isOver(child)) signalGroup(child, 'SIGKILL')
    await ended
  })
  return { child, said, ended }
}

const isOver = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null

const signalGroup = ({ pid }: ChildProcess, signal: NodeJS.Signals): void => {
  if (pid !== undefined) process.kill(-pid, signal)
}

export type Ended = { code: number | null; out: string; err: string }

export type CliOptions = { env?: Environment; cwd?: string; user?: User }

/** `npx baton <args>`, to its end. */
export const runCli = async (args: string[], options: CliOptions = {}): Promise<Ended> =>
  startCli(args, options).end()

/** `npx baton <args>`, under way. */
export const startCli = (
  args: string[],
  { env = {}, cwd = inject('scratch'), user = {} }: CliOptions = {},
) => {
  const { child, said, ended } = launch(process.execPath, [CLI, ...args], environmentOf(env), cwd, user)
  return {
    said,
    isOver: () => isOver(child),
    signal: (signal: NodeJS.Signals) => signalGroup(child, signal),
    end: async (): Promise<Ended> => {
      await ended
      return { code: child.exitCode, ...said }
    },
  }
}

export type BatonOptions = {
  env: Environment
  /** Whose `baton.yml` counts. */
  cwd?: string
  /** What starts it, where it is not `node dist/src/cli.js start`. */
  command?: [string, ...string[]]
}

const READY = /Baton is running: (http:\S+)\/console \(ready after ([\d.]+) s\)/

/** A Baton that is starting; `PORT` is a free one unless given. */
export const launchBaton = ({
  env,
  cwd = inject('scratch'),
  command = [process.execPath, CLI, 'start'],
}: BatonOptions) => {
  const [program, ...args] = command
  const { child, said, ended } = launch(program, args, environmentOf({ PORT: '0', ...env }), cwd, {})
  let address: string | undefined
  return {
    child,
    said,
    /** Its address, once it is ready. */
    async ready(ms = 60_000): Promise<string> {
      const [, url] = await until(
        'Baton is ready',
        () => {
          if (isOver(child)) throw new Error(`Baton ended with ${child.exitCode}:\n${said.out}${said.err}`)
          return READY.exec(said.out)
        },
        ms,
      )
      address = url ?? ''
      return address
    },
    /** How long its start took, by its own words. */
    startSeconds: (): number => Number(READY.exec(said.out)?.[2]),
    get url(): string {
      if (address === undefined) throw new Error('Baton is not ready')
      return address
    },
    controlUrl: (): string => /(http:\S+)\/ledger/.exec(said.out)?.[1] ?? '',
    isOver: () => isOver(child),
    signal: (signal: NodeJS.Signals): void => signalGroup(child, signal),
    /** As a terminal's Ctrl-C, to the whole group; answers the exit code. */
    async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
      if (!isOver(child)) signalGroup(child, signal)
      await ended
      return child.exitCode
    },
    async kill(): Promise<void> {
      if (!isOver(child)) signalGroup(child, 'SIGKILL')
      await ended
    },
  }
}

export type RunningBaton = ReturnType<typeof launchBaton>

export const startBaton = async (options: BatonOptions): Promise<RunningBaton> => {
  const baton = launchBaton(options)
  await baton.ready()
  return baton
}

/** Shows what a Baton has said when a test of the calling file or `describe` fails. */
export const tellOnFailure = (which: () => { said: { out: string; err: string } } | undefined): void => {
  afterEach(({ task }) => {
    const said = which()?.said
    if (task.result?.state === 'fail' && said) process.stderr.write(`Baton said:\n${said.out}${said.err}\n`)
  })
}

const action = z.object({
  id: z.string(),
  label: z.string(),
  enabled: z.boolean(),
  reason: z.string().nullable(),
})
const exception = z.object({
  id: z.string(),
  version: z.number(),
  state: z.string(),
  contract: z.string(),
  title: z.string(),
  subject: z.object({ keys: z.array(z.object({ name: z.string(), value: z.string() })) }),
  systems: z.array(z.object({ system: z.string(), role: z.string(), state: z.string(), raw: z.string() })),
  openedAt: z.string(),
  actions: z.array(action),
})
const run = z.object({
  id: z.string(),
  action: z.string(),
  requestedBy: z.string(),
  approvedBy: z.string().nullable(),
  state: z.string(),
  outcome: z.string().nullable(),
  words: z.string(),
  verifiedAt: z.string().nullable(),
})
const intervention = z.object({
  id: z.string(),
  person: z.string(),
  kind: z.string(),
  action: z.string().nullable(),
  result: z.string().nullable(),
  note: z.string().nullable(),
})
const detail = exception.extend({
  status: z.string(),
  channel: z.string().nullable(),
  timeline: z.string(),
  interventions: z.array(intervention),
  actionRuns: z.array(run),
})
const page = z.object({ items: z.array(exception), next: z.string().nullable() })
const pressAnswer = z.object({ result: z.string(), message: z.string() })
const commandAnswer = z.object({ text: z.string() })

export type ExceptionItem = z.infer<typeof exception>

const SOON_MS = 10_000

/** The console's public JSON API, as a script would use it. Rejects when Baton does not answer as promised. */
export const consoleApi = (url: string, person?: string) => {
  const call = async <T>(schema: z.ZodType<T>, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${url}/console/api${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(person === undefined ? {} : { 'x-baton-person': person }),
      },
      signal: AbortSignal.timeout(SOON_MS),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
    return schema.parse(JSON.parse(text))
  }
  return {
    /** Every page. */
    async exceptions(state: 'open' | 'closed' | 'all', timeline = 'live'): Promise<ExceptionItem[]> {
      const items: ExceptionItem[] = []
      for (let after: string | null = ''; after !== null; ) {
        const more: string = after === '' ? '' : `&after=${encodeURIComponent(after)}`
        const found = await call(page, `/exceptions?state=${state}&timeline=${timeline}&limit=100${more}`)
        items.push(...found.items)
        after = found.next
      }
      return items
    },
    exception: (id: string) => call(detail, `/exceptions/${id}`),
    press: (body: {
      exception: string
      action: string
      version: number
      values?: Record<string, string | number>
      interactionKey?: string
    }) => call(pressAnswer, '/press', body),
    command: (text: string) => call(commandAnswer, '/command', { channel: null, text }),
  }
}

const ledgerEntry = z.object({
  id: z.string(),
  kind: z.string(),
  keys: z.record(z.string(), z.string()),
  expectedContract: z.string().nullable(),
  stubborn: z.boolean(),
  brokenAt: z.string().nullable(),
  fixedAt: z.string().nullable(),
})
const ledger = z.object({
  faults: z.array(ledgerEntry),
  lookalikes: z.array(ledgerEntry),
  effects: z.array(
    z.object({
      at: z.string(),
      system: z.string(),
      action: z.string(),
      object: z.string(),
      idempotencyKey: z.string(),
    }),
  ),
})

/** What the sandbox of a running Baton says that it planted, and what was done to it. */
export const readLedger = async (controlUrl: string) => {
  const response = await fetch(`${controlUrl}/ledger`, { signal: AbortSignal.timeout(SOON_MS) })
  return ledger.parse(await response.json())
}
