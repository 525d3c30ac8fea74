import { type Contract, rolesInvolved } from '../../../src/domain/contract/contract.ts'
import type { Outage, Planted } from '../../../src/sandbox/ledger.ts'
import type { Opened } from './opened.ts'
import type { Played, Simulation } from './simulation.ts'

/*
 * What Baton opened, held against what the sandbox's ledger says is true. Times are the world's true times, in ms.
 * A fault breaks its one contract: nothing else that is opened on its subject counts as a consequence of it.
 */

export type FaultVerdict = {
  fault: Planted
  /**
   * `missed`: it outlasted its grace, and one poll, one sweep and every downtime besides, and was not opened.
   * `brief`: mended before that, or the week was over; not opening it was right.
   */
  is: 'found' | 'missed' | 'brief'
  /** It outlasted all that is allowed, so that it had to be found. */
  outlasted: boolean
  /** From the moment the break could be seen in the systems until it was opened. */
  detectedAfterMs: number | null
  /** The grace, one poll and one sweep. */
  boundMs: number
  /** For so long a system that the contract depends on was down before it was opened: allowed besides. */
  downtimeMs: number
  /** After so long a comparison at 02:00 every night would have seen it; null when it was mended before. */
  nightlyAfterMs: number | null
}

export type OpenedVerdict = {
  opened: Opened
  is:
    | 'true'
    /** The same fault once more, after the systems agreed for a moment. */
    | 'again'
    /** No fault was planted: late beyond its grace only because a system was down. */
    | 'downtime'
    | 'false'
  /** What was planted there, of either sort. */
  planted: Planted[]
}

export type Judged = { faults: FaultVerdict[]; lookalikes: Planted[]; opened: OpenedVerdict[] }

const NIGHTLY_HOUR = 2
const DAY_MS = 86_400_000

const SYSTEM_OF: Record<string, string> = { storefront: 'shop', erp: 'erp', wms: 'wms', carrier: 'carrier' }

const isAbout = ({ keys }: Opened, planted: Planted): boolean =>
  Object.entries(planted.keys).some(([name, value]) => keys.includes(`${name} ${value}`))

const graceOf = ({ id, grace }: Contract): number => {
  if (grace.kind === 'duration') return grace.ms
  throw new Error(`The grace of ${id} is no plain time: the sandbox must say how long it is (sandbox.yml)`)
}

const ms = (text: string): number => Date.parse(text)

export const judge = (simulation: Simulation, { ledger, opened }: Played): Judged => {
  const { contracts, start, lastsMs, pollMs, sweepMs } = simulation
  const end = start.getTime() + lastsMs
  const byId = new Map(contracts.map((contract) => [contract.id, contract]))
  const contractOf = (id: string | null): Contract => {
    const contract = byId.get(id ?? '')
    if (!contract) throw new Error(`The contract ${id} is not switched on: its fault cannot be found`)
    return contract
  }
  /** For so long, between these times, a system that the contract depends on was down. */
  const downtime = (contract: Contract, from: number, to: number): number =>
    lengthOf(
      ledger.outages
        .filter(({ system }) => rolesInvolved(contract).some((role) => SYSTEM_OF[role] === system))
        .map((outage) => within(outage, from, to)),
    )

  /** A fault explains what began with it and was opened while it lasted; news of its end may be one poll late. */
  const explains = (fault: Planted, each: Opened): boolean =>
    fault.expectedContract === each.contract &&
    isAbout(each, fault) &&
    each.since.getTime() >= ms(fault.plantedAt) &&
    each.openedAt.getTime() <= (fault.fixedAt === null ? end : ms(fault.fixedAt) + pollMs + sweepMs) &&
    // Mended before it was due: nobody should have heard of it.
    (fault.fixedAt === null || ms(fault.fixedAt) > each.dueAt.getTime())

  const faultVerdict = (fault: Planted): FaultVerdict => {
    const contract = contractOf(fault.expectedContract)
    const graceMs = graceOf(contract)
    const found = opened.find((each) => explains(fault, each)) ?? null
    const brokenAt = fault.brokenAt === null ? end : ms(fault.brokenAt)
    const fixedAt = fault.fixedAt === null ? end : ms(fault.fixedAt)
    const boundMs = graceMs + pollMs + sweepMs
    const downtimeMs = downtime(
      contract,
      Math.min(brokenAt, found?.since.getTime() ?? brokenAt),
      found?.openedAt.getTime() ?? fixedAt,
    )
    const outlasted = fixedAt - brokenAt > boundMs + downtimeMs
    return {
      fault,
      is: found ? 'found' : outlasted ? 'missed' : 'brief',
      outlasted,
      detectedAfterMs: found && Math.max(0, found.openedAt.getTime() - brokenAt),
      boundMs,
      downtimeMs,
      nightlyAfterMs: nightly(brokenAt, brokenAt + graceMs, fault.fixedAt === null ? null : fixedAt),
    }
  }

  const all = [...ledger.faults, ...ledger.lookalikes]
  const seen = new Set<Planted>()
  const openedVerdict = (each: Opened): OpenedVerdict => {
    const planted = all.filter((entry) => isAbout(each, entry))
    const fault = ledger.faults.find((entry) => explains(entry, each))
    if (fault) {
      const is = seen.has(fault) ? 'again' : 'true'
      seen.add(fault)
      return { opened: each, is, planted }
    }
    return { opened: each, is: isByDowntime(each) ? 'downtime' : 'false', planted }
  }
  /** It was open for longer than its grace only because a system was down meanwhile. */
  const isByDowntime = ({ contract, since, dueAt, openedAt, closedAt }: Opened): boolean => {
    const wasDown = downtime(contractOf(contract), since.getTime(), openedAt.getTime())
    const upMs = (closedAt?.getTime() ?? end) - since.getTime() - wasDown
    return wasDown > 0 && upMs <= dueAt.getTime() - since.getTime()
  }
  return {
    faults: ledger.faults.map(faultVerdict),
    lookalikes: ledger.lookalikes,
    opened: opened.map(openedVerdict),
  }
}

const within = ({ from, to }: Outage, begin: number, end: number): [number, number] => [
  Math.max(ms(from), begin),
  Math.min(ms(to), end),
]

/** How long at least one of the spans lasts. */
const lengthOf = (spans: [number, number][]): number => {
  let until = Number.NEGATIVE_INFINITY
  let total = 0
  for (const [from, to] of spans.sort(([a], [b]) => a - b)) {
    total += Math.max(0, to - Math.max(from, until))
    until = Math.max(until, to)
  }
  return total
}

/** What a comparison of everything at 02:00 UTC would have given: it knows graces, and sees nothing in between. */
const nightly = (brokenAt: number, dueAt: number, fixedAt: number | null): number | null => {
  const first = NIGHTLY_HOUR * 3_600_000
  const at = Math.ceil((dueAt - first) / DAY_MS) * DAY_MS + first
  return fixedAt !== null && fixedAt <= at ? null : at - brokenAt
}
