import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../src/app/errors.ts'
import { batonYml } from '../../src/config/baton-yml.ts'
import { checkLandings, contractsFor } from '../../src/config/contracts.ts'
import { NO_MAPS } from '../../src/config/names.ts'
import { parseYaml } from '../../src/config/yaml-file.ts'
import { projectRoot } from '../../src/root.ts'
import { signWebhook } from '../../src/sandbox/outbox.ts'

const ENV = { ERP_TOKEN: 'token-of-the-erp', ERP_SECRET: 'whsec_b2xk', NEW_SECRET: 'whsec_bmV3', EMPTY: '' }

const read = (text: string) => parseYaml(text, 'baton.yml', batonYml(ENV))

const complaint = (text: string): string => {
  try {
    read(text)
  } catch (error) {
    if (error instanceof UserError && error.exitCode === 2) return error.message
    throw error
  }
  throw new Error('expected a complaint')
}

const ERP = `
  erp-main:
    kind: sandbox
    role: erp
    url: http://127.0.0.1:4002
    token: "\${ERP_TOKEN}"
    webhookSecrets: ["\${ERP_SECRET}", "\${NEW_SECRET}"]
`

describe('baton.yml', () => {
  it('is complete when it is empty: one channel, no system, everybody an operator', () => {
    expect(read('{}')).toEqual({
      zone: 'UTC',
      poll: 15_000,
      reconcile: 3_600_000,
      wait_for_system: 4 * 3_600_000,
      feeds: { silentAfterMs: 600_000, tooFew: 0.25, tooMany: 10, unreadable: 0.2 },
      systems: [],
      channels: [{ id: 'exceptions', title: 'Exceptions' }],
      rules: [],
      people: [],
      groups: [],
      default_role: 'operator',
      calendars: {},
      batches: {},
      contracts: { tune: {}, add: [] },
      keys: {},
      maps: NO_MAPS,
      trust: {},
    })
  })

  it('takes secrets from the environment, wherever they are named', () => {
    const [system] = read(`systems:${ERP}`).systems
    expect(system).toMatchObject({ name: 'erp-main', kind: 'sandbox' })
    const now = new Date('2026-11-23T10:00:00Z')
    const connector = system?.create('erp-main', { now: () => now })
    const verifiedWith = (secret: string) => {
      const seconds = now.getTime() / 1000
      const headers = {
        'webhook-id': 'm1',
        'webhook-timestamp': String(seconds),
        'webhook-signature': signWebhook(secret, 'm1', seconds, '{}'),
      }
      return connector?.webhook?.verify({ headers, receivedAt: now }, Buffer.from('{}')).ok
    }
    expect(['whsec_b2xk', 'whsec_bmV3', 'whsec_bm9uZQ=='].map(verifiedWith)).toEqual([true, true, false])
  })

  it.each(['baton.example.yml', 'src/config/sandbox.yml'])('%s is valid as it is shipped', (file) => {
    const secrets = { TOKEN: 'a-token', WEBHOOK_SECRET: 'whsec_eA==' }
    const env = Object.fromEntries(
      ['SHOP', 'ERP'].flatMap((system) =>
        Object.entries(secrets).map(([name, value]) => [`${system}_${name}`, value]),
      ),
    )
    const text = readFileSync(join(projectRoot, file), 'utf8')
    expect(() => parseYaml(text, file, batonYml(env))).not.toThrow()
  })

  it('tunes the alarms about feeds one by one', () => {
    expect(read('feeds: { silent_after: 3m }').feeds).toEqual({
      silentAfterMs: 180_000,
      tooFew: 0.25,
      tooMany: 10,
      unreadable: 0.2,
    })
  })

  it.each([
    [
      'a secret that the environment does not set',
      `systems:${ERP.replace('ERP_TOKEN', 'ERP_TOKN')}`,
      'baton.yml:6:5: systems.erp-main.token: the environment does not set ERP_TOKN; set it, or write the name of a variable that is set',
    ],
    [
      'a secret that is set to nothing',
      `systems:${ERP.replace('NEW_SECRET', 'EMPTY')}`,
      'baton.yml:7:39: systems.erp-main.webhookSecrets[1]: the environment does not set EMPTY; set it, or write the name of a variable that is set',
    ],
    [
      'a kind of system that does not exist',
      'systems:\n  shop: { kind: shopfy }\n',
      'baton.yml:2:11: systems.shop.kind: "shopfy" is not known; did you mean shopify?',
    ],
    [
      'a slip in a setting of a system',
      `systems:${ERP.replace('url:', 'ulr:')}`,
      'baton.yml:2:3: systems.erp-main.url: is missing; add it (text)\nbaton.yml:5:5: systems.erp-main.ulr: unknown key; did you mean url?',
    ],
    [
      'an address of another kind',
      `systems:${ERP.replace('http:', 'ftp:')}`,
      'baton.yml:5:5: systems.erp-main.url: is no http(s) address',
    ],
    [
      'a name that could not stand in an address',
      'systems:\n  Shop EU: { kind: sandbox }\n',
      'baton.yml:2:3: systems.Shop EU: use lower-case letters, digits and hyphens, at most 40, like shop-eu',
    ],
    [
      'a zone that does not exist',
      'zone: Berlin\n',
      'baton.yml:1:1: zone: is no time zone; write one like Europe/Berlin',
    ],
    [
      'a duration without its unit',
      'poll: "15"\n',
      'baton.yml:1:1: poll: "15" is no duration; write 30s, 15m, 48h or 2d',
    ],
    [
      'a pace that no system is asked at',
      'poll: 2d\n',
      'baton.yml:1:1: poll: read each system at least hourly, and at most each second: 1s to 1h',
    ],
    [
      'a comparison of everything that never ends',
      'reconcile: 10s\n',
      'baton.yml:1:1: reconcile: compare everything at least daily, and at most each minute: 1m to 24h',
    ],
    [
      'a press that waits for days',
      'wait_for_system: 2d\n',
      'baton.yml:1:1: wait_for_system: let what was pressed wait for a system that is away for 1m to 24h',
    ],
    [
      'alarms about feeds that make no sense, and slips in their names',
      'feeds:\n  silent_after: 1s\n  too_few: 25\n  too_many: 0.5\n  unreadble: 0.2\n',
      'baton.yml:2:3: feeds.silent_after: write 10s to 24h\n' +
        'baton.yml:3:3: feeds.too_few: write a share between 0 and 1, like 0.25\n' +
        'baton.yml:4:3: feeds.too_many: write a number above 1, like 10\n' +
        'baton.yml:5:3: feeds.unreadble: unknown key; did you mean unreadable?',
    ],
    [
      'a rule that leads to no channel',
      'channels:\n  - { id: orders, title: Orders }\nrules:\n  - { name: all, channel: ordres }\n',
      'baton.yml:4:18: rules[0].channel: there is no channel "ordres"; did you mean orders?',
    ],
    [
      'a default channel that is not listed',
      'default_channel: alerts\n',
      'baton.yml:1:1: default_channel: there is no channel "alerts"; known are exceptions',
    ],
    [
      'two channels of one name',
      'channels:\n  - { id: a, title: A }\n  - { id: a, title: B }\n',
      'baton.yml:3:7: channels[1].id: "a" stands in another entry already; each may stand once',
    ],
    [
      'a rule about a contract or a system that does not exist',
      'rules:\n  - name: x\n    if: { contract: [wms-receipt-boked], system: [wms-1] }\n    channel: exceptions\n',
      'baton.yml:3:22: rules[0].if.contract[0]: there is no contract "wms-receipt-boked"; did you mean wms-receipt-booked?\n' +
        'baton.yml:3:51: rules[0].if.system[0]: there is no system "wms-1"; none is configured',
    ],
    [
      'tuning what does not exist',
      'contracts:\n  tune:\n    wms-recipt-booked: { grace: 2h }\n',
      'baton.yml:3:5: contracts.tune.wms-recipt-booked: there is no contract "wms-recipt-booked"; did you mean wms-receipt-booked?',
    ],
    [
      'one human with two entries',
      'people:\n  - { name: Ola, role: lead, slack: "T1:U1" }\n  - { name: Ola N, role: admin, slack: "T1:U1" }\n',
      'baton.yml:3:33: people[1].slack: "T1:U1" stands in another entry already; each may stand once',
    ],
    [
      'a role that nobody has',
      'people:\n  - { name: Ola, role: leader }\n',
      'baton.yml:2:18: people[0].role: "leader" is not known; use one of operator, lead, admin',
    ],
  ])('refuses %s, naming line, key and fix', (_what, text, words) => {
    expect(complaint(text)).toBe(words)
  })

  it('refuses a contract that takes the name of one that comes with Baton, and one of two forms', () => {
    const own = (id: string, forms: string): string =>
      `contracts:\n  add:\n    - id: ${id}\n      title: T\n      handoff: { from: wms, to: erp, object: x }\n      subject: fulfillment\n      grace: 1h\n${forms}`
    const leave = '      leave: { object: { role: wms, type: fulfillment, states: [short] } }\n'
    const one = '      one: { object: { role: wms, type: fulfillment, states: [short] } }\n'
    expect(complaint(own('wms-receipt-booked', leave))).toBe(
      'baton.yml:3:7: contracts.add[0].id: there is a contract "wms-receipt-booked" already; choose another id',
    )
    expect(complaint(own('two-forms', leave + one))).toContain(
      'needs exactly one of follow, agree, leave, one',
    )
    expect(read(own('own-one', leave)).contracts.add).toMatchObject([
      { id: 'own-one', rule: { form: 'leave' } },
    ])
  })

  it('takes every form of a grace, in a contract and where one is tuned', () => {
    const own = `
systems:${ERP}
calendars:
  dock: { zone: Europe/Berlin, hours: { mon-fri: [06:00-14:00, 14:30-22:00], sat: 08:00-12:00 }, holidays: [2026-12-25] }
batches:
  erp-main: { at: [02:00, 14:00], days: mon-sat }
contracts:
  tune:
    wms-receipt-booked: { grace: { working: 4h, calendar: dock } }
    wms-shipment-synced: { grace: { next_landing: erp, margin: 30m } }
    storefront-order-imported: { grace: { learned: 30m, floor: 5m, by: carrier } }
    carrier-parcel-scanned: { grace: { field: promiseAt, role: storefront, type: order } }
`
    const { calendars, batches, contracts } = read(own)
    expect(Object.values(contracts.tune).map(({ grace }) => grace?.kind)).toEqual([
      'working',
      'landing',
      'learned',
      'field',
    ])
    expect(calendars.dock).toMatchObject({ zone: 'Europe/Berlin', holidays: ['2026-12-25'] })
    expect(batches['erp-main']).toMatchObject({ at: [120, 840] })
  })

  it.each([
    [
      'a calendar that is not there',
      'calendars:\n  dock: { hours: { mon: 08:00-17:00 } }\ncontracts:\n  tune:\n    wms-receipt-booked: { grace: { working: 4h, calendar: doc } }\n',
      'baton.yml:5:49: contracts.tune.wms-receipt-booked.grace.calendar: there is no calendar "doc"; did you mean dock?',
    ],
    [
      'a calendar where none is',
      'contracts:\n  tune:\n    wms-receipt-booked: { grace: { working: 4h, calendar: dock } }\n',
      'baton.yml:3:49: contracts.tune.wms-receipt-booked.grace.calendar: there is no calendar "dock"; none is configured',
    ],
    [
      'learning where there is no lag',
      'contracts:\n  tune:\n    wms-erp-stock-agrees: { grace: { learned: 30m } }\n',
      'baton.yml:3:38: contracts.tune.wms-erp-stock-agrees.grace.learned: only a follow contract has a lag to learn from, this one says "agree"; write a duration',
    ],
    [
      'batches of a system that is not there',
      `systems:${ERP}batches:\n  erp: { at: 02:00 }\n`,
      'baton.yml:9:3: batches.erp: there is no system "erp"; known are erp-main',
    ],
    [
      'a landing at no time',
      `systems:${ERP}batches:\n  erp-main: { at: [2 am] }\n`,
      'baton.yml:9:20: batches.erp-main.at[0]: "2 am" is no time of day; write one like 06:00',
    ],
    [
      'one landing at no time',
      `systems:${ERP}batches:\n  erp-main: { at: 2 am }\n`,
      'baton.yml:9:15: batches.erp-main.at: "2 am" is no time of day; write one like 06:00',
    ],
    [
      'a day that is none',
      'calendars:\n  dock:\n    hours:\n      mo-fr: 08:00-17:00\n',
      'baton.yml:4:7: calendars.dock.hours.mo-fr: "mo-fr" is no day; write one like mon, or several like mon-fri',
    ],
    [
      'hours that are none',
      'calendars:\n  dock:\n    hours:\n      mon-fri: [08:00-17:00, 18-20]\n',
      'baton.yml:4:30: calendars.dock.hours.mon-fri[1]: "18-20" are no hours; write them like 06:00-14:00, a night like 22:00-06:00, a whole day 00:00-24:00',
    ],
    [
      'a calendar that is never open',
      'calendars:\n  dock: { hours: {} }\n',
      'baton.yml:2:11: calendars.dock.hours: is never open; write hours such as mon-fri: 08:00-17:00',
    ],
    [
      'a slip in a key of a grace',
      'contracts:\n  tune:\n    wms-receipt-booked: { grace: { working: 4h, calender: dock } }\n',
      'calender: unknown key; did you mean calendar?',
    ],
  ])('refuses %s, naming line, key and fix', (_what, text, words) => {
    expect(complaint(text)).toContain(words)
  })

  it('refuses a grace that waits for a file where none lands', () => {
    const { contracts } = read(
      'contracts: { tune: { wms-receipt-booked: { grace: { next_landing: erp } } } }',
    )
    const on = contractsFor(['wms', 'erp'], contracts)
    const connectors = [{ system: 'erp-main', role: 'erp' as const }]
    expect(() => checkLandings(on, connectors, [])).toThrow(
      'contract wms-receipt-booked: its grace is the next landing of the erp, but no erp lands in batches; ' +
        'say under "batches" when the files of erp-main land.',
    )
    expect(() => checkLandings(on, connectors, [{ system: 'erp-main' }])).not.toThrow()
  })
})
