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
