import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { reclaim } from '../../src/app/jobs.ts'
import type { Store } from '../../src/app/ports.ts'
import { createRuns } from '../../src/app/run.ts'
import { testDatabase } from '../support/database.ts'
import type { Manner } from '../support/fake-system.ts'
import { createWorld, HOUR, receipt, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
})
afterEach(() => world.close())

class Killed extends Error {}

/** A store whose process is killed right before, or right after, its nth commit. */
const killedAt = (store: Store, nth: number, moment: 'before' | 'after'): Store => {
  let commits = 0
  return {
    async transaction(work) {
      commits++
      if (commits > nth) throw new Killed()
      const result = await store.transaction(async (tx) => {
        const done = await work(tx)
        if (commits === nth && moment === 'before') throw new Killed()
        return done
      })
      if (commits === nth) throw new Killed()
      return result
    },
  }
}

const pressed = async (action: string) => {
  await world.say(world.erp, { ...receipt('R1'), state: 'open' })
  await world.say(world.wms, { ...receipt('R1'), state: 'received' })
  await world.later(HOUR)
  const { id } = await world.exception('receipt-booked')
  await world.press('ada', id, `erp.${action}`)
  const [run] = await world.runs()
  return String(run?.id)
}

const runsOn = (store: Store, worker: string) =>
  createRuns({
    ...world.base,
    store,
    worker,
    liveWorkers: async () => [...world.alive],
    callTimeoutMs: 1_000,
  })

/** The first process is dead; another one takes over and goes on until the run has ended. */
const takenOver = async (run: string) => {
  world.alive.clear()
  world.alive.add('there')
  const runs = runsOn(world.store, 'there')
  for (let i = 0; i < 10; i++) {
    await runs(run)
    const [now] = await world.runs()
    if (now?.state === 'finished') return now
    world.pass(3_000)
    world.erp.appear()
  }
  throw new Error('the run did not end')
}

/** take, re-check, sending, sent, settled: five commits, and the one that nobody reaches. */
const COMMITS = [1, 2, 3, 4, 5, 6]
const MOMENTS = ['before', 'after'] as const

describe('a process that is killed', () => {
  for (const manner of ['obeys', 'mute', 'dawdles'] satisfies Manner[]) {
    for (const commit of COMMITS) {
      for (const moment of MOMENTS) {
        it(`${moment} commit ${commit}, with a system that ${manner}: another one ends the run, and it acted once`, async () => {
          world.erp.manner = manner
          const run = await pressed('book_receipt')
          await runsOn(
            killedAt(world.store, commit, moment),
            'here',
          )(run).catch((error: unknown) => {
            expect(error).toBeInstanceOf(Killed)
          })
          expect(await takenOver(run)).toMatchObject({ outcome: 'done' })
          expect(world.erp.done.size).toBe(1)
          expect(new Set(world.erp.calls.map(({ key }) => key)).size).toBe(1)
          expect(await world.exception('receipt-booked')).toMatchObject({ state: 'resolved' })
        })
      }
    }
  }

  for (const commit of COMMITS) {
    it(`after commit ${commit} has never sent twice what must not be sent twice`, async () => {
      world.erp.manner = 'mute'
      const run = await pressed('ask_supplier')
      await runsOn(killedAt(world.store, commit, 'after'), 'here')(run).catch(() => {})
      const ended = await takenOver(run)
      expect(world.erp.calls.length).toBeLessThanOrEqual(1)
      // Killed between saying that it sends and sending: nobody can know, so nobody sends.
      expect(ended.outcome).toBe(commit === 3 ? 'unknown' : 'done')
      expect(world.erp.calls).toHaveLength(commit === 3 ? 0 : 1)
    })
  }
})

describe('a process that is killed while the system is away', () => {
  /** take, re-check, sending, unreachable, waiting. */
  const killedWhileAway = async (action: string, commit: number, moment: (typeof MOMENTS)[number]) => {
    world.erp.manner = 'unreachable'
    const run = await pressed(action)
    await runsOn(killedAt(world.store, commit, moment), 'here')(run).catch(() => {})
    expect(world.erp.calls).toEqual([])
    world.erp.manner = 'obeys'
    return takenOver(run)
  }

  for (const commit of COMMITS) {
    for (const moment of MOMENTS) {
      it(`${moment} commit ${commit}: another one goes on when the system is back, and it acted once`, async () => {
        expect(await killedWhileAway('book_receipt', commit, moment)).toMatchObject({ outcome: 'done' })
        expect(world.erp.done.size).toBe(1)
        expect(await world.exception('receipt-booked')).toMatchObject({ state: 'resolved' })
      })
    }

    it(`after commit ${commit} leaves what must not be sent twice to somebody who looks, or sends it once`, async () => {
      const ended = await killedWhileAway('ask_supplier', commit, 'after')
      // Between saying that it sends and saying that it could not, nobody can know.
      const unclear = commit === 3 || commit === 4
      expect(ended.outcome).toBe(unclear ? 'unknown' : 'done')
      expect(world.erp.calls).toHaveLength(unclear ? 0 : 1)
    })
  }
})

describe('a process that is killed while it asks somebody', () => {
  for (const commit of COMMITS) {
    for (const moment of MOMENTS) {
      it(`${moment} commit ${commit} has asked once at most, and the answer is heard`, async () => {
        world.erp.manner = 'asks'
        const run = await pressed('ask_supplier')
        await runsOn(killedAt(world.store, commit, moment), 'here')(run).catch(() => {})
        const ended = await takenOver(run)
        const unclear = commit === 3 && moment === 'after'
        expect(ended.outcome).toBe(unclear ? 'unknown' : 'accepted')
        expect(world.erp.calls).toHaveLength(unclear ? 0 : 1)
      })
    }
  }
})

describe('a process that is killed while it takes something back', () => {
  for (const commit of COMMITS) {
    for (const moment of MOMENTS) {
      it(`${moment} commit ${commit}: another one ends it, and it was taken back once`, async () => {
        world.erp.offers({
          id: 'cancel_booking',
          label: 'Cancel the booking',
          type: 'receipt',
          to: { state: 'open', rawState: 'Open again' },
        })
        const [book] = world.erp.actions
        if (!book) throw new Error('an action')
        book.undo = { action: 'cancel_booking' }
        await pressed('book_receipt')
        await world.work('run')
        const { id } = await world.exception('receipt-booked')
        await world.press('ada', id, 'undo.erp.book_receipt')
        const undo = String((await world.runs()).at(-1)?.id)
        await runsOn(killedAt(world.store, commit, moment), 'here')(undo).catch(() => {})
        world.alive.clear()
        world.alive.add('there')
        await runsOn(world.store, 'there')(undo)
        expect((await world.runs()).at(-1)).toMatchObject({ state: 'finished', outcome: 'done' })
        expect(world.erp.done.size).toBe(2)
        expect(world.erp.objects.get('receipt R1')).toMatchObject({ state: 'open' })
      })
    }
  }
})

describe('a world that is mended between the last look and the call', () => {
  it('is left alone: that is asked in the same transaction that says it sends', async () => {
    const run = await pressed('book_receipt')
    let commits = 0
    const meanwhile: Store = {
      async transaction(work) {
        // take, re-check, and now the one that says it sends.
        if (++commits === 3) await world.say(world.wms, { ...receipt('R1'), state: 'returned' })
        return world.store.transaction(work)
      },
    }
    await runsOn(meanwhile, 'here')(run)
    expect(world.erp.calls).toEqual([])
    expect(await world.runs()).toMatchObject([
      { state: 'finished', outcome: 'already_done', words: 'The systems agree by now. Nothing was sent.' },
    ])
    expect(await world.exception('receipt-booked')).toMatchObject({ state: 'healed' })
  })
})

describe('a process that was thought dead', () => {
  /** Holds the first process up at a call to the system; answers how to let it go on. */
  const heldUpAt = async (run: string, step: 'read' | 'act', worker = 'here') => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let arrived = () => {}
    const there = new Promise<void>((resolve) => {
      arrived = resolve
    })
    world.erp.before = (at) => {
      if (at !== step) return
      world.erp.before = () => {}
      arrived()
      return held
    }
    const first = runsOn(world.store, worker)(run)
    await there
    return async () => {
      release()
      await first
    }
  }

  it('and wakes up before it sent anything does nothing more: the run is in other hands', async () => {
    const run = await pressed('ask_supplier')
    const wakeUp = await heldUpAt(run, 'read')
    expect(await takenOver(run)).toMatchObject({ outcome: 'done' })
    await wakeUp()
    expect(world.erp.calls).toHaveLength(1)
    const [after] = await world.runs()
    expect(after).toMatchObject({ state: 'finished', outcome: 'done' })
  })

  it('and wakes up while the other one is about to send leaves the sending to that one', async () => {
    const run = await pressed('ask_supplier')
    const wakeUp = await heldUpAt(run, 'read')
    world.alive.clear()
    world.alive.add('there')
    const otherGoesOn = await heldUpAt(run, 'act', 'there')
    await wakeUp()
    expect(world.erp.calls).toEqual([])
    await otherGoesOn()
    expect(world.erp.calls).toHaveLength(1)
    expect(await world.runs()).toMatchObject([{ state: 'finished', outcome: 'done', sends: 1 }])
  })

  it('and wakes up in the middle of its call sends with the same key, which has one effect', async () => {
    const run = await pressed('book_receipt')
    const wakeUp = await heldUpAt(run, 'act')
    expect(await takenOver(run)).toMatchObject({ outcome: 'done' })
    await wakeUp()
    expect(world.erp.done.size).toBe(1)
  })
})

describe('a run in living hands', () => {
  it('is left alone by every other process', async () => {
    world.alive.add('there')
    const run = await pressed('book_receipt')
    await runsOn(killedAt(world.store, 2, 'after'), 'here')(run).catch(() => {})
    await runsOn(world.store, 'there')(run)
    expect(await world.runs()).toMatchObject([{ state: 'reading', worker: 'here' }])
    expect(world.erp.calls).toEqual([])
  })

  it('is laid down while it waits, so that any process may look again', async () => {
    world.alive.add('there')
    world.erp.manner = 'dawdles'
    const run = await pressed('book_receipt')
    await runsOn(world.store, 'here')(run)
    expect(await world.runs()).toMatchObject([{ state: 'sent', worker: null }])
    world.erp.appear()
    await runsOn(world.store, 'there')(run)
    expect(await world.runs()).toMatchObject([{ state: 'finished', outcome: 'done' }])
  })

  it('is driven once by one process, however many of its jobs come at once', async () => {
    const run = await pressed('ask_supplier')
    const runs = runsOn(world.store, 'here')
    await Promise.all([runs(run), runs(run), runs(run)])
    expect(world.erp.calls).toHaveLength(1)
  })

  it('is driven once, however many processes want it at once', async () => {
    const run = await pressed('ask_supplier')
    const workers = ['a', 'b', 'c', 'd']
    for (const worker of workers) world.alive.add(worker)
    await Promise.all(workers.map((worker) => runsOn(world.store, worker)(run)))
    expect(world.erp.calls).toHaveLength(1)
  })
})

describe('a run whose job is gone', () => {
  it('gets a new one, once; one that waits for a person, or has a job, gets none', async () => {
    const run = await pressed('book_receipt')
    expect(await reclaim(world.store, world.clock)).toBe(0)
    await world.connection.db.execute('delete from graphile_worker._private_jobs')
    expect(await reclaim(world.store, world.clock)).toBe(1)
    expect(await reclaim(world.store, world.clock)).toBe(0)
    expect((await world.jobs()).map((job) => job.key)).toEqual([`run:${run}`])
    await world.work()
    expect(await world.runs()).toMatchObject([{ state: 'finished', outcome: 'done' }])
    expect(await reclaim(world.store, world.clock)).toBe(0)
  })

  it('that has used up its only try gets a new one', async () => {
    await pressed('book_receipt')
    await world.connection.db.execute('update graphile_worker._private_jobs set attempts = max_attempts')
    expect(await reclaim(world.store, world.clock)).toBe(1)
  })

  it('goes on after a while when it stumbled over itself', async () => {
    await pressed('book_receipt')
    await world.connection.db.execute(
      `create function stumble() returns trigger language plpgsql as 'begin raise exception ''stumbled'' using errcode = ''57014''; end'`,
    )
    await world.connection.db.execute(
      'create trigger stumble before update on action_runs for each row execute function stumble()',
    )
    try {
      await world.work('run')
    } finally {
      await world.connection.db.execute('drop function stumble cascade')
    }
    expect(world.log.errors).toHaveLength(1)
    world.pass(5_000)
    await world.work('run')
    expect(await world.runs()).toMatchObject([{ state: 'finished', outcome: 'done' }])
  })
})
