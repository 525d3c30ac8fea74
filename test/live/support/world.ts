import { randomInt } from 'node:crypto'
import { openErp } from './erp.ts'
import { type Lines, openHouse } from './house.ts'
import type { Rig } from './rig.ts'
import { openShop, type ShopOrder } from './shop.ts'

/** An order as the three systems know it; `number` is what all of them call it. */
export type Order = { number: string; shop: ShopOrder; lines: Lines }

/** A run's own names: nothing that another run, or another test, has left behind is taken for ours. */
const RUN = `${Date.now().toString(36)}${randomInt(36 ** 2).toString(36)}`.toUpperCase()
let made = 0

/** The three systems, and what people do that concerns more than one of them. */
export const openWorld = async (rig: Rig) => {
  const [erp, wms, shop] = await Promise.all([
    openErp(rig.erpUrl, rig.trytonPassword),
    openHouse(rig.wmsUrl, rig.trytonPassword),
    openShop(rig),
  ])
  const name = (what: string): string => `${what}-${RUN}-${++made}`

  return {
    erp,
    wms,
    shop,
    /** A reference that nobody has used before. */
    name,
    /** An article of its own that all three systems know; so much of it everywhere, but for what is said. */
    async article(stock: number, said: { wms?: number } = {}): Promise<string> {
      const sku = name('LIVE')
      const { wms: inWms = stock } = said
      await Promise.all([erp.newArticle(sku), wms.newArticle(sku), shop.newArticle(sku, inWms)])
      await Promise.all([stock > 0 && erp.count(sku, stock), inWms > 0 && wms.count(sku, inWms)])
      return sku
    },
    /** A paid order in the shop that nobody else knows of. */
    async order(lines: Lines): Promise<Order> {
      const bought = await shop.buy(lines)
      return { number: String(bought.display_id), shop: bought, lines }
    },
    sale: ({ number, lines }: Order) => erp.newSale(`WEB-${number}`, lines),
    delivery: ({ number, lines }: Order) => wms.newDelivery(`WEB-${number}`, lines),
  }
}

export type World = Awaited<ReturnType<typeof openWorld>>
