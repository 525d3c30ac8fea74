import { createHmac } from 'node:crypto'
import { expect, it } from 'vitest'
import { medusaConfig } from '../../../src/connectors/medusa/config.ts'
import { createMedusaConnector } from '../../../src/connectors/medusa/index.ts'

const connectorWith = (webhook?: object) =>
  createMedusaConnector({
    ...medusaConfig.parse({ url: 'http://127.0.0.1:9', secretKey: 'sk_1', ...(webhook ? { webhook } : {}) }),
    name: 'shop',
  })
const body = Buffer.from('{"name":"order.placed","data":{"id":"order_1"},"at":"2026-11-23T06:00:00.000Z"}')
const signed = (header: string, secret: string) => ({
  headers: { [header]: createHmac('sha256', secret).update(body).digest('hex') },
  receivedAt: new Date('2026-11-23T06:00:01Z'),
})

it('takes a notification, which holds an id and no state, for a hint to read the shop now', () => {
  expect(connectorWith({ secrets: ['one'] }).webhook?.parse(body)).toEqual({
    facts: [],
    bad: [],
    hint: true,
    sentAt: new Date('2026-11-23T06:00:00Z'),
  })
})

it('knows the old secret and the new one while one replaces the other, and the header that the shop uses', () => {
  const { webhook } = connectorWith({ header: 'X-Rig-Signature', secrets: ['new', 'old'] })
  const keys = ['new', 'old'].map((secret) => webhook?.verify(signed('x-rig-signature', secret), body))
  expect(keys).toEqual([{ ok: true, deliveryKey: expect.any(String) }, keys[0]])
  expect(webhook?.verify(signed('x-rig-signature', 'other'), body)).toMatchObject({ ok: false, status: 401 })
  expect(webhook?.verify(signed('x-medusa-signature', 'new'), body)).toMatchObject({ ok: false, status: 401 })
})

it('takes nothing in where no secret is configured', () => {
  expect(connectorWith().webhook).toBeUndefined()
})
