import { PEOPLE } from './catalogue.ts'
import { saleFor } from './erp.ts'
import type { FaultKind } from './faults.ts'
import type { Author } from './ledger.ts'
import type { SystemName } from './steps.ts'
import type { World } from './world.ts'

/**
 * Somebody comes across a planted fault and mends it by hand, at the system's own screen: Baton sees it heal, changed
 * by a person. `key` is what the fault sits on.
 */
export const mendByHand = (world: World, kind: FaultKind, key: string): void => {
  const { shop, erp, wms, carrier, ledger } = world
  const by = (system: SystemName): Author => ({
    kind: 'person',
    name: world.dice('who', kind, key).pick(PEOPLE[system]),
  })
  switch (kind) {
    case 'receipt_never_booked':
      erp.book(key, wms.inboundOf(key)?.data.quantity ?? 0, by('erp'), true)
      return
    case 'hold_not_passed':
      for (const { id } of wms.deliveriesOf(key)) wms.hold(id, 'held in the shop', by('wms'))
      return
    case 'stock_drift': {
      const counted = wms.stock(key)
      const fault = ledger.has('stock_drift', key)
      if (!counted || !fault) return
      if (fault.wrongIn === 'wms') wms.finishCount(key, fault.units ?? 0, by('wms'))
      else erp.setLevel(key, counted.data.on_hand, counted.seq, by('erp'))
      return
    }
    case 'short_pick':
      for (const { id } of wms.deliveriesOf(key)) wms.split(id, by('wms'))
      return
    case 'label_without_scan':
      for (const { id } of wms.deliveriesOf(key)) carrier.scan(id, by('carrier'))
      return
    case 'paid_never_imported': {
      const order = shop.order(key)
      if (order) erp.createSale(saleFor(order.data), by('erp'))
      return
    }
    case 'shipped_not_in_erp': {
      const shipped = wms.deliveriesOf(key).find((row) => row.data.tracking !== null)
      if (shipped?.data.tracking) erp.ship(key, shipped.data.tracking, by('erp'))
      return
    }
    case 'duplicate_shipment': {
      const newest = wms.deliveriesOf(key).at(-1)
      if (newest) wms.cancel(newest.id, by('wms'))
    }
  }
}
