import { raised } from '../domain/group.ts'
import { groupRef, listRef, raisedGroupRef } from './card-ref.ts'
import { eachOf } from './each.ts'
import { LOOK_MS } from './group.ts'
import { LINES_A_LIST, MOST_LISTS } from './group-list-card.ts'
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
  // One that fails keeps no other one waiting.
  await eachOf(ids, (id) =>
    store.transaction(async (tx) => {
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
    }),
  )
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

/** The list cards under a storm's present summary, at this revision. They are the last to be drawn. */
const listsOf = ({ id, channel, showing, revision, listed }: GroupRecord): Wanted[] =>
  Array.from({ length: Math.ceil(listed.length / LINES_A_LIST) }, (_, page) => ({
    card: listRef(id, showing, page + 1),
    under: groupRef(id, showing),
    channel,
    revision,
    show: 'in_place',
    urgency: 'progress',
  }))

/**
 * What a storm's members are is listed under its summary once for each posting of that: when as many were there at the
 * look before, or after an interval in which they went on coming. Which those are is kept, so that each list shows its
 * own part whenever it is drawn.
 */
const listed = async (
  tx: Tx,
  group: GroupRecord,
  { total }: GroupFigures,
  now: Date,
): Promise<GroupRecord> => {
  const { id, seen, rule, postedAt, listed: before } = group
  const hasCalmed = total === seen || now.getTime() - postedAt.getTime() >= rule.intervalMs
  if (before.length > 0 || !hasCalmed) return { ...group, seen: total }
  return { ...group, seen: total, listed: await tx.worstMembers(id, LINES_A_LIST * MOST_LISTS) }
}

const tendStorm = async (tx: Tx, stored: GroupRecord, now: Date): Promise<Wanted[]> => {
  const { id, channel, rule, refreshedAt, postedAt, showing, stormAt } = stored
  const figures = await tx.figuresOf(id, now)
  const word = wordOf(figures)
  const group = figures.open === 0 ? stored : await listed(tx, stored, figures, now)
  const lists = group.listed === stored.listed ? [] : listsOf(group)
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
  // Where it was raised it goes on saying how it stands.
  const raisedCard: Wanted[] =
    group.escalatedTo === null
      ? []
      : [
          {
            card: raisedGroupRef(id),
            channel: group.escalatedTo,
            revision: redrawn.revision,
            show: 'where_shown',
          },
        ]
  if (figures.open === 0) {
    await tx.saveGroup(redrawn, now)
    await tx.closeGroup(id, figures, now)
    return [
      card(redrawn),
      ...raisedCard,
      ...listsOf(redrawn).map((list) => ({ ...list, show: 'where_shown' as const })),
    ]
  }
  if (now.getTime() - postedAt.getTime() >= rule.repeatMs) {
    // The message so far is redrawn once more: it says that a newer one goes on.
    const again = { ...redrawn, showing: showing + 1, postedAt: now, listed: [] }
    await tx.saveGroup(again, later(now, LOOK_MS))
    return [card(redrawn), ...raisedCard, { ...card(again), urgency: 'severe' }]
  }
  // The first look comes when a wait is over: by then most of a storm is there.
  const isFirst = stormAt !== null && refreshedAt.getTime() === stormAt.getTime()
  const restMs = isFirst ? rule.waitMs : rule.intervalMs
  const isDue = now.getTime() - refreshedAt.getTime() >= restMs
  const isActedOn = figures.decidedAt !== null && figures.decidedAt > refreshedAt
  if (word === group.shown || !(isDue || isActedOn)) {
    await tx.saveGroup(group, later(now, LOOK_MS))
    return lists
  }
  await tx.saveGroup(redrawn, later(now, LOOK_MS))
  return [card(redrawn), ...raisedCard, ...lists]
}
