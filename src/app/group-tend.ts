import { raised } from '../domain/group.ts'
import { groupRef } from './card-ref.ts'
import { LOOK_MS } from './group.ts'
import type { GroupFigures, GroupRecord } from './group-records.ts'
import type { PostTx, Tx } from './ports.ts'
import type { ProcessDeps } from './process.ts'

/** Groups looked at in one run of the job; the rest has its turn two seconds later. */
const MOST_GROUPS = 500

type Wanted = Omit<Parameters<PostTx['wantPosts']>[0][number], 'surface'>

/**
 * Looks at the groups that are due, each in a transaction of its own: what was held back gets its post, a summary is
 * redrawn, repeated or ended. Any process may do it at any time: what is due is in the rows.
 */
export const tendGroups = async (deps: Pick<ProcessDeps, 'store' | 'setup' | 'clock'>): Promise<void> => {
  const { store, setup, clock } = deps
  const ids = await store.transaction((tx) => tx.dueGroups(clock(), MOST_GROUPS))
  for (const id of ids) {
    await store.transaction(async (tx) => {
      const now = clock()
      const group = await tx.lockGroup(id)
      if (!group) return
      const wanted = group.stormAt === null ? await tendCalm(tx, group, now) : await tendStorm(tx, group, now)
      if (wanted.length === 0) return
      const { postingSurfaces } = setup
      await tx.wantPosts(
        postingSurfaces.flatMap((surface) => wanted.map((card) => ({ ...card, surface }))),
        now,
      )
      for (const surface of postingSurfaces) {
        await tx.addJob('deliver', { surface }, { key: `deliver:${surface}` })
      }
    })
  }
}

const later = (at: Date, ms: number): Date => new Date(at.getTime() + ms)

/** Nothing came of it: what was held back is posted, and an interval after the last opening the group is forgotten. */
const tendCalm = async (tx: Tx, group: GroupRecord, now: Date): Promise<Wanted[]> => {
  const { id, rule } = group
  const released = await tx.releaseHeld(id, later(now, -rule.waitMs))
  const { lastAt, heldSince } = await tx.groupTimes(id)
  const endsAt = later(lastAt ?? now, rule.intervalMs)
  if (heldSince === null && (lastAt === null || endsAt <= now)) await tx.removeGroup(id)
  else await tx.saveGroup(group, heldSince ? later(heldSince, rule.waitMs) : endsAt)
  return released.map(({ id: card, channel, revision }) => ({ card, channel, revision, show: 'in_place' }))
}

/** What the summary would say that it did not say when it was redrawn last. */
const wordOf = ({ decidedAt: _, ...figures }: GroupFigures): string => JSON.stringify(figures)

const tendStorm = async (tx: Tx, group: GroupRecord, now: Date): Promise<Wanted[]> => {
  const { id, channel, rule, refreshedAt, postedAt, showing, stormAt } = group
  const figures = await tx.figuresOf(id, now)
  const word = wordOf(figures)
  const redrawn: GroupRecord = {
    ...group,
    bar: raised(group.bar, {
      rank: figures.worstRank,
      values: figures.most,
      soonest: figures.soonestPromise?.getTime() ?? null,
    }),
    revision: group.revision + 1,
    refreshedAt: now,
    shown: word,
  }
  const card = (of: GroupRecord): Wanted => ({
    card: groupRef(id, of.showing),
    channel,
    revision: of.revision,
    show: 'in_place',
  })
  if (figures.open === 0) {
    await tx.saveGroup(redrawn, now)
    await tx.closeGroup(id, figures, now)
    return [card(redrawn)]
  }
  if (now.getTime() - postedAt.getTime() >= rule.repeatMs) {
    // The message so far is redrawn once more: it says that a newer one goes on.
    const again = { ...redrawn, showing: showing + 1, postedAt: now }
    await tx.saveGroup(again, later(now, LOOK_MS))
    return [card(redrawn), { ...card(again), urgency: 'severe' }]
  }
  // The first look comes when a wait is over: by then most of a storm is there.
  const isFirst = stormAt !== null && refreshedAt.getTime() === stormAt.getTime()
  const restMs = isFirst ? rule.waitMs : rule.intervalMs
  const isDue = now.getTime() - refreshedAt.getTime() >= restMs
  const isActedOn = figures.decidedAt !== null && figures.decidedAt > refreshedAt
  if (word === group.shown || !(isDue || isActedOn)) {
    await tx.saveGroup(group, later(now, LOOK_MS))
    return []
  }
  await tx.saveGroup(redrawn, later(now, LOOK_MS))
  return [card(redrawn)]
}
