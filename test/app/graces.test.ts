import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { worktimesOf } from '../../src/app/calendar.ts'
import { calendarConfig } from '../../src/app/calendar-config.ts'
import type { WireFact } from '../../src/app/connector.ts'
import { contractConfig } from '../../src/app/contract-config.ts'
import { usualFacts } from '../../src/app/grace-words.ts'
import { baselineFor, importGraces } from '../../src/app/graces.ts'
import { importExport } from '../../src/app/import.ts'
import type { BaselineRecord } from '../../src/app/records.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, HOUR, MINUTE, receipt, type World } from '../support/world.ts'

const CALENDARS = worktimesOf(
  { dock: calendarConfig.parse({ hours: { 'mon-fri': '08:00-16:00' } }) },
  'Europe/Berlin',
)
const BOOKED = contractConfig.parse({
  id: 'booked',
  title: 'Received, never booked',
  handoff: { from: 'wms', to: 'erp', object: 'receipt' },
  subject: 'receipt',
  grace: { working: '4h', calendar: 'dock' },
  follow: {
    when: { role: 'wms', type: 'receipt', states: ['received'] },
    then: { role: 'erp', type: 'receipt', states: ['received'] },
  },
})

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url, { contracts: [BOOKED], calendars: CALENDARS })
})
afterEach(() => world.close())

describe('a grace of working time', () => {
  it('runs only while somebody works', async () => {
    // Monday, six o'clock UTC: an hour before they begin.
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    expect(await world.expectations()).toMatchObject([{ due_at: '2026-11-23 11:00:00+00' }])
    await world.later(5 * HOUR - MINUTE)
    expect(await world.exceptions()).toEqual([])
    await world.later(2 * MINUTE)
    expect(await world.exceptions()).toHaveLength(1)
  })

  it('is played in an import by the calendars of its mapping, and teaches nothing', async () => {
    const friday = new Date('2026-11-20T13:00:00Z')
    const fact = (system: 'wms' | 'erp', at: Date) => {
      const { type, externalId, keys } = receipt('R1')
      const wire: WireFact = {
        type,
        externalId,
        keys,
        state: 'received',
        rawState: 'received',
        quantities: {},
        attributes: {},
        occurredAt: at,
        version: at.getTime(),
        changedBy: { kind: 'unknown' },
      }
      return { ...wire, system, role: system }
    }
    const play = async (booked: string) => {
      const facts = [fact('wms', friday), fact('erp', new Date(booked))]
      const { contracts } = await importExport(
        { store: world.store, clock: world.clock },
        {
          name: 'receipts',
          fingerprint: booked,
          contracts: [BOOKED],
          graces: importGraces(CALENDARS),
          facts: async function* () {
            yield* facts
          },
          factCount: facts.length,
          asOf: new Date('2026-11-25T00:00:00Z'),
        },
        () => {},
      )
      return contracts[0]?.late
    }
    // Two hours on Friday, two on Monday.
    expect(await play('2026-11-23T09:00:00Z')).toBe(0)
    expect(await play('2026-11-23T09:01:00Z')).toBe(1)
    expect(
      await world.store.transaction((tx) => tx.lagsOf('booked', new Date(0), new Date('2100-01-01'))),
    ).toEqual([])
  })
})

describe('the baseline of a handoff', () => {
  const row = (to: string, value: string, quantileMs: number): BaselineRecord => ({
    contract: 'booked',
    from: 'wms',
    to,
    value,
    state: 'in_force',
    learnedAt: new Date(),
    sample: 200,
    medianMs: 1,
    quantileMs,
    agreedBy: null,
  })
  const rows = [
    row('erp-eu', '', 10),
    row('erp-us', '', 30),
    row('erp-us', 'Acme', 50),
    row('erp-eu', 'Acme', 20),
  ]
  it.each([
    ['its own value', 'erp-eu', 'Acme', 20],
    ['the pair of systems for a value that is not known', 'erp-eu', 'Bolt', 10],
    ['the pair for no value', 'erp-us', null, 30],
    ['the widest where nobody knows yet where it goes', null, null, 30],
    ['the widest of its value there', null, 'Acme', 50],
    ['nothing for another system', 'erp-mx', null, undefined],
  ])('is that of %s', (_what, to, value, expected) => {
    const found = baselineFor(rows, { contract: 'booked', from: 'wms', to, value })
    expect(found?.quantileMs).toBe(expected)
  })

  it('counts only once it is in force', () => {
    const proposed = { ...row('erp', '', 10), state: 'proposed' as const }
    expect(
      baselineFor([proposed], { contract: 'booked', from: 'wms', to: 'erp', value: null }),
    ).toBeUndefined()
  })
})

describe('the card of what is late', () => {
  const since = new Date('2026-11-23T06:00:00Z')
  const at = (minutes: number) => new Date(since.getTime() + minutes * MINUTE)
  const graceWords = 'usually 4 min, 99.5% within 22 min'

  it('says what is usual and how long it takes now, at the moment it is drawn', () => {
    const open = { graceWords, since, closedAt: null, asOf: at(61) }
    expect(usualFacts(open)).toEqual([{ label: 'Takes', value: `${graceWords}; now 61 min` }])
  })

  it('says how long it took once it is over, and nothing where nothing was learned', () => {
    const closed = { graceWords, since, closedAt: at(180), asOf: at(9_000) }
    expect(usualFacts(closed)).toEqual([{ label: 'Takes', value: `${graceWords}; this time 3 h` }])
    expect(usualFacts({ ...closed, graceWords: null })).toEqual([])
  })
})
