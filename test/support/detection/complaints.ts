import type { Planted } from '../../../src/sandbox/ledger.ts'
import type { FaultVerdict, Judged, OpenedVerdict } from './judge.ts'

const clock = (at: Date | string | null): string =>
  at === null ? 'never' : new Date(at).toISOString().slice(0, 19).replace('T', ' ')
const minutes = (ms: number): string => `${(ms / 60_000).toFixed(1)} min`
const nameOf = ({ id, kind, keys }: Planted): string => `${id} ${kind} ${JSON.stringify(keys)}`

const ofFault = (verdict: FaultVerdict): string | null => {
  const { fault, is, detectedAfterMs, boundMs, downtimeMs } = verdict
  const lasted = `broken ${clock(fault.brokenAt)}, mended ${clock(fault.fixedAt)}`
  const within = `${minutes(boundMs)}${downtimeMs > 0 ? ` and ${minutes(downtimeMs)} of downtime` : ''}`
  if (is === 'missed')
    return `${nameOf(fault)}: ${lasted}; expected ${fault.expectedContract} within ${within}, and it was never opened`
  return detectedAfterMs !== null && detectedAfterMs > boundMs + downtimeMs
    ? `${nameOf(fault)}: ${lasted}; expected ${fault.expectedContract} within ${within}, and it took ${minutes(detectedAfterMs)}`
    : null
}

const ofOpened = ({ opened, planted }: OpenedVerdict): string => {
  const { contract, keys, since, dueAt, openedAt, closedAt, evidence } = opened
  const there = planted.length > 0 ? planted.map(nameOf).join(' and ') : 'nothing was planted'
  return (
    `${contract} on ${keys.join(', ')}: opened ${clock(openedAt)} (since ${clock(since)}, due ${clock(dueAt)}, ` +
    `closed ${clock(closedAt)}): "${evidence}"; expected nothing, there: ${there}`
  )
}

const again = (seed: string): string =>
  `Again: DETECTION_SEED=${seed} npx vitest run test/detection/week.test.ts`

/** What a week opened only because a system had been down: not asserted, and worth a look. */
export const remarks = (seed: string, { opened }: Judged): string[] =>
  opened
    .filter(({ is }) => is === 'downtime')
    .map((verdict) => `${seed}, after a downtime: ${ofOpened(verdict)}. ${again(seed)}`)

/** Everything that a week did not find, found too late or made up, each with what is needed to look into it. */
export const complaints = (seed: string, { faults, opened }: Judged): string[] =>
  [
    ...faults.flatMap((verdict) => ofFault(verdict) ?? []),
    ...opened.filter(({ is }) => is === 'false').map(ofOpened),
  ].map((words) => `${seed}: ${words}. ${again(seed)}`)
