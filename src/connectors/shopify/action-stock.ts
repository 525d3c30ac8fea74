import { z } from 'zod'
import type { RoutingAction } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import type { SubjectView } from '../../domain/model.ts'
import { objectAction, objectsOf } from '../kit/action.ts'
import type { Shop } from './action.ts'
import { levelFact } from './facts.ts'
import { MUTATIONS, uuidOf } from './mutations.ts'
import { gid } from './wire.ts'

const levelOf = (subject: SubjectView, system: string) =>
  objectsOf(subject, { role: 'storefront', type: 'inventory', system })[0]
const countOf = (subject: SubjectView): number | undefined =>
  objectsOf(subject, { role: 'wms', type: 'inventory' })[0]?.quantities.on_hand

/**
 * What the shop has is set to what the warehouse counts: from the number that the person saw, and only from that. If
 * it has moved meanwhile Shopify refuses.
 */
export const stockAction = ({ client, reader, system }: Shop): RoutingAction =>
  objectAction(system, {
    id: 'adjust_stock',
    label: 'Set the stock in the shop to the count of the warehouse',
    risk: 'second_person',
    undo: {
      action: 'adjust_stock',
      target(subject, { target }) {
        const level = levelOf(subject, system)
        const { from, to } = target.params
        if (!level || from === undefined || to === undefined) return null
        return level.quantities.on_hand === to
          ? { externalId: level.externalId, params: { ...target.params, from: to, to: from } }
          : { unavailable: `Goods have moved since: ${level.quantities.on_hand} on hand` }
      },
    },
    settleMs: 30_000,
    target(subject) {
      const level = levelOf(subject, system)
      if (!level) return null
      const counted = countOf(subject)
      if (counted === undefined) return { unavailable: 'The warehouse states no count' }
      const { itemId, locationId } = level.attributes
      const from = level.quantities.on_hand
      if (typeof itemId !== 'string' || typeof locationId !== 'string' || from === undefined) return null
      if (from === counted) return { unavailable: 'The shop has the count of the warehouse' }
      return {
        externalId: level.externalId,
        params: { itemId, locationId, from, to: counted, subject: subject.id },
      }
    },
    magnitude(subject) {
      const from = levelOf(subject, system)?.quantities.on_hand
      return from === undefined ? 0 : Math.abs((countOf(subject) ?? from) - from)
    },
    async readObject({ target, signal }) {
      const fact = levelFact(await reader.level(target.externalId, signal))
      if (fact) return fact
      throw new SystemError(system, 'refused', `${system} does not count this article any more.`)
    },
    ready({ quantities: { on_hand } }, { params: { from, to } }) {
      if (on_hand === to) return { is: 'already_done', words: `The shop has ${on_hand} already.` }
      return on_hand === from
        ? { is: 'ready' }
        : { is: 'impossible', words: `The shop has ${on_hand} by now, and no longer ${from}: look again.` }
    },
    async send({ target: { params }, signal }, key) {
      const input = {
        name: 'on_hand',
        reason: 'cycle_count_available',
        referenceDocumentUri: `baton://subject/${encodeURIComponent(String(params.subject))}`,
        quantities: [
          {
            inventoryItemId: gid('InventoryItem', String(params.itemId)),
            locationId: gid('Location', String(params.locationId)),
            quantity: params.to,
            changeFromQuantity: params.from,
          },
        ],
      }
      await client.mutate(MUTATIONS.setStock, { input, key: uuidOf(key) }, z.unknown(), signal)
    },
    compare(before, after, { target }) {
      const { on_hand } = after.quantities
      return on_hand === target.params.to && before.quantities.on_hand !== on_hand
        ? { is: 'changed', words: `The shop has ${on_hand} now.` }
        : { is: 'unchanged', words: `The shop has ${on_hand}.` }
    },
  })
