import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { projectRoot } from '../src/root.ts'

const bench = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', 'bench/run.ts', ...args], {
    cwd: projectRoot,
    env: { ...process.env, BENCH_SCALE: '0.01' },
  })

it('npm run bench --json prints one measured row a line, each beside its baseline', async () => {
  const { stdout } = await bench('facts', '--json')
  const rows: unknown[] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(rows.length).toBeGreaterThan(2)
  for (const row of rows) {
    expect(row).toEqual({
      bench: 'facts',
      metric: expect.any(String),
      value: expect.any(Number),
      unit: 'per s',
      baseline: expect.any(Number),
      ratio: expect.any(Number),
    })
  }
}, 60_000)

it('npm run bench with a name that no bench has says which there are', async () => {
  await expect(bench('speed')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/receive, facts, latency, memory, startup/),
  })
})

it('npm run bench -- storm loses no press and no exception, draws no 429, and says how long everything took', async () => {
  const { stdout } = await bench('storm', '--json')
  const measured = new Map<string, number>(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .map(({ metric, value }) => [metric, value]),
  )
  expect(measured.get('presses lost')).toBe(0)
  expect(measured.get('calls refused as too fast (429)')).toBe(0)
  // It ends when all of them can be reached, and fails where they cannot.
  const exceptions = measured.get('exceptions') ?? 0
  expect(exceptions).toBeGreaterThanOrEqual(120)
  expect(measured.get('storms with a summary')).toBe(12)
  expect(measured.get('presses')).toBe(5)
  expect(measured.get('presses on messages in the channels')).toBe(3)
  for (const figure of [
    'first card',
    `all ${exceptions} reachable`,
    'press to acknowledged p99',
    'resident memory, peak',
  ]) {
    expect(measured.get(figure), figure).toBeGreaterThan(0)
  }
}, 120_000)
