import { createHmac } from 'node:crypto'
import { CloudEvent, HTTP } from 'cloudevents'
import { describe, expect, it } from 'vitest'
import { webhookConfig } from '../../../src/connectors/webhook/config.ts'
import { createIntake } from '../../../src/connectors/webhook/intake/intake.ts'

const NOW = new Date('2026-11-23T10:00:00Z')
const parcel = {
  type: 'shipment',
  id: 'id',
  keys: { tracking: 'id' },
  state: { path: 'status', map: { ON_WAY: 'in_transit' } },
  at: { received: true },
}
const intakeOf = (settings: object) =>
  createIntake(webhookConfig.parse({ role: 'carrier', facts: [parcel], ...settings }), () => NOW)
const body = Buffer.from('{"id":"t1","status":"ON_WAY","delivery":"d-1"}')
const head = (headers: Record<string, string>, receivedAt = NOW) => ({ headers, receivedAt })
const mac = (
  algorithm: string,
  secret: string,
  encoding: 'hex' | 'base64',
  ...parts: (string | Buffer)[]
) => {
  const hash = createHmac(algorithm, secret)
  for (const part of parts) hash.update(part)
  return hash.digest(encoding)
}

describe('a sender', () => {
  it.each(['sha256', 'sha512', 'sha1'] as const)(
    'signs the raw body with %s, in hex or base64',
    (algorithm) => {
      for (const encoding of ['hex', 'base64'] as const) {
        const hmac = { header: 'X-Sig', algorithm, encoding, secrets: ['old', 'new'] }
        const intake = intakeOf({ verify: { hmac } })
        for (const secret of hmac.secrets) {
          const signed = head({ 'x-sig': mac(algorithm, secret, encoding, body) })
          expect(intake.verify(signed, body).ok).toBe(true)
          const spaced = Buffer.from(`${body.toString()} `)
          expect(intake.verify(signed, spaced)).toMatchObject({ ok: false, status: 401 })
        }
        for (const wrong of [mac(algorithm, 'other', encoding, body), '', 'nonsense!', 'ab'])
          expect(intake.verify(head({ 'x-sig': wrong }), body)).toMatchObject({ ok: false, status: 401 })
      }
    },
  )

  it('signs bytes that are no text, and they are not turned into text before they are checked', () => {
    const bytes = Buffer.from([0x7b, 0xff, 0xfe, 0x7d])
    const intake = intakeOf({ verify: { hmac: { header: 'x-sig', secrets: ['s'] } } })
    expect(intake.verify(head({ 'x-sig': mac('sha256', 's', 'hex', bytes) }), bytes).ok).toBe(true)
    const alike = Buffer.from(bytes.toString('utf8'))
    expect(intake.verify(head({ 'x-sig': mac('sha256', 's', 'hex', bytes) }), alike).ok).toBe(false)
  })

  it.each([
    ['epoch_s', String(NOW.getTime() / 1000)],
    ['epoch_ms', String(NOW.getTime())],
    ['iso', NOW.toISOString()],
  ])('says when it signed (%s): what is old is a replay, however well it is signed', (format, stamp) => {
    const timestamp = { header: 'x-time', format, tolerance: '2m' }
    const hmac = { header: 'x-sig', secrets: ['s'], timestamp }
    const intake = intakeOf({ verify: { hmac } })
    const headers = { 'x-time': stamp, 'x-sig': mac('sha256', 's', 'hex', `${stamp}.`, body) }
    const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000)
    expect(intake.verify(head(headers, later(1)), body).ok).toBe(true)
    expect(intake.verify(head(headers, later(3)), body)).toMatchObject({ ok: false, status: 403 })
    expect(intake.verify(head(headers, later(-3)), body)).toMatchObject({ ok: false, status: 403 })
    expect(intake.verify(head({ ...headers, 'x-time': `${stamp}0` }), body)).toMatchObject({ status: 401 })
    const senseless = { 'x-time': 'soon', 'x-sig': mac('sha256', 's', 'hex', 'soon.', body) }
    expect(intake.verify(head(senseless), body)).toMatchObject({ ok: false, status: 400 })
  })

  it('knows a token, in the usual header or in one of its own', () => {
    const usual = intakeOf({ verify: { bearer: { tokens: ['old', 'new'] } } })
    expect(usual.verify(head({ authorization: 'Bearer new' }), body).ok).toBe(true)
    for (const wrong of ['Bearer no', 'Bearer ', 'new', 'Basic bmV3'])
      expect(usual.verify(head({ authorization: wrong }), body)).toMatchObject({ ok: false, status: 401 })
    const own = intakeOf({ verify: { bearer: { tokens: ['new'], header: 'X-Api-Key' } } })
    expect(own.verify(head({ 'x-api-key': 'new' }), body).ok).toBe(true)
    expect(own.verify(head({ authorization: 'Bearer new' }), body).ok).toBe(false)
  })

  it('knows a user and a password', () => {
    const intake = intakeOf({ verify: { basic: { user: 'edi', passwords: ['a:b', 'c'] } } })
    const basic = (text: string) => head({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
    expect(intake.verify(basic('edi:a:b'), body).ok).toBe(true)
    expect(intake.verify(basic('edi:c'), body).ok).toBe(true)
    for (const wrong of ['edi:', 'edi:x', 'x:c', ''])
      expect(intake.verify(basic(wrong), body)).toMatchObject({ ok: false, status: 401 })
  })

  it('proves itself in exactly one way', () => {
    const tokens = { bearer: { tokens: ['t'] } }
    const both = { ...tokens, basic: { user: 'u', passwords: ['p'] } }
    for (const verify of [{}, both])
      expect(() => intakeOf({ verify })).toThrow(/exactly one of standard_webhooks, hmac, bearer, basic/)
  })
})

describe('a delivery', () => {
  const verify = { bearer: { tokens: ['t'] } }
  const keyOf = (settings: object, headers: Record<string, string> = {}, sent = body) => {
    const verified = intakeOf({ verify, ...settings }).verify(
      head({ authorization: 'Bearer t', ...headers }),
      sent,
    )
    return verified.ok ? verified.deliveryKey : verified.status
  }

  it('is known again by its header, by its body’s own id, or by the body itself', () => {
    expect(keyOf({ delivery_id: { header: 'X-Id' } }, { 'x-id': 'e1' })).toBe('e1')
    expect(keyOf({ delivery_id: { header: 'X-Id' } })).toBe(400)
    expect(keyOf({ delivery_id: { path: 'delivery' } })).toBe('d-1')
    expect(keyOf({})).toBe(keyOf({}))
    expect(keyOf({})).not.toBe(keyOf({}, {}, Buffer.from('{}')))
    expect(keyOf({ delivery_id: { path: 'nothing' } })).toBe(keyOf({}))
    expect(keyOf({ delivery_id: { header: 'X-Id' } }, { 'x-id': 'e'.repeat(5_000) })).toHaveLength(64)
  })

  it('that is a ping is taken and ignored; one that is no JSON is an error for an admin', () => {
    const intake = intakeOf({ verify, ignore: "event == 'ping'" })
    expect(intake.parse(Buffer.from('{"event":"ping"}'))).toEqual({ facts: [], bad: [] })
    expect(() => intake.parse(Buffer.from('hello'))).toThrow('The body is no JSON.')
  })

  it('says when it was sent, by the sender’s own clock', () => {
    const intake = intakeOf({ verify, sent_at: { path: 'sent', format: 'epoch_s' } })
    expect(intake.parse(Buffer.from('{"sent":1795428000}')).sentAt).toEqual(NOW)
    expect(intake.parse(Buffer.from('{"sent":"x"}')).sentAt).toBeUndefined()
  })
})

describe('a CloudEvent', () => {
  const settings = {
    verify: { bearer: { tokens: ['t'] } },
    cloudevents: true,
    facts: [
      {
        ...parcel,
        when: "type == 'parcel.moved'",
        id: 'data.id',
        keys: { tracking: 'data.id' },
        state: { path: 'data.status', map: { ON_WAY: 'in_transit' } },
        at: 'time',
      },
    ],
  }
  const event = new CloudEvent({
    id: 'e-1',
    source: '/carrier',
    type: 'parcel.moved',
    time: NOW.toISOString(),
    data: { id: 't1', status: 'ON_WAY' },
  })
  const sent = ({ headers, body: text }: ReturnType<typeof HTTP.binary>) => ({
    headers: Object.fromEntries(
      Object.entries({ ...headers, authorization: 'Bearer t' }).map(([k, v]) => [k, String(v)]),
    ),
    body: Buffer.from(String(text)),
  })

  it('is the same in structured and in binary mode: kept whole, read alike, known by source and id', () => {
    const intake = intakeOf(settings)
    const read = [HTTP.structured(event), HTTP.binary(event)].map((message) => {
      const request = sent(message)
      const verified = intake.verify(head(request.headers), request.body)
      if (!verified.ok) throw new Error(verified.reason)
      expect(verified.deliveryKey).toBe('/carrier e-1')
      return intake.parse(verified.body ?? request.body)
    })
    expect(read[0]).toMatchObject({ bad: [], facts: [{ externalId: 't1', occurredAt: NOW }] })
    expect(read[1]).toEqual(read[0])
  })

  it('without a time is given none: nobody knows when it happened', () => {
    const { time: _, ...timeless } = event.toJSON()
    const request = {
      headers: { 'content-type': 'application/cloudevents+json', authorization: 'Bearer t' },
      body: Buffer.from(JSON.stringify(timeless)),
    }
    const intake = intakeOf(settings)
    const verified = intake.verify(head(request.headers), request.body)
    const { bad } = intake.parse((verified.ok && verified.body) || request.body)
    expect(bad[0]?.reason).toBe('at: nothing at time')
  })

  it('must be signed for like all else, and what is no event is kept for an admin', () => {
    const intake = intakeOf(settings)
    const { headers, body: text } = sent(HTTP.structured(event))
    expect(intake.verify(head({ ...headers, authorization: 'Bearer x' }), text)).toMatchObject({
      status: 401,
    })
    for (const wrong of [
      '{"id":"1"}',
      'null',
      '[]',
      '{"specversion":"0.3","id":"1","source":"/a","type":"t"}',
    ]) {
      expect(intake.verify(head(headers), Buffer.from(wrong)).ok).toBe(true)
      expect(() => intake.parse(Buffer.from(wrong)), wrong).toThrow(/^It is no CloudEvent/)
    }
  })
})
