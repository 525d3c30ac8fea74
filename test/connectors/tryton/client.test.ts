import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { failureInside } from '../../../src/connectors/tryton/client.ts'
import { trytonConfig } from '../../../src/connectors/tryton/config.ts'
import {
  decimal,
  earlier,
  minorUnits,
  stamp,
  stampMs,
  toStamp,
} from '../../../src/connectors/tryton/values.ts'
import { startTryton, type TrytonDouble } from '../../support/tryton/double.ts'
import { press } from '../../support/tryton/press.ts'
import { connectorAt, watch } from '../../support/tryton/rig.ts'
import { createTester } from '../../support/tryton/tester.ts'

describe('Tryton’s values', () => {
  it('keeps an instant’s microseconds there and back', () => {
    const text = '2026-11-23T10:00:07.000123Z'
    expect(stamp.parse(toStamp(text))).toBe(text)
    expect(earlier(text, 60_000)).toBe('2026-11-23T09:59:07.000123Z')
    expect(stampMs(text)).toBeCloseTo(Date.parse('2026-11-23T10:00:07Z') + 0.123, 6)
  })

  it('reads amounts as minor units of their currency', () => {
    expect(minorUnits(decimal.parse({ __class__: 'Decimal', decimal: '59.90' }), 2)).toBe(5990)
    expect(minorUnits('1200', 0)).toBe(1200)
    expect(minorUnits('-0.5', 2)).toBe(-50)
  })
})

describe('errors inside a 200', () => {
  it.each([
    [['UserError', ['The period is closed.', '', null]], 'refused', 'erp refused: The period is closed.'],
    [['UserWarning', 'warning.1', 'Sure about it?', ''], 'refused', 'erp refused: Sure about it?'],
    [
      ['ConcurrencyException', 'x'],
      'refused',
      'erp: it was changed meanwhile by somebody else. Look at it again.',
    ],
    [
      ["'sale.sale'", ''],
      'misconfigured',
      "erp does not know 'sale.sale' (model.x): is the module for it active?",
    ],
  ])('%j', (error, failure, words) => {
    expect(failureInside('erp', 'model.x', error)).toMatchObject({ failure, message: words })
  })
})

describe('the settings', () => {
  it('says what is missing where the address names no database', () => {
    const settings = { role: 'erp', url: 'https://tryton.example/', user: 'u', password: 'p' }
    expect(trytonConfig.safeParse(settings).error?.issues[0]?.message).toMatch(/names no database/)
  })
})

describe('a shipment that somebody else writes in between', () => {
  let erp: TrytonDouble
  let wms: TrytonDouble
  beforeEach(async () => {
    erp = await startTryton('erp')
    wms = await startTryton('wms')
  })
  afterEach(() => Promise.all([erp.stop(), wms.stop()]))

  it('is left alone, and the press says so', async () => {
    const at = `${wms.url}/wms/`
    const tester = await createTester(at, 'bot', wms.password)
    const connectors = {
      erp: connectorAt('erp', `${erp.url}/erp/`, erp.password),
      wms: connectorAt('wms', at, wms.password),
    }
    await tester.makeProduct('MUG', false)
    await tester.setStock('MUG', 5)
    const id = await tester.makeDelivery('WEB-77', [['MUG', 2]])
    const due = await watch(connectors)('order', '77')
    wms.writeMeanwhile('stock.shipment.out')
    const pressed = press(connectors.wms, 'place_hold', due)
    await expect(pressed).rejects.toMatchObject({ failure: 'refused' })
    await expect(pressed).rejects.toThrow(/changed meanwhile/)
    expect(await tester.stateOf('stock.shipment.out', id)).toBe('waiting')
  })
})
