import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCardOf } from '../../src/app/card-of.ts'
import { SystemError } from '../../src/app/errors.ts'
import { followUpCard } from '../../src/app/follow-up.ts'
import { upkeep } from '../../src/db/upkeep.ts'
import { type BatchWorld, createBatchWorld } from '../support/batch-world.ts'
import { testDatabase } from '../support/database.ts'
import { dispatcher, type FakeChat, fakeChat } from '../support/fake-chat.ts'
import { urgent } from '../support/shift-world.ts'
import { HOUR, key, MINUTE, PEOPLE, receipt } from '../support/world.ts'

const database = testDatabase()
const BOOK = 'erp.book_receipt'
let world: BatchWorld
let chat: FakeChat
beforeEach(async () => {
  world = await createBatchWorld(database.url, {
    postingSurfaces: ['test'],
    people: PEOPLE.configured,
    routing: { rules: [], defaultChannel: 'orders' },
  })
  chat = fakeChat('test')
  world.surfaces.push(chat.surface)
})
afterEach(() => world.close())

const deliver = () =>
  dispatcher(world, [chat.surface], { cardOf: createCardOf(world.queries, world.clock) })(chat.surface)
/** What was said, and to whom. */
const said = async () =>
  (await world.rows(sql`select title, words, tell, card from follow_ups order by id`)).map(
    ({ title, words, tell, card }) => ({
      text: `${title}. ${words}`,
      to: (tell as { surface: string; id: string }[]).map(({ surface, id }) => `${surface}:${id}`),
      under: card,
    }),
  )
const privately = async () =>
  (await world.jobs()).filter(({ task_identifier: task }) => task === 'notify').length
const unbooked = async (name = 'R1') => {
  await world.say(world.erp, { ...receipt(name), state: 'open' })
  await world.say(world.wms, { ...receipt(name), state: 'received' })
  await world.later(HOUR)
  return world.about(name)
}
const runs = () => world.work('run', 'batch')
/** Time passes, and whoever waits for it looks again. */
const until = async (ms: number) => {
  world.pass(ms)
  await runs()
}
/** The ERP changes something, but not what the contract is about. */
const booksBeside = () => {
  const [book] = world.erp.actions
  if (!book) throw new Error('the ERP books receipts')
  book.act = async ({ target: { externalId } }) => {
    world.erp.put({ type: 'receipt', externalId, quantities: { received: 1 } }, world.clock())
    return { is: 'accepted', words: 'erp accepted it.' }
  }
}
const differingStock = async () => {
  const stock = {
    type: 'inventory' as const,
    externalId: 'S1',
    keys: [key('stock', 'S1@A')],
    state: 'counted',
  }
  await world.say(world.erp, { ...stock, quantities: { on_hand: 7 } })
  await world.say(world.wms, { ...stock, quantities: { on_hand: 10 } })
  await world.later(HOUR)
  return (await world.exception('stock-agrees')).id
}
const ADJUST = 'erp.adjust_stock'
const NEWS = { cause: 'run:1', title: 'x', words: 'y', tone: 'warning' as const, tell: [], at: new Date(0) }

describe('whoever pressed is told under the post, once,', () => {
  it('that the system refused it', async () => {
    const id = await unbooked()
    world.manners.set('R1', 'refuses')
    await world.press('ada', id, BOOK)
    await runs()
    expect(await said()).toEqual([
      {
        text: `#${id} Book the receipt: refused by erp. erp: period 11 is closed. #${id} is still open: somebody has to look at it.`,
        to: ['test:ada'],
        under: id,
      },
    ])
    expect(await privately()).toBe(0)
  })

  it('that it failed before anything was sent', async () => {
    const id = await unbooked()
    world.erp.before = (step) => {
      if (step === 'read') throw new SystemError('erp', 'misconfigured', 'erp: the key has expired.')
    }
    await world.press('ada', id, BOOK)
    await runs()
    expect((await said()).map(({ text }) => text)).toEqual([
      `#${id} Book the receipt: failed. erp: the key has expired. Nothing was sent. #${id} is still open: somebody has to look at it.`,
    ])
  })

  it('that nobody knows whether it worked', async () => {
    const id = await unbooked()
    world.erp.manner = 'deaf'
    await world.press('ada', id, 'erp.ask_supplier')
    await runs()
    expect((await said()).map(({ text }) => text)).toEqual([
      `#${id} Ask the supplier: nobody knows whether it worked. erp did not answer in time. Look into erp before trying again. #${id} is still open: somebody has to look at it.`,
    ])
  })

  it('that the systems still do not agree when its time is over, and not before', async () => {
    const id = await unbooked()
    booksBeside()
    await world.press('ada', id, BOOK)
    await runs()
    expect(await said()).toEqual([])
    await until(11_000)
    expect(await said()).toEqual([
      {
        text: `#${id} Book the receipt: not verified. erp says open. The systems still do not agree. #${id} is still open: somebody has to look at it.`,
        to: ['test:ada'],
        under: id,
      },
    ])
  })

  it('that the one who was asked said no', async () => {
    const id = await unbooked()
    world.erp.manner = 'asks'
    await world.press('ada', id, 'erp.ask_supplier')
    await runs()
    expect(await said()).toEqual([])
    world.erp.answer = 'declined'
    await until(MINUTE)
    expect((await said()).map(({ text }) => text)).toEqual([
      `#${id} Ask the supplier: declined. The supplier says no. #${id} is still open: somebody has to look at it.`,
    ])
  })

  it('that it went well after all, when that took long', async () => {
    const id = await unbooked()
    world.erp.manner = 'unreachable'
    await world.press('ada', id, BOOK)
    world.manners.set('R1', 'unreachable')
    await runs()
    await until(20 * MINUTE)
    world.manners.set('R1', 'obeys')
    await until(6 * MINUTE)
    expect((await world.exception(id)).state).toBe('resolved')
    expect(await said()).toEqual([
      {
        text: `#${id} Book the receipt: done and verified. It took 26 min. Nothing is left to do for it.`,
        to: ['test:ada'],
        under: id,
      },
    ])
  })

  it('that it went well after all, when the news of that comes by itself', async () => {
    const id = await unbooked()
    world.erp.manner = 'asks'
    await world.press('ada', id, 'erp.ask_supplier')
    await runs()
    world.pass(2 * HOUR)
    await world.say(world.erp, { ...receipt('R1'), state: 'received' })
    expect((await world.exception(id)).state).toBe('resolved')
    await runs()
    expect((await said()).map(({ text }) => text)).toEqual([
      `#${id} Ask the supplier: done and verified. It took 2 h. Nothing is left to do for it.`,
    ])
  })
})

describe('nothing is said', () => {
  it('of what went well while whoever pressed could watch it', async () => {
    const id = await unbooked()
    await world.press('ada', id, BOOK)
    await runs()
    expect((await world.exception(id)).state).toBe('resolved')
    expect(await said()).toEqual([])
  })

  it('of a run that a person took back', async () => {
    const id = await unbooked()
    world.manners.set('R1', 'unreachable')
    await world.press('ada', id, BOOK)
    await runs()
    await world.press('ada', id, 'take_back')
    await runs()
    expect(await said()).toEqual([])
  })

  it('of claims, notes, assignments, snoozes and dismissals: the card says it, or a private message', async () => {
    const id = await unbooked()
    await world.press('bo', id, 'claim')
    await world.press('bo', id, 'note', { values: { note: 'Ring the dock.' } })
    await world.press('bo', id, 'assign', { values: { person: 'Lou Example' } })
    await world.press('bo', id, 'snooze', { values: { until: '1h' } })
    await world.press('bo', id, 'dismiss', { values: { reason: 'expected' } })
    expect(await said()).toEqual([])
  })
})

describe('an approval', () => {
  it('that is asked for calls the leads, and not whoever asks', async () => {
    const id = await differingStock()
    await world.press('lea', id, ADJUST)
    expect(await said()).toEqual([
      {
        text: `#${id} waits for a lead to approve: Adjust the stock (S1). Lea Example asks for it. Another person, who is a lead, can approve or decline it on the card of #${id}.`,
        to: ['test:lou'],
        under: id,
      },
    ])
  })

  it('that is asked for by a press that is delivered twice is said once', async () => {
    const id = await differingStock()
    const press = { version: (await world.exception(id)).version, key: 'same' }
    await Promise.all([world.press('ada', id, ADJUST, press), world.press('ada', id, ADJUST, press)])
    expect(await said()).toMatchObject([{ to: ['test:lea', 'test:lou'] }])
  })

  it('calls the admins where the channel has no lead', async () => {
    const id = await differingStock()
    const [lea, lou, ...others] = PEOPLE.configured.toSorted((a, b) => (a.role < b.role ? -1 : 1))
    if (!lea || !lou) throw new Error('two leads')
    world.setup.people = [{ ...lea, channels: ['returns'] }, { ...lou, role: 'admin' }, ...others]
    await world.press('ada', id, ADJUST)
    expect(await said()).toMatchObject([{ to: ['test:lou'] }])
  })

  it('that is denied is told to whoever asked', async () => {
    const id = await differingStock()
    await world.press('ada', id, ADJUST)
    await world.press('lea', id, 'decline', { values: { note: 'count it first' } })
    expect((await said()).slice(1)).toEqual([
      {
        text: `#${id} Adjust the stock (S1): declined. Declined by Lea Example: count it first. Nothing was done. #${id} is still open: somebody has to look at it.`,
        to: ['test:ada'],
        under: id,
      },
    ])
  })

  it('that is withdrawn by whoever asked is told to nobody', async () => {
    const id = await differingStock()
    await world.press('ada', id, ADJUST)
    await world.press('ada', id, 'decline')
    expect(await said()).toHaveLength(1)
  })
})

describe('what comes back', () => {
  const bookedAndBack = async (away: number) => {
    const id = await unbooked()
    await world.press('ada', id, BOOK)
    await runs()
    await world.later(away)
    await world.say(world.erp, { ...receipt('R1'), state: 'open' })
    await world.later(HOUR)
    expect(await world.exception(id)).toMatchObject({ state: 'open', episode: 2 })
    return id
  }

  it('is told to whoever had handled it', async () => {
    const id = await bookedAndBack(MINUTE)
    const [news, ...more] = await said()
    expect(news).toMatchObject({ to: ['test:ada'], under: id })
    expect(news?.text).toMatch(
      new RegExp(
        `^#${id} is back. It was over for 1 h. Before: Resolved and verified: Book the receipt worked, and the systems agree. Now: .+$`,
      ),
    )
    expect(more).toEqual([])
  })

  it('after so long that it is posted anew, says so by that post alone', async () => {
    await bookedAndBack(12 * HOUR)
    expect(await said()).toEqual([])
  })

  it('and was handled by nobody comes and goes in silence', async () => {
    const id = await unbooked()
    await world.say(world.erp, { ...receipt('R1'), state: 'received' })
    await world.say(world.erp, { ...receipt('R1'), state: 'open' })
    await world.later(HOUR)
    expect(await world.exception(id)).toMatchObject({ state: 'open', episode: 2 })
    expect(await said()).toEqual([])
  })
})

describe('a batch', () => {
  const fixed = async () => {
    await world.broken(3)
    await world.pressOn('ada', await world.ask('ada', 'fix receipt-booked', 'native-receiving'), 'Book the')
    await runs()
  }

  it('has one follow-up for all that went wrong in it, and one more for trying again', async () => {
    for (const name of ['R1', 'R2']) world.manners.set(name, 'refuses')
    await fixed()
    const words = 'The card says which ones and why, and offers to try again what can be tried again.'
    const first = {
      text: `Book the receipt: 1 of 3 done, 2 failed. ${words}`,
      to: ['test:ada'],
      under: 'batch:1',
    }
    expect(await said()).toEqual([first])
    await world.pressOn('bo', await world.card(), 'Try the 2 again')
    await runs()
    expect(await said()).toEqual([first, { ...first, to: ['test:bo'] }])
  })

  it('has none when it went well', async () => {
    await fixed()
    expect(await world.text()).toContain('3 of 3 done')
    expect(await said()).toEqual([])
  })
})

describe('a follow-up', () => {
  const refused = async () => {
    const id = await unbooked()
    world.manners.set('R1', 'refuses')
    await world.press('ada', id, BOOK)
    return id
  }

  it('is delivered once, under the post, also where its job comes again and its writers are two', async () => {
    await refused()
    await deliver()
    await runs()
    const [{ id: run } = { id: 0 }] = await world.runs()
    await world.runsOf('here')(String(run))
    await Promise.all([deliver(), deliver()])
    await deliver()
    expect(chat.calls.filter((call) => call.startsWith('reply'))).toEqual(['reply m1'])
    expect([...chat.messages.values()].filter(({ under }) => under !== undefined)).toMatchObject([
      { channel: '#orders', under: 'm1', shown: expect.stringContaining('refused by erp') },
    ])
  })

  describe('about what was raised to another channel', () => {
    const replies = () => [...chat.messages.values()].filter(({ under }) => under !== undefined)
    /** Raised, with a post in both channels. */
    const raised = async (name: string) => {
      world.setup.routing.rules = [urgent]
      const id = await unbooked(name)
      await world.press('bo', id, 'escalate')
      await deliver()
      return id
    }
    const booked = async (who: string, ref: string) => world.pressOn(who, await world.card(ref), 'Book the')

    it('stands under the post that was pressed', async () => {
      const [above, below] = [await raised('R1'), await raised('R2')]
      for (const name of ['R1', 'R2']) world.manners.set(name, 'refuses')
      await booked('lea', `escalated:${above}`)
      await booked('ada', below)
      await runs()
      await deliver()
      expect(new Set(replies().map(({ channel, shown }) => `${channel} ${shown.slice(0, 2)}`))).toEqual(
        new Set([`#leads #${above}`, `#dock #${below}`]),
      )
      expect(replies()).toHaveLength(2)
    })

    it('stands under the own post where the pressed one is not there any more', async () => {
      const id = await raised('R1')
      world.manners.set('R1', 'refuses')
      await booked('lea', `escalated:${id}`)
      await world.rows(sql`delete from posts where card = ${`escalated:${id}`}`)
      await runs()
      await deliver()
      expect(replies().map(({ channel }) => channel)).toEqual(['#dock'])
    })

    it('calls for an approval where it was asked for', async () => {
      world.setup.routing.rules = [{ ...urgent, if: { contract: ['stock-agrees'] } }]
      const id = await differingStock()
      await world.press('bo', id, 'escalate')
      await deliver()
      await world.pressOn('ada', await world.card(`escalated:${id}`), 'Adjust the stock')
      await deliver()
      expect(replies().map(({ channel }) => channel)).toEqual(['#leads'])
    })
  })

  it('waits for the post, where that is still to come', async () => {
    await refused()
    await runs()
    await deliver()
    await deliver()
    expect(chat.calls.map((call) => call.split(' ')[0])).toEqual(['post', 'reply'])
  })

  it('says what happened then, whatever happens later', async () => {
    const id = await refused()
    await runs()
    world.manners.set('R1', 'obeys')
    await world.press('ada', id, BOOK)
    await runs()
    await deliver()
    expect([...chat.messages.values()].map(({ shown }) => shown)).toEqual([
      expect.stringContaining('Resolved and verified'),
      expect.stringContaining('refused by erp'),
    ])
  })

  it('is not said when the transaction that makes it true fails', async () => {
    await refused()
    await world.rows(
      sql`alter table exceptions add constraint broken check (status not like '%refused%') not valid`,
    )
    try {
      await runs()
      expect(await said()).toEqual([])
    } finally {
      await world.rows(sql`alter table exceptions drop constraint broken`)
    }
    await until(10_000)
    expect(await said()).toHaveLength(1)
  })

  it('comes in private, with the way to the exception, where that has no post of its own', async () => {
    world.setup.routing.group = {
      by: ['contract'],
      after: 1,
      waitMs: 30_000,
      intervalMs: MINUTE,
      repeatMs: HOUR,
    }
    await world.broken(4)
    const posts = (await world.posts()).map(({ card }) => card)
    const id = (await world.exceptions()).map((each) => String(each.id)).find((each) => !posts.includes(each))
    if (id === undefined) throw new Error('a storm keeps cards back')
    for (const name of ['R1', 'R2', 'R3', 'R4']) world.manners.set(name, 'refuses')
    await world.press('ada', id, BOOK)
    await runs()
    expect(await said()).toMatchObject([{ to: [], under: id }])
    await world.work('notify')
    expect(chat.told).toEqual([expect.stringMatching(`^ada: #${id} Book the receipt: refused by erp\\.`)])
    await deliver()
    expect(chat.calls.filter((call) => call.startsWith('reply'))).toEqual([])
    const card = followUpCard({ ...NEWS, card: id }, { alone: true })
    expect(card.blocks.at(-1)).toMatchObject({ buttons: [{ kind: 'command', text: `open ${id}` }] })
  })

  it('is forgotten after its keeping', async () => {
    await refused()
    await runs()
    const keep = (days: number) => upkeep(world.connection.db, world.at(days * 24 * HOUR))
    await keep(29)
    expect(await said()).toHaveLength(1)
    await keep(31)
    expect(await said()).toEqual([])
  })
})
