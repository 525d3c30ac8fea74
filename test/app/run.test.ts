import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SystemError } from '../../src/app/errors.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, HOUR, receipt, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
})
afterEach(() => world.close())

/** A receipt that was never booked; answers its exception's id. */
const unbooked = async () => {
  await world.say(world.erp, { ...receipt('R1'), state: 'open' })
  await world.say(world.wms, { ...receipt('R1'), state: 'received' })
  await world.later(HOUR)
  return (await world.exception('receipt-booked')).id
}
/** Somebody presses, and the job is worked off. */
const pressed = async (action = 'erp.book_receipt') => {
  const id = await unbooked()
  await world.press('ada', id, action)
  await world.work('run')
  return id
}
/** Time passes and the run looks again. */
const lookedAgain = async (ms: number) => {
  world.pass(ms)
  await world.work('run')
}
const outcome = async () => {
  const [run] = await world.runs()
  return { state: run?.state, outcome: run?.outcome, words: run?.words, verified: run?.verified_at !== null }
}
const waiting = async () =>
  (await world.jobs()).filter(({ task_identifier }) => task_identifier === 'run').length

describe('a run', () => {
  it('reads, acts, reads again, and is verified when the handoff is kept', async () => {
    const id = await pressed()
    expect(await outcome()).toEqual({
      state: 'finished',
      outcome: 'done',
      words: 'erp says Posted.',
      verified: true,
    })
    expect(world.erp.calls).toHaveLength(1)
    expect(world.erp.reads).toBe(2)
    const [run] = await world.runs()
    expect(run).toMatchObject({
      sends: 1,
      before: { snapshot: ['open', {}], words: 'erp says open.' },
      after: { snapshot: ['received', {}], words: 'erp says Posted.' },
      worker: null,
    })
    expect(await world.exception(id)).toMatchObject({
      state: 'resolved',
      status: 'Resolved and verified: Book the receipt worked, and the systems agree.',
    })
    expect(await world.episodes()).toMatchObject([{ closed_as: 'resolved', run_id: run?.id }])
    expect(await world.interventions()).toHaveLength(1)
    expect(await waiting()).toBe(0)
  })

  it('takes what it read as facts', async () => {
    await pressed()
    const facts = await world.rows(sql`select state, changed_by from facts where system = 'erp' order by id`)
    expect(facts.at(-1)).toEqual({ state: 'received', changed_by: { kind: 'integration', name: 'baton' } })
  })

  it('finds it done already where an integration was faster: nothing is sent, and it healed', async () => {
    const id = await unbooked()
    await world.press('ada', id, 'erp.book_receipt')
    const edi = { kind: 'integration' as const, name: 'EDI' }
    await world.say(world.erp, { ...receipt('R1'), state: 'received', changedBy: edi }, { quietly: true })
    await world.work('run')
    expect(await outcome()).toMatchObject({ outcome: 'already_done', verified: false })
    expect(world.erp.calls).toEqual([])
    expect(await world.exception(id)).toMatchObject({
      state: 'healed',
      status: 'Healed: the systems agree again (changed by: the integration EDI).',
    })
  })

  it('does nothing to a world that was mended between its own read and its call', async () => {
    const id = await unbooked()
    await world.press('ada', id, 'erp.book_receipt')
    world.erp.before = async (step) => {
      if (step !== 'read') return
      world.erp.before = () => {}
      // The goods go back: nothing is owed, and the ERP itself shows no change.
      await world.say(world.wms, { ...receipt('R1'), state: 'returned' })
    }
    await world.work('run')
    expect(world.erp.calls).toEqual([])
    expect(await outcome()).toMatchObject({ state: 'finished', outcome: 'already_done' })
    expect(await world.exception(id)).toMatchObject({ state: 'healed' })
  })

  it('of several calls is not taken for done by what a moment between them looks like', async () => {
    const id = await unbooked()
    await world.press('ada', id, 'erp.book_receipt')
    world.erp.before = async (step) => {
      if (step !== 'act') return
      world.erp.before = () => {}
      await world.say(world.erp, { ...receipt('R1'), state: 'received' })
      expect(await world.exception(id)).toMatchObject({ state: 'open' })
      await world.say(world.erp, { ...receipt('R1'), state: 'open' })
      throw new SystemError('erp', 'ambiguous', 'erp did not answer in time.')
    }
    await world.work('run')
    // It looked, saw that nothing stands, and sent it again.
    expect(world.erp.calls).toHaveLength(1)
    expect(await outcome()).toMatchObject({ outcome: 'done', words: 'erp says Posted.', verified: true })
    expect(await world.episodes()).toMatchObject([{ closed_as: 'resolved' }])
  })

  it('is refused in the words of the system, and the buttons come back', async () => {
    world.erp.manner = 'refuses'
    const id = await pressed()
    expect(await outcome()).toMatchObject({
      outcome: 'refused',
      words: 'erp: period 11 is closed.',
      verified: false,
    })
    expect(await world.exception(id)).toMatchObject({
      state: 'open',
      version: 3,
      status: 'Book the receipt: refused. erp: period 11 is closed.',
    })
    world.erp.manner = 'obeys'
    expect(await world.press('bo', id, 'erp.book_receipt')).toMatchObject({ result: 'acted' })
  })

  it('does not believe a yes that changes nothing', async () => {
    world.erp.manner = 'pretends'
    const id = await pressed()
    expect(await outcome()).toMatchObject({
      outcome: 'refused',
      words: 'erp said yes and changed nothing. erp says open.',
      verified: false,
    })
    expect(await world.exception(id)).toMatchObject({ state: 'open' })
    expect(world.erp.calls).toHaveLength(1)
  })

  it('failed where the call is known to have changed nothing, and trying again would not help', async () => {
    const id = await unbooked()
    await world.press('ada', id, 'erp.book_receipt')
    world.erp.before = (step) => {
      if (step === 'act')
        throw new SystemError('erp', 'misconfigured', 'erp does not accept the credentials.')
    }
    await world.work('run')
    expect(await outcome()).toMatchObject({
      outcome: 'failed',
      words: 'erp does not accept the credentials. Nothing was changed.',
    })
    expect(await world.runs()).toMatchObject([{ sends: 0 }])
  })

  it('sends nothing where it could not read first', async () => {
    const id = await unbooked()
    await world.press('ada', id, 'erp.book_receipt')
    world.erp.before = () => {
      throw new SystemError('erp', 'ambiguous', 'erp did not answer in time.')
    }
    await world.work('run')
    expect(await outcome()).toMatchObject({
      outcome: 'failed',
      words: 'erp did not answer in time. Nothing was sent.',
    })
    expect(world.erp.calls).toEqual([])
  })

  it('sends nothing for an action that is no longer configured', async () => {
    const id = await unbooked()
    await world.press('ada', id, 'erp.book_receipt')
    world.erp.actions = []
    await world.work('run')
    expect(await outcome()).toMatchObject({
      outcome: 'failed',
      words: 'erp no longer offers "book_receipt". Nothing was sent.',
    })
  })

  it('ends, and does not go round for ever, when the connector itself has a bug', async () => {
    const [action] = world.erp.actions
    if (!action) throw new Error('an action')
    action.precondition = () => {
      throw new TypeError('undefined is not a state')
    }
    await pressed()
    expect(await outcome()).toMatchObject({
      outcome: 'failed',
      words: 'undefined is not a state Nothing was sent.',
    })
  })

  it('goes on when what it read cannot be taken: that is set aside for an admin', async () => {
    const id = await unbooked()
    await world.press('ada', id, 'erp.book_receipt')
    await world.rows(sql`alter table objects add constraint poison check (raw_state <> 'Posted')`)
    try {
      await world.work('run')
      await lookedAgain(10_000)
    } finally {
      await world.rows(sql`alter table objects drop constraint poison`)
    }
    expect(await outcome()).toMatchObject({ state: 'finished', outcome: 'done', verified: false })
    expect((await world.rows(sql`select problem from quarantine`)).length).toBeGreaterThan(0)
  })
})

describe('a change that takes its time', () => {
  it('is settling, then verified; the card is not redrawn for every look', async () => {
    world.erp.manner = 'dawdles'
    const id = await pressed()
    expect(await outcome()).toMatchObject({ state: 'sent', outcome: null })
    const { revision } = await world.exception(id)
    for (let i = 0; i < 3; i++) await lookedAgain(2_500)
    expect(await world.exception(id)).toMatchObject({ state: 'open', revision })
    world.erp.appear()
    await lookedAgain(2_400)
    expect(await outcome()).toMatchObject({ state: 'finished', outcome: 'done', verified: true })
    expect(await world.exception(id)).toMatchObject({ state: 'resolved' })
    expect(world.erp.calls).toHaveLength(1)
    expect(await waiting()).toBe(0)
  })

  it('that never shows leaves the outcome unknown, after its deadline', async () => {
    world.erp.manner = 'dawdles'
    const id = await pressed()
    await lookedAgain(11_000)
    expect(await outcome()).toMatchObject({ state: 'finished', outcome: 'unknown', verified: false })
    expect((await world.exception(id)).status).toContain('Look into erp before trying again.')
    expect(world.erp.calls).toHaveLength(1)
  })

  it('that another system must still confirm is done, and not verified after the deadline', async () => {
    const id = await unbooked()
    await world.press('ada', id, 'erp.book_receipt')
    // The ERP books into a state that the contract does not count.
    const [action] = world.erp.actions
    if (!action) throw new Error('an action')
    action.act = async () => {
      world.erp.put({ ...receipt('R1'), state: 'draft', rawState: 'Draft' }, world.clock())
      return { is: 'accepted', words: 'ok' }
    }
    await world.work('run')
    expect(await outcome()).toMatchObject({ state: 'settling', outcome: 'done', verified: false })
    await lookedAgain(11_000)
    expect(await outcome()).toMatchObject({
      state: 'finished',
      outcome: 'done',
      words: 'erp says Draft. The systems still do not agree.',
      verified: false,
    })
    expect(await world.exception(id)).toMatchObject({ state: 'open' })
  })

  it('is credited to the run though the news comes by webhook, before the read-back', async () => {
    const id = await unbooked()
    await world.press('ada', id, 'erp.book_receipt')
    let reads = 0
    world.erp.before = async (step) => {
      // Between the call and the second read.
      if (step !== 'read' || ++reads < 2) return
      world.erp.before = () => {}
      await world.hook(world.erp, [...world.erp.objects.values()])
      await world.work('process')
      expect(await world.exception(id)).toMatchObject({ state: 'resolved' })
    }
    await world.work('run')
    expect(await outcome()).toMatchObject({ state: 'finished', outcome: 'done', verified: true })
    expect(await world.episodes()).toMatchObject([{ closed_as: 'resolved' }])
  })

  it('is credited though the news comes by webhook while it settles: the run ends there', async () => {
    world.erp.manner = 'dawdles'
    const id = await pressed()
    world.erp.appear()
    await world.hook(world.erp, [...world.erp.objects.values()])
    await world.work('process')
    expect(await world.exception(id)).toMatchObject({ state: 'resolved' })
    await lookedAgain(2_500)
    expect(await outcome()).toMatchObject({ state: 'finished', outcome: 'done', verified: true })
  })

  it('is still looked for while the system cannot be read, longer than it should have taken', async () => {
    world.erp.manner = 'dawdles'
    await pressed()
    world.erp.before = () => {
      throw new SystemError('erp', 'unreachable', 'erp does not answer.')
    }
    for (let i = 0; i < 6; i++) await lookedAgain(10_000)
    expect(await outcome()).toMatchObject({ state: 'sent' })
    world.erp.before = () => {}
    world.erp.appear()
    await lookedAgain(20_000)
    expect(await outcome()).toMatchObject({ outcome: 'done', verified: true })
  })

  it('is not looked for for ever in a system that stays away', async () => {
    world.erp.manner = 'dawdles'
    await pressed()
    world.erp.before = () => {
      throw new SystemError('erp', 'unreachable', 'erp does not answer.')
    }
    await lookedAgain(3 * HOUR)
    expect(await outcome()).toMatchObject({ state: 'sent' })
    await lookedAgain(HOUR)
    expect(await outcome()).toMatchObject({ state: 'finished', outcome: 'unknown' })
  })

  it('is not looked for for long where it cannot be read for a reason that stays', async () => {
    world.erp.manner = 'dawdles'
    await pressed()
    world.erp.before = () => {
      throw new SystemError('erp', 'misconfigured', 'erp does not accept the credentials.')
    }
    for (let i = 0; i < 11; i++) await lookedAgain(10_000)
    expect(await outcome()).toMatchObject({ state: 'sent' })
    for (let i = 0; i < 4; i++) await lookedAgain(10_000)
    expect(await outcome()).toMatchObject({ state: 'finished', outcome: 'unknown' })
  })
})

describe('a call whose answer is lost', () => {
  it('is looked for first: it took effect, and nothing is sent again', async () => {
    world.erp.manner = 'mute'
    const id = await pressed()
    expect(await outcome()).toMatchObject({ outcome: 'done', verified: true })
    expect(world.erp.calls).toHaveLength(1)
    expect(await world.exception(id)).toMatchObject({ state: 'resolved' })
  })

  it('that had no effect is sent once more, with the same key, where the system knows keys', async () => {
    const id = await unbooked()
    world.erp.manner = 'deaf'
    world.erp.before = (step) => {
      if (step === 'act' && world.erp.calls.length === 1) world.erp.manner = 'obeys'
    }
    await world.press('ada', id, 'erp.book_receipt')
    await world.work('run')
    expect(await outcome()).toMatchObject({ outcome: 'done', verified: true })
    const [first, second, ...more] = world.erp.calls
    expect(more).toEqual([])
    expect(second?.key).toBe(first?.key)
  })

  it('is sent twice at most: then nobody knows, and somebody must look', async () => {
    world.erp.manner = 'deaf'
    const id = await pressed()
    expect(await outcome()).toMatchObject({ outcome: 'unknown', verified: false })
    expect(world.erp.calls).toHaveLength(2)
    expect((await world.exception(id)).status).toContain('Look into erp before trying again.')
  })

  it('and shows only after the run gave up is not sent again by the next press: that looks first', async () => {
    const [action] = world.erp.actions
    if (!action) throw new Error('an action')
    action.idempotent = false
    world.erp.manner = 'deaf'
    const id = await pressed()
    expect(await outcome()).toMatchObject({ outcome: 'unknown' })
    await world.say(world.erp, { ...receipt('R1'), state: 'received' }, { quietly: true })
    await world.press('bo', id, 'erp.book_receipt')
    await world.work('run')
    expect(world.erp.calls).toHaveLength(1)
    expect((await world.runs()).at(-1)).toMatchObject({ outcome: 'already_done', sends: 0 })
  })

  it('and is refused the second time was refused, if nothing shows', async () => {
    const id = await unbooked()
    world.erp.manner = 'deaf'
    world.erp.before = (step) => {
      if (step === 'act' && world.erp.calls.length === 1) world.erp.manner = 'refuses'
    }
    await world.press('ada', id, 'erp.book_receipt')
    await world.work('run')
    expect(await outcome()).toMatchObject({ outcome: 'refused', words: 'erp: period 11 is closed.' })
  })

  it('and is refused the second time because it is done already was done', async () => {
    const id = await unbooked()
    world.erp.manner = 'deaf'
    world.erp.before = async (step) => {
      if (step !== 'act' || world.erp.calls.length !== 1) return
      await world.say(world.erp, { ...receipt('R1'), state: 'received' }, { quietly: true })
      world.erp.manner = 'refuses'
    }
    await world.press('ada', id, 'erp.book_receipt')
    await world.work('run')
    expect(await outcome()).toMatchObject({ outcome: 'done', verified: true })
  })

  it('is never sent again where the system knows no keys', async () => {
    world.erp.manner = 'deaf'
    await pressed('erp.ask_supplier')
    expect(await outcome()).toMatchObject({ outcome: 'unknown' })
    expect(world.erp.calls).toHaveLength(1)
  })

  it('is a lost answer too when it was our own bug, after sending', async () => {
    const id = await unbooked()
    await world.press('ada', id, 'erp.ask_supplier')
    const action = world.erp.actions.find(({ id: name }) => name === 'ask_supplier')
    if (!action) throw new Error('an action')
    action.act = async () => {
      throw new TypeError('cannot read the answer')
    }
    await world.work('run')
    expect(await outcome()).toMatchObject({ outcome: 'unknown' })
  })
})

describe('a request', () => {
  it('waits for somebody else, looks ever more seldom, and is credited when they accept', async () => {
    world.erp.manner = 'asks'
    const id = await pressed('erp.ask_supplier')
    expect(await outcome()).toMatchObject({
      state: 'settling',
      outcome: 'requested',
      words: 'Asked the supplier.',
    })
    expect(await world.exception(id)).toMatchObject({
      status: 'Ask the supplier: asked. Asked the supplier.',
    })
    const before = world.erp.reads
    for (let minute = 0; minute < 60; minute++) await lookedAgain(60_000)
    expect(world.erp.reads - before).toBeLessThan(25)
    world.erp.appear()
    await lookedAgain(300_000)
    expect(await outcome()).toMatchObject({ state: 'finished', outcome: 'accepted', verified: true })
    expect(await world.exception(id)).toMatchObject({ state: 'resolved' })
  })

  it('that is accepted has its own time to show, and is verified only then', async () => {
    world.erp.manner = 'asks'
    const id = await pressed('erp.ask_supplier')
    await lookedAgain(HOUR)
    world.erp.answer = 'accepted'
    await lookedAgain(300_000)
    expect(await outcome()).toEqual({
      state: 'settling',
      outcome: 'accepted',
      words: 'The supplier agrees.',
      verified: false,
    })
    expect((await world.exception(id)).status).toBe(
      'Ask the supplier: accepted. The supplier agrees. Waiting for the systems to agree.',
    )
    world.erp.appear()
    await lookedAgain(10_000)
    expect(await outcome()).toMatchObject({ state: 'finished', outcome: 'accepted', verified: true })
  })

  it('that is accepted and never shows ends unverified, after its deadline', async () => {
    world.erp.manner = 'asks'
    await pressed('erp.ask_supplier')
    world.erp.answer = 'accepted'
    await lookedAgain(2_500)
    await lookedAgain(11_000)
    expect(await outcome()).toEqual({
      state: 'finished',
      outcome: 'accepted',
      words: 'The supplier agrees. The systems still do not agree.',
      verified: false,
    })
  })

  it('that is declined ends there, in the words of who was asked, and everything is offered again', async () => {
    world.erp.manner = 'asks'
    const id = await pressed('erp.ask_supplier')
    const { version } = await world.exception(id)
    world.erp.answer = 'declined'
    await lookedAgain(2_500)
    expect(await outcome()).toEqual({
      state: 'finished',
      outcome: 'declined',
      words: 'The supplier says no.',
      verified: false,
    })
    expect(await world.exception(id)).toMatchObject({
      state: 'open',
      version: version + 1,
      status: 'Ask the supplier: declined. The supplier says no.',
    })
    world.erp.manner = 'obeys'
    expect(await world.press('bo', id, 'erp.book_receipt')).toMatchObject({ result: 'acted' })
  })

  it('whose answer was lost after it had arrived waits like any other', async () => {
    const id = await unbooked()
    const [, action] = world.erp.actions
    if (!action) throw new Error('an action')
    action.act = async () => {
      throw new SystemError('erp', 'ambiguous', 'erp did not answer in time.')
    }
    action.compare = () => ({ is: 'settling', words: 'The supplier has been asked.' })
    await world.press('ada', id, 'erp.ask_supplier')
    await world.work('run')
    expect(await outcome()).toMatchObject({ state: 'settling', outcome: 'requested' })
    expect(await world.runs()).toMatchObject([{ sends: 1, settle_by: '2026-11-24 07:00:00+00' }])
  })

  it('that is to be answered by a time that makes no sense has a deadline all the same', async () => {
    const id = await unbooked()
    const [, action] = world.erp.actions
    if (!action) throw new Error('an action')
    action.act = async () => ({ is: 'requested', words: 'Asked.', until: new Date(Number.NaN) })
    await world.press('ada', id, 'erp.ask_supplier')
    await world.work('run')
    expect(await world.runs()).toMatchObject([{ settle_by: '2026-11-24 07:00:00+00' }])
  })

  it('that nobody answers ends at its own deadline', async () => {
    world.erp.manner = 'asks'
    const id = await pressed('erp.ask_supplier')
    await lookedAgain(24 * HOUR)
    expect(await outcome()).toMatchObject({
      state: 'finished',
      outcome: 'requested',
      words: 'Asked the supplier. No answer in time.',
      verified: false,
    })
    expect(await world.exception(id)).toMatchObject({ state: 'open' })
  })
})

describe('a run of an earlier episode', () => {
  it('is not credited with what mends the next one', async () => {
    world.erp.manner = 'asks'
    const id = await pressed('erp.ask_supplier')
    // The goods go back and come again, and nobody has answered yet.
    await world.say(world.wms, { ...receipt('R1'), state: 'returned' })
    expect(await world.exception(id)).toMatchObject({ state: 'resolved', episode: 1 })
    expect(await outcome()).toMatchObject({ state: 'finished', outcome: 'requested' })
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    await world.later(HOUR)
    expect(await world.exception(id)).toMatchObject({ state: 'open', episode: 2 })
    await world.say(world.erp, { ...receipt('R1'), state: 'received' })
    expect(await world.exception(id)).toMatchObject({ state: 'healed' })
  })
})
