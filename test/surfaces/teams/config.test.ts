import { describe, expect, it } from 'vitest'
import { batonYml } from '../../../src/config/baton-yml.ts'
import { configFrom } from '../../../src/config/config.ts'
import { readEnv } from '../../../src/config/env.ts'
import { parseYaml } from '../../../src/config/yaml-file.ts'
import { readTeamsConfig } from '../../../src/surfaces/teams/config.ts'

const ID = '11111111-2222-4333-8444-555555555555'
const TENANT = '99999999-2222-4333-8444-555555555555'
const APP = { MICROSOFT_APP_ID: ID, MICROSOFT_APP_PASSWORD: 'p~secret', MICROSOFT_APP_TENANT_ID: TENANT }

describe('the settings of Teams', () => {
  it('may all be absent, or empty as in a copied .env: then there is no Teams', () => {
    expect(readTeamsConfig({})).toBeNull()
    expect(readTeamsConfig({ MICROSOFT_APP_ID: '', TEAMS_LOCAL: ' ' })).toBeNull()
  })

  it('name the app and the one tenant that it listens to', () => {
    expect(readTeamsConfig(APP)).toEqual({
      app: { id: ID, password: 'p~secret', type: 'SingleTenant' },
      tenantId: TENANT,
    })
    expect(readTeamsConfig({ ...APP, MICROSOFT_APP_TYPE: 'MultiTenant' })?.app?.type).toBe('MultiTenant')
  })

  it('hold the tenant as Microsoft writes it, however it was typed', () => {
    const typed = 'ABCDEF12-2222-4333-8444-555555555555'
    expect(readTeamsConfig({ ...APP, MICROSOFT_APP_TENANT_ID: typed })?.tenantId).toBe(typed.toLowerCase())
    expect(readTeamsConfig({ TEAMS_LOCAL: '1', MICROSOFT_APP_TENANT_ID: typed })?.tenantId).toBe(
      typed.toLowerCase(),
    )
  })

  it.each([
    [{ ...APP, MICROSOFT_APP_ID: '' }, /^MICROSOFT_APP_ID is missing/],
    [{ ...APP, MICROSOFT_APP_PASSWORD: undefined }, /^MICROSOFT_APP_PASSWORD is missing/],
    [{ ...APP, MICROSOFT_APP_TENANT_ID: ' ' }, /^MICROSOFT_APP_TENANT_ID is missing/],
    [{ MICROSOFT_APP_PASSWORD: 'p~secret' }, /^MICROSOFT_APP_ID is missing/],
    [{ ...APP, MICROSOFT_APP_ID: 'baton' }, /^MICROSOFT_APP_ID is not an id/],
    [{ ...APP, MICROSOFT_APP_TYPE: 'Whatever' }, /^MICROSOFT_APP_TYPE must be SingleTenant/],
    [{ TEAMS_LOCAL: 'yes' }, /^TEAMS_LOCAL must be 1/],
  ])('that are wrong (%o) are named, with the fix, and without the secret', (env, words) => {
    expect(() => readTeamsConfig(env)).toThrow(words)
    expect(() => readTeamsConfig(env)).not.toThrow(/p~secret/)
  })
})

describe('without an app id, where anybody could be anybody,', () => {
  it('Teams works on this machine when it is told to', () => {
    expect(readTeamsConfig({ TEAMS_LOCAL: '1' })).toEqual({ app: null, tenantId: 'local' })
    expect(readTeamsConfig({ TEAMS_LOCAL: '1', HOST: '::1' })?.app).toBeNull()
  })

  it.each([{ HOST: '0.0.0.0' }, { HOST: '10.0.0.7' }, { HOST: '::' }, { PUBLIC_PORT: '3001' }])(
    'it is refused with %o',
    (env) => {
      expect(() => readTeamsConfig({ TEAMS_LOCAL: '1', ...env })).toThrow(/takes messages from anybody/)
    },
  )

  it('the switch changes nothing where there is an app', () => {
    expect(readTeamsConfig({ ...APP, TEAMS_LOCAL: '1', HOST: '0.0.0.0' })?.app?.id).toBe(ID)
  })
})

describe('in baton.yml', () => {
  const read = (text: string) => parseYaml(text, 'baton.yml', batonYml({}))
  const config = (text: string) => configFrom(read(text), readEnv({}), null)

  it('channels and people have their names in Teams', () => {
    const { channels, people } = config(
      'channels: [{ id: orders, title: Orders, teams: "19:0a@thread.tacv2" }]\npeople: [{ name: Lea Example, role: lead, teams: "t1:p1" }]\n',
    )
    expect(channels[0]?.on).toMatchObject({ teams: '19:0a@thread.tacv2' })
    expect(people.configured[0]?.identities).toContainEqual({ surface: 'teams', externalId: 't1:p1' })
  })

  it('people are the same in capitals and in small letters, in BATON_ADMIN too', () => {
    const { people } = configFrom(
      read('people: [{ name: Lea Example, role: lead, teams: "ABC-1:DEF-2" }]\n'),
      readEnv({ BATON_ADMIN: 'teams:Abc-1:Def-3' }),
      null,
    )
    const ids = people.configured.flatMap(({ identities }) => identities)
    expect(ids).toContainEqual({ surface: 'teams', externalId: 'abc-1:def-2' })
    expect(ids).toContainEqual({ surface: 'teams', externalId: 'abc-1:def-3' })
  })

  it.each([
    [
      'channels: [{ id: orders, title: Orders, teams: "19%3A0a%40thread.tacv2" }]\n',
      /write the id of the channel/,
    ],
    ['people: [{ name: Lea Example, role: lead, teams: lea }]\n', /write the tenant and the Entra object id/],
  ])('%s says what to write instead', (text, words) => {
    expect(() => read(text)).toThrow(words)
  })
})
