import type { RoutingAction } from '../../app/connector.ts'
import { adjustStock } from './adjust-stock.ts'
import type { TrytonClient } from './client.ts'
import type { TrytonConfig } from './config.ts'
import { createOrder } from './create-order.ts'
import { bookReceipt, claimShortage } from './receipt-actions.ts'
import { sendDelivery } from './send-delivery.ts'
import { shipRest } from './ship-rest.ts'
import { syncShipment } from './sync-shipment.ts'
import { takeOverDate } from './take-over-date.ts'
import { warehouseActions } from './warehouse-actions.ts'

/** What each role can do. */
export const createActions = (client: TrytonClient, config: TrytonConfig): RoutingAction[] => {
  switch (config.role) {
    case 'erp':
      return [syncShipment, createOrder, bookReceipt, claimShortage, adjustStock, takeOverDate].map((make) =>
        make(client, config),
      )
    case 'wms':
      return [sendDelivery(client, config), shipRest(client, config), ...warehouseActions(client, config)]
  }
}
