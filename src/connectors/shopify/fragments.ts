/**
 * What is read of each object, whichever way it is reached. No field here holds personal data. Pages inside pages are
 * small, because Shopify reckons a query by the most that it could bring (1,000 points are the limit for one): whoever
 * reads one reads on where it has more.
 */
const PAGE_INFO = 'pageInfo { hasNextPage endCursor }'

export const LINE = `fragment Line on LineItem { id sku currentQuantity refundableQuantity }`

export const RETURN = `fragment ReturnParts on Return {
  id name status
  returnLineItems(first: 5) { nodes { ...ReturnLine } ${PAGE_INFO} }
}
fragment ReturnLine on ReturnLineItemType {
  id quantity refundedQuantity refundableQuantity
  ... on ReturnLineItem { fulfillmentLineItem { lineItem { id sku } } }
}`

export const ORDER = `fragment OrderParts on Order {
  id name updatedAt cancelledAt displayFinancialStatus displayFulfillmentStatus sourceName tags
  purchasingEntity { __typename }
  currentTotalPriceSet { shopMoney { amount currencyCode } }
  totalRefundedSet { shopMoney { amount currencyCode } }
  lineItems(first: 15) { nodes { ...Line } ${PAGE_INFO} }
  returns(first: 3) { nodes { ...ReturnParts } ${PAGE_INFO} }
}
${LINE}
${RETURN}`

export const FULFILLMENT = `fragment FulfillmentParts on Fulfillment {
  id status displayStatus updatedAt totalQuantity
  trackingInfo { number company }
}`

export const FULFILLMENT_ORDER_LINE = `fragment FulfillmentOrderLine on FulfillmentOrderLineItem {
  id sku totalQuantity remainingQuantity lineItem { id }
}`

export const FULFILLMENT_ORDER = `fragment FulfillmentOrderParts on FulfillmentOrder {
  id orderId orderName status requestStatus updatedAt fulfillAt fulfillBy
  assignedLocation { name location { id } }
  supportedActions { action }
  fulfillmentHolds { id reason handle heldByRequestingApp heldByApp { title } }
  lineItems(first: 10) { nodes { ...FulfillmentOrderLine } ${PAGE_INFO} }
  fulfillments(first: 3) { nodes { ...FulfillmentParts } ${PAGE_INFO} }
}
${FULFILLMENT_ORDER_LINE}
${FULFILLMENT}`

export const LEVEL = `fragment LevelParts on InventoryLevel {
  id updatedAt
  location { id name }
  item { id sku tracked variants(first: 1) { nodes { inventoryPolicy } } }
  quantities(names: ["available", "on_hand", "committed", "incoming", "damaged"]) { name quantity }
}`
