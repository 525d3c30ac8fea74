import type { z } from 'zod'
import type { contractConfig } from '../contract-config.ts'

/** A contract as it is written, here and in `baton.yml`. */
export type Written = z.input<typeof contractConfig>

/** States of a delivery that is still in the warehouse. */
export const IN_WAREHOUSE = ['ready', 'held', 'allocated', 'short', 'picked', 'packed']
/** The customer, or the shop, has called the order off. */
export const CANCELLED_ORDER = { role: 'storefront' as const, type: 'order' as const, states: ['cancelled'] }
