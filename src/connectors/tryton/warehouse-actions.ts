import type { ActionTarget, RoutingAction, Undo } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import type { ObjectState, SubjectView } from '../../domain/model.ts'
import { type ObjectAction, objectAction, objectsOf, reaches, readyWhen } from '../kit/action.ts'
import type { TrytonClient } from './client.ts'
import type { TrytonConfig } from './config.ts'
import { type Deed, doing, type Step, walk } from './deed.ts'
import { DELIVERY, type Delivery } from './deliveries.ts'
import { RECEIPT } from './receipts.ts'
import { deliveries, readOne, readRecords, receipts } from './records.ts'

const BEFORE_PICKING = ['ready', 'allocated', 'short']
const BEFORE_PACKING = [...BEFORE_PICKING, 'held']
const GONE_ON = ['picked', 'packed', 'shipped']
const HELD_LATE = 'the warehouse holds only before picking'

const at = ({ externalId }: ObjectState): ActionTarget => ({ externalId, params: {} })

/** Back to draft: its reservation is given back, and nobody can assign or pick it. */
const HOLDING: Step[] = [
  { from: ['assigned'], button: 'wait', to: ['waiting'] },
  { from: ['waiting'], button: 'draft', to: ['draft'] },
]
const RELEASING: Step[] = [{ from: ['draft'], button: 'wait', to: ['waiting'] }]
const CANCELLING: Step[] = [
  {
    from: ['draft', 'waiting', 'assigned', 'picked', 'packed'],
    button: 'cancel',
    to: ['cancelled'],
  },
]
const PUTTING_AWAY: Step[] = [{ from: ['received'], button: 'done', to: ['done'] }]

type Spec = Omit<ObjectAction, 'readObject' | 'send'> & {
  steps: Step[]
  /** What must hold just before the steps, beyond the delivery's own state. Throws SystemError. */
  first?(deed: Deed, number: string): Promise<void>
  /** What comes after the steps, given the delivery as they left it. */
  then?(deed: Deed, row: Delivery): Promise<unknown>
}

/** What a warehouse can do with a delivery: buttons, each seen to have worked. */
export const warehouseActions = (client: TrytonClient, config: TrytonConfig): RoutingAction[] => {
  const { name: system } = config
  const action = ({ steps, first, then, ...spec }: Spec): RoutingAction =>
    objectAction(system, {
      ...spec,
      readObject: async ({ target, signal }) =>
        (await readOne(client, config, deliveries, target.externalId, signal)).fact,
      send: ({ target, signal }) =>
        doing(client, config, signal, async (deed) => {
          const read = async () => (await readOne(client, config, deliveries, target.externalId, signal)).row
          await first?.(deed, target.externalId)
          const row = await walk(config, deed, DELIVERY, read, steps)
          await then?.(deed, row)
        }),
    })
  const live = (subject: SubjectView) =>
    objectsOf(subject, { role: 'wms', type: 'fulfillment', system }).filter((o) => o.state !== 'cancelled')
  /** What cannot be reserved yet stays as it is: that is no failure. */
  const assign = async (deed: Deed, row: Delivery) => {
    if (row.state.raw === 'waiting') await deed.press(DELIVERY, 'assign_try', row)
  }

  /** Somebody may have cancelled the other one since: then this is the only one that is left. */
  const isTwice = async (deed: Deed, number: string) => {
    const { row } = await readOne(client, config, deliveries, number, deed.signal)
    const same = [['reference', '=', row.reference]]
    const { rows } = await readRecords(client, config, deliveries, same, deed.signal)
    if (rows.some(({ id, state }) => id !== row.id && state.raw !== 'cancelled')) return
    throw new SystemError(system, 'refused', `${number} is the only live delivery of its order by now.`)
  }
  const aimedAt =
    (...states: string[]): NonNullable<Undo['target']> =>
    (subject, { target }) => {
      const mine = live(subject).find(({ externalId }) => externalId === target.externalId)
      if (mine && states.includes(mine.state)) return at(mine)
      return { unavailable: `${target.externalId} is ${mine?.rawState ?? 'cancelled'} by now` }
    }

  return [
    action({
      id: 'place_hold',
      label: 'Hold it in the warehouse',
      steps: HOLDING,
      target(subject) {
        const [other] = live(subject)
        const delivery = live(subject).find((o) => BEFORE_PICKING.includes(o.state))
        if (delivery) return at(delivery)
        return other ? { unavailable: `${other.externalId} is ${other.rawState}: ${HELD_LATE}` } : null
      },
      ready: readyWhen({ ready: BEFORE_PICKING, done: ['held'], else: HELD_LATE }),
      compare: reaches('held'),
      undo: { action: 'release_delivery', target: aimedAt('held') },
    }),
    action({
      id: 'release_delivery',
      label: 'Release it in the warehouse',
      steps: RELEASING,
      then: assign,
      target(subject) {
        const delivery = live(subject).find((o) => o.state === 'held')
        if (!delivery) return null
        const shop = objectsOf(subject, { role: 'storefront', type: 'fulfillment' }).find(
          (o) => o.state === 'held',
        )
        if (!shop) return at(delivery)
        return {
          unavailable: `The storefront holds it: ${String(shop.attributes.holdReason ?? 'no reason')}`,
        }
      },
      ready: readyWhen({
        ready: ['held'],
        done: [...BEFORE_PICKING, ...GONE_ON],
        else: 'there is no hold to release',
      }),
      compare: reaches(...BEFORE_PICKING, ...GONE_ON),
      undo: { action: 'place_hold', target: aimedAt(...BEFORE_PICKING) },
    }),
    action({
      id: 'allocate',
      label: 'Look for the stock again',
      steps: [],
      then: assign,
      target(subject) {
        const delivery = live(subject).find((o) => o.state === 'short' || o.state === 'ready')
        return delivery ? at(delivery) : null
      },
      ready: readyWhen({
        ready: ['short', 'ready'],
        done: ['allocated', ...GONE_ON],
        else: 'it is not waiting for stock',
      }),
      compare(before, { quantities, state, rawState, externalId }) {
        const [was, now] = [before.quantities.picked ?? 0, quantities.picked ?? 0]
        if (state !== before.state || now > was) {
          return {
            is: 'changed',
            words: `${externalId} is ${rawState} now, with ${now} of ${quantities.ordered}.`,
          }
        }
        return { is: 'unchanged', words: `There is still not enough: ${now} of ${quantities.ordered}.` }
      },
    }),
    action({
      id: 'recall_delivery',
      label: 'Stop it in the warehouse',
      steps: CANCELLING,
      target(subject) {
        const [left] = live(subject)
        const delivery = live(subject).find((o) => o.state !== 'shipped')
        const order = objectsOf(subject, { role: 'storefront', type: 'order' })[0]
        if (!left) return null
        if (order && order.state !== 'cancelled')
          return { unavailable: `The shop has not cancelled it: ${order.rawState}` }
        return delivery ? at(delivery) : { unavailable: `${left.externalId} has left` }
      },
      ready: readyWhen({
        ready: [...BEFORE_PACKING, 'picked', 'packed'],
        done: ['cancelled'],
        else: 'it has left the warehouse',
      }),
      compare: reaches('cancelled'),
    }),
    action({
      id: 'cancel_duplicate',
      label: 'Cancel the duplicate delivery',
      risk: 'second_person',
      steps: CANCELLING,
      first: isTwice,
      target(subject) {
        if (live(subject).length < 2) return null
        const newest = live(subject)
          .filter((o) => BEFORE_PACKING.includes(o.state))
          .at(-1)
        return newest ? at(newest) : { unavailable: 'Both are picked already: stop one at the packing table' }
      },
      ready: readyWhen({ ready: BEFORE_PACKING, done: ['cancelled'], else: 'it is too late to cancel it' }),
      compare: reaches('cancelled'),
    }),
    putAway(client, config),
  ]
}

/** From the dock to the shelf. */
const putAway = (client: TrytonClient, config: TrytonConfig): RoutingAction =>
  objectAction(config.name, {
    id: 'put_away',
    label: 'Put it away in the warehouse',
    target(subject) {
      const mine = objectsOf(subject, { role: 'wms', type: 'receipt', system: config.name })
      const waiting = mine.find((o) => o.attributes.sellable === false)
      return waiting ? at(waiting) : null
    },
    readObject: async ({ target, signal }) =>
      (await readOne(client, config, receipts, target.externalId, signal)).fact,
    send: ({ target, signal }) =>
      doing(client, config, signal, async (deed) => {
        const read = async () => (await readOne(client, config, receipts, target.externalId, signal)).row
        await walk(config, deed, RECEIPT, read, PUTTING_AWAY)
      }),
    ready({ attributes, externalId, rawState }) {
      if (attributes.sellable === true)
        return { is: 'already_done', words: `${externalId} is put away already.` }
      return attributes.sellable === false
        ? { is: 'ready' }
        : { is: 'impossible', words: `${externalId} is ${rawState}: nothing has come in.` }
    },
    compare: (before, after) =>
      after.attributes.sellable === true && before.attributes.sellable !== true
        ? { is: 'changed', words: `${after.externalId} is put away.` }
        : { is: 'unchanged', words: `${after.externalId} is still ${after.rawState}.` },
  })
