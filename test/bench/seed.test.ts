import postgres from 'postgres'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { deliveryKeyOf, STEP_MS, signalOf, tellAt } from '../../bench/scale/orders.ts'
import { openPlant, type Plant } from '../../bench/scale/plant.ts'
import { plantWorld, worldOf } from '../../bench/scale/seed.ts'
import { templatesOf } from '../../bench/scale/template.ts'
import { testDatabase } from '../support/database.ts'

/*
 * The scale bench measures worlds that were not told fact by fact but written at once. That is only honest if their
 * rows are the ones that the pipeline would have written.
 */

const pattern = testDatabase()
const told = testDatabase()
const planted = testDatabase()
const NOW = new Date('2026-11-23T06:00:00.000Z')
const SUBJECTS = 60

const open: { sql: postgres.Sql; plant: Plant }[] = []
const opened = (url: string) => {
  const sql = postgres(url, { max: 1, onnotice: () => {}, connection: { timezone: 'UTC' } })
  const one = { sql, plant: openPlant(url) }
  open.push(one)
  return one
}
afterAll(async () => {
  for (const { sql, plant } of open) await Promise.all([sql.end(), plant.close()])
})

/** Every row, with the keys of its subject instead of its id; ids of its own are left out. */
const contents = async (sql: postgres.Sql): Promise<Record<string, string[]>> => {
  const tables = await sql<{ name: string }[]>`
    select c.relname as name from pg_class c where c.relnamespace = 'public'::regnamespace
      and c.relkind in ('r', 'p') and not c.relispartition order by 1`
  const keys = await sql<{ id: string; name: string }[]>`
    select subject_id::text as id, string_agg(name || ' ' || value, ', ' order by name, value) as name
    from subject_keys group by 1`
  const nameOf = new Map(keys.map(({ id, name }) => [id, name]))
  const all: Record<string, string[]> = {}
  for (const { name } of tables) {
    const rows = await sql.unsafe(`select to_jsonb(t) as row from "${name}" t`)
    all[name] = rows
      .map(({ row }) => {
        const { id, subject_id, ...rest } = row
        const subject = name === 'subjects' ? id : subject_id
        return JSON.stringify([subject === undefined ? null : nameOf.get(String(subject)), rest])
      })
      .sort()
  }
  return all
}

beforeAll(async () => {
  const world = worldOf(SUBJECTS, NOW)
  const source = opened(pattern.url)
  const templates = await templatesOf(source.sql, source.plant)

  const byTelling = opened(told.url)
  for (let order = 1; order <= world.orders; order++) {
    for (let step = 0; step < world.stepsOf(order); step++) {
      const at = new Date(world.beganAt(order).getTime() + step * STEP_MS)
      byTelling.plant.setClock(() => at)
      const signal = signalOf(tellAt(order, step, at), deliveryKeyOf(order, step), at)
      await byTelling.plant.take(await byTelling.plant.record([signal]))
    }
  }
  await plantWorld(opened(planted.url).sql, templates, world, NOW)
}, 60_000)

it('a planted world has exactly the rows that the pipeline makes of the same facts', async () => {
  const [, byTelling, byPlanting] = open
  if (!byTelling || !byPlanting) throw new Error('two worlds')
  const [wanted, got] = [await contents(byTelling.sql), await contents(byPlanting.sql)]
  const filled = Object.entries(wanted).flatMap(([table, { length }]) => (length > 0 ? [table] : []))
  expect(filled).toEqual(
    expect.arrayContaining(['deliveries', 'expectations', 'facts', 'objects', 'signals', 'subjects']),
  )
  expect(got).toEqual(wanted)
})
