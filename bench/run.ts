import { parseArgs } from 'node:util'
import { type Bench, inContext } from './context.ts'
import { facts } from './facts.ts'
import { latency } from './latency.ts'
import { describeMachine } from './machine.ts'
import { memory } from './memory.ts'
import { receive } from './receive.ts'
import { markdownTable, type Row, textTable } from './rows.ts'
import { startup } from './startup.ts'

/*
 * npm run bench -- [name] [--json | --markdown]
 *
 * Measures Baton on this machine. BENCH_SCALE (default 1) multiplies the amount of work: figures of a smaller run
 * are good for nothing but to see that the bench itself works.
 */

const BENCHES: readonly Bench[] = [receive, facts, latency, memory, startup]

const say = (stream: NodeJS.WriteStream, text: string): void => {
  stream.write(`${text}\n`)
}

const runAll = async (
  benches: readonly Bench[],
  scale: number,
  onRow: (row: Row) => void,
): Promise<Row[]> => {
  const rows: Row[] = []
  for (const bench of benches) {
    const measured = await inContext(scale, bench.run)
    measured.forEach(onRow)
    rows.push(...measured)
  }
  return rows
}

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, markdown: { type: 'boolean', default: false } },
  })
  const [name] = positionals
  const chosen = name === undefined ? BENCHES : BENCHES.filter((bench) => bench.name === name)
  if (chosen.length === 0 || positionals.length > 1) {
    const names = BENCHES.map((bench) => bench.name).join(', ')
    say(
      process.stderr,
      `Usage: npm run bench -- [name] [--json | --markdown]\nThe names: ${names}. None = all.`,
    )
    return 2
  }
  const scale = Number(process.env.BENCH_SCALE ?? '1')
  if (!(scale > 0)) {
    say(process.stderr, `BENCH_SCALE is a number above 0, and not "${process.env.BENCH_SCALE}".`)
    return 2
  }
  const machine = await describeMachine()
  say(values.json ? process.stderr : process.stdout, `${machine}\n`)
  const rows = await runAll(chosen, scale, (row) => {
    if (values.json) say(process.stdout, JSON.stringify(row))
    else say(process.stderr, `${row.bench}: ${row.metric} measured`)
  })
  if (!values.json) say(process.stdout, values.markdown ? markdownTable(rows) : `\n${textTable(rows)}`)
  return 0
}

process.exitCode = await main()
