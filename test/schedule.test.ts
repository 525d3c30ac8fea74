import cron from 'node-cron'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { everyMs, startSchedules } from '../src/schedule.ts'

const NOON = new Date('2026-11-23T12:00:00.300Z')

/** When an expression fires in the next two hours, in seconds after noon. */
const firings = (expression: string): number[] => {
  const task = cron.createTask(expression, () => {}, { timezone: 'UTC' })
  const times = task.getNextRuns(120).map((at) => Math.floor((at.getTime() - NOON.getTime()) / 1000))
  task.destroy()
  return times
}

describe('schedules', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: NOON })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it.each([
    [1_000, 1],
    [2_000, 2],
    [4_000, 4],
    [7_000, 6],
    [15_000, 15],
    [45_000, 30],
    [59_999, 30],
    [60_000, 60],
    [90_000, 60],
    [7 * 60_000, 360],
    [45 * 60_000, 1_800],
    [3_600_000, 3_600],
  ])('every %i ms means at equal distances of %i s: never later than asked', (ms, seconds) => {
    const [first = 0, ...rest] = firings(everyMs(ms))
    const distances = rest.map((at, index) => at - (rest[index - 1] ?? first))
    expect(new Set(distances)).toEqual(new Set([seconds]))
  })

  it('a tick carries the full second it stands for, the same on every machine', async () => {
    const ticks: string[] = []
    const schedules = startSchedules(
      [
        {
          name: 'sweep',
          expression: '*/2 * * * * *',
          enqueue: async (tick) => void ticks.push(tick.toISOString()),
        },
      ],
      () => {},
    )
    await vi.advanceTimersByTimeAsync(5_000)
    expect(ticks).toEqual(['2026-11-23T12:00:02.000Z', '2026-11-23T12:00:04.000Z'])
    await schedules.stop()
  })

  it('a tick that fails is told of by name, and the next one comes all the same', async () => {
    const failures: string[] = []
    let ticks = 0
    const enqueue = async (): Promise<void> => {
      ticks += 1
      throw new Error('the database is away')
    }
    const schedules = startSchedules(
      [{ name: 'sweep', expression: '*/2 * * * * *', enqueue }],
      (name, error) => failures.push(`${name}: ${error}`),
    )
    await vi.advanceTimersByTimeAsync(5_000)
    expect(ticks).toBe(2)
    expect(failures).toEqual(['sweep: Error: the database is away', 'sweep: Error: the database is away'])
    await schedules.stop()
  })

  it('stopping waits for the tick that is under way, and none comes after', async () => {
    let finish: () => void = () => {}
    let ticks = 0
    const enqueue = (): Promise<void> => {
      ticks += 1
      return new Promise((resolve) => {
        finish = resolve
      })
    }
    const schedules = startSchedules([{ name: 'sweep', expression: '*/2 * * * * *', enqueue }], () => {})
    await vi.advanceTimersByTimeAsync(2_000)
    let stopped = false
    const stopping = schedules.stop().then(() => {
      stopped = true
    })
    await vi.advanceTimersByTimeAsync(4_000)
    expect({ ticks, stopped }).toEqual({ ticks: 1, stopped: false })
    finish()
    await stopping
    await vi.advanceTimersByTimeAsync(4_000)
    expect(ticks).toBe(1)
  })

  it('writes nothing of its own to the console, however late a tick comes', async () => {
    const written = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const late = vi.fn(async () => {})
    const schedules = startSchedules(
      [{ name: 'sweep', expression: '*/2 * * * * *', enqueue: late }],
      () => {},
    )
    // The process was busy for ten seconds: the clock went on, the timers did not.
    vi.setSystemTime(NOON.getTime() + 10_000)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(late).toHaveBeenCalled()
    expect(written).not.toHaveBeenCalled()
    await schedules.stop()
    written.mockRestore()
  })
})
