import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { createShiftWorld, type ShiftWorld } from '../support/shift-world.ts'

const database = testDatabase()
let world: ShiftWorld
beforeEach(async () => {
  world = await createShiftWorld(database.url)
})
afterEach(() => world.close())

/** What PostgreSQL takes in no text: NUL, and half of a pair. */
const ODD = ['\u0000', '\ud800', '\udc00']

describe.each(ODD)('a character that cannot be stored (%j)', (odd) => {
  const identity = { surface: 'test', externalId: 'ada', displayName: `Ada${odd} Example` }

  it('in a command is asked about like any other word', async () => {
    const ask = { identity, channel: null, interactionKey: `k${odd}` }
    expect((await world.host.command({ ...ask, text: `find ${odd}1` })).text).toContain('\uFFFD1')
    expect((await world.host.command({ ...ask, text: `fi${odd}nd 1` })).text).not.toBe('')
  })

  it('in a press is answered, and the press is logged', async () => {
    const exception = await world.unbooked()
    const press = { identity, version: 1, formOpenedAt: null, interactionKey: `k${odd}` }
    const pressed = await world.host.press({ ...press, exception, action: `claim${odd}`, values: {} })
    expect(pressed.result).toBe('stale')
    expect((await world.interventions()).map(({ action }) => action)).toEqual(['claim\uFFFD'])
    await expect(
      world.host.press({ ...press, exception: `4${odd}`, action: 'claim', values: {} }),
    ).rejects.toThrow('There is no exception 4\uFFFD.')
    expect(await world.host.card(`4${odd}`)).toBeNull()
  })

  it('in a name keeps nobody from their own page', async () => {
    expect((await world.host.home(identity)).title).not.toBe('')
  })
})
