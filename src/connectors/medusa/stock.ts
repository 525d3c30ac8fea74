import type { RoutingAction } from '../../app/connector.ts'
import type { SubjectView } from '../../domain/model.ts'
import { objectAction, objectsOf } from '../kit/action.ts'
import { levelFact, levelParts } from './facts.ts'
import { refused, type Shop } from './order-action.ts'

/** What is stocked here by the shop, and by the warehouse's count. */
const countsOf = (subject: SubjectView, system: string) => {
  const mine = objectsOf(subject, { role: 'storefront', type: 'inventory', system })[0]
  const theirs = objectsOf(subject, { role: 'wms', type: 'inventory' })[0]
  const stocked = mine?.quantities.on_hand
  if (!mine || stocked === undefined) return null
  return { externalId: mine.externalId, stocked, theirs, count: theirs?.quantities.on_hand }
}

/**
 * Sets a level to the warehouse's count. Medusa sets without comparing, so the connector compares right before: a level
 * that is not what the card showed is left alone. What is sold in the instant between is not seen.
 */
export const adjustStock = ({ system, client, places }: Shop): RoutingAction => {
  const levelNow = async (externalId: string, signal: AbortSignal) => {
    const { item: id, location } = levelParts(externalId)
    const item = await client.item(id, signal)
    const level = item.location_levels.find((each) => each.location_id === location)
    if (!level || !item.sku) throw refused(system, `The article is not kept at ${location} any more.`)
    return { item, level, sku: item.sku }
  }
  return objectAction(system, {
    id: 'adjust_stock',
    label: 'Set the shop’s stock to the warehouse’s count',
    risk: 'second_person',
    target(subject) {
      const found = countsOf(subject, system)
      if (!found) return null
      const { externalId, stocked, theirs, count } = found
      if (count === undefined) return { unavailable: 'The warehouse has not said what it has' }
      if (theirs?.attributes.counting === true) return { unavailable: 'The warehouse is counting' }
      if (count < 0) return { unavailable: `The warehouse says ${count}: count first` }
      return count === stocked
        ? { unavailable: `The shop has ${stocked} too` }
        : { externalId, params: { count, stocked } }
    },
    magnitude: (subject) => {
      const found = countsOf(subject, system)
      return Math.abs((found?.count ?? 0) - (found?.stocked ?? 0))
    },
    async readObject({ target, signal }) {
      const { item, level, sku } = await levelNow(target.externalId, signal)
      const { reader } = await places(signal)
      return levelFact(item, level, sku, reader)
    },
    ready({ quantities: { on_hand: now } }, { params: { count, stocked } }) {
      if (now === count) return { is: 'already_done', words: `The shop has ${now} already.` }
      return now === stocked
        ? { is: 'ready' }
        : { is: 'impossible', words: `The shop has ${now} by now, no longer ${stocked}: look again.` }
    },
    async send({ target: { externalId, params }, signal }) {
      const now = (await levelNow(externalId, signal)).level.stocked_quantity
      if (now === params.count) return
      if (now !== params.stocked)
        throw refused(system, `The shop has ${now} by now, no longer ${params.stocked}: look again.`)
      const { item, location } = levelParts(externalId)
      const body = { stocked_quantity: params.count }
      await client.post(['inventory-items', item, 'location-levels', location], body, signal)
    },
    compare(before, { quantities: { on_hand: now } }, { target: { params } }) {
      const was = before.quantities.on_hand
      if (now === was) return { is: 'unchanged', words: `The shop still has ${now}.` }
      return now === params.count
        ? { is: 'changed', words: `The shop has ${now} now.` }
        : {
            is: 'settling',
            words: `The shop has ${now} now, and not ${params.count}: somebody else changed it too.`,
          }
    },
    undo: {
      action: 'adjust_stock',
      target: (subject, { target: { externalId, params } }) => {
        const { count, stocked } = params
        if (count === undefined || stocked === undefined) return null
        return countsOf(subject, system)?.stocked === count
          ? { externalId, params: { count: stocked, stocked: count } }
          : { unavailable: 'The shop’s stock has moved on since' }
      },
    },
  })
}
