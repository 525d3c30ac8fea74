import postgres from 'postgres'
import { markNow, rowsSince, secondsToInsert } from './baseline.ts'
import { type Bench, openPostgres } from './context.ts'
import { type Loaded, putUnderLoad } from './load.ts'
import { untilTaken } from './queue.ts'
import { row } from './rows.ts'
import { startConfigured } from './server.ts'
import { median, quantile } from './stats.ts'

const CONNECTIONS = 64
const WARM_UP_SECONDS = 2
const SECONDS = 4
const RUNS = 3
/** Orders of different runs never meet. */
const ORDERS_APART = 1_000_000

/** What an accepted webhook has written by the time it is answered; its job aside. */
const WRITTEN = ['deliveries', 'signals', 'facts']

/**
 * Signed webhooks accepted per second: sent over HTTP by another process, verified, parsed, and committed with their
 * facts before they are answered, while the same server takes them through the pipeline.
 */
export const receive: Bench = {
  name: 'receive',
  async run(context) {
    const url = await openPostgres(context)
    const server = await startConfigured(context, url)
    const sql = postgres(url, { max: 1, onnotice: () => {} })
    context.onEnd(() => sql.end())

    const load = async (run: number, seconds: number): Promise<Loaded & { untilTaken: number }> => {
      const firstOrder = run * ORDERS_APART
      const loaded = await putUnderLoad({ url: server.url, connections: CONNECTIONS, seconds, firstOrder })
      return { ...loaded, untilTaken: loaded.seconds + (await untilTaken(sql)) }
    }
    await load(1, WARM_UP_SECONDS * context.scale)
    const runs: Loaded[] = []
    const checked: number[] = []
    const baselines: number[] = []
    for (let run = 0; run < RUNS; run++) {
      const mark = await markNow(sql)
      const loaded = await load(2 + run, SECONDS * context.scale)
      runs.push(loaded)
      checked.push(loaded.accepted / loaded.untilTaken)
      const rows = await rowsSince(sql, mark, WRITTEN)
      baselines.push(loaded.accepted / (await secondsToInsert(sql, rows)))
    }

    const baseline = median(baselines)
    const answers = runs.flatMap(({ answerMs }) => answerMs)
    const of = (metric: string): string => `${metric}, ${CONNECTIONS} connections`
    const accepted = runs.map((loaded) => loaded.accepted / loaded.seconds)
    return [
      row('receive', of('accepted'), median(accepted), 'per s', baseline),
      row('receive', of('accepted and checked'), median(checked), 'per s', baseline),
      row('receive', of('answer p50'), quantile(answers, 0.5), 'ms'),
      row('receive', of('answer p99'), quantile(answers, 0.99), 'ms'),
    ]
  },
}
