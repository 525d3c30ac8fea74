import type { RoutingAction } from '../../app/connector.ts'
import { cancelOrder } from './cancel-order.ts'
import { holdActions } from './holds.ts'
import { moneyActions } from './money.ts'
import type { Shop } from './order-action.ts'
import { passTracking } from './pass-tracking.ts'
import { adjustStock } from './stock.ts'

/** All that Baton can do in a Medusa shop. */
export const createActions = (shop: Shop): RoutingAction[] => [
  passTracking(shop),
  cancelOrder(shop),
  adjustStock(shop),
  ...holdActions(shop),
  ...moneyActions(shop),
]
