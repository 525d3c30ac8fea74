import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Connector } from '../../../src/app/connector.ts'
import { inItsUnit } from '../../../src/connectors/tryton/rows.ts'
import { startTryton, type TrytonDouble } from '../../support/tryton/double.ts'
import { pollAll, press } from '../../support/tryton/press.ts'
import { connectorAt, watch } from '../../support/tryton/rig.ts'
import { createTester, type Tester } from '../../support/tryton/tester.ts'

const OUT = 'stock.shipment.out'
const SKU = 'MUG-1'

type Name = 'erp' | 'wms'
let doubles: Record<Name, TrytonDouble>
let testers: Record<Name, Tester>
let connectors: Record<Name, Connector>
beforeEach(async () => {
  doubles = { erp: await startTryton('erp'), wms: await startTryton('wms') }
  const at = (name: Name) => `${doubles[name].url}/${name}/`
  const { password } = doubles.erp
  testers = {
    erp: await createTester(at('erp'), 'bot', password),
    wms: await createTester(at('wms'), 'bot', password),
  }
  connectors = { erp: connectorAt('erp', at('erp'), password), wms: connectorAt('wms', at('wms'), password) }
  await testers.erp.makeProduct(SKU, true)
  await testers.wms.makeProduct(SKU, false)
})
afterEach(() => Promise.all([doubles.erp.stop(), doubles.wms.stop()]))

describe('a Tryton in which somebody else works too', () => {
  it('keeps the last delivery of an order whose other one was cancelled meanwhile', async () => {
    const first = await testers.wms.makeDelivery('WEB-1', [[SKU, 2]])
    await testers.wms.makeDelivery('WEB-1', [[SKU, 2]])
    const seen = await watch(connectors)('order', '1')
    await testers.wms.press(OUT, 'cancel', first)
    await expect(press(connectors.wms, 'cancel_duplicate', seen)).rejects.toMatchObject({
      failure: 'refused',
      message: expect.stringMatching(/only live delivery/),
    })
    expect(doubles.wms.count(OUT, 'cancelled')).toBe(1)
  })

  it('leaves a stock alone that is not what the card showed any more', async () => {
    await testers.erp.setStock(SKU, 9)
    await testers.wms.setStock(SKU, 6)
    const seen = await watch(connectors)('stock', `${SKU}@WH`)
    await testers.erp.setStock(SKU, 8)
    expect(await press(connectors.erp, 'adjust_stock', seen)).toMatchObject({ is: 'impossible' })
    expect(doubles.erp.quantity(SKU, 'STO')).toBe(8)
  })

  it('enters no receipt for a purchase of which something else came', async () => {
    await testers.erp.makePurchase('DN-1', [[SKU, 10]])
    await testers.wms.makeReceipt('DN-1', [[SKU, 4]], ['receive', 'done'])
    const seen = await watch(connectors)('receipt', 'DN-1')
    await expect(press(connectors.erp, 'book_receipt', seen)).rejects.toMatchObject({ failure: 'refused' })
    expect(doubles.erp.count('stock.shipment.in', 'draft', 'received', 'done')).toBe(0)
  })

  it('announces no move that somebody else has written since it was read', async () => {
    await testers.erp.makePurchase('DN-2', [[SKU, 4]])
    await testers.wms.makeReceipt('DN-2', [[SKU, 4]], ['receive', 'done'])
    const seen = await watch(connectors)('receipt', 'DN-2')
    doubles.erp.writeMeanwhile('stock.move')
    await expect(press(connectors.erp, 'book_receipt', seen)).rejects.toMatchObject({ failure: 'refused' })
    expect(doubles.erp.count('stock.shipment.in', 'draft')).toBe(0)
  })
})

describe('what Tryton counts in another unit', () => {
  it('is told in the article’s own', async () => {
    const purchase = await testers.erp.makePurchase('PO-3', [[SKU, 2]])
    const { lines } = await testers.erp.one('purchase.purchase', [['id', '=', purchase]], ['lines'])
    doubles.erp.inDozens(Number([lines].flat()[0]))
    const { facts } = await pollAll(connectors.erp)
    expect(facts.find(({ type }) => type === 'purchase_order')?.quantities).toMatchObject({ ordered: 24 })
  })

  it('is cut in the unit in which the move is written', () => {
    const date = '2026-11-23T10:00:00.000000Z'
    const who = { create_date: date, write_date: null, 'create_uid.': null, 'write_uid.': null }
    const places = { from_location: 1, to_location: 2, _timestamp: '1', 'product.': { id: 1, code: SKU } }
    const move = { ...who, ...places, id: 1, quantity: 2, internal_quantity: 24, state: 'draft' }
    expect(inItsUnit(move, 18)).toBe(1.5)
  })
})
