import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/app/errors.ts'
import { batonYml } from '../../../src/config/baton-yml.ts'
import { parseYaml } from '../../../src/config/yaml-file.ts'
import { intakeFields as intake } from '../../../src/connectors/webhook/intake/config.ts'

const FACTS = `
      - name: delivery
        type: fulfillment
        id: id
        keys: { order: number }
        state: { path: status, map: { NEW: ready, HOLD: held } }
        at: changed`
const API = `
    api: { url: "https://wms.example.test/v1", headers: { authorization: "Bearer \${TOKEN}" }, probe: /me }`
const ACTION = `
      - id: release_delivery
        label: Release it
        risk: safe
        on: { type: fulfillment, states: [held], else: there is no hold }
        read: { path: "/deliveries/{{id}}", as: delivery }
        ready: state == 'held'
        done: state == 'ready'
        call: { path: "/deliveries/{{id}}/release", body: { note: "{{key}}" }, idempotent: true }`
const block = ({ facts = FACTS, api = API, action = ACTION, more = '' } = {}) => `
systems:
  wms:
    kind: webhook
    role: wms
    verify: { bearer: { tokens: ["\${TOKEN}"] } }
    facts:${facts}${api}
    actions:${action}${more}
`
const errorOf = (text: string): string => {
  try {
    parseYaml(text, 'baton.yml', batonYml({ TOKEN: 'a-secret-token' }))
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
  return ''
}

describe('a declared system in baton.yml', () => {
  it('is read, and made into a connector', () => {
    const { systems } = parseYaml(block(), 'baton.yml', batonYml({ TOKEN: 'a-secret-token' }))
    const connector = systems[0]?.create('wms', { now: () => new Date() })
    expect(connector).toMatchObject({ system: 'wms', role: 'wms', kind: 'webhook' })
    expect(connector?.actions.map(({ id, idempotent }) => [id, idempotent])).toEqual([
      ['release_delivery', true],
    ])
  })

  it.each<[string, Parameters<typeof block>[0], RegExp]>([
    [
      'an unknown key',
      { action: ACTION.replace('ready:', 'redy:') },
      /:\d+:\d+: systems.wms.actions\[0\].redy: unknown key; did you mean read/,
    ],
    [
      'a bad path',
      { facts: FACTS.replace('id: id', 'id: "a b"') },
      /^baton.yml:10:\d+: systems.wms.facts\[0\].id: "a b" is no path/,
    ],
    [
      'a slip in an action’s name',
      { action: ACTION.replace('release_delivery', 'relase_delivery') },
      /actions\[0\].id: did you mean release_delivery\?/,
    ],
    [
      'a state that there is not',
      { action: ACTION.replace('[held]', '[hold]') },
      /on.states\[0\]: no fulfillment is ever "hold"; did you mean held\?/,
    ],
    [
      'a template of nothing',
      { action: ACTION.replace('{{key}}', '{{kee}}') },
      /call.body.note: .*did you mean \{\{key\}\}\?/,
    ],
    [
      'the key in a read',
      { action: ACTION.replace('deliveries/{{id}}"', 'deliveries/{{key}}"') },
      /read.path: .*there is no \{\{key\}\} here/,
    ],
    [
      'a mapping that there is not',
      { action: ACTION.replace('as: delivery', 'as: parcel') },
      /read.as: no mapping under facts has the name "parcel"; known are delivery/,
    ],
    ['actions and no address', { api: '' }, /actions: nothing says where to call; add api/],
    [
      'an address with a password',
      { api: API.replace('https://', 'https://u:p@') },
      /api.url: write the address alone/,
    ],
    [
      'a retry where there are no records',
      { more: '\n    retry: { read: { path: /m, as: delivery }, call: { path: /m } }' },
      /retry: a record is run again in an integration, and this is a wms/,
    ],
    [
      'money that one person may move',
      { action: ACTION.replace('release_delivery', 'refund') },
      /risk: refund moves money/,
    ],
    [
      'a request without an end',
      { action: `${ACTION}\n        kind: request` },
      /answer_within: kind: request and answer_within belong together/,
    ],
    [
      'an undo that there is not',
      { action: `${ACTION}\n        undo: place_hold` },
      /undo: there is no action place_hold here/,
    ],
  ])('%s is an error with its line and what to do', (_name, change, words) => {
    expect(errorOf(block(change))).toMatch(words)
  })

  it.each(['whsec_', 'whsec_x', 'the secret'])('takes no secret that is no key: %s', (secret) => {
    expect(intake.verify.safeParse({ standard_webhooks: { secrets: [secret] } }).success).toBe(false)
  })

  it('never shows a secret in an error', () => {
    const wrong = block({ api: API.replace('probe: /me', 'probe: me') })
    expect(errorOf(wrong)).toContain('begin the path with /')
    expect(errorOf(wrong)).not.toContain('a-secret-token')
  })
})
