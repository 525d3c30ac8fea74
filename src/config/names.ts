import { z } from 'zod'
import { type KeyRule, type KeyRules, normalised, RULED } from '../domain/keys.ts'
import {
  type Meaning,
  NAME_KINDS,
  type NameKind,
  type NameMaps,
  parseSystemName,
  systemNameText,
} from '../domain/names.ts'

/*
 * How systems write numbers (`keys`) and what they call articles and places (`maps`), as `baton.yml` says it.
 */

const text = z.string().min(1)
const storeName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'use lower-case letters, digits and hyphens, at most 40, like eu')

const rule = z
  .strictObject({
    strip: z.array(text).default([]),
    cut_at: text.optional(),
    leading_zeros: z.enum(['keep', 'drop']).default('keep'),
    upper: z.boolean().default(false),
    store: storeName.optional(),
    stores: z.record(z.string(), storeName).optional(),
  })
  .refine(({ store, stores }) => store === undefined || stores === undefined, {
    error:
      "write store where all numbers are one store's, or stores with the beginnings that tell them apart, not both",
  })
  .transform(
    ({ strip, cut_at, leading_zeros, upper, store, stores }): KeyRule => ({
      strip: longestFirst(strip),
      cutAt: cut_at ?? null,
      dropZeros: leading_zeros === 'drop',
      upper,
      stores: longestFirst(Object.keys(stores ?? (store === undefined ? {} : { '': store }))).map(
        (prefix) => ({
          prefix,
          store: stores?.[prefix] ?? store ?? '',
        }),
      ),
    }),
  )

/** `WEB-EU-` is looked for before `WEB-`. */
const longestFirst = (texts: string[]): string[] =>
  [...texts].sort((a, b) => b.length - a.length || (a < b ? -1 : 1))

/** By system and by number: how each system writes it. */
export const keysConfig = z.record(z.string(), z.partialRecord(z.enum(RULED), rule))

const location = z.union([text, z.array(text).min(1)]).transform((names) => [names].flat())
const article = z.union([text, z.strictObject({ name: text, units: z.number().positive() })])
const articles = z.union([article, z.array(article).min(1)]).transform((names) => [names].flat())

type Written = { canonical: string; system: string; value: string; units: number }

const locationsOf = (all: Record<string, Record<string, string[]>>): Written[] =>
  Object.entries(all).flatMap(([canonical, systems]) =>
    Object.entries(systems).flatMap(([system, names]) =>
      names.map((value) => ({ canonical, system, value, units: 1 })),
    ),
  )

const articlesOf = (all: Record<string, Record<string, z.output<typeof article>[]>>): Written[] =>
  Object.entries(all).flatMap(([canonical, systems]) =>
    Object.entries(systems).flatMap(([system, names]) =>
      names.map((name) =>
        typeof name === 'string'
          ? { canonical, system, value: name, units: 1 }
          : { canonical, system, value: name.name, units: name.units },
      ),
    ),
  )

export const NO_MAPS: NameMaps = {
  meanings: new Map(),
  systems: { sku: new Set(), location: new Set() },
  canonical: { sku: new Set(), location: new Set() },
  asks: [...NAME_KINDS],
}

/** What our names are called in each system; `ask_for` names the kinds whose unknown names are asked about. */
export const mapsConfig = z
  .strictObject({
    locations: z.record(text, z.record(z.string(), location)).default({}),
    skus: z.record(text, z.record(z.string(), articles)).default({}),
    ask_for: z.array(z.enum(['locations', 'skus'])).default(['locations', 'skus']),
  })
  .transform(({ locations, skus, ask_for }, context): NameMaps => {
    const meanings = new Map<string, Meaning>()
    const parts: [NameKind, 'locations' | 'skus', Written[]][] = [
      ['location', 'locations', locationsOf(locations)],
      ['sku', 'skus', articlesOf(skus)],
    ]
    for (const [kind, part, written] of parts) {
      for (const { canonical, system, value, units } of written) {
        const key = systemNameText({ kind, system, value })
        const other = meanings.get(key)
        if (other) {
          const message = `${system} calls ${other.canonical} "${value}" as well; one name can mean one thing only`
          context.addIssue({ code: 'custom', path: [part, canonical, system], message })
        } else meanings.set(key, { canonical, units })
      }
    }
    const systemsOf = (written: Written[]) => new Set(written.map(({ system }) => system))
    return {
      meanings,
      systems: { location: systemsOf(parts[0]?.[2] ?? []), sku: systemsOf(parts[1]?.[2] ?? []) },
      canonical: { location: new Set(Object.keys(locations)), sku: new Set(Object.keys(skus)) },
      asks: ask_for.map((part) => (part === 'skus' ? 'sku' : 'location')),
    }
  })

/** The maps with every name as it is compared: a rule of its system that drops zeros drops them here as well. */
export const mapsAsCompared = (maps: NameMaps, keys: Record<string, KeyRules>): NameMaps => ({
  ...maps,
  meanings: new Map(
    [...maps.meanings].flatMap(([text, meaning]) => {
      const name = parseSystemName(text)
      if (!name) return []
      const rule = keys[name.system]?.[name.kind]
      const value = rule ? normalised(rule, name.value) : name.value.trim()
      return [[systemNameText({ ...name, value }), meaning] as const]
    }),
  ),
})
