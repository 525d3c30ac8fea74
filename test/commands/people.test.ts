import { describe, expect, it } from 'vitest'
import type { PersonView } from '../../src/app/people-desk.ts'
import { admin, lead, pressed, say } from '../support/command-world.ts'

const identity = (id: string, surface: string, name: string, role: 'lead' | 'operator' = 'operator') => ({
  id,
  surface,
  name,
  given: { role, from: role === 'lead' ? 'baton.yml' : 'default_role' },
  isApart: false,
  linked: null,
})
const LEA: PersonView = { id: '1', name: 'Lea Example', identities: [identity('1', 'slack', 'lea', 'lead')] }
const OLA: PersonView = { id: '2', name: 'Ola Example', identities: [identity('2', 'teams', 'Ola Example')] }
const BOTH: PersonView = {
  ...LEA,
  identities: [...LEA.identities, identity('2', 'teams', 'Ola Example', 'lead')],
}
const PLAN = { into: LEA, other: OLA, after: BOTH }

describe('people', () => {
  it('lists everybody with surfaces, role and where that comes from', async () => {
    const { text } = await say('people', { people: { list: async () => [LEA, OLA] } }, admin)
    expect(text).toContain('2 persons')
    expect(text).toContain('lead, by baton.yml: slack lea (1)')
    expect(text).toContain('operator, by default_role: teams Ola Example (2)')
  })

  it('finds one by a part of the name', async () => {
    const { text } = await say('people ola', { people: { list: async () => [LEA, OLA] } }, admin)
    expect(text).toContain('1 person')
    expect(text).not.toContain('Lea Example')
  })

  it('says what a link changes, and does it only when that is confirmed', async () => {
    const done: string[][] = []
    const world = {
      people: {
        planLink: async () => PLAN,
        link: async (one: string, other: string) => {
          done.push([one, other])
          return PLAN
        },
      },
    }
    const asked = await say('people link "Ola Example" lea', world, admin)
    expect(asked.text).toContain('can no longer approve what the other asks for')
    expect(asked.text).toContain(
      'teams Ola Example gets the role lead, by baton.yml; until now operator, by default_role',
    )
    expect(done).toEqual([])
    const linked = await pressed('They are one human', asked, world, admin)
    expect(done).toEqual([['1', '2']])
    expect(linked.buttons).toMatchObject([{ text: 'people unlink 2' }])
  })

  it.each(['people link', 'people link 1', 'people link 1 2 please', 'people unlink'])(
    'asks for what is missing: %s',
    async (typed) => {
      expect((await say(typed, {}, admin)).text).toContain('people link <one> <other>')
    },
  )

  it.each(['people', 'people link 1 2 yes', 'people unlink 2'])('is for admins: %s', async (typed) => {
    expect((await say(typed, {}, lead)).command).toBeNull()
  })
})
