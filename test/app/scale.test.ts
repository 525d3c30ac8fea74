import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { takeFacts } from '../../src/app/pipeline.ts'
import { playNow } from '../../src/app/process.ts'
import { txOf } from '../../src/db/store.ts'
import type { Fact } from '../../src/domain/model.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, key, type World } from '../support/world.ts'

const ORDERS = 10_000
const BATCH = 1_000

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
})
afterEach(() => world.close())

/** An order of the one article that everybody wants. */
const orderOf = (n: number): Fact => ({
  system: 'shop',
  role: 'storefront',
  type: 'order',
  externalId: `O${n}`,
  keys: [key('order', `${n}`), key('sku', 'MUG-RED', 'reference')],
  orderClass: 'consumer',
  state: 'confirmed',
  rawState: 'paid',
  quantities: { ordered: 1 },
  attributes: {},
  occurredAt: world.clock(),
  receivedAt: world.clock(),
  version: 1,
  changedBy: { kind: 'unknown' },
})

/** Takes one order and answers how many rows of all tables that read: by the database's own account. */
const rowsReadBy = (n: number): Promise<number> =>
  world.connection.db.transaction(async (db) => {
    // What the same connection did before is in the count as well.
    const soFar = async (): Promise<number> => {
      const [read] = await db.execute<{ rows: number }>(sql`
        select coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::int as rows from pg_stat_xact_user_tables
        where schemaname = 'public'`)
      return read?.rows ?? 0
    }
    const before = await soFar()
    const tx = txOf(db)
    await takeFacts(tx, await playNow(tx, world.base), [orderOf(n)], world.clock())
    return (await soFar()) - before
  })

it('ten thousand orders of one article stay ten thousand subjects, and the next one costs what the first did', async () => {
  await rowsReadBy(1)
  const early = await rowsReadBy(2)
  for (let from = 3; from <= ORDERS; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, ORDERS + 1 - from) }, (_, i) => orderOf(from + i))
    await world.store.transaction(async (tx) =>
      takeFacts(tx, await playNow(tx, world.base), batch, world.clock()),
    )
  }
  const [counted] = await world.rows(sql`
    select count(*)::int as subjects, (select count(*)::int from subject_links where value = 'MUG-RED') as links
    from subjects where merged_into is null`)
  expect(counted).toEqual({ subjects: ORDERS, links: ORDERS })
  expect(early).toBeGreaterThan(0)
  expect(await rowsReadBy(ORDERS + 1)).toBeLessThanOrEqual(early)
}, 120_000)
