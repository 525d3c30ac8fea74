import type { RunOutcome, RunRecord } from './records.ts'

const OUTCOME_WORDS: Record<RunOutcome, string> = {
  done: 'done',
  already_done: 'it was already done',
  requested: 'asked',
  accepted: 'accepted',
  refused: 'refused',
  unknown: 'outcome unknown',
  failed: 'failed',
  declined: 'declined',
  taken_back: 'taken back',
}

/** What the card says of a run that has ended while its exception goes on. */
export const endWords = ({ label }: RunRecord, outcome: RunOutcome, words: string): string =>
  `${label}: ${OUTCOME_WORDS[outcome]}. ${words}`

/** What the card says while somebody else has to answer; until when stands below it. */
export const askedWords = ({ label }: RunRecord, words: string): string => `${label}: asked. ${words}`

/** What the card says while another call on the same object is under way. */
export const turnWords = ({ label, system }: RunRecord): string =>
  `${label}: waiting for its turn; ${system} is doing something else on the same thing.`
