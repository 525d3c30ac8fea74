import { SEVERITIES, type Severity } from './model.ts'

/*
 * A group is what opened together and belongs together: by default the exceptions of one contract in one channel. A few
 * have a post each; past a threshold it is a storm, which has ONE post for all, and its members get none of their own
 * unless they are much worse than the rest.
 */

/** What exceptions of a group have in common, besides their channel. */
export const GROUP_BY = ['contract', 'handoff', 'system', 'severity'] as const
export type GroupBy = (typeof GROUP_BY)[number]

export type Grouping = {
  by: readonly GroupBy[]
  /** More than so many, opened within one interval and still open, are a storm. */
  after: number
  /** What opens so soon after another one of its group is held back for so long: it may be the beginning of a storm. */
  waitMs: number
  /** How often the summary of a storm is redrawn at most, as long as nobody acts on it. */
  intervalMs: number
  /** After so long a storm that goes on is posted once more. */
  repeatMs: number
}

/** `own`: has its own post. `held`: will have one, if no storm comes of it. `summed`: is in its group's summary alone. */
export const PLACES = ['own', 'held', 'summed'] as const
export type Place = (typeof PLACES)[number]

/** What one member adds to what is at stake. `promiseAt`: until then it can be saved. */
export type Stake = {
  severity: Severity
  valueMinor: number | null
  currency: string | null
  promiseAt: Date | null
}

/** The worst of a group so far. `values`: by currency, in minor units; `soonest`: the next promise, in epoch ms. */
export type Bar = { rank: number; values: Record<string, number>; soonest: number | null }

export const NO_BAR: Bar = { rank: -1, values: {}, soonest: null }

/** A member whose promise is due within this time can hardly wait for somebody to read a list. */
const URGENT_MS = 2 * 3_600_000
/** Worth so many times the most valuable one of the rest. */
const TIMES_THE_VALUE = 10

const stakeBar = ({ severity, valueMinor, currency, promiseAt }: Stake): Bar => ({
  rank: SEVERITIES.indexOf(severity),
  values: valueMinor === null || currency === null ? {} : { [currency]: valueMinor },
  soonest: promiseAt?.getTime() ?? null,
})

export const raised = (a: Bar, b: Bar): Bar => {
  const values = { ...a.values }
  for (const [currency, minor] of Object.entries(b.values)) {
    values[currency] = Math.max(minor, values[currency] ?? minor)
  }
  const times = [a.soonest, b.soonest].filter((at) => at !== null)
  return { rank: Math.max(a.rank, b.rank), values, soonest: times.length > 0 ? Math.min(...times) : null }
}

export const barOf = (stakes: readonly Stake[], before = NO_BAR): Bar =>
  stakes.reduce((bar, stake) => raised(bar, stakeBar(stake)), before)

/** Whether a member is so much worse than the rest that it must not be one line among hundreds. */
const isMuchWorse = (own: Bar, rest: Bar, now: Date): boolean => {
  if (rest.rank >= 0 && own.rank > rest.rank) return true
  const isRicher = Object.entries(own.values).some(([currency, minor]) => {
    const most = rest.values[currency]
    return most !== undefined && most > 0 && minor >= TIMES_THE_VALUE * most
  })
  const isUrgent = (at: number | null): boolean => at !== null && at <= now.getTime() + URGENT_MS
  const isFirstUrgent =
    own.soonest !== null &&
    own.soonest > now.getTime() &&
    isUrgent(own.soonest) &&
    !isUrgent(rest.soonest) &&
    rest.rank >= 0
  return isRicher || isFirstUrgent
}

/**
 * Of these, those that stand out from everything else in their group: graver than all others, worth ten times the most
 * valuable other one, or the only one whose promise is due within two hours. At most one for each of these reasons, so
 * that a storm cannot get past its summary by growing worse step by step.
 */
export const standingOut = <T extends Stake>(list: readonly T[], bar: Bar, now: Date): Set<T> => {
  const bars = list.map(stakeBar)
  // The bar of everything before a place, and of everything after it: together, of all the others.
  const before: Bar[] = [bar]
  for (const own of bars) before.push(raised(before.at(-1) ?? bar, own))
  let after = NO_BAR
  const out = new Set<T>()
  for (let place = list.length - 1; place >= 0; place--) {
    const [each, own] = [list[place], bars[place]]
    if (each === undefined || own === undefined) continue
    if (isMuchWorse(own, raised(before[place] ?? bar, after), now)) out.add(each)
    after = raised(after, own)
  }
  return out
}

const worstFirst = (a: Stake, b: Stake): number =>
  SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) ||
  (b.valueMinor ?? -1) - (a.valueMinor ?? -1) ||
  (a.promiseAt?.getTime() ?? Number.POSITIVE_INFINITY) - (b.promiseAt?.getTime() ?? Number.POSITIVE_INFINITY)

export type Opened = Stake & { id: string }
export type Recent = Opened & { place: Place; at: Date }

/**
 * Where what has just opened is shown, and what was held back until now where that changes. `storm`: the bar of the
 * storm that the group is in, or null; `recent`: its open members that came within the last interval.
 */
export const placeOpened = (
  { after, waitMs }: Pick<Grouping, 'after' | 'waitMs'>,
  storm: Bar | null,
  recent: readonly Recent[],
  opened: readonly Opened[],
  now: Date,
): { storm: Bar | null; places: { id: string; place: Place }[] } => {
  if (storm === null && recent.length + opened.length <= after) {
    const isQuiet = !recent.some(({ at }) => now.getTime() - at.getTime() < waitMs)
    const [first] = [...opened].sort(worstFirst)
    const placeOf = (each: Opened): Place => (waitMs === 0 || (isQuiet && each === first) ? 'own' : 'held')
    return { storm: null, places: opened.map((each) => ({ id: each.id, place: placeOf(each) })) }
  }
  const posted = storm === null ? recent.filter(({ place }) => place === 'own') : []
  const rest = barOf(posted, storm ?? NO_BAR)
  const together = [...(storm === null ? recent.filter(({ place }) => place === 'held') : []), ...opened]
  const alone = standingOut(together, rest, now)
  return {
    storm: barOf(together, rest),
    places: together.map((each) => ({ id: each.id, place: alone.has(each) ? 'own' : 'summed' })),
  }
}
