import cron from 'node-cron'

/** `expression` as node-cron reads it, with seconds first; `enqueue` gets the tick it stands for. */
export type Schedule = { name: string; expression: string; enqueue: (tick: Date) => Promise<void> }

/** Steps that divide a minute, and an hour, into equal parts. */
const EVEN_STEPS = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30]

/**
 * An expression that fires at least every `ms`, at equal distances: cron counts from the full minute and hour, so the
 * next shorter step that divides them is taken. From each second to each hour.
 */
export const everyMs = (ms: number): string => {
  const seconds = Math.floor(ms / 1000)
  const evenly = (most: number): number => EVEN_STEPS.findLast((step) => step <= most) ?? 1
  if (seconds < 60) return `*/${evenly(seconds)} * * * * *`
  return seconds < 3600 ? `0 */${evenly(Math.floor(seconds / 60))} * * * *` : '0 0 * * * *'
}

/** A tick that comes late, because the process was busy, still counts; the daily one must not be lost to a busy second. */
const LATE_MS = 30_000

/** The library writes to the console; that a tick was missed or still under way is no news, the next one makes up. */
const quiet = (onError: (error: unknown) => void) => ({
  info() {},
  warn() {},
  debug() {},
  error: (message: string | Error, cause?: Error) => onError(cause ?? message),
})

/**
 * Starts the schedules. A tick only enqueues: what it is about happens in a job, on whichever replica takes it.
 * Once `stop` resolves, no tick is under way any more.
 */
export const startSchedules = (
  schedules: Schedule[],
  onError: (name: string, error: unknown) => void,
): { stop(): Promise<void> } => {
  const underWay = new Set<Promise<void>>()
  const tick = async ({ name, enqueue }: Schedule, at: Date): Promise<void> => {
    try {
      await enqueue(new Date(Math.floor(at.getTime() / 1000) * 1000))
    } catch (error) {
      onError(name, error)
    }
  }
  const tasks = schedules.map((schedule) =>
    cron.schedule(
      schedule.expression,
      async ({ date }) => {
        const ticking = tick(schedule, date)
        underWay.add(ticking)
        await ticking
        underWay.delete(ticking)
      },
      {
        name: schedule.name,
        noOverlap: true,
        timezone: 'UTC',
        missedExecutionTolerance: LATE_MS,
        logger: quiet((error) => onError(schedule.name, error)),
      },
    ),
  )
  return {
    async stop() {
      await Promise.all(tasks.map((task) => task.destroy()))
      await Promise.all(underWay)
    },
  }
}
