import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { RoutingAction } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import { orderAction, ownedElsewhere, type Shop } from './action.ts'
import { lossOf } from './actions-money.ts'
import { untilShown } from './actions-order.ts'
import { MUTATIONS } from './mutations.ts'
import { QUERIES } from './queries.ts'
import { gid, pageOf } from './wire.ts'

const text = z.string().nullable()
const item = z.object({
  title: z.string(),
  currentQuantity: z.number(),
  requiresShipping: z.boolean(),
  variant: z.object({ id: z.string() }).nullable(),
})
const addressed = z.object({
  order: z.object({
    currencyCode: z.string(),
    shippingAddress: z
      .object({
        firstName: text,
        lastName: text,
        company: text,
        address1: text,
        address2: text,
        zip: text,
        city: text,
        provinceCode: text,
        countryCodeV2: text,
        phone: text,
      })
      .nullable(),
    lineItems: pageOf(item),
  }),
})
const tagged = z.object({
  orders: z.object({ nodes: z.array(z.object({ name: z.string(), tags: z.array(z.string()) })) }),
})

/** What Shopify takes as a tag. */
const MAX_TAG = 40

/**
 * `reship:<case>` on the new order: what is found under it has been sent again already. A long one ends in a digest:
 * parcels of one order often differ in their last digits alone.
 */
const tagOf = (of: string): string => {
  const tag = `reship:${of}`.replace(/[^\w:.-]/g, '-')
  if (tag.length <= MAX_TAG) return tag
  const digest = createHash('sha256').update(of).digest('hex').slice(0, 12)
  return `${tag.slice(0, MAX_TAG - digest.length - 1)}-${digest}`
}

/** The same goods once more, as a new order of no price to the same address; the address goes from Shopify to Shopify. */
export const reshipAction = (shop: Shop): RoutingAction => {
  const { client, system } = shop

  /** The orders that bear the tag. Shopify's search learns of a new order some seconds after it was made. */
  const found = async (tag: string, signal: AbortSignal): Promise<string[]> => {
    const { data } = await client.query(QUERIES.taggedOrders, { query: `tag:'${tag}'` }, tagged, signal)
    return data.orders.nodes.filter(({ tags }) => tags.includes(tag)).map(({ name }) => name)
  }

  const newOrder = async (orderId: string, tag: string, signal: AbortSignal) => {
    const items: z.infer<typeof item>[] = []
    for (let after: string | null | undefined = null; ; ) {
      const variables: Record<string, unknown> = { id: gid('Order', orderId), after }
      const { data } = await client.query(QUERIES.addressOfOrder, variables, addressed, signal)
      const { currencyCode, shippingAddress, lineItems } = data.order
      items.push(...lineItems.nodes)
      if (lineItems.pageInfo.hasNextPage) {
        after = lineItems.pageInfo.endCursor
        continue
      }
      if (!shippingAddress)
        throw new SystemError(system, 'refused', 'The order has no address to send it to.')
      const { countryCodeV2: countryCode, ...address } = shippingAddress
      const goods = items.filter((one) => one.requiresShipping && one.currentQuantity > 0)
      if (goods.length === 0) throw new SystemError(system, 'refused', 'The order has nothing to send.')
      const priceSet = { shopMoney: { amount: '0.00', currencyCode } }
      return {
        tags: [tag],
        note: 'Sent again with Baton',
        sourceName: 'baton',
        currency: currencyCode,
        financialStatus: 'PAID',
        shippingAddress: { ...address, countryCode },
        lineItems: goods.map(({ title, currentQuantity, variant }) => ({
          quantity: currentQuantity,
          requiresShipping: true,
          priceSet,
          ...(variant ? { variantId: variant.id } : { title }),
        })),
      }
    }
  }

  return orderAction(shop, {
    id: 'reship',
    label: 'Send the whole order again',
    risk: 'second_person',
    settleMs: 120_000,
    // What a first attempt has made may not be found for some seconds.
    idempotent: false,
    target(subject) {
      const loss = lossOf(subject, system)
      if (!loss) return null
      const elsewhere = ownedElsewhere(subject.orderClass, loss.source)
      if (elsewhere) return { unavailable: elsewhere }
      const params = { orderId: loss.orderId, tag: tagOf(`${loss.orderId}-${loss.case}`) }
      return { externalId: loss.orderId, params }
    },
    find: ({ target, signal }) => found(String(target.params.tag), signal),
    words: (shot) =>
      shot.found.length > 0
        ? `${shot.order.name} is sent again as ${shot.found.join(', ')} in ${system}.`
        : `${shot.order.name} is not sent again in ${system}.`,
    ready(shot) {
      if (shot.found.length > 0)
        return { is: 'already_done', words: `It is sent again already, as ${shot.found.join(', ')}.` }
      const elsewhere = ownedElsewhere(shot.order.orderClass, shot.order.source)
      return elsewhere ? { is: 'impossible', words: `${elsewhere}.` } : { is: 'ready' }
    },
    async send({ target, signal }, _key, shot) {
      const tag = String(target.params.tag)
      const order = await newOrder(shot.order.id, tag, signal)
      await client.mutate(MUTATIONS.createOrder, { order }, z.unknown(), signal)
      await untilShown(shop, 'the new order', signal, async () => (await found(tag, signal)).length > 0)
    },
    isDone: (before, after) => before.found.length === 0 && after.found.length > 0,
  })
}
