import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createQueries } from '../../src/app/ask.ts'
import { cardText } from '../../src/app/card-text.ts'
import { SystemError } from '../../src/app/errors.ts'
import { exceptionCard } from '../../src/app/exception-card.ts'
import { createReader } from '../../src/db/reader.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, HOUR, MINUTE, receipt, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
})
afterEach(() => world.close())

const SECOND = 1_000

/** A receipt that was never booked; answers its exception's id. At seven o'clock. */
const unbooked = async (name = 'R1') => {
  await world.say(world.erp, { ...receipt(name), state: 'open' })
  await world.say(world.wms, { ...receipt(name), state: 'received' })
  await world.later(HOUR)
  const open = (await world.exceptions()).filter(({ state }) => state === 'open')
  return String(open.at(-1)?.id)
}
/** Every call to the ERP fails like this, or only those that change something. */
const away = (retryAfterMs?: number, only?: 'act') => {
  world.erp.before = (step) => {
    if (only !== undefined && step !== only) return
    throw new SystemError('erp', 'unreachable', 'erp cannot be reached (ECONNREFUSED).', retryAfterMs)
  }
}
const back = () => {
  world.erp.before = () => {}
}
const pressed = async (id: string, action = 'erp.book_receipt') => {
  await world.press('ada', id, action)
  await world.work('run')
}
const later = async (ms: number) => {
  world.pass(ms)
  await world.work('run', 'reach')
}
const run = async () => {
  const runs = await world.runs()
  return runs.at(-1)
}
/** In how many seconds the waiting run is tried again. */
const triedIn = async () => {
  const [job] = (await world.jobs()).filter(({ task_identifier }) => task_identifier === 'run')
  return (new Date(String(job?.run_at)).getTime() - world.clock().getTime()) / SECOND
}
const asked = () =>
  createQueries(createReader(world.connection.db), world.setup, [], world.clock, world.clockText)
const detail = async (id: string) => {
  const found = await asked().getException(id)
  if (!found) throw new Error(`No exception ${id}`)
  return found
}
const offered = async (id: string, action: string) =>
  (await detail(id)).actions.find((offer) => offer.id === action)
const since = async () =>
  (await world.rows(sql`select unreachable_since from system_state where system = 'erp'`))[0]
    ?.unreachable_since

describe('a run whose system cannot be reached', () => {
  it('waits in the queue, says since when and until when, and offers to take it back', async () => {
    const id = await unbooked()
    away()
    await pressed(id)
    expect(await run()).toMatchObject({
      state: 'queued',
      outcome: null,
      sends: 0,
      worker: null,
      words: 'erp cannot be reached (ECONNREFUSED).',
    })
    const row = await detail(id)
    expect(row.status).toBe(
      'erp unreachable since 07:00: "Book the receipt" is queued and goes on by itself, until 11:00 at the latest.',
    )
    expect(row.actions.map((offer) => offer.id)).toEqual(['take_back', 'note'])
    expect(cardText(exceptionCard(row))).toContain('Take it back')
  })

  it('goes on by itself when the system is back, and acts once', async () => {
    const id = await unbooked()
    away()
    await pressed(id)
    await later(5 * SECOND)
    back()
    await later(5 * SECOND)
    expect(await run()).toMatchObject({ state: 'finished', outcome: 'done', sends: 1 })
    expect((await run())?.verified_at).not.toBeNull()
    expect(world.erp.calls).toHaveLength(1)
    expect(await world.exception(id)).toMatchObject({ state: 'resolved' })
    expect(await since()).toBeNull()
  })

  it('waits as well where only changes do not arrive: nothing was sent', async () => {
    const id = await unbooked()
    away(undefined, 'act')
    await pressed(id)
    expect(await run()).toMatchObject({ state: 'queued', sends: 0, sent_at: null })
    expect(await world.exception(id)).toMatchObject({ state: 'open' })
    await later(5 * SECOND)
    expect(await run()).toMatchObject({ state: 'queued', sends: 0 })
    back()
    await later(10 * SECOND)
    expect(await run()).toMatchObject({ state: 'finished', outcome: 'done', sends: 1 })
    expect(world.erp.calls).toHaveLength(1)
  })

  it('is tried ever more seldom, and not before the system says', async () => {
    const id = await unbooked()
    away()
    await pressed(id)
    expect(await triedIn()).toBe(5)
    await later(MINUTE)
    expect(await triedIn()).toBe(15)
    await later(HOUR)
    expect(await triedIn()).toBe(300)
    away(20 * MINUTE)
    await later(300 * SECOND)
    expect(await triedIn()).toBe(1_200)
  })

  it('does not draw its card anew for every try', async () => {
    const id = await unbooked()
    away()
    await pressed(id)
    const { revision } = await world.exception(id)
    for (let i = 0; i < 4; i++) {
      world.pass(20 * SECOND)
      await world.work('run')
    }
    expect(await world.exception(id)).toMatchObject({ revision })
  })

  it('ends after four hours, and says what is to be done', async () => {
    const id = await unbooked()
    away(6 * HOUR)
    await pressed(id)
    await later(4 * HOUR)
    expect(await run()).toMatchObject({
      state: 'finished',
      outcome: 'failed',
      words:
        'erp could not be reached since 07:00. Nothing was sent: press it again once erp is back, or do it there by hand.',
    })
    const row = await detail(id)
    expect(row.actions.map((offer) => offer.id)).toContain('erp.book_receipt')
    expect(world.erp.calls).toEqual([])
  })

  it('sends nothing when the systems agree before it could', async () => {
    const id = await unbooked()
    away()
    await pressed(id)
    await world.say(world.wms, { ...receipt('R1'), state: 'returned' })
    expect(await run()).toMatchObject({
      state: 'finished',
      outcome: 'already_done',
      words: 'The systems agreed before erp answered. Nothing was sent.',
    })
    expect(await world.exception(id)).toMatchObject({ state: 'healed' })
    back()
    await later(10 * SECOND)
    expect(world.erp.calls).toEqual([])
  })

  it('that is not unreachable but refused by its credentials fails at once: waiting would not help', async () => {
    const id = await unbooked()
    world.erp.before = () => {
      throw new SystemError('erp', 'misconfigured', 'erp does not accept the credentials (401).')
    }
    await pressed(id)
    expect(await run()).toMatchObject({
      state: 'finished',
      outcome: 'failed',
      words: 'erp does not accept the credentials (401). Nothing was sent.',
    })
    expect(await since()).toBeNull()
  })
})

describe('taking back what waits', () => {
  it('ends it with nothing sent, and offers everything again', async () => {
    const id = await unbooked()
    away()
    await pressed(id)
    expect(await world.press('bo', id, 'take_back')).toEqual({
      result: 'acted',
      message: 'Taken back. Nothing was sent.',
    })
    expect(await run()).toMatchObject({
      state: 'finished',
      outcome: 'taken_back',
      words: 'Taken back by Bo Example.',
    })
    const row = await detail(id)
    expect(row.status).toBe('Book the receipt: Taken back by Bo Example. Nothing was sent.')
    expect(row.actions.map((offer) => offer.id)).toContain('erp.book_receipt')
    back()
    await later(HOUR)
    expect(world.erp.calls).toEqual([])
    expect((await world.interventions()).at(-1)).toMatchObject({ action: 'take_back', result: 'acted' })
  })

  it('holds against a process that is just about to send', async () => {
    const id = await unbooked()
    away()
    await pressed(id)
    world.pass(5 * SECOND)
    world.erp.before = async (step) => {
      if (step !== 'read') return
      back()
      expect(await world.press('bo', id, 'take_back')).toMatchObject({ result: 'acted' })
    }
    await world.work('run')
    expect(world.erp.calls).toEqual([])
    expect(await run()).toMatchObject({ state: 'finished', outcome: 'taken_back' })
  })

  it('is not offered once something was sent', async () => {
    const id = await unbooked()
    away(undefined, 'act')
    await pressed(id)
    back()
    world.erp.manner = 'dawdles'
    await later(5 * SECOND)
    expect(await run()).toMatchObject({ state: 'sent' })
    expect((await detail(id)).actions.map((offer) => offer.id)).toEqual(['note'])
    expect(await world.press('bo', id, 'take_back')).toMatchObject({ result: 'stale' })
    expect(await run()).toMatchObject({ state: 'sent' })
  })
})

describe('a system that cannot be reached', () => {
  it('is told on every card that offers something of it, and may be pressed all the same', async () => {
    const id = await unbooked()
    const before = await world.exception(id)
    away()
    await world.poll(world.erp)
    await world.work('reach')
    expect(await offered(id, 'erp.book_receipt')).toMatchObject({ enabled: true, reason: null })
    await later(30 * SECOND)
    expect(await offered(id, 'erp.book_receipt')).toMatchObject({
      enabled: true,
      reason: 'erp unreachable since 07:00: it will wait.',
    })
    const during = await world.exception(id)
    expect(during).toMatchObject({ version: before.version, revision: Number(before.revision) + 1 })
    expect(await world.posts()).toMatchObject([{ desired_revision: during.revision }])

    back()
    await world.poll(world.erp)
    await world.work('reach')
    expect(await offered(id, 'erp.book_receipt')).toMatchObject({ reason: null })
    expect(await world.exception(id)).toMatchObject({ revision: Number(during.revision) + 1 })
  })

  it('for a moment only is shown nowhere', async () => {
    const id = await unbooked()
    const { revision } = await world.exception(id)
    away()
    await world.poll(world.erp)
    back()
    world.pass(10 * SECOND)
    await world.poll(world.erp)
    await later(MINUTE)
    expect(await world.exception(id)).toMatchObject({ revision })
  })

  it('leaves cards alone that offer nothing of it', async () => {
    await world.say(world.wms, {
      type: 'fulfillment',
      externalId: 'D1',
      keys: [{ name: 'order', value: '1', kind: 'identity' }],
      state: 'short',
    })
    const { id, revision } = await world.exception('short-pick')
    away()
    await world.poll(world.erp)
    await later(MINUTE)
    expect(await world.exception(id)).toMatchObject({ revision })
  })

  it('is found back by the next poll, and what waits goes on at once', async () => {
    const id = await unbooked()
    away(HOUR)
    await world.poll(world.erp)
    await pressed(id)
    back()
    world.pass(10 * SECOND)
    await world.work('run')
    expect(await run()).toMatchObject({ state: 'queued' })
    await world.poll(world.erp)
    await world.work('run')
    expect(await run()).toMatchObject({ state: 'finished', outcome: 'done' })
    expect(await since()).toBeNull()
  })

  it('that can be read and takes no changes is still away for whoever waits', async () => {
    const id = await unbooked()
    away(undefined, 'act')
    await pressed(id)
    world.pass(10 * SECOND)
    await world.poll(world.erp)
    expect(await since()).not.toBeNull()
    await world.press('ada', id, 'take_back')
    await world.poll(world.erp)
    expect(await since()).toBeNull()
  })

  it('is found back by one run, and all the others go on', async () => {
    const first = await unbooked('R1')
    const second = await unbooked('R2')
    away(HOUR)
    await pressed(first)
    await pressed(second)
    back()
    const [one] = await world.runs()
    await world.runsOf('here')(String(one?.id))
    await world.work('run')
    world.pass(SECOND)
    await world.work('run')
    expect(await world.runs()).toMatchObject([{ outcome: 'done' }, { outcome: 'done' }])
  })

  it('and is never polled is believed to answer again once nothing waits for it', async () => {
    const id = await unbooked()
    delete world.erp.poll
    away()
    await pressed(id)
    await world.rows(sql`select graphile_worker.add_job('reclaim', '{}'::json)`)
    await world.work('reclaim')
    expect(await since()).not.toBeNull()
    await world.press('ada', id, 'take_back')
    await world.rows(sql`select graphile_worker.add_job('reclaim', '{}'::json)`)
    await world.work('reclaim')
    expect(await since()).toBeNull()
  })
})

describe('an outage after something was sent', () => {
  it('is waited out: what became of the call is looked at as soon as the system is back', async () => {
    const id = await unbooked()
    world.erp.manner = 'dawdles'
    await pressed(id)
    away()
    await later(5 * SECOND)
    expect((await world.exception(id)).status).toBe(
      'erp unreachable since 07:00: what became of "Book the receipt" is looked at as soon as it answers.',
    )
    await later(3 * HOUR)
    await world.poll(world.erp)
    expect(await run()).toMatchObject({ state: 'sent' })
    back()
    world.erp.appear()
    await world.poll(world.erp)
    await world.work('run')
    expect(await run()).toMatchObject({ state: 'finished', outcome: 'done', sends: 1 })
    expect(world.erp.calls).toHaveLength(1)
  })

  it('gives what was sent its whole time to show, once it can be seen', async () => {
    const id = await unbooked()
    world.erp.manner = 'dawdles'
    await pressed(id)
    away()
    await later(HOUR)
    back()
    await later(300 * SECOND)
    expect(await run()).toMatchObject({ state: 'sent' })
    world.erp.appear()
    await later(10 * SECOND)
    expect(await run()).toMatchObject({ outcome: 'done' })
  })

  it('does not say that somebody did not answer in time while nobody can look', async () => {
    const id = await unbooked()
    world.erp.manner = 'asks'
    await pressed(id, 'erp.ask_supplier')
    await later(22 * HOUR)
    away()
    await later(2 * HOUR)
    expect(await run()).toMatchObject({ state: 'settling', outcome: 'requested' })
    back()
    world.erp.answer = 'declined'
    await later(5 * MINUTE)
    expect(await run()).toMatchObject({ state: 'finished', outcome: 'declined' })
  })

  it('does not keep a run waiting for ever that had only to be verified', async () => {
    const id = await unbooked()
    world.erp.manner = 'asks'
    await pressed(id, 'erp.ask_supplier')
    away()
    await later(27 * HOUR)
    expect(await run()).toMatchObject({ state: 'finished', outcome: 'requested', verified_at: null })
  })

  it('keeps a second call that does not arrive from hiding that the first one may have', async () => {
    const id = await unbooked()
    world.erp.manner = 'deaf'
    world.erp.before = (step) => {
      if (step === 'act' && world.erp.calls.length === 1)
        throw new SystemError('erp', 'unreachable', 'erp cannot be reached (ECONNREFUSED).')
    }
    await pressed(id)
    expect(await run()).toMatchObject({ state: 'sending', sends: 1, outcome: null })
    expect((await detail(id)).actions.map((offer) => offer.id)).toEqual(['note'])
    back()
    world.erp.manner = 'obeys'
    await later(10 * SECOND)
    expect(await run()).toMatchObject({ state: 'finished', outcome: 'done', sends: 2 })
    expect(new Set(world.erp.calls.map((call) => call.key)).size).toBe(1)
  })
})
