import { INTEGRATION, orderOf, PEOPLE } from './catalogue.ts'
import { named } from './meddling.ts'
import { type Handlers, LAGS } from './steps.ts'
import type { World } from './world.ts'

type ParcelSteps =
  | 'print_label'
  | 'scan'
  | 'scan_hub'
  | 'find_parcel'
  | 'harm_parcel'
  | 'load_van'
  | 'turn_back'
  | 'deliver'
  | 'open_claim'
  | 'answer_claim'
  | 'open_return'
  | 'expect_return'
  | 'receive_return'
  | 'inspect_return'
  | 'refund_return'

/** Scans on the way of a slow parcel, each within the grace. */
const HUBS = ['North hub', 'Central hub', 'Airport', 'South hub']

/** The parcel on its way to the customer, and what comes back of it. */
export const parcelFlow = (world: World): Pick<Handlers, ParcelSteps> => {
  const { shop, wms, carrier, ledger, later } = world
  const clerk = (order: string) =>
    ({ kind: 'person', name: world.dice('clerk', order).pick(PEOPLE.shop) }) as const
  const packer = (order: string) =>
    ({ kind: 'person', name: world.dice('packer', order).pick(PEOPLE.wms) }) as const
  const expectReturn = (order: string, isParcel: boolean) => {
    const [shipped] = wms.deliveriesOf(order).filter(({ data }) => data.tracking !== null)
    if (!shipped) return
    const lines = shipped.data.lines.map(({ sku, picked }) => ({ sku, quantity: picked }))
    wms.expectReturn(order, isParcel ? shipped.data.tracking : null, lines, INTEGRATION)
  }
  return {
    print_label({ key }) {
      if (!carrier.parcelOf(key)) carrier.label(key)
    },
    scan: ({ key }) => void carrier.scan(key, INTEGRATION),
    find_parcel: ({ key }) => void carrier.find(key, INTEGRATION),
    scan_hub({ key, seq = 0 }) {
      const hub = HUBS[seq]
      if (hub === undefined) later(LAGS.soon, { do: 'load_van', key, n: 1 })
      else if (carrier.move(key, 'IN_TRANSIT', 'IN_TRANSIT', hub))
        later(LAGS.van, { do: 'scan_hub', key, seq: seq + 1 })
    },
    harm_parcel({ key }) {
      carrier.move(key, 'IN_TRANSIT', world.dice('harm', key).pick(['LOST', 'DAMAGED']))
    },
    load_van({ key, n }) {
      if (n === undefined && ledger.has('parcel_slow', orderOf(key)))
        return later(LAGS.soon, { do: 'scan_hub', key })
      if (carrier.move(key, 'IN_TRANSIT', 'OUT_FOR_DELIVERY')) later(LAGS.deliver, { do: 'deliver', key })
    },
    turn_back({ key }) {
      if (carrier.move(key, 'OUT_FOR_DELIVERY', 'RETURN_TO_SENDER'))
        later(LAGS.integration, { do: 'expect_return', key })
    },
    deliver({ key }) {
      if (!carrier.move(key, 'OUT_FOR_DELIVERY', 'DELIVERED')) return
      later(LAGS.forget, { do: 'forget_order', key: orderOf(key) })
    },
    open_claim({ key }) {
      shop.openClaim(key)
      later(LAGS.desk, { do: 'answer_claim', key })
    },
    answer_claim: ({ key }) => void shop.answerClaim(`CL-${key}`, 'found', clerk(key)),
    open_return({ key }) {
      shop.openReturn(key, clerk(key))
      named(world, key, 'return', `RMA-${key}`)
      expectReturn(key, false)
    },
    expect_return: ({ key }) => expectReturn(orderOf(key), true),
    receive_return({ key }) {
      if (!wms.advanceReturn(key, 'EXPECTED', 'RECEIVED', INTEGRATION)) return
      later(ledger.has('return_uninspected', key) ? LAGS.review : LAGS.desk, { do: 'inspect_return', key })
    },
    inspect_return({ key }) {
      if (wms.advanceReturn(key, 'RECEIVED', 'INSPECTED', packer(key)))
        later(LAGS.integration, { do: 'refund_return', key })
    },
    refund_return({ key }) {
      // What could not be delivered comes back without the customer having asked for it.
      if (!shop.returnOf(key)) shop.openReturn(key, clerk(key))
      shop.refundReturn(`RMA-${key}`, clerk(key))
      later(LAGS.forget, { do: 'forget_order', key })
    },
  }
}
