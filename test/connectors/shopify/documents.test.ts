import { getOperationAST, parse, validate } from 'graphql'
import { describe, expect, it } from 'vitest'
import type { Document } from '../../../src/connectors/shopify/client.ts'
import { SCOPES } from '../../../src/connectors/shopify/config.ts'
import { MUTATIONS } from '../../../src/connectors/shopify/mutations.ts'
import { QUERIES } from '../../../src/connectors/shopify/queries.ts'
import { costOf, deprecatedIn, missingKeys, missingScopes } from '../../support/shopify/check.ts'
import { adminSchema } from '../../support/shopify/schema.ts'

const DOCUMENTS: Document[] = [...Object.values(QUERIES), ...Object.values(MUTATIONS)]
const named = DOCUMENTS.map((document): [string, Document] => [document.name, document])
const admin = adminSchema()

describe('every document that the connector sends', () => {
  it.each(named)(
    '%s is valid against the Admin API 2026-10, and asks for nothing deprecated',
    (_, { text }) => {
      const document = parse(text)
      expect(validate(admin.schema, document)).toEqual([])
      expect(deprecatedIn(document, admin)).toEqual([])
    },
  )

  it.each(named)('%s needs no scope beyond the declared ones', (_, { text }) => {
    expect(missingScopes(parse(text), admin, new Set(SCOPES))).toEqual([])
  })

  it.each(named)('%s stays under the 1,000 points that Shopify allows one query', (name, { text }) => {
    const document = parse(text)
    const operation = getOperationAST(document, name)
    expect(operation?.name?.value).toBe(name)
    if (operation) expect(costOf(document, operation, admin, {})).toBeLessThan(1000)
  })

  it.each(named)('%s carries an idempotency key where the API demands one', (_, { text }) => {
    expect(missingKeys(parse(text), admin, null)).toEqual([])
  })

  it('bears a name of its own: what it costs is learned under it', () => {
    expect(new Set(DOCUMENTS.map(({ name }) => name)).size).toBe(DOCUMENTS.length)
  })
})

describe('the checks themselves', () => {
  it('know that setting stock and refunding need a key', () => {
    expect([...admin.needsKey]).toEqual(expect.arrayContaining(['inventorySetQuantities', 'refundCreate']))
    const keyless = MUTATIONS.refund.text.replace('@idempotent(key: $key)', '')
    expect(missingKeys(parse(keyless), admin, null)).toEqual(['refundCreate'])
  })

  it('see a scope that is not granted, and a field that is deprecated', () => {
    const without = new Set<string>(SCOPES.filter((scope) => scope !== 'write_inventory'))
    expect(missingScopes(parse(MUTATIONS.setStock.text), admin, without)).toEqual([
      'Mutation.inventorySetQuantities: write_inventory',
    ])
    expect(deprecatedIn(parse('{ orders(first: 1) { nodes { totalPrice } } }'), admin)).toEqual([
      'Order.totalPrice',
    ])
  })
})

describe('the declared scopes', () => {
  it.each(SCOPES)('%s is needed by a document', (scope) => {
    // Who may write may read: a right to read is needed if nothing would be left without it and its twin.
    const twin = scope.replace(/^(read|write)_/, (_, kind: string) => (kind === 'read' ? 'write_' : 'read_'))
    const thirdParty = scope.includes('third_party') || scope.includes('merchant_managed')
    const without = new Set<string>(
      SCOPES.filter((s) => s !== scope && (scope.startsWith('write_') || s !== twin)),
    )
    // Orders are fulfilled by the merchant or by others; each needs its own right for the same documents.
    if (thirdParty)
      for (const s of SCOPES)
        if (s.includes('fulfillment_orders') && s.startsWith(scope.split('_')[0] ?? '')) without.delete(s)
    // The scope table does not say that refunds need the right to write orders; the API does.
    const missing = DOCUMENTS.flatMap(({ text }) => missingScopes(parse(text), admin, without))
    expect(missing.length).toBeGreaterThan(0)
  })
})
