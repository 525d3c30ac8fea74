import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createQueries } from '../../src/app/ask.ts'
import { cardText } from '../../src/app/card-text.ts'
import { SystemError } from '../../src/app/errors.ts'
import { whyCard } from '../../src/app/exception-why.ts'
import { createReader } from '../../src/db/reader.ts'
import { testDatabase } from '../support/database.ts'
import type { FakeAction } from '../support/fake-system.ts'
import { createWorld, HOUR, receipt, type World } from '../support/world.ts'

const CANCEL: FakeAction = {
  id: 'cancel_booking',
  label: 'Cancel the booking',
  type: 'receipt',
  to: { state: 'open', rawState: 'Open again' },
}

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
  world.erp.offers(CANCEL)
  const [book] = world.erp.actions
  if (!book) throw new Error('an action')
  book.undo = {
    action: 'cancel_booking',
    target(subject, { target }) {
      const mine = subject.objects.find(({ system, type }) => system === 'erp' && type === 'receipt')
      if (mine?.state === 'closed') return { unavailable: 'Period 11 is closed' }
      return target
    },
  }
})
afterEach(() => world.close())

const UNDO = 'undo.erp.book_receipt'

/** No contract of this world waits. */
const atOnce = () => {
  world.setup.contracts = world.setup.contracts.map((contract) => ({
    ...contract,
    grace: { kind: 'duration', ms: 0 },
  }))
}

const unbooked = async () => {
  await world.say(world.erp, { ...receipt('R1'), state: 'open' })
  await world.say(world.wms, { ...receipt('R1'), state: 'received' })
  await world.later(HOUR)
  return (await world.exception('receipt-booked')).id
}
const pressed = async (id: string, action: string, who = 'ada') => {
  const answer = await world.press(who, id, action)
  await world.work('run')
  return answer
}
/** A receipt that was booked by a press; answers its exception's id. */
const booked = async () => {
  const id = await unbooked()
  await pressed(id, 'erp.book_receipt')
  return id
}
const detail = async (id: string) => {
  const reader = createReader(world.connection.db)
  const found = await createQueries(reader, world.setup, [], world.clock, world.clockText).getException(id)
  if (!found) throw new Error(`No exception ${id}`)
  return found
}
const offer = async (id: string, action = UNDO) =>
  (await detail(id)).actions.find((candidate) => candidate.id === action)
const lastRun = async () => (await world.runs()).at(-1)

describe('what a press has done', () => {
  it('can be taken back from the card, also when the exception is over', async () => {
    const id = await booked()
    expect(await world.exception(id)).toMatchObject({ state: 'resolved' })
    expect(await offer(id)).toMatchObject({ label: 'Undo: Book the receipt', enabled: true, reason: null })
    expect(await pressed(id, UNDO, 'bo')).toEqual({
      result: 'acted',
      message: 'Undo: Book the receipt: started.',
    })
    const [first, second] = await world.runs()
    expect(second).toMatchObject({
      action: 'cancel_booking',
      label: 'Undo: Book the receipt',
      undoes: first?.id,
      state: 'finished',
      outcome: 'done',
      verified_at: null,
      before: { words: 'erp says Posted.' },
      after: { words: 'erp says Open again.' },
    })
    expect(await world.exception(id)).toMatchObject({
      state: 'resolved',
      status: 'Undo: Book the receipt: done. erp says Open again.',
    })
    expect((await world.interventions()).at(-1)).toMatchObject({
      kind: 'press',
      action: UNDO,
      result: 'acted',
    })
  })

  it('is taken back once', async () => {
    const id = await booked()
    await pressed(id, UNDO)
    expect(await offer(id)).toBeUndefined()
    expect(await world.press('bo', id, UNDO)).toMatchObject({ result: 'stale' })
    expect(world.erp.calls).toHaveLength(2)
  })

  it('breaks the contract again when it is taken back, and that is an exception like any other', async () => {
    const id = await booked()
    await pressed(id, UNDO)
    await world.later(HOUR)
    expect(await world.exception(id)).toMatchObject({ state: 'open', episode: 2 })
    expect(await offer(id, 'erp.book_receipt')).toMatchObject({ enabled: true })
    expect(await world.episodes()).toMatchObject([{ closed_as: 'resolved' }, { closed_as: null }])
  })

  it('is taken back to the end, and shown so, also where that is an exception at once', async () => {
    atOnce()
    const id = await booked()
    await pressed(id, UNDO)
    expect(await lastRun()).toMatchObject({ state: 'finished', outcome: 'done', sends: 1 })
    expect(await world.exception(id)).toMatchObject({
      state: 'open',
      episode: 2,
      status: 'Open again, for the 2nd time.',
    })
    expect(await offer(id, 'erp.book_receipt')).toMatchObject({ enabled: true })
  })

  it('is taken back also where it breaks anew at the very moment', async () => {
    atOnce()
    const id = await booked()
    await world.press('bo', id, UNDO)
    world.erp.before = async (step) => {
      if (step !== 'act') return
      world.erp.before = () => {}
      await world.say(world.erp, { ...receipt('R1'), state: 'disputed' })
    }
    await world.work('run')
    expect(await lastRun()).toMatchObject({ state: 'finished', outcome: 'done', sends: 1 })
    expect(await world.exception(id)).toMatchObject({ state: 'open', episode: 2 })
  })

  it('can be taken back while the systems do not agree yet', async () => {
    const id = await unbooked()
    const [book] = world.erp.actions
    if (!book) throw new Error('an action')
    book.act = async () => {
      world.erp.put({ ...receipt('R1'), state: 'draft', rawState: 'Draft' }, world.clock())
      return { is: 'accepted', words: 'ok' }
    }
    await pressed(id, 'erp.book_receipt')
    world.pass(11_000)
    await world.work('run')
    expect(await world.exception(id)).toMatchObject({ state: 'open' })
    expect(await offer(id)).toMatchObject({ enabled: true })
    await pressed(id, UNDO)
    expect(await lastRun()).toMatchObject({ state: 'finished', outcome: 'done' })
    expect(await world.exception(id)).toMatchObject({
      state: 'open',
      status: 'Undo: Book the receipt: done. erp says Open again.',
    })
  })

  it('cannot be taken back once the system does not allow it any more, and the card says why', async () => {
    const id = await booked()
    await world.say(world.erp, { ...receipt('R1'), state: 'closed' })
    expect(await offer(id)).toMatchObject({ enabled: false, reason: 'Period 11 is closed' })
    expect(await pressed(id, UNDO)).toEqual({ result: 'nothing_to_do', message: 'Period 11 is closed' })
    expect(world.erp.calls).toHaveLength(1)
  })

  it('is looked at again before it is taken back: what somebody has taken back already is left alone', async () => {
    const id = await booked()
    await world.say(world.erp, { ...receipt('R1'), state: 'open' }, { quietly: true })
    await pressed(id, UNDO)
    expect(await lastRun()).toMatchObject({ outcome: 'already_done', sends: 0 })
    expect(world.erp.calls).toHaveLength(1)
  })

  it('is offered to be taken back for a day', async () => {
    const id = await booked()
    world.pass(24 * HOUR)
    expect(await offer(id)).toMatchObject({ enabled: true })
    world.pass(1)
    expect(await offer(id)).toBeUndefined()
  })

  it('that was found done already is not ours to take back', async () => {
    const id = await unbooked()
    await world.press('ada', id, 'erp.book_receipt')
    await world.say(world.erp, { ...receipt('R1'), state: 'received' }, { quietly: true })
    await world.work('run')
    expect(await lastRun()).toMatchObject({ outcome: 'already_done' })
    expect(await offer(id)).toBeUndefined()
  })

  it('waits to be taken back while the system is away, also where nothing is wrong any more', async () => {
    const id = await booked()
    world.erp.before = () => {
      throw new SystemError('erp', 'unreachable', 'erp does not answer.')
    }
    await pressed(id, UNDO)
    expect(await world.exception(id)).toMatchObject({
      state: 'resolved',
      status:
        'erp unreachable since 07:00: "Undo: Book the receipt" is queued and goes on by itself, until 11:00 at the latest.',
    })
    expect(await offer(id, 'take_back')).toMatchObject({ enabled: true })
    world.erp.before = () => {}
    world.pass(5_000)
    await world.work('run')
    expect(await lastRun()).toMatchObject({ outcome: 'done' })
  })

  it('needs a second person to take back where that moves goods or money', async () => {
    const cancel = world.erp.actions.find(({ id }) => id === 'cancel_booking')
    if (!cancel) throw new Error('an action')
    cancel.risk = 'second_person'
    const id = await booked()
    expect(await pressed(id, UNDO)).toMatchObject({ result: 'awaiting_approval' })
    expect(world.erp.calls).toHaveLength(1)
    expect((await detail(id)).actions.map((candidate) => candidate.id)).toEqual([
      'approve',
      'decline',
      'note',
    ])
    await pressed(id, 'approve', 'lea')
    expect(await lastRun()).toMatchObject({ outcome: 'done', approved_by: expect.anything() })
    expect(world.erp.calls).toHaveLength(2)
  })
})

describe('how far an action has come towards automation', () => {
  const proven = async (id: string) =>
    (await detail(id)).gap?.actions.map(({ label, verified, proven, needed }) => [
      label,
      verified,
      proven,
      needed,
    ])

  it('counts verified runs that lasted, of thirty', async () => {
    const id = await booked()
    expect(await proven(id)).toEqual([['Book the receipt', 1, 1, 30]])
    expect(cardText(whyCard(await detail(id)))).toContain(
      'Verified runs that lasted, of those that automation asks for: Book the receipt, 1 of 30.',
    )
  })

  it('does not count what was taken back', async () => {
    const id = await booked()
    await pressed(id, UNDO)
    expect(await proven(id)).toEqual([['Book the receipt', 1, 0, 30]])
  })

  it('does not count what broke again within a day', async () => {
    const id = await booked()
    await world.say(world.erp, { ...receipt('R1'), state: 'open' })
    await world.later(HOUR)
    expect(await world.exception(id)).toMatchObject({ state: 'open', episode: 2 })
    expect(await proven(id)).toEqual([['Book the receipt', 1, 0, 30]])
  })

  it('counts what broke again much later', async () => {
    const id = await booked()
    world.pass(48 * HOUR)
    await world.say(world.erp, { ...receipt('R1'), state: 'open' })
    await world.later(HOUR)
    expect(await world.exception(id)).toMatchObject({ state: 'open', episode: 2 })
    expect(await proven(id)).toEqual([['Book the receipt', 1, 1, 30]])
  })

  it('says of no action that it earns what it never may', async () => {
    world.setup.trust.book_receipt = { secondPerson: { aboveUnits: 5 } }
    const id = await unbooked()
    await pressed(id, 'erp.book_receipt')
    await pressed(id, 'approve', 'lea')
    expect(await proven(id)).toEqual([['Book the receipt', 1, 1, null]])
    expect(cardText(whyCard(await detail(id)))).not.toContain('automation')
  })
})
