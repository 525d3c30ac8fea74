import type { Order } from './world.ts'

/** An invented address: the double needs one, facts must never hold it. */
export const ADDRESS = {
  firstName: 'Quilla',
  lastName: 'Testperson',
  company: null,
  address1: '1 Imaginary Road',
  address2: null,
  zip: '00000',
  city: 'Nowhere',
  provinceCode: null,
  countryCodeV2: 'DE',
  phone: null,
}

export const totalOf = ({ lines }: Order): number => lines.reduce((sum, l) => sum + l.price * l.quantity, 0)
export const amountOf = (minor: number): string => (minor / 100).toFixed(2)

export const fulfillmentStatusOf = (
  order: Order,
): 'FULFILLED' | 'PARTIALLY_FULFILLED' | 'ON_HOLD' | 'UNFULFILLED' => {
  const live = order.parts.filter(({ status, lines }) => status !== 'CANCELLED' && lines.length > 0)
  const closed = live.filter(({ status }) => status === 'CLOSED')
  if (live.length > 0 && closed.length === live.length) return 'FULFILLED'
  if (closed.length > 0) return 'PARTIALLY_FULFILLED'
  return live.some(({ status }) => status === 'ON_HOLD') ? 'ON_HOLD' : 'UNFULFILLED'
}

/** An order as Shopify's webhooks write it, with the person's data that they bring along. */
export const orderBody = (order: Order) => {
  const status = fulfillmentStatusOf(order)
  const total = amountOf(totalOf(order))
  return {
    id: order.id,
    admin_graphql_api_id: `gid://shopify/Order/${order.id}`,
    name: order.name,
    email: 'quilla@imaginary.example',
    updated_at: order.updatedAt.replace('Z', '+00:00'),
    cancelled_at: order.cancelledAt,
    financial_status: order.financial.toLowerCase(),
    fulfillment_status: { FULFILLED: 'fulfilled', PARTIALLY_FULFILLED: 'partial' }[String(status)] ?? null,
    source_name: order.source,
    tags: order.tags.join(', '),
    company: order.isCompany ? { id: 5, location_id: 6 } : null,
    currency: order.currency,
    total_price: total,
    current_total_price: total,
    customer: { first_name: ADDRESS.firstName, last_name: ADDRESS.lastName },
    shipping_address: { name: `${ADDRESS.firstName} ${ADDRESS.lastName}`, address1: ADDRESS.address1 },
    line_items: order.lines.map((line) => ({
      id: line.id,
      admin_graphql_api_id: `gid://shopify/LineItem/${line.id}`,
      sku: line.sku,
      title: line.title,
      quantity: line.quantity,
      current_quantity: line.quantity,
    })),
  }
}
