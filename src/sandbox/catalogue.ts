/** What the shop sells. Prices in euro cents; `stock` is what all three systems hold on the first day. */
export const CATALOGUE = [
  { sku: 'MUG-RED', price: 1290, stock: 180 },
  { sku: 'MUG-BLUE', price: 1290, stock: 160 },
  { sku: 'TEAPOT-M', price: 3490, stock: 120 },
  { sku: 'TEA-GREEN', price: 890, stock: 240 },
  { sku: 'TEA-BLACK', price: 790, stock: 240 },
  { sku: 'SCARF-WOOL', price: 4590, stock: 120 },
  { sku: 'CAP-NAVY', price: 2490, stock: 140 },
  { sku: 'SOCKS-3', price: 1490, stock: 200 },
  { sku: 'LAMP-DESK', price: 5990, stock: 100 },
  { sku: 'NOTE-A5', price: 990, stock: 220 },
  { sku: 'PEN-GEL', price: 390, stock: 300 },
  { sku: 'BAG-TOTE', price: 1990, stock: 150 },
  { sku: 'VASE-CLAY', price: 2990, stock: 60 },
] as const

/** Made again whenever it is sold out: the shop sells it on back-order. */
export const BACKORDERED = 'VASE-CLAY'

/** Sold as one article, picked as several. */
export const KIT = { sku: 'SET-TEA', price: 3990, parts: ['TEAPOT-M', 'TEA-GREEN'] } as const

/** Where the shop sells from, and the large warehouse behind it, whose stock the shop does not show. */
export const LOCATION = 'MAIN'
export const RESERVE = { site: 'NORTH', stock: 5_000 } as const
export const CURRENCY = 'EUR'

/** The same stock item has the same name in every system: `MUG-RED@MAIN`. */
export const stockId = (sku: string, site: string = LOCATION): string => `${sku}@${site}`

export const priceOf = (sku: string): number | undefined =>
  [...CATALOGUE, KIT].find((product) => product.sku === sku)?.price

/** What is picked for what is sold. */
export const picked = <L extends { sku: string }>(lines: L[]): L[] =>
  lines.flatMap((line) => (line.sku === KIT.sku ? KIT.parts.map((sku) => ({ ...line, sku })) : [line]))

/** The order that `#1001`, `WEB-1001`, `RMA-1001` (its return) and `D1001-1` (its first delivery) are about. */
export const orderOf = (name: string): string => name.replace(/^(?:#|WEB-|RMA-|D)/, '').replace(/-\d+$/, '')

/** `PO-2001/R1` is the first receipt of purchase PO-2001. */
export const purchaseOf = (receipt: string): string => receipt.replace(/\/.*$/, '')

/** Cents as the systems write money: `59.90`. */
export const amount = (minor: number): string => (minor / 100).toFixed(2)

/** People who work in the systems themselves, at their own screens. Invented. */
export const PEOPLE = {
  shop: ['Paula Parcel', 'Carl Custom'],
  erp: ['Ines Invoice', 'Bruno Booking'],
  wms: ['Otto Pallet', 'Rita Rack'],
  carrier: ['Dora Depot', 'Vic Van'],
} as const

export const INTEGRATION = { kind: 'integration', name: 'bridge' } as const
