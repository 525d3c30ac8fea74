import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { advanceBatch, MOST_AT_ONCE } from '../../src/app/batch.ts'
import { createCardOf } from '../../src/app/card-of.ts'
import { createDeliver } from '../../src/app/deliver.ts'
import { reclaim } from '../../src/app/jobs.ts'
import type { Store } from '../../src/app/ports.ts'
import { type BatchWorld, buttonsOf, createBatchWorld } from '../support/batch-world.ts'
import { testDatabase } from '../support/database.ts'
import { fakeDeliver } from '../support/fake-deliver.ts'
import { HOUR, MINUTE, receipt, SIX } from '../support/world.ts'

const database = testDatabase()
let world: BatchWorld
beforeEach(async () => {
  world = await createBatchWorld(database.url)
})
afterEach(() => world.close())

const quiet = { info: () => {}, warn: () => {}, error: () => {} }
const labels = async (ref?: string) => buttonsOf(await world.card(ref)).map(({ label }) => label)
const states = async (batch = 1) =>
  Object.fromEntries((await world.members(batch)).map(({ name, state }) => [String(name).slice(-2), state]))
const presses = async () => (await world.interventions()).filter(({ kind }) => kind === 'press')
/** The most runs that any exception has had. */
const runsEach = async () => {
  const [most] = await world.rows(
    sql`select count(*) as runs from action_runs group by exception_id order by 1 desc limit 1`,
  )
  return Number(most?.runs ?? 0)
}

describe('an offer for many', () => {
  it('says for how many, shows them, and names those that it leaves out with the reason', async () => {
    await world.broken(5)
    await world.press('bo', await world.about('R2'), 'claim')
    await world.press('bo', await world.about('R3'), 'erp.book_receipt')
    world.erp.actions.forEach((action) => {
      const target = action.target
      action.target = (view) =>
        view.keys.some(({ value }) => value === 'R4') ? { unavailable: 'period 11 is closed' } : target(view)
    })
    const card = await world.ask('ada', 'fix receipt-booked')
    expect(card.title).toBe('Received in the warehouse, never booked: 5 open')
    expect(buttonsOf(card).map(({ label, style }) => [label, style])).toEqual([
      ['Book the receipt for 2', 'primary'],
    ])
    const text = await world.text()
    expect(text).toContain('Book the receipt for 2 of 5.')
    expect(text).toContain('Bo Example is on it: receipt R2')
    expect(text).toContain('"Book the receipt" is under way: receipt R3')
    expect(text).toContain('Period 11 is closed: receipt R4')
    expect(card.blocks.find(({ kind }) => kind === 'table')).toMatchObject({
      rows: [
        ['receipt R1', '1 h', '–'],
        ['receipt R5', '1 h', '–'],
      ],
    })
    expect(await world.runs()).toHaveLength(1)
  })

  it('is not made for what asks somebody, cannot be taken back, or needs a second person: the card says why', async () => {
    world.setup.trust.book_receipt = { secondPerson: { aboveUnits: 100 } }
    await world.broken(3)
    const card = await world.ask('ada', 'fix receipt')
    expect(buttonsOf(card)).toEqual([])
    const text = JSON.stringify(card.blocks)
    expect(text).toContain('Nothing can be done for these 3 at once.')
    expect(text).toContain('\\"Book the receipt\\" is looked at one by one: nothing takes it back')
    expect(text).toContain('\\"Ask the supplier\\" is looked at one by one: it asks somebody else.')
    expect(await world.batches()).toEqual([])
  })

  it('without words lists what there is, and what is looked at one by one', async () => {
    await world.broken(2)
    const { blocks } = await world.ask('ada', 'fix')
    expect(JSON.stringify(blocks)).toContain(
      'Received in the warehouse, never booked: 2 open\\nBook the receipt',
    )
  })

  it('that nobody pressed is of no account: it changes nothing and no one hears of it', async () => {
    await world.broken(2)
    await world.ask('ada', 'fix receipt-booked')
    expect([await world.runs(), await world.queries.batches()]).toEqual([[], []])
    expect((await world.posts()).map(({ card }) => card)).toEqual(['1', '2'])
  })
})

describe('one press', () => {
  it('does one ordinary run for each, a few at a time, and ends with all of them verified', async () => {
    await world.broken(12)
    const { result, message } = await world.pressOn(
      'ada',
      await world.ask('ada', 'fix receipt-booked'),
      'Book',
    )
    expect([result, message]).toEqual(['acted', 'Book the receipt: started for 12. Follow it in #orders.'])
    expect(await world.runs()).toEqual([])
    await world.work('batch')
    expect(await world.runs()).toHaveLength(MOST_AT_ONCE)
    expect(await world.text()).toContain('0 of 12 done, 12 to go')
    await world.work('run')
    expect(await world.text()).toContain('0 of 12 done, 12 to go')
    await world.work('batch')
    expect(await world.text()).toContain('5 of 12 done, 7 to go')
    await world.work()
    expect(await world.card()).toMatchObject({ title: 'Book the receipt: 12 of 12 done', tone: 'good' })
    expect(await labels()).toEqual([])
    expect((await world.exceptions()).map(({ state }) => state)).toEqual(Array(12).fill('resolved'))
    const runs = await world.runs()
    expect(runs).toHaveLength(12)
    expect(
      runs.every((run) => run.outcome === 'done' && run.verified_at !== null && run.batch_id === '1'),
    ).toBe(true)
    expect(world.erp.calls).toHaveLength(12)
    expect(await world.batches()).toMatchObject([{ state: 'finished' }])
  })

  it('is one touch in the log, and its time is counted once, shared among all of them', async () => {
    await world.broken(4)
    await world.pressOn('ada', await world.ask('ada', 'fix receipt-booked'), 'Book')
    await world.work()
    expect(await presses()).toMatchObject([
      {
        action: 'erp.book_receipt',
        result: 'acted',
        exception_id: null,
        exception_ids: ['1', '2', '3', '4'],
      },
    ])
    const { lines, total } = await world.queries.drag({ from: SIX, to: new Date(SIX.getTime() + 24 * HOUR) })
    const gap = lines.find((line) => line.gap?.contract === 'receipt-booked')
    expect(gap).toMatchObject({ touches: 1, exceptions: 4 })
    // The question and the press follow one another: one session, and one tail at its end.
    expect(total.sessions).toBe(1)
    expect(total.handsOnHours).toBeLessThan(0.1)
  })

  it('costs no more hands-on time than a press for a single one', async () => {
    const hours = async (n: number) => {
      await world.close()
      world = await createBatchWorld(database.url)
      await world.broken(n)
      await world.pressOn('ada', await world.ask('ada', 'fix receipt-booked'), 'Book')
      await world.work()
      const { total } = await world.queries.drag({ from: SIX, to: new Date(SIX.getTime() + 24 * HOUR) })
      return [total.handsOnHours, total.exceptions]
    }
    const [one] = await hours(1)
    const [many, exceptions] = await hours(8)
    expect(exceptions).toBe(8)
    expect(many).toBeCloseTo(one ?? 0, 6)
  })

  it('stands in the name of whoever pressed, who then has them', async () => {
    await world.broken(2)
    await world.pressOn('bo', await world.ask('ada', 'fix receipt-booked'), 'Book')
    world.manners.set('R1', 'refuses')
    await world.work()
    const mine = await world.ask('bo', 'mine')
    expect(JSON.stringify(mine.blocks)).toContain('#1')
    expect(await world.text()).toContain('Started by Bo Example')
  })
})

describe('those that do not go well', () => {
  const started = async (n: number) => {
    await world.broken(n)
    const card = await world.ask('ada', 'fix receipt-booked')
    return () => world.pressOn('ada', card, 'Book')
  }

  it('are listed with their reasons, and tried again alone, by a press of its own', async () => {
    const press = await started(6)
    world.manners.set('R2', 'refuses').set('R5', 'refuses').set('R3', 'deaf')
    await press()
    await world.work()
    world.pass(MINUTE)
    await world.work()
    const text = await world.text()
    expect(text).toContain('Book the receipt: 3 of 6 done, 2 failed, 1 unclear')
    expect(text).toContain('erp: period 11 is closed.')
    expect(await labels()).toEqual(['Try the 2 again'])

    world.manners.clear()
    const calls = world.erp.calls.length
    const again = await world.pressOn('lea', await world.card(), 'Try the 2 again')
    expect(again).toMatchObject({ result: 'acted', message: 'Trying 2 again.' })
    await world.work()
    expect(world.erp.calls.slice(calls).map(({ externalId }) => externalId)).toEqual(['R2', 'R5'])
    expect(await world.text()).toContain('5 of 6 done, 1 unclear')
    expect(await presses()).toMatchObject([
      { exception_ids: ['1', '2', '3', '4', '5', '6'] },
      { action: 'retry', exception_ids: ['2', '5'] },
    ])
  })

  it('because somebody changed them meanwhile are skipped, and nothing is sent', async () => {
    const press = await started(4)
    await world.press('bo', await world.about('R1'), 'claim')
    await world.press('bo', await world.about('R2'), 'dismiss', { values: { reason: 'expected' } })
    await world.say(world.wms, { ...receipt('R3'), state: 'returned' })
    await press()
    await world.work()
    expect(await states()).toEqual({ R1: 'skipped', R2: 'skipped', R3: 'skipped', R4: 'done' })
    const text = await world.text()
    expect(text).toContain('1 of 4 done, 3 skipped')
    expect(text).toContain('Bo Example was first: took it')
    expect(text).toMatch(/Over by now: .*Dismissed by Bo Example/i)
    expect(world.erp.calls).toHaveLength(1)
  })

  it('because the facts moved on after the card was drawn are asked again under the lock', async () => {
    const press = await started(2)
    // Nobody has decided anything: the ERP has booked it, and only a read finds out.
    world.erp.put({ ...receipt('R1'), state: 'received' }, world.clock())
    await press()
    await world.work()
    expect(await world.text()).toContain('2 of 2 done')
    expect(world.erp.calls.map(({ externalId }) => externalId)).toEqual(['R2'])
  })

  it('because the system is away wait and say so, hold the others back, and go on by themselves', async () => {
    const press = await started(7)
    for (let i = 1; i <= 7; i++) world.manners.set(`R${i}`, 'unreachable')
    await press()
    await world.work()
    expect(await world.runs()).toHaveLength(MOST_AT_ONCE)
    expect(await world.text()).toContain('"Book the receipt" is queued and goes on by itself')
    world.manners.clear()
    // A system that has just come back is not run over: one after the other.
    for (let i = 0; i < 3; i++) {
      world.pass(MINUTE)
      await world.work()
    }
    expect(await world.text()).toContain('7 of 7 done')
    expect(await runsEach()).toBe(1)
  })

  it('because the systems still do not agree are not called done; the others need not wait for that', async () => {
    world.erp.actions.splice(0, 1)
    const to = { state: 'draft', rawState: 'Draft' }
    const undo = { action: 'unbook_receipt' }
    world.erp.offers({ id: 'book_receipt', label: 'Book the receipt', type: 'receipt', to, undo })
    const press = await started(7)
    await press()
    await world.work()
    expect((await world.runs()).map(({ state }) => state)).toEqual(Array(7).fill('settling'))
    expect(await world.text()).toContain('0 of 7 done, 7 to go')
    await world.say(world.erp, { ...receipt('R7'), state: 'received' })
    world.pass(MINUTE)
    await world.work()
    expect(await world.text()).toContain('1 of 7 done, 6 not verified')
    expect(await world.text()).toContain('The systems still do not agree.')
    expect(await labels()).toEqual([])
  })

  it('because Baton itself stumbles over one do not keep the others from their turn', async () => {
    const press = await started(3)
    await press()
    const [book] = world.erp.actions
    const target = book?.target
    if (!book || !target) throw new Error('an action')
    book.target = (view) => {
      if (view.keys.some(({ value }) => value === 'R2')) throw new Error('a bug')
      return target(view)
    }
    await world.work()
    book.target = target
    expect(await states()).toEqual({ R1: 'done', R2: 'failed', R3: 'done' })
    expect(await labels()).toEqual(['Try the one again'])
  })
})

describe('a batch that is stopped', () => {
  it('half-way lets what runs finish, and leaves the rest as it is', async () => {
    await world.broken(9)
    await world.pressOn('ada', await world.ask('ada', 'fix receipt-booked'), 'Book')
    await world.work('batch')
    expect(await labels()).toEqual(['Stop'])
    const answer = await world.pressOn('bo', await world.card(), 'Stop')
    expect(answer).toMatchObject({
      result: 'acted',
      message: 'Stopped: 4 left as they are. 5 runs under way will finish.',
    })
    await world.work()
    expect(await world.text()).toContain('5 of 9 done, 4 left as they are')
    expect(await world.text()).toContain('Stopped by Bo Example')
    expect(world.erp.calls).toHaveLength(5)
    expect((await world.exceptions()).filter(({ state }) => state === 'open')).toHaveLength(4)
    expect(await labels()).toEqual([])
  })

  it('stays so when every process dies right after the press', async () => {
    await world.broken(7)
    await world.pressOn('ada', await world.ask('ada', 'fix receipt-booked'), 'Book')
    await world.work('batch')
    await world.pressOn('ada', await world.card(), 'Stop')
    await world.connection.db.execute('delete from graphile_worker._private_jobs')
    await reclaim(world.store, world.clock)
    await world.work()
    expect(await world.batches()).toMatchObject([{ state: 'finished' }])
    expect(world.erp.calls).toHaveLength(5)
  })
})

describe('two who press', () => {
  it('the first wins, the second is told who did it', async () => {
    await world.broken(3)
    const card = await world.ask('ada', 'fix receipt-booked')
    await world.pressOn('ada', card, 'Book')
    const second = await world.pressOn('bo', card, 'Book')
    expect(second).toMatchObject({ result: 'lost_race' })
    expect(second.message).toMatch(/^Ada Example was first: pressed "Book the receipt"/)
    expect(second.card.title).toContain('0 of 3 done')
    await world.work()
    expect(await world.runs()).toHaveLength(3)
    expect(await presses()).toMatchObject([{ result: 'acted' }, { result: 'lost_race', exception_ids: [] }])
  })

  it('at the same moment start it once', async () => {
    await world.broken(3)
    const card = await world.ask('ada', 'fix receipt-booked')
    const answers = await Promise.all(['ada', 'bo', 'lea'].map((who) => world.pressOn(who, card, 'Book')))
    expect(answers.map(({ result }) => result).sort()).toEqual(['acted', 'lost_race', 'lost_race'])
    await world.work()
    expect(await world.runs()).toHaveLength(3)
  })

  it('on two offers for the same group do each of them once', async () => {
    await world.broken(4)
    const [one, other] = [
      await world.ask('ada', 'fix receipt-booked'),
      await world.ask('bo', 'fix receipt-booked'),
    ]
    await Promise.all([world.pressOn('ada', one, 'Book'), world.pressOn('bo', other, 'Book')])
    await Promise.all([1, 2].map((id) => advanceBatch({ ...world.base, log: quiet }, `${id}`)))
    await world.work()
    expect(await runsEach()).toBe(1)
    expect(world.erp.calls).toHaveLength(4)
    expect(await world.batches()).toMatchObject([{ state: 'finished' }, { state: 'finished' }])
    const all = [...(await world.members(1)), ...(await world.members(2))].map(({ state }) => state)
    expect(all.filter((state) => state === 'done')).toHaveLength(4)
    expect(all.filter((state) => state === 'skipped')).toHaveLength(4)
  })
})

describe('a press that is delivered again', () => {
  it('is answered the same and does nothing more, also at the same moment', async () => {
    await world.broken(2)
    const card = await world.ask('ada', 'fix receipt-booked')
    const answers = await Promise.all([1, 2, 3].map(() => world.pressOn('ada', card, 'Book', 'one press')))
    expect(new Set(answers.map(({ message }) => message)).size).toBe(1)
    await world.work()
    expect((await world.pressOn('ada', card, 'Book', 'one press')).message).toBe(answers[0]?.message)
    expect(await world.runs()).toHaveLength(2)
    expect(await presses()).toHaveLength(1)
  })

  it('from an old card under another key does nothing and shows the current one', async () => {
    await world.broken(2)
    const card = await world.ask('ada', 'fix receipt-booked')
    await world.pressOn('ada', card, 'Book')
    await world.work()
    expect(await world.pressOn('ada', card, 'Book')).toMatchObject({
      result: 'stale',
      card: { title: 'Book the receipt: 2 of 2 done' },
    })
    expect(await world.runs()).toHaveLength(2)
  })
})

describe('the server', () => {
  const forged = (action: string, version = 1) =>
    world.host.press({
      identity: { surface: 'test', externalId: 'lea', displayName: 'lea' },
      exception: 'batch:1',
      action,
      version,
      values: {},
      formOpenedAt: null,
      interactionKey: null,
    })

  it('does nothing that was not offered, whatever a client sends', async () => {
    await world.broken(2)
    await world.ask('ada', 'fix receipt-booked')
    for (const action of ['erp.adjust_stock', 'erp.ask_supplier', 'retry', 'stop', 'dismiss']) {
      expect(await forged(action)).toMatchObject({ result: 'stale' })
    }
    await world.work()
    expect([await world.runs(), await world.batches()]).toMatchObject([[], [{ state: 'offered' }]])
  })

  it('never does in bulk what has come to need a second person since it was offered', async () => {
    await world.broken(2)
    await world.ask('ada', 'fix receipt-booked')
    world.setup.trust.book_receipt = { secondPerson: 'always' }
    expect(await forged('erp.book_receipt')).toMatchObject({ result: 'acted' })
    await world.work()
    expect(await world.runs()).toEqual([])
    expect(await states()).toEqual({ R1: 'skipped', R2: 'skipped' })
  })

  it('knows nothing of a batch that is not there', async () => {
    await expect(forged('erp.book_receipt')).rejects.toThrow('Ask for it again with "fix"')
    expect(await world.host.card('batch:1')).toBeNull()
  })
})

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

describe('a process that is killed', () => {
  // Three members: three times settle and begin, and a last settle.
  for (const commit of [1, 2, 3, 4, 5, 6, 7]) {
    for (const moment of ['before', 'after'] as const) {
      it(`${moment} commit ${commit} of starting them: another one goes on, and each is run for once`, async () => {
        await world.broken(3)
        await world.pressOn('ada', await world.ask('ada', 'fix receipt-booked'), 'Book')
        const store = killedAt(world.store, commit, moment)
        const isTransient = (error: unknown) => error instanceof Killed || world.base.isTransient(error)
        const dying = advanceBatch({ ...world.base, store, isTransient, log: quiet }, '1')
        await expect(dying).rejects.toBeInstanceOf(Killed)
        // Its job is gone with it; what the others had queued is there.
        await world.rows(sql`delete from graphile_worker._private_jobs where key = 'batch:1'`)
        await world.work()
        await reclaim(world.store, world.clock)
        await world.work()
        expect(await runsEach()).toBe(1)
        expect(await world.text()).toContain('3 of 3 done')
        expect(world.erp.calls).toHaveLength(3)
        expect(await world.batches()).toMatchObject([{ state: 'finished' }])
      })
    }
  }

  it('between the end of a run and the card: the run itself has woken the batch', async () => {
    await world.broken(2)
    await world.pressOn('ada', await world.ask('ada', 'fix receipt-booked'), 'Book')
    await world.work('batch')
    await world.work('run')
    expect((await world.jobs()).map(({ key }) => key)).toContain('batch:1')
    await world.rows(sql`delete from graphile_worker._private_jobs`)
    expect(await reclaim(world.store, world.clock)).toBe(1)
    await world.work()
    expect(await world.text()).toContain('2 of 2 done')
    expect(await reclaim(world.store, world.clock)).toBe(0)
  })

  it('is not missed where many are at the same batch: each is run for once', async () => {
    await world.broken(6)
    await world.pressOn('ada', await world.ask('ada', 'fix receipt-booked'), 'Book')
    await Promise.all([1, 2, 3].map(() => advanceBatch({ ...world.base, log: quiet }, '1')))
    expect(await world.runs()).toHaveLength(MOST_AT_ONCE)
    await world.work()
    expect(await runsEach()).toBe(1)
    expect(await world.text()).toContain('6 of 6 done')
  })
})

describe('a system', () => {
  it('is given no more at a time however many batches there are, and all of them come to their end', async () => {
    await world.broken(8)
    const [one, other] = [
      await world.ask('ada', 'fix receipt-booked'),
      await world.ask('bo', 'fix receipt-booked'),
    ]
    await world.pressOn('ada', one, 'Book')
    await world.work('batch')
    await world.pressOn('bo', other, 'Book')
    await world.work('batch')
    expect(await world.runs()).toHaveLength(MOST_AT_ONCE)
    for (let i = 0; i < 3; i++) {
      await world.work()
      world.pass(2_000)
    }
    expect(await world.batches()).toMatchObject([{ state: 'finished' }, { state: 'finished' }])
    expect(world.erp.calls).toHaveLength(8)
  })
})

describe('the card of a batch', () => {
  const shown = async (channel: string | null) => {
    await world.broken(6)
    const messages = new Map<string, string>()
    const calls: string[] = []
    const deliver = createDeliver({
      store: world.store,
      clock: world.clock,
      log: quiet,
      worker: 'here',
      defaultChannel: 'orders',
      channelOn: (_surface, name) => `#${name}`,
      cardOf: createCardOf(world.queries, world.clock),
      admins: async () => [],
      surfaces: () => [],
    })
    const surface = {
      id: 'chat',
      routes: () => {},
      start: async () => {},
      stop: async () => {},
      probe: async () => 'ok',
      deliver: fakeDeliver({
        async post(to: string, { title, exception }: { title: string; exception?: { id: string } }) {
          const ref = `${exception?.id}`
          calls.push(`post ${to} ${ref}`)
          messages.set(ref, title)
          return { ok: true as const, value: ref }
        },
        async update(ref: string, { title }: { title: string }) {
          messages.set(ref, title)
          return { ok: true as const, value: null }
        },
      }),
    }
    const card = await world.ask('ada', 'fix receipt-booked', channel)
    return { card, messages, calls, deliver: () => deliver(surface) }
  }

  it('is posted where it was asked for, and updated in place until the end', async () => {
    const { card, messages, calls, deliver } = await shown('native-receiving')
    await deliver()
    expect(messages.has('batch:1')).toBe(false)
    await world.pressOn('ada', card, 'Book')
    await deliver()
    expect(messages.get('batch:1')).toBe('Book the receipt: 0 of 6 done, 6 to go')
    await world.work('batch', 'run')
    await deliver()
    expect(messages.get('batch:1')).toBe('Book the receipt: 6 of 6 done')
    expect(calls.filter((call) => call.endsWith('batch:1'))).toEqual(['post #receiving batch:1'])
  })

  it('is posted where its exceptions are, when it was asked for in a private chat', async () => {
    const { card, calls, deliver } = await shown(null)
    await world.pressOn('ada', card, 'Book')
    await deliver()
    // Before everything that nobody pressed for.
    expect(calls[0]).toBe('post #orders batch:1')
  })

  it('is shown among the recent ones while it runs and for a while after', async () => {
    const { card } = await shown(null)
    await world.pressOn('ada', card, 'Book')
    expect(await world.queries.batches()).toMatchObject([{ id: '1', state: 'running' }])
    await world.work()
    expect(await world.queries.batches()).toMatchObject([{ id: '1', state: 'finished' }])
    world.pass(2 * HOUR)
    expect(await world.queries.batches()).toEqual([])
  })
})
