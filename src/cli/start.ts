import { wordsOf } from '../app/errors.ts'
import type { Log } from '../app/log.ts'
import type { Verb, VerbArgs } from '../cli.ts'
import { loadConfig } from '../config/config.ts'
import { type Baton, startBaton } from '../main.ts'
import { openDatabase } from './database.ts'
import { createLog } from './logger.ts'
import { openSandbox } from './sandbox.ts'

/** A closed terminal (SIGHUP) stops as Ctrl-C does. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/**
 * One Ctrl-C may arrive twice: from the terminal, and passed on by npm, which got it too. Only a later one means that
 * somebody has lost patience.
 */
const ECHO_MS = 1_000

/** Resolves at the first signal; another one, later, ends the process at once. */
const untilStopped = (): Promise<void> =>
  new Promise((resolve) => {
    let firstAt: number | null = null
    const stop = (): void => {
      const now = performance.now()
      if (firstAt !== null && now - firstAt > ECHO_MS) process.exit(1)
      firstAt ??= now
      resolve()
    }
    for (const signal of SIGNALS) process.on(signal, stop)
  })

/** What was opened, closed in the opposite order; what jams must not keep the rest open. */
const createClosers = (log: Log) => {
  const closers: (() => Promise<void>)[] = []
  return {
    add: (close: () => Promise<void>): void => void closers.unshift(close),
    async closeAll(): Promise<void> {
      for (const close of closers.splice(0)) {
        await close().catch((error: unknown) =>
          log.error({ error: wordsOf(error) }, 'A part did not stop cleanly'),
        )
      }
    },
  }
}

/** Where this machine reaches it. */
const addressOf = (host: string, port: number): string => {
  const reached = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}

export const start: Verb = {
  usage: 'start',
  summary: 'run Baton; without configured systems, with a sandbox to try it on',
  takes: { files: false, map: false },
  async run({ environment, print, report }: VerbArgs) {
    const began = performance.now()
    const stopped = untilStopped()
    const config = await loadConfig(environment)
    const { env } = config
    const log = createLog(env.LOG_LEVEL)
    const closers = createClosers(log)
    try {
      const database = await openDatabase(config, 'own', print)
      closers.add(database.close)
      for (const note of database.notes) print(note)

      let baton: Baton | null = null
      const ownUrl = (): string | null => baton && addressOf(env.HOST, baton.port)
      const sandbox =
        config.yml.systems.length > 0 ? null : await openSandbox(config, database.url, ownUrl, log)
      if (sandbox) closers.add(sandbox.close)
      const { connection } = database
      baton = await startBaton({
        config: sandbox?.config ?? config,
        environment,
        connection,
        systems: sandbox?.systems ?? config.yml.systems,
        players: sandbox?.players ?? [],
        log,
      })
      closers.add(baton.stop)

      const { publicPort } = baton
      const url = addressOf(env.HOST, baton.port)
      const seconds = ((performance.now() - began) / 1000).toFixed(1)
      const ledger = sandbox && `${sandbox.controlUrl}/ledger`
      report({ running: true, url, publicPort, ledger, seconds: Number(seconds) })
      print(`Baton is running: ${url}/console (ready after ${seconds} s)`)
      if (publicPort !== null) print(`Hooks and chat are also served on port ${publicPort}.`)
      if (ledger) {
        print(
          'No system is configured, so a sandbox shop, ERP, warehouse and carrier are running to try it on.',
        )
        print(`What the sandbox has planted: ${ledger}`)
      }
      print('Ctrl-C stops it.')
      await stopped
      print('Stopping: work in hand is finished first.')
    } finally {
      await closers.closeAll()
    }
    print('Stopped.')
    return { ok: true, data: { stopped: true } }
  },
}
