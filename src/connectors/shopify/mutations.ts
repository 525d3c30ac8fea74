import { createHash } from 'node:crypto'
import type { Document } from './client.ts'

const mutation = (name: string, text: string): Document => ({ name, text: `mutation ${name}${text}` })
const ERRORS = 'userErrors { field message code }'
/** Some payloads have errors without a code. */
const PLAIN_ERRORS = 'userErrors { field message }'

/** What `@idempotent` takes: one for each deed, the same for the same deed. */
export const uuidOf = (key: string): string => {
  const hex = createHash('sha256').update(key).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  )
}

/**
 * Everything that changes something: one field each. Where the API wants `@idempotent` it is there; the schema does
 * not enforce it, so a test does.
 */
export const MUTATIONS = {
  hold: mutation(
    'PlaceHold',
    `($id: ID!, $hold: FulfillmentOrderHoldInput!) {
  fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) { fulfillmentHold { id } ${ERRORS} }
}`,
  ),
  release: mutation(
    'ReleaseHold',
    // Without holdIds it would release every hold, also those of other apps.
    `($id: ID!, $holdIds: [ID!]!) {
  fulfillmentOrderReleaseHold(id: $id, holdIds: $holdIds) { fulfillmentOrder { id } ${ERRORS} }
}`,
  ),
  move: mutation(
    'MoveFulfillmentOrder',
    `($id: ID!, $location: ID!) {
  fulfillmentOrderMove(id: $id, newLocationId: $location) { movedFulfillmentOrder { id } ${ERRORS} }
}`,
  ),
  reschedule: mutation(
    'Reschedule',
    `($id: ID!, $at: DateTime!) {
  fulfillmentOrderReschedule(id: $id, fulfillAt: $at) { fulfillmentOrder { id } ${ERRORS} }
}`,
  ),
  deadline: mutation(
    'SetDeadline',
    `($ids: [ID!]!, $at: DateTime!) {
  fulfillmentOrdersSetFulfillmentDeadline(fulfillmentOrderIds: $ids, fulfillmentDeadline: $at) { success ${ERRORS} }
}`,
  ),
  fulfil: mutation(
    'Fulfil',
    `($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id } ${PLAIN_ERRORS} }
}`,
  ),
  setStock: mutation(
    'SetStock',
    `($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) { inventoryAdjustmentGroup { id } ${ERRORS} }
}`,
  ),
  beginEdit: mutation(
    'BeginEdit',
    `($id: ID!) {
  orderEditBegin(id: $id) {
    calculatedOrder { id lineItems(first: 100) { nodes { id sku quantity } pageInfo { hasNextPage endCursor } } }
    ${PLAIN_ERRORS}
  }
}`,
  ),
  setQuantity: mutation(
    'SetQuantity',
    `($id: ID!, $line: ID!, $quantity: Int!) {
  orderEditSetQuantity(id: $id, lineItemId: $line, quantity: $quantity, restock: false) {
    calculatedOrder { id } ${PLAIN_ERRORS}
  }
}`,
  ),
  commitEdit: mutation(
    'CommitEdit',
    `($id: ID!, $note: String) {
  orderEditCommit(id: $id, notifyCustomer: true, staffNote: $note) { order { id } ${PLAIN_ERRORS} }
}`,
  ),
  cancel: mutation(
    'CancelOrder',
    `($id: ID!, $note: String) {
  orderCancel(
    orderId: $id
    reason: OTHER
    restock: true
    notifyCustomer: true
    refundMethod: { originalPaymentMethodsRefund: true }
    staffNote: $note
  ) { job { id } orderCancelUserErrors { field message code } }
}`,
  ),
  refund: mutation(
    'Refund',
    `($input: RefundInput!, $key: String!) {
  refundCreate(input: $input) @idempotent(key: $key) { refund { id } ${PLAIN_ERRORS} }
}`,
  ),
  addTags: mutation(
    'AddTags',
    `($id: ID!, $tags: [String!]!) {
  tagsAdd(id: $id, tags: $tags) { node { id } ${PLAIN_ERRORS} }
}`,
  ),
  setMetafields: mutation(
    'SetMetafields',
    `($metafields: [MetafieldsSetInput!]!) {
  metafieldsSet(metafields: $metafields) { metafields { id } ${ERRORS} }
}`,
  ),
  createOrder: mutation(
    'Reship',
    `($order: OrderCreateOrderInput!) {
  orderCreate(order: $order, options: { inventoryBehaviour: DECREMENT_IGNORING_POLICY }) { order { id name } ${ERRORS} }
}`,
  ),
} as const
