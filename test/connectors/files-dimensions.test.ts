import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openExport } from '../../src/connectors/files/index.ts'
import { projectRoot } from '../../src/root.ts'
import { testFolder } from '../support/baton.ts'

const MAPPING = join(projectRoot, 'examples/olist.yml')
const FILES = ['orders.csv', 'items.csv'].map((name) => join(projectRoot, 'test/fixtures/import', name))

describe('what lies behind the facts of an export', () => {
  it('is whose they are and the instants of all lines, beside the same facts in the same order', async () => {
    const opened = await openExport(MAPPING, FILES)
    const facts: unknown[] = []
    for await (const { fact } of opened.facts()) facts.push(fact)
    const stated: unknown[] = []
    const behind = new Map<string, unknown>()
    for await (const { fact, background } of opened.statements()) {
      stated.push(fact)
      behind.set(`${fact.system} ${fact.externalId}`, background)
    }
    expect(stated).toEqual(facts)
    expect(behind.get('shop two-limits')).toEqual({
      dimensions: { seller: ['s1', 's2'], product: ['sku-lamp', 'sku-vase'], payment_type: [] },
      instants: [],
    })
    // Two items with a deadline each; the fact itself carries the first of them.
    expect(behind.get('warehouse two-limits')).toMatchObject({
      dimensions: {},
      instants: [
        { attribute: 'shippingLimit', lines: 'items', atMs: [expect.any(Number), expect.any(Number)] },
      ],
    })
  })

  it('is no part of what an import is known by: saying whose things are does not make it another import', async () => {
    const folder = await testFolder()
    const without = (await readFile(MAPPING, 'utf8')).replace(/^ {4}dimensions:\n(?: {6}.*\n)+/m, '')
    expect(without).not.toContain('dimensions:')
    await writeFile(join(folder, 'plain.yml'), without)
    const [one, other] = await Promise.all([
      openExport(MAPPING, FILES),
      openExport(join(folder, 'plain.yml'), FILES),
    ])
    expect(one.fingerprint).toBe(other.fingerprint)
  })
})
