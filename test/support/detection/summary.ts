import type { FaultVerdict, Judged, OpenedVerdict } from './judge.ts'

/** One kind of fault over all the weeks. Times in ms. */
export type KindSummary = {
  kind: string
  contract: string
  planted: number
  /** Lasted longer than the grace, one poll, one sweep and every downtime: had to be found. */
  outlasted: number
  missed: number
  /** Found while every system involved was up all the time, and how long that took; `late`: past the bound. */
  detectedMs: number[]
  late: number
  /** Found after a downtime, reported apart; `lateAfterDowntime`: past the bound and that downtime. */
  downtimeMs: number[]
  lateAfterDowntime: number
  boundMs: number
  /** What a nightly comparison would have needed for those that had to be found, and how many it never sees. */
  nightlyMs: number[]
  nightlyMissed: number
  /** Opened on this contract without a fault. */
  falseAlarms: number
}

export type Summary = {
  kinds: KindSummary[]
  lookalikes: { kind: string; planted: number; opened: number }[]
  /** Everything opened, by what it was. */
  opened: Record<OpenedVerdict['is'], number>
}

const ofKind = (kind: string, verdicts: FaultVerdict[], opened: OpenedVerdict[]): KindSummary => {
  const contract = verdicts[0]?.fault.expectedContract ?? ''
  const found = verdicts.filter(({ is }) => is === 'found')
  const outlasted = verdicts.filter((verdict) => verdict.outlasted)
  const calm = found.filter(({ downtimeMs }) => downtimeMs === 0)
  const after = found.filter(({ downtimeMs }) => downtimeMs > 0)
  const isLate = ({ detectedAfterMs, boundMs, downtimeMs }: FaultVerdict) =>
    (detectedAfterMs ?? 0) > boundMs + downtimeMs
  const times = (list: FaultVerdict[]) => list.flatMap(({ detectedAfterMs }) => detectedAfterMs ?? [])
  return {
    kind,
    contract,
    planted: verdicts.length,
    outlasted: outlasted.length,
    missed: verdicts.filter(({ is }) => is === 'missed').length,
    detectedMs: times(calm),
    late: calm.filter(isLate).length,
    downtimeMs: times(after),
    lateAfterDowntime: after.filter(isLate).length,
    boundMs: verdicts[0]?.boundMs ?? 0,
    nightlyMs: outlasted.flatMap(({ nightlyAfterMs }) => nightlyAfterMs ?? []),
    nightlyMissed: outlasted.filter(({ nightlyAfterMs }) => nightlyAfterMs === null).length,
    falseAlarms: opened.filter(({ is, opened: each }) => is === 'false' && each.contract === contract).length,
  }
}

const groupBy = <T>(list: readonly T[], nameOf: (item: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>()
  for (const item of list) groups.set(nameOf(item), [...(groups.get(nameOf(item)) ?? []), item])
  return groups
}

/** What all the weeks say together. */
export const summarise = (weeks: Judged[]): Summary => {
  const faults = weeks.flatMap((week) => week.faults)
  const opened = weeks.flatMap((week) => week.opened)
  const lookalikes = weeks.flatMap((week) => week.lookalikes)
  const count = (is: OpenedVerdict['is']) => opened.filter((each) => each.is === is).length
  return {
    kinds: [...groupBy(faults, ({ fault }) => fault.kind)].map(([kind, verdicts]) =>
      ofKind(kind, verdicts, opened),
    ),
    lookalikes: [...groupBy(lookalikes, ({ kind }) => kind)].map(([kind, planted]) => ({
      kind,
      planted: planted.length,
      opened: opened.filter(
        (each) => each.is === 'false' && each.planted.some((entry) => planted.includes(entry)),
      ).length,
    })),
    opened: {
      true: count('true'),
      again: count('again'),
      downtime: count('downtime'),
      false: count('false'),
    },
  }
}
