import { z } from 'zod'
import { SystemError } from '../../app/errors.ts'
import type { TrytonClient } from './client.ts'
import type { TrytonConfig } from './config.ts'
import { DELIVERY } from './deliveries.ts'
import { PURCHASE, SALE } from './orders.ts'
import { RECEIPT } from './receipts.ts'
import { readWarehouses } from './stock.ts'

/** What a role needs, by the module that brings it. */
const NEEDED: Record<TrytonConfig['role'], Record<string, string>> = {
  erp: { [SALE]: 'sale', [PURCHASE]: 'purchase', [DELIVERY]: 'stock', [RECEIPT]: 'stock' },
  wms: { [DELIVERY]: 'stock', [RECEIPT]: 'stock' },
}

const modelSchema = z.array(z.object({ model: z.string() }))

/** Logs in, and looks for the modules and the warehouse. Throws SystemError, naming everything that is missing. */
export const probe = async (
  client: TrytonClient,
  config: TrytonConfig,
  signal: AbortSignal,
): Promise<void> => {
  const needed = NEEDED[config.role]
  const domain = [['model', 'in', Object.keys(needed)]]
  const found = modelSchema.parse(await client.search('ir.model', domain, { fields: ['model'] }, signal))
  const missing = Object.entries(needed).flatMap(([model, module]) =>
    found.some((row) => row.model === model) ? [] : [module],
  )
  if (missing.length > 0) {
    const modules = [...new Set(missing)].join(', ')
    const words = `${config.name} is configured as ${config.role}, but lacks the module ${modules}: check its url, or activate it in Tryton.`
    throw new SystemError(config.name, 'misconfigured', words)
  }
  await readWarehouses(client, config, signal)
}
