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
] as const

export const LOCATION = 'MAIN'
export const CURRENCY = 'EUR'

/** The same stock item has the same name in every system: `MUG-RED@MAIN`. */
export const stockId = (sku: string): string => `${sku}@${LOCATION}`

export const priceOf = (sku: string): number | undefined =>
  CATALOGUE.find((product) => product.sku === sku)?.price

/** `D1001-1` is the first delivery of order 1001. */
export const orderOf = (delivery: string): string => delivery.slice(1).replace(/-\d+$/, '')

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
