import { describe, expect, it } from 'vitest'
import { verifyStandardWebhook } from '../../../src/connectors/http/standard-webhooks.ts'

// The example of the Standard Webhooks specification.
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const BODY = Buffer.from('{"test": 2432232314}')
const HEADERS = {
  'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  'webhook-timestamp': '1614265330',
  'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
}
const AT = new Date(1614265330_000)
const OTHER = `whsec_${Buffer.from('quite another secret').toString('base64')}`

const verify = (
  headers: Record<string, string | undefined> = {},
  secrets = [SECRET],
  receivedAt = AT,
  body = BODY,
) => verifyStandardWebhook(secrets, { headers: { ...HEADERS, ...headers }, receivedAt }, body)

describe('a Standard Webhook', () => {
  it('of the specification’s own example is accepted, under its id', () => {
    expect(verify()).toEqual({ ok: true, deliveryKey: 'msg_p5jXN8AQM9LWM0D4loKWxJek' })
  })

  it('may carry several signatures, and match any of several secrets', () => {
    const several = `v1a,zzzz v1,AAAA ${HEADERS['webhook-signature']}`
    expect(verify({ 'webhook-signature': several }, [OTHER, SECRET]).ok).toBe(true)
    expect(verify({}, [OTHER])).toMatchObject({ status: 401 })
  })

  it.each([
    { 'webhook-signature': undefined },
    { 'webhook-id': undefined },
    { 'webhook-timestamp': undefined },
    { 'webhook-signature': '' },
    { 'webhook-signature': 'v1,' },
    { 'webhook-signature': 'v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=' },
    { 'webhook-signature': 'v1,not base64 at all' },
    { 'webhook-id': 'msg_other' },
    { 'webhook-timestamp': '1614265331' },
  ])('unsigned or wrongly signed is refused with 401: %j', (headers) => {
    expect(verify(headers)).toMatchObject({ ok: false, status: 401 })
  })

  it.each(['', 'yesterday', '1614265330.5', '-1', '1e9', '99999999999999'])(
    'with a timestamp that is none ("%s") is refused as 400, an empty one as missing',
    (timestamp) => {
      expect(verify({ 'webhook-timestamp': timestamp })).toMatchObject({
        status: timestamp === '' ? 401 : 400,
      })
    },
  )

  it('is accepted for five minutes either way, and a replay after that', () => {
    const at = (seconds: number) => new Date(AT.getTime() + seconds * 1000)
    expect(verify({}, [SECRET], at(300)).ok).toBe(true)
    expect(verify({}, [SECRET], at(-300)).ok).toBe(true)
    expect(verify({}, [SECRET], at(301))).toMatchObject({ status: 403 })
    expect(verify({}, [SECRET], at(-301))).toMatchObject({ status: 403 })
  })

  it('is checked over the bytes as they came', () => {
    expect(verify({}, [SECRET], AT, Buffer.from('{"test":2432232314}'))).toMatchObject({ status: 401 })
  })
})
