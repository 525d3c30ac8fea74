import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { batonYml } from '../../../src/config/baton-yml.ts'
import { contractsFor } from '../../../src/config/contracts.ts'
import type { Contract } from '../../../src/domain/contract/contract.ts'
import { projectRoot } from '../../../src/root.ts'
import {
  FAULTS,
  type FaultKind,
  type FaultPlan,
  FIRST_ROUND,
  LOOKALIKES,
} from '../../../src/sandbox/faults.ts'
import type { Simulation } from './simulation.ts'

/** What one second of the sandbox's usual haste takes here: three minutes, so that its graces become those of life. */
const PACE = 180
const HOUR_MS = 3_600_000
const WEEK_MS = 7 * 24 * HOUR_MS

/** The weeks that are published; the tests play the first eight. */
export const SEEDS: readonly string[] = Array.from(
  { length: 20 },
  (_, n) => `week-${String(n + 1).padStart(2, '0')}`,
)

const atPace = (ms: number): number => Math.round(ms / PACE)
const isKind = (kind: string): kind is FaultKind => Object.hasOwn(FAULTS, kind)
const kinds = Object.keys(FAULTS).filter(isKind)
const onceEach: FaultPlan['weights'] = Object.fromEntries(kinds.map((kind) => [kind, 1]))

/** Every so often, so that `count` fit into a week; pace 1. */
const every = (count: number): [number, number] => {
  const ms = atPace(WEEK_MS / count)
  return [0.9 * ms, 1.1 * ms]
}

/** The sandbox's own settings: its graces are those of a world in haste. */
const sandbox = batonYml({}).parse(parse(readFileSync(join(projectRoot, 'src/config/sandbox.yml'), 'utf8')))

/** Baton's own contracts, and where the sandbox shortens a grace, that one at the pace of this world. */
const contracts = (): Contract[] =>
  contractsFor(['storefront', 'erp', 'wms', 'carrier'], sandbox.contracts).map((contract) => {
    const { id, grace } = contract
    const isShortened = sandbox.contracts.tune[id]?.grace !== undefined && grace.kind === 'duration'
    return isShortened ? { ...contract, grace: { ...grace, ms: grace.ms * PACE } } : contract
  })

/** The world begins with the well-known faults; from then on every kind comes once in a round. */
const FAULT_COUNT = 1.1 * (FIRST_ROUND.length + kinds.length)
const LOOKALIKE_COUNT = 1.1 * Math.max(Object.keys(LOOKALIKES).length, FAULT_COUNT)
/** Each look-alike waits for an order that comes anyway. */
const ORDER_COUNT = LOOKALIKE_COUNT

/**
 * A week of a small shop in which every kind of fault is planted, beside more look-alikes than that; a system is down for
 * half an hour to an hour several times, and webhooks get lost, come twice and come late.
 */
export const week = (seed: string): Simulation => ({
  seed,
  // A Monday, midnight.
  start: new Date('2026-03-02T00:00:00Z'),
  lastsMs: WEEK_MS,
  pace: PACE,
  orderEvery: every(ORDER_COUNT),
  contracts: contracts(),
  pollMs: 15_000,
  sweepMs: 2_000,
  faults: {
    weights: onceEach,
    firstMs: atPace(HOUR_MS),
    burst: Number.POSITIVE_INFINITY,
    burstEvery: every(FAULT_COUNT),
    rareAfterMs: 0,
    maxOpen: Number.POSITIVE_INFINITY,
    lookalikeEvery: every(LOOKALIKE_COUNT),
    personShare: 0.4,
    personAfter: [atPace(0.1 * HOUR_MS), atPace(6 * HOUR_MS)],
    cleanUpAfter: [atPace(24 * HOUR_MS), atPace(60 * HOUR_MS)],
  },
})
