import type { Contract } from '../domain/contract/contract.ts'
import { feeds } from './catalogue/feeds.ts'
import { inbound } from './catalogue/inbound.ts'
import { names } from './catalogue/names.ts'
import { orders } from './catalogue/orders.ts'
import { parcels } from './catalogue/parcels.ts'
import { stock } from './catalogue/stock.ts'
import { warehouse } from './catalogue/warehouse.ts'
import { contractConfig } from './contract-config.ts'

/**
 * The contracts that come with Baton, in the order in which an order meets them. They switch on by the roles that are
 * configured; `baton.yml` tunes their grace, severity and tolerance, and adds others of the same four forms.
 */
export const CATALOGUE: Contract[] = [
  ...orders,
  ...warehouse,
  ...stock,
  ...parcels,
  ...inbound,
  ...names,
  ...feeds,
].map((written) => contractConfig.parse(written))
