import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { simulatedClock } from '../../src/sandbox/clock.ts'
import { NO_FAULTS } from '../../src/sandbox/faults.ts'
import { signWebhook } from '../../src/sandbox/outbox.ts'
import { createSandbox } from '../../src/sandbox/sandbox.ts'
import { memoryStore } from '../../src/sandbox/store.ts'
import { type Delivery, START, startWorld, type TestWorld } from '../support/sandbox-world.ts'

const closing: (() => Promise<unknown>)[] = []
const open = async (options?: Parameters<typeof startWorld>[0]) => {
  const world = await startWorld(options)
  closing.push(() => world.stop())
  return world
}
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const bodyOf = (delivery: Delivery) => JSON.parse(delivery.body.toString())
const of = (world: TestWorld, system: string) =>
  world.deliveries.filter((d) => d.url.endsWith(`/hooks/${system}`))
const idsOf = (deliveries: Delivery[]) => deliveries.map((d) => d.headers['webhook-id'])

describe('webhooks', () => {
  it('are signed as the Standard Webhooks specification shows in its own example', () => {
    const signature = signWebhook(
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1614265330,
      '{"test": 2432232314}',
    )
    expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })

  it('go over real HTTP to /hooks/<system>, as JSON', async () => {
    const got: { path: string | undefined; type: string | undefined }[] = []
    const server: Server = createServer((request, response) => {
      got.push({ path: request.url, type: request.headers['content-type'] })
      request.resume().on('end', () => response.writeHead(204).end())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => new Promise((resolve) => server.close(resolve)))
    const sandbox = createSandbox({
      seed: 'http',
      pace: 1,
      clock: simulatedClock(START),
      store: memoryStore(),
      batonUrl: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      secret: 's',
      faults: NO_FAULTS,
    })
    await sandbox.start()
    closing.push(() => sandbox.stop())
    await sandbox.advance(new Date(START.getTime() + 15_000))
    expect(new Set(got.map((g) => g.path))).toEqual(
      new Set(['/hooks/shop', '/hooks/erp', '/hooks/wms', '/hooks/carrier']),
    )
    expect(new Set(got.map((g) => g.type))).toEqual(new Set(['application/json']))
  })

  it('are stamped with the sender’s own clock, in the body and in the signed timestamp', async () => {
    const world = await open()
    await world.advance(20_000)
    const skews = { shop: 3, erp: 40, wms: -8, carrier: -25 }
    for (const [system, seconds] of Object.entries(skews)) {
      const first = of(world, system)[0]
      const body = first && bodyOf(first)
      expect(Math.floor(Date.parse(body.sent_at) / 1000)).toBe(Number(first?.headers['webhook-timestamp']))
      // Sent the moment it happened: what the system says of both is the same instant of its own clock.
      expect(body.sent_at).toBe(body.data.changed_at)
      const sent = Date.parse(body.sent_at) - seconds * 1000
      expect(sent).toBeGreaterThan(START.getTime())
      expect(sent).toBeLessThanOrEqual(START.getTime() + 20_000)
    }
  })

  it('a dropped one never comes, but the change can be read', async () => {
    const world = await open()
    await world.control('/faults', { kind: 'drop', system: 'wms' })
    await world.advance(10_000)
    const [dropped] = world.sandbox.ledger().webhooks
    expect(dropped).toMatchObject({ system: 'wms', what: 'dropped', object: 'D1001-1' })
    expect(idsOf(of(world, 'wms'))).not.toContain(dropped?.webhookId)
    expect((await world.facts('wms')).map((f) => f.externalId)).toContain('D1001-1')
  })

  it('a duplicate comes twice, under the same id', async () => {
    const world = await open()
    await world.control('/faults', { kind: 'duplicate', system: 'shop' })
    await world.advance(10_000)
    const entry = world.sandbox.ledger().webhooks.find((w) => w.what === 'duplicated')
    expect(idsOf(of(world, 'shop')).filter((id) => id === entry?.webhookId)).toHaveLength(2)
  })

  it('a delayed one is overtaken by those sent after it', async () => {
    const world = await open()
    await world.control('/faults', { kind: 'delay', system: 'shop' })
    await world.advance(10_000)
    const sequences = of(world, 'shop').map((d) => bodyOf(d).data.sequence)
    expect(sequences).not.toEqual([...sequences].sort((a, b) => a - b))
    expect(world.sandbox.ledger().webhooks.map((w) => w.what)).toEqual(['delayed'])
  })

  it.each([
    { what: 'not there', status: 0 },
    { what: 'failing', status: 503 },
  ])('wait while Baton is $what, and all come later, in order', async ({ status }) => {
    let answer = status
    const world = await open({ answer: () => answer })
    await world.advance(90_000)
    world.deliveries.length = 0
    answer = 204
    await world.advance(40_000)
    for (const system of ['shop', 'erp', 'wms', 'carrier']) {
      const numbers = idsOf(of(world, system)).map((id) => Number(id?.split('_').at(-1)))
      expect(numbers.length).toBeGreaterThan(20)
      expect(numbers).toEqual(numbers.map((_, i) => i + 1))
    }
  })

  it('one that Baton refuses does not hold up the others, and is given up after ten attempts', async () => {
    const world = await open({ answer: () => (refuseNext-- > 0 ? 400 : 204) })
    let refuseNext = 0
    await world.advance(5_000)
    const accepted = world.deliveries.length
    refuseNext = 1
    await world.advance(20_000)
    const ids = idsOf(world.deliveries.slice(accepted))
    expect(ids.length).toBeGreaterThan(new Set(ids).size)
    refuseNext = Number.POSITIVE_INFINITY
    await world.advance(3_000)
    await world.control('/pause', {})
    await world.advance(300_000)
    expect(world.sandbox.ledger().webhooks.some((w) => w.what === 'given_up')).toBe(true)
  })

  it('a system that is down sends nothing, refuses every call, and catches up when it is back', async () => {
    const world = await open()
    await world.advance(10_000)
    expect((await world.control('/outage', { system: 'erp', ms: 15_000 })).status).toBe(202)
    const sent = of(world, 'erp').length
    await world.advance(14_000)
    expect(of(world, 'erp').length).toBe(sent)
    const refused = await world.call('erp', '/changes')
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('1')
    await world.advance(2_000)
    expect((await world.call('erp', '/changes')).status).toBe(200)
    expect(of(world, 'erp').length).toBeGreaterThan(sent)
    expect(world.sandbox.ledger().outages).toEqual([
      { system: 'erp', from: '2026-03-02T08:00:10.000Z', to: '2026-03-02T08:00:25.000Z' },
    ])
  })
})
