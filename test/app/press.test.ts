import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createPress } from '../../src/app/press.ts'
import { testDatabase } from '../support/database.ts'
import {
  createWorld,
  fulfillment,
  HOUR,
  key,
  MINUTE,
  order,
  PEOPLE,
  receipt,
  type World,
} from '../support/world.ts'

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
})
afterEach(() => world.close())

/** A receipt that was never booked; answers its exception's id. */
const unbooked = async (name = 'R1') => {
  await world.say(world.erp, { ...receipt(name), state: 'open' })
  await world.say(world.wms, { ...receipt(name), state: 'received' })
  await world.later(HOUR)
  return (await world.exception('receipt-booked')).id
}
const shortPick = async () => {
  await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'short' })
  return (await world.exception('short-pick')).id
}
const stock = (units: number) => ({
  type: 'inventory' as const,
  externalId: 'S1',
  keys: [key('stock', 'S1@A')],
  state: 'counted',
  quantities: { on_hand: units },
})
/** Stock that differs: to adjust it needs a second person. */
const drift = async () => {
  await world.say(world.wms, stock(10))
  await world.say(world.erp, stock(8))
  await world.later(30 * MINUTE)
  return (await world.exception('stock-agrees')).id
}
const logged = async () => (await world.interventions()).map(({ action, result }) => [action, result])

describe('a press', () => {
  it('asks once how the systems stand', async () => {
    const id = await unbooked()
    const { store, base } = world
    let asked = 0
    const counting: typeof store = {
      ...store,
      transaction: (work) =>
        store.transaction((tx) =>
          work({
            ...tx,
            feeds: () => {
              asked += 1
              return tx.feeds()
            },
          }),
        ),
    }
    const press = createPress({ ...base, store: counting, people: PEOPLE })
    const identity = { surface: 'test', externalId: 'ada', displayName: 'Ada Example' }
    const input = { identity, exception: id, action: 'erp.book_receipt', version: 1, values: {} }
    const pressed = await press({ ...input, formOpenedAt: null, interactionKey: null })
    expect({ result: pressed.result, asked }).toEqual({ result: 'acted', asked: 1 })
  })

  it('is stored with its claim and its job, and names who decided', async () => {
    const id = await unbooked()
    expect(await world.press('ada', id, 'erp.book_receipt')).toEqual({
      result: 'acted',
      message: 'Book the receipt: started.',
    })
    expect(await world.exception(id)).toMatchObject({
      state: 'open',
      version: 2,
      status: 'Book the receipt: started by Ada Example.',
      decided_what: 'pressed "Book the receipt"',
      decided_on_version: 1,
    })
    expect(await world.runs()).toMatchObject([
      { state: 'queued', system: 'erp', action: 'book_receipt', sends: 0 },
    ])
    expect((await world.jobs()).filter(({ task_identifier }) => task_identifier === 'run')).toHaveLength(1)
    expect(world.erp.calls).toEqual([])
  })

  it('is logged with what the card showed, whatever becomes of it', async () => {
    const id = await unbooked()
    await world.press('ada', id, 'erp.book_receipt')
    await world.press('bo', id, 'erp.book_receipt', { version: 1 })
    const [first, second] = await world.interventions()
    expect(first).toMatchObject({
      kind: 'press',
      action: 'erp.book_receipt',
      result: 'acted',
      person_role: 'operator',
      contract: 'receipt-booked',
      handoff: { from: 'wms', to: 'erp', object: 'receipt' },
      snapshot: {
        pressedVersion: 1,
        version: 1,
        state: 'open',
        evidence: 'wms says received; erp still says open.',
        suggested: 'erp.book_receipt',
      },
    })
    expect(first?.snapshot).toHaveProperty('offered', [
      { id: 'erp.book_receipt', enabled: true },
      { id: 'erp.ask_supplier', enabled: true },
      { id: 'claim', enabled: true },
      { id: 'snooze', enabled: true },
      { id: 'fixed_by_hand', enabled: true },
      { id: 'dismiss', enabled: true },
      { id: 'note', enabled: true },
    ])
    expect(second).toMatchObject({ result: 'lost_race', snapshot: { pressedVersion: 1, version: 2 } })
  })

  it('that comes first wins; the loser is told who won, and nothing runs twice', async () => {
    const id = await unbooked()
    const answers = await Promise.all(
      ['ada', 'bo', 'lea', 'lou'].map((who) => world.press(who, id, 'erp.book_receipt', { version: 1 })),
    )
    const results = answers.map(({ result }) => result).sort()
    expect(results).toEqual(['acted', 'lost_race', 'lost_race', 'lost_race'])
    const lost = answers.find(({ result }) => result === 'lost_race')
    expect(lost?.message).toMatch(/^\w+ Example was first: pressed "Book the receipt" at 07:00\.$/)
    expect(await world.runs()).toHaveLength(1)
    expect(await world.interventions()).toHaveLength(4)
  })

  it('delivered twice with one key is one press, and is answered the same', async () => {
    const id = await unbooked()
    const twice = await Promise.all(
      [1, 2].map(() => world.press('ada', id, 'claim', { key: 'interaction-1', version: 1 })),
    )
    expect(twice).toEqual([
      { result: 'acted', message: "You're on it." },
      { result: 'acted', message: "You're on it." },
    ])
    expect(await world.press('ada', id, 'claim', { key: 'interaction-1', version: 1 })).toEqual(twice[0])
    expect(await logged()).toEqual([['claim', 'acted']])
    expect(await world.exception(id)).toMatchObject({ version: 2 })
  })

  it('on a card that has changed since is stale, and does nothing', async () => {
    const id = await unbooked()
    await world.press('ada', id, 'claim')
    expect(await world.press('ada', id, 'erp.book_receipt', { version: 1 })).toMatchObject({
      result: 'stale',
    })
    expect(await world.runs()).toEqual([])
    expect(await logged()).toEqual([
      ['claim', 'acted'],
      ['erp.book_receipt', 'stale'],
    ])
  })

  it('that meets the news of the mending does nothing to the system, whichever comes first', async () => {
    for (let round = 0; round < 5; round++) {
      const name = `R${round}`
      await world.say(world.erp, { ...receipt(name), state: 'open' })
      await world.say(world.wms, { ...receipt(name), state: 'received' })
      await world.later(HOUR)
      const [exception] = (await world.exceptions()).filter(({ state }) => state === 'open')
      await world.hook(world.erp, [world.erp.put({ ...receipt(name), state: 'received' }, world.clock())])
      const [pressed] = await Promise.all([
        world.press('ada', exception?.id, 'erp.book_receipt', { version: 1 }),
        world.work('process'),
      ])
      expect(['acted', 'nothing_to_do']).toContain(pressed.result)
      await world.work('run')
      expect(await world.exception(exception?.id)).toMatchObject({ state: 'healed' })
    }
    expect(world.erp.calls).toEqual([])
    expect(
      (await world.runs()).every(({ state, outcome }) => state === 'finished' && outcome === 'already_done'),
    ).toBe(true)
  })

  it('after healing has nothing to do, and says what happened', async () => {
    const id = await unbooked()
    await world.say(world.erp, { ...receipt('R1'), state: 'received' })
    expect(await world.press('ada', id, 'erp.book_receipt', { version: 1 })).toEqual({
      result: 'nothing_to_do',
      message: 'Healed: the systems agree again (changed by: unknown).',
    })
    expect(await world.runs()).toEqual([])
  })

  it('looks at the world anew, by the contracts as they are now', async () => {
    const id = await drift()
    world.setup.contracts = world.setup.contracts.map((contract) =>
      contract.rule.form === 'agree' ? { ...contract, rule: { ...contract.rule, tolerance: 5 } } : contract,
    )
    expect(await world.press('ada', id, 'erp.adjust_stock', { version: 1 })).toMatchObject({
      result: 'nothing_to_do',
    })
    expect(await world.exception(id)).toMatchObject({ state: 'healed' })
  })

  it('where nothing is offered under that name does nothing', async () => {
    const id = await shortPick()
    expect(await world.press('ada', id, 'erp.book_receipt')).toMatchObject({ result: 'stale' })
    expect(await world.press('ada', id, 'wms.unheard_of')).toMatchObject({ result: 'stale' })
  })

  it('on something that is no exception says so', async () => {
    for (const nothing of ['999', 'abc', '-1', '1e3', '99999999999999999999']) {
      await expect(world.press('ada', nothing, 'claim', { version: 1 })).rejects.toThrow(
        `There is no exception ${nothing}.`,
      )
    }
  })

  it('passes on to the system only what the card asked for', async () => {
    const id = await unbooked()
    await world.press('ada', id, 'erp.book_receipt', { values: { amount: 1_000_000 } })
    expect(await world.runs()).toMatchObject([{ values: {} }])
  })

  it('is not taken while the answers to the form are missing or wrong', async () => {
    const id = await shortPick()
    const wrong = (action: string, values: Record<string, string | number>) =>
      world.press('ada', id, action, { values })
    await expect(wrong('note', {})).rejects.toThrow(
      '"Note for next time" needs: What should the next one know?',
    )
    await expect(wrong('note', { note: '  ' })).rejects.toThrow(
      '"Note for next time" needs: What should the next one know?',
    )
    await expect(wrong('note', { note: 'x'.repeat(1_001) })).rejects.toThrow(
      'What should the next one know?: 1000 characters at most.',
    )
    await expect(wrong('dismiss', { reason: 'because' })).rejects.toThrow('Why? must be one of: Expected')
    const minutes = { minutes: 2_000, note: 'done' }
    await expect(wrong('fixed_by_hand', minutes)).rejects.toThrow('must be a number from 0 to 1440')
    expect(await logged()).toEqual([])
  })
})

describe('a claim', () => {
  it('is taken, and handed back', async () => {
    const id = await shortPick()
    await world.press('ada', id, 'claim')
    expect((await world.exception(id)).claimed_by).not.toBeNull()
    expect(await world.press('ada', id, 'release')).toMatchObject({ result: 'acted' })
    expect(await world.exception(id)).toMatchObject({
      claimed_by: null,
      claimed_at: null,
      status: 'Open.',
      version: 3,
    })
  })
})

describe('a note', () => {
  it('is welcome on any version of the card, and changes no version itself', async () => {
    const id = await shortPick()
    await world.press('ada', id, 'claim')
    const note = { values: { note: 'asked the floor\u0000' }, version: 1 }
    expect(await world.press('bo', id, 'note', note)).toMatchObject({ result: 'acted', message: 'Noted.' })
    expect(await world.exception(id)).toMatchObject({ version: 2 })
    expect((await world.interventions())[1]).toMatchObject({ note: 'asked the floor\ufffd', result: 'acted' })
  })

  it('is welcome after the end, too', async () => {
    const id = await shortPick()
    await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'ready' })
    expect(
      await world.press('ada', id, 'note', { values: { note: 'bin 7 was full' }, version: 1 }),
    ).toMatchObject({
      result: 'acted',
    })
    expect(await world.exception(id)).toMatchObject({ state: 'healed' })
  })
})

describe('a dismissal', () => {
  const dismissed = async () => {
    const id = await shortPick()
    await world.press('ada', id, 'dismiss', { values: { reason: 'expected', note: 'we split these' } })
    return id
  }

  it('says why, and holds while nothing gets worse', async () => {
    const id = await dismissed()
    expect(await world.exception(id)).toMatchObject({
      state: 'dismissed',
      status:
        'Dismissed by Ada Example: Expected: this is how we work: we split these. ' +
        'Stays so until the systems agree once, or it gets worse.',
    })
    await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'short', quantities: { picked: 3 } })
    await world.later(HOUR)
    expect(await world.exceptions()).toMatchObject([{ id, state: 'dismissed', episode: 1 }])
    expect(await world.episodes()).toMatchObject([{ closed_as: 'dismissed' }])
  })

  it('gives way when it gets worse: the next episode', async () => {
    const id = await dismissed()
    await world.say(world.wms, { ...fulfillment('1', 'D2'), state: 'short' })
    expect(await world.exception(id)).toMatchObject({ state: 'open', episode: 2, magnitude: 2 })
  })

  it('knows how bad it was when it was dismissed, even where the words were the same', async () => {
    const id = await shortPick()
    await world.say(world.wms, { ...fulfillment('1', 'D2'), state: 'short' })
    await world.press('ada', id, 'dismiss', { values: { reason: 'expected' } })
    await world.say(world.wms, { ...fulfillment('1', 'D2'), state: 'short', quantities: { picked: 1 } })
    expect(await world.exception(id)).toMatchObject({ state: 'dismissed', magnitude: 2 })
  })

  it('ends when the contract is kept once: the next break is news', async () => {
    const id = await dismissed()
    await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'ready' })
    expect(await world.exception(id)).toMatchObject({ state: 'dismissed', dismissal_holds: false })
    await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'short' })
    expect(await world.exception(id)).toMatchObject({ state: 'open', episode: 2 })
  })

  it('can be undone: the same episode goes on', async () => {
    const id = await dismissed()
    expect(await world.press('bo', id, 'reopen')).toMatchObject({ result: 'acted', message: 'Open again.' })
    expect(await world.exception(id)).toMatchObject({
      state: 'open',
      episode: 1,
      closed_at: null,
      version: 3,
    })
    expect(await world.episodes()).toMatchObject([{ closed_at: null, closed_as: null }])
    await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'ready' })
    expect(await world.exception(id)).toMatchObject({ state: 'healed' })
  })
})

describe('fixed by hand', () => {
  it('is logged with its minutes, and closes when the systems agree', async () => {
    const id = await unbooked()
    const values = { minutes: 12, note: 'typed it in' }
    expect(await world.press('ada', id, 'fixed_by_hand', { values })).toMatchObject({ result: 'acted' })
    expect(await world.exception(id)).toMatchObject({ state: 'open' })
    expect(await world.interventions()).toMatchObject([{ reported_minutes: 12, note: 'typed it in' }])
    await world.say(world.erp, { ...receipt('R1'), state: 'received' })
    expect(await world.exception(id)).toMatchObject({ state: 'healed' })
  })
})

describe('what needs a second person', () => {
  it('waits for one, and is approved by another than the one who asked', async () => {
    const id = await drift()
    expect(await world.press('lea', id, 'erp.adjust_stock')).toMatchObject({ result: 'awaiting_approval' })
    expect(await world.exception(id)).toMatchObject({
      status: 'Lea Example asks: Adjust the stock (S1). Waiting for a lead to approve.',
    })
    expect(await world.work('run')).toEqual([])
    expect(await world.press('lea', id, 'approve')).toMatchObject({ result: 'not_allowed' })
    expect(await world.press('ada', id, 'approve')).toMatchObject({
      result: 'not_allowed',
      message: '"Approve: Adjust the stock (S1)" needs the role lead; you are operator.',
    })
    expect(world.erp.calls).toEqual([])
    expect(await world.press('lou', id, 'approve')).toMatchObject({ result: 'acted' })
    await world.work('run')
    expect(world.erp.calls).toHaveLength(1)
    const people = await world.rows(sql`
      select a.name as asked, b.name as approved from action_runs r
      join persons a on a.id = r.requested_by join persons b on b.id = r.approved_by`)
    expect(people).toEqual([{ asked: 'Lea Example', approved: 'Lou Example' }])
    expect(await logged()).toEqual([
      ['erp.adjust_stock', 'awaiting_approval'],
      ['approve', 'not_allowed'],
      ['approve', 'not_allowed'],
      ['approve', 'acted'],
    ])
  })

  it('is approved once, however many leads press at once', async () => {
    const id = await drift()
    await world.press('ada', id, 'erp.adjust_stock')
    const { version } = await world.exception(id)
    const answers = await Promise.all(
      ['lea', 'lou'].map((who) => world.press(who, id, 'approve', { version })),
    )
    expect(answers.map(({ result }) => result).sort()).toEqual(['acted', 'lost_race'])
  })

  it('can be declined, and asked for again', async () => {
    const id = await drift()
    await world.press('ada', id, 'erp.adjust_stock')
    await world.press('lea', id, 'decline', { values: { note: 'count first' } })
    expect(await world.runs()).toMatchObject([
      { state: 'finished', outcome: 'declined', words: 'Declined by Lea Example: count first.' },
    ])
    expect(await world.press('ada', id, 'erp.adjust_stock')).toMatchObject({ result: 'awaiting_approval' })
    expect(world.erp.calls).toEqual([])
  })

  it('is over when the systems agree before anybody approves: it never runs, not even in a later episode', async () => {
    const id = await drift()
    await world.press('ada', id, 'erp.adjust_stock')
    await world.say(world.erp, stock(10))
    expect(await world.exception(id)).toMatchObject({ state: 'healed' })
    expect(await world.runs()).toMatchObject([
      { state: 'finished', outcome: 'already_done', words: expect.stringContaining('Nothing was sent.') },
    ])
    await world.say(world.erp, stock(7))
    await world.later(30 * MINUTE)
    expect(await world.exception(id)).toMatchObject({ state: 'open', episode: 2 })
    expect(await world.press('ada', id, 'erp.adjust_stock')).toMatchObject({ result: 'awaiting_approval' })
    expect(world.erp.calls).toEqual([])
  })

  it('may be waived by an admin', async () => {
    world.setup.trust.adjust_stock = { secondPerson: 'never' }
    const id = await drift()
    expect(await world.press('ada', id, 'erp.adjust_stock')).toMatchObject({ result: 'acted' })
  })
})

describe('the log', () => {
  it('is never edited: not changed, not deleted, not emptied', async () => {
    const id = await shortPick()
    await world.press('ada', id, 'claim')
    for (const attempt of [
      sql`update interventions set result = 'acted'`,
      sql`delete from interventions`,
      sql`truncate interventions`,
      sql`update interventions set result = 'x' where false`,
    ]) {
      await expect(world.rows(attempt)).rejects.toMatchObject({
        cause: { message: 'interventions is append-only' },
      })
    }
    expect(await world.interventions()).toHaveLength(1)
  })

  it('keeps one person for one human, whose first two touches come at once', async () => {
    await shortPick()
    const id = (await world.exception('short-pick')).id
    await Promise.all(
      [1, 2, 3, 4].map((n) => world.press('newcomer', id, 'note', { values: { note: `${n}` } })),
    )
    expect(await world.rows(sql`select name from persons`)).toEqual([{ name: 'newcomer' }])
    const people = await world.rows(sql`select distinct person_id from interventions`)
    expect(people).toHaveLength(1)
  })
})

describe('an order and its parcel', () => {
  it('are decided apart: a press on one card leaves the other as it is', async () => {
    const shipped = {
      ...fulfillment('1', 'D1'),
      keys: [key('order', '1'), key('tracking', 'T')],
      state: 'shipped',
    }
    await world.say(world.shop, { ...order('1'), state: 'confirmed' })
    await world.say(world.wms, shipped)
    await world.later(2 * HOUR)
    const parcel = await world.exception('parcel-scanned')
    await world.press('ada', parcel.id, 'claim')
    expect(await world.exception('shipment-in-erp')).toMatchObject({ claimed_by: null, version: 1 })
  })
})
