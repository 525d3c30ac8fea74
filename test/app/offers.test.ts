import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createQueries } from '../../src/app/ask.ts'
import { exceptionCard } from '../../src/app/exception-card.ts'
import { createReader } from '../../src/db/reader.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, HOUR, receipt, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
})
afterEach(() => world.close())

const unbooked = async () => {
  await world.say(world.erp, { ...receipt('R1'), state: 'open' })
  await world.say(world.wms, { ...receipt('R1'), state: 'received' })
  await world.later(HOUR)
  return (await world.exception('receipt-booked')).id
}
const detail = (id: string) => {
  const reader = createReader(world.connection.db)
  return createQueries(reader, world.setup, [], world.clock, world.clockText).getException(id)
}
const offers = async (id: string) => (await detail(id))?.actions ?? []
const offer = async (id: string, action: string) =>
  (await offers(id)).find((candidate) => candidate.id === action)
const action = (id: string) => {
  const found = world.erp.actions.find((candidate) => candidate.id === id)
  if (!found) throw new Error(`No ${id}`)
  return found
}

describe('two systems that offer the same', () => {
  const twice = (label: string) =>
    world.wms.offers({
      id: 'ask_supplier',
      label,
      type: 'receipt',
      to: { state: 'received', rawState: 'Received' },
    })

  it('have a button each, that says whose it is', async () => {
    twice('Ask the supplier')
    const id = await unbooked()
    expect((await offers(id)).map(({ id: name, label }) => [name, label]).slice(0, 3)).toEqual([
      ['erp.book_receipt', 'Book the receipt'],
      ['erp.ask_supplier', 'Ask the supplier (erp)'],
      ['wms.ask_supplier', 'Ask the supplier (wms)'],
    ])
    await world.press('ada', id, 'wms.ask_supplier')
    expect(await world.runs()).toMatchObject([{ system: 'wms', label: 'Ask the supplier (wms)' }])
  })

  it('are told apart by their own words where those differ', async () => {
    twice('Write to the supplier')
    expect((await offers(await unbooked())).map(({ label }) => label).slice(0, 3)).toEqual([
      'Book the receipt',
      'Ask the supplier',
      'Write to the supplier',
    ])
  })
})

describe('a question that waits for its answer', () => {
  it('says on the card until when, and everything but itself is offered meanwhile', async () => {
    world.erp.manner = 'asks'
    const id = await unbooked()
    await world.press('ada', id, 'erp.ask_supplier')
    expect((await offers(id)).map(({ id: name }) => name)).toEqual(['note'])
    await world.work('run')
    expect((await offers(id)).map(({ id: name, enabled }) => [name, enabled])).toEqual([
      ['erp.book_receipt', true],
      ['erp.ask_supplier', false],
      ['release', true],
      ['claim', true],
      ['snooze', true],
      ['fixed_by_hand', true],
      ['dismiss', true],
      ['note', true],
    ])
    expect(await offer(id, 'erp.ask_supplier')).toMatchObject({
      reason: 'Asked at 07:00, answer until 2026-11-24 06:00',
    })
    const row = await detail(id)
    expect(row && exceptionCard(row).blocks).toContainEqual({
      kind: 'time',
      label: 'Ask the supplier: asked, answer until',
      at: new Date('2026-11-24T06:00:00Z'),
      countdownFrom: world.clock(),
    })
  })
})

describe('what has to wait for an answer', () => {
  /** The supplier was asked and answered. */
  const answered = async (id: string, answer: 'accepted' | 'declined') => {
    world.erp.manner = 'asks'
    await world.press('ada', id, 'erp.ask_supplier')
    await world.work('run')
    world.erp.answer = answer
    world.pass(2_500)
    await world.work('run')
    world.pass(20_000)
    await world.work('run')
  }
  const EARLY = {
    enabled: false,
    reason: expect.stringContaining('"Ask the supplier" is not answered yet (until '),
  }

  beforeEach(() => {
    action('book_receipt').afterAnswersTo = ['ask_supplier']
  })

  it('is shown, and cannot be pressed before it has come', async () => {
    const id = await unbooked()
    expect(await offer(id, 'erp.book_receipt')).toMatchObject({ enabled: true })
    world.erp.manner = 'asks'
    await world.press('ada', id, 'erp.ask_supplier')
    await world.work('run')
    expect(await offer(id, 'erp.book_receipt')).toMatchObject(EARLY)
    expect(await world.press('ada', id, 'erp.book_receipt')).toMatchObject({
      result: 'nothing_to_do',
      message: EARLY.reason,
    })
    expect(await world.runs()).toHaveLength(1)
  })

  it('does not wait for what nobody was asked for, nor for another question', async () => {
    action('book_receipt').afterAnswersTo = ['ask_carrier']
    const id = await unbooked()
    world.erp.manner = 'asks'
    await world.press('ada', id, 'erp.ask_supplier')
    await world.work('run')
    expect(await offer(id, 'erp.book_receipt')).toMatchObject({ enabled: true })
  })

  it('can be pressed from the moment at which they accept', async () => {
    const id = await unbooked()
    world.erp.manner = 'asks'
    await world.press('ada', id, 'erp.ask_supplier')
    await world.work('run')
    expect(await offer(id, 'erp.book_receipt')).toMatchObject(EARLY)
    const { version } = await world.exception(id)
    world.erp.answer = 'accepted'
    world.pass(2_500)
    await world.work('run')
    expect(await offer(id, 'erp.book_receipt')).toMatchObject({ enabled: true })
    expect(await world.exception(id)).toMatchObject({ version: version + 1 })
    expect(await offer(id, 'erp.ask_supplier')).toMatchObject({
      enabled: false,
      reason: 'Accepted, and does not show yet',
    })
  })

  it('can be pressed once they have accepted', async () => {
    const id = await unbooked()
    await answered(id, 'accepted')
    expect(await offer(id, 'erp.book_receipt')).toMatchObject({ enabled: true, reason: null })
  })

  it('can be pressed when they have declined: that is an answer, too', async () => {
    const id = await unbooked()
    await answered(id, 'declined')
    expect(await offer(id, 'erp.book_receipt')).toMatchObject({ enabled: true })
    expect(await offer(id, 'erp.ask_supplier')).toMatchObject({ enabled: true })
  })

  it('waits anew for what is asked anew', async () => {
    const id = await unbooked()
    await answered(id, 'accepted')
    await world.say(world.wms, { ...receipt('R1'), state: 'returned' })
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    await world.later(HOUR)
    expect(await world.exception(id)).toMatchObject({ episode: 2 })
    expect(await offer(id, 'erp.book_receipt')).toMatchObject({ enabled: true })
    world.erp.answer = null
    await world.press('ada', id, 'erp.ask_supplier')
    await world.work('run')
    expect(await offer(id, 'erp.book_receipt')).toMatchObject(EARLY)
  })

  it('is not hidden behind that where it could not work anyway', async () => {
    action('book_receipt').target = () => ({ unavailable: 'R1 is booked' })
    expect(await offer(await unbooked(), 'erp.book_receipt')).toMatchObject({
      enabled: false,
      reason: 'R1 is booked',
    })
  })
})
