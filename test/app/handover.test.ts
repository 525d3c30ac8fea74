import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCardOf } from '../../src/app/card-of.ts'
import { tend } from '../../src/app/tend.ts'
import { testDatabase } from '../support/database.ts'
import { dispatcher, fakeChat } from '../support/fake-chat.ts'
import { createShiftWorld, type ShiftWorld } from '../support/shift-world.ts'
import { HOUR, MINUTE, receipt } from '../support/world.ts'

const database = testDatabase()
let world: ShiftWorld
beforeEach(async () => {
  world = await createShiftWorld(database.url)
})
afterEach(() => world.close())

/** To two o'clock, when the early shift is over. */
const endShift = () => world.pass(world.at(8 * HOUR).getTime() - world.clock().getTime())

describe('a claim', () => {
  it('ends with the shift, and not before', async () => {
    const id = await world.unbooked()
    await world.press('ada', id, 'claim')
    expect(await world.text(id)).toContain('Ada Example, until')
    endShift()
    world.pass(-1)
    await world.tend()
    expect(await world.exception(id)).toMatchObject({ claimed_by: expect.anything(), version: 2 })
    world.pass(1)
    await world.tend()
    expect(await world.exception(id)).toMatchObject({
      state: 'open',
      claimed_by: null,
      version: 3,
      status: 'The shift of Ada Example is over: anyone may take it.',
    })
  })

  it('ends after eight hours where no calendar says when its shift does', async () => {
    await world.close()
    world = await createShiftWorld(database.url, { shifts: { channels: new Map(), others: null } })
    const id = await world.unbooked()
    await world.press('ada', id, 'claim')
    world.pass(8 * HOUR - 1)
    await world.tend()
    expect(await world.exception(id)).toMatchObject({ claimed_by: expect.anything() })
    world.pass(1)
    await world.tend()
    expect(await world.exception(id)).toMatchObject({ claimed_by: null })
  })

  it('that is made again lasts another shift, for nobody but the one who has it', async () => {
    const id = await world.unbooked()
    await world.press('ada', id, 'claim')
    world.pass(6 * HOUR + 30 * MINUTE)
    expect(await world.press('bo', id, 'claim')).toEqual({
      result: 'nothing_to_do',
      message: 'Only for who is on it',
    })
    world.pass(24 * HOUR)
    expect(await world.press('ada', id, 'claim')).toEqual({
      result: 'acted',
      message: 'You stay on it, until 14:00.',
    })
    world.pass(29 * MINUTE)
    await world.tend()
    expect(await world.exception(id)).toMatchObject({ claimed_by: expect.anything() })
  })

  it('of a running action is kept until that has ended', async () => {
    const id = await world.unbooked()
    await world.press('ada', id, 'erp.book_receipt')
    endShift()
    await world.tend()
    expect(await world.exception(id)).toMatchObject({ claimed_by: expect.anything() })
    expect(await world.postsOf('handover:1')).toEqual([])
    world.erp.manner = 'refuses'
    await world.work('run')
    await world.tend()
    expect(await world.exception(id)).toMatchObject({ claimed_by: null })
    expect(await world.postsOf('handover:1')).toHaveLength(1)
  })

  it('and the end of its shift at the same moment come to one end', async () => {
    const id = await world.unbooked()
    await world.press('ada', id, 'claim')
    endShift()
    const [stays] = await Promise.all([world.press('ada', id, 'claim', { version: 2 }), world.tend()])
    const { claimed_by: holder, version } = await world.exception(id)
    // Whoever came second saw what the first had done.
    if (stays.result === 'acted')
      expect({ holder, version }).toEqual({ holder: expect.anything(), version: 3 })
    else
      expect({ result: stays.result, holder, version }).toEqual({ result: 'stale', holder: null, version: 3 })
  })

  it('of two people at once is one, and both presses are logged', async () => {
    const id = await world.unbooked()
    const both = await Promise.all(['ada', 'bo'].map((who) => world.press(who, id, 'claim', { version: 1 })))
    expect(both.map(({ result }) => result).sort()).toEqual(['acted', 'lost_race'])
    expect(await world.interventions()).toHaveLength(2)
  })
})

describe('the end of a shift', () => {
  it('hands over once for a channel: what is open, who had it, what they noted, and a button for each', async () => {
    const first = await world.unbooked('R1')
    const second = await world.unbooked('R2')
    await world.press('ada', first, 'claim')
    await world.press('ada', first, 'note', { values: { note: 'the paper is at the dock' } })
    await world.press('bo', second, 'claim')
    endShift()
    await world.tend()
    expect(await world.postsOf('handover')).toMatchObject([{ card: 'handover:1', channel: 'dock' }])
    const text = await world.text('handover:1')
    expect(text).toContain('2 of 2 that were in hand are still open, 2 with nobody on them')
    expect(text).toContain('Ada Example had it; nobody is on it.')
    expect(text).toContain('Note by Ada Example: the paper is at the dock')
    expect(text).toContain(`Take over #${first}`)
    expect(text).toContain(`Take over #${second}`)
  })

  it('is handed over once by two replicas at once', async () => {
    const ids = [await world.unbooked('R1'), await world.unbooked('R2'), await world.unbooked('R3')]
    for (const id of ids) await world.press('ada', id, 'claim')
    endShift()
    await Promise.all([world.tend(), world.tend()])
    await world.tend()
    expect(await world.postsOf('handover')).toHaveLength(1)
    expect((await world.queries.handover('1'))?.items).toHaveLength(3)
    for (const id of ids) expect(await world.exception(id)).toMatchObject({ version: 3 })
  })

  it('leaves nothing half done where the process dies before the commit, and is done by the next', async () => {
    const id = await world.unbooked()
    await world.press('ada', id, 'claim')
    endShift()
    const { base, store } = world
    const dying = {
      ...base,
      store: {
        transaction: <T>(work: Parameters<typeof store.transaction<T>>[0]) =>
          store.transaction<T>((tx) =>
            work({ ...tx, handOver: () => Promise.reject(new Error('the process died')) }),
          ),
      },
    }
    await expect(tend(dying)).rejects.toThrow('the process died')
    expect(await world.exception(id)).toMatchObject({ claimed_by: expect.anything(), version: 2 })
    expect(await world.postsOf('handover:1')).toEqual([])
    await world.tend()
    expect(await world.exception(id)).toMatchObject({ claimed_by: null })
    expect(await world.postsOf('handover')).toHaveLength(1)
  })

  it('can be taken over by a press, once: the second one is told who was first', async () => {
    const id = await world.unbooked()
    await world.press('ada', id, 'claim')
    endShift()
    await world.tend()
    const bo = await world.click('bo', 'handover:1', `Take over #${id}`)
    const lea = await world.click('lea', 'handover:1', `Take over #${id}`)
    const taken = await bo()
    expect(taken).toMatchObject({ result: 'acted', card: { exception: { id: 'handover:1' } } })
    expect(await lea()).toMatchObject({
      result: 'lost_race',
      message: 'Bo Example was first: took it at 14:00.',
    })
    expect(await world.text('handover:1')).toContain('Handover: the one that was in hand is still open.')
    expect(await world.text('handover:1')).toContain('Ada Example had it; Bo Example is on it now.')
    expect((await world.interventions()).map(({ action, exception_id: on }) => [action, String(on)])).toEqual(
      [
        ['claim', id],
        ['claim', id],
        ['claim', id],
      ],
    )
  })

  it('names the day of whoever was first where that is not today', async () => {
    const id = await world.unbooked()
    const bo = await world.click('bo', id, "I'm on it")
    await world.press('ada', id, 'claim')
    await world.later(50 * HOUR)
    expect(await bo()).toMatchObject({
      result: 'lost_race',
      message: 'Ada Example was first: took it at 2026-11-23 07:00.',
    })
  })

  it('without a calendar is one handover for all claims that ended while Baton was down, however many', async () => {
    await world.close()
    world = await createShiftWorld(database.url, { shifts: { channels: new Map(), others: null } })
    const names = Array.from({ length: 120 }, (_, i) => `R${i}`)
    for (const name of names) {
      await world.say(world.erp, { ...receipt(name), state: 'open' })
      await world.say(world.wms, { ...receipt(name), state: 'received' })
    }
    await world.later(HOUR)
    const ids = (await world.exceptions()).map(({ id }) => String(id))
    expect(ids).toHaveLength(names.length)
    for (const [i, id] of ids.entries()) {
      if (i % 40 === 0) world.pass(HOUR)
      await world.press('ada', id, 'claim')
    }
    world.pass(12 * HOUR)
    await world.tend()
    await world.tend()
    expect(await world.postsOf('handover')).toMatchObject([{ card: 'handover:1', channel: 'dock' }])
    expect((await world.queries.handover('1'))?.items).toHaveLength(names.length)
  })

  it('of many claims is posted once, with all of them, though that takes several transactions', async () => {
    const many = 101
    for (let i = 0; i < many; i++) {
      await world.say(world.erp, { ...receipt(`R${i}`), state: 'open' })
      await world.say(world.wms, { ...receipt(`R${i}`), state: 'received' })
    }
    await world.later(HOUR)
    for (const { id } of await world.exceptions()) await world.press('ada', String(id), 'claim')
    endShift()
    const chat = fakeChat('chat')
    const deliver = dispatcher(world, [chat.surface], { cardOf: createCardOf(world.queries, world.clock) })
    // A dispatcher that is at once where anything was stored.
    const { base, store } = world
    const watched = async <T>(work: Parameters<typeof store.transaction<T>>[0]): Promise<T> => {
      const done = await store.transaction(work)
      await deliver(chat.surface)
      return done
    }
    await tend({ ...base, store: { transaction: watched } })
    for (let i = 0; i < 3; i++) {
      world.pass(MINUTE)
      await deliver(chat.surface)
      await world.tend()
    }
    const posted = [...chat.messages].filter(([, { shown }]) => shown.startsWith('Handover'))
    expect(posted.map(([, { shown }]) => shown)).toEqual([
      `Handover: ${many} of ${many} that were in hand are still open, ${many} with nobody on them.`,
    ])
    expect(chat.calls.filter((call) => call === `update ${posted[0]?.[0]}`)).toEqual([])
  })

  it('goes on saying what has come of it', async () => {
    const id = await world.unbooked()
    await world.press('ada', id, 'claim')
    endShift()
    await world.tend()
    const [before] = await world.postsOf('handover:1')
    await world.press('bo', id, 'dismiss', { values: { reason: 'known' } })
    await world.tend()
    const [after] = await world.postsOf('handover:1')
    expect(Number(after?.desired_revision)).toBeGreaterThan(Number(before?.desired_revision))
    expect(await world.text('handover:1')).toContain('the one that was in hand is over')
  })
})
