import type { RunOutcome, RunRecord } from './records.ts'

const OUTCOME_WORDS: Record<RunOutcome, string> = {
  done: 'done',
  already_done: 'it was already done',
  requested: 'asked',
  refused: 'refused',
  unknown: 'outcome unknown',
  failed: 'failed',
  declined: 'declined',
}

/** What the card says of a run that has ended while its exception goes on. */
export const endWords = ({ label }: RunRecord, outcome: RunOutcome, words: string): string =>
  `${label}: ${OUTCOME_WORDS[outcome]}. ${words}`
