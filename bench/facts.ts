import postgres from 'postgres'
import { markNow, rowsSince, secondsToInsert } from './baseline.ts'
import { type Bench, openPostgres, scaled } from './context.ts'
import { STEPS_OF_AN_ORDER, type Told, tell } from './journey.ts'
import { openPipeline, type Pipeline } from './pipeline.ts'
import { type Row, row } from './rows.ts'
import { median } from './stats.ts'

/** Webhooks that arrive during one commit become one job: with 64 connections, about so many. */
const BATCH = 64
/** As many jobs as a server has in hand at once. */
const AT_ONCE = 4
const BATCHES = 50
const SINGLES = 300
const RUNS = 3
/** Orders of different runs never meet. */
const ORDERS_APART = 1_000_000
/** The steps of an order that speak about a fulfillment that is known already. */
const LATER_STEPS = [1, 2, 3, 4]

/** What the pipeline may write about facts that are stored already. */
const WRITTEN = [
  'objects',
  'subjects',
  'subject_keys',
  'subject_objects',
  'subject_links',
  'expectations',
  'exceptions',
  'episodes',
]

/** The same step of many orders, in batches. */
const oneStep = (firstOrder: number, batches: number, step: number): Told[][] =>
  Array.from({ length: batches }, (_, b) =>
    Array.from({ length: BATCH }, (_, lane) => tell(firstOrder + b * BATCH + lane, step)),
  )

/** Whole lives of orders: every batch carries the next step of each of its orders, which are all at different steps. */
const mixed = (firstOrder: number, batches: number): Told[][] =>
  Array.from({ length: batches + STEPS_OF_AN_ORDER }, (_, b) =>
    Array.from({ length: BATCH }, (_, lane) => {
      const place = b - (lane % STEPS_OF_AN_ORDER)
      const order = firstOrder + lane + BATCH * Math.floor(place / STEPS_OF_AN_ORDER)
      return place < 0 ? [] : [tell(order, place % STEPS_OF_AN_ORDER)]
    }).flat(),
  ).filter((batch) => batch.length > 0)

const count = (batches: unknown[][]): number => batches.reduce((sum, { length }) => sum + length, 0)

/** Facts through record > correlate > check per second, once they are stored: what a server does after the answer. */
export const facts: Bench = {
  name: 'facts',
  async run(context) {
    const url = await openPostgres(context)
    const pipeline = await openPipeline(context, url)
    const sql = postgres(url, { max: 1, onnotice: () => {} })
    context.onEnd(() => sql.end())
    const batches = scaled(context, BATCHES)

    const kinds: { metric: string; atOnce: number; told(run: number): Told[][] }[] = [
      {
        metric: 'new subjects',
        atOnce: AT_ONCE,
        told: (run) => oneStep(run * ORDERS_APART, batches, 0),
      },
      {
        metric: 'known subjects',
        atOnce: AT_ONCE,
        told: (run) => LATER_STEPS.flatMap((step) => oneStep(run * ORDERS_APART, batches, step)),
      },
      {
        metric: 'whole lives of orders',
        atOnce: AT_ONCE,
        told: (run) => mixed((100 + run) * ORDERS_APART, batches * 2),
      },
      {
        metric: 'whole lives, one fact at a time',
        atOnce: 1,
        told: (run) =>
          mixed((200 + run) * ORDERS_APART, 1)
            .flat()
            .slice(0, scaled(context, SINGLES))
            .map((each) => [each]),
      },
    ]
    await warmUp(pipeline, batches)
    const rows: Row[] = []
    for (const { metric, atOnce, told } of kinds) {
      const speeds: number[] = []
      const baselines: number[] = []
      for (let run = 1; run <= RUNS; run++) {
        const jobs = await pipeline.record(told(run))
        const mark = await markNow(sql)
        speeds.push(count(jobs) / (await pipeline.work(jobs, atOnce)))
        baselines.push(count(jobs) / (await secondsToInsert(sql, await rowsSince(sql, mark, WRITTEN))))
      }
      rows.push(row('facts', metric, median(speeds), 'per s', median(baselines)))
    }
    return rows
  },
}

const warmUp = async (pipeline: Pipeline, batches: number): Promise<void> => {
  await pipeline.work(await pipeline.record(mixed(300 * ORDERS_APART, batches)), AT_ONCE)
}
