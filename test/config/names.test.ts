import { describe, expect, it } from 'vitest'
import { UserError } from '../../src/app/errors.ts'
import { batonYml } from '../../src/config/baton-yml.ts'
import { parseYaml } from '../../src/config/yaml-file.ts'
import { connectAll } from '../../src/connectors/index.ts'

const system = (name: string, role: string) =>
  `  ${name}: { kind: sandbox, role: ${role}, url: "http://127.0.0.1:4002", token: t, webhookSecrets: [whsec_b2xk] }\n`
const SYSTEMS = `systems:\n${system('shop', 'storefront')}${system('erp', 'erp')}`
const read = (text: string, systems = SYSTEMS) => parseYaml(`${systems}${text}`, 'baton.yml', batonYml({}))
const complaint = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
  throw new Error('expected a complaint')
}

describe('keys', () => {
  it('say how each system writes its numbers', () => {
    const { systems } = read('keys: { erp: { order: { strip: ["S", "SO-"], leading_zeros: drop } } }')
    expect(systems.map(({ keys }) => keys)).toEqual([
      undefined,
      { order: { strip: ['SO-', 'S'], cutAt: null, dropZeros: true, upper: false, stores: [] } },
    ])
  })

  it('name the line, the key and the fix when they are wrong', () => {
    expect(complaint(() => read('keys: { epr: { order: { upper: true } } }'))).toMatch(
      /^baton\.yml:4:9: keys\.epr: there is no system "epr"; did you mean erp\?$/,
    )
    expect(complaint(() => read('keys: { erp: { order: { stripp: ["#"] } } }'))).toMatch(
      /keys\.erp\.order\.stripp: unknown key; did you mean "?strip"?\?/,
    )
    expect(complaint(() => read('keys: { erp: { oder: { strip: ["#"] } } }'))).toMatch(/keys\.erp\.oder: /)
    expect(complaint(() => read('keys: { erp: { order: { store: eu, stores: { "U-": us } } } }'))).toMatch(
      /not both/,
    )
  })
})

describe('two storefronts', () => {
  const TWO = `systems:\n${system('shop-eu', 'storefront')}${system('shop-us', 'storefront')}${system('erp', 'erp')}`
  const connect = (text: string) => connectAll(read(text, TWO).systems, { now: () => new Date() })
  const storesOf = (text: string) => connect(text).map(({ keys }) => keys?.order?.stores)

  it('have numbers of their own, each', () => {
    expect(storesOf('keys: { erp: { order: { stores: { "EU-": shop-eu, "": shop-us } } } }')).toEqual([
      [{ prefix: '', store: 'shop-eu' }],
      [{ prefix: '', store: 'shop-us' }],
      [
        { prefix: 'EU-', store: 'shop-eu' },
        { prefix: '', store: 'shop-us' },
      ],
    ])
  })

  it('may share one range of numbers, when the file says so', () => {
    const one = '{ order: { store: all } }'
    expect(storesOf(`keys: { shop-eu: ${one}, shop-us: ${one}, erp: ${one} }`).flat()).toEqual(
      Array(3).fill({ prefix: '', store: 'all' }),
    )
  })

  it('leave nobody to guess whose order the ERP speaks of', () => {
    expect(complaint(() => connect('poll: 5s'))).toBe(
      'keys.erp.order: shop-eu and shop-us may both have an order 1001; write stores: { "EU-": eu, "US-": us } with the beginnings that tell them apart in erp, or store: eu if all its orders are one shop\'s.',
    )
  })
})

describe('maps', () => {
  it('say what each system calls an article or a place, as its numbers are compared', () => {
    const { maps } = read(
      'keys: { erp: { location: { leading_zeros: drop } } }\n' +
        'maps:\n  locations: { MAIN: { shop: Berlin, erp: ["001", "002"] } }\n  skus: { MUG: { erp: { name: CASE, units: 12 } } }\n',
    )
    expect([...maps.meanings]).toEqual([
      ['shop location Berlin', { canonical: 'MAIN', units: 1 }],
      ['erp location 1', { canonical: 'MAIN', units: 1 }],
      ['erp location 2', { canonical: 'MAIN', units: 1 }],
      ['erp sku CASE', { canonical: 'MUG', units: 12 }],
    ])
    expect(maps.systems).toEqual({ location: new Set(['shop', 'erp']), sku: new Set(['erp']) })
    expect(maps.asks).toEqual(['location', 'sku'])
  })

  it('let one name mean one thing only, and know their systems', () => {
    expect(complaint(() => read('maps: { locations: { A: { erp: "1" }, B: { erp: "1" } } }'))).toMatch(
      /maps\.locations\.B\.erp: erp calls A "1" as well; one name can mean one thing only/,
    )
    expect(complaint(() => read('maps: { locations: { A: { epr: "1" } } }'))).toMatch(
      /there is no system "epr"; did you mean erp\?/,
    )
  })
})
