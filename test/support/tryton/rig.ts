import { randomBytes } from 'node:crypto'
import type { Connector, WireFact } from '../../../src/app/connector.ts'
import { trytonConfig } from '../../../src/connectors/tryton/config.ts'
import { createTrytonConnector } from '../../../src/connectors/tryton/index.ts'
import type { KeyName, Role, SubjectView } from '../../../src/domain/model.ts'
import { fold, objectId } from '../../../src/domain/object.ts'
import { pollAll } from './press.ts'
import { createTester } from './tester.ts'

const NEEDED = ['RIG_ERP_URL', 'RIG_WMS_URL', 'RIG_TRYTON_PASSWORD'] as const

/** The running Tryton's addresses; null, said aloud, where there is none. With BATON_REQUIRE_RIG=1 that is an error. */
export const rigEnv = () => {
  const missing = NEEDED.filter((name) => !process.env[name])
  if (missing.length > 0) {
    const words = `The live Tryton tests did not run: ${missing.join(', ')} not set.`
    if (process.env.BATON_REQUIRE_RIG === '1') throw new Error(words)
    // biome-ignore lint/suspicious/noConsole: a test that does not run says so where people look
    console.warn(words)
    return null
  }
  const { RIG_ERP_URL: erp = '', RIG_WMS_URL: wms = '', RIG_TRYTON_PASSWORD: password = '' } = process.env
  return { erp, wms, password }
}
export type RigEnv = NonNullable<ReturnType<typeof rigEnv>>

export const connectorAt = (role: 'erp' | 'wms', url: string, password: string, settings: object = {}) =>
  createTrytonConnector({
    ...trytonConfig.parse({
      role,
      url,
      user: 'bot',
      password,
      customer: 'Web Customer',
      tracking: 'TRK-{reference}',
      timeoutMs: 60_000,
      ...settings,
    }),
    name: role,
  })

/** A subject of these facts, as the pipeline would hold it. */
export const subjectOf = (stated: { role: Role; facts: WireFact[] }[]): SubjectView => {
  const objects = new Map<string, SubjectView['objects'][number]>()
  for (const { role, facts } of stated) {
    for (const wire of facts) {
      const fact = { ...wire, system: role, role, receivedAt: new Date(wire.occurredAt) }
      objects.set(objectId(fact), fold(objects.get(objectId(fact)), fact).object)
    }
  }
  return {
    id: 'subject',
    timeline: 'live',
    kind: 'fulfillment',
    keys: [],
    orderClass: 'consumer',
    objects: [...objects.values()],
  }
}

/** What the shop would say of an order. */
export const shopOrder = (number: string, lines: string, state = 'confirmed'): WireFact => ({
  type: 'order',
  externalId: `shop-${number}`,
  keys: [{ name: 'order', value: number, kind: 'identity' }],
  state,
  rawState: state,
  quantities: {},
  attributes: { valueMinor: 2400, currency: 'USD', lines },
  occurredAt: new Date('2026-11-23T10:00:00Z'),
  version: 1,
  changedBy: { kind: 'unknown' },
})

/** What a supplier would say of a purchase. */
export const supplierDate = (number: string, expectedAt: string): WireFact => ({
  ...shopOrder(number, ''),
  type: 'purchase_order',
  externalId: `supplier-${number}`,
  keys: [{ name: 'purchase_order', value: number, kind: 'identity' }],
  state: 'acknowledged',
  rawState: 'acknowledged',
  attributes: { expectedAt },
})

/** The subject with what a supplier says besides. */
export const withSupplier = (seen: SubjectView, fact: WireFact): SubjectView => ({
  ...seen,
  objects: [...seen.objects, ...subjectOf([{ role: 'supplier', facts: [fact] }]).objects],
})

type Connected = { erp: Connector; wms: Connector }

/** What Baton knows of both systems: each look reads what is new since the last one. */
export const watch = (connectors: Connected) => {
  const known = {
    erp: { facts: [] as WireFact[], cursor: null as string | null },
    wms: { facts: [] as WireFact[], cursor: null as string | null },
  }
  return async (name: KeyName, value: string, shop: WireFact[] = []): Promise<SubjectView> => {
    const isOf = (fact: WireFact) =>
      fact.keys.some((key) => key.kind === 'identity' && key.name === name && key.value === value)
    for (const role of ['erp', 'wms'] as const) {
      const { facts, bad, cursor } = await pollAll(connectors[role], known[role].cursor)
      if (bad.some(({ at }) => at.startsWith('stock.move'))) throw new Error(JSON.stringify(bad))
      known[role] = { facts: [...known[role].facts, ...facts], cursor }
    }
    return subjectOf([
      { role: 'storefront', facts: shop },
      { role: 'erp', facts: known.erp.facts.filter(isOf) },
      { role: 'wms', facts: known.wms.facts.filter(isOf) },
    ])
  }
}

/** Both systems as Baton has them, and a user in each beside it; every run has numbers and articles of its own. */
export const openRig = async ({ erp, wms, password }: RigEnv) => {
  const run = randomBytes(3).toString('hex').toUpperCase()
  let numbers = 0
  const testers = {
    erp: await createTester(erp, 'bot', password),
    wms: await createTester(wms, 'bot', password),
  }
  const admins = {
    erp: await createTester(erp, 'admin', password),
    wms: await createTester(wms, 'admin', password),
  }
  const connectors = {
    erp: connectorAt('erp', erp, password),
    wms: connectorAt('wms', wms, password),
  }
  return {
    ...testers,
    connectors,
    subject: watch(connectors),
    number: () => `${parseInt(run, 16)}${String(++numbers).padStart(2, '0')}`,
    /** An article of its own, with so much in the ERP's and the WMS's storage. */
    async article(stock: { erp: number; wms: number }): Promise<string> {
      const sku = `LIVE-${run}-${++numbers}`
      await admins.erp.makeProduct(sku, true)
      await admins.wms.makeProduct(sku, false)
      if (stock.erp > 0) await testers.erp.setStock(sku, stock.erp)
      if (stock.wms > 0) await testers.wms.setStock(sku, stock.wms)
      return sku
    },
  }
}
