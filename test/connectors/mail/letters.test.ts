import { describe, expect, it } from 'vitest'
import { mailConfig } from '../../../src/connectors/mail/config.ts'
import { createMailConnector } from '../../../src/connectors/mail/index.ts'
import type { SubjectView } from '../../../src/domain/model.ts'
import { heldOrder, lostParcel, parcel, purchase, receiptOf } from '../../support/mail/subjects.ts'
import { object, view } from '../../support/objects.ts'

const DESKS = {
  carrier: { to: 'trace@carrier.example' },
  supplier: { to: 'orders@supplier.example' },
  customer: {},
}
const connect = (desks: object = DESKS) =>
  createMailConnector(
    {
      ...mailConfig.parse({ url: 'smtp://mail.example', from: 'desk@shop.example', desks }),
      name: 'letters',
    },
    { now: () => new Date(0) },
  )
const actionOf = (id: string, desks?: object) => {
  const action = connect(desks).actions.find((candidate) => candidate.id === id)
  if (!action) throw new Error(`No ${id}`)
  return action
}
/** What the form starts with. */
const draft = (id: string, subject: SubjectView): Record<string, string | undefined> =>
  Object.fromEntries(
    (actionOf(id).inputs?.(subject) ?? []).map((input) => [
      input.id,
      input.kind === 'text' ? input.initial : undefined,
    ]),
  )
const aim = (id: string, subject: SubjectView, desks?: object) => actionOf(id, desks).target(subject)

describe('what is offered', () => {
  it('is what has a desk', () => {
    const ids = (desks: object) => connect(desks).actions.map(({ id }) => id)
    expect(ids({})).toEqual([])
    expect(ids({ carrier: DESKS.carrier })).toEqual(['open_trace', 'file_claim'])
    expect(ids({ supplier: DESKS.supplier })).toEqual(['claim_shortage', 'ask_supplier'])
    expect(ids({ customer: {} })).toEqual(['notify_customer', 'ask_customer'])
  })

  it('is nothing on a subject that Baton knows nothing of', () => {
    for (const { target } of connect().actions) expect(target(view([], { kind: 'parcel' }))).toBeNull()
  })

  it('is only for parcels of the desk’s carriers, where the carrier is known', () => {
    const desks = (...carriers: string[]) => ({ carrier: { ...DESKS.carrier, carriers } })
    expect(aim('open_trace', lostParcel(), desks('ups'))).toMatchObject({ externalId: '1Z999' })
    expect(aim('open_trace', lostParcel(), desks('DHL'))).toBeNull()
    expect(aim('open_trace', parcel(null), desks('DHL'))).toMatchObject({ externalId: '1Z999' })
  })

  it.each([
    ['label', true],
    ['in_transit', true],
    ['lost', true],
    ['delivered', false],
    ['returning', false],
  ])('for a parcel in state %s includes a trace: %s', (state, offered) => {
    const target = aim('open_trace', parcel({ state, rawState: `it is ${state}` }))
    if (offered) expect(target).toMatchObject({ externalId: '1Z999' })
    else expect(target).toEqual({ unavailable: `The carrier has it: it is ${state}` })
  })

  it('includes a claim once the carrier says that something happened, or the customer does', () => {
    expect(aim('file_claim', lostParcel())).toMatchObject({ externalId: '1Z999' })
    expect(aim('file_claim', parcel({ state: 'in_transit', rawState: 'on its way' }))).toEqual({
      unavailable: 'The carrier calls it neither lost nor damaged: on its way',
    })
    const delivered = parcel({ state: 'delivered' })
    const dispute = object({ role: 'storefront', type: 'claim', externalId: 'C1', state: 'open' })
    const disputed = { ...delivered, objects: [...delivered.objects, dispute] }
    expect(aim('file_claim', disputed)).toMatchObject({ externalId: '1Z999' })
    expect(draft('file_claim', disputed).text).toContain('our customer says')
    expect(aim('file_claim', view([dispute], { kind: 'fulfillment' }))).toEqual({
      unavailable: 'No tracking number is known',
    })
  })

  it('includes a claim of what the supplier did not send, and not of what came', () => {
    expect(aim('claim_shortage', receiptOf(7))).toMatchObject({ externalId: 'ASN-7' })
    expect(aim('claim_shortage', receiptOf(10))).toEqual({
      unavailable: 'Nothing is missing: 10 of 10 came in',
    })
  })

  it('includes asking the supplier while something may still come', () => {
    expect(aim('ask_supplier', purchase())).toMatchObject({ externalId: 'PO-42' })
    expect(aim('ask_supplier', purchase('received'))).toEqual({ unavailable: 'The purchase is received' })
  })
})

describe('a draft', () => {
  it('for a trace names the parcel, the order and the last scan', () => {
    expect(draft('open_trace', lostParcel())).toEqual({
      subject: 'Please trace parcel 1Z999',
      text: [
        'Hello,',
        'please trace this parcel for us.',
        [
          'Tracking number: 1Z999',
          'Carrier: UPS',
          'Our order: 1001',
          'Left our warehouse: 2026-11-23 06:00 UTC',
          'Last scan: 2026-11-23 07:30 UTC, HOUSTON, TX',
          'Status: failure, lost',
          'Expected delivery: 2026-11-24',
        ].join('\n'),
        'Where is it now, and when will it be delivered?',
        'Kind regards',
      ].join('\n\n'),
    })
  })

  it('says that a parcel was never scanned, and invents no place', () => {
    const never = ['Last scan: none', 'Left our warehouse: 2026-11-23 06:00 UTC']
    for (const subject of [parcel(null), parcel({ state: 'label', rawState: 'pre_transit' })]) {
      const { text } = draft('open_trace', subject)
      for (const line of never) expect(text).toContain(line)
      expect(text).not.toContain('null')
      expect(text).not.toContain('undefined')
    }
  })

  it('for a shortage counts what is missing', () => {
    const { subject, text } = draft('claim_shortage', receiptOf(7))
    expect(subject).toBe('Short delivery on purchase order PO-42')
    expect(text).toContain('Article: MUG-RED\nAnnounced: 10\nReceived: 7\nMissing: 3')
  })

  it('for a late purchase names the date that was expected', () => {
    const { subject, text } = draft('ask_supplier', purchase())
    expect(subject).toBe('When does purchase order PO-42 arrive?')
    expect(text).toContain('Quantity: 120\nExpected by us: 2026-11-20')
  })

  it.each([
    ['a bad address', heldOrder(), 'house number'],
    ['a parcel that nobody hears of', parcel({ state: 'in_transit' }), 'Have you received it?'],
    ['anything else', heldOrder('fraud'), 'a question about your order'],
  ])('asks the customer about %s', (_what, subject, words) => {
    expect(draft('ask_customer', subject).text).toContain(words)
    expect(draft('ask_customer', subject).text).toContain('Your order: 1001')
  })

  it('asks the customer about a payment that has expired', () => {
    const keys = [{ name: 'order' as const, value: '1001', kind: 'identity' as const }]
    const order = object({ role: 'storefront', type: 'order', keys, attributes: { paymentState: 'expired' } })
    expect(draft('ask_customer', view([order], { kind: 'fulfillment', keys })).text).toContain(
      'no longer valid',
    )
  })

  it.each([
    ['lost', 'was lost'],
    ['returning', 'on its way back'],
    ['in_transit', 'takes longer'],
  ])('tells the customer of a parcel that is %s', (state, words) => {
    expect(draft('notify_customer', parcel({ state })).text).toContain(words)
  })

  it('fits the form, whatever the systems call things', () => {
    const name = 'X'.repeat(4_000)
    const keys = [{ name: 'tracking' as const, value: name, kind: 'identity' as const }]
    const subject = view(
      [object({ role: 'carrier', type: 'shipment', keys, state: 'lost', attributes: { carrier: name } })],
      { kind: 'parcel', keys },
    )
    for (const input of actionOf('open_trace').inputs?.(subject) ?? []) {
      if (input.kind === 'text') expect(input.initial?.length ?? 0).toBeLessThanOrEqual(input.maxLength)
    }
  })
})

describe('the settings', () => {
  const base = { url: 'smtp://mail.example', from: 'desk@shop.example' }
  it.each([
    ['a web address', { url: 'https://mail.example' }],
    ['a login in the url', { url: 'smtp://me:secret@mail.example' }],
    ['a sender that is no address', { from: 'Example Shop <desk@shop.example>' }],
    ['two addresses for a desk', { desks: { carrier: { to: 'a@x.example,b@x.example' } } }],
    ['an action that nobody knows', { actions: { refund: {} } }],
    ['a user without a password', { user: 'baton' }],
    ['a wait of no length', { desks: { customer: { answerWithin: '0s' } } }],
  ])('refuse %s', (_what, wrong) => {
    expect(mailConfig.safeParse(base).success).toBe(true)
    expect(mailConfig.safeParse({ ...base, ...wrong }).success).toBe(false)
  })
})
