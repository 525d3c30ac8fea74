import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createQueries } from '../../src/app/ask.ts'
import type { Store } from '../../src/app/ports.ts'
import { createRuns } from '../../src/app/run.ts'
import { createReader } from '../../src/db/reader.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, HOUR, key, receipt, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
})
afterEach(() => world.close())

const unbooked = async (...receipts: string[]) => {
  for (const name of receipts.length > 0 ? receipts : ['R1']) {
    await world.say(world.erp, { ...receipt(name), state: 'open' })
    await world.say(world.wms, { ...receipt(name), state: 'received' })
  }
  await world.later(HOUR)
  return String((await world.exceptions())[0]?.id)
}
/** Somebody was asked, who has a day to answer; answers the exception's id. */
const asked = async (...receipts: string[]) => {
  const id = await unbooked(...receipts)
  world.erp.manner = 'asks'
  await world.press('ada', id, 'erp.ask_supplier')
  await world.work('run')
  world.erp.manner = 'obeys'
  expect(await request()).toMatchObject({ state: 'settling', outcome: 'requested' })
  return id
}
const pressed = async (id: string, action: string, values = {}, who = 'bo') => {
  const answer = await world.press(who, id, action, { values })
  await world.work('run')
  return answer
}
/** Another system has somebody to ask too. */
const askedWarehouse = (id: string) => {
  world.wms.offers({
    id: 'ask_supplier',
    label: 'Ask the warehouse',
    kind: 'request',
    type: 'receipt',
    to: { state: 'counted', rawState: 'Counted' },
  })
  world.wms.manner = 'asks'
  return pressed(id, 'wms.ask_supplier')
}
const later = async (ms: number) => {
  world.pass(ms)
  await world.work('run')
}
const request = async () => (await world.runs()).find(({ action }) => action === 'ask_supplier')
const booking = async () => (await world.runs()).find(({ action }) => action === 'book_receipt')
const offered = async (id: string) => {
  const reader = createReader(world.connection.db)
  const queries = createQueries(reader, world.setup, [], world.clock, world.clockText)
  return (await queries.getException(id))?.actions.filter(({ enabled }) => enabled).map((each) => each.id)
}
const act = (change: () => ReturnType<World['erp']['actions'][number]['act']>) => {
  const [book] = world.erp.actions
  if (!book) throw new Error('an action')
  book.act = change
}

const DISMISS = { reason: 'known' }
const DISMISSED =
  'Dismissed by Bo Example: Known, being handled elsewhere. Stays so until the systems agree once, or it gets worse.'

describe('beside what somebody was asked for', () => {
  it('another action is done, and has the credit; the request is still waited for and moves nothing', async () => {
    const id = await asked()
    expect(await pressed(id, 'erp.book_receipt')).toMatchObject({ result: 'acted' })
    const over = await world.exception(id)
    expect(over).toMatchObject({
      state: 'resolved',
      status: 'Resolved and verified: Book the receipt worked, and the systems agree.',
    })
    expect(await booking()).toMatchObject({ outcome: 'done', verified_at: expect.anything() })
    expect(await world.episodes()).toMatchObject([{ closed_as: 'resolved', run_id: (await booking())?.id }])
    expect(await request()).toMatchObject({ state: 'settling', verified_at: null })
    world.erp.answer = 'declined'
    const [, ask] = world.erp.actions
    if (ask) ask.compare = () => ({ is: 'declined', words: 'The supplier says no.' })
    await later(HOUR)
    expect(await request()).toMatchObject({
      state: 'finished',
      outcome: 'declined',
      words: 'The supplier says no.',
      verified_at: null,
    })
    const { state, status, version } = await world.exception(id)
    expect({ state, status, version }).toEqual({
      state: over.state,
      status: over.status,
      version: over.version,
    })
  })

  it('another action may fail, and the request still has the credit when it is answered', async () => {
    const id = await asked()
    world.erp.manner = 'refuses'
    await pressed(id, 'erp.book_receipt')
    expect(await booking()).toMatchObject({ outcome: 'refused' })
    expect(await world.exception(id)).toMatchObject({ state: 'open' })
    world.erp.appear()
    await later(300_000)
    expect(await request()).toMatchObject({ outcome: 'accepted', verified_at: expect.anything() })
    expect(await world.exception(id)).toMatchObject({
      state: 'resolved',
      status: 'Resolved and verified: Ask the supplier worked, and the systems agree.',
    })
    expect(await world.episodes()).toMatchObject([{ run_id: (await request())?.id }])
  })

  it('what has sent nothing yet has no credit, and is over with it', async () => {
    const [book] = world.erp.actions
    if (book) book.risk = 'second_person'
    const id = await asked()
    expect(await pressed(id, 'erp.book_receipt')).toMatchObject({ result: 'awaiting_approval' })
    world.erp.appear()
    await world.hook(world.erp, [...world.erp.objects.values()])
    await world.work('process')
    expect(await world.exception(id)).toMatchObject({ state: 'resolved' })
    expect(await request()).toMatchObject({ state: 'finished', verified_at: expect.anything() })
    expect(await booking()).toMatchObject({ outcome: 'already_done', sends: 0, verified_at: null })
  })

  it('an answer does not take the word from an action that is in progress', async () => {
    const id = await asked()
    world.erp.manner = 'dawdles'
    await pressed(id, 'erp.book_receipt')
    const { status } = await world.exception(id)
    expect(status).toContain('Book the receipt')
    world.erp.answer = 'declined'
    await world.runsOf('here')(String((await request())?.id))
    expect(await request()).toMatchObject({ outcome: 'declined' })
    expect(await world.exception(id)).toMatchObject({ status })
    expect(await offered(id)).toEqual(['note'])
  })

  it('a look that finds nothing new does not take the word from what people did meanwhile', async () => {
    const id = await asked()
    await pressed(id, 'release', {}, 'ada')
    await pressed(id, 'claim')
    const { revision } = await world.exception(id)
    for (let n = 0; n < 5; n++) await later(HOUR)
    expect(await world.exception(id)).toMatchObject({ status: 'Bo Example is on it.', revision })
    await later(24 * HOUR)
    expect(await world.exception(id)).toMatchObject({
      status: 'Ask the supplier: Asked the supplier. No answer in time.',
    })
  })

  it('it is fixed by hand', async () => {
    const id = await asked()
    const done = await pressed(id, 'fixed_by_hand', { minutes: 5, note: 'Booked it' })
    expect(done).toMatchObject({ result: 'acted' })
    expect(await request()).toMatchObject({ state: 'settling' })
  })

  it('the same is not asked again, also by a card that is older', async () => {
    const id = await unbooked()
    const { version } = await world.exception(id)
    world.erp.manner = 'asks'
    await world.press('ada', id, 'erp.ask_supplier')
    await world.work('run')
    const late = await world.press('bo', id, 'erp.ask_supplier', { version })
    expect(late).toMatchObject({ result: 'lost_race' })
    expect(await world.press('bo', id, 'erp.ask_supplier')).toEqual({
      result: 'nothing_to_do',
      message: 'Asked at 07:00, answer until 2026-11-24 06:00',
    })
    expect(await world.runs()).toHaveLength(1)
  })

  it('one thing is begun, however many press at once, and however often a press is delivered', async () => {
    const id = await asked()
    world.erp.manner = 'dawdles'
    const { version } = await world.exception(id)
    const press = (who: string, of: string) => world.press(who, id, 'erp.book_receipt', { version, key: of })
    const answers = await Promise.all([
      press('ada', 'a'),
      press('ada', 'a'),
      press('bo', 'b'),
      press('bo', 'b'),
    ])
    await world.work('run')
    const results = answers.map(({ result }) => result).sort()
    expect(results).toEqual(['acted', 'acted', 'lost_race', 'lost_race'])
    expect(await world.runs()).toHaveLength(2)
    expect(world.erp.calls.map(({ action }) => action)).toEqual(['ask_supplier', 'book_receipt'])
  })

  it('the database itself lets no second run in progress in', async () => {
    const id = await asked()
    const insert = () =>
      world.rows(sql`insert into action_runs (exception_id, episode, system, action, label, values, state,
        idempotency_key, requested_by, started_at)
        select exception_id, episode, system, 'book_receipt', 'x', '{}', 'queued', 'k', requested_by, started_at
        from action_runs where exception_id = ${Number(id)} limit 1`)
    await insert()
    await expect(insert()).rejects.toThrow()
  })

  it('another system is asked too; the latest has the credit, and the other one is waited for', async () => {
    const id = await asked()
    expect(await askedWarehouse(id)).toMatchObject({ result: 'acted' })
    await world.say(world.erp, { ...receipt('R1'), state: 'received' })
    expect(await world.exception(id)).toMatchObject({
      state: 'resolved',
      status: 'Resolved and verified: Ask the warehouse worked, and the systems agree.',
    })
    expect(await world.runs()).toMatchObject([
      { system: 'erp', state: 'settling', verified_at: null },
      { system: 'wms', state: 'finished', verified_at: expect.anything() },
    ])
  })

  it('a request does not hide that what was done before it can be taken back', async () => {
    world.erp.offers({
      id: 'reopen',
      label: 'Reopen',
      type: 'receipt',
      to: { state: 'open', rawState: 'Open' },
    })
    const [book] = world.erp.actions
    if (!book) throw new Error('an action')
    book.undo = { action: 'reopen' }
    const id = await unbooked()
    act(async () => {
      world.erp.put({ ...receipt('R1'), state: 'draft', rawState: 'Draft' }, world.clock())
      return { is: 'accepted', words: 'ok' }
    })
    await pressed(id, 'erp.book_receipt')
    await later(11_000)
    world.erp.manner = 'asks'
    await pressed(id, 'erp.ask_supplier')
    expect(await offered(id)).toContain('undo.erp.book_receipt')
    world.erp.answer = 'accepted'
    await later(2_500)
    await later(20_000)
    expect(await request()).toMatchObject({ state: 'finished', outcome: 'accepted' })
    expect(await offered(id)).toContain('undo.erp.book_receipt')
  })
})

describe('what somebody was asked for, once it is dismissed', () => {
  it('is waited for to its end, which is logged and moves nothing', async () => {
    const id = await asked()
    await pressed(id, 'dismiss', DISMISS)
    const before = await world.exception(id)
    expect(before).toMatchObject({ state: 'dismissed', status: DISMISSED })
    await later(HOUR)
    expect(await request()).toMatchObject({ state: 'settling', outcome: 'requested' })
    await later(24 * HOUR)
    expect(await request()).toMatchObject({
      state: 'finished',
      outcome: 'requested',
      words: 'Asked the supplier. No answer in time.',
    })
    const { version } = before
    expect(await world.exception(id)).toMatchObject({ state: 'dismissed', status: DISMISSED, version })
  })

  it('may be declined or accepted, which moves nothing either', async () => {
    for (const answer of ['declined', 'accepted'] as const) {
      world.erp.answer = null
      const id = await asked(answer)
      await pressed(id, 'dismiss', DISMISS)
      world.erp.answer = answer
      await later(HOUR)
      expect(await request()).toMatchObject({ state: 'finished', outcome: answer, verified_at: null })
      expect(await world.exception(id)).toMatchObject({ state: 'dismissed', status: DISMISSED })
      await world.close()
      world = await createWorld(database.url)
    }
  })

  it('has the credit after all when it is opened again', async () => {
    const id = await asked()
    await pressed(id, 'dismiss', DISMISS)
    await pressed(id, 'reopen')
    expect(await offered(id)).not.toContain('erp.ask_supplier')
    world.erp.appear()
    await later(HOUR)
    expect(await world.exception(id)).toMatchObject({ state: 'resolved' })
    expect(await request()).toMatchObject({ outcome: 'accepted', verified_at: expect.anything() })
  })
})

describe('what somebody was asked for in an earlier episode', () => {
  it('is waited for, keeps nobody from asking anew, and has no credit', async () => {
    const id = await asked()
    await pressed(id, 'erp.book_receipt')
    await world.say(world.erp, { ...receipt('R1'), state: 'open' })
    await world.later(HOUR)
    expect(await world.exception(id)).toMatchObject({ state: 'open', episode: 2 })
    expect(await offered(id)).toContain('erp.ask_supplier')
    await world.say(world.erp, { ...receipt('R1'), state: 'received' })
    expect(await world.exception(id)).toMatchObject({ state: 'healed' })
    expect((await world.runs()).filter(({ verified_at }) => verified_at !== null)).toHaveLength(1)
  })
})

describe('two subjects that turn out to be one', () => {
  const same = {
    type: 'receipt' as const,
    externalId: 'R9',
    keys: [key('receipt', 'R1'), key('receipt', 'R2')],
  }

  it('do not wait for an answer: the request goes along, and has its credit there', async () => {
    await unbooked('R1', 'R2')
    const [first, second] = await world.exceptions()
    world.erp.manner = 'asks'
    await world.press('ada', second?.id, 'erp.ask_supplier')
    await world.work('run')
    await world.say(world.wms, { ...same, state: 'received' })
    expect(await world.subjects()).toHaveLength(1)
    const id = String(first?.id)
    expect(await world.exception(second?.id)).toMatchObject({ state: 'merged' })
    expect(await request()).toMatchObject({ exception_id: id, state: 'settling' })
    expect(await offered(id)).not.toContain('erp.ask_supplier')
    await world.say(world.erp, { ...receipt('R1'), state: 'received' })
    await world.say(world.erp, { ...receipt('R2'), state: 'received' })
    expect(await world.exception(id)).toMatchObject({ state: 'resolved' })
    expect(await request()).toMatchObject({ state: 'finished', verified_at: expect.anything() })
  })

  it('become one also while somebody looks for the answer', async () => {
    await unbooked('R1', 'R2')
    const [first, second] = await world.exceptions()
    world.erp.manner = 'asks'
    await world.press('ada', second?.id, 'erp.ask_supplier')
    await world.work('run')
    world.erp.before = async (step) => {
      if (step !== 'read') return
      world.erp.before = () => {}
      await world.say(world.wms, { ...same, state: 'received' })
      world.erp.answer = 'declined'
    }
    await later(HOUR)
    expect(await request()).toMatchObject({ outcome: 'declined', exception_id: String(first?.id) })
    expect(await world.exception(first?.id)).toMatchObject({
      status: 'Ask the supplier: declined. The supplier says no.',
    })
  })

  it('leave behind what was asked for a break that is over: it moves nothing', async () => {
    const first = await asked('R1')
    await pressed(first, 'dismiss', DISMISS)
    await world.say(world.erp, { ...receipt('R2'), state: 'open' })
    await world.say(world.wms, { ...receipt('R2'), state: 'received' })
    await world.later(HOUR)
    await world.say(world.wms, { ...same, state: 'received' })
    const survivor = (await world.exceptions()).find(({ state }) => state === 'open')
    expect(await request()).toMatchObject({ exception_id: survivor?.id, episode: 0, state: 'settling' })
    expect(await offered(String(survivor?.id))).toContain('erp.ask_supplier')
    await later(48 * HOUR)
    expect(await request()).toMatchObject({ state: 'finished', outcome: 'requested' })
  })
})

describe('a process that is killed beside an open request', () => {
  class Killed extends Error {}
  /** A store whose process is killed right after its nth commit. */
  const killedAfter = (nth: number): Store => {
    let commits = 0
    return {
      async transaction(work) {
        if (commits >= nth) throw new Killed()
        const result = await world.store.transaction(work)
        if (++commits === nth) throw new Killed()
        return result
      },
    }
  }
  const runsOn = (store: Store, worker: string) =>
    createRuns({
      ...world.base,
      store,
      worker,
      liveWorkers: async () => [...world.alive],
      callTimeoutMs: 1_000,
    })
  const takenOver = () => {
    world.alive.clear()
    world.alive.add('there')
    return runsOn(world.store, 'there')
  }

  for (const commit of [1, 2, 3, 4, 5]) {
    it(`after commit ${commit} of another action: that one acts once, and the request goes on`, async () => {
      const id = await unbooked()
      await askedWarehouse(id)
      await world.press('bo', id, 'erp.book_receipt')
      const run = String((await booking())?.id)
      await runsOn(
        killedAfter(commit),
        'here',
      )(run).catch((error: unknown) => {
        expect(error).toBeInstanceOf(Killed)
      })
      await takenOver()(run)
      expect(await booking()).toMatchObject({ state: 'finished', outcome: 'done' })
      expect(world.erp.calls.filter(({ action }) => action === 'book_receipt')).toHaveLength(1)
      expect(await world.exception(id)).toMatchObject({ state: 'resolved' })
      expect(await request()).toMatchObject({ state: 'settling', outcome: 'requested' })
    })
  }

  for (const commit of [1, 2]) {
    it(`after commit ${commit} of a look: another one hears the answer, once`, async () => {
      const id = await asked()
      world.pass(HOUR)
      world.erp.answer = 'declined'
      const run = String((await request())?.id)
      await runsOn(killedAfter(commit), 'here')(run).catch(() => {})
      await takenOver()(run)
      expect(await request()).toMatchObject({ state: 'finished', outcome: 'declined' })
      expect(world.erp.calls).toHaveLength(1)
      expect(await offered(id)).toContain('erp.ask_supplier')
    })
  }
})
