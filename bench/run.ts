import { parseArgs } from 'node:util'
import { type Bench, type Context, inContext } from './context.ts'
import { detection } from './detection.ts'
import { facts } from './facts.ts'
import { latency } from './latency.ts'
import { describeMachine } from './machine.ts'
import { memory } from './memory.ts'
import { receive } from './receive.ts'
import { markdownTable, type Row, textTable } from './rows.ts'
import { scale } from './scale.ts'
import { startup } from './startup.ts'
import { storm } from './storm.ts'

/*
 * npm run bench -- [name] [--json | --markdown] [--subjects 10000,100000] [--explain]
 *
 * Measures Baton on this machine. BENCH_SCALE (default 1) multiplies the amount of work: figures of a smaller run
 * are good for nothing but to see that the bench itself works. `--subjects` and `--explain` are for `scale`: which sizes,
 * and which statements touch most.
 */

const BENCHES: readonly Bench[] = [receive, facts, latency, memory, startup, detection, scale, storm]

const SMALLEST_WORLD = 100

const say = (stream: NodeJS.WriteStream, text: string): void => {
  stream.write(`${text}\n`)
}

const runAll = async (
  benches: readonly Bench[],
  asked: Omit<Context, 'onEnd'>,
  onEach: (bench: string, rows: Row[]) => void,
): Promise<Row[]> => {
  const rows: Row[] = []
  for (const bench of benches) {
    const measured = await inContext(asked, bench.run)
    onEach(bench.name, measured)
    rows.push(...measured)
  }
  return rows
}

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      subjects: { type: 'string' },
      explain: { type: 'boolean', default: false },
    },
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
  const amount = Number(process.env.BENCH_SCALE ?? '1')
  if (!(amount > 0)) {
    say(process.stderr, `BENCH_SCALE is a number above 0, and not "${process.env.BENCH_SCALE}".`)
    return 2
  }
  const subjects = values.subjects?.split(',').map(Number)
  if (subjects?.some((size) => !(size >= SMALLEST_WORLD))) {
    say(process.stderr, `--subjects takes numbers from ${SMALLEST_WORLD} up, as in 10000,100000.`)
    return 2
  }
  const explain = (lines: readonly object[]): void => {
    for (const line of lines) say(process.stderr, JSON.stringify(line))
  }
  const asked = { scale: amount, ...(subjects && { subjects }), ...(values.explain && { explain }) }
  const machine = await describeMachine()
  say(values.json ? process.stderr : process.stdout, `${machine}\n`)
  const rows = await runAll(chosen, asked, (bench, measured) => {
    if (values.json) for (const row of measured) say(process.stdout, JSON.stringify(row))
    else say(process.stderr, `${bench}: measured`)
  })
  if (!values.json) say(process.stdout, values.markdown ? markdownTable(rows) : `\n${textTable(rows)}`)
  return 0
}

process.exitCode = await main()
