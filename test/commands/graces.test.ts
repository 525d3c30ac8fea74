import { describe, expect, it } from 'vitest'
import type { GraceDecision } from '../../src/app/grace-desk.ts'
import type { GraceLine } from '../../src/app/queries.ts'
import type { Person } from '../../src/domain/model.ts'
import { lead, operator, pressed, say } from '../support/command-world.ts'

const admin: Person = { id: '3', name: 'Ola Example', role: 'admin' }
const MINUTE = 60_000

const given: GraceLine = {
  contract: 'wms-shipment-synced',
  title: 'Shipped, still open in the ERP',
  handoff: { from: 'wms', to: 'erp', object: 'shipment' },
  grace: '30 min',
  learned: [],
  progress: null,
  proposals: [],
}
const learning: GraceLine = {
  ...given,
  contract: 'carrier-parcel-scanned',
  title: 'Never scanned',
  handoff: { from: 'wms', to: 'carrier', object: 'parcel' },
  grace: '2 days until it is learned',
  progress: '57 handoffs seen in 28 days; it takes 200 of one pair of systems, outside incidents and peaks',
}
const learned: GraceLine = {
  ...given,
  contract: 'wms-receipt-booked',
  title: 'Received, never booked',
  handoff: { from: 'wms', to: 'erp', object: 'receipt' },
  grace: '60 min until it is learned',
  learned: [
    {
      scope: 'wms>erp',
      ms: 22 * MINUTE,
      usual: 'usually 4 min, 99.5% within 22 min',
      sample: 1_234,
      learnedAt: new Date('2026-11-20T02:41:00Z'),
      agreedBy: 'Ola Example',
    },
  ],
  proposals: [
    {
      scope: 'wms>erp Acme',
      presentMs: 22 * MINUTE,
      proposedMs: 41 * MINUTE,
      usual: 'usually 9 min, 99.5% within 41 min',
      sample: 400,
      learnedAt: new Date('2026-11-23T02:41:00Z'),
      slower: 12,
      within: 7,
    },
  ],
}
const world = { graces: [given, learning, learned] }

describe('graces', () => {
  it('says of every contract how long it may take, and what that rests on', async () => {
    const { text } = await say('graces', world)
    expect(text).toContain('wms-shipment-synced: 30 min')
    expect(text).toContain(
      'carrier-parcel-scanned: 2 days until it is learned; 57 handoffs seen in 28 days; it takes 200',
    )
    expect(text).toContain(
      'wms-receipt-booked: wms>erp: 22 min (usually 4 min, 99.5% within 22 min; 1,234 seen, learned 2026-11-20, agreed by Ola Example)',
    )
  })

  it('puts first what is proposed, with its effect', async () => {
    const answer = await say('graces', world)
    expect(answer.card.summary).toBe('3 contracts; 1 longer grace is proposed.')
    expect(answer.text).toContain(
      'Received, never booked (wms>erp Acme): it would be 41 min instead of 22 min. ' +
        'By now it takes usually 9 min, 99.5% within 41 min (400 seen). ' +
        'Of the 12 handoffs that took longer than 22 min in the last 28 days, 7 would not have counted as late.',
    )
  })

  it.each(['graces parcel', 'grace wms>carrier', 'graces wms&gt;carrier'])('narrows by %j', async (text) => {
    const answer = await say(text, world)
    expect(answer.text).toContain('carrier-parcel-scanned')
    expect(answer.text).not.toContain('wms-shipment-synced')
  })

  it('says when nothing matches', async () => {
    expect((await say('graces pim', world)).card.summary).toBe('No contract matches "pim".')
  })

  it('is for leads; only an admin is offered the decision', async () => {
    expect((await say('graces', world, operator)).card.title).toBe('graces: not allowed')
    const forLead = await say('graces', world, lead)
    expect(forLead.buttons).toEqual([])
    expect(forLead.text).toContain('An admin can accept it')
    expect((await say('graces', world, admin)).buttons.map(({ label }) => label)).toEqual([
      'Accept 41 min',
      'Keep 22 min',
    ])
  })

  it('lets an admin accept or keep exactly what the card showed', async () => {
    const decisions: GraceDecision[] = []
    const changes = [{ scope: 'wms>erp Acme', before: '22 min', after: '41 min' }]
    const here = { ...world, decisions, decided: { is: 'decided' as const, changes } }
    const answer = await say('graces', here, admin)
    expect((await pressed('Accept 41 min', answer, here, admin)).card).toMatchObject({
      tone: 'good',
      summary: 'wms>erp Acme may take 41 min from now on (it was 22 min).',
    })
    await pressed('Keep 22 min', answer, here, admin)
    const shown = { contract: 'wms-receipt-booked', scope: 'wms>erp Acme', shown: '41 min' }
    expect(decisions).toEqual([
      { decision: 'accept', ...shown },
      { decision: 'keep', ...shown },
    ])
  })

  it('takes a decision about all that is proposed for a contract', async () => {
    const decisions: GraceDecision[] = []
    await say('graces accept wms-receipt-booked', { ...world, decisions }, admin)
    expect(decisions).toEqual([
      { decision: 'accept', contract: 'wms-receipt-booked', scope: null, shown: null },
    ])
  })

  it('changes nothing for a lead', async () => {
    const decisions: GraceDecision[] = []
    const answer = await say('graces accept wms-receipt-booked', { ...world, decisions }, lead)
    expect([answer.card.title, decisions]).toEqual(['Not allowed', []])
  })

  it('says so when it was decided already, or has changed since', async () => {
    const press = (decided: object) =>
      say('graces accept wms-receipt-booked (41 min)', { ...world, ...decided }, admin)
    expect((await press({})).text).toContain('it was decided already, or it is over')
    const changed = await press({ decided: { is: 'changed', now: '3 h' } })
    expect(changed.text).toContain('3 h is proposed by now, not 41 min. Nothing was changed.')
  })

  it('asks which contract is meant', async () => {
    expect((await say('graces accept', world, admin)).card.title).toBe('graces: not understood')
  })
})
