import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { testDatabase } from '../../support/database.ts'
import { type Crew, logOf, startCrew, wasAnswered } from './crew.ts'

const database = testDatabase()
let crew: Crew
beforeEach(async () => {
  // The SDK writes every refused token to the console.
  vi.spyOn(console, 'error').mockImplementation(() => {})
  crew = await startCrew(database.url)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await crew.stop()
})

const BOOK = 'Book the receipt'
const ONCE = [['erp.book_receipt', 'acted']]

describe('a press', () => {
  it.each(['same', 'new'] as const)(
    'that Teams sends again with the %s activity id is one press, and is answered alike',
    async (activityId) => {
      const { teams, world, mara } = crew
      const id = await crew.post(await world.unbooked())
      const first = await teams.press(id, BOOK, mara)
      const again = await teams.redeliver(first, activityId)
      expect(wasAnswered([first, again])).toBe(true)
      expect(again.body).toEqual(first.body)
      expect(crew.shown(id, mara).text).not.toContain('was first')
      expect(await logOf(crew)).toEqual(ONCE)
      expect(await world.runs()).toHaveLength(1)
    },
  )

  it('that Teams sends again while the first is still under way is one press', async () => {
    const { teams, world, mara } = crew
    const id = await crew.post(await world.unbooked())
    const first = teams.press(id, BOOK, mara)
    const [sent] = teams.deliveries.slice(-1)
    if (!sent) throw new Error('nothing was sent')
    const all = await Promise.all([first, teams.redeliver(sent, 'new'), teams.redeliver(sent, 'same')])
    expect(wasAnswered(all)).toBe(true)
    const [one, ...others] = all.map(({ body }) => body)
    expect(others).toEqual([one, one])
    expect(await logOf(crew)).toEqual(ONCE)
    expect(await world.runs()).toHaveLength(1)
  })

  it('made twice in quick succession by one person is one press', async () => {
    const { teams, world, mara } = crew
    const id = await crew.post(await world.unbooked())
    await Promise.all([1, 2].map(() => teams.press(id, BOOK, mara)))
    expect(await logOf(crew)).toEqual(ONCE)
    expect(await world.runs()).toHaveLength(1)
  })
})

describe('what Teams did not sign', () => {
  it.each([
    'none',
    'garbage',
    'audience',
    'issuer',
    'own',
    'service_url',
    'expired',
    'signature',
    'unknown_key',
    'unsigned',
  ] as const)('is refused and never reaches Baton: %s', async (token) => {
    const { teams, world, mara } = crew
    const id = await crew.post(await world.unbooked())
    const delivery = await teams.press(id, BOOK, mara, { token })
    expect(delivery.status).toBe(401)
    expect(await logOf(crew)).toEqual([])
    expect(JSON.stringify(delivery.body ?? '')).not.toContain('Error')
  })
})
