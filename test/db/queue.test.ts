import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { reclaim } from '../../src/app/jobs.ts'
import type { Jobs } from '../../src/app/ports.ts'
import {
  enqueueTick,
  type Handlers,
  liveWorkers,
  type QueueWorker,
  startWorker,
  type WorkerOptions,
} from '../../src/db/queue.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, HOUR, receipt, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
let started: QueueWorker[] = []
let named = 0
beforeEach(async () => {
  named = 0
  world = await createWorld(database.url)
})
afterEach(async () => {
  await Promise.all(started.map((worker) => worker.stop()))
  started = []
  await world.close()
})

/** Handlers that write down what they were asked. */
const handlers = (over: Partial<Handlers> = {}) => {
  const done: [keyof Jobs, unknown][] = []
  const handle =
    <N extends keyof Jobs>(name: N) =>
    async (payload: Jobs[N]) => {
      done.push([name, payload])
    }
  const all: Handlers = {
    process: handle('process'),
    sweep: handle('sweep'),
    poll: handle('poll'),
    run: handle('run'),
    batch: handle('batch'),
    deliver: handle('deliver'),
    tend: handle('tend'),
    groups: handle('groups'),
    notify: handle('notify'),
    reclaim: handle('reclaim'),
    upkeep: handle('upkeep'),
    fold: handle('fold'),
    redraw: handle('redraw'),
    reach: handle('reach'),
    remap: handle('remap'),
    learn: handle('learn'),
    reconcile: handle('reconcile'),
    watch: handle('watch'),
    ...over,
  }
  return { done, all }
}

const start = async (over: Partial<WorkerOptions> = {}): Promise<QueueWorker> => {
  const worker = await startWorker({
    connection: world.connection,
    id: `process ${++named}`,
    handlers: handlers().all,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    onTakeover: async () => {},
    ...over,
  })
  started.push(worker)
  return worker
}
const workers = async () => (await world.rows(sql`select id from workers order by id`)).map(({ id }) => id)
const addPoll = (system: string) => world.store.transaction((tx) => tx.addJob('poll', { system }))

/** A job in the hands of a queue worker since so many seconds. */
const lockedBy = async (queueWorker: string, seconds: number) => {
  await world.store.transaction((tx) => tx.addJob('deliver', { surface: queueWorker }))
  await world.rows(sql`
    update graphile_worker._private_jobs set locked_by = ${queueWorker}, attempts = 1,
      locked_at = now() - make_interval(secs => ${seconds}) where payload ->> 'surface' = ${queueWorker}`)
}
const process = (id: string, silentSeconds: number, queueWorkers: string[]) =>
  world.rows(sql`
    insert into workers (id, started_at, heartbeat_at, queue_workers)
    values (${id}, now(), now() - make_interval(secs => ${silentSeconds}), ${sql.param(`{${queueWorkers.join(',')}}`)}::text[])`)

describe('a job', () => {
  it('is done after the transaction that added it, and never if that was rolled back', async () => {
    const { done, all } = handlers()
    await start({ handlers: all })
    await world.store
      .transaction(async (tx) => {
        await tx.addJob('poll', { system: 'never' })
        throw new Error('rolled back')
      })
      .catch(() => {})
    await addPoll('erp')
    await vi.waitFor(() => expect(done).toEqual([['poll', { system: 'erp' }]]))
  })

  it('with a key replaces the one that waits', async () => {
    for (const system of ['a', 'b', 'c']) {
      await world.store.transaction((tx) => tx.addJob('poll', { system }, { key: 'poll' }))
    }
    const { done, all } = handlers()
    await start({ handlers: all })
    await vi.waitFor(() => expect(done).toEqual([['poll', { system: 'c' }]]))
  })

  it('is finished before the worker stops', async () => {
    const events: string[] = []
    let release = () => {}
    const poll = () => {
      events.push('begun')
      return new Promise<void>((resolve) => {
        release = () => {
          events.push('finished')
          resolve()
        }
      })
    }
    const worker = await start({ handlers: handlers({ poll }).all })
    await addPoll('erp')
    await vi.waitFor(() => expect(events).toEqual(['begun']))
    const stopped = worker.stop().then(() => events.push('stopped'))
    started = []
    release()
    await stopped
    expect(events).toEqual(['begun', 'finished', 'stopped'])
    expect(await workers()).toEqual([])
  })

  it('whose statement failed is logged, and kept, in the words of the database, without its parameters', async () => {
    const lines: string[] = []
    const write = (_fields: object, message: string) => {
      lines.push(message)
    }
    const poll = async () => {
      await world.rows(sql`select 1 / 0 where ${'mara.example@retail.example'} <> ''`)
    }
    await start({ handlers: handlers({ poll }).all, log: { info: write, warn: write, error: write } })
    await addPoll('erp')
    const failures = () =>
      world.rows(sql`select last_error from graphile_worker._private_jobs where last_error is not null`)
    await vi.waitFor(async () => expect(await failures()).toHaveLength(1))
    const told = [...lines, JSON.stringify(await failures())].join('\n')
    expect(told.match(/division by zero/g)?.length).toBeGreaterThan(1)
    expect(told).toContain('queue.test.ts')
    expect(told).not.toContain('retail.example')
  })
})

describe('a process that has died', () => {
  it('loses its jobs to another one after 15 s of silence', async () => {
    await process('dead', 16, ['queue-dead'])
    await lockedBy('queue-dead', 60)
    const { done, all } = handlers()
    const onTakeover = vi.fn(async () => {})
    await start({ handlers: all, onTakeover })
    await vi.waitFor(() => expect(done).toEqual([['deliver', { surface: 'queue-dead' }]]))
    expect(onTakeover).toHaveBeenCalledOnce()
    expect(await workers()).toEqual(['process 1'])
  })

  it('loses them too when it died before it told what its workers are called', async () => {
    await process('dead', 16, [])
    await lockedBy('queue-nobody-knows', 16)
    const { done, all } = handlers()
    await start({ handlers: all })
    await vi.waitFor(() => expect(done).toHaveLength(1))
  })

  it('is told from one that only has a long job in hand', async () => {
    await process('alive', 4, ['queue-alive'])
    await lockedBy('queue-alive', 3_600)
    const onTakeover = vi.fn(async () => {})
    const { done, all } = handlers()
    await start({ handlers: all, onTakeover })
    await addPoll('erp')
    await vi.waitFor(() => expect(done).toEqual([['poll', { system: 'erp' }]]))
    expect(onTakeover).not.toHaveBeenCalled()
    expect(await workers()).toEqual(['alive', 'process 1'])
  })

  it('is not declared dead before its time', async () => {
    await process('slow', 13, [])
    await process('dead', 16, [])
    expect(await liveWorkers(world.connection.db)).toEqual(['slow'])
  })

  it('is told from one that is at work, by the names that the queue itself gives its workers', async () => {
    let release = () => {}
    let entered = () => {}
    const inside = new Promise<void>((resolve) => {
      entered = resolve
    })
    const poll = () => {
      entered()
      return new Promise<void>((resolve) => {
        release = resolve
      })
    }
    await start({ handlers: handlers({ poll }).all })
    await addPoll('erp')
    await inside
    try {
      await world.rows(sql`update graphile_worker._private_jobs set locked_at = now() - interval '1 hour'`)
      const onTakeover = vi.fn(async () => {})
      await start({ onTakeover })
      expect(onTakeover).not.toHaveBeenCalled()
    } finally {
      release()
    }
  })

  it('leaves its run to another process, though the queue itself would never try that job again', async () => {
    await world.say(world.erp, { ...receipt('R1'), state: 'open' })
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    await world.later(HOUR)
    await world.press('ada', (await world.exception('receipt-booked')).id, 'erp.book_receipt')
    const [run] = await world.runs()
    await world.rows(sql`update action_runs set state = 'reading', worker = 'dead'`)
    await world.rows(sql`delete from graphile_worker._private_jobs where key not like 'run:%'`)
    await world.rows(sql`
      update graphile_worker._private_jobs set locked_by = 'queue-dead', locked_at = now() - interval '1 min', attempts = 1`)
    await process('dead', 16, ['queue-dead'])

    const runs = world.runsOf('process 1')
    const { all } = handlers({ run: ({ run: id }) => runs(id) })
    const clock = () => new Date()
    await start({ handlers: all, onTakeover: async () => void (await reclaim(world.store, clock)) })
    await vi.waitFor(async () => {
      expect(await world.runs()).toMatchObject([{ id: run?.id, state: 'finished', outcome: 'done' }])
    })
    expect(world.erp.calls).toHaveLength(1)
  })
})

describe('a tick of a schedule', () => {
  const tick = new Date('2026-11-23T06:00:00Z')
  const enqueue = () =>
    enqueueTick(world.connection, 'sweep', tick, (tx) => tx.addJob('sweep', {}, { key: 'sweep' }))

  it('is enqueued once, however many replicas have it', async () => {
    const won = await Promise.all([enqueue(), enqueue(), enqueue(), enqueue()])
    expect(won.sort()).toEqual([false, false, false, true])
    expect(await world.jobs()).toHaveLength(1)
  })

  it('is not enqueued again when its job is done already: a late replica has nothing to do', async () => {
    await enqueue()
    await world.rows(sql`delete from graphile_worker._private_jobs`)
    expect(await enqueue()).toBe(false)
    expect(await world.jobs()).toEqual([])
  })

  it('is not lost when its job could not be added: another replica may still win it', async () => {
    const failing = enqueueTick(world.connection, 'sweep', tick, async () => {
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await enqueue()).toBe(true)
  })
})
