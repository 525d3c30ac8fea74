import type { Assumptions } from './assumptions.ts'
import { sessionsOf } from './sessions.ts'
import { bearsMinutes, beginMs, byPerson, statedMinutes, type Touch } from './touch.ts'

/** Hands-on time of one touch on one of its exceptions (null: about none), in ms. */
export type Piece = { touch: Touch; exception: string | null; measuredMs: number; assumedMs: number }

/** A stretch of wall time in which a person had something in hand. */
type Stretch = { touch: Touch; unit: string; startMs: number; endMs: number; seen: boolean }

const MINUTE_MS = 60_000

const exceptionsOf = (touch: Touch): string[] => [...new Set(touch.exceptions)].sort()

/** What wall time is split over: one exception, or all exceptions of a bulk press together. */
const unitOf = (touch: Touch): string =>
  JSON.stringify(touch.exceptions.length > 0 ? exceptionsOf(touch) : (touch.gap ?? touch.kind))

/** The least value above `ms`; `sorted` ascending. */
const firstAfter = (sorted: readonly number[], ms: number): number | undefined => {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? Number.POSITIVE_INFINITY) > ms) high = middle
    else low = middle + 1
  }
  return sorted[low]
}

/**
 * When the touches of one session were in hand. A form is in hand while it is open (seen), an off-chat fix for the
 * assumed minutes before it. After a touch, what it was about stays in hand until the next sign of the person, at
 * least for the tail; opening the next form shows that it was put down. A touch whose form was seen needs no tail:
 * its time is known.
 */
const stretchesOf = (session: readonly Touch[], assumptions: Assumptions): Stretch[] => {
  const begin = (touch: Touch) => beginMs(touch, assumptions.formLimitMinutes)
  const begins = session.map(begin).sort((a, b) => a - b)
  const openings = session
    .filter((touch) => begin(touch) < touch.at.getTime())
    .map(begin)
    .sort((a, b) => a - b)
  return session.flatMap((touch) => {
    const at = touch.at.getTime()
    const seen = begin(touch) < at
    const timed = seen || touch.kind === 'off_chat'
    const unit = unitOf(touch)
    const stretches: Stretch[] = []
    if (timed) {
      const startMs = seen ? begin(touch) : at - assumptions.offChatMinutes * MINUTE_MS
      stretches.push({ touch, unit, startMs, endMs: at, seen })
    }
    const tailMs = timed ? 0 : assumptions.tailMinutes * MINUTE_MS
    const until = Math.max(at + tailMs, firstAfter(begins, at) ?? at)
    const endMs = Math.min(until, firstAfter(openings, at) ?? until)
    stretches.push({ touch, unit, startMs: at, endMs, seen: false })
    return stretches.filter((stretch) => stretch.startMs < stretch.endMs)
  })
}

/** Of several stretches of one unit, the one that the moment belongs to: what was seen, then what came last. */
const ownerOf = (open: ReadonlySet<Stretch>): Stretch | undefined =>
  [...open].sort(
    (a, b) =>
      Number(b.seen) - Number(a.seen) ||
      b.touch.at.getTime() - a.touch.at.getTime() ||
      (a.touch.id > b.touch.id ? -1 : 1),
  )[0]

/**
 * Splits one person's wall time over what was in hand: each moment equally over the units, and within a unit to one
 * touch. The sum is the length of the union of the stretches, so that no minute is counted twice.
 */
const splitWallTime = (stretches: readonly Stretch[]): Map<Stretch, number> => {
  const edges = stretches
    .flatMap((stretch) => [
      { ms: stretch.startMs, stretch },
      { ms: stretch.endMs, stretch },
    ])
    .sort((a, b) => a.ms - b.ms)
  const lengths = new Map<Stretch, number>()
  const inHand = new Map<string, { open: Set<Stretch>; owner: Stretch; sinceShareMs: number }>()
  // What one unit held all along would have been given so far. Begins anew when nothing is in hand, to stay exact.
  let shareMs = 0
  let lastMs = 0
  for (const { ms, stretch } of edges) {
    shareMs = inHand.size > 0 ? shareMs + (ms - lastMs) / inHand.size : 0
    lastMs = ms
    const unit = inHand.get(stretch.unit)
    if (unit) lengths.set(unit.owner, (lengths.get(unit.owner) ?? 0) + shareMs - unit.sinceShareMs)
    const open = unit?.open ?? new Set<Stretch>()
    // The first edge of a stretch is its start, the second its end.
    if (!open.delete(stretch)) open.add(stretch)
    const owner = ownerOf(open)
    if (owner) inHand.set(stretch.unit, { open, owner, sinceShareMs: shareMs })
    else inHand.delete(stretch.unit)
  }
  return lengths
}

/**
 * Whether a person's stated minutes on an exception stand in for the estimate of a touch on it:
 * - of that person, in the same session or inside the stated stretch (the minutes before the log);
 * - of a fix seen off chat, by that person or by somebody unknown: it is the very work that the log states.
 */
const replacedBy = (logs: readonly Touch[], sessionOf: ReadonlyMap<Touch, Touch[]>) => {
  const logsOn = new Map<string, Touch[]>()
  for (const log of logs) {
    for (const exception of exceptionsOf(log)) logsOn.set(exception, [...(logsOn.get(exception) ?? []), log])
  }
  return (touch: Touch, exception: string): boolean =>
    (logsOn.get(exception) ?? []).some((log) => {
      if (touch.kind === 'off_chat' && touch.personId === null) return true
      if (touch.personId !== log.personId) return false
      if (touch.kind === 'off_chat' || sessionOf.get(log) === sessionOf.get(touch)) return true
      const beforeMs = log.at.getTime() - touch.at.getTime()
      return beforeMs >= 0 && beforeMs <= (statedMinutes(log) ?? 0) * MINUTE_MS
    })
}

const piecesOf = (touch: Touch, measuredMs: number, assumedMs: number): Piece[] => {
  const exceptions = exceptionsOf(touch)
  if (exceptions.length === 0) return [{ touch, exception: null, measuredMs, assumedMs }]
  const n = exceptions.length
  return exceptions.map((exception) => ({
    touch,
    exception,
    measuredMs: measuredMs / n,
    assumedMs: assumedMs / n,
  }))
}

/** Wall time of one person's touches, before any stated minutes. */
const estimatesOf = (touches: readonly Touch[], assumptions: Assumptions): Piece[] => {
  const stretches = sessionsOf(touches, assumptions).flatMap((session) => stretchesOf(session, assumptions))
  const time = new Map(touches.map((touch) => [touch, { measuredMs: 0, assumedMs: 0 }]))
  for (const [{ touch, seen }, ms] of splitWallTime(stretches)) {
    const sum = time.get(touch)
    if (sum) sum[seen ? 'measuredMs' : 'assumedMs'] += ms
  }
  return [...time].flatMap(([touch, { measuredMs, assumedMs }]) => piecesOf(touch, measuredMs, assumedMs))
}

/**
 * Hands-on time, H of `reference/measurement.md`: for each person the union of the stretches in which something was
 * in hand, split over what it was. Stated minutes are a person's word about the amount, not about the clock: they
 * stand in full, in place of the estimate, even when several are logged in a row at the end of a shift.
 */
export const handsOn = (touches: readonly Touch[], assumptions: Assumptions): Piece[] => {
  const persons = byPerson(touches)
  const sessionOf = new Map(
    persons
      .flatMap((own) => sessionsOf(own, assumptions))
      .flatMap((session) => session.map((touch) => [touch, session] as const)),
  )
  const isLog = (touch: Touch) => statedMinutes(touch) !== null
  const bearing = persons.map((own) => own.filter(bearsMinutes))
  const logs = bearing.flat().filter(isLog)
  const isReplaced = replacedBy(logs, sessionOf)
  const estimates = bearing
    .flatMap((own) =>
      estimatesOf(
        own.filter((touch) => !isLog(touch)),
        assumptions,
      ),
    )
    .filter(({ touch, exception }) => exception === null || !isReplaced(touch, exception))
  return [...estimates, ...logs.flatMap((log) => piecesOf(log, (statedMinutes(log) ?? 0) * MINUTE_MS, 0))]
}
