import { describe, expect, it } from 'vitest'
import { FAULTS, LOOKALIKES } from '../../../src/sandbox/faults.ts'
import { testDatabase } from '../database.ts'
import { complaints } from './complaints.ts'
import { judge } from './judge.ts'
import { simulate } from './simulation.ts'
import { week } from './week.ts'

/** About ten seconds a week; a machine with other work on it may take a while. */
const PATIENCE_MS = 400_000

const kindsOf = (planted: { kind: string }[]): string[] =>
  [...new Set(planted.map(({ kind }) => kind))].sort()

/** The promise of detection, for the weeks of these seeds. */
export const describeWeeks = (seeds: readonly string[]): void => {
  describe.each(seeds)('%s', (seed) => {
    const database = testDatabase()

    it('finds what was planted in time, and nothing else', { timeout: PATIENCE_MS }, async () => {
      const simulation = week(seed)
      const played = await simulate(database.url, simulation)
      const { faults, lookalikes, outages, webhooks } = played.ledger
      const judged = judge(simulation, played)
      expect(complaints(seed, judged)).toEqual([])
      // A week in which nothing goes wrong would prove nothing.
      expect(kindsOf(faults)).toEqual(Object.keys(FAULTS).sort())
      expect(kindsOf(lookalikes)).toEqual(Object.keys(LOOKALIKES).sort())
      expect(judged.faults.filter(({ is }) => is === 'found').length).toBeGreaterThan(faults.length / 2)
      expect(lookalikes.length).toBeGreaterThanOrEqual(faults.length)
      expect(outages.length).toBeGreaterThan(3)
      expect(webhooks.map(({ what }) => what)).toEqual(
        expect.arrayContaining(['dropped', 'duplicated', 'delayed']),
      )
    })
  })
}
