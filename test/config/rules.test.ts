import { describe, expect, it } from 'vitest'
import { worktimesOf } from '../../src/app/calendar.ts'
import { claimEnd } from '../../src/app/lease.ts'
import { batonYml } from '../../src/config/baton-yml.ts'
import { configFrom } from '../../src/config/config.ts'
import { readEnv } from '../../src/config/env.ts'
import { shiftsOf } from '../../src/config/rules.ts'
import { parseYaml } from '../../src/config/yaml-file.ts'

const parsed = (text: string) => parseYaml(text, 'baton.yml', batonYml({}))
const configured = (text: string) => configFrom(parsed(text), readEnv({}), null)

const FILE = `
channels:
  - { id: orders, title: Orders, shifts: night }
  - { id: leads, title: Leads }
shifts: office
calendars:
  office: { hours: { mon-fri: [08:00-12:00, 12:30-17:00] } }
  night: { hours: { mon-sun: 22:00-06:00 } }
people:
  - { name: Lea Lead, role: lead, slack: "T1:U1", console: lea }
rules:
  - name: urgent
    channel: orders
    tell: [Lea Lead, { slack: S1 }]
    escalate: { to: leads, tell: [Lea Lead], after: 30m }
`

describe('a channel rule', () => {
  it('mentions people by their names, on the chat surfaces where they are known, and groups by their ids', () => {
    const lea = { surface: 'slack', id: 'T1:U1', kind: 'person', name: 'Lea Lead' }
    expect(configured(FILE).routing.rules).toEqual([
      {
        name: 'urgent',
        if: {},
        channel: 'orders',
        tell: [lea, { surface: 'slack', id: 'S1', kind: 'group', name: 'S1' }],
        escalate: { to: 'leads', tell: [lea], afterMs: 1_800_000 },
      },
    ])
  })

  it('mentions whom the file knows by an address alone wherever a platform vouches it for somebody', () => {
    const byAddress = FILE.replace('slack: "T1:U1", console: lea', 'email: Lea@example.com')
    const lea = { email: 'lea@example.com', name: 'Lea Lead' }
    expect(configured(byAddress).routing.rules).toMatchObject([
      { tell: [lea, { kind: 'group' }], escalate: { tell: [lea] } },
    ])
  })

  it.each([
    ['tell: [Lea Lead', 'tell: [Lea Led', 'there is no person "Lea Led"; did you mean Lea Lead?'],
    ['{ to: leads', '{ to: leds', 'there is no channel "leds"; did you mean leads?'],
    ['after: 30m', 'after: 30s', 'escalate after 1m to 24h'],
    ['after: 30m', 'aftr: 30m', 'aftr'],
    ['{ slack: S1 }', '{ slak: S1 }', 'unknown key; did you mean slack?'],
    ['{ slack: S1 }', '7', '7 does not fit here; expected text or keys with values'],
    ['shifts: office', 'shifts: offic', 'there is no calendar "offic"; did you mean office?'],
    ['shifts: night', 'shifts: nigth', 'there is no calendar "nigth"; did you mean night?'],
  ])('that says %s wrongly (%s) is told what to write', (right, wrong, words) => {
    expect(() => parsed(FILE.replace(right, wrong))).toThrow(words)
  })

  it('is refused with two people of one name, since it could mean either', () => {
    const twice = FILE.replace(
      /^people:\n/m,
      'people:\n  - { name: Lea Lead, role: operator, slack: "T1:U9" }\n',
    )
    expect(twice).not.toBe(FILE)
    expect(() => parsed(twice)).toThrow(
      /people\[1\]\.name: two people are called "Lea Lead".*; write the names so that they differ/,
    )
  })

  it('shares its name with no other, because what it placed keeps that', () => {
    const twice = `${FILE}  - { name: urgent, channel: leads }\n`
    expect(() => parsed(twice)).toThrow('"urgent" stands in another entry already')
  })
})

describe('a claim', () => {
  const yml = parsed(FILE)
  const setup = { calendars: worktimesOf(yml.calendars, 'UTC'), shifts: shiftsOf(yml) }
  const ends = (channel: string, at: string) => claimEnd(setup, channel, new Date(at)).toISOString()

  it('ends with the shift of its channel, also of a night that began the day before', () => {
    expect(ends('leads', '2026-11-23T09:00:00Z')).toBe('2026-11-23T12:00:00.000Z')
    expect(ends('orders', '2026-11-23T23:00:00Z')).toBe('2026-11-24T06:00:00.000Z')
    expect(ends('orders', '2026-11-24T05:59:59Z')).toBe('2026-11-24T06:00:00.000Z')
  })

  it('of who comes up to an hour early is one of the shift that begins', () => {
    expect(ends('leads', '2026-11-23T07:00:00Z')).toBe('2026-11-23T12:00:00.000Z')
    expect(ends('leads', '2026-11-23T12:00:00Z')).toBe('2026-11-23T17:00:00.000Z')
  })

  it('outside of every shift lasts eight hours', () => {
    expect(ends('leads', '2026-11-23T06:59:59Z')).toBe('2026-11-23T14:59:59.000Z')
    expect(ends('leads', '2026-11-28T10:00:00Z')).toBe('2026-11-28T18:00:00.000Z')
  })
})
