import type { Contract } from '../domain/contract/contract.ts'
import type { ObjectState, ObjectType, Role } from '../domain/model.ts'
import type { SystemColumn } from './card.ts'

/** From the customer's end to the parcel's: the order in which people think of the chain. */
export const CHAIN: Role[] = ['storefront', 'erp', 'wms', 'carrier', 'supplier', 'integration']

/** How people write the roles. */
export const ROLE_WORDS: Record<Role, string> = {
  storefront: 'Storefront',
  erp: 'ERP',
  wms: 'WMS',
  carrier: 'Carrier',
  supplier: 'Supplier',
  integration: 'Integration',
}

/** What tells most about a system that the contract does not speak of. */
const TELLING: ObjectType[] = [
  'fulfillment',
  'shipment',
  'order',
  'receipt',
  'purchase_order',
  'inventory',
  'transfer',
]

type Named = { role: Role; type: ObjectType }

const namedBy = (contract: Contract): Named[] => {
  const { rule } = contract
  switch (rule.form) {
    case 'follow':
      return [rule.when, rule.then]
    case 'agree':
      return [...rule.left, ...rule.right]
    case 'leave':
    case 'one':
      return [rule.object]
  }
}

/** Numbers are shown where the contract is about numbers, or about too few of something. */
const showsQuantities = (contract: Contract): boolean =>
  contract.rule.form === 'agree' || contract.rule.form === 'leave'

const quantitiesOf = ({ quantities }: ObjectState): string[] =>
  Object.entries(quantities).map(([name, units]) => `${name.replaceAll('_', ' ')} ${units}`)

/** A stock level has no state but its number, and has been so since it was last said. */
const levelOf = (object: ObjectState): SystemColumn => ({
  system: object.system,
  role: ROLE_WORDS[object.role],
  state: quantitiesOf(object).join(', '),
  raw: object.rawState,
  at: object.occurredAt,
  details: [],
})

const columnOf = (object: ObjectState, withQuantities: boolean, withId: boolean): SystemColumn => {
  if (object.type === 'inventory') return levelOf(object)
  const entered = object.enteredAt[object.state]
  return {
    system: object.system,
    role: ROLE_WORDS[object.role],
    state: object.state,
    raw: object.rawState,
    at: entered === undefined ? object.occurredAt : new Date(entered),
    details: [...(withId ? [object.externalId] : []), ...(withQuantities ? quantitiesOf(object) : [])],
  }
}

/**
 * The systems side by side, as a card shows them: every object that the contract speaks of, and of each other system
 * the one that tells most. The rest is a question away (`find`).
 */
export const sideBySide = (contract: Contract | undefined, objects: ObjectState[]): SystemColumn[] => {
  const named = contract ? namedBy(contract) : []
  const isNamed = (o: ObjectState): boolean =>
    named.some(({ role, type }) => role === o.role && type === o.type)
  const inQuestion = objects.filter(isNamed)
  const others = [...new Set(objects.map((o) => o.system))]
    .filter((system) => !inQuestion.some((o) => o.system === system))
    .flatMap((system) => {
      const own = objects.filter((o) => o.system === system)
      return own.sort((a, b) => TELLING.indexOf(a.type) - TELLING.indexOf(b.type))[0] ?? []
    })
  const isOneOfSeveral = (o: ObjectState): boolean =>
    inQuestion.some((other) => other !== o && other.system === o.system)
  return [...inQuestion, ...others]
    .sort((a, b) => CHAIN.indexOf(a.role) - CHAIN.indexOf(b.role) || (a.externalId < b.externalId ? -1 : 1))
    .map((object) =>
      columnOf(
        object,
        contract !== undefined && isNamed(object) && showsQuantities(contract),
        isOneOfSeveral(object),
      ),
    )
}
