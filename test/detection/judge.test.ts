import { describe, expect, it } from 'vitest'
import { contractConfig } from '../../src/app/contract-config.ts'
import type { LedgerPage, Planted } from '../../src/sandbox/ledger.ts'
import { complaints } from '../support/detection/complaints.ts'
import { judge } from '../support/detection/judge.ts'
import type { Opened } from '../support/detection/opened.ts'
import type { Simulation } from '../support/detection/simulation.ts'

const SYNCED = contractConfig.parse({
  id: 'shipment-synced',
  title: 'Shipped, still open in the ERP',
  handoff: { from: 'wms', to: 'erp', object: 'shipment' },
  subject: 'fulfillment',
  grace: '30m',
  follow: {
    when: { role: 'wms', type: 'fulfillment', states: ['shipped'] },
    then: { role: 'erp', type: 'fulfillment', states: ['shipped'] },
  },
})
const SIMULATION: Simulation = {
  seed: 'by hand',
  start: new Date('2026-03-02T00:00:00Z'),
  lastsMs: 86_400_000,
  pace: 1,
  orderEvery: [1, 1],
  faults: {},
  contracts: [SYNCED],
  pollMs: 15_000,
  sweepMs: 2_000,
}

const at = (time: string): string => `2026-03-02T${time}.000Z`
const fault = (over: Partial<Planted> = {}): Planted => ({
  id: 'F-1',
  kind: 'shipped_not_in_erp',
  benign: false,
  plantedAt: at('09:00:00'),
  keys: { order: '1001' },
  expectedContract: SYNCED.id,
  stubborn: false,
  units: null,
  wrongIn: null,
  brokenAt: at('10:00:00'),
  fixedAt: at('18:00:00'),
  fixedBy: null,
  ...over,
})
const opened = (openedAt: string, over: Partial<Opened> = {}): Opened => ({
  exception: '1',
  contract: SYNCED.id,
  keys: ['order 1001', 'sale SO-1'],
  since: new Date(at('10:00:00')),
  dueAt: new Date(at('10:30:00')),
  openedAt: new Date(at(openedAt)),
  closedAt: new Date(at('18:00:00')),
  evidence: 'wms says shipped; erp still says waiting.',
  ...over,
})
const judged = (opened: Opened[], ledger: Partial<LedgerPage>) =>
  judge(SIMULATION, {
    ledger: {
      now: at('23:59:59'),
      faults: [],
      lookalikes: [],
      effects: [],
      webhooks: [],
      outages: [],
      ...ledger,
    },
    opened,
    webhooks: 0,
    polls: 0,
    sweeps: 0,
  })
const complaintsAbout = (...given: Parameters<typeof judged>) => complaints('seed', judged(...given))

const ERP_DOWN = { system: 'erp', from: at('10:20:00'), to: at('10:50:00') }

describe('the judge of the simulated weeks', () => {
  it('has nothing to say of a fault that is opened within its grace, one poll and one sweep', () => {
    expect(complaintsAbout([opened('10:30:17')], { faults: [fault()] })).toEqual([])
  })

  it.each([
    ['never', [], 'it was never opened'],
    ['too late', [opened('10:30:18')], 'and it took 30.3 min'],
    ['on another order', [opened('10:30:10', { keys: ['order 1002'] })], 'it was never opened'],
    ['too early', [opened('10:30:10', { since: new Date(at('08:59:59')) })], 'expected nothing'],
  ])('complains of a fault that is opened %s, and says how to see it again', (_how, list, words) => {
    const said = complaintsAbout(list, { faults: [fault()] }).join('\n')
    expect(said).toContain(words)
    expect(said).toContain('shipped_not_in_erp {"order":"1001"}')
    expect(said).toContain('DETECTION_SEED=seed npx vitest run test/detection/week.test.ts')
  })

  it('complains of what is opened though it was mended within its grace', () => {
    const mended = fault({ fixedAt: at('10:29:59') })
    expect(complaintsAbout([], { faults: [mended] })).toEqual([])
    expect(complaintsAbout([opened('10:30:10')], { faults: [mended] })).toHaveLength(1)
  })

  it('complains of a look-alike that is opened, and of what nobody has planted', () => {
    const lookalike = fault({ kind: 'sync_late', benign: true, expectedContract: null, brokenAt: null })
    expect(complaintsAbout([opened('10:30:10')], { lookalikes: [lookalike] })[0]).toContain('sync_late')
    expect(complaintsAbout([opened('10:30:10')], {})[0]).toContain('nothing was planted')
  })

  it('gives a fault as much more time as a system that it depends on was down', () => {
    const late = [opened('10:50:30')]
    expect(complaintsAbout(late, { faults: [fault()] })).toHaveLength(1)
    expect(
      complaintsAbout(late, { faults: [fault()], outages: [{ ...ERP_DOWN, system: 'shop' }] }),
    ).toHaveLength(1)
    const { faults } = judged(late, { faults: [fault()], outages: [ERP_DOWN] })
    expect(faults).toMatchObject([{ is: 'found', downtimeMs: 30 * 60_000 }])
    expect(complaintsAbout(late, { faults: [fault()], outages: [ERP_DOWN] })).toEqual([])
  })

  it('counts apart what was late without a fault, as long as the downtime alone made it so', () => {
    const ended = (time: string) => [opened('10:50:30', { closedAt: new Date(at(time)) })]
    expect(judged(ended('10:55:00'), { outages: [ERP_DOWN] }).opened).toMatchObject([{ is: 'downtime' }])
    expect(judged(ended('11:05:00'), { outages: [ERP_DOWN] }).opened).toMatchObject([{ is: 'false' }])
  })

  it('counts a night for the baseline: the first two o’clock at which it is due and not mended', () => {
    const hours = (over: Partial<Planted>) => {
      const ms = judged([], { faults: [fault(over)] }).faults[0]?.nightlyAfterMs ?? null
      return ms && ms / 3_600_000
    }
    expect(hours({ fixedAt: null })).toBe(16)
    expect(hours({ brokenAt: at('01:15:00'), fixedAt: null })).toBe(0.75)
    expect(hours({ brokenAt: at('01:45:00'), fixedAt: null })).toBe(24.25)
    expect(hours({ fixedAt: at('18:00:00') })).toBe(null)
  })
})
