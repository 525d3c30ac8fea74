import type { Contract } from '../domain/contract/contract.ts'
import { WINDOW_DAYS } from '../domain/learn.ts'
import type { Person } from '../domain/model.ts'
import { graceWords, sampleWords } from './grace-words.ts'
import { baselineFor, usualWords } from './graces.ts'
import type { Reader, Tx } from './ports.ts'
import type { GraceLine, GraceProposal } from './queries.ts'
import type { BaselineRecord } from './records.ts'
import { lasting } from './words.ts'
import type { Setup } from './world.ts'

/*
 * What people are told of graces, and what they decide: the nightly lesson proposes (`learn.ts`), an admin agrees here.
 */

/** `wms>erp`, or `wms>erp DHL` for one value: as people read it and as they type it again. */
export const scopeName = ({ from, to, value }: Pick<BaselineRecord, 'from' | 'to' | 'value'>): string =>
  `${from}>${to}${value === '' ? '' : ` ${value}`}`

type Learning = Contract & { grace: Extract<Contract['grace'], { kind: 'learned' }> }
const isLearning = (contract: Contract): contract is Learning => contract.grace.kind === 'learned'

/** What holds now for the handoff that a baseline is about, in ms. */
const presentOf = ({ grace }: Learning, baselines: readonly BaselineRecord[], of: BaselineRecord): number =>
  Math.max(baselineFor(baselines, of)?.quantileMs ?? grace.otherwiseMs, grace.floorMs)

/** Rows that a contract can use: those of single values only while it learns by an attribute. */
const rowsOf = ({ id, grace }: Learning, baselines: readonly BaselineRecord[]): BaselineRecord[] =>
  baselines
    .filter((row) => row.contract === id && (row.value === '' || grace.by !== null))
    .sort((a, b) => (scopeName(a) < scopeName(b) ? -1 : 1))

const proposalsOf = async (
  contract: Learning,
  rows: BaselineRecord[],
  reader: Pick<Reader, 'slowerLags'>,
  from: Date,
): Promise<GraceProposal[]> =>
  Promise.all(
    rows
      .filter(({ state }) => state === 'proposed')
      .map(async (row) => {
        const presentMs = presentOf(contract, rows, row)
        const proposedMs = Math.max(row.quantileMs, contract.grace.floorMs)
        const slower = await reader.slowerLags(row, from, { overMs: presentMs, withinMs: proposedMs })
        const { sample, learnedAt } = row
        const shown = { scope: scopeName(row), presentMs, proposedMs, sample, learnedAt }
        return { ...shown, usual: usualWords(row), ...slower }
      }),
  )

/** Every contract's grace in plain words, what a learned one rests on, and what is proposed. */
export const graceLines = async (
  setup: Setup,
  reader: Pick<Reader, 'learned' | 'slowerLags'>,
  now: Date,
): Promise<GraceLine[]> => {
  const from = new Date(now.getTime() - WINDOW_DAYS * 86_400_000)
  const learning = setup.contracts.filter(isLearning).map(({ id }) => id)
  const { baselines, names, samples } = await reader.learned(learning, from)
  return Promise.all(
    setup.contracts.map(async (contract): Promise<GraceLine> => {
      const { id, title, handoff, grace } = contract
      const line = { contract: id, title, handoff, grace: graceWords(grace), learned: [], proposals: [] }
      if (!isLearning(contract)) return { ...line, progress: null }
      const rows = rowsOf(contract, baselines)
      const learned = rows
        .filter(({ state }) => state === 'in_force')
        .map(({ agreedBy, learnedAt, sample, ...row }) => ({
          scope: scopeName(row),
          ms: Math.max(row.quantileMs, contract.grace.floorMs),
          usual: usualWords(row),
          sample,
          learnedAt,
          agreedBy: agreedBy === null ? null : (names.get(agreedBy) ?? 'somebody'),
        }))
      const progress = learned.length > 0 ? null : sampleWords(samples.get(id) ?? 0)
      return { ...line, learned, progress, proposals: await proposalsOf(contract, rows, reader, from) }
    }),
  )
}

/** What an admin says to a proposal: `shown` is the length that was agreed to, as the card had it. */
export type GraceDecision = {
  decision: 'accept' | 'keep'
  contract: string
  scope: string | null
  shown: string | null
}

export type GraceDecided =
  | { is: 'decided'; changes: { scope: string; before: string; after: string }[] }
  /** No such proposal: taken back since, or decided already. */
  | { is: 'nothing' }
  /** It has been learned anew since the card was drawn. */
  | { is: 'changed'; now: string }

/** Carries out what an admin decided, and logs it: who agreed to which grace stays on record for ever. */
export const decideGrace = async (
  tx: Tx,
  setup: Setup,
  { decision, contract: id, scope, shown }: GraceDecision,
  by: { person: Person; surface: string; interactionKey: string | null },
  now: Date,
): Promise<GraceDecided> => {
  const contract = setup.contracts.filter(isLearning).find((each) => each.id === id)
  if (!contract) return { is: 'nothing' }
  const rows = rowsOf(contract, await tx.lockBaselines(id))
  const wanted = rows.filter(
    (row) =>
      row.state === 'proposed' && (scope === null || scopeName(row).toLowerCase() === scope.toLowerCase()),
  )
  const other = wanted.find((row) => shown !== null && lasting(row.quantileMs) !== shown)
  if (other) return { is: 'changed', now: lasting(other.quantileMs) }
  if (wanted.length === 0) return { is: 'nothing' }

  const changes = wanted.map((row) => {
    const before = lasting(presentOf(contract, rows, row))
    return { scope: scopeName(row), before, after: decision === 'accept' ? lasting(row.quantileMs) : before }
  })
  const state = decision === 'accept' ? ('in_force' as const) : ('refused' as const)
  const refusals = rows.filter(
    (row) => row.state === 'refused' && wanted.some((each) => scopeName(each) === scopeName(row)),
  )
  await tx.removeBaselines([...wanted, ...refusals])
  await tx.saveBaselines(wanted.map((row) => ({ ...row, state, agreedBy: by.person.id })))
  await tx.logInterventions([
    {
      at: now,
      timeline: 'live',
      person: by.person,
      kind: 'command',
      action: 'graces',
      result: null,
      exceptionId: null,
      subjectId: null,
      contract: id,
      // About no exception: the time it takes is Baton's own.
      handoff: null,
      startedAt: null,
      reportedMinutes: null,
      note: changes
        .map(({ scope: name, before, after }) =>
          decision === 'accept' ? `${name}: ${after} agreed, was ${before}` : `${name}: ${before} kept`,
        )
        .join('; '),
      surface: by.surface,
      interactionKey: by.interactionKey,
      snapshot: { [decision]: wanted },
      message: null,
    },
  ])
  return { is: 'decided', changes }
}
