import { describe, expect, it } from 'vitest'
import { batonYml } from '../../src/config/baton-yml.ts'
import { configFrom } from '../../src/config/config.ts'
import { readEnv } from '../../src/config/env.ts'
import { GROUPING } from '../../src/config/group.ts'

const routingOf = (written: object) => configFrom(batonYml({}).parse(written), readEnv({}), null).routing
const rule = { name: 'all', channel: 'exceptions' }

describe('how exceptions are grouped', () => {
  it('is good without a word: one storm of a contract is one message, and each rule follows', () => {
    const { group, rules } = routingOf({ rules: [rule] })
    expect(group).toEqual({
      by: ['contract'],
      after: 5,
      waitMs: 30_000,
      intervalMs: 300_000,
      repeatMs: 14_400_000,
    })
    expect(rules[0]).not.toHaveProperty('group')
  })

  it('may be said for all, and by a rule on top of that', () => {
    const { group, rules } = routingOf({
      group: { after: 20, wait: '0s' },
      rules: [{ ...rule, group: { by: ['handoff', 'system'], wait: '1m' } }],
    })
    expect(group).toEqual({ ...GROUPING, after: 20, waitMs: 0 })
    expect(rules[0]?.group).toEqual({ ...GROUPING, by: ['handoff', 'system'], after: 20, waitMs: 60_000 })
  })

  it('may be off, for all or by a rule', () => {
    expect(routingOf({ group: 'off' }).group).toBeNull()
    expect(routingOf({ rules: [{ ...rule, group: 'off' }] }).rules[0]?.group).toBeNull()
  })

  it('keeps to what an operator can live with', () => {
    for (const group of [{ wait: '1h' }, { interval: '1s' }, { by: [] }, { by: ['colour'] }, { after: 0 }]) {
      expect(batonYml({}).safeParse({ group }).success).toBe(false)
    }
  })
})
