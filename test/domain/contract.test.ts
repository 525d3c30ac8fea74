import { describe, expect, it } from 'vitest'
import { contractConfig } from '../../src/app/contract-config.ts'
import { applies, check } from '../../src/domain/contract/check.ts'
import { type Contract, rolesInvolved, type Verdict } from '../../src/domain/contract/contract.ts'
import type { SubjectView } from '../../src/domain/model.ts'
import { at, minutesOf, object, view } from '../support/objects.ts'

const written = (rule: object, over: object = {}): Contract =>
  contractConfig.parse({
    id: 'a-contract',
    title: 'A contract',
    handoff: { from: 'wms', to: 'erp', object: 'receipt' },
    subject: 'receipt',
    grace: '60m',
    ...rule,
    ...over,
  })

/** Broken since and due at, in minutes; or the one word that says how it stands. */
const stands = (verdict: Verdict): string => {
  switch (verdict.is) {
    case 'kept':
      return verdict.conflict ? `kept: ${verdict.reason}, clocks disagree` : `kept: ${verdict.reason}`
    case 'broken':
      return `broken since ${minutesOf(verdict.since)}, due ${minutesOf(verdict.dueAt)}`
    case 'unknown':
      return `unknown: ${verdict.waitingFor}`
  }
}
const standing = (contract: Contract, subject: SubjectView): string => stands(check(contract, subject))
const sentence = (contract: Contract, subject: SubjectView): string => {
  const verdict = check(contract, subject)
  return verdict.is === 'broken' ? verdict.evidence.sentence : stands(verdict)
}
const magnitude = (contract: Contract, subject: SubjectView): number | null => {
  const verdict = check(contract, subject)
  return verdict.is === 'broken' ? verdict.evidence.magnitude : null
}

describe('follow: once A has reached X, B must reach Y', () => {
  const follow = {
    when: { role: 'wms', type: 'receipt', states: ['received'] },
    then: { role: 'erp', type: 'receipt', states: ['booked', 'closed'] },
  }
  const contract = written({ follow })
  const received = object({ state: 'announced', minute: 1 }, { state: 'received', minute: 10 })
  const open = object({ role: 'erp', state: 'open', minute: 2 })

  it('owes nothing before A has reached X', () => {
    expect(standing(contract, view([object({ state: 'announced' }), open]))).toBe('kept: not_owed')
  })

  it('is broken from the moment A reached X, and due after the grace', () => {
    expect(standing(contract, view([received, open]))).toBe('broken since 10, due 70')
    expect(sentence(contract, view([received, open]))).toBe('wms says received; erp still says open.')
  })

  it('is broken just as much when B knows nothing of it', () => {
    expect(standing(contract, view([received]))).toBe('broken since 10, due 70')
    expect(sentence(contract, view([received]))).toBe('wms says received; the erp knows nothing of it.')
  })

  it('owes nothing to a side that never had it, where the contract says so', () => {
    const known = written({ follow: { ...follow, onlyIfKnown: true } })
    expect(standing(known, view([received]))).toBe('kept: not_owed')
    expect(standing(known, view([received, open]))).toBe('broken since 10, due 70')
  })

  it('is kept by Y and by its declared successors', () => {
    for (const state of ['booked', 'closed']) {
      expect(standing(contract, view([received, object({ role: 'erp', state, minute: 20 })]))).toBe(
        'kept: reached',
      )
    }
  })

  it('is broken anew, with a grace of its own, when B takes Y back', () => {
    const takenBack = object(
      { role: 'erp', state: 'open', minute: 2 },
      { role: 'erp', state: 'booked', minute: 20 },
      { role: 'erp', state: 'open', minute: 100 },
      { role: 'erp', state: 'blocked', minute: 110 },
    )
    expect(standing(contract, view([received, takenBack]))).toBe('broken since 100, due 160')
  })

  it('ends with the debt: what was cancelled owes nothing', () => {
    const unless = [{ role: 'storefront', type: 'order', states: ['cancelled'] }]
    const cancelled = object({ role: 'storefront', type: 'order', state: 'cancelled', minute: 30 })
    const ending = written({ follow: { ...follow, unless } })
    expect(standing(ending, view([received, open, cancelled]))).toBe('kept: not_owed')
    expect(standing(ending, view([received, open]))).toBe('broken since 10, due 70')
  })

  it('reports clocks that disagree, and never takes them for a break', () => {
    const early = (minute: number) => object({ role: 'erp', state: 'booked', minute })
    expect(standing(contract, view([received, early(9.5)]))).toBe('kept: reached')
    expect(standing(contract, view([received, early(8)]))).toBe('kept: reached, clocks disagree')
    const verdict = check(contract, view([received, early(8)]))
    expect(verdict).toMatchObject({ conflict: { earlier: at(8), later: at(10), aheadMs: 120_000 } })
  })

  it('takes the deadline from a field of the fact, the earliest of several', () => {
    const limit = { field: 'limit', role: 'erp', type: 'receipt' }
    const byField = written({ follow }, { grace: limit })
    const due = (minute: number, externalId = 'E1') =>
      object({ role: 'erp', state: 'open', externalId, attributes: { limit: at(minute).toISOString() } })
    expect(standing(byField, view([received, due(45)]))).toBe('broken since 10, due 45')
    expect(standing(byField, view([received, due(45), due(30, 'E2')]))).toBe('broken since 10, due 30')
    expect(
      standing(written({ follow }, { grace: { ...limit, plus: '5m' } }), view([received, due(45)])),
    ).toBe('broken since 10, due 50')
  })

  it('does not guess a deadline that nobody has stated', () => {
    const byField = written({ follow }, { grace: { field: 'limit', role: 'erp', type: 'receipt' } })
    const saying = (limit: string | number | null) =>
      view([received, object({ role: 'erp', state: 'open', attributes: { limit } })])
    for (const limit of [null, 'soon', '5', 5]) {
      expect(standing(byField, saying(limit))).toBe("unknown: limit of the erp's receipt")
    }
  })

  it('counts from the last time A came into the state, not from an earlier stay there', () => {
    const again = object(
      { state: 'received', minute: 10 },
      { state: 'announced', minute: 100 },
      { state: 'received', minute: 200 },
    )
    expect(standing(contract, view([again, open]))).toBe('broken since 200, due 260')
  })

  it('counts a stay in several states of the set as one', () => {
    const several = written({
      follow: { ...follow, when: { ...follow.when, states: ['received', 'put_away'] } },
    })
    const moving = object({ state: 'received', minute: 10 }, { state: 'put_away', minute: 50 })
    expect(standing(several, view([moving, open]))).toBe('broken since 10, due 70')
    const back = object(
      { state: 'received', minute: 10 },
      { state: 'announced', minute: 100 },
      { state: 'put_away', minute: 200 },
    )
    expect(standing(several, view([back, open]))).toBe('broken since 200, due 260')
  })
})

describe('agree: both sides come to the same', () => {
  const agree = {
    left: [{ role: 'wms', type: 'inventory', quantity: 'on_hand' }],
    right: [
      { role: 'erp', type: 'inventory', quantity: 'on_hand' },
      { role: 'erp', type: 'inventory', quantity: 'in_transit', times: -1 },
    ],
  }
  const contract = written({ agree })
  const stock = (role: 'wms' | 'erp', quantities: Record<string, number>, minute = 0) =>
    object({ role, type: 'inventory', state: 'counted', externalId: role, quantities, minute })
  const wms = (onHand: number) => stock('wms', { on_hand: onHand }, 5)
  const erp = stock('erp', { on_hand: 12, in_transit: 2 }, 7)

  it('is kept within the tolerance and broken beyond it', () => {
    expect(standing(contract, view([wms(10), erp]))).toBe('kept: agrees')
    expect(standing(contract, view([wms(9), erp]))).toBe('broken since 7, due 67')
    expect(standing(written({ agree: { ...agree, tolerance: 1 } }), view([wms(9), erp]))).toBe('kept: agrees')
  })

  it('says how far apart they are, which is how bad it is', () => {
    expect(sentence(contract, view([wms(4), erp]))).toBe('wms says 4, erp says 10: 6 apart.')
    expect(magnitude(contract, view([wms(4), erp]))).toBe(6)
  })

  it('is unknown until every term has been stated once', () => {
    expect(standing(contract, view([wms(10)]))).toBe('unknown: on_hand from the erp')
    expect(standing(contract, view([wms(10), stock('erp', { on_hand: 12 })]))).toBe(
      'unknown: in_transit from the erp',
    )
  })

  it('gives no verdict during a count', () => {
    const counting = object({ role: 'wms', type: 'transfer', state: 'counting', externalId: 'C1' })
    const suspend = [{ role: 'wms', type: 'transfer', states: ['counting'] }]
    const suspended = written({ agree: { ...agree, suspend } })
    expect(standing(suspended, view([wms(4), erp, counting]))).toBe('unknown: wms to finish its transfer')
    expect(standing(suspended, view([wms(4), erp]))).toBe('broken since 7, due 67')
  })

  it('can agree on states: as many here as there', () => {
    const states = written({
      agree: {
        left: [{ role: 'wms', type: 'fulfillment', inState: ['shipped'] }],
        right: [{ role: 'erp', type: 'fulfillment', inState: ['shipped', 'invoiced'] }],
      },
    })
    const delivery = (role: 'wms' | 'erp', state: string, externalId: string) =>
      object({ role, type: 'fulfillment', state, externalId, minute: 3 })
    const two = [delivery('wms', 'shipped', 'D1'), delivery('wms', 'shipped', 'D2')]
    expect(standing(states, view([...two, delivery('erp', 'shipped', 'D1')]))).toBe('broken since 3, due 63')
    const both = [delivery('erp', 'invoiced', 'D1'), delivery('erp', 'shipped', 'D2')]
    expect(standing(states, view([...two, ...both]))).toBe('kept: agrees')
  })
})

describe('leave: an object must leave a state', () => {
  const leave = { object: { role: 'wms', type: 'fulfillment', states: ['held'] } }
  const held = (externalId: string, minute: number, reason?: string) =>
    object({ type: 'fulfillment', state: 'held', externalId, minute, attributes: reason ? { reason } : {} })

  it('is broken while it stays and kept once it has left', () => {
    const contract = written({ leave })
    expect(standing(contract, view([held('D1', 5)]))).toBe('broken since 5, due 65')
    expect(sentence(contract, view([held('D1', 5)]))).toBe('wms says held and has not moved on.')
    const left = object(
      { type: 'fulfillment', state: 'held', minute: 5 },
      { type: 'fulfillment', state: 'picked', minute: 9 },
    )
    expect(standing(contract, view([left]))).toBe('kept: left')
  })

  it('can be due at once', () => {
    expect(standing(written({ leave }, { grace: '0s' }), view([held('D1', 5)]))).toBe('broken since 5, due 5')
  })

  it('can look at the reason', () => {
    const contract = written({
      leave: { object: { ...leave.object, where: { attribute: 'reason', in: ['fraud'] } } },
    })
    expect(standing(contract, view([held('D1', 5, 'address')]))).toBe('kept: left')
    expect(standing(contract, view([held('D1', 5)]))).toBe('kept: left')
    expect(sentence(contract, view([held('D1', 5, 'fraud')]))).toBe(
      'wms says held (fraud) and has not moved on.',
    )
  })

  it('counts from the first of several, and gets worse with each', () => {
    const contract = written({ leave })
    const two = view([held('D2', 9), held('D1', 5)])
    expect(standing(contract, two)).toBe('broken since 5, due 65')
    expect(magnitude(contract, two)).toBe(2)
  })
})

describe('one: at most one live object', () => {
  const contract = written({
    one: { object: { role: 'wms', type: 'fulfillment', states: ['ready', 'picked'] } },
  })
  const delivery = (externalId: string, minute: number, state = 'ready') =>
    object({ type: 'fulfillment', state, externalId, minute })

  it('is kept by none and by one', () => {
    expect(standing(contract, view([]))).toBe('kept: at_most_one')
    expect(standing(contract, view([delivery('D1', 5), delivery('D2', 6, 'cancelled')]))).toBe(
      'kept: at_most_one',
    )
  })

  it('is broken from the moment the second one appeared, and gets worse with each', () => {
    expect(standing(contract, view([delivery('D2', 6), delivery('D1', 5)]))).toBe('broken since 6, due 66')
    const three = view([delivery('D3', 8), delivery('D2', 6), delivery('D1', 5, 'picked')])
    expect(sentence(contract, three)).toBe(
      'wms has 3 live at once: D1 (picked) and D2 (ready) and D3 (ready).',
    )
    expect(magnitude(contract, three)).toBe(3)
  })
})

describe('whom a contract is about', () => {
  const leave = { object: { role: 'wms', type: 'fulfillment', states: ['held'] } }
  const contract = written({ leave }, { subject: 'fulfillment' })
  const about = (orderClass: SubjectView['orderClass'], its = contract) =>
    applies(its, view([], { kind: 'fulfillment', orderClass }))

  it('is subjects of its kind', () => {
    expect(applies(contract, view([], { kind: 'parcel' }))).toBe(false)
  })

  it('is every order but drafts and those of a class that nobody knows', () => {
    expect(about('consumer')).toBe(true)
    expect(about('marketplace')).toBe(true)
    expect(about('draft')).toBe(false)
    expect(about('other')).toBe(false)
  })

  it('is only the classes that it names, if it names any', () => {
    const b2b = written({ leave }, { subject: 'fulfillment', classes: ['b2b'] })
    expect(about('b2b', b2b)).toBe(true)
    expect(about('consumer', b2b)).toBe(false)
  })

  it('depends on what its roles say, each named once', () => {
    expect(rolesInvolved(contract)).toEqual(['wms'])
    const agree = {
      left: [{ role: 'wms', type: 'inventory', quantity: 'a' }],
      right: [
        { role: 'erp', type: 'inventory', quantity: 'a' },
        { role: 'erp', type: 'inventory', quantity: 'b' },
      ],
    }
    expect(rolesInvolved(written({ agree }))).toEqual(['wms', 'erp'])
  })
})
