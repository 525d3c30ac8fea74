import { purchaseOf } from './catalogue.ts'
import { isFault } from './faults.ts'
import { deliveryFlow } from './flow-deliveries.ts'
import { goodsFlow } from './flow-goods.ts'
import { orderFlow } from './flow-orders.ts'
import { parcelFlow } from './flow-parcels.ts'
import { brought, meddled } from './meddling.ts'
import { mendByHand } from './mending.ts'
import { type Handlers, LAGS, type Step } from './steps.ts'
import type { World } from './world.ts'

/**
 * How the world goes on: every step, and what follows from it. A message between two systems is a step of the
 * receiver, so a lost message is a step that does not happen.
 */
export const createFlow = (world: World) => {
  const handlers: Handlers = {
    ...orderFlow(world),
    ...deliveryFlow(world),
    ...parcelFlow(world),
    ...goodsFlow(world),
    ...upkeep(world),
  }
  return (step: Step): void => {
    if (meddled(world, step)) return
    handlers[step.do](step)
    brought(world, step)
  }
}

type Upkeep =
  | 'plant_fault'
  | 'plant_lookalike'
  | 'person_looks'
  | 'begin_outage'
  | 'forget_order'
  | 'forget_receipt'
  | 'tidy'

const upkeep = (world: World): Pick<Handlers, Upkeep> => {
  const { shop, erp, wms, carrier, ledger, later } = world
  return {
    plant_fault: (step) => world.planner.plantFault(step),
    plant_lookalike: (step) => world.planner.plantLookalike(step),
    begin_outage: (step) => world.planner.beginOutage(step),
    person_looks({ key }) {
      const entry = ledger.get(key)
      if (!entry || entry.fixedAt !== null || !isFault(entry.kind)) return
      if (entry.brokenAt === null) return later(world.plan.personAfter, { do: 'person_looks', key })
      mendByHand(world, entry)
    },
    forget_order({ key }) {
      if (ledger.openFaults().some((entry) => entry.keys.order === key)) {
        return later(LAGS.forget, { do: 'forget_order', key })
      }
      for (const { id } of wms.deliveriesOf(key)) carrier.forget(id)
      wms.forgetOrder(key)
      erp.forgetOrder(key)
      shop.forget(key)
    },
    forget_receipt({ key }) {
      if (ledger.openFaults().some((entry) => entry.keys.receipt === key)) {
        return later(LAGS.forget, { do: 'forget_receipt', key })
      }
      shop.forgetPurchase(purchaseOf(key))
      erp.forgetReceipt(key)
      wms.forgetReceipt(key)
    },
    tidy() {
      world.tidy()
      later(LAGS.forget, { do: 'tidy', key: '' })
    },
  }
}
