import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import type { WireFact } from '../../../src/app/connector.ts'
import { x12Config } from '../../../src/connectors/x12/config.ts'
import { parseX12 } from '../../../src/connectors/x12/parse.ts'
import {
  type Document,
  interchange,
  inventory,
  receivingAdvice,
  shipAdvice,
  shipNotice,
  stockReceipt,
} from '../../support/x12/documents.ts'

type Settings = Partial<z.input<typeof x12Config>>

const configured = (settings: Settings = {}) => ({
  ...x12Config.parse({
    role: 'wms',
    verify: { bearer: { tokens: ['a token'] } },
    zone: 'America/Chicago',
    ...settings,
  }),
  name: 'bravo',
})
const fixture = (name: string) => readFileSync(new URL(`../../fixtures/x12/${name}`, import.meta.url))
const read = (body: Buffer | string, settings?: Settings) =>
  parseX12(configured(settings), typeof body === 'string' ? Buffer.from(body) : body)
const readSets = (documents: Document[], settings?: Settings) =>
  read(interchange({ control: 905 }, ...documents), settings)
/** The only fact of one document, and nothing that could not be read. */
const one = (document: Document, settings?: Settings): WireFact => {
  const { facts, bad } = readSets([document], settings)
  expect(bad).toEqual([])
  expect(facts).toHaveLength(1)
  const [fact] = facts
  if (!fact) throw new Error('no fact')
  return fact
}
/** Why a document could not be read. */
const reasons = (document: Document, settings?: Settings): string[] => {
  const { facts, bad } = readSets([document], settings)
  expect(facts).toEqual([])
  return bad.map(({ at, reason }) => `${at}: ${reason}`)
}
const keysOf = ({ keys }: WireFact) => keys.map(({ kind, name, value }) => `${kind} ${name} ${value}`)
const FIRST = 'ISA 000000905, ST 0001'

describe('a 945 that ships an order', () => {
  it('is a fulfillment that has shipped, and the parcel that it is', () => {
    const { facts, bad, sequence } = read(fixture('945.edi'))
    expect(bad).toEqual([])
    expect(sequence).toEqual([{ of: 'ZZ:BRAVO3PL>ZZ:BATONSHOP', number: 905 }])
    const [first] = facts
    expect(first).toMatchObject({
      type: 'fulfillment',
      externalId: '1001/S-77',
      state: 'shipped',
      rawState: '945 CC',
      quantities: { ordered: 3, picked: 3, shipped: 3, backordered: 0 },
      attributes: {
        location: 'EAST',
        tracking: '1ZBRAVO0001',
        carrier: 'UPSN',
        lines: 'MUG-RED*2,PEN-GEL*1',
      },
      // 16:30 on the wall in Chicago.
      occurredAt: new Date('2026-11-22T22:30:00Z'),
    })
    expect(first && keysOf(first)).toEqual([
      'identity order 1001',
      'reference sku MUG-RED',
      'reference sku PEN-GEL',
      'identity tracking 1ZBRAVO0001',
    ])
  })

  it('with parts missing says what is short for good, and only counts what is still to come', () => {
    const [, shipped, short] = read(fixture('945.edi')).facts
    // Of 3 mugs one will not come; of 2 pens one is back-ordered.
    expect(shipped).toMatchObject({
      externalId: '1002/S-78',
      state: 'shipped',
      quantities: { ordered: 3, shipped: 3, backordered: 1 },
    })
    expect(short).toMatchObject({
      externalId: '1002/S-78/short',
      state: 'short',
      rawState: '945 CP',
      quantities: { ordered: 1, shipped: 0 },
      attributes: { lines: 'MUG-RED*1', tracking: null },
    })
    expect(short && keysOf(short)).toEqual(['identity order 1002', 'reference sku MUG-RED'])
  })

  it('with several parcels is one of them and linked to the others: they stay several', () => {
    const [, shipped] = read(fixture('945.edi')).facts
    expect(shipped && keysOf(shipped).filter((key) => key.includes('tracking'))).toEqual([
      'identity tracking 1ZBRAVO0002',
      'reference tracking 1ZBRAVO0003',
    ])
  })

  it('is no short as long as more documents of it follow (W0608)', () => {
    const lines = ['W12*CP*3*2*1*EA**SK*MUG-RED']
    const partial = one(shipAdvice({ head: 'W06*F*1003*20261122*S-79***M-1*001002', lines }))
    expect(partial).toMatchObject({ state: 'shipped', quantities: { shipped: 2, backordered: 1 } })
    const last = readSets([shipAdvice({ head: 'W06*F*1003*20261122*S-80***M-1*002002', lines })])
    expect(last.facts.map(({ state }) => state)).toEqual(['shipped', 'short'])
  })

  it('that ships nothing is short, called off or still to come, as its lines say', () => {
    const only = (code: string) => one(shipAdvice({ lines: [`W12*${code}*2*0*2*EA**SK*MUG-RED`] }))
    expect(only('DS')).toMatchObject({ state: 'short', quantities: { ordered: 2 } })
    expect(only('CU')).toMatchObject({ state: 'cancelled', rawState: '945 CU' })
    expect(only('BO')).toMatchObject({ state: 'allocated', quantities: { ordered: 2, backordered: 2 } })
    // It is not a parcel.
    expect(keysOf(only('BO')).some((key) => key.includes('tracking'))).toBe(false)
  })

  it('that replaces an earlier one takes its short back', () => {
    const { facts } = readSets([shipAdvice({ head: 'W06*R*1001*20261122*S-77' })])
    expect(facts[1]).toMatchObject({
      externalId: '1001/S-77/short',
      state: 'shipped',
      quantities: { ordered: 0 },
    })
  })

  it('counts an over-shipment as shipped, and not as more ordered', () => {
    const fact = one(shipAdvice({ lines: ['W12*CM*2*3*1*EA**SK*MUG-RED'] }))
    expect(fact.quantities).toMatchObject({ ordered: 2, shipped: 3 })
  })

  it('is not guessed at: an unknown status of a short line, no order, no full account', () => {
    expect(reasons(shipAdvice({ lines: ['W12*QQ*3*2*1*EA**SK*MUG-RED'] }))).toEqual([
      `${FIRST} (945), W12: 1 of MUG-RED are missing, and QQ does not say whether they still come`,
    ])
    expect(reasons(shipAdvice({ head: 'W06*F**20261122*S-77' }))).toEqual([
      `${FIRST} (945), W06: W0602 (depositor order number) is missing`,
    ])
    expect(reasons(shipAdvice({ head: 'W06*X*1001*20261122*S-77' }))[0]).toContain('W0601 is X')
    expect(reasons(shipAdvice({ lines: [] }))[0]).toContain('no article is listed')
  })
})

describe('what a document counts in', () => {
  it('is pieces; another unit needs to be explained, for all articles or for each', () => {
    const lines = ['W07*2*CA**SK*MUG-RED']
    expect(reasons(stockReceipt({ lines }))).toEqual([
      `${FIRST} (944), W07: the unit is CA: say under "units" how many pieces of MUG-RED that is`,
    ])
    expect(one(stockReceipt({ lines }), { units: { CA: 12 } }).quantities.received).toBe(24)
    const byArticle = { units: { CA: { 'MUG-RED': 6 } } }
    expect(one(stockReceipt({ lines }), byArticle).quantities.received).toBe(12)
    expect(reasons(stockReceipt({ lines: ['W07*2*CA**SK*PEN-GEL'] }), byArticle)).toHaveLength(1)
  })

  it('is a number, whole, and not below zero where it cannot be', () => {
    for (const quantity of ['2.5', '1e3', '-1', '0x10', 'two', '']) {
      expect(reasons(stockReceipt({ lines: [`W07*${quantity}*EA**SK*MUG-RED`] })), quantity).toHaveLength(1)
    }
    expect(one(stockReceipt({ lines: ['W07*2.0*EA**SK*MUG-RED'] })).quantities.received).toBe(2)
    expect(one(stockReceipt({ lines: ['W07*2*DZ**SK*MUG-RED'] }), { units: { DZ: 12 } }).quantities).toEqual({
      received: 24,
    })
  })

  it('is of the article that the partner’s terms name, or of none', () => {
    const line = (pairs: string) => stockReceipt({ lines: [`W07*1*EA**${pairs}`] })
    expect(keysOf(one(line('UP*0614*VN*V-1')))).toContain('reference sku V-1')
    expect(keysOf(one(line('UP*0614*VN*V-1'), { item: ['UP'] }))).toContain('reference sku 0614')
    expect(reasons(line('ZZ*what'))[0]).toContain('it names its article by ZZ, and not by SK, VN')
  })
})

describe('a 944', () => {
  it('is a receipt of the shipment that the supplier announced, with what was damaged', () => {
    const { facts, bad } = read(fixture('944.edi'))
    expect(bad).toEqual([])
    expect(facts).toHaveLength(1)
    const [fact] = facts
    expect(fact).toMatchObject({
      type: 'receipt',
      externalId: 'WR-31',
      state: 'received',
      quantities: { received: 120, damaged: 4 },
      attributes: { location: 'EAST', lines: 'MUG-RED*96,PEN-GEL*24' },
    })
    expect(fact && keysOf(fact).slice(0, 2)).toEqual([
      'identity receipt ASN-9',
      'reference purchase_order PO-9001',
    ])
  })

  it('without a shipment number is known by its order, or else by its own number', () => {
    expect(keysOf(one(stockReceipt({ head: 'W17*F*20261122*WR-31*PO-7' })))[0]).toBe('identity receipt PO-7')
    expect(keysOf(one(stockReceipt({ head: 'W17*F*20261122*WR-31' })))[0]).toBe('identity receipt WR-31')
  })

  it('of which more follow (W1709) is partial', () => {
    const head = (link: string) => `W17*F*20261122*WR-31*PO-9001*ASN-9***M-1*${link}`
    expect(one(stockReceipt({ head: head('001002') })).state).toBe('partial')
    expect(one(stockReceipt({ head: head('002002') })).state).toBe('received')
  })

  it('of a customer’s return is that, and one that only corrects stock is no receipt', () => {
    expect(one(stockReceipt({ head: 'W17*C*20261122*WR-31*RMA-5' }))).toMatchObject({
      type: 'return',
      state: 'received',
      quantities: { expected: 120 },
    })
    expect(reasons(stockReceipt({ head: 'W17*A*20261122*WR-31' }))[0]).toContain('W1701 is A')
  })
})

describe('an 846', () => {
  it('is the level of each article at its place, as of when it was taken', () => {
    const { facts, bad } = read(fixture('846.edi'))
    expect(bad).toEqual([])
    expect(facts.map((fact) => [fact.externalId, fact.quantities])).toEqual([
      ['MUG-RED@EAST', { on_hand: 40, available: 35 }],
      ['PEN-GEL@EAST', { on_hand: 7 }],
    ])
    expect(facts[0]).toMatchObject({
      type: 'inventory',
      state: 'level',
      occurredAt: new Date('2026-11-23T11:00:00Z'),
      keys: [
        { name: 'stock', value: 'MUG-RED@EAST', kind: 'identity' },
        { name: 'sku', value: 'MUG-RED', kind: 'reference' },
      ],
    })
  })

  it('adds up the lots of an article, keeps its places apart, and may be below zero', () => {
    const lines = [
      ...['LIN*1*SK*MUG', 'QTY*17*10*EA'],
      ...['LIN*2*SK*MUG', 'QTY*17*5*EA'],
      ...['LIN*3*SK*MUG', 'QTY*17*-2*EA', 'N1*WH*Bravo West*92*WEST'],
    ]
    const { facts } = readSets([inventory({ lines })])
    expect(facts.map(({ externalId, quantities }) => [externalId, quantities.on_hand])).toEqual([
      ['MUG@EAST', 15],
      ['MUG@WEST', -2],
    ])
  })

  it('names the lines that cannot be read, and says nothing of their articles: a sum would be wrong', () => {
    const lines = [
      ...['LIN*1*SK*MUG', 'QTY*17*10*EA'],
      ...['LIN*2*SK*MUG', 'QTY*17*many*EA'],
      ...['LIN*3*SK*PEN', 'QTY*17*3*EA'],
      ...['LIN*4*SK*CUP', 'QTY*AA*3*EA'],
    ]
    const { facts, bad } = readSets([inventory({ lines })])
    expect(facts.map(({ externalId }) => externalId)).toEqual(['PEN@EAST'])
    expect(bad).toEqual([
      { at: `${FIRST} (846), QTY of LIN 2`, reason: 'QTY02: "many" is no quantity' },
      {
        at: `${FIRST} (846), QTY of LIN 4`,
        reason: 'CUP is spoken of, but only of quantities AA, none of them in "levels"',
      },
    ])
  })

  it('without a place takes the configured one, and without that is not read', () => {
    const nowhere = inventory({
      head: ['BIA*00*MB*INV*20261123*0500'],
      lines: ['LIN*1*SK*MUG', 'QTY*17*1*EA'],
    })
    expect(one(nowhere, { place: 'MAIN' }).externalId).toBe('MUG@MAIN')
    expect(reasons(nowhere)[0]).toContain('no place is named for MUG, and none is configured')
  })

  it('means by its quantities what the partner means', () => {
    const fact = one(inventory({ lines: ['LIN*1*SK*MUG', 'QTY*33*9'] }), { levels: { 33: 'on_hand' } })
    expect(fact.quantities).toEqual({ on_hand: 9 })
  })
})

describe('an 856', () => {
  const supplier: Settings = { role: 'supplier' }

  it('is what a supplier has sent, to be received, and when its orders are expected', () => {
    const { facts, bad } = read(fixture('856.edi'), supplier)
    expect(bad).toEqual([])
    const [receipt, ...orders] = facts
    expect(receipt).toMatchObject({
      type: 'receipt',
      externalId: 'ASN-9',
      state: 'in_transit',
      quantities: { shipped: 120, packs: 1 },
      attributes: {
        expectedAt: '2026-11-25T06:00:00.000Z',
        carrier: 'ODFL',
        tracking: 'PRO-4411',
        billOfLading: 'BOL-55',
      },
      occurredAt: new Date('2026-11-20T14:30:00Z'),
    })
    expect(receipt && keysOf(receipt).slice(0, 4)).toEqual([
      'identity receipt ASN-9',
      'reference purchase_order PO-9001',
      'reference purchase_order PO-9002',
      'reference tracking PRO-4411',
    ])
    expect(orders.map(({ type, externalId, attributes }) => [type, externalId, attributes])).toEqual([
      ['purchase_order', 'PO-9001', { expectedAt: '2026-11-25T06:00:00.000Z' }],
      ['purchase_order', 'PO-9002', { expectedAt: '2026-11-25T06:00:00.000Z' }],
    ])
  })

  it('that is taken back sends nothing', () => {
    const { facts } = readSets([shipNotice({ head: 'BSN*01*ASN-9*20261120*0910' })], supplier)
    expect(facts).toHaveLength(1)
    expect(facts[0]).toMatchObject({ state: 'closed', quantities: { shipped: 0 } })
  })

  it('whose hierarchy does not hold together is not read', () => {
    const broken = (...levels: string[]) => reasons(shipNotice({ levels }), supplier)[0]
    const item = ['LIN**SK*MUG', 'SN1**1*EA']
    expect(broken('HL*1**S', 'HL*2*7*I', ...item)).toContain('HL02 names 7, which is not before it')
    expect(broken('HL*1**S', 'HL*1*1*I', ...item)).toContain('its number stands there twice')
    expect(broken('HL*1**S', 'HL*2*1*I', ...item)).toContain('the item stands under no purchase order')
    expect(broken('HL*1**O', 'PRF*PO-1', 'HL*2*1*I', 'LIN**SK*MUG')).toContain('the item has no SN1')
    expect(broken('HL*1**S')).toContain('no item is listed')
    expect(broken('HL')).toContain('HL01 (number) is missing')
  })

  it('is read from a supplier, and a 945 from a warehouse: the other way round it is a bad row', () => {
    expect(reasons(shipNotice())).toEqual([
      `${FIRST} (856), ST: of a wms, 846, 861, 944, 945 are read; "ignore" leaves out what is not needed`,
    ])
    expect(reasons(shipAdvice(), supplier)[0]).toContain('of a supplier, 856 are read')
  })
})

describe('an 861', () => {
  it('is what was received of a shipment, and what of it was refused', () => {
    const [fact, ...more] = read(fixture('861.edi')).facts
    expect(more).toEqual([])
    expect(fact).toMatchObject({
      type: 'receipt',
      externalId: 'RA-12',
      state: 'received',
      quantities: { received: 120, rejected: 4, accepted: 116, damaged: 4 },
      occurredAt: new Date('2026-11-22T15:00:00Z'),
    })
    expect(fact && keysOf(fact).slice(0, 2)).toEqual([
      'identity receipt ASN-9',
      'reference purchase_order PO-9001',
    ])
  })

  it('without its article, or that takes another one back, is not read', () => {
    expect(reasons(receivingAdvice({ lines: ['RCD**1*EA'] }))[0]).toContain('no LIN says which article')
    expect(reasons(receivingAdvice({ head: 'BRA*RA-12*20261122*01*2' }))[0]).toContain('BRA03 is 01')
  })
})

describe('the times of a document', () => {
  it('are those of the partner’s zone; a day alone is the document’s own time on that day', () => {
    const at = (head: string, zone: string) => one(stockReceipt({ head }), { zone }).occurredAt.toISOString()
    expect(at('W17*F*20261122*WR-1', 'America/Chicago')).toBe('2026-11-22T06:00:00.000Z')
    expect(at('W17*F*20261122*WR-1', 'UTC')).toBe('2026-11-22T00:00:00.000Z')
    expect(at('W17*F*20261123*WR-1', 'UTC')).toBe('2026-11-23T05:45:00.000Z')
    expect(at('W17*F*20261122*WR-1***08*143059', 'UTC')).toBe('2026-11-22T14:30:59.000Z')
  })

  it('that are none make a bad row', () => {
    for (const date of ['20261332', '20260230', 'today', '261122']) {
      expect(reasons(stockReceipt({ head: `W17*F*${date}*WR-1` }))[0], date).toContain('is no time')
    }
  })

  it('order what is said: later documents are newer, and within a minute those with the higher number', () => {
    const version = (control: number, time: string) =>
      read(interchange({ control, time }, stockReceipt())).facts[0]?.version ?? 0
    expect(version(1, '0546')).toBeGreaterThan(version(905, '0545'))
    expect(version(906, '0545')).toBeGreaterThan(version(905, '0545'))
    expect(version(905, '0545')).toBe(version(905, '0545'))
  })
})
