import type { Contract } from '../contract/contract.ts'
import { handoffName, type Role } from '../model.ts'
import { type Case, deadlinesName } from './case.ts'
import { type Concentration, concentrationOf, type Owned } from './concentration.ts'
import { type Downstream, isDecided, isJudged, isMissed } from './downstream.ts'
import { type Outcome, STANDINGS, type Standing } from './outcome.ts'
import { type Lag, lagOf, type Rate, rateOf } from './statistics.ts'
import { type Trend, trendOf } from './trend.ts'

/** One handoff with a contract, measured. */
export type HandoffDiagnosis = {
  contract: string
  title: string
  meaning: string
  /** `wms>carrier parcel`. */
  handoff: string
  object: string
  roles: { from: Role; to: Role }
  /** Subjects on which it ever became owed. */
  volume: number
  standings: Record<Standing, number>
  /** Completed, whenever that was: in time, late, undated, and those with no known deadline. */
  completed: number
  /** Late, of the completed ones whose time and deadline are known. */
  late: Rate
  /** Late or never, of all that are decided. The breach rate. */
  missed: Rate
  /** Completed before it was owed, by the clocks of two systems. Counted as in time. */
  conflicts: number
  /** From owed to completed, over all completed ones with a time. */
  lag: Lag
  /** Where the deadline is made from several lines: the same question for each line and its own deadline. */
  lines: { name: string; late: Rate } | null
  /** By the systems at both ends. */
  edges: { from: string; to: string; volume: number; missed: Rate }[]
  downstream: Downstream[]
  concentration: Concentration[]
  trend: Trend
}

export type Judged = { own: Case; outcome: Outcome }

/** What the outcomes of one contract come to. What lies downstream is added by the caller, who sees all contracts. */
export const handoffOf = (
  contract: Contract,
  judged: readonly Judged[],
  systemCounts: ReadonlyMap<string, number>,
  weekOf: (ms: number) => string,
): HandoffDiagnosis => {
  const outcomes = judged.map(({ outcome }) => outcome)
  const standings = standingsOf(outcomes)
  const decided = outcomes.filter(isDecided)
  const noDeadlineDone = outcomes.filter((o) => o.standing === 'no_deadline' && o.doneMs !== null).length
  return {
    contract: contract.id,
    title: contract.title,
    meaning: contract.meaning,
    handoff: handoffName(contract.handoff),
    object: contract.handoff.object,
    roles: { from: contract.handoff.from, to: contract.handoff.to },
    volume: outcomes.length,
    standings,
    completed: standings.in_time + standings.late + standings.undated + noDeadlineDone,
    late: rateOf(standings.late, standings.in_time + standings.late),
    missed: rateOf(decided.filter(isMissed).length, decided.length),
    conflicts: outcomes.filter(({ conflict }) => conflict).length,
    lag: lagOf(outcomes.flatMap(({ lagMs }) => lagMs ?? [])),
    lines: linesOf(contract, judged),
    edges: edgesOf(outcomes),
    downstream: [],
    concentration: concentrationsOf(contract, judged, systemCounts),
    trend: trendOf(outcomes, weekOf),
  }
}

const standingsOf = (outcomes: readonly Outcome[]): Record<Standing, number> => {
  const count = (standing: Standing): number => outcomes.filter((o) => o.standing === standing).length
  const [in_time, late, undated, never, waiting, called_off, no_deadline] = STANDINGS.map(count)
  return {
    in_time: in_time ?? 0,
    late: late ?? 0,
    undated: undated ?? 0,
    never: never ?? 0,
    waiting: waiting ?? 0,
    called_off: called_off ?? 0,
    no_deadline: no_deadline ?? 0,
  }
}

const linesOf = ({ grace }: Contract, judged: readonly Judged[]): HandoffDiagnosis['lines'] => {
  if (grace.kind !== 'field') return null
  const name = deadlinesName(grace)
  let [late, of, lines] = [0, 0, '']
  for (const { own, outcome } of judged) {
    const behind = own.deadlines.get(name)
    const { doneMs } = outcome
    if (!behind || doneMs === null) continue
    lines = behind.lines
    of += behind.atMs.length
    late += behind.atMs.filter((ms) => doneMs > ms + grace.plusMs).length
  }
  return of === 0 ? null : { name: lines, late: rateOf(late, of) }
}

const edgesOf = (outcomes: readonly Outcome[]): HandoffDiagnosis['edges'] => {
  const byEnds = new Map<string, Outcome[]>()
  for (const outcome of outcomes) {
    const ends = `${outcome.from} > ${outcome.to}`
    const own = byEnds.get(ends)
    if (own) own.push(outcome)
    else byEnds.set(ends, [outcome])
  }
  return [...byEnds.values()]
    .flatMap((own) => {
      const [first] = own
      const decided = own.filter(isDecided)
      const missed = rateOf(decided.filter(isMissed).length, decided.length)
      return first ? [{ from: first.from, to: first.to, volume: own.length, missed }] : []
    })
    .sort((a, b) => b.volume - a.volume)
}

/** Along each dimension of the mapping, and along the systems at both ends where a role has several. */
const concentrationsOf = (
  { handoff }: Contract,
  judged: readonly Judged[],
  systemCounts: ReadonlyMap<string, number>,
): Concentration[] => {
  const completed = judged.filter(({ outcome }) => isJudged(outcome))
  const along = (dimension: string, ownersOf: (judged: Judged) => string[]): Concentration[] => {
    const owned = completed.map(
      (each): Owned => ({
        late: each.outcome.standing === 'late',
        owners: ownersOf(each),
      }),
    )
    const found = concentrationOf(dimension, owned)
    return found ? [found] : []
  }
  const dimensions = [...new Set(judged.flatMap(({ own }) => [...own.dimensions.keys()]))]
  const ends = (['from', 'to'] as const).filter((end) => (systemCounts.get(handoff[end]) ?? 0) > 1)
  return [
    ...ends.flatMap((end) => along(`${handoff[end]} system`, ({ outcome }) => [outcome[end]])),
    ...dimensions.flatMap((dimension) =>
      along(dimension, ({ own }) => [...(own.dimensions.get(dimension) ?? [])]),
    ),
  ]
}
