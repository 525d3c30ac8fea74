import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { httpConfig } from '../../../src/connectors/webhook/config.ts'
import { createHttpConnector } from '../../../src/connectors/webhook/index.ts'
import { object, view } from '../../support/objects.ts'
import { type RestService, startRestService } from '../../support/rest/service.ts'

const NOW = new Date('2026-11-23T10:00:00Z')
const signal = () => AbortSignal.timeout(10_000)

let service: RestService
beforeEach(async () => {
  service = await startRestService(() => NOW)
  service.shipments.set('D1', {
    id: 'D1',
    order: '1001',
    status: 'HOLD',
    cancellation: 'none',
    units: 3,
    tracking: null,
    updated: NOW.getTime(),
  })
})
afterEach(() => service.close())

const shipment = {
  type: 'fulfillment',
  id: 'id',
  keys: { order: 'order' },
  state: { path: 'status', map: { NEW: 'ready', HOLD: 'held' } },
  quantities: { ordered: 'units' },
  at: { path: 'updated', format: 'epoch_ms' },
}
const release = {
  id: 'release_delivery',
  label: 'Release it',
  risk: 'safe',
  on: { type: 'fulfillment', states: ['held'], if: "attributes.kept != 'yes'", else: 'there is no hold' },
  params: { reason: { role: 'storefront', type: 'order', path: 'attributes.reason' } },
  magnitude: 'quantities.ordered - `5`',
  read: { path: '/shipments/{{id}}', find: 'shipment', as: shipment },
  ready: "state == 'held'",
  done: "state == 'ready'",
  call: {
    path: '/shipments/{{id}}/release',
    body: { reason: '{{reason}}' },
    idempotency_header: 'Idempotency-Key',
  },
}
const connect = (change: object = {}, api: object = {}, now = () => NOW) => {
  const connector = createHttpConnector(
    {
      ...httpConfig.parse({
        role: 'wms',
        api: {
          url: service.url,
          headers: { authorization: `Bearer ${service.token}` },
          probe: '/health',
          allow_hosts: ['127.0.0.1'],
          ...api,
        },
        actions: [{ ...release, ...change }],
      }),
      name: 'sys',
    },
    { now },
  )
  const [action] = connector.actions
  if (!action) throw new Error('no action')
  return { connector, action }
}

const told = { system: 'sys', role: 'wms' as const, type: 'fulfillment' as const, externalId: 'D1' }
const delivery = (over: object = {}) =>
  object({ ...told, state: 'held', quantities: { ordered: 3 }, ...over })
const order = object({
  system: 'shop',
  role: 'storefront',
  type: 'order',
  externalId: 'o1',
  attributes: { reason: 'paid by now' },
})
const target = { externalId: 'D1', params: { reason: 'paid by now' } }

describe('a declared action', () => {
  it('is offered with what other systems say, or not offered, with the reason', () => {
    const { action } = connect()
    expect(action.target(view([delivery(), order]))).toEqual(target)
    expect(action.target(view([delivery()]))).toEqual({
      unavailable: 'No storefront states attributes.reason',
    })
    for (const over of [{ state: 'shipped' }, { attributes: { kept: 'yes' } }])
      expect(action.target(view([delivery(over), order]))).toEqual({
        unavailable: expect.stringMatching(/^D1 is .*: there is no hold$/),
      })
    expect(action.target(view([delivery({ system: 'other' }), order]))).toBeNull()
  })

  it('is sized, and what cannot be sized is above every limit', () => {
    expect(connect().action.magnitude?.(view([delivery(), order]))).toBe(2)
    expect(connect().action.magnitude?.(view([delivery({ quantities: {} }), order]))).toBe(
      Number.POSITIVE_INFINITY,
    )
  })

  it('does not take the answer to another question for this one’s', async () => {
    const { action } = connect({ read: { ...release.read, path: '/shipments/D1' } })
    const input = { target: { ...target, externalId: 'D2' }, values: {}, signal: signal() }
    await expect(action.read(input)).rejects.toMatchObject({
      failure: 'misconfigured',
      message: expect.stringContaining('it is about D1, not D2'),
    })
  })

  it('has changed nothing where the same is read again, also after what was read first has been kept', async () => {
    for (const at of [shipment.at, { received: true }]) {
      let now = NOW
      const as = { ...shipment, at }
      const { action } = connect({ read: { ...release.read, as }, expect: "state == 'held'" }, {}, () => now)
      const input = { target, values: {}, signal: signal() }
      const before = await action.read(input)
      now = new Date(NOW.getTime() + 60_000)
      // As the database keeps it: names sorted anew.
      const kept = Object.fromEntries(Object.entries(before.snapshot ?? {}).reverse())
      const after = await action.read(input)
      expect(action.compare(input, { ...before, snapshot: kept }, after)).toMatchObject({ is: 'unchanged' })
    }
  })

  it('says so where there is no such object, and where its words are not known', async () => {
    const { action } = connect()
    const gone = { target: { ...target, externalId: 'D9' }, values: {}, signal: signal() }
    const absent = await action.read(gone)
    expect(absent).toMatchObject({ facts: [], words: 'sys has no fulfillment for D9.' })
    expect(action.precondition(gone, absent)).toMatchObject({ is: 'impossible' })
    const held = service.shipments.get('D1')
    if (held) service.shipments.set('D9', { ...held, id: 'D9', status: 'VOID' })
    await expect(action.read(gone)).rejects.toMatchObject({
      message: expect.stringContaining('"VOID" means'),
    })
  })

  it('sends nothing that would go somewhere else', async () => {
    const { action } = connect()
    for (const externalId of ['..', '.', '']) {
      const input = { target: { ...target, externalId }, values: {}, signal: signal() }
      await expect(action.act(input, 'key')).rejects.toMatchObject({ failure: 'refused' })
    }
    expect(service.requests).toEqual([])
  })

  it('does not call a private address, unless its host is allowed by name', async () => {
    await expect(connect().connector.probe(signal())).resolves.toBeUndefined()
    const { connector, action } = connect({}, { allow_hosts: ['localhost'] })
    await expect(connector.probe(signal())).rejects.toMatchObject({ failure: 'misconfigured' })
    const input = { target, values: {}, signal: signal() }
    await expect(action.act(input, 'key')).rejects.toMatchObject({
      failure: 'misconfigured',
      message: expect.stringContaining('allow_hosts'),
    })
    expect(service.effects()).toBe(0)
  })
})
