import { INTEGRATION, orderOf, PEOPLE, picked } from './catalogue.ts'
import { lateLag, named } from './meddling.ts'
import { type Handlers, LAGS, type StepName } from './steps.ts'
import type { World } from './world.ts'

type DeliverySteps =
  | 'send_delivery'
  | 'pass_hold'
  | 'pass_release'
  | 'pass_cancel'
  | 'pass_move'
  | 'pass_address'
  | 'doubt_address'
  | 'void_delivery'
  | 'allocate'
  | 'pick'
  | 'find_rest'
  | 'pack'
  | 'ship'
  | 'sync_shipment'

/** Nothing is picked while one of these is on its way. */
const STOPPING: StepName[] = ['pass_hold', 'pass_cancel', 'pass_move']

/** From the ERP's delivery to the parcel at the carrier. */
export const deliveryFlow = (world: World): Pick<Handlers, DeliverySteps> => {
  const { shop, erp, wms, carrier, ledger, later, timeline } = world
  const packer = (delivery: string) =>
    ({ kind: 'person', name: world.dice('packer', delivery).pick(PEOPLE.wms) }) as const
  return {
    send_delivery(step) {
      const { key } = step
      const lines = picked(shop.order(key)?.data.lines ?? [])
      const site = shop.fulfillment(key)?.data.location
      const before = wms.deliveriesOf(key)
      const live = before.filter(({ data }) => data.status !== 'VOID')
      const twin = ledger.has('duplicate_shipment', key)
      if (site === undefined || erp.deliveryOf(key)?.data.state !== 'waiting') return
      if (live.length > (twin ? 1 : 0)) return
      if (ledger.has('split_order', key)) {
        for (const line of lines) wms.receiveDelivery(key, site, [line])
        return
      }
      const first = wms.receiveDelivery(key, site, lines)
      if (ledger.has('replaced_delivery', key)) {
        wms.cancel(first.id, INTEGRATION)
        wms.receiveDelivery(key, site, lines)
      }
      if (twin && before.length === 0) later(LAGS.integration, { do: 'send_delivery', key, n: 1 })
    },
    pass_hold({ key }) {
      if (shop.fulfillment(key)?.data.status !== 'ON_HOLD') return
      for (const { id } of wms.deliveriesOf(key)) wms.hold(id, 'held in the shop', INTEGRATION)
    },
    pass_release({ key }) {
      for (const { id } of wms.deliveriesOf(key)) wms.release(id, INTEGRATION)
    },
    pass_cancel({ key }) {
      for (const { id } of wms.deliveriesOf(key)) wms.recall(id, INTEGRATION)
    },
    pass_move({ key }) {
      const site = shop.fulfillment(key)?.data.location
      if (site !== undefined) for (const { id } of wms.deliveriesOf(key)) wms.moveTo(id, site, INTEGRATION)
    },
    doubt_address({ key }) {
      for (const { id } of wms.deliveriesOf(key)) wms.hold(id, 'address', packer(id))
      later(LAGS.desk, { do: 'correct_address', key })
    },
    pass_address({ key }) {
      for (const { id } of wms.deliveriesOf(key)) wms.release(id, INTEGRATION)
    },
    void_delivery({ key }) {
      if (wms.cancel(key, packer(key))) later(LAGS.integration, { do: 'answer_void', key: orderOf(key) })
    },
    allocate(step) {
      const { key } = step
      if (wms.delivery(key)?.data.status !== 'NEW') return
      if (!wms.canFill(key)) return later(LAGS.allocate, step)
      if (wms.advance(key, 'NEW', { status: 'ALLOCATED' })) later(LAGS.pick, { do: 'pick', key })
    },
    pick({ key }) {
      const order = orderOf(key)
      const isStopping = STOPPING.some((name) => timeline.pending(name, order).length > 0)
      if (isStopping) return later(LAGS.pick, { do: 'pick', key })
      if (ledger.has('partial_completes', order)) {
        if (wms.pickShort(key, false)) later(lateLag(world), { do: 'find_rest', key })
        return
      }
      if (ledger.has('short_pick', order)) return void wms.pickShort(key, true)
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
      named(world, orderOf(key), 'tracking', tracking)
      later(LAGS.integration, { do: 'sync_shipment', key })
      later(LAGS.integration, { do: 'fulfil_order', key })
      later(LAGS.scan, { do: 'scan', key })
    },
    sync_shipment({ key }) {
      erp.ship(orderOf(key), wms.delivery(key)?.data.tracking ?? '', INTEGRATION)
    },
  }
}
