import type { Config } from '../config/config.ts'
import { type Connection, connect } from '../db/connect.ts'
import { joinEmbedded } from '../db/embedded/join.ts'
import { startEmbedded } from '../db/embedded/start.ts'
import { migrate } from '../db/migrate.ts'

type Server = {
  url: string
  /** The embedded server's own remarks: dropped rights, a moved folder, an adoption. */
  notes: readonly string[]
  stop(): Promise<void>
}

export type OpenDatabase = Omit<Server, 'stop'> & { connection: Connection; close(): Promise<void> }

/**
 * Who asks: `baton start` keeps the embedded server for itself, and no second one may; any other verb works beside a
 * running Baton, on that one's server, and starts the server for itself only where none runs.
 */
export type DatabaseUse = 'own' | 'share'

/** As a shell reports a program that Ctrl-C ended. */
export const INTERRUPTED = 130

/** The way to the configured database, or to the embedded one. Throws UserError. */
export const openServer = async (
  { env }: Config,
  use: DatabaseUse,
  say: (words: string) => void,
): Promise<Server> => {
  const nothing = async (): Promise<void> => {}
  if (env.DATABASE_URL !== undefined) return { url: env.DATABASE_URL, notes: [], stop: nothing }
  const dataDir = env.BATON_DATA_DIR
  const joined = use === 'share' ? await joinEmbedded({ dataDir }) : undefined
  if (joined) return { url: joined.url, notes: [], stop: nothing }
  const starting = startEmbedded({ dataDir, log: { info: say, warn: say, error: say } })
  return use === 'share' ? stoppedWithUs(starting) : starting
}

/** The server outlives Ctrl-C, being in a process group of its own: a verb that is interrupted has to take it along. */
const stoppedWithUs = async (starting: Promise<Server>): Promise<Server> => {
  const interrupt = (): void => {
    process.exitCode = INTERRUPTED
    const stopped = starting.then((server) => server.stop())
    void stopped.catch(() => {}).finally(() => process.exit())
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const forget = (): void => {
    for (const signal of signals) process.off(signal, interrupt)
  }
  for (const signal of signals) process.on(signal, interrupt)
  try {
    const server = await starting
    const stop = async (): Promise<void> => {
      await server.stop()
      forget()
    }
    return { ...server, stop }
  } catch (error) {
    forget()
    throw error
  }
}

/** Opens the database, brought up to date. Throws UserError with one line that says what to do. */
export const openDatabase = async (
  config: Config,
  use: DatabaseUse,
  say: (words: string) => void,
): Promise<OpenDatabase> => {
  const { env } = config
  const { url, notes, stop } = await openServer(config, use, say)
  try {
    await migrate(env.DATABASE_DIRECT_URL ?? url, { queue: true, log: { info: say } })
  } catch (error) {
    await stop()
    throw error
  }
  const connection = connect(url, { directUrl: env.DATABASE_DIRECT_URL })
  return {
    connection,
    url,
    notes,
    close: async () => {
      await connection.close()
      await stop()
    },
  }
}
