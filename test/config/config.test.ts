import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CATALOGUE } from '../../src/app/catalogue.ts'
import { UserError } from '../../src/app/errors.ts'
import { batonYml } from '../../src/config/baton-yml.ts'
import { configFrom, loadConfig } from '../../src/config/config.ts'
import { checkTrust, contractsFor } from '../../src/config/contracts.ts'
import { readEnv } from '../../src/config/env.ts'
import { parseYaml } from '../../src/config/yaml-file.ts'
import { ROLES } from '../../src/domain/model.ts'

const yml = (text: string) => parseYaml(text, 'baton.yml', batonYml({}))

describe('the environment', () => {
  it('needs nothing to be set, and takes an empty setting for none', () => {
    expect(readEnv({ PORT: '', DATABASE_URL: ' ', SOMETHING_ELSE: 'x' })).toEqual({
      PORT: 3000,
      HOST: '127.0.0.1',
      BATON_DATA_DIR: '.baton',
      LOG_LEVEL: 'info',
    })
  })

  it.each([
    ['PORT', 'abc'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PUBLIC_PORT', '65536'],
  ])('names the setting and what it must be: %s=%s', (name, value) => {
    expect(() => readEnv({ [name]: value })).toThrow(
      new UserError(`${name} must be a port: a whole number from 0 (any free one) to 65535`, 2),
    )
  })

  it('names every setting that is wrong', () => {
    expect(() => readEnv({ PORT: 'x', LOG_LEVEL: 'loud' })).toThrow(
      /^PORT must be .*\nLOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent$/,
    )
  })
})

describe('the configuration', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-config-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('comes from the file that BATON_CONFIG names, which then has to be there', async () => {
    const path = join(folder, 'own.yml')
    await expect(loadConfig({ BATON_CONFIG: path })).rejects.toThrow(
      new UserError(`${path}: there is no such file; check the path.`, 2),
    )
    await writeFile(path, 'channels: [{ id: orders, title: Orders, slack: C1 }]\n')
    expect(await loadConfig({ BATON_CONFIG: path })).toMatchObject({
      file: path,
      channels: [{ id: 'orders', title: 'Orders', on: { console: 'orders', slack: 'C1' } }],
      routing: { rules: [], defaultChannel: 'orders' },
    })
  })

  it('says so when what it names is a folder', async () => {
    await expect(loadConfig({ BATON_CONFIG: folder })).rejects.toThrow(
      new UserError(`${folder}: this is a folder; name the file in it.`, 2),
    )
  })

  const people = (text: string, env: Record<string, string> = {}) =>
    configFrom(yml(text), readEnv(env), null).people.configured.map(({ name, role, identities }) => [
      name,
      role,
      ...identities.map(({ surface, externalId }) => `${surface}:${externalId}`),
    ])
  const LISTED = 'people: [{ name: Lea, role: lead, slack: "T1:U1", console: lea }]'

  it('keeps whose channels are whose, and refuses one that there is not', () => {
    const file = (id: string) =>
      `channels: [{ id: orders, title: Orders }]\npeople: [{ name: Lea, role: lead, channels: [${id}] }]`
    const { configured } = configFrom(yml(file('orders')), readEnv({}), null).people
    expect(configured[0]).toMatchObject({ name: 'Lea', channels: ['orders'] })
    expect(() => yml(file('order'))).toThrow('there is no channel "order"; did you mean orders?')
  })

  it('knows one human by all identities, and the person at this machine as an admin', () => {
    expect(people(LISTED)).toEqual([
      ['Lea', 'lead', 'slack:T1:U1', 'console:lea'],
      ['Console', 'admin', 'console:local'],
    ])
  })

  it('BATON_ADMIN makes an admin of a person in the file, without a second name for the same human', () => {
    const [first] = people(LISTED, { BATON_ADMIN: 'slack:T1:U1' })
    expect(first).toEqual(['Lea', 'admin', 'slack:T1:U1', 'console:lea'])
  })

  it('BATON_ADMIN adds somebody who is not in the file, or names the person at this machine', () => {
    expect(people(LISTED, { BATON_ADMIN: 'slack:T1:U9' })[1]).toEqual(['T1:U9', 'admin', 'slack:T1:U9'])
    expect(people('{}', { BATON_ADMIN: 'Ola' })[0]).toEqual(['Ola', 'admin', 'console:local'])
    expect(people('{}', { BATON_ADMIN: 'teams:t1:o1' })[0]).toEqual(['t1:o1', 'admin', 'teams:t1:o1'])
  })

  it('BATON_ADMIN may be an address, in any case, and then names who is listed with it', () => {
    const read = (text: string) =>
      configFrom(yml(text), readEnv({ BATON_ADMIN: 'Ola@Example.com' }), null).people
    expect(read('{}').configured[0]).toMatchObject({
      role: 'admin',
      identities: [],
      email: 'ola@example.com',
    })
    expect(read('people: [{ name: Ola, role: lead, email: OLA@example.com }]').configured[0]).toMatchObject({
      name: 'Ola',
      role: 'admin',
      email: 'ola@example.com',
    })
  })

  it('groups of a platform give roles', () => {
    const { groups } = configFrom(
      yml('groups: [{ on: slack, id: S0000000001, role: lead }]'),
      readEnv({}),
      null,
    ).people
    expect(groups).toEqual([{ surface: 'slack', id: 'S0000000001', role: 'lead' }])
  })
})

describe('contracts', () => {
  const NONE = { tune: {}, add: [] }

  it('are on when every role that they are about is configured, and off otherwise', () => {
    expect(contractsFor(ROLES, NONE, true).map(({ id }) => id)).toEqual(CATALOGUE.map(({ id }) => id))
    const without = contractsFor(['erp', 'wms'], NONE).map(({ id }) => id)
    expect(without).toContain('wms-receipt-booked')
    expect(without).not.toContain('storefront-order-imported')
    expect(without).not.toContain('carrier-parcel-scanned')
    expect(contractsFor([], NONE)).toEqual([])
  })

  it('are tuned by what the file says of them, and by nothing else', () => {
    const { contracts } = yml(
      'contracts: { tune: { wms-erp-stock-agrees: { grace: 2h, severity: low, tolerance: 3 }, wms-one-delivery: { off: true } } }',
    )
    const on = contractsFor(['erp', 'wms'], contracts)
    expect(on.find(({ id }) => id === 'wms-erp-stock-agrees')).toMatchObject({
      grace: { kind: 'duration', ms: 7_200_000 },
      severity: 'low',
      rule: { form: 'agree', tolerance: 3 },
    })
    expect(on.find(({ id }) => id === 'wms-one-delivery')).toBeUndefined()
    expect(on.find(({ id }) => id === 'wms-receipt-booked')).toEqual(
      CATALOGUE.find(({ id }) => id === 'wms-receipt-booked'),
    )
  })
})

describe('trust', () => {
  const { trust } = yml('trust: { adjust_stok: { second_person: always } }')

  it('about an action that nobody offers is refused: a slip would let one person do what needs two', () => {
    expect(() => checkTrust(trust, ['book_receipt', 'adjust_stock'])).toThrow(
      new UserError(
        'trust.adjust_stok: no configured system offers this action; did you mean adjust_stock?',
        2,
      ),
    )
    expect(() => checkTrust(trust, ['adjust_stok'])).not.toThrow()
  })

  it('reaches the trust policy in the words of the domain', () => {
    const text = 'trust: { a: { second_person: never }, b: { second_person: { above_units: 25 } } }'
    expect(configFrom(yml(text), readEnv({}), null).trust).toEqual({
      a: { secondPerson: 'never' },
      b: { secondPerson: { aboveUnits: 25 } },
    })
  })
})
