import type { KeyRule } from '../domain/keys.ts'
import type { Connector } from './connector.ts'
import { UserError } from './errors.ts'
import { listed } from './words.ts'

const AS_WRITTEN: KeyRule = { strip: [], cutAt: null, dropZeros: false, upper: false, stores: [] }

const saysStore = ({ keys }: Connector): boolean => (keys?.order?.stores.length ?? 0) > 0

/**
 * Two shops both have an order 1001, which are two orders. Where there are several storefronts, each one's numbers are
 * its own, unless the file gives several of them one store; ERP and warehouse then have to say whose orders they
 * speak of, because nobody can guess. Throws UserError.
 */
export const byStore = (connectors: Connector[]): Connector[] => {
  const shops = connectors.filter(({ role }) => role === 'storefront')
  if (shops.length < 2) return connectors
  const mute = connectors.filter(
    (connector) => (connector.role === 'erp' || connector.role === 'wms') && !saysStore(connector),
  )
  if (mute.length > 0) {
    const names = listed(shops.map(({ system }) => system))
    const lines = mute.map(
      ({ system }) =>
        `keys.${system}.order: ${names} may both have an order 1001; write stores: { "EU-": eu, "US-": us } with the beginnings that tell them apart in ${system}, or store: eu if all its orders are one shop's.`,
    )
    throw new UserError(lines.join('\n'), 2)
  }
  return connectors.map((connector) => {
    if (connector.role !== 'storefront' || saysStore(connector)) return connector
    const order = {
      ...(connector.keys?.order ?? AS_WRITTEN),
      stores: [{ prefix: '', store: connector.system }],
    }
    return { ...connector, keys: { ...connector.keys, order } }
  })
}
