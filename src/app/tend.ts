import { reasonOf } from '../domain/route.ts'
import { handoverRef } from './card-ref.ts'
import { type Draft, draftOf, saveDrafts } from './draft.ts'
import { eachOf } from './each.ts'
import { raiseStorms } from './group-raise.ts'
import { claimEnd, handoverTime } from './lease.ts'
import { wokenAt } from './open.ts'
import { wantPosts } from './pipeline.ts'
import type { DueException, Tx } from './ports.ts'
import { type ProcessDeps, playNow } from './process.ts'
import type { ExceptionRecord } from './records.ts'
import { lasting } from './words.ts'

/** Exceptions changed in one transaction: few enough to hold their locks briefly. */
const AT_ONCE = 100
/** Raised for one rule in one look: a storm must not pour into the other channel at once. */
const RAISED_AT_ONCE = 20
/** A handover whose claims take several transactions is posted when the last of them is expected to be through. */
const GATHER_MS = 5_000
/** Posts of older handovers are left as they are. */
const HANDOVER_MS = 3 * 86_400_000

type Alter = (exception: ExceptionRecord, now: Date) => Partial<ExceptionRecord> | null

/**
 * Changes these exceptions, each under its subject's lock, where `alter` still finds a reason to. `also` runs in the
 * same transaction, for those that were changed, with how they were before: either all of it happens, or nothing.
 */
const alterAll = (
  deps: ProcessDeps,
  due: DueException[],
  alter: (tx: Tx) => Promise<Alter>,
  also: (tx: Tx, before: ExceptionRecord[]) => Promise<void> = async () => {},
): Promise<void> =>
  deps.store.transaction(async (tx) => {
    const play = await playNow(tx, deps)
    const change = await alter(tx)
    const wanted = new Set(due.map(({ id }) => id))
    const subjects = [...new Set(due.map(({ subjectId }) => subjectId))]
    const drafts = (await tx.lockSubjects(subjects)).map(draftOf)
    // Read after the locks are held: who waited for one must not judge by an older time.
    const now = deps.clock()
    const changed = drafts.flatMap((draft) => alterDraft(draft, wanted, change, now))
    if (changed.length === 0) return
    await saveDrafts(tx, 'live', drafts)
    await also(tx, changed)
    await wantPosts(tx, play, drafts, now)
  })

const alterDraft = (draft: Draft, wanted: Set<string>, change: Alter, now: Date): ExceptionRecord[] =>
  [...draft.exceptions.values()].flatMap((exception) => {
    if (exception.id === null || !wanted.has(exception.id) || exception.state !== 'open') return []
    const after = change(exception, now)
    if (!after) return []
    const { version, revision } = exception
    const { contract } = exception
    draft.exceptions.set(contract, {
      ...exception,
      version: version + 1,
      revision: revision + 1,
      ...after,
    })
    draft.touched.exceptions.add(contract)
    return [exception]
  })

/** What was set aside until now comes back, as a new post. */
const wakeSnoozed = async (deps: ProcessDeps): Promise<void> => {
  for (;;) {
    const due = await deps.store.transaction((tx) => tx.dueSnoozes(deps.clock(), AT_ONCE))
    if (due.length === 0) return
    await alterAll(deps, due, async () => (exception, now) => {
      const { snoozedUntil } = exception
      if (snoozedUntil === null || snoozedUntil > now) return null
      return wokenAt(exception, now, 'Back: it was snoozed until now.')
    })
    if (due.length < AT_ONCE) return
  }
}

const hasEnded = (
  { setup }: ProcessDeps,
  { channel, claimedAt }: { channel: string | null; claimedAt: Date },
  now: Date,
) => claimEnd(setup, channel, claimedAt) <= now

/** Claims end with their shift, except those whose action is running; each shift of a channel is handed over once. */
const endClaims = async (deps: ProcessDeps): Promise<void> => {
  const { store, setup, clock } = deps
  // The same for all pages, so that they come to one handover.
  const seenAt = clock()
  for (let after = '0'; ; ) {
    const page = await store.transaction((tx) => tx.claims(after, AT_ONCE))
    const last = page.at(-1)
    if (!last) return
    after = last.id
    const due = page.filter((claim) => hasEnded(deps, claim, clock()))
    if (due.length === 0) continue
    const freed = async (tx: Tx): Promise<Alter> => {
      const names = await tx.personNames(due.map(({ claimedBy }) => claimedBy))
      return ({ claimedBy, claimedAt, channel, run }, now) => {
        if (claimedBy === null || claimedAt === null || run !== null) return null
        if (!hasEnded(deps, { channel, claimedAt }, now)) return null
        const who = names.get(claimedBy) ?? 'someone'
        const status = `The shift of ${who} is over: anyone may take it.`
        return { claimedBy: null, claimedAt: null, assignedBy: null, freeSince: now, status }
      }
    }
    const postAt = new Date(seenAt.getTime() + (page.length < AT_ONCE ? 0 : GATHER_MS))
    await alterAll(deps, due, freed, (tx, before) => handOver(tx, setup, before, { seenAt, postAt }))
  }
}

const handOver = async (
  tx: Tx,
  setup: ProcessDeps['setup'],
  before: ExceptionRecord[],
  { seenAt, postAt }: { seenAt: Date; postAt: Date },
): Promise<void> => {
  const shifts = new Map<string, { channel: string; endedAt: Date; items: Parameters<Tx['handOver']>[2] }>()
  for (const { id, claimedBy, claimedAt, channel: own } of before) {
    if (id === null || claimedBy === null || claimedAt === null) continue
    const channel = own ?? setup.routing.defaultChannel
    const endedAt = handoverTime(setup, own, claimedAt, seenAt)
    const key = `${endedAt.getTime()} ${channel}`
    const shift = shifts.get(key) ?? { channel, endedAt, items: [] }
    shifts.set(key, shift)
    shift.items.push({ exceptionId: id, claimedBy, claimedAt })
  }
  // Always in the same order: two processes at once wait for one another and never for each other.
  for (const key of [...shifts.keys()].sort()) {
    const shift = shifts.get(key)
    if (!shift) continue
    const id = await tx.handOver(shift.channel, shift.endedAt, shift.items)
    await wantHandovers(tx, setup, [{ id, channel: shift.channel, revision: 1 }], 'in_place', postAt)
  }
}

const wantHandovers = async (
  tx: Tx,
  { postingSurfaces }: ProcessDeps['setup'],
  handovers: { id: string; channel: string; revision: number }[],
  show: 'in_place' | 'where_shown',
  now: Date,
): Promise<void> => {
  if (handovers.length === 0 || postingSurfaces.length === 0) return
  const wanted = handovers.flatMap(({ id, channel, revision }) =>
    postingSurfaces.map((surface) => ({ card: handoverRef(id), surface, channel, revision, show })),
  )
  await tx.wantPosts(wanted, now)
  for (const surface of postingSurfaces)
    await tx.addJob('deliver', { surface }, { key: `deliver:${surface}` })
}

/** Handovers go on saying what is still open and who has it. */
export const showHandovers = ({ store, setup, clock }: ProcessDeps): Promise<void> =>
  store.transaction(async (tx) => {
    const now = clock()
    const behind = await tx.handoversBehind(new Date(now.getTime() - HANDOVER_MS))
    await wantHandovers(tx, setup, behind, 'where_shown', now)
  })

/** What nobody has taken for as long as its channel rule allows is raised, once; a storm before that, as one (group-raise.ts). */
const raiseUntaken = async (deps: ProcessDeps): Promise<void> => {
  const { setup, store, clock } = deps
  await eachOf(setup.routing.rules, async (rule) => {
    const { to, afterMs } = rule.escalate ?? {}
    if (to === undefined || afterMs === null || afterMs === undefined) return
    const isDue = (since: Date, now: Date): boolean => now.getTime() - since.getTime() >= afterMs
    const before = new Date(clock().getTime() - afterMs)
    const due = await store.transaction((tx) => tx.untaken(reasonOf(rule), before, RAISED_AT_ONCE))
    if (due.length === 0) return
    await alterAll(deps, due, async () => (exception, now) => {
      const { claimedBy, snoozedUntil, escalatedAt, rootId, freeSince, openedAt } = exception
      if (claimedBy !== null || snoozedUntil !== null || escalatedAt !== null || rootId !== null) return null
      if (!isDue(freeSince ?? openedAt, now)) return null
      const status = `Nobody took it within ${lasting(afterMs)}: escalated to #${to}.`
      return { escalatedAt: now, escalatedTo: to, status }
    })
  })
}

/**
 * What time alone changes: snoozes end, claims end with their shift, what nobody took is raised, and handovers show how
 * it stands. Safe to run at any time and on any replica: everything is asked again under the subjects' locks.
 */
export const tend = async (deps: ProcessDeps): Promise<void> => {
  // One step that fails keeps none of the others waiting.
  await eachOf([wakeSnoozed, endClaims, raiseStorms, raiseUntaken, showHandovers], (step) => step(deps))
}
