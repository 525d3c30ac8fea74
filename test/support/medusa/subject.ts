import type { Connector, RoutingAction, WireFact } from '../../../src/app/connector.ts'
import type { ObjectState, SubjectView } from '../../../src/domain/model.ts'
import { foldAll, objectId } from '../../../src/domain/object.ts'
import { object, type Told, view } from '../objects.ts'

/** What one identity key names: the shop's own objects as its facts tell them, and what others say about the same. */
export const subjectOf = (
  connector: Connector,
  facts: WireFact[],
  key: { name: string; value: string },
  others: Told[] = [],
): SubjectView => {
  const histories = new Map<string, WireFact[]>()
  for (const fact of facts) {
    const isAbout = fact.keys.some(
      (k) => k.kind === 'identity' && k.name === key.name && k.value === key.value,
    )
    if (!isAbout) continue
    const id = objectId({ ...fact, system: connector.system })
    histories.set(id, [...(histories.get(id) ?? []), fact])
  }
  const { system, role } = connector
  const own: ObjectState[] = [...histories.values()].flatMap((history) => {
    const folded = foldAll(history.map((fact) => ({ ...fact, system, role, receivedAt: fact.occurredAt })))
    return folded ? [folded] : []
  })
  return view([...own, ...others.map((told) => object(told))], { kind: 'fulfillment' })
}

export const actionOf = (connector: Connector, id: string): RoutingAction => {
  const action = connector.actions.find((each) => each.id === id)
  if (!action) throw new Error(`No action ${id}`)
  return action
}

/** Where the action aims; throws with the reason where it does not. */
export const aimOf = (action: RoutingAction, subject: SubjectView) => {
  const target = action.target(subject)
  if (target === null || 'unavailable' in target) throw new Error(`Not due: ${JSON.stringify(target)}`)
  return target
}

/** The warehouse's parcel with an order. */
export const parcel = (order: string, tracking: string, over: Told = {}): Told => ({
  system: 'wms',
  role: 'wms',
  type: 'fulfillment',
  externalId: `D-${order}-${tracking}`,
  keys: [{ name: 'order', value: order, kind: 'identity' }],
  state: 'shipped',
  attributes: { tracking },
  ...over,
})
