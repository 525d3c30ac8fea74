import type { Key, SubjectView } from '../../../src/domain/model.ts'
import { object, type Told, view } from '../objects.ts'

const identity = (name: Key['name'], value: string): Key => ({ name, value, kind: 'identity' })
const reference = (name: Key['name'], value: string): Key => ({ name, value, kind: 'reference' })

/** A parcel of order 1001 that has left the warehouse; the carrier says what is told. */
export const parcel = (told: Told | null): SubjectView => {
  const keys = [identity('tracking', '1Z999')]
  const left = object({
    role: 'wms',
    type: 'fulfillment',
    externalId: 'D1001-1',
    keys: [...keys, identity('order', '1001')],
    state: 'shipped',
    attributes: { tracking: '1Z999' },
  })
  const carried =
    told && object({ role: 'carrier', type: 'shipment', externalId: 'trk_1', keys, minute: 90, ...told })
  return view([left, ...(carried ? [carried] : [])], { kind: 'parcel', keys })
}

export const lostParcel = (): SubjectView =>
  parcel({
    state: 'lost',
    rawState: 'failure, lost',
    attributes: { carrier: 'UPS', location: 'HOUSTON, TX', promise: '2026-11-24T00:00:00.000Z' },
  })

/** Order 1001, held in the warehouse for its address. */
export const heldOrder = (holdReason = 'bad_address'): SubjectView => {
  const keys = [identity('order', '1001')]
  return view(
    [
      object({
        role: 'wms',
        type: 'fulfillment',
        externalId: 'D1001-1',
        keys,
        state: 'held',
        attributes: { holdReason },
      }),
    ],
    { kind: 'fulfillment', keys },
  )
}

/** A receipt of which the supplier announced ten. */
export const receiptOf = (received: number): SubjectView => {
  const keys = [
    identity('receipt', 'ASN-7'),
    reference('purchase_order', 'PO-42'),
    reference('sku', 'MUG-RED'),
  ]
  return view(
    [
      object({ role: 'supplier', keys, externalId: 'S7', quantities: { shipped: 10 } }),
      object({ role: 'wms', keys, externalId: 'R7', quantities: { received } }),
    ],
    { kind: 'receipt', keys: keys.slice(0, 1) },
  )
}

/** Purchase order PO-42, expected on the 20th. */
export const purchase = (state = 'ordered'): SubjectView => {
  const keys = [identity('purchase_order', 'PO-42'), reference('sku', 'MUG-RED')]
  return view(
    [
      object({
        role: 'erp',
        type: 'purchase_order',
        externalId: 'P42',
        keys,
        state,
        quantities: { ordered: 120 },
        attributes: { expectedAt: '2026-11-20T00:00:00.000Z' },
      }),
    ],
    { kind: 'purchase', keys: keys.slice(0, 1) },
  )
}
