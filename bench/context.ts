import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '../src/db/embedded/start.ts'
import type { Row } from './rows.ts'

/** One bench: a file of its own, a line in run.ts. */
export type Bench = { name: string; run(context: Context): Promise<Row[]> }

export type Context = {
  /** Multiplies how much is sent and how long it lasts: 1 = the real figures, 0.01 = a smoke test. */
  scale: number
  /** The sizes of world to measure; the bench's own. */
  subjects?: readonly number[]
  /** Told which statements cost most, where somebody asked. */
  explain?: (lines: readonly object[]) => void
  /** Called once at the end of the bench, however it ends; the last one first. */
  onEnd(close: () => Promise<void>): void
}

export const scaled = ({ scale }: Context, amount: number): number => Math.max(1, Math.round(amount * scale))

/** A folder of the bench's own, which every user may enter: as root, the database runs as another user. */
export const openFolder = async (context: Context): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'baton-bench-'))
  context.onEnd(() => rm(folder, { recursive: true, force: true }))
  await chmod(folder, 0o711)
  return folder
}

/** The URL of a new PostgreSQL, as Baton would start it for itself: durable, unless `settings` say otherwise. */
export const openPostgres = async (
  context: Context,
  settings: Record<string, string> = {},
): Promise<string> => {
  const dataDir = await openFolder(context)
  const quiet = (): void => {}
  const log = { info: quiet, warn: quiet, error: quiet }
  const server = await startEmbedded({ dataDir, sharedDir: dataDir, settings, log })
  context.onEnd(() => server.stop())
  return server.url
}

/** Runs `work`, then closes what it opened, also when it failed or the reader pressed Ctrl-C. */
export const inContext = async <T>(
  asked: Omit<Context, 'onEnd'>,
  work: (context: Context) => Promise<T>,
): Promise<T> => {
  const closers: (() => Promise<void>)[] = []
  const closeInTurn = async (): Promise<void> => {
    for (const close of closers.reverse()) await close()
  }
  let closing: Promise<void> | undefined
  const closeAll = (): Promise<void> => {
    closing ??= closeInTurn()
    return closing
  }
  const interrupted = (): void => {
    void closeAll().finally(() => process.exit(130))
  }
  process.once('SIGINT', interrupted)
  try {
    return await work({ ...asked, onEnd: (close) => closers.push(close) })
  } finally {
    await closeAll()
    process.off('SIGINT', interrupted)
  }
}
