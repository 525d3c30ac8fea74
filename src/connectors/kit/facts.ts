import { z } from 'zod'
import type { Key, KeyName } from '../../domain/model.ts'

/** What becomes a key: never empty, or unlike things would be taken for one. */
export const named = z.string().trim().min(1)

export const identity = (name: KeyName, value: string): Key => ({ name, value, kind: 'identity' })
export const reference = (name: KeyName, value: string): Key => ({ name, value, kind: 'reference' })
/** `#1001` and `WEB-1001` are order 1001 in every system; prefixes of a shop's own are taken off by `keys:`. */
export const orderNumber = (text: string): string => text.trim().replace(/^(?:#\s*|WEB-)+(?=\S)/i, '')
/** A barcode as every system shares it: people and carriers group its digits as they like. */
export const trackingNumber = (text: string): string => text.replace(/\s+/g, '').toUpperCase()
/** An article at a place. */
export const stockKeys = (sku: string, place: string): Key[] => [
  identity('stock', `${sku}@${place}`),
  reference('sku', sku),
]
export const skuKeys = (skus: string[]): Key[] => [...new Set(skus)].map((sku) => reference('sku', sku))
export const sum = (numbers: number[]): number => numbers.reduce((total, n) => total + n, 0)

/** A table from a system's own words to the canonical ones: a word that is not in it makes the row a bad one. */
export const words = <const T extends Record<string, string>>(table: T) =>
  z.enum(Object.keys(table)).transform((raw) => ({ raw, state: table[raw] ?? raw }))

export type Line = { sku: string; quantity: number }

/** The lines of an order as one attribute, `MUG-RED*2,PEN-GEL*1`: what is needed to create the order elsewhere. */
export const linesText = (lines: Line[]): string =>
  lines.map(({ sku, quantity }) => `${sku}*${quantity}`).join(',')

export const readLines = (text: string): Line[] =>
  text.split(',').flatMap((line) => {
    const [, sku, quantity] = /^(.+)\*(\d+)$/.exec(line) ?? []
    return sku === undefined ? [] : [{ sku, quantity: Number(quantity) }]
  })
