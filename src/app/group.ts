import { type Grouping, type Opened, type Place, placeOpened, standingOut } from '../domain/group.ts'
import { handoffName } from '../domain/model.ts'
import { ruleFor } from '../domain/route.ts'
import { groupRef } from './card-ref.ts'
import { type Draft, viewOf } from './draft.ts'
import type { GroupName, GroupRecord, GroupRule } from './group-records.ts'
import type { PostTx, Tx } from './ports.ts'
import type { ExceptionRecord } from './records.ts'
import type { Play } from './world.ts'

/*
 * Which exceptions have a post of their own is decided in the transaction that opens them, under the row of their group:
 * so any number of processes count as one. That row is asked for last, and only until it is a storm: from then on those
 * who join it share a lock, do not wait for one another, and leave the counting to the job that redraws the summary.
 */

/** A storm is looked at so often, whether somebody acted on it or it is over; it is redrawn more seldom. In ms. */
export const LOOK_MS = 20_000

type Held = {
  draft: Draft
  exception: ExceptionRecord & { id: string; channel: string }
  /** It was open before: below the threshold it comes back at once, where it was or as news. */
  isAgain: boolean
}
type Named = GroupName & { rule: GroupRule; opened: Opened[] }
type Wanted = Parameters<PostTx['wantPosts']>[0][number]

export type Arranged = {
  /** Exceptions that have no post of their own: what has one is redrawn, nothing else is posted. */
  apart: Set<string>
  /** Summaries that are to be posted. */
  summaries: Omit<Wanted, 'surface'>[]
}

const isGrouping = ({ routing, postingSurfaces }: Play): boolean =>
  routing !== null &&
  postingSurfaces.length > 0 &&
  Boolean(routing.group || routing.rules.some(({ group }) => group))

const groupingOf = ({ routing }: Play, { routeReason }: ExceptionRecord): Grouping | null =>
  ruleFor(routing?.rules ?? [], routeReason)?.group ?? routing?.group ?? null

const nameOf = (
  { by }: Grouping,
  { draft, exception }: Held,
  play: Play,
): Pick<GroupName, 'parts' | 'key'> => {
  const contract = play.contracts.find(({ id }) => id === exception.contract)
  const handoff = contract ? handoffName(contract.handoff) : exception.contract
  const roles = contract ? [contract.handoff.from, contract.handoff.to] : []
  const systems = viewOf(draft).objects.flatMap(({ role, system }) => (roles.includes(role) ? [system] : []))
  const all = {
    contract: exception.contract,
    handoff,
    system: [...new Set(systems)].sort().join(' '),
    severity: exception.severity,
  }
  const parts = Object.fromEntries([...new Set(by)].sort().map((part) => [part, all[part]]))
  return { parts, key: JSON.stringify(parts) }
}

/** What has just opened, by the group that it belongs to; what is not grouped is left out. */
const grouped = (opened: Held[], play: Play): Named[] => {
  const groups = new Map<string, Named>()
  for (const held of opened) {
    const grouping = groupingOf(play, held.exception)
    if (grouping === null) continue
    const { by: _, ...rule } = grouping
    const { channel } = held.exception
    const name = nameOf(grouping, held, play)
    const at = `${channel} ${name.key}`
    const group = groups.get(at) ?? { channel, ...name, rule, opened: [] }
    groups.set(at, group)
    group.opened.push(held.exception)
  }
  return [...groups.values()]
}

/**
 * Decides which of the exceptions that a transaction changed have a post of their own. `opened`: those that have just
 * opened, or are on their own again; `changed`: the others. Both are stored, under the locks of their subjects.
 */
export const arrangePosts = async (
  tx: Tx,
  play: Play,
  { opened, changed }: { opened: Held[]; changed: string[] },
  now: Date,
): Promise<Arranged> => {
  if (!isGrouping(play)) return { apart: new Set(), summaries: [] }
  const groups = grouped(opened, play)
  const known = await tx.openGroups(groups)
  const recordOf = (group: GroupName, records: readonly GroupRecord[]) =>
    records.find(({ channel, key }) => channel === group.channel && key === group.key)
  const calm = groups.filter((group) => {
    const record = recordOf(group, known)
    return record?.stormAt && standingOut(group.opened, record.bar, now).size === 0
  })
  // All that need the whole row first, in one order, and then those that only join: no two transactions cross.
  const locked = await tx.lockGroups(
    groups.filter((group) => !calm.includes(group)),
    now,
  )
  const joined = new Set(await tx.joinStorms(calm.map((group) => recordOf(group, known)?.id ?? '')))
  // A storm that has closed in the meantime is over: what opens now begins anew.
  const late = calm.filter((group) => !joined.has(recordOf(group, known)?.id ?? ''))
  const all = [...locked, ...(await tx.lockGroups(late, now))]
  const joining = calm.filter((group) => !late.includes(group))
  await tx.placeMembers(
    joining.flatMap(({ opened, ...name }) =>
      opened.map(({ id }) => ({ group: recordOf(name, known)?.id ?? '', id, place: 'summed' as const })),
    ),
    now,
  )
  const decided = groups.flatMap((group) => {
    const record = joining.includes(group) ? undefined : recordOf(group, all)
    return record ? [{ group, record }] : []
  })
  const again = new Set(opened.flatMap(({ exception, isAgain }) => (isAgain ? [exception.id] : [])))
  const summaries = await placeAll(tx, decided, again, now)
  const ids = [...opened.map(({ exception }) => exception.id), ...changed]
  return { apart: new Set(ids.length > 0 ? await tx.withoutPost(ids) : []), summaries }
}

/** Under the rows of the groups: counts what is there, decides, and says what is to be posted for all of a group. */
const placeAll = async (
  tx: Tx,
  list: { group: Named; record: GroupRecord }[],
  again: ReadonlySet<string>,
  now: Date,
): Promise<Arranged['summaries']> => {
  if (list.length === 0) return []
  const since = list.flatMap(({ group, record }) =>
    record.stormAt ? [] : [{ group: record.id, at: new Date(now.getTime() - group.rule.intervalMs) }],
  )
  const recent = since.length > 0 ? await tx.recentMembers(since) : []
  const members: { group: string; id: string; place: Place }[] = []
  const summaries: Arranged['summaries'] = []
  for (const { group, record } of list) {
    const fresh = new Set(group.opened.map(({ id }) => id))
    const own = recent.filter((member) => member.group === record.id && !fresh.has(member.id))
    const placed = placeOpened(group.rule, stormBar(record), own, group.opened, now)
    const { storm } = placed
    const places = placed.places.map(({ id, place }) => ({
      id,
      place: place === 'held' && again.has(id) ? ('own' as const) : place,
    }))
    members.push(...places.map((place) => ({ group: record.id, ...place })))
    if (storm === null) {
      const isHeld = places.some(({ place }) => place === 'held') || own.some(({ place }) => place === 'held')
      await tx.saveGroup(
        { ...record, rule: group.rule },
        soon(now, isHeld ? group.rule.waitMs : group.rule.intervalMs),
      )
      continue
    }
    const begins = record.stormAt === null
    const after = begins
      ? {
          ...record,
          rule: group.rule,
          stormAt: now,
          bar: storm,
          revision: 1,
          refreshedAt: now,
          postedAt: now,
        }
      : { ...record, bar: storm }
    await tx.saveGroup(after, soon(now, Math.min(LOOK_MS, group.rule.waitMs || LOOK_MS)))
    const { id, channel, showing } = record
    if (begins) {
      summaries.push({ card: groupRef(id, showing), channel, revision: after.revision, show: 'in_place' })
    }
  }
  await tx.placeMembers(members, now)
  return summaries
}

const stormBar = ({ stormAt, bar }: GroupRecord) => (stormAt === null ? null : bar)

const soon = (now: Date, ms: number): Date => new Date(now.getTime() + ms)
