import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { easypostConfig } from '../../../src/connectors/easypost/config.ts'
import { createWebhook } from '../../../src/connectors/easypost/webhook.ts'

const SECRETS = ['the old one', 'the néw one']
const webhook = createWebhook({
  ...easypostConfig.parse({ apiKey: 'EZAK', webhookSecrets: SECRETS }),
  name: 'parcels',
})
const receivedAt = new Date('2026-11-23T06:00:00Z')
const signature = (body: string | Buffer, secret: string) =>
  `hmac-sha256-hex=${createHmac('sha256', secret).update(body).digest('hex')}`
const verify = (body: string, given: string | undefined) =>
  webhook.verify({ headers: { 'x-hmac-signature': given }, receivedAt }, Buffer.from(body))

describe("EasyPost's signature", () => {
  it('is right under either secret while one replaces the other, in Unicode form NFKD', () => {
    expect(verify('{"id":"evt_1"}', signature('{"id":"evt_1"}', 'the old one'))).toEqual({
      ok: true,
      deliveryKey: 'evt_1',
    })
    expect(verify('{}', signature('{}', 'the n\u0065\u0301w one')).ok).toBe(true)
  })

  it('covers the bytes as they came: a body written anew is not what was signed', () => {
    const body = '{"id":"evt_1","result":{"weight":17.0}}'
    const rewritten = JSON.stringify(JSON.parse(body))
    expect(verify(body, signature(body, 'the old one')).ok).toBe(true)
    expect(verify(rewritten, signature(body, 'the old one'))).toMatchObject({ ok: false, status: 401 })
  })

  it.each([
    ['none', undefined],
    ['an empty one', ''],
    ['one without its name', createHmac('sha256', 'the old one').update('{}').digest('hex')],
    ['half of one', signature('{}', 'the old one').slice(0, 48)],
    ['another kind', `hmac-sha1-hex=${'0'.repeat(40)}`],
    ['no hex', `hmac-sha256-hex=${'z'.repeat(64)}`],
  ])('refuses %s with 401', (_what, given) => {
    expect(verify('{}', given)).toMatchObject({ ok: false, status: 401 })
  })

  it('names a delivery that has no id by its content, so that it is known again', () => {
    const [one, same, other] = ['{"a":1}', '{"a":1}', 'no JSON'].map((body) =>
      verify(body, signature(body, 'the old one')),
    )
    expect(one).toEqual(same)
    expect(one).toMatchObject({ ok: true, deliveryKey: expect.stringContaining('sha256:') })
    expect(other).not.toEqual(one)
  })
})

describe('what is kept of an event', () => {
  const kept = (event: object): string => {
    const body = JSON.stringify(event)
    const verified = verify(body, signature(body, 'the old one'))
    return verified.ok ? String(verified.body) : 'refused'
  }

  it('is not who signed, nor what the carrier wrote', () => {
    const details = [{ message: 'Left with Quilla Imaginary', status: 'delivered' }]
    const result = { id: 'trk_1', signed_by: 'Quilla Imaginary', tracking_details: details }
    const said = kept({ id: 'evt_4', description: 'tracker.updated', result })
    expect(said).toContain('delivered')
    expect(said).not.toContain('Quilla')
  })

  it('about something else is only what it is: such events hold addresses', () => {
    const result = { to_address: { name: 'Quilla Imaginary' } }
    expect(JSON.parse(kept({ id: 'evt_5', description: 'batch.created', result }))).toEqual({
      id: 'evt_5',
      description: 'batch.created',
    })
  })
})

describe('an event', () => {
  it('about something else is no news, and no error', () => {
    const batch = { id: 'evt_2', description: 'batch.updated', result: { id: 'batch_1', object: 'Batch' } }
    expect(webhook.parse(Buffer.from(JSON.stringify(batch)))).toEqual({ facts: [], bad: [] })
  })

  it('about a tracker that makes no sense is a bad row', () => {
    const event = { id: 'evt_3', description: 'tracker.updated', result: null }
    expect(webhook.parse(Buffer.from(JSON.stringify(event)))).toMatchObject({
      facts: [],
      bad: [{ at: 'result' }],
    })
  })
})
