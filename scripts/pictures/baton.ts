import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { createQueries } from '../../src/app/ask.ts'
import type { Card } from '../../src/app/card.ts'
import { createCardOf } from '../../src/app/card-of.ts'
import { openDatabase } from '../../src/cli/database.ts'
import { joinSandbox } from '../../src/cli/sandbox.ts'
import { loadConfig } from '../../src/config/config.ts'
import { connectAll } from '../../src/connectors/index.ts'
import { createReader } from '../../src/db/reader.ts'
import { clockTextIn, setupOf } from '../../src/main.ts'
import { projectRoot } from '../../src/root.ts'
import type { FaultKind } from '../../src/sandbox/faults.ts'

/** A Baton started as a newcomer would, and its sandbox's own desk. */
export type Running = {
  url: string
  /** Breaks something in the sandbox, now. */
  plant(kind: FaultKind): Promise<void>
  /** The sandbox does nothing more by itself. */
  pause(): Promise<void>
  /** The neutral card of an exception, as every surface gets it. */
  card(exception: string): Promise<Card>
  stop(): Promise<void>
}

/** Starts Baton with its sandbox and a database of its own in `dataDir`. */
export const startBaton = async (dataDir: string, port: number): Promise<Running> => {
  const environment = { ...process.env, PORT: String(port), BATON_DATA_DIR: dataDir, LOG_LEVEL: 'error' }
  const child = spawn(process.execPath, [join(projectRoot, 'dist/src/cli.js'), 'start'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const desk = await new Promise<string>((resolve, reject) => {
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const [, found] = /planted: (\S+)\/ledger\n/.exec(said) ?? []
      if (found) resolve(found)
    })
    child.once('exit', (code) => reject(new Error(`Baton ended with ${code}:\n${said}`)))
  })
  const ask = async (what: string, body: object): Promise<void> => {
    const answer = await fetch(`${desk}/${what}`, { method: 'POST', body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`The sandbox refused ${what}: ${await answer.text()}`)
  }
  return {
    url: `http://127.0.0.1:${port}/console`,
    plant: (kind) => ask('faults', { kind }),
    pause: () => ask('pause', {}),
    card: (exception) => cardBeside(environment, exception),
    async stop() {
      child.kill('SIGINT')
      await ended
    },
  }
}

/** Reads the database of the Baton that is running, as any verb beside it does. */
const cardBeside = async (
  environment: Record<string, string | undefined>,
  exception: string,
): Promise<Card> => {
  const own = await loadConfig(environment)
  const database = await openDatabase(own, 'share', () => {})
  try {
    const sandbox = await joinSandbox(own, database.url)
    if (!sandbox) throw new Error('No sandbox is running on this database')
    const { config, systems } = sandbox
    const clock = (): Date => new Date()
    const setup = setupOf({ config }, connectAll(systems, { now: clock }), [])
    const reader = createReader(database.connection.db)
    const queries = createQueries(reader, setup, config.channels, clock, clockTextIn(config.yml.zone))
    const shown = await createCardOf(queries, clock)(exception)
    if (!shown) throw new Error(`There is no exception ${exception}`)
    return shown.card
  } finally {
    await database.close()
  }
}

const item = z.object({
  id: z.string(),
  version: z.number(),
  contract: z.string(),
  state: z.string(),
  actions: z.array(z.object({ id: z.string(), enabled: z.boolean() })),
})
export type Item = z.output<typeof item>

/** Exceptions in the console's list. */
export const listed = async ({ url }: Running, state: 'open' | 'closed'): Promise<Item[]> => {
  const answer = await fetch(`${url}/api/exceptions?state=${state}&limit=100`)
  return z.object({ items: z.array(item) }).parse(await answer.json()).items
}

/** Presses a button of an exception, as one of the sandbox's people. */
export const press = async (
  { url }: Running,
  { id, version }: Item,
  action: string,
  values: Record<string, string> = {},
): Promise<void> => {
  const answer = await fetch(`${url}/api/press`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-baton-person': 'olli' },
    body: JSON.stringify({ exception: id, action, version, values }),
  })
  if (!answer.ok) throw new Error(`Pressing ${action} on #${id}: ${await answer.text()}`)
}

/** Looks again and again until it is found. Throws after `ms`. */
export const until = async <T>(
  what: string,
  found: () => Promise<T | undefined>,
  ms = 90_000,
): Promise<T> => {
  for (const end = performance.now() + ms; performance.now() < end; await wait(500)) {
    const value = await found()
    if (value !== undefined) return value
  }
  throw new Error(`Not within ${ms / 1000} s: ${what}`)
}
