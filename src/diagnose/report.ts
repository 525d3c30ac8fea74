import type { Diagnosis } from '../domain/diagnosis/diagnosis.ts'
import type { Fix } from '../domain/diagnosis/fix.ts'
import type { System } from '../domain/diagnosis/outcome.ts'
import type { Step } from '../domain/diagnosis/steps.ts'
import { DEFINITIONS } from './definitions.ts'
import { fixWords } from './words.ts'

/** A diagnosis, with what it was made from. */
export type Report = {
  name: string
  /** The IANA zone of days and weeks. */
  zone: string
  asOf: Date
  systems: System[]
  /** Rows read, by file. */
  rows: Record<string, number>
  bad: { at: string; reason: string }[]
  badCount: number
  notes: string[]
  diagnosis: Diagnosis
}

/** The report as plain data: what `--json` prints and `diagnosis.json` holds. Shares are from 0 to 1, lags in hours. */
export const toData = (report: Report): object => {
  const { diagnosis, asOf, ...about } = report
  const { facts, cases, steps, handoffs } = diagnosis
  return {
    ...about,
    asOf: asOf.toISOString(),
    facts,
    subjects: cases,
    fixFirst: diagnosis.fixFirst.map((fix, i) => fixData(fix, i, report)),
    handoffs,
    steps: steps.map(stepData),
    definitions: DEFINITIONS,
  }
}

const fixData = (fix: Fix, i: number, report: Report): object => ({
  rank: i + 1,
  ...(fix.kind === 'contract'
    ? { contract: fix.handoff.contract, handoff: fix.handoff.handoff, explained: fix.explained }
    : { contract: null, step: { from: fix.step.from, to: fix.step.to }, unwatched: fix.unwatched }),
  harm: fix.harm,
  reason: fixWords(fix, report).join(' '),
})

const stepData = ({ lost: _, ...step }: Step): object => step
