import type { Document } from './client.ts'
import {
  FULFILLMENT,
  FULFILLMENT_ORDER,
  FULFILLMENT_ORDER_LINE,
  LEVEL,
  LINE,
  ORDER,
  RETURN,
} from './fragments.ts'

const PAGE_INFO = 'pageInfo { hasNextPage endCursor }'
const query = (name: string, text: string): Document => ({ name, text: `query ${name}${text}` })

/** Everything that reads. Each is validated against the Admin schema by a test. */
export const QUERIES = {
  probe: query('Probe', '{ shop { myshopifyDomain } currentAppInstallation { accessScopes { handle } } }'),

  changedOrders: query(
    'ChangedOrders',
    `($query: String, $after: String) {
  orders(first: 10, after: $after, sortKey: UPDATED_AT, query: $query) { nodes { ...OrderParts } ${PAGE_INFO} }
}
${ORDER}`,
  ),

  changedFulfillmentOrders: query(
    'ChangedFulfillmentOrders',
    `($query: String, $after: String) {
  fulfillmentOrders(first: 10, after: $after, sortKey: UPDATED_AT, includeClosed: true, query: $query) {
    nodes { ...FulfillmentOrderParts } ${PAGE_INFO}
  }
}
${FULFILLMENT_ORDER}`,
  ),

  locations: query(
    'Locations',
    `($after: String) { locations(first: 50, after: $after, sortKey: ID) { nodes { id name } ${PAGE_INFO} } }`,
  ),

  changedLevels: query(
    'ChangedLevels',
    `($location: ID!, $query: String, $after: String) {
  location(id: $location) {
    inventoryLevels(first: 50, after: $after, query: $query) { nodes { ...LevelParts } ${PAGE_INFO} }
  }
}
${LEVEL}`,
  ),

  order: query(
    'OrderWhole',
    `($id: ID!) {
  order(id: $id) {
    ...OrderParts
    fulfillmentOrders(first: 5) { nodes { ...FulfillmentOrderParts } ${PAGE_INFO} }
  }
}
${ORDER}
${FULFILLMENT_ORDER}`,
  ),

  level: query('Level', `($id: ID!) { inventoryLevel(id: $id) { ...LevelParts } }\n${LEVEL}`),

  orderLines: query(
    'OrderLines',
    `($id: ID!, $after: String) {
  order(id: $id) { lineItems(first: 100, after: $after) { nodes { ...Line } ${PAGE_INFO} } }
}
${LINE}`,
  ),

  orderReturns: query(
    'OrderReturns',
    `($id: ID!, $after: String) {
  order(id: $id) { returns(first: 20, after: $after) { nodes { ...ReturnParts } ${PAGE_INFO} } }
}
${RETURN}`,
  ),

  returnLines: query(
    'ReturnLines',
    `($id: ID!, $after: String) {
  return(id: $id) { returnLineItems(first: 100, after: $after) { nodes { ...ReturnLine } ${PAGE_INFO} } }
}
${RETURN.slice(RETURN.indexOf('fragment ReturnLine '))}`,
  ),

  orderFulfillmentOrders: query(
    'OrderFulfillmentOrders',
    `($id: ID!, $after: String) {
  order(id: $id) {
    fulfillmentOrders(first: 10, after: $after) { nodes { ...FulfillmentOrderParts } ${PAGE_INFO} }
  }
}
${FULFILLMENT_ORDER}`,
  ),

  fulfillmentOrderLines: query(
    'FulfillmentOrderLines',
    `($id: ID!, $after: String) {
  fulfillmentOrder(id: $id) {
    lineItems(first: 100, after: $after) { nodes { ...FulfillmentOrderLine } ${PAGE_INFO} }
  }
}
${FULFILLMENT_ORDER_LINE}`,
  ),

  fulfillments: query(
    'Fulfillments',
    `($id: ID!, $after: String) {
  fulfillmentOrder(id: $id) {
    fulfillments(first: 50, after: $after) { nodes { ...FulfillmentParts } ${PAGE_INFO} }
  }
}
${FULFILLMENT}`,
  ),

  locationsForMove: query(
    'LocationsForMove',
    `($id: ID!, $after: String) {
  fulfillmentOrder(id: $id) {
    locationsForMove(first: 50, after: $after) { nodes { movable message location { id name } } ${PAGE_INFO} }
  }
}`,
  ),

  suggestedRefund: query(
    'SuggestedRefund',
    `($id: ID!, $lines: [RefundLineItemInput!]!) {
  order(id: $id) {
    suggestedRefund(refundLineItems: $lines) {
      amountSet { shopMoney { amount currencyCode } }
      suggestedTransactions {
        gateway
        amountSet { shopMoney { amount currencyCode } }
        parentTransaction { id }
      }
    }
  }
}`,
  ),

  annotation: query(
    'Annotation',
    `($id: ID!) {
  order(id: $id) { tags metafield(namespace: "$app", key: "note") { value compareDigest } }
}`,
  ),

  taggedOrders: query(
    'TaggedOrders',
    '($query: String!) { orders(first: 2, query: $query) { nodes { id name tags } } }',
  ),

  /** The one place where an address is read: to send the goods there again. Nothing of it is kept. */
  addressOfOrder: query(
    'AddressOfOrder',
    `($id: ID!, $after: String) {
  order(id: $id) {
    currencyCode
    shippingAddress { firstName lastName company address1 address2 zip city provinceCode countryCodeV2 phone }
    lineItems(first: 100, after: $after) {
      nodes { id title currentQuantity requiresShipping variant { id } } ${PAGE_INFO}
    }
  }
}`,
  ),
} as const
