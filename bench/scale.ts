import postgres from 'postgres'
import { migrate } from '../src/db/migrate.ts'
import { markNow, rowsSince, secondsToInsert } from './baseline.ts'
import { type Bench, type Context, openPostgres, scaled } from './context.ts'
import { STEPS_OF_AN_ORDER } from './journey.ts'
import { type Row, row } from './rows.ts'
import { type Buffers, buffersOf, COUNTING, mostTouching } from './scale/buffers.ts'
import { burst } from './scale/burst.ts'
import { mixOf } from './scale/mix.ts'
import { nightlySeconds } from './scale/nightly.ts'
import { openPlant, type Plant } from './scale/plant.ts'
import { plantWorld, SUBJECTS_A_DAY, worldOf } from './scale/seed.ts'
import { type Template, templatesOf } from './scale/template.ts'
import { secondsOf } from './stats.ts'

/** Subjects that there are already. */
const SIZES = [10_000, 100_000, 1_000_000]
/** Webhooks that arrive during one commit become one job: with 64 connections, about so many. */
const BATCH = 64
/** As many jobs as a server has in hand at once. */
const AT_ONCE = 4
const WARM_UP_BATCHES = 40
const BATCHES = 100
/** Room for the seeding; everything else is set as Baton sets it for itself. */
const SEEDING = { max_wal_size: '4GB' }

/** What a webhook and the pipeline behind it may write. */
const WRITTEN = [
  'deliveries',
  'signals',
  'facts',
  'objects',
  'subjects',
  'subject_keys',
  'subject_objects',
  'subject_links',
  'expectations',
  'exceptions',
  'episodes',
  'lags',
]

const connectTo = (context: Context, url: string): postgres.Sql => {
  const sql = postgres(url, { max: 4, onnotice: () => {}, connection: { timezone: 'UTC' } })
  context.onEnd(() => sql.end())
  return sql
}

type Database = { sql: postgres.Sql; plant: Plant }

/** A migrated database of its own, with Baton's pipeline on it. */
const openDatabase = async (
  context: Context,
  server: postgres.Sql,
  serverUrl: string,
  name: string,
): Promise<Database> => {
  await server.unsafe(`create database ${name}`)
  const { href: url } = Object.assign(new URL(serverUrl), { pathname: `/${name}` })
  await migrate(url, { queue: true })
  const sql = connectTo(context, url)
  await sql`create extension if not exists pg_stat_statements`
  const plant = openPlant(url)
  context.onEnd(() => plant.close())
  return { sql, plant }
}

/** Signals as they come, from the commit of their webhooks to the end of the pipeline. */
const hear = async (
  plant: Plant,
  batches: number,
  next: (count: number) => Parameters<Plant['record']>[0],
) => {
  let left = batches
  const worker = async (): Promise<void> => {
    while (left-- > 0) await plant.take(await plant.record(next(BATCH)))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

type Measured = { rows: Row[]; perFact: number; lastOrder: number }

/** What one fact costs in a world of so many subjects. */
const measure = async (
  context: Context,
  subjects: number,
  templates: Template[],
  { sql, plant }: Database,
): Promise<Measured> => {
  const now = new Date()
  const world = worldOf(subjects, now)
  const of = (metric: string): string => `${metric}, ${subjects.toLocaleString('en')} subjects`
  const seeding = await secondsOf(() => plantWorld(sql, templates, world, now))

  plant.setClock(() => new Date())
  const mix = mixOf(world)
  await hear(plant, scaled(context, WARM_UP_BATCHES), mix.next)
  const batches = scaled(context, BATCHES)
  const facts = batches * BATCH
  const mark = await markNow(sql)
  let seconds = 0
  const touched = await buffersOf(sql, async () => {
    seconds = await secondsOf(() => hear(plant, batches, mix.next))
  })
  if (context.explain) context.explain(await mostTouching(sql, facts))
  const memory = process.memoryUsage().rss / 1024 ** 2

  const rows = await rowsSince(sql, mark, WRITTEN)
  let plainSeconds = 0
  const plain: Buffers = await buffersOf(sql, async () => {
    plainSeconds = await secondsToInsert(sql, rows)
  })
  const nightly = await nightlySeconds(sql)
  const factsADay = (SUBJECTS_A_DAY / 2) * STEPS_OF_AN_ORDER
  const [size] = await sql`select pg_database_size(current_database())::float8 as bytes`
  return {
    perFact: touched.touched / facts,
    lastOrder: mix.orders(),
    rows: [
      row('scale', of('facts'), facts / seconds, 'per s', facts / plainSeconds),
      row('scale', of('one fact'), (seconds / facts) * 1000, 'ms', (plainSeconds / facts) * 1000),
      row('scale', of('buffers for a fact'), touched.touched / facts, 'buffers', plain.touched / facts),
      row('scale', of('buffers found in shared memory'), (touched.found / touched.touched) * 100, '%'),
      row('scale', of('orders on their way'), (1 - (world.firstHot - 1) / world.orders) * 100, '%'),
      row('scale', of('facts about orders on their way'), mix.hotShare() * 100, '%'),
      row('scale', of('all of a day, beside one nightly join'), (factsADay * seconds) / facts, 's', nightly),
      row('scale', of('resident memory of the pipeline'), memory, 'MB'),
      row('scale', of('database'), Number(size?.bytes) / 1024 ** 2, 'MB'),
      row('scale', of('planting the world'), seeding, 's'),
    ],
  }
}

/** What a fact costs as the world grows, and how far the sweeper falls behind when much is due at once. */
export const scale: Bench = {
  name: 'scale',
  async run(context) {
    const serverUrl = await openPostgres(context, { ...COUNTING, ...SEEDING })
    const server = connectTo(context, serverUrl)
    const pattern = await openDatabase(context, server, serverUrl, 'pattern')
    const templates = await templatesOf(pattern.sql, pattern.plant)
    const sizes = context.subjects ?? SIZES.map((size) => scaled(context, size))
    const rows: Row[] = []
    let first: { subjects: number; perFact: number } | null = null
    for (const [place, subjects] of sizes.entries()) {
      const database = await openDatabase(context, server, serverUrl, `world_${place}`)
      const measured = await measure(context, subjects, templates, database)
      rows.push(...measured.rows)
      context.explain?.(measured.rows)
      if (first) {
        const metric = `buffers for a fact, ${subjects.toLocaleString('en')} against ${first.subjects.toLocaleString('en')} subjects`
        rows.push(row('scale', metric, measured.perFact, 'buffers', first.perFact))
      }
      first ??= { subjects, perFact: measured.perFact }
      const isLast = place === sizes.length - 1
      if (isLast) rows.push(...(await burst(context, templates, database, measured.lastOrder)))
      else {
        await Promise.all([database.sql.end(), database.plant.close()])
        await server.unsafe(`drop database world_${place} with (force)`)
      }
    }
    return rows
  },
}
