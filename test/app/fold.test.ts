import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createQueries } from '../../src/app/ask.ts'
import { contractConfig } from '../../src/app/contract-config.ts'
import { exceptionCard } from '../../src/app/exception-card.ts'
import { foldAgain } from '../../src/app/fold-again.ts'
import { processFacts } from '../../src/app/process.ts'
import { createReader } from '../../src/db/reader.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, fulfillment, HOUR, key, receipt, type World } from '../support/world.ts'

/*
 * The classic cascade: the warehouse flags stock, the ERP goes on showing it, the shop promises a date on it, and the
 * warehouse cannot ship. Without grace, so that each breaks as soon as it is said.
 */
const stockContract = (id: string, role: string, foldsUnder: string[] = []) => ({
  id,
  title:
    id === 'flag-passed'
      ? 'Flagged in the warehouse, still for sale in the ERP'
      : 'Promised from flagged stock',
  handoff: { from: 'wms', to: role, object: 'stock' },
  subject: 'stock',
  grace: '0s',
  leave: {
    object: { role, type: 'inventory', states: ['available'] },
    while: [{ role: 'wms', type: 'inventory', states: ['flagged'] }],
  },
  foldsUnder,
})

const CASCADE = [
  stockContract('flag-passed', 'erp', ['feed-alive']),
  stockContract('not-promised', 'storefront', ['flag-passed']),
  {
    id: 'can-ship',
    title: 'The warehouse cannot ship',
    handoff: { from: 'wms', to: 'storefront', object: 'pick' },
    subject: 'fulfillment',
    severity: 'high',
    grace: '0s',
    leave: { object: { role: 'wms', type: 'fulfillment', states: ['short'] } },
    foldsUnder: ['not-promised', 'flag-passed'],
  },
  {
    id: 'po-in-time',
    title: 'The supplier is late',
    handoff: { from: 'supplier', to: 'erp', object: 'purchase' },
    subject: 'purchase',
    grace: '0s',
    leave: { object: { role: 'erp', type: 'purchase_order', states: ['late'] } },
  },
  {
    id: 'receipt-booked',
    title: 'Never booked',
    handoff: { from: 'wms', to: 'erp', object: 'receipt' },
    subject: 'receipt',
    grace: '0s',
    leave: { object: { role: 'wms', type: 'receipt', states: ['received'] } },
    foldsUnder: ['po-in-time'],
  },
  {
    id: 'feed-alive',
    title: 'A feed is silent',
    handoff: { from: 'erp', to: 'integration', object: 'feed' },
    subject: 'feed',
    severity: 'high',
    grace: '0s',
    leave: { object: { role: 'erp', type: 'feed', states: ['silent'] } },
  },
].map((written) => contractConfig.parse(written))

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url, { contracts: CASCADE })
})
afterEach(() => world.close())

const stock = (sku: string, place = 'HEL') => ({
  type: 'inventory' as const,
  externalId: `${sku}@${place}`,
  keys: [key('stock', `${sku}@${place}`), key('sku', sku, 'reference')],
})

const flagged = (sku = 'MUG', place = 'HEL') =>
  world.say(world.wms, { ...stock(sku, place), state: 'flagged' })
const unflagged = (sku = 'MUG') => world.say(world.wms, { ...stock(sku), state: 'available' })
const shownInErp = (sku = 'MUG', place = 'HEL') =>
  world.say(world.erp, { ...stock(sku, place), state: 'available' })
const promised = (sku = 'MUG') => world.say(world.shop, { ...stock(sku), state: 'available' })
const short = (order: string, ...skus: string[]) =>
  world.say(world.wms, {
    ...fulfillment(order, `D${order}`),
    keys: [key('order', order), ...skus.map((sku) => key('sku', sku, 'reference'))],
    state: 'short',
  })

const asked = () =>
  createQueries(createReader(world.connection.db), world.setup, [], world.clock, world.clockText)
const listed = async (words: string[] = []) =>
  (await asked().listExceptions({ state: 'open', timeline: 'live', after: null, limit: 50, words })).items
const cardOf = async (which: string) => {
  const detail = await asked().getException((await world.exception(which)).id)
  if (!detail) throw new Error(`no exception ${which}`)
  return { detail, card: exceptionCard(detail) }
}

/** Each open exception by contract and subject, with what it is folded under, and whether it has a card in chat. */
const folded = async (): Promise<Record<string, unknown>> => {
  const named = sql`e.contract || ' ' || (select min(value) from subject_keys k where k.subject_id = e.subject_id)`
  const root = sql`r.contract || ' ' || (select min(value) from subject_keys k where k.subject_id = r.subject_id)`
  const rows = await world.rows(sql`
    select ${named} as name, ${root} as root, exists (select 1 from posts p where p.card = e.id::text) as posted
    from exceptions e left join exceptions r on r.id = e.root_id where e.state = 'open' order by 1`)
  return Object.fromEntries(
    rows.map(({ name, root, posted }) => [name, root ?? (posted ? 'posted' : 'unposted')]),
  )
}

describe('the classic cascade', () => {
  it('is one exception with its consequences, raised before anything was promised', async () => {
    await flagged()
    await shownInErp()
    expect(await folded()).toEqual({ 'flag-passed MUG@HEL': 'posted' })
    await promised()
    await short('1', 'MUG')
    await short('2', 'MUG')
    await world.work()
    expect(await folded()).toEqual({
      'flag-passed MUG@HEL': 'posted',
      'not-promised MUG@HEL': 'flag-passed MUG@HEL',
      'can-ship 1': 'not-promised MUG@HEL',
      'can-ship 2': 'not-promised MUG@HEL',
    })
    expect(await world.posts()).toHaveLength(1)
    expect(await listed()).toMatchObject([{ contract: 'flag-passed', consequenceCount: 3, root: null }])
    expect(await world.jobs()).toEqual([])
  })

  it('ends the same whatever opens first', async () => {
    const names = ['flag', 'erp', 'shop', 'order'] as const
    for (const [n, order] of permutations([...names]).entries()) {
      const sku = `SKU${n}`
      const steps = {
        flag: () => flagged(sku),
        erp: () => shownInErp(sku),
        shop: () => promised(sku),
        order: () => short(`${n}`, sku),
      }
      for (const name of order) {
        await steps[name]()
        await world.work('fold', 'redraw')
      }
      expect([order.join(' '), await folded()]).toMatchObject([
        order.join(' '),
        {
          [`flag-passed ${sku}@HEL`]: 'posted',
          [`not-promised ${sku}@HEL`]: `flag-passed ${sku}@HEL`,
          [`can-ship ${n}`]: `not-promised ${sku}@HEL`,
        },
      ])
    }
  }, 60_000)

  it('ends the same when everything is heard of at once, by many processes', async () => {
    for (let round = 0; round < 5; round++) {
      const sku = `SKU${round}`
      const said = [
        [world.wms, world.wms.put({ ...stock(sku), state: 'flagged' }, world.clock())],
        [world.erp, world.erp.put({ ...stock(sku), state: 'available' }, world.clock())],
        [world.shop, world.shop.put({ ...stock(sku), state: 'available' }, world.clock())],
        ...['a', 'b', 'c'].map((name) => {
          const keys = [key('order', `${name}${round}`), key('sku', sku, 'reference')]
          const fact = { ...fulfillment(`${name}${round}`, `D${name}${round}`), keys, state: 'short' }
          return [world.wms, world.wms.put(fact, world.clock())] as const
        }),
      ] as const
      const [before] = await world.rows(sql`select coalesce(max(id), 0) as id from facts`)
      for (const [system, fact] of said) await world.hook(system, [fact])
      const refs = await world.rows(
        sql`select id::text, received_at::text as "receivedAt" from facts where id > ${Number(before?.id)}`,
      )
      await Promise.all(
        refs.map(({ id, receivedAt }) =>
          processFacts(world.base, [{ id: String(id), receivedAt: String(receivedAt) }]),
        ),
      )
      // Several workers at once.
      await Promise.all([world.work('fold', 'redraw'), world.work('fold', 'redraw'), world.work('fold')])
      await world.work()
      const end = await folded()
      expect(end).toMatchObject({
        [`flag-passed ${sku}@HEL`]: 'posted',
        [`not-promised ${sku}@HEL`]: `flag-passed ${sku}@HEL`,
        [`can-ship a${round}`]: `not-promised ${sku}@HEL`,
        [`can-ship b${round}`]: `not-promised ${sku}@HEL`,
        [`can-ship c${round}`]: `not-promised ${sku}@HEL`,
      })
    }
  })
})

const permutations = <T>(items: T[]): T[][] =>
  items.length < 2
    ? [items]
    : items.flatMap((item, i) =>
        permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]),
      )

describe('a root that closes', () => {
  const cascade = async () => {
    await flagged()
    await shownInErp()
    await short('1', 'MUG')
    await short('2', 'MUG')
    await world.work()
    expect(await world.posts()).toHaveLength(1)
  }

  it('lets go what is still broken: each comes back alone, with a card of its own, as a new version', async () => {
    await cascade()
    const before = await world.exceptions()
    await world.say(world.erp, { ...stock('MUG'), state: 'flagged' })
    await world.work()
    expect(await folded()).toEqual({ 'can-ship 1': 'posted', 'can-ship 2': 'posted' })
    const after = (await world.exceptions()).filter(({ state }) => state === 'open')
    for (const exception of after) {
      const was = before.find(({ id }) => id === exception.id)
      expect(exception.version).toBe(Number(was?.version) + 1)
      expect(exception.status).toBe('Open: what explained it is over, and it is still broken.')
    }
    expect(await listed()).toHaveLength(2)
  })

  it('has one that was shown before it was folded shown again where people look', async () => {
    await short('1', 'MUG')
    await world.connection.db.execute(`update posts set ref = 'far up', posted_revision = 1`)
    await flagged()
    await shownInErp()
    await world.work('fold', 'redraw')
    expect(await world.posts()).toMatchObject([{ ref: 'far up' }, { ref: null }])
    await unflagged()
    await world.work('fold', 'redraw')
    expect(await world.posts()).toMatchObject([{ ref: null, posted_revision: 0 }, {}])
  })

  it('leaves time to take what it lets go: it waits for somebody from then on', async () => {
    await cascade()
    world.pass(HOUR)
    await unflagged()
    await world.work()
    const untaken = (before: Date) =>
      world.store.transaction((tx) => tx.untaken('no rule matched: default channel', before, 10))
    expect(await untaken(world.at(HOUR - 1))).toEqual([])
    expect(await untaken(world.at(HOUR))).toHaveLength(2)
  })

  it('leaves what was set aside where it is, until its time comes', async () => {
    await cascade()
    const id = String((await world.exceptions()).find(({ contract }) => contract === 'can-ship')?.id)
    await world.press('ada', id, 'snooze', { values: { until: '4h' } })
    await unflagged()
    await world.work()
    expect(await folded()).toMatchObject({ 'can-ship 1': 'unposted', 'can-ship 2': 'posted' })
    expect((await world.exception(id)).status).toContain('Snoozed until')
  })

  it('lets go nothing that has healed meanwhile, and nobody hears of that', async () => {
    await cascade()
    await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'ready' })
    await world.work()
    expect(await world.posts()).toHaveLength(1)
    await unflagged()
    await world.work()
    expect(await folded()).toEqual({ 'can-ship 2': 'posted' })
    expect(await world.posts()).toHaveLength(2)
  })

  it('lets go when a person dismisses it, too, and takes them in again when it is opened again', async () => {
    await cascade()
    const { id } = await world.exception('flag-passed')
    await world.press('ada', id, 'dismiss', { values: { reason: 'known' } })
    await world.work()
    expect(await folded()).toEqual({ 'can-ship 1': 'posted', 'can-ship 2': 'posted' })
    await world.press('ada', id, 'reopen')
    await world.work()
    expect(await folded()).toMatchObject({ 'can-ship 1': 'flag-passed MUG@HEL' })
  })

  it('hands them to the next explanation, if there is one', async () => {
    await cascade()
    await promised()
    await world.work()
    expect(await folded()).toMatchObject({ 'can-ship 1': 'not-promised MUG@HEL' })
    await world.say(world.shop, { ...stock('MUG'), state: 'sold_out' })
    await world.work()
    expect(await folded()).toMatchObject({ 'can-ship 1': 'flag-passed MUG@HEL' })
    expect(await world.posts()).toHaveLength(1)
  })
})

describe('a root that opens after its consequences', () => {
  it('takes them in: their cards say where it is handled, in place', async () => {
    await short('1', 'MUG')
    await world.work()
    const [post] = await world.posts()
    await flagged()
    await shownInErp()
    await world.work()
    expect(await folded()).toEqual({
      'flag-passed MUG@HEL': 'posted',
      'can-ship 1': 'flag-passed MUG@HEL',
    })
    const posts = await world.posts()
    expect(posts).toHaveLength(2)
    expect(Number(posts[0]?.desired_revision)).toBe(Number(post?.desired_revision) + 1)
    const { card } = await cardOf('can-ship')
    const { id } = await world.exception('flag-passed')
    expect(card.blocks[0]).toMatchObject({ text: expect.stringContaining(`#${id}`) })
  })

  it('does not make a press stale that was aimed at the card as it was', async () => {
    await short('1', 'MUG')
    const { id, version } = await world.exception('can-ship')
    await flagged()
    await shownInErp()
    await world.work()
    expect(await world.press('ada', id, 'claim', { version })).toMatchObject({ result: 'acted' })
    await world.work()
    expect(await world.exception('can-ship')).toMatchObject({ status: 'Ada Example is on it.' })
    expect((await folded())['can-ship 1']).toBe('flag-passed MUG@HEL')
  })

  it('takes in and lets go more than one batch, also where the job dies between two and runs again', async () => {
    const facts = Array.from({ length: 130 }, (_, i) => {
      const keys = [key('order', `${i}`), key('sku', 'MUG', 'reference')]
      return world.wms.put({ ...fulfillment(`${i}`, `D${i}`), keys, state: 'short' }, world.clock())
    })
    await world.hook(world.wms, facts)
    await world.work()
    await flagged()
    await shownInErp()
    await world.work()
    expect(await listed()).toMatchObject([{ contract: 'flag-passed', consequenceCount: 130 }])

    await unflagged()
    const { id } = await world.exception('flag-passed')
    // It reads what the job is about, the first page, works on that, and dies.
    await expect(foldAgain(dyingAfter(3), [id])).rejects.toThrow('killed')
    expect(Object.values(await folded()).filter((root) => root === 'posted')).toHaveLength(100)
    await Promise.all([foldAgain(world.base, [id]), foldAgain(world.base, [id])])
    expect(Object.values(await folded())).toEqual(Array(130).fill('posted'))
    const open = (await world.exceptions()).filter(({ state }) => state === 'open')
    expect(open.map(({ version }) => version)).toEqual(Array(130).fill(2))
  })
})

/** A process that ends after so many transactions. */
const dyingAfter = (transactions: number): World['base'] => {
  let left = transactions
  return {
    ...world.base,
    store: {
      transaction: (work) => {
        if (left-- === 0) throw new Error('killed')
        return world.store.transaction(work)
      },
    },
  }
}

describe('what explains and what does not', () => {
  it('is the stock that the order needs, at whatever place, and no other', async () => {
    await flagged('PEN')
    await shownInErp('PEN')
    await flagged('MUGS')
    await shownInErp('MUGS')
    await short('1', 'MUG')
    await world.work()
    expect((await folded())['can-ship 1']).toBe('posted')
    await flagged('MUG', 'BER')
    await shownInErp('MUG', 'BER')
    await world.work()
    expect((await folded())['can-ship 1']).toBe('flag-passed MUG@BER')
  })

  it('is not the same stock at another place', async () => {
    await flagged('MUG', 'BER')
    await shownInErp('MUG', 'BER')
    await flagged('MUG', 'HEL')
    await promised()
    await world.work()
    expect((await folded())['not-promised MUG@HEL']).toBe('posted')
  })

  it('is the purchase order of a receipt', async () => {
    await world.say(world.wms, {
      ...receipt('R1'),
      keys: [key('receipt', 'R1'), key('purchase_order', 'PO7', 'reference')],
      state: 'received',
    })
    await world.say(world.erp, {
      type: 'purchase_order',
      externalId: 'PO7',
      keys: [key('purchase_order', 'PO7')],
      state: 'late',
    })
    await world.work()
    expect(await folded()).toEqual({ 'po-in-time PO7': 'posted', 'receipt-booked R1': 'po-in-time PO7' })
  })

  it('is the feed of a system that the contract speaks of, and lets go when the feed is back', async () => {
    const feed = (state: string) =>
      world.say(world.erp, { type: 'feed', externalId: 'erp', keys: [key('feed', 'erp')], state })
    await feed('silent')
    await flagged()
    await shownInErp()
    await short('1', 'MUG')
    await world.work()
    expect(await folded()).toEqual({
      'feed-alive erp': 'posted',
      'flag-passed MUG@HEL': 'feed-alive erp',
      'can-ship 1': 'flag-passed MUG@HEL',
    })
    expect(await listed()).toMatchObject([{ contract: 'feed-alive', consequenceCount: 2 }])
    await feed('alive')
    await world.work()
    expect(await folded()).toEqual({ 'flag-passed MUG@HEL': 'posted', 'can-ship 1': 'flag-passed MUG@HEL' })
    await feed('silent')
    await world.work()
    expect((await folded())['flag-passed MUG@HEL']).toBe('feed-alive erp')
  })

  it('counts from when an order is first known to need the stock', async () => {
    await flagged()
    await shownInErp()
    await short('1')
    await world.work()
    expect((await folded())['can-ship 1']).toBe('posted')
    await short('1', 'MUG')
    await world.work()
    expect((await folded())['can-ship 1']).toBe('flag-passed MUG@HEL')
  })

  it('goes with a merge, on either side', async () => {
    const half = (value: string, externalId: string) => ({
      type: 'inventory' as const,
      externalId,
      keys: [key('stock', value), key('sku', 'MUG', 'reference')],
    })
    // The same stock under two names: both are broken, and the order is folded under the first by name.
    for (const [name, id] of [
      ['MUG@B', 'b'],
      ['MUG@A', 'a'],
    ] as const) {
      await world.say(world.wms, { ...half(name, id), state: 'flagged' })
      await world.say(world.erp, { ...half(name, id), state: 'available' })
    }
    await short('1', 'MUG')
    await world.say(world.wms, {
      ...fulfillment('x', 'D9'),
      keys: [key('sale', 'S9'), key('sku', 'MUG', 'reference')],
      state: 'short',
    })
    await world.work()
    expect((await folded())['can-ship 1']).toBe('flag-passed MUG@A')
    await world.say(world.wms, {
      ...half('MUG@A', 'a'),
      keys: [key('stock', 'MUG@A'), key('stock', 'MUG@B'), key('sku', 'MUG', 'reference')],
    })
    await world.say(world.erp, {
      type: 'order',
      externalId: 'S9',
      keys: [key('order', '1'), key('sale', 'S9')],
    })
    await world.work()
    expect(await folded()).toEqual({ 'flag-passed MUG@A': 'posted', 'can-ship 1': 'flag-passed MUG@A' })
    const roots = await world.rows(sql`
      select r.state from exceptions e join exceptions r on r.id = e.root_id where e.state = 'open'`)
    expect(roots).toEqual([{ state: 'open' }])
  })
})
