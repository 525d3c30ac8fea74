import type { RoutingAction } from '../../app/connector.ts'
import { carrierActions } from './actions-carrier.ts'
import { erpActions } from './actions-erp.ts'
import { storefrontActions } from './actions-storefront.ts'
import { wmsActions } from './actions-wms.ts'
import type { SandboxClient } from './client.ts'
import type { SandboxConfig } from './config.ts'

/** What can be done in this system, by the part it plays. */
export const createActions = (
  client: SandboxClient,
  config: SandboxConfig,
  now: () => Date,
): RoutingAction[] => {
  switch (config.role) {
    case 'storefront':
      return storefrontActions(client, config.name, now)
    case 'erp':
      return erpActions(client, config.name, now)
    case 'wms':
      return wmsActions(client, config.name)
    case 'carrier':
      return carrierActions(client, config.name, now)
  }
}
