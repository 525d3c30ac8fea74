import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Export, openExport } from '../../src/connectors/files/index.ts'
import type { ExportedFact } from '../../src/connectors/files/schema.ts'
import { check } from '../../src/domain/contract/check.ts'
import type { Contract } from '../../src/domain/contract/contract.ts'
import type { Fact } from '../../src/domain/model.ts'
import { foldAll } from '../../src/domain/object.ts'

/** The dataset lies beside the project and is never copied into it: where it is absent, this suite cannot run. */
const folder = new URL('../../../shared/data/olist/', import.meta.url)
const path = (name: string): string => fileURLToPath(new URL(name, folder))
const present = existsSync(folder)
if (!present && process.env.BATON_REQUIRE_DATA)
  throw new Error(`The Olist dataset is not in ${fileURLToPath(folder)}`)
if (!present) process.stderr.write(`SKIPPED: the Olist checks need the dataset in ${fileURLToPath(folder)}\n`)

const MAPPING = fileURLToPath(new URL('../../examples/olist.yml', import.meta.url))

describe.skipIf(!present)('5,000 real orders of Olist', () => {
  let opened: Export
  const facts: ExportedFact[] = []
  /** The facts by order, then by `system state`. */
  const orders = new Map<string, Map<string, ExportedFact>>()

  beforeAll(async () => {
    opened = await openExport(MAPPING, [
      path('olist_order_items_dataset.csv'),
      path('olist_orders_dataset.csv'),
      path('olist_order_payments_dataset.csv'),
    ])
    for await (const { fact } of opened.facts()) {
      facts.push(fact)
      const order = orders.get(fact.externalId) ?? new Map<string, ExportedFact>()
      orders.set(fact.externalId, order.set(`${fact.system} ${fact.state}`, fact))
    }
  }, 60_000)

  const count = (test: (order: Map<string, ExportedFact>) => boolean): number =>
    [...orders.values()].filter(test).length
  const at = (fact: ExportedFact | undefined): number => fact?.occurredAt.getTime() ?? Number.NaN
  const instant = (fact: ExportedFact | undefined, name: string): number =>
    Date.parse(String(fact?.attributes[name]))
  const cancelled = (order: Map<string, ExportedFact>): boolean => order.has('shop cancelled')

  it('reads every row and finds none bad', () => {
    expect(opened.totals).toEqual({ orders: 5000, items: 5603, payments: 5160 })
    expect(opened.bad).toEqual([])
    expect(opened.warnings).toEqual([])
    expect(orders.size).toBe(5000)
  })

  it('states each step of each order once', () => {
    const counts: Record<string, number> = {}
    for (const fact of facts) {
      const name = `${fact.role} ${fact.type} ${fact.state}${fact.attributes.untimed ? ', no time' : ''}`
      counts[name] = (counts[name] ?? 0) + 1
    }
    expect(counts).toEqual({
      'storefront order placed': 5000,
      'storefront order cancelled, no time': 25 + 24,
      'erp order confirmed': 4990,
      'wms fulfillment shipped': 4922,
      // 4857 of status delivered, and one that was cancelled after its delivery.
      'carrier shipment delivered': 4858,
      'carrier shipment delivered, no time': 1,
    })
    expect(opened.factCount).toBe(facts.length)
  })

  it('joins the items of an order: 451 of 4922 were handed over after the earliest of their limits', () => {
    const both = count(
      (o) => o.has('warehouse shipped') && instant(o.get('warehouse shipped'), 'shippingLimit') > 0,
    )
    const late = count(
      (o) => at(o.get('warehouse shipped')) > instant(o.get('warehouse shipped'), 'shippingLimit'),
    )
    expect([late, both]).toEqual([451, 4922])
  })

  it('knows of 68 orders approved and never handed over, 32 of them with a limit and not called off', () => {
    const waiting = (o: Map<string, ExportedFact>): boolean =>
      o.has('payments confirmed') && !o.has('warehouse shipped')
    expect(count(waiting)).toBe(68)
    expect(
      count(
        (o) =>
          waiting(o) && 'shippingLimit' in (o.get('payments confirmed')?.attributes ?? {}) && !cancelled(o),
      ),
    ).toBe(32)
  })

  it('knows of 391 orders delivered after their estimate, leaving out the one that was cancelled', () => {
    const late = (o: Map<string, ExportedFact>): boolean =>
      at(o.get('carrier delivered')) > instant(o.get('carrier delivered'), 'promiseAt')
    expect(count((o) => late(o) && !cancelled(o))).toBe(391)
    expect(count(late)).toBe(392)
  })

  it('leaves the 74 orders whose carrier time lies before approval as they are', () => {
    expect(count((o) => at(o.get('warehouse shipped')) < at(o.get('payments confirmed')))).toBe(74)
  })

  it('keeps the hours between the steps', () => {
    const medianHours = (from: string, to: string): number => {
      const hours = [...orders.values()]
        .map((o) => (at(o.get(to)) - at(o.get(from))) / 3_600_000)
        .filter((h) => !Number.isNaN(h))
        .sort((a, b) => a - b)
      return hours[Math.floor(hours.length / 2)] ?? Number.NaN
    }
    expect(medianHours('shop placed', 'payments confirmed')).toBeCloseTo(0.35, 2)
    expect(medianHours('payments confirmed', 'warehouse shipped')).toBeCloseTo(43.6, 1)
    expect(medianHours('warehouse shipped', 'carrier delivered')).toBeCloseTo(169.0, 0)
  })

  it('plays by the facts own times and ends with the last of them', () => {
    const times = facts.map(at)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    // 9/21/2018 23:46 in Sao Paulo, three hours behind UTC.
    expect(opened.asOf?.toISOString()).toBe('2018-09-22T02:46:00.000Z')
  })

  /** What a contract says of an order once these of its facts are known. */
  const verdict = (contract: Contract, id: string, known: Fact[]): ReturnType<typeof check> => {
    const systems = [...new Set(known.map((fact) => fact.system))]
    const objects = systems.flatMap((system) => foldAll(known.filter((fact) => fact.system === system)) ?? [])
    return check(contract, {
      id,
      timeline: 'import:olist',
      kind: 'fulfillment',
      keys: [],
      orderClass: 'marketplace',
      objects,
    })
  }

  /** Plays each order fact by fact: was the contract broken past its due time, and how does it stand at the end? */
  const played = (name: string): { lateThenKept: number; stillBroken: number; conflicts: number } => {
    const contract = opened.mapping.contracts.find((c) => c.id === name)
    if (!contract || !opened.asOf) throw new Error(`no contract ${name}`)
    const asOf = opened.asOf
    const sums = { lateThenKept: 0, stillBroken: 0, conflicts: 0 }
    const byOrder = new Map<string, Fact[]>()
    for (const fact of facts) {
      byOrder.set(fact.externalId, [
        ...(byOrder.get(fact.externalId) ?? []),
        { ...fact, receivedAt: fact.occurredAt },
      ])
    }
    for (const [id, own] of byOrder) {
      const overdue = own.some((_, i) => {
        const known = verdict(contract, id, own.slice(0, i + 1))
        const until = own[i + 1]?.occurredAt ?? asOf
        return known.is === 'broken' && known.dueAt < until && known.since < until
      })
      const end = verdict(contract, id, own)
      if (overdue) sums[end.is === 'kept' ? 'lateThenKept' : 'stillBroken'] += 1
      if (end.is === 'kept' && end.conflict) sums.conflicts += 1
    }
    return sums
  }

  it('breaks the contracts of its mapping as often as was counted independently', () => {
    expect(played('handed-over-by-limit')).toEqual({ lateThenKept: 451, stillBroken: 32, conflicts: 74 })
    expect(played('delivered-as-promised')).toEqual({ lateThenKept: 391, stillBroken: 93, conflicts: 0 })
  })
})
