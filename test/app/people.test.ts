import { readFileSync } from 'node:fs'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createQueries } from '../../src/app/ask.ts'
import { type People, personBehind } from '../../src/app/people.ts'
import { createPeopleDesk } from '../../src/app/people-desk.ts'
import { createPress } from '../../src/app/press.ts'
import type { Identity } from '../../src/app/surface.ts'
import { createReader } from '../../src/db/reader.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, HOUR, key, MINUTE, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
})
afterEach(() => world.close())

const slack = (id: string, more: Partial<Identity> = {}): Identity => ({
  surface: 'slack',
  externalId: `T1:${id}`,
  displayName: `${id} in Slack`,
  ...more,
})
const teams = (id: string, more: Partial<Identity> = {}): Identity => ({
  surface: 'teams',
  externalId: `tenant:${id}`,
  displayName: `${id} in Teams`,
  ...more,
})
const local: Identity = { surface: 'console', externalId: 'local', displayName: 'Console' }

const LEA = {
  name: 'Lea Example',
  role: 'lead' as const,
  identities: [{ surface: 'slack', externalId: 'T1:lea' }],
}
const MACHINE = {
  name: 'Console',
  role: 'admin' as const,
  identities: [{ surface: 'console', externalId: 'local' }],
  place: 'machine' as const,
}
const people = (over: Partial<People> = {}): People => ({
  configured: [LEA, MACHINE],
  defaultRole: 'operator',
  ...over,
})
const behind = (identity: Identity, who: People = people()) =>
  world.store.transaction((tx) => personBehind(tx, who, identity, world.clock()))
const deskOf = (who: People = people()) => createPeopleDesk({ ...world.base, people: who })
const by = { id: '1', name: 'Ada Example', role: 'admin' as const }
const email = 'Lea@Example.com'

describe('who is behind an identity', () => {
  it('is one person for one verified address, in whatever case, with the role on both surfaces', async () => {
    const first = await behind(slack('lea', { email }))
    expect(await behind(teams('l1', { email: ' lea@example.COM' }))).toEqual({ ...first, role: 'lead' })
    expect(await behind(teams('l2', { email: 'other@example.com' }))).toMatchObject({ role: 'operator' })
  })

  describe('of an outsider', () => {
    const outside = (more: Partial<Identity> = {}) => slack('gil', { isOutsider: true, ...more })

    it('has no default role, is told so, and leaves no trace', async () => {
      await expect(behind(outside())).rejects.toThrow(/You are a guest here.*"people" in baton\.yml/)
      expect(await world.rows(sql`select 1 from identities where external_id = 'T1:gil'`)).toEqual([])
    })

    it('loses the default role when it becomes a guest', async () => {
      expect(await behind(slack('gil'))).toMatchObject({ role: 'operator' })
      await expect(behind(outside())).rejects.toThrow('You are a guest here')
    })

    it('has the role that an admin gave to it, or to a group of it', async () => {
      const identities = [{ surface: 'slack', externalId: 'T1:gil' }]
      const named = people({ configured: [{ name: 'Gil Example', role: 'lead', identities }] })
      expect(await behind(outside(), named)).toMatchObject({ role: 'lead', name: 'Gil Example' })
      const grouped = people({ groups: [{ surface: 'slack', id: 'S1', role: 'lead' }] })
      expect(await behind(outside({ groups: ['S1'] }), grouped)).toMatchObject({ role: 'lead' })
    })

    it('is nobody else by its address, whoever vouches for that', async () => {
      await behind(slack('lea', { email }))
      await expect(behind(teams('gil', { email, isOutsider: true }))).rejects.toThrow('You are a guest here')
    })
  })

  it('stays who it was when its address changes, and then joins nobody by it', async () => {
    const lea = await behind(slack('lea', { email }))
    const mallory = await behind(teams('mallory', { email: 'mallory@example.com' }))
    expect(await behind(teams('mallory', { email }))).toEqual(mallory)
    expect(mallory).toMatchObject({ role: 'operator' })
    expect(mallory.id).not.toBe(lea.id)
  })

  it('is not made an entry of baton.yml by an address that it did not have when it came', async () => {
    const boss = { name: 'Boss Example', role: 'admin' as const, identities: [], email: 'boss@example.com' }
    const listed = people({ configured: [boss] })
    await behind(slack('eve', { email: 'eve@example.com' }), listed)
    expect(await behind(slack('eve', { email: boss.email }), listed)).toMatchObject({ role: 'operator' })
    expect(await behind(teams('b', { email: boss.email }), listed)).toMatchObject({ role: 'admin' })
  })

  it('does not inherit from another account of the same workspace that had the address before', async () => {
    const before = await behind(slack('lea', { email }))
    const onTeams = await behind(teams('l1', { email }))
    const after = await behind(slack('newcomer', { email }))
    expect(onTeams.id).toBe(before.id)
    expect(after.id).not.toBe(before.id)
    expect(after.role).toBe('operator')
  })

  it('follows baton.yml when that tells apart whom an address joined', async () => {
    const one = await behind(slack('lea', { email }))
    expect((await behind(teams('l1', { email }))).id).toBe(one.id)
    const lou = {
      name: 'Lou Example',
      role: 'operator' as const,
      identities: [{ surface: 'teams', externalId: 'tenant:l1' }],
    }
    const two = people({ configured: [LEA, lou] })
    const other = await behind(teams('l1', { email }), two)
    expect(other).toMatchObject({ name: 'Lou Example', role: 'operator' })
    expect((await behind(slack('lea', { email }), two)).id).not.toBe(other.id)
  })

  it('is never one with somebody whom another entry of baton.yml names, whatever their addresses', async () => {
    const lou = {
      name: 'Lou Example',
      role: 'operator' as const,
      identities: [{ surface: 'teams', externalId: 'tenant:lou' }],
    }
    const two = people({ configured: [LEA, lou] })
    const one = await behind(slack('lea', { email }), two)
    const other = await behind(teams('lou', { email }), two)
    expect([one.role, other.role]).toEqual(['lead', 'operator'])
    expect(other.id).not.toBe(one.id)
    // Whose a third one is cannot be told.
    const third = await behind({ ...teams('x', { email }), externalId: 'other:x' }, two)
    expect(third.role).toBe('operator')
    expect([one.id, other.id]).not.toContain(third.id)
  })

  it('has the highest role that a group gives, on every surface, as long as the platform said so within a day', async () => {
    const groups = [
      { surface: 'slack', id: 'S1', role: 'operator' as const },
      { surface: 'slack', id: 'S2', role: 'lead' as const },
    ]
    const who = people({ groups })
    expect(await behind(slack('ola', { email: 'o@example.com', groups: ['S1', 'S2'] }), who)).toMatchObject({
      role: 'lead',
    })
    const onTeams = teams('o', { email: 'o@example.com', groups: ['S2'] })
    expect(await behind(onTeams, who)).toMatchObject({ role: 'lead' })
    world.pass(25 * HOUR)
    expect(await behind(onTeams, who)).toMatchObject({ role: 'operator' })
    expect(await behind(slack('ola', { groups: [] }), who)).toMatchObject({ role: 'operator' })
  })

  it('leaves no trace of a stranger where strangers may do nothing, and lets a group or an address admit somebody', async () => {
    const boss = { name: 'Boss Example', role: 'admin' as const, identities: [], email: 'boss@example.com' }
    const who = people({
      configured: [boss],
      groups: [{ surface: 'slack', id: 'S1', role: 'operator' }],
      defaultRole: null,
    })
    await expect(behind(slack('eve'), who)).rejects.toThrow('Baton does not know you')
    expect(await world.rows(sql`select 1 from identities`)).toEqual([])
    expect(await behind(slack('ola', { groups: ['S1'] }), who)).toMatchObject({ role: 'operator' })
    expect(await behind(teams('b', { email: 'Boss@example.com' }), who)).toMatchObject({ role: 'admin' })
  })

  it('is one person when two identities of a new one arrive at once, however often, and nobody waits for ever', async () => {
    const arriving = Array.from({ length: 8 }, (_, n) =>
      n % 2 === 0 ? slack('lea', { email }) : teams('l1', { email }),
    )
    const found = await Promise.all(arriving.map((identity) => behind(identity)))
    const standing = await Promise.all([behind(slack('lea')), behind(teams('l1'))])
    expect(new Set(standing.map(({ id }) => id)).size).toBe(1)
    expect(found.every(({ role }) => role === 'lead')).toBe(true)
    expect(await world.rows(sql`select 1 from identities`)).toHaveLength(2)
  })
})

const stock = (units: number) => ({
  type: 'inventory' as const,
  externalId: 'S1',
  keys: [key('stock', 'S1@A')],
  state: 'counted',
  quantities: { on_hand: units },
})
const LEADS = people({ defaultRole: 'lead' })
const ADJUST = 'erp.adjust_stock'

/** Stock that differs; to adjust it needs a second person. Presses as these people do. */
const drifting = async () => {
  await world.say(world.wms, stock(10))
  await world.say(world.erp, stock(8))
  await world.later(30 * MINUTE)
  const { id } = await world.exception('stock-agrees')
  return async (identity: Identity, action: string, who = LEADS) =>
    createPress({ ...world.base, people: who })({
      identity,
      exception: id,
      action,
      version: Number((await world.exception(id)).version),
      values: {},
      formOpenedAt: null,
      interactionKey: null,
    })
}

describe('an approval', () => {
  it('asked for in Slack is refused to the same human in Teams, and taken from another', async () => {
    const press = await drifting()
    expect(await press(slack('ola', { email }), ADJUST)).toMatchObject({ result: 'awaiting_approval' })
    expect(await press(teams('o', { email }), 'approve')).toMatchObject({ result: 'not_allowed' })
    expect(await press(teams('p'), 'approve')).toMatchObject({ result: 'acted' })
  })

  it('is refused at the console, also where the link was made after the question', async () => {
    const press = await drifting()
    await press(slack('ola'), ADJUST)
    await behind(local, LEADS)
    await deskOf(LEADS).link('slack:ola in Slack', 'console:Console', by)
    expect(await press(local, 'approve')).toMatchObject({ result: 'not_allowed' })
    expect(await press(slack('pia'), 'approve')).toMatchObject({ result: 'acted' })
  })

  it.each(['slack:ola in Slack', 'teams:o in Teams'])(
    'is not made theirs by taking out %s',
    async (which) => {
      const press = await drifting()
      await behind(slack('ola'), LEADS)
      await behind(teams('o'), LEADS)
      await deskOf(LEADS).link('slack:ola in Slack', 'teams:o in Teams', by)
      await press(slack('ola'), ADJUST)
      await expect(deskOf(LEADS).unlink(which)).rejects.toThrow('waits for approval')
      expect(await press(teams('o'), 'approve')).toMatchObject({ result: 'not_allowed' })
    },
  )

  it('that was refused for a link made in error may be declined; then the link is taken back', async () => {
    const press = await drifting()
    await press(slack('ola'), ADJUST)
    await behind(teams('o'), LEADS)
    await deskOf(LEADS).link('slack:ola in Slack', 'teams:o in Teams', by)
    expect(await press(teams('o'), 'approve')).toMatchObject({ result: 'not_allowed' })
    await press(slack('ola'), 'decline')
    await deskOf(LEADS).unlink('teams:o in Teams')
    await press(slack('ola'), ADJUST)
    expect(await press(teams('o'), 'approve')).toMatchObject({ result: 'acted' })
  })
})

describe('a request that waits', () => {
  it('keeps who asked for it together with the person in whose name they did', async () => {
    const press = await drifting()
    await behind(slack('ola'), LEADS)
    await behind(teams('o'), LEADS)
    await deskOf(LEADS).link('slack:ola in Slack', 'teams:o in Teams', by)
    expect(await press(teams('o'), ADJUST)).toMatchObject({ result: 'awaiting_approval' })
    await expect(deskOf(LEADS).unlink('teams:o in Teams')).rejects.toThrow('waits for approval')
    expect(await press(teams('o'), 'approve')).toMatchObject({ result: 'not_allowed' })
    await press(slack('ola'), 'decline')
    await deskOf(LEADS).unlink('teams:o in Teams')
    const [one, other] = [await behind(slack('ola'), LEADS), await behind(teams('o'), LEADS)]
    expect(one.id).not.toBe(other.id)
  })
})

describe('a changed baton.yml that tells apart who asked for something', () => {
  const asTwo = people({
    configured: ['slack', 'teams'].map((surface) => ({
      name: `${surface} Example`,
      role: 'lead' as const,
      identities: [{ surface, externalId: surface === 'slack' ? 'T1:ola' : 'tenant:o' }],
    })),
    defaultRole: 'lead',
  })
  const [ola, o] = [slack('ola', { email }), teams('o', { email })]

  it.each([
    ['in the name of the first', o, ola],
    ['by the first', ola, o],
  ])('lets neither approve what was asked for %s, and another may', async (_, asker, other) => {
    const press = await drifting()
    await behind(ola, LEADS)
    await behind(o, LEADS)
    expect(await press(asker, ADJUST)).toMatchObject({ result: 'awaiting_approval' })
    expect(await press(asker, 'approve', asTwo)).toMatchObject({ result: 'not_allowed' })
    expect(await press(other, 'approve', asTwo)).toMatchObject({ result: 'not_allowed' })
    expect(await press(slack('pia'), 'approve', asTwo)).toMatchObject({ result: 'acted' })
  })

  it('gives each their role at once, and takes them apart when that is decided', async () => {
    const press = await drifting()
    await behind(ola, LEADS)
    await behind(o, LEADS)
    await press(o, ADJUST)
    const [one, two] = asTwo.configured
    if (!one || !two) throw new Error('two entries')
    const demoted = { ...asTwo, configured: [one, { ...two, role: 'operator' as const }] }
    expect((await behind(o, demoted)).role).toBe('operator')
    expect((await behind(ola, demoted)).role).toBe('lead')
    await press(ola, 'decline', demoted)
    expect((await behind(o, demoted)).id).not.toBe((await behind(ola, demoted)).id)
  })
})

describe('the move from an older database', () => {
  it('gives each identity a row of its own, and leaves everybody who they were', async () => {
    const { id } = await behind(slack('ola'))
    await world.rows(sql`drop index identities_person`)
    await world.rows(
      sql`insert into identities (surface, external_id, person_id) values ('console', 'ola', ${id}::int8)`,
    )
    const statements = readFileSync('migrations/0012_people.sql', 'utf8').split('--> statement-breakpoint')
    const moving = statements.filter((each) => /DO \$\$|identities_person/.test(each))
    expect(moving).toHaveLength(2)
    for (const each of moving) await world.connection.db.execute(sql.raw(each))
    const rows = await world.rows(sql`select person_id from identities`)
    expect(new Set(rows.map(({ person_id }) => person_id)).size).toBe(2)
    expect((await behind({ ...local, externalId: 'ola' })).id).toBe(id)
    expect((await behind(slack('ola'))).id).toBe(id)
  })
})

describe('a link', () => {
  const queries = () =>
    createQueries(createReader(world.connection.db), world.setup, [], world.clock, world.clockText)

  it('counts one human once, in "mine" and in the figures, and moves nothing that was logged', async () => {
    const press = await drifting()
    await press(slack('ola'), 'claim')
    await press(teams('o'), 'claim')
    const logged = await world.interventions()
    const period = { from: world.at(0), to: world.at(HOUR) }
    expect((await queries().drag(period)).persons).toBe(2)
    const { after } = await deskOf(LEADS).link('slack:ola in Slack', 'teams:o in Teams', by)
    const drag = await queries().drag(period)
    expect([drag.persons, drag.total.sessions]).toEqual([1, 1])
    const mine = { state: 'open', timeline: 'any', after: null, limit: 5 } as const
    expect((await queries().listExceptions({ ...mine, handledBy: after.id })).total).toBe(1)
    expect(await world.interventions()).toEqual(logged)
  })

  it('leaves the figures without a word about whose time it was', async () => {
    const press = await drifting()
    await press(slack('ola'), 'claim')
    const drag = await queries().drag({ from: world.at(0), to: world.at(HOUR) })
    expect(drag.total.touches).toBe(1)
    expect(JSON.stringify(drag)).not.toMatch(/ola|person_?id|operator/i)
  })

  it('is refused for two whom baton.yml lists, and to one who is one already', async () => {
    const lou = {
      name: 'Lou Example',
      role: 'lead' as const,
      identities: [{ surface: 'teams', externalId: 'tenant:lou' }],
    }
    const who = people({ configured: [LEA, lou] })
    await behind(slack('lea'), who)
    await behind(teams('lou'), who)
    await expect(deskOf(who).link('Lea Example', 'Lou Example', by)).rejects.toThrow(
      'baton.yml lists them as two',
    )
    await expect(deskOf(who).link('Lea Example', '1', by)).rejects.toThrow('one person already')
    await expect(deskOf(who).link('Nobody', '1', by)).rejects.toThrow('Nobody is known as')
  })

  it('that is taken back stays so, although both have the same address', async () => {
    await behind(slack('ola', { email }))
    await behind(teams('o', { email }))
    await deskOf().unlink('teams:o in Teams')
    const [one, other] = [await behind(slack('ola', { email })), await behind(teams('o', { email }))]
    expect(one.id).not.toBe(other.id)
  })

  it('that is taken back stays so, also where the platform spoke of one of them at that moment', async () => {
    const mine = teams('o', { email })
    await behind(slack('ola', { email }))
    await behind(mine)
    const read = await world.store.transaction((tx) => tx.knownPeople({ identities: [mine], emails: [] }))
    await deskOf().unlink('teams:o in Teams')
    for (const each of read)
      await world.store.transaction((tx) => tx.noteIdentity({ ...each, groups: ['G1'] }))
    const [one, other] = [await behind(slack('ola', { email })), await behind(mine)]
    expect(one.id).not.toBe(other.id)
  })

  it('made by many at once, while its people press, ends in one person', async () => {
    await Promise.all(['a', 'b', 'c', 'd'].map((id) => behind(slack(id))))
    const desk = deskOf()
    const linking = ['2', '3', '4'].map((other) => desk.link('1', other, by).catch(() => null))
    await Promise.all([...linking, ...['a', 'b', 'c', 'd'].map((id) => behind(slack(id)))])
    const standing = await Promise.all(['a', 'b', 'c', 'd'].map((id) => behind(slack(id))))
    expect(new Set(standing.map(({ id }) => id)).size).toBe(1)
  })
})
