import { INTEGRATION, orderOf } from './catalogue.ts'
import { late, lateLag, lost } from './flow-late.ts'
import { type Handlers, LAGS } from './steps.ts'
import type { World } from './world.ts'

type DeliverySteps =
  | 'send_delivery'
  | 'pass_hold'
  | 'pass_release'
  | 'allocate'
  | 'pick'
  | 'find_rest'
  | 'pack'
  | 'ship'
  | 'sync_shipment'

/** From the ERP's delivery to the parcel at the carrier. */
export const deliveryFlow = (world: World): Pick<Handlers, DeliverySteps> => {
  const { shop, erp, wms, carrier, ledger, later, timeline } = world
  return {
    send_delivery({ key }) {
      const lines = shop.order(key)?.data.lines ?? []
      const before = wms.deliveriesOf(key).length
      const twin = ledger.has('duplicate_shipment', key)
      if (before > (twin ? 1 : 0)) return
      const first = wms.receiveDelivery(key, lines)
      if (ledger.has('replaced_delivery', key)) {
        wms.cancel(first.id, INTEGRATION)
        wms.receiveDelivery(key, lines)
      }
      if (twin && before === 0) later(LAGS.integration, { do: 'send_delivery', key, n: 1 })
      if (twin && before === 1) ledger.broke(twin)
      const toHold = ledger.has('hold_released', key) ?? ledger.has('hold_not_passed', key)
      if (toHold) later(LAGS.hold, { do: 'hold_order', key })
    },
    pass_hold({ key }) {
      if (shop.fulfillment(key)?.data.status !== 'ON_HOLD' || lost(world, 'hold_not_passed', key)) return
      for (const { id } of wms.deliveriesOf(key)) wms.hold(id, 'held in the shop', INTEGRATION)
    },
    pass_release({ key }) {
      for (const { id, data } of wms.deliveriesOf(key)) {
        wms.release(id, INTEGRATION)
        if (data.status === 'ALLOCATED') later(LAGS.pick, { do: 'pick', key: id })
      }
    },
    allocate({ key }) {
      if (!wms.advance(key, 'NEW', { status: 'ALLOCATED' })) return
      const order = orderOf(key)
      // These wait in the pick list, so that they can still be held or cancelled.
      const waits = ledger.has('hold_not_passed', order) ?? ledger.has('duplicate_shipment', order)
      if (!waits) later(LAGS.pick, { do: 'pick', key })
    },
    pick({ key }) {
      const order = orderOf(key)
      if (timeline.pending('pass_hold', order).length > 0) return later(LAGS.pick, { do: 'pick', key })
      if (ledger.has('partial_completes', order)) {
        if (wms.pickShort(key, false)) later(lateLag(world), { do: 'find_rest', key })
        return
      }
      const short = ledger.has('short_pick', order)
      if (short) {
        if (wms.pickShort(key, true)) ledger.broke(short)
        return
      }
      if (wms.pickAll(key)) later(LAGS.pack, { do: 'pack', key })
    },
    find_rest({ key }) {
      if (wms.findRest(key)) later(LAGS.pack, { do: 'pack', key })
    },
    pack({ key }) {
      if (!wms.advance(key, 'PICKED', { status: 'PACKED' })) return
      later(LAGS.label, { do: 'print_label', key })
      later(LAGS.ship, { do: 'ship', key })
    },
    ship({ key }) {
      const parcel = carrier.parcelOf(key)
      if (!parcel) return later(LAGS.ship, { do: 'ship', key })
      const tracking = parcel.id.toUpperCase()
      if (!wms.ship(key, tracking)) return
      const unscanned = ledger.has('label_without_scan', orderOf(key))
      if (unscanned) ledger.addKey(unscanned, 'tracking', tracking)
      later(LAGS.integration, { do: 'sync_shipment', key })
      later(LAGS.integration, { do: 'fulfil_order', key })
      later(LAGS.scan, { do: 'scan', key })
    },
    sync_shipment(step) {
      const order = orderOf(step.key)
      if (lost(world, 'shipped_not_in_erp', order) || late(world, 'sync_late', order, step)) return
      erp.ship(order, wms.delivery(step.key)?.data.tracking ?? '', INTEGRATION)
    },
  }
}

/** The parcel on its way to the customer. */
export const parcelFlow = (world: World): Pick<Handlers, 'print_label' | 'scan' | 'load_van' | 'deliver'> => {
  const { carrier, later } = world
  return {
    print_label({ key }) {
      if (!carrier.parcelOf(key)) carrier.label(key)
    },
    scan(step) {
      // `n` is set on a scan that was put off or traced: that one happens.
      const order = orderOf(step.key)
      const traced = step.n !== undefined
      if (!traced && (lost(world, 'label_without_scan', order) || late(world, 'scan_late', order, step)))
        return
      carrier.scan(step.key, INTEGRATION)
    },
    load_van({ key }) {
      if (carrier.move(key, 'IN_TRANSIT', 'OUT_FOR_DELIVERY')) later(LAGS.deliver, { do: 'deliver', key })
    },
    deliver({ key }) {
      if (!carrier.move(key, 'OUT_FOR_DELIVERY', 'DELIVERED')) return
      later(LAGS.forget, { do: 'forget_order', key: orderOf(key) })
    },
  }
}
