import type { Bar, GroupBy, Grouping, Place, Recent, Stake } from '../domain/group.ts'
import type { Key, Severity } from '../domain/model.ts'
import type { Mention } from './card.ts'

/*
 * Groups of exceptions as they are stored, and what the summary of a storm shows.
 */

/** What a group is named by. `key` is the text of `parts`, the same for the same parts. */
export type GroupName = { channel: string; key: string; parts: Partial<Record<GroupBy, string>> }

export type GroupRule = Omit<Grouping, 'by'>

/** An open group. One that is no storm has no post; it is forgotten when an interval has passed without an opening. */
export type GroupRecord = GroupName & {
  id: string
  rule: GroupRule
  openedAt: Date
  /** Since when it is a storm; null while every member has its own post. */
  stormAt: Date | null
  /** The worst of a storm, as far as it was looked at. */
  bar: Bar
  /** Counts how often the summary was redrawn. */
  revision: number
  /** Counts how often it was posted: each time it is a message of its own. */
  showing: number
  /** When it was redrawn last, and when it was posted last. */
  refreshedAt: Date
  postedAt: Date
  /** What the summary said when it was redrawn last: the same again is no reason to redraw it. */
  shown: string
  /** How many members there ever were at the last look: as many again, and the storm has calmed. */
  seen: number
  /** What the list cards under the present posting name, worst first; empty while there are none. */
  listed: string[]
  /** When it was said elsewhere that nobody takes its members, and where; null while it was not. */
  escalatedAt: Date | null
  escalatedTo: string | null
}

/** What there is to say of a storm at one moment. */
export type GroupFigures = {
  open: number
  /** Ever, and of these with a post of their own. */
  total: number
  own: number
  /** How those ended that are over. */
  ended: { state: string; count: number }[]
  /** Of what is open. */
  values: Record<string, number>
  most: Record<string, number>
  worstRank: number
  soonestPromise: Date | null
  claimed: number
  /** When a person last decided something about one of them. */
  decidedAt: Date | null
  /** What is open, by contract, most first. */
  contracts: { contract: string; count: number }[]
}

export type GroupLine = Stake & {
  id: string
  contract: string
  /** `open`; `folded`: on the card of what explains it; or how it ended. */
  state: string
  keys: Key[]
  severity: Severity
  since: Date
  claimedBy: string | null
}

/** A storm as its card shows it; `title`: the contract's, or the handoff's where it has several. */
export type GroupDetail = {
  id: string
  channel: string
  parts: GroupName['parts']
  title: string
  openedAt: Date
  closedAt: Date | null
  revision: number
  /** Of how many postings this is the latest. */
  showing: number
  figures: GroupFigures
  worst: NamedLine[]
  /** Of one list card: the members that it names, as they stand now. */
  lines: NamedLine[]
  /** How many members the list cards name together. */
  listed: number
  /** Where nobody's taking them was said, and what the members' rules say about that. */
  escalatedTo: string | null
  /** The people of the members' rules: on the summary, and where it was escalated to. Once it is over, nobody. */
  tell: { own: Mention[]; raised: Mention[] }
}

export type NamedLine = Omit<GroupLine, 'keys'> & { name: string }

/** Deciding where exceptions are shown. Every lock of a group comes after the subjects' and before the posts'. */
export type GroupTx = {
  /** Open groups of these names, as they stand: nothing is locked. */
  openGroups(names: readonly GroupName[]): Promise<GroupRecord[]>
  /** Keeps these storms from being closed until this transaction ends, and hinders nobody else who joins. Answers those still open. */
  joinStorms(ids: readonly string[]): Promise<string[]>
  /** Locks the open groups of these names, and makes those that there are none of. */
  lockGroups(groups: readonly (GroupName & { rule: GroupRule })[], at: Date): Promise<GroupRecord[]>
  /** Open members of these groups that came after the time given for each. */
  recentMembers(since: readonly { group: string; at: Date }[]): Promise<(Recent & { group: string })[]>
  /** An exception belongs to the group that it opened in last. */
  placeMembers(list: readonly { group: string; id: string; place: Place }[], at: Date): Promise<void>
  saveGroup(group: GroupRecord, nextLookAt: Date): Promise<void>
  /** Which of these have no post of their own; that stays so until this transaction ends. */
  withoutPost(exceptions: readonly string[]): Promise<string[]>
  /** Groups that are to be looked at, earliest first. */
  dueGroups(now: Date, limit: number): Promise<string[]>
  /** Locks an open group; null where it is closed, or somebody else is at it. */
  lockGroup(id: string): Promise<GroupRecord | null>
  figuresOf(id: string, now: Date): Promise<GroupFigures>
  /** Gives what was held back since before then a place of its own; answers what of it is still to be shown. */
  releaseHeld(id: string, before: Date): Promise<{ id: string; channel: string; revision: number }[]>
  /** When the last member came, and the first of those that are still held back. */
  groupTimes(id: string): Promise<{ lastAt: Date | null; heldSince: Date | null }>
  /** Ends a storm with what is to be said about it from then on. */
  closeGroup(id: string, figures: GroupFigures, at: Date): Promise<void>
  /** Forgets a group that never was a storm. */
  removeGroup(id: string): Promise<void>
  /** Open members of a storm, worst first. */
  worstMembers(id: string, limit: number): Promise<string[]>
  /**
   * Open storms that nobody was told of yet, with members that have no post of their own, were routed for this reason,
   * and have waited for somebody since `before`. `only`: whether this one is among them.
   */
  untakenStorms(routeReason: string, before: Date, only?: string): Promise<string[]>
}
