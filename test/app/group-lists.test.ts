import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Card } from '../../src/app/card.ts'
import { createCardOf } from '../../src/app/card-of.ts'
import { cardText } from '../../src/app/card-text.ts'
import { tendGroups } from '../../src/app/group-tend.ts'
import type { Store } from '../../src/app/ports.ts'
import { tend } from '../../src/app/tend.ts'
import type { Grouping } from '../../src/domain/group.ts'
import type { ChannelRule } from '../../src/domain/route.ts'
import { type BatchWorld, createBatchWorld } from '../support/batch-world.ts'
import { testDatabase } from '../support/database.ts'
import { dispatcher, fakeChat } from '../support/fake-chat.ts'
import { fulfillment, HOUR, MINUTE, order } from '../support/world.ts'

const SECOND = 1_000
const GROUP: Grouping = {
  by: ['contract'],
  after: 2,
  waitMs: 30_000,
  intervalMs: 300_000,
  repeatMs: 4 * HOUR,
}
const LEADS = { surface: 'chat', id: 'U9', kind: 'person' as const, name: 'Lea Lead' }
const PICKERS = { surface: 'chat', id: 'S1', kind: 'group' as const, name: 'pickers' }
const RULE: ChannelRule = {
  name: 'picks',
  if: { contract: ['short-pick'] },
  channel: 'picking',
  tell: [PICKERS],
  escalate: { to: 'leads', tell: [LEADS], afterMs: 30 * MINUTE },
}

const database = testDatabase()
let world: BatchWorld
beforeEach(async () => {
  world = await createBatchWorld(database.url, {
    routing: { rules: [], defaultChannel: 'orders', group: GROUP },
  })
})
afterEach(() => world.close())

/** Short picks, which have no grace, all at once; `value`: what each order is worth, in cents. */
const shortPicks = async (from: number, to: number, value?: (n: number) => number) => {
  for (let n = from; value && n <= to; n++) {
    const attributes = { valueMinor: value(n), currency: 'EUR' }
    await world.say(world.shop, { ...order(`${n}`), state: 'confirmed', attributes })
  }
  const facts = Array.from({ length: to - from + 1 }, (_, i) =>
    world.wms.put({ ...fulfillment(`${from + i}`, `D${from + i}`), state: 'short' }, world.clock()),
  )
  await world.hook(world.wms, facts)
  await world.work('process')
}
const mend = (n: number) => world.say(world.wms, { ...fulfillment(`${n}`, `D${n}`), state: 'picked' })
const look = async (times = 1) => {
  for (let i = 0; i < times; i++) {
    world.pass(20 * SECOND)
    await tendGroups(world.base)
  }
}
const cardOf = () => createCardOf(world.queries, world.clock)
const shown = async (ref: string): Promise<Card> => {
  const found = await cardOf()(ref)
  if (!found) throw new Error(`there is no card ${ref}`)
  return found.card
}
const posts = async (like: string) =>
  (await world.posts()).filter(({ card }) => String(card).startsWith(like))
const lists = async () =>
  (await posts('list:')).map(({ card, under }) => [card, under].map(String).join(' < '))
const shows = (card: Card) =>
  card.blocks.flatMap((block) =>
    block.kind === 'buttons' ? block.buttons.map((button) => button.kind === 'command' && button.text) : [],
  )

describe('the lists of a storm', () => {
  it('come under its summary once no more members came for a look, as the last thing that is drawn', async () => {
    await shortPicks(1, 25)
    await look()
    expect(await lists()).toEqual([])
    await shortPicks(26, 30)
    await look()
    expect(await lists()).toEqual([])
    await look()
    expect(await lists()).toEqual(['list:1.1.1 < group:1', 'list:1.1.2 < group:1'])
    expect((await posts('list:')).map(({ priority }) => priority)).toEqual([3, 3])
  })

  it('come after an interval also where members never stop coming', async () => {
    for (let n = 0; n < 15; n++) {
      expect(await lists()).toEqual([])
      await shortPicks(10 * n + 1, 10 * n + 10)
      await look()
    }
    expect(await lists()).not.toEqual([])
  })

  it('name each member once, the worst first, and lead to each card with one press', async () => {
    await shortPicks(1, 23, (n) => 1_000 + n)
    await look(2)
    const [first, second] = [await shown('list:1.1.1'), await shown('list:1.1.2')]
    const [one, two] = [shows(first), shows(second)]
    const ids = Array.from({ length: 23 }, (_, i) => `open ${23 - i}`)
    expect([...one, ...two]).toEqual(ids)
    expect(one).toHaveLength(20)
    expect(cardText(first)).toMatch(/#23 order 23: broken for [^\n]*€10\.23/)
    expect(cardText(await world.ask('ada', String(two[2])))).toContain('Short pick')
    const rows = first.blocks.flatMap((block) => (block.kind === 'buttons' ? [block.buttons.length] : []))
    expect(Math.max(...rows)).toBe(5)
  })

  it('name a hundred at most, and say of the rest how to ask for it', async () => {
    await shortPicks(1, 107)
    await look(2)
    expect(await lists()).toHaveLength(5)
    expect(cardText(await shown('list:1.1.4'))).not.toContain('no list names')
    expect(cardText(await shown('list:1.1.5'))).toContain(
      'And 7 more that no list names: "open short-pick" shows them all.',
    )
  })

  it('are not drawn again by what comes and goes, and once more when all are over', async () => {
    await shortPicks(1, 6)
    await look(2)
    const wanted = async () => (await posts('list:')).map(({ desired_revision }) => Number(desired_revision))
    const [before] = await wanted()
    await shortPicks(7, 9)
    await mend(3)
    await world.press('ada', 4, 'claim')
    await look(20)
    expect(await wanted()).toEqual([before])
    for (let n = 1; n <= 9; n++) await mend(n)
    await look()
    expect((await wanted())[0]).toBeGreaterThan(Number(before))
    expect(await posts('list:')).toHaveLength(1)
    expect(cardText(await shown('list:1.1.1'))).toContain('6 listed, all over')
  })

  it('come anew under the message by which the storm goes on, and those before stay as they are', async () => {
    await shortPicks(1, 6)
    await look(2)
    world.pass(4 * HOUR)
    await look(3)
    expect(await lists()).toEqual(['list:1.1.1 < group:1', 'list:1.2.1 < group:1.2'])
    expect(await cardOf()('list:1.1.1')).toBeNull()
  })

  it('are there once, however many processes look at once, and also where one dies in between', async () => {
    await shortPicks(1, 45)
    await look()
    world.pass(20 * SECOND)
    let transactions = 0
    const dying: Store = {
      transaction: (work) =>
        world.store.transaction(async (tx) => {
          const done = await work(tx)
          transactions += 1
          if (transactions > 1) throw new Error('the process dies')
          return done
        }),
    }
    await expect(tendGroups({ ...world.base, store: dying })).rejects.toThrow('the process dies')
    expect(await lists()).toEqual([])
    await Promise.all([1, 2, 3].map(() => tendGroups(world.base)))
    await look(3)
    expect(await lists()).toHaveLength(3)
    const chat = fakeChat('chat')
    const round = (worker: string) =>
      dispatcher(world, [chat.surface], { cardOf: cardOf(), worker })(chat.surface)
    await Promise.all(['a', 'b'].map(round))
    await round('a')
    const summary = [...chat.messages].find(([, { shown: text }]) => text.includes('45 open'))?.[0]
    expect([...chat.messages.values()].filter(({ under }) => under === summary)).toHaveLength(3)
  })

  it('of a dozen storms let every summary go first', async () => {
    const chat = fakeChat('chat')
    chat.budgets = (call) => (call === 'update' ? [] : [{ key: 'orders', capacity: 3, perMs: 1 / 1_000 }])
    await shortPicks(1, 30)
    await look(2)
    // Eleven storms more, whose summaries are wanted after these lists.
    await world.store.transaction((tx) =>
      tx.wantPosts(
        Array.from({ length: 11 }, (_, i) => ({
          card: `group:${i + 2}`,
          surface: 'chat',
          channel: 'orders',
          revision: 1,
          show: 'in_place' as const,
          urgency: 'severe' as const,
        })),
        world.clock(),
      ),
    )
    const summary = { title: 'x', tone: 'neutral' as const, summary: 'x', blocks: [] }
    const round = dispatcher(world, [chat.surface], {
      cardOf: async () => ({ revision: 99, card: summary }),
    })
    for (let second = 0; second < 40; second++) {
      await round(chat.surface)
      world.pass(SECOND)
    }
    const kinds = chat.calls.filter((call) => !call.startsWith('update')).map((call) => call.split(' ')[0])
    expect(kinds.lastIndexOf('post')).toBeLessThan(kinds.indexOf('reply'))
    expect(kinds.filter((kind) => kind === 'reply')).toHaveLength(2)
  })
})

describe('a storm that nobody takes', () => {
  beforeEach(() => {
    world.setup.routing.rules.push(RULE)
  })
  const raised = async () =>
    (await world.posts()).flatMap(({ card, channel }) => (channel === 'leads' ? [String(card)] : []))

  it('is raised once and as one, with what it is about, how many, how to act, and who is called', async () => {
    await shortPicks(1, 40)
    world.pass(29 * MINUTE)
    await tend(world.base)
    expect(await raised()).toEqual([])
    await world.press('ada', 5, 'claim')
    world.pass(MINUTE)
    await Promise.all([tend(world.base), tend(world.base)])
    await tend(world.base)
    expect(await raised()).toEqual(['raised:group:1'])
    const card = await shown('raised:group:1')
    expect(card.title).toBe('Escalated: Short pick: 40 open')
    expect(cardText(card)).toContain('Escalated from #picking: 39 of these 40 have nobody on them.')
    expect(shows(card)).toEqual(['fix short-pick', 'open short-pick'])
    expect(card.tell).toEqual([LEADS])
    const summary = await shown('group:1')
    expect(cardText(summary)).toContain('escalated to #leads')
    expect(summary.tell).toEqual([PICKERS])
  })

  it('is not raised where somebody is on each of them', async () => {
    await shortPicks(1, 4)
    for (let n = 1; n <= 4; n++) await world.press('ada', n, 'claim')
    world.pass(30 * MINUTE)
    await tend(world.base)
    expect(await raised()).toEqual([])
  })

  it('has members with posts of their own that are raised by themselves', async () => {
    await shortPicks(1, 1)
    await shortPicks(2, 6)
    world.pass(30 * MINUTE)
    await tend(world.base)
    expect(await raised()).toEqual(['escalated:1', 'raised:group:1'])
  })

  it('goes on saying where it was raised how it stands, until all are over', async () => {
    await shortPicks(1, 4)
    world.pass(30 * MINUTE)
    await tend(world.base)
    for (let n = 1; n <= 4; n++) await mend(n)
    const before = (await posts('raised:'))[0]?.desired_revision
    await look()
    expect((await posts('raised:'))[0]?.desired_revision).toBeGreaterThan(Number(before))
    expect(cardText(await shown('raised:group:1'))).toContain('all 4 are over')
    expect((await shown('raised:group:1')).tell).toBeUndefined()
  })
})

describe('what fails', () => {
  it('for one group keeps no other group waiting, and is said at the end so that it is tried again', async () => {
    await world.broken(4)
    await shortPicks(1, 4)
    await look()
    world.pass(20 * SECOND)
    const failing: Store = {
      transaction: (work) =>
        world.store.transaction((tx) =>
          work({
            ...tx,
            figuresOf: async (id, now) => {
              if (id === '1') throw new Error('the figures of group 1')
              return tx.figuresOf(id, now)
            },
          }),
        ),
    }
    await expect(tendGroups({ ...world.base, store: failing })).rejects.toThrow('the figures of group 1')
    expect(await lists()).toEqual(['list:2.1.1 < group:2'])
    await tendGroups(world.base)
    expect(await lists()).toEqual(['list:1.1.1 < group:1', 'list:2.1.1 < group:2'])
  })

  it('in one step of what time changes keeps no other step waiting', async () => {
    world.setup.routing.rules.push(RULE)
    await shortPicks(1, 4)
    world.pass(30 * MINUTE)
    const failing: Store = {
      transaction: (work) =>
        world.store.transaction((tx) =>
          work({
            ...tx,
            dueSnoozes: async () => {
              throw new Error('the snoozes')
            },
          }),
        ),
    }
    await expect(tend({ ...world.base, store: failing })).rejects.toThrow('the snoozes')
    const [row] = await world.rows(sql`select escalated_to from groups`)
    expect(row).toEqual({ escalated_to: 'leads' })
  })
})
