import type { WireFact } from '../../app/connector.ts'
import { type Line, readLines } from '../kit/facts.ts'

/** The lines that a system states about an object; null where it states none. */
export const statedLines = ({ attributes: { lines } }: Pick<WireFact, 'attributes'>): Line[] | null =>
  typeof lines === 'string' && lines !== '' ? readLines(lines) : null

/** What is left of some lines without others, by article; never below nothing. */
export const minus = (lines: Line[], less: Line[]): Line[] =>
  lines
    .map(({ sku, quantity }) => ({
      sku,
      quantity: quantity - (less.find((line) => line.sku === sku)?.quantity ?? 0),
    }))
    .filter(({ quantity }) => quantity > 0)

/** One line for each article. */
export const added = (lines: Line[]): Line[] => {
  const bySku = new Map<string, number>()
  for (const { sku, quantity } of lines) bySku.set(sku, (bySku.get(sku) ?? 0) + quantity)
  return [...bySku].map(([sku, quantity]) => ({ sku, quantity }))
}

export const sameLines = (a: Line[], b: Line[]): boolean =>
  minus(added(a), added(b)).length === 0 && minus(added(b), added(a)).length === 0
