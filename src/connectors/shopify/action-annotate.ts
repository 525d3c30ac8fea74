import { z } from 'zod'
import type { ActionInput, RoutingAction } from '../../app/connector.ts'
import { SystemError, wordsOf } from '../../app/errors.ts'
import { orderAction, orderOf, type Shop } from './action.ts'
import { MUTATIONS } from './mutations.ts'
import { QUERIES } from './queries.ts'
import { gid } from './wire.ts'

/** By this tag people in the shop find the orders that somebody has an eye on. */
const TAG = 'baton'
/** Where the note stands: `$app` is the app's own namespace, which nobody else writes to. */
const FIELD = { namespace: '$app', key: 'note', type: 'multi_line_text_field' }
const MAX_LENGTH = 500

const annotated = z.object({
  order: z
    .object({
      tags: z.array(z.string()),
      metafield: z.object({ value: z.string(), compareDigest: z.string() }).nullable(),
    })
    .nullable(),
})

const textOf = ({ values, by }: ActionInput): string => {
  const note = String(values.note ?? '').trim()
  return by ? `${note} (${by})` : note
}

/**
 * Leaves a word on the order for whoever looks at it in the shop: a tag to find it by, and a note. A note that somebody
 * else has written in between is not written over.
 */
export const annotateAction = (shop: Shop): RoutingAction => {
  const { client, system } = shop
  const look = async ({ target, signal }: ActionInput) => {
    const variables = { id: gid('Order', String(target.params.orderId)) }
    const { data } = await client.query(QUERIES.annotation, variables, annotated, signal)
    if (!data.order) throw new SystemError(system, 'refused', `${system} has no such order any more.`)
    return data.order
  }
  return orderAction(shop, {
    id: 'annotate',
    label: 'Leave a note on the order in the shop',
    target(subject) {
      const order = orderOf(subject, system)
      return order ? { externalId: order.externalId, params: { orderId: order.externalId } } : null
    },
    inputs: () => [
      {
        kind: 'text',
        id: 'note',
        label: 'For whoever opens the order',
        required: true,
        maxLength: MAX_LENGTH,
      },
    ],
    async find(input) {
      const { tags, metafield } = await look(input)
      return tags.includes(TAG) && metafield ? [metafield.value] : []
    },
    words: ({ order, found: [note] }) =>
      note === undefined
        ? `${order.name} has no note of Baton's in ${system}.`
        : `${order.name} bears the note "${note}" in ${system}.`,
    ready: ({ order, found: [note] }, input) =>
      note === textOf(input)
        ? { is: 'already_done', words: `${order.name} bears that note already.` }
        : { is: 'ready' },
    async send(input, _key, { order }) {
      const id = gid('Order', order.id)
      const { metafield } = await look(input)
      // Adding a tag leaves the others alone; writing the list of tags would not.
      await client.mutate(MUTATIONS.addTags, { id, tags: [TAG] }, z.unknown(), input.signal)
      // Null: only if there is none yet.
      const compareDigest = metafield?.compareDigest ?? null
      const note = { ownerId: id, ...FIELD, value: textOf(input), compareDigest }
      try {
        await client.mutate(MUTATIONS.setMetafields, { metafields: [note] }, z.unknown(), input.signal)
      } catch (error) {
        const words = `The order was tagged "${TAG}" in ${system}, and then it went wrong: ${wordsOf(error)}`
        throw new SystemError(system, 'ambiguous', words)
      }
    },
    isDone: (before, after, input) => before.found[0] !== textOf(input) && after.found[0] === textOf(input),
  })
}
