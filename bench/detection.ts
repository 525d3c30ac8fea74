import postgres from 'postgres'
import { migrate } from '../src/db/migrate.ts'
import { complaints, remarks } from '../test/support/detection/complaints.ts'
import { type Judged, judge } from '../test/support/detection/judge.ts'
import { simulate } from '../test/support/detection/simulation.ts'
import { type KindSummary, type Summary, summarise } from '../test/support/detection/summary.ts'
import { SEEDS, week } from '../test/support/detection/week.ts'
import { type Bench, type Context, openPostgres, scaled } from './context.ts'
import { type Row, row } from './rows.ts'
import { quantile } from './stats.ts'

/** While one week waits for the database, the other goes on. */
const AT_ONCE = 2
const TEMPLATE = 'weeks'
/** What is measured here is Baton's judgement, and not the disk. */
const FAST = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }

/**
 * What Baton finds of the faults that the sandbox plants, and how soon, over twenty simulated weeks. Baseline: a
 * comparison of everything every night at 02:00, which sees all that is broken for longer than its grace at that moment.
 */
export const detection: Bench = {
  name: 'detection',
  run: async (context) => rowsOf(summarise(await playWeeks(context))),
}

const playWeeks = async (context: Context): Promise<Judged[]> => {
  const server = await openPostgres(context, FAST)
  const sql = postgres(server, { max: 1, onnotice: () => {} })
  context.onEnd(() => sql.end())
  const urlOf = (database: string): string =>
    Object.assign(new URL(server), { pathname: `/${database}` }).href
  await sql.unsafe(`create database ${TEMPLATE}`)
  await migrate(urlOf(TEMPLATE), { queue: true })

  const judged: Judged[] = []
  const seeds = SEEDS.slice(0, scaled(context, SEEDS.length)).values()
  const lane = async (): Promise<void> => {
    for (const seed of seeds) {
      const name = seed.replaceAll('-', '_')
      await sql.unsafe(`create database ${name} template ${TEMPLATE}`)
      const simulation = week(seed)
      const verdicts = judge(simulation, await simulate(urlOf(name), simulation))
      judged.push(verdicts)
      for (const words of [...complaints(seed, verdicts), ...remarks(seed, verdicts)])
        process.stderr.write(`${words}\n`)
      await sql.unsafe(`drop database ${name} with (force)`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return judged
}

const MINUTE_MS = 60_000
const sum = (numbers: number[]): number => numbers.reduce((total, n) => total + n, 0)
const minutes = (ms: readonly number[], q: number): number | null =>
  ms.length > 0 ? quantile(ms, q) / MINUTE_MS : null

const count = (metric: string, value: number, baseline: number | null = null): Row =>
  row('detection', metric, value, 'n', baseline)
const duration = (metric: string, value: number | null, baseline: number | null = null): Row[] =>
  value === null ? [] : [row('detection', metric, value, 'min', baseline)]

const rowsOf = ({ kinds, lookalikes, opened }: Summary): Row[] => {
  const all = <K extends keyof KindSummary>(key: K): KindSummary[K][] => kinds.map((kind) => kind[key])
  const isTrue = opened.true + opened.again
  const outlasted = sum(all('outlasted'))
  const nightly = outlasted - sum(all('nightlyMissed'))
  return [
    ...kinds.flatMap(rowsOfKind),
    ...lookalikes.flatMap(({ kind, planted, opened: made }) => [
      count(`${kind}: looked alike`, planted),
      count(`${kind}: opened`, made),
    ]),
    count('all faults: planted', sum(all('planted'))),
    count('all faults: outlasted', outlasted),
    count('all faults: found', outlasted - sum(all('missed')), nightly),
    count('all faults: false', opened.false),
    ...duration(
      'all faults: p50',
      minutes(all('detectedMs').flat(), 0.5),
      minutes(all('nightlyMs').flat(), 0.5),
    ),
    ...duration(
      'all faults: p95',
      minutes(all('detectedMs').flat(), 0.95),
      minutes(all('nightlyMs').flat(), 0.95),
    ),
    ...duration('all faults: max', minutes(all('detectedMs').flat(), 1), minutes(all('nightlyMs').flat(), 1)),
    count('all faults: past the bound', sum(all('late')) + sum(all('lateAfterDowntime'))),
    row(
      'detection',
      'recall',
      (100 * (outlasted - sum(all('missed')))) / outlasted,
      '%',
      (100 * nightly) / outlasted,
    ),
    row('detection', 'precision', (100 * isTrue) / (isTrue + opened.false), '%'),
    count('opened for a planted fault', opened.true),
    count('opened again for the same fault', opened.again),
    count('opened because a system was down, no fault', opened.downtime),
    count('found after a downtime', all('downtimeMs').flat().length),
    ...duration('found after a downtime, p50', minutes(all('downtimeMs').flat(), 0.5)),
    ...duration('found after a downtime, max', minutes(all('downtimeMs').flat(), 1)),
  ]
}

const rowsOfKind = (of: KindSummary): Row[] => {
  const { kind, detectedMs, nightlyMs } = of
  return [
    count(`${kind}: planted`, of.planted),
    count(`${kind}: outlasted`, of.outlasted),
    count(`${kind}: found`, of.outlasted - of.missed, of.outlasted - of.nightlyMissed),
    count(`${kind}: false`, of.falseAlarms),
    ...duration(`${kind}: p50`, minutes(detectedMs, 0.5), minutes(nightlyMs, 0.5)),
    ...duration(`${kind}: p95`, minutes(detectedMs, 0.95), minutes(nightlyMs, 0.95)),
    ...duration(`${kind}: max`, minutes(detectedMs, 1), minutes(nightlyMs, 1)),
    ...duration(`${kind}: bound`, of.boundMs / MINUTE_MS),
    count(`${kind}: past the bound`, of.late + of.lateAfterDowntime),
    count(`${kind}: after downtime`, of.downtimeMs.length),
  ]
}
