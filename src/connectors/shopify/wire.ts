import { z } from 'zod'
import { named } from '../kit/facts.ts'

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text))
const count = z.number().int()

/** `gid://shopify/Order/450789469` of the wanted type, as its last part: how people and facts name it. */
export const idOf = (type: string) =>
  z.string().transform((gid, context) => {
    const [, id] = new RegExp(`^gid://shopify/${type}/([^/]+)$`).exec(gid) ?? []
    if (id !== undefined) return id
    context.addIssue(`"${gid.slice(0, 60)}" is no ${type}`)
    return z.NEVER
  })
export const gid = (type: string, id: string): string => `gid://shopify/${type}/${id}`

export const pageOf = <T>(node: z.ZodType<T>) =>
  z.object({
    nodes: z.array(node),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() }),
  })
export type Page<T> = {
  nodes: T[]
  pageInfo: { hasNextPage: boolean; endCursor?: string | null | undefined }
}

/** An amount in the shop's currency, as integer minor units: yen have none, dinars three. */
const moneyBag = z
  .object({ shopMoney: z.object({ amount: z.string(), currencyCode: z.string().length(3) }) })
  .transform(({ shopMoney }, context) => {
    const minor = minorOf(shopMoney.amount, shopMoney.currencyCode)
    if (minor !== null) return { minor, currency: shopMoney.currencyCode }
    context.addIssue(`"${shopMoney.amount} ${shopMoney.currencyCode}" is no amount`)
    return z.NEVER
  })

export const minorOf = (amount: string, currency: string): number | null => {
  if (!/^-?\d+(\.\d+)?$/.test(amount) || !/^[A-Z]{3}$/.test(currency)) return null
  const format = new Intl.NumberFormat('en', { style: 'currency', currency })
  return Math.round(Number(amount) * 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
}

export const lineNode = z.object({
  id: idOf('LineItem'),
  sku: z.string().nullish(),
  currentQuantity: count,
  refundableQuantity: count,
})
export const returnLineNode = z.object({
  id: z.string(),
  quantity: count,
  refundedQuantity: count,
  refundableQuantity: count,
  fulfillmentLineItem: z
    .object({ lineItem: z.object({ id: idOf('LineItem'), sku: z.string().nullish() }) })
    .optional(),
})
export const returnNode = z.object({
  id: idOf('Return'),
  name: named,
  status: z.enum(['REQUESTED', 'OPEN', 'CLOSED', 'CANCELED', 'DECLINED']),
  returnLineItems: pageOf(returnLineNode),
})
export const orderNode = z.object({
  id: idOf('Order'),
  name: named,
  updatedAt: instant,
  cancelledAt: instant.nullable(),
  displayFinancialStatus: z.string().nullable(),
  displayFulfillmentStatus: z.string(),
  sourceName: z.string().nullable(),
  tags: z.array(z.string()),
  purchasingEntity: z.object({ __typename: z.string() }).nullable(),
  currentTotalPriceSet: moneyBag,
  totalRefundedSet: moneyBag,
  lineItems: pageOf(lineNode),
  returns: pageOf(returnNode),
})
export const fulfillmentNode = z.object({
  id: idOf('Fulfillment'),
  status: z.string(),
  displayStatus: z.string().nullable(),
  updatedAt: instant,
  totalQuantity: count,
  trackingInfo: z.array(z.object({ number: z.string().nullable(), company: z.string().nullable() })),
})
export const fulfillmentOrderLineNode = z.object({
  id: z.string(),
  sku: z.string().nullish(),
  totalQuantity: count,
  remainingQuantity: count,
  lineItem: z.object({ id: idOf('LineItem') }),
})
export const fulfillmentOrderNode = z.object({
  id: idOf('FulfillmentOrder'),
  orderId: idOf('Order'),
  orderName: named,
  status: z.enum(['SCHEDULED', 'OPEN', 'ON_HOLD', 'IN_PROGRESS', 'INCOMPLETE', 'CLOSED', 'CANCELLED']),
  requestStatus: z.string(),
  updatedAt: instant,
  fulfillAt: instant.nullable(),
  fulfillBy: instant.nullable(),
  assignedLocation: z.object({
    name: named,
    location: z.object({ id: idOf('Location') }).nullable(),
  }),
  supportedActions: z.array(z.object({ action: z.string() })),
  fulfillmentHolds: z.array(
    z.object({
      id: idOf('FulfillmentHold'),
      reason: z.string(),
      handle: z.string().nullable(),
      heldByRequestingApp: z.boolean(),
      heldByApp: z.object({ title: z.string() }).nullable(),
    }),
  ),
  lineItems: pageOf(fulfillmentOrderLineNode),
  fulfillments: pageOf(fulfillmentNode),
})
export const levelNode = z.object({
  id: idOf('InventoryLevel'),
  updatedAt: instant,
  location: z.object({ id: idOf('Location'), name: named }),
  item: z.object({
    id: idOf('InventoryItem'),
    sku: z.string().nullable(),
    tracked: z.boolean(),
    variants: z.object({ nodes: z.array(z.object({ inventoryPolicy: z.string() })) }).nullable(),
  }),
  quantities: z.array(z.object({ name: z.string(), quantity: count })),
})

export type Return = z.infer<typeof returnNode>
export type Order = z.infer<typeof orderNode>
export type Fulfillment = z.infer<typeof fulfillmentNode>
export type FulfillmentOrder = z.infer<typeof fulfillmentOrderNode>
export type Level = z.infer<typeof levelNode>
export type Money = z.infer<typeof moneyBag>
export { moneyBag }
