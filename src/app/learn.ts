import type { Contract, Follow, Grace, Selector, Verdict } from '../domain/contract/contract.ts'
import {
  type Incident,
  judge,
  type Learned,
  learnedFrom,
  outside,
  type Sample,
  WINDOW_DAYS,
  withoutPeaks,
} from '../domain/learn.ts'
import type { ObjectState } from '../domain/model.ts'
import type { Draft } from './draft.ts'
import { baselineFor } from './graces.ts'
import type { Clock, Store, Tx } from './ports.ts'
import type { BaselineRecord, LagRecord } from './records.ts'
import type { Play, Setup } from './world.ts'

/** Whether some object of the role and type has ever been in one of the states. */
const hasBeen = (objects: readonly ObjectState[], { role, type, states }: Selector): boolean =>
  objects.some(
    (o) => o.role === role && o.type === type && (states?.some((state) => state in o.enteredAt) ?? true),
  )

/** Somebody has taken the exception in hand, or closed it: how long that took is no measure of the handoff. */
const isInHand = (draft: Draft, { id }: Contract): boolean => {
  const exception = draft.exceptions.get(id)
  if (!exception || exception.state === 'healed') return false
  if (exception.state !== 'open') return true
  const byPerson = [...draft.objects].some(
    ([name, { changedBy }]) => draft.moved.has(name) && changedBy.kind === 'person',
  )
  return byPerson || exception.run !== null || exception.claimedBy !== null || exception.decidedBy !== null
}

/**
 * Keeps how long a handoff took, when it is kept for the first time by what was said in this very step. The subject as
 * it was before tells: a redelivery, a later fact or a second go at it find both sides of it there already. Lags are
 * kept of every follow contract, so that a grace can be `learned` from the first night on.
 */
export const noteLag = (draft: Draft, contract: Contract, verdict: Verdict, play: Play, now: Date): void => {
  const { rule, id } = contract
  if (verdict.is !== 'kept' || !verdict.lag || rule.form !== 'follow' || draft.moved.size === 0) return
  const { from, to, value, since, reachedAt } = verdict.lag
  if (to === null || !play.learnsFrom?.(verdict.lag, now)) return
  if (hasHappened(rule, draft.record.objects) || isInHand(draft, contract)) return
  const ms = Math.max(0, reachedAt.getTime() - since.getTime())
  draft.touched.lags.push({ contract: id, from, to, value: value ?? '', reachedAt, ms })
}

const hasHappened = ({ when, then }: Follow, before: readonly ObjectState[]): boolean =>
  hasBeen(before, when) && hasBeen(before, then)

const DAY_MS = 86_400_000

type Learning = { id: string; grace: Extract<Grace, { kind: 'learned' }> }

/** One handoff to learn of: a pair of systems, as a whole or for one value. */
type Scope = Pick<LagRecord, 'from' | 'to' | 'value'>
type Group = { scope: Scope; samples: Sample[] }

/** The lags of the last weeks: of each pair of systems, and of each value in it. Pairs come first. */
const groupsOf = async (store: Store, { id, grace }: Learning, now: Date): Promise<Group[]> => {
  const groups = new Map<string, Group>()
  const add = (scope: Scope, sample: Sample): void => {
    const name = JSON.stringify([scope.from, scope.to, scope.value])
    const group = groups.get(name) ?? { scope, samples: [] }
    group.samples.push(sample)
    groups.set(name, group)
  }
  const daysAgo = (days: number): Date => new Date(now.getTime() - days * DAY_MS)
  for (let day = WINDOW_DAYS; day > 0; day--) {
    const lags = await store.transaction((tx) => tx.lagsOf(id, daysAgo(day), daysAgo(day - 1)))
    for (const { from, to, value, reachedAt, ms } of lags) {
      const sample = { atMs: reachedAt.getTime(), ms }
      add({ from, to, value: '' }, sample)
      if (value !== '' && grace.by !== null) add({ from, to, value }, sample)
    }
  }
  return [...groups.values()].sort((a, b) => Number(a.scope.value !== '') - Number(b.scope.value !== ''))
}

type FeedIncident = Awaited<ReturnType<Tx['feedIncidents']>>[number]

const learnedOf = ({ scope, samples }: Group, incidents: FeedIncident[], now: Date): Learned | null => {
  const own = incidents
    .filter(({ system }) => system === scope.from || system === scope.to)
    .map(({ from, to }): Incident => ({ fromMs: from.getTime(), toMs: (to ?? now).getTime() }))
  return learnedFrom(withoutPeaks(outside(samples, own)))
}

const isOf =
  (scope: Scope) =>
  (each: BaselineRecord): boolean =>
    each.from === scope.from && each.to === scope.to && each.value === scope.value

/** What is learned of one contract, against what is in force now. Answers what is proposed anew. */
const relearn = async (
  tx: Tx,
  { id, grace }: Learning,
  groups: Group[],
  now: Date,
): Promise<BaselineRecord[]> => {
  const incidents = await tx.feedIncidents(new Date(now.getTime() - WINDOW_DAYS * DAY_MS))
  const held = await tx.lockBaselines(id)
  const proposed: BaselineRecord[] = []
  for (const group of groups) {
    const learned = learnedOf(group, incidents, now)
    if (!learned) continue
    const { scope } = group
    const own = held.filter(isOf(scope))
    const present = Math.max(
      baselineFor(held, { contract: id, ...scope })?.quantileMs ?? grace.otherwiseMs,
      grace.floorMs,
    )
    const wanted = Math.max(learned.quantileMs, grace.floorMs)
    const refused = own.find(({ state }) => state === 'refused')
    const isFirst = wanted <= present && !own.some(({ state }) => state === 'in_force')
    const judged = isFirst ? 'in_force' : judge(wanted, present, refused?.quantileMs ?? null)
    const fresh = { contract: id, ...scope, ...learned, learnedAt: now, agreedBy: null }
    // A refusal stands as long as there is something to refuse.
    const isOver = judged === 'in_force' || judge(wanted, present, null) === 'nothing'
    const past = own.filter(
      ({ state }) => (state === 'proposed' && judged !== 'proposed') || (state === 'refused' && isOver),
    )
    await tx.removeBaselines(past)
    if (judged === 'nothing') continue
    const row: BaselineRecord = { ...fresh, state: judged }
    await tx.saveBaselines([row])
    if (judged === 'proposed') {
      if (!own.some(({ state }) => state === 'proposed')) proposed.push(row)
      continue
    }
    held.push(row)
    const before = own.find(({ state }) => state === 'in_force')
    if (before) held.splice(held.indexOf(before), 1)
  }
  return proposed
}

/**
 * The nightly lesson: how long each handoff with a learned grace has taken in the last weeks. What is shorter comes into
 * force, what is longer waits for an admin. Answers what is proposed for the first time.
 */
export const learnGraces = async (
  { store, setup }: { store: Store; setup: Setup },
  clock: Clock,
): Promise<BaselineRecord[]> => {
  const proposed: BaselineRecord[] = []
  for (const contract of setup.contracts) {
    const { grace } = contract
    if (grace.kind !== 'learned') continue
    const now = clock()
    const learning = { id: contract.id, grace }
    const groups = await groupsOf(store, learning, now)
    const fresh = await store.transaction((tx) => relearn(tx, learning, groups, now))
    proposed.push(...fresh)
  }
  return proposed
}
