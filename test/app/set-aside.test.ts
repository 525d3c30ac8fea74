import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { notify } from '../../src/app/notify.ts'
import { REDRAW_MS } from '../../src/db/posts.ts'
import { testDatabase } from '../support/database.ts'
import { fakeDeliver } from '../support/fake-deliver.ts'
import { createShiftWorld, type ShiftWorld, urgent } from '../support/shift-world.ts'
import { HOUR, key, MINUTE, PEOPLE, type Row } from '../support/world.ts'

const database = testDatabase()
let world: ShiftWorld
beforeEach(async () => {
  world = await createShiftWorld(database.url)
})
afterEach(() => world.close())

const say = async (text: string, who = 'ada') =>
  (
    await world.host.command({
      identity: { surface: 'test', externalId: who, displayName: who },
      ...{ channel: null, text, interactionKey: null },
    })
  ).text

const stock = (units: number) => ({
  type: 'inventory' as const,
  externalId: 'S1',
  keys: [key('stock', 'S1@A')],
  state: 'counted',
  quantities: { on_hand: units },
})

/** A post that was made: what comes fresh is to be made anew. */
const posted = (card: string) =>
  world.store.transaction(async (tx) => {
    const post = await tx.leasePost('chat', 'test', world.clock(), 1_000)
    if (post?.card !== card) throw new Error(`${post?.card} is behind, not ${card}`)
    await tx.savePost(post, 'test', {
      ...{ ref: 'm1', channel: post.channel, postedRevision: post.desiredRevision },
      ...{ nextAttemptAt: world.clock(), problem: null },
    })
  })

describe('a snooze', () => {
  it('takes it out of what is open, says so, and lets it be found', async () => {
    const id = await world.unbooked()
    await world.press('ada', id, 'snooze', { values: { until: '1h' } })
    expect(await world.exception(id)).toMatchObject({
      state: 'open',
      status: 'Snoozed until 08:00 by Ada Example. It comes back then, or at once if it gets worse.',
    })
    expect(await say('open')).toContain('1 snoozed: it comes back by itself.')
    expect(await say('open')).not.toContain(`#${id} ·`)
    expect(await say('open snoozed')).toContain(`#${id} ·`)
  })

  it('ends by itself at its time, with a new post', async () => {
    const id = await world.unbooked()
    await world.press('ada', id, 'snooze', { values: { until: '4h' } })
    await posted(id)
    world.pass(4 * HOUR - 1)
    await world.tend()
    expect(await world.postsOf(id)).toMatchObject([{ ref: 'm1' }])
    world.pass(1)
    await Promise.all([world.tend(), world.tend()])
    expect(await world.exception(id)).toMatchObject({
      version: 3,
      snoozed_until: null,
      status: 'Back: it was snoozed until now.',
    })
    expect(await world.postsOf(id)).toMatchObject([{ ref: null, posted_revision: 0 }])
    expect(await say('open')).toContain(`#${id} ·`)
  })

  it('ends early when it gets worse, and not when it gets better', async () => {
    await world.say(world.wms, stock(10))
    await world.say(world.erp, stock(7))
    await world.later(30 * MINUTE)
    const { id } = await world.exception('stock-agrees')
    await world.press('ada', id, 'snooze', { values: { until: '4h' } })
    await posted(id)
    await world.say(world.erp, stock(9))
    await world.say(world.erp, stock(8))
    expect(await world.exception(id)).toMatchObject({ snoozed_until: expect.anything(), version: 2 })
    await world.say(world.erp, stock(2))
    expect(await world.exception(id)).toMatchObject({
      snoozed_until: null,
      version: 3,
      status: 'Back before its time: it got worse.',
    })
    expect(await world.postsOf(id)).toMatchObject([{ ref: null }])
  })

  it('is taken back by a press, in its place, and by taking the work up', async () => {
    const id = await world.unbooked()
    await world.press('ada', id, 'snooze', { values: { until: 'monday' } })
    await posted(id)
    expect(await world.press('bo', id, 'wake')).toMatchObject({ result: 'acted' })
    expect(await world.exception(id)).toMatchObject({ snoozed_until: null })
    expect(await world.postsOf(id)).toMatchObject([{ ref: 'm1' }])
    await world.press('ada', id, 'snooze', { values: { until: 'tomorrow' } })
    await world.press('bo', id, 'claim')
    expect(await world.exception(id)).toMatchObject({ snoozed_until: null, status: 'Bo Example is on it.' })
  })

  it('means tomorrow and Monday as the zone has them', async () => {
    const id = await world.unbooked()
    const options = (await world.queries.getException(id))?.actions
      .find((action) => action.id === 'snooze')
      ?.inputs.flatMap((input) => (input.kind === 'choice' ? input.options.map(({ label }) => label) : []))
    expect(options).toEqual([
      '1 hour (Mon 23 Nov, 08:00)',
      '4 hours (Mon 23 Nov, 11:00)',
      'Tomorrow at 8 (Tue 24 Nov, 08:00)',
      'Monday at 8 (Mon 30 Nov, 08:00)',
    ])
  })
})

describe('an escalation', () => {
  it('comes once nobody has taken it for the time of its rule: a post in the other channel, and only once', async () => {
    const id = await world.unbooked()
    world.pass(30 * MINUTE - 1)
    await world.tend()
    expect(await world.postsOf('escalated')).toEqual([])
    world.pass(1)
    await Promise.all([world.tend(), world.tend()])
    await world.tend()
    expect(await world.postsOf('escalated')).toMatchObject([
      { card: `escalated:${id}`, channel: 'leads', posted_revision: 0 },
    ])
    expect(await world.exception(id)).toMatchObject({
      version: 2,
      status: 'Nobody took it within 30 min: escalated to #leads.',
    })
    expect(await world.host.card(`escalated:${id}`)).toMatchObject({
      tell: urgent.escalate.tell,
      exception: { id: `escalated:${id}` },
    })
    expect(await world.host.card(id)).toMatchObject({ tell: urgent.tell })
  })

  it('does not come for what somebody is on, and its time begins anew when they hand it back', async () => {
    const id = await world.unbooked()
    await world.press('ada', id, 'claim')
    world.pass(HOUR)
    await world.tend()
    await world.press('ada', id, 'release')
    await world.tend()
    expect(await world.postsOf('escalated')).toEqual([])
    world.pass(30 * MINUTE)
    await world.tend()
    expect(await world.postsOf('escalated')).toHaveLength(1)
  })

  it('by a press is logged; a press on its post is one on the exception, and both posts show what came of it', async () => {
    const id = await world.unbooked()
    const raise = await world.click('ada', id, 'Escalate to #leads')
    expect(await raise()).toMatchObject({ result: 'acted', message: 'Escalated: it is in #leads now.' })
    const take = await world.click('lea', `escalated:${id}`, "I'm on it")
    expect(await take()).toMatchObject({ result: 'acted', card: { exception: { id: `escalated:${id}` } } })
    expect((await world.interventions()).map(({ action, result }) => [action, result])).toEqual([
      ['escalate', 'acted'],
      ['claim', 'acted'],
    ])
    const { revision } = await world.exception(id)
    for (const card of [id, `escalated:${id}`]) {
      expect(await world.postsOf(card)).toMatchObject([{ desired_revision: Number(revision) }])
      expect(await world.text(card)).toContain('Lea Example is on it.')
    }
  })
})

describe('a press on another post of an exception', () => {
  const strays = () => world.rows(sql`select ref, card from stray_posts`)
  const posted = (card: string, ref: string) =>
    world.rows(
      sql`update posts set ref = ${ref}, posted_revision = desired_revision where card = ${card} returning 1`,
    )
  const pressed = async (ref: string, action: string, version: number, post: string) =>
    world.host.press({
      ...{
        identity: { surface: 'chat', externalId: 'bo', displayName: 'bo' },
        exception: ref,
        action,
        version,
      },
      ...{ values: {}, formOpenedAt: null, interactionKey: null, post: { ref: post, redraws: true } },
    })

  it('leaves that post where it is: in the channel to which it was raised', async () => {
    const id = await world.unbooked()
    await world.press('ada', id, 'escalate')
    await posted(id, 'm1')
    await posted(`escalated:${id}`, 'm2')
    expect(await pressed(`escalated:${id}`, 'claim', 2, 'm2')).toMatchObject({ result: 'acted' })
    expect(await strays()).toEqual([])
    // Whoever pressed redraws what they pressed; the other post is drawn at once.
    const [own] = await world.postsOf(id)
    const [raised] = await world.postsOf('escalated')
    const at = ({ next_attempt_at: next }: Row = {}) => Date.parse(String(next)) - world.clock().getTime()
    expect([own, raised]).toMatchObject([{ ref: 'm1' }, { ref: 'm2' }])
    expect([at(own), at(raised)]).toEqual([0, REDRAW_MS])
  })

  it('leaves that post where it is: the handover', async () => {
    const id = await world.unbooked()
    await world.press('ada', id, 'claim')
    world.pass(8 * HOUR)
    await world.tend()
    await posted(id, 'm1')
    const [handover] = await posted('handover:1', 'm2')
    expect(handover).toBeDefined()
    const { version } = await world.exception(id)
    expect(await pressed('handover:1', `claim.${id}.${version}`, 1, 'm2')).toMatchObject({ result: 'acted' })
    expect(await strays()).toEqual([])
    expect(await world.postsOf('handover')).toMatchObject([{ ref: 'm2' }])
  })
})

describe('work that is given to somebody', () => {
  it('is theirs, names them on the card, and tells them in private', async () => {
    await world.close()
    const people = [
      { name: 'Bo Example', role: 'operator' as const, identities: [{ surface: 'chat', externalId: 'bo' }] },
    ]
    world = await createShiftWorld(database.url, { people })
    const id = await world.unbooked()
    expect(await world.press('ada', id, 'assign', { values: { person: 'Bo Example' } })).toEqual({
      result: 'acted',
      message: 'Bo Example has it now.',
    })
    expect(await world.exception(id)).toMatchObject({ status: 'Ada Example gave it to Bo Example.' })
    expect(await world.text(id)).toContain('Bo Example, until')
    expect(await world.host.card(id)).toMatchObject({
      tell: [...urgent.tell, { surface: 'chat', id: 'bo', kind: 'person', name: 'Bo Example' }],
    })
    const [job] = (await world.jobs()).filter(({ task_identifier: task }) => task === 'notify')
    expect(job).toBeDefined()
  })

  it('goes to whom an address alone names once Baton has met them, and mentions them then', async () => {
    await world.close()
    const ola = { name: 'Ola Example', role: 'operator' as const, identities: [], email: 'ola@example.com' }
    const told = { email: ola.email, name: ola.name }
    const rule = { ...urgent, tell: [told], escalate: { ...urgent.escalate, tell: [told] } }
    world = await createShiftWorld(
      database.url,
      { routing: { rules: [rule], defaultChannel: 'orders' } },
      { ...PEOPLE, configured: [...PEOPLE.configured, ola] },
    )
    const id = await world.unbooked()
    const give = () => world.press('ada', id, 'assign', { values: { person: 'Ola Example' } })
    await expect(give()).rejects.toThrow('Baton has not met Ola Example yet')
    expect(await world.host.card(id)).not.toHaveProperty('tell')
    const met = { surface: 'chat', externalId: 'T1:ola', displayName: 'ola', email: 'Ola@example.com' }
    await world.host.home(met)
    expect(await give()).toEqual({ result: 'acted', message: 'Ola Example has it now.' })
    const mention = { surface: 'chat', id: 'T1:ola', kind: 'person', name: 'Ola Example' }
    expect(await world.host.card(id)).toMatchObject({ tell: [mention] })
    expect(await world.host.card(`escalated:${id}`)).toMatchObject({ tell: [mention] })
    const jobs = (await world.jobs()).filter(({ task_identifier: task }) => task === 'notify')
    expect(jobs).toHaveLength(1)
    expect(await world.press('bo', id, 'claim')).toMatchObject({ result: 'nothing_to_do' })
    const { result } = await world.host.press({
      ...{ identity: { ...met, email: null }, exception: id, action: 'release', version: 2, values: {} },
      ...{ formOpenedAt: null, interactionKey: null },
    })
    expect(result).toBe('acted')
  })

  it('is told once, and again only where the surface asked to wait', async () => {
    const job = {
      ...{ surface: 'chat', externalId: 'bo', by: 'Ada Example', about: 'A receipt', exception: '12' },
      at: world.clock().toISOString(),
    }
    const told: string[] = []
    let failing = true
    const unused = async (): Promise<never> => {
      throw new Error('not asked')
    }
    const surface = {
      ...{ id: 'chat', routes: () => {}, start: unused, stop: unused, probe: unused },
      deliver: {
        ...{ post: unused, update: unused, reply: unused, remove: unused, budgets: () => [] },
        notify: async (to: string, { summary }: { summary: string }) => {
          if (failing)
            return {
              ok: false as const,
              failure: { is: 'later' as const, retryAfterMs: 5_000, words: 'slow down' },
            }
          told.push(`${to}: ${summary}`)
          return { ok: true as const, value: 'm1' }
        },
      },
    }
    const log = { info: () => {}, warn: () => {}, error: () => {} }
    const deps = { surfaces: [surface], store: world.store, clock: world.clock, log }
    await notify(deps, job)
    const again = (await world.jobs()).filter(({ task_identifier: task }) => task === 'notify')
    expect(again).toHaveLength(1)
    failing = false
    await notify(deps, job)
    expect(told).toEqual(['bo: Ada Example gave you #12: A receipt'])
  })

  it('waits for the budget that all calls of the surface share, and rests it where calls come too fast', async () => {
    const job = {
      ...{ surface: 'chat', externalId: 'bo', by: 'Ada Example', about: 'A receipt', exception: '12' },
      at: world.clock().toISOString(),
    }
    const one = { key: 'messages', capacity: 1, perMs: 1 / MINUTE }
    const asked: string[] = []
    let slowDown = false
    const deliver = fakeDeliver({
      budgets: (call, channel) => (call === 'notify' && channel === 'bo' ? [one] : []),
      notify: async (to) => {
        asked.push(to)
        return slowDown
          ? { ok: false, failure: { is: 'later', retryAfterMs: HOUR / 2, words: 'slow down', limited: true } }
          : { ok: true, value: 'm1' }
      },
    })
    const idle = async () => {}
    const surface = { id: 'chat', routes: () => {}, start: idle, stop: idle, probe: async () => '', deliver }
    const log = { info: () => {}, warn: () => {}, error: () => {} }
    const deps = { surfaces: [surface], store: world.store, clock: world.clock, log }
    await notify(deps, job)
    expect(asked).toHaveLength(1)
    // The only call of this minute is used up: it waits, and nobody is called.
    await notify(deps, job)
    expect(asked).toHaveLength(1)
    const waiting = (await world.jobs()).filter(({ task_identifier: task }) => task === 'notify')
    expect(waiting).toHaveLength(1)

    world.pass(MINUTE)
    slowDown = true
    await notify(deps, job)
    expect(asked).toHaveLength(2)
    world.pass(10 * MINUTE)
    await notify(deps, job)
    expect(asked).toHaveLength(2)
  })

  it('goes to nobody who is not configured', async () => {
    const id = await world.unbooked()
    await expect(world.press('ada', id, 'assign', { values: { person: 'A stranger' } })).rejects.toThrow(
      'To whom? must be one of',
    )
    expect(await world.exception(id)).toMatchObject({ claimed_by: null, version: 1 })
  })
})

describe('a note', () => {
  it('is on the next card of its gap, with who and when, the newest three, until somebody retires it', async () => {
    const first = await world.unbooked('R1')
    for (const note of ['one', 'two', 'three', 'four']) {
      await world.press('ada', first, 'note', { values: { note } })
      world.pass(MINUTE)
    }
    await world.press('ada', first, 'dismiss', { values: { reason: 'known' } })
    // Long ago, and still known.
    world.pass(200 * 24 * HOUR)
    const next = await world.unbooked('R2')
    const text = await world.text(next)
    expect(text.match(/Note by Ada Example on #\d+, \d+ days ago: \w+/g)).toEqual([
      `Note by Ada Example on #${first}, 200 days ago: four`,
      `Note by Ada Example on #${first}, 200 days ago: three`,
      `Note by Ada Example on #${first}, 200 days ago: two`,
    ])
    const newest = (await world.queries.getException(next))?.gap?.notes[0]?.id
    expect(await say(`history ${next} retire ${newest}`, 'bo')).toContain('Retired')
    expect(await say(`history ${next} retire ${newest}`, 'bo')).toContain('somebody has retired it already')
    expect(await world.text(next)).not.toContain(': four')
    expect(await world.text(next)).toContain(': one')
  })
})

describe('the history of an exception', () => {
  it('is its episodes, what people did and what came of it, and what Baton did, in sentences', async () => {
    const id = await world.unbooked()
    await world.press('ada', id, 'claim')
    await world.press('bo', id, 'claim', { version: 1 })
    world.pass(20 * MINUTE)
    await world.press('ada', id, 'erp.book_receipt')
    await world.work('run')
    const text = await say(`history ${id}`)
    expect(text).toContain('Opened 20 min ago, resolved after 20 min.')
    expect(text).toContain('20 min ago: Ada Example took it')
    expect(text).toContain('20 min ago: Bo Example pressed "claim": somebody else was first')
    expect(text).toContain('Book the receipt on erp by Ada Example: done, verified.')
    expect(await say('history 999')).toContain('There is no exception 999.')
    expect(await say('history')).toContain('Say which exception, by its number.')
  })
})

describe('the history of what was pressed', () => {
  it('calls a button as the card called it, and never by its id', async () => {
    const id = await world.unbooked()
    await world.press('ada', id, 'erp.book_receipt')
    const text = await say(`history ${id}`)
    expect(text).toContain('Ada Example pressed "Book the receipt"')
    expect(text).not.toContain('erp.book')
  })
})

describe('the home of somebody', () => {
  it('shows what is open in the channels that are theirs, else in all, on whichever surface', async () => {
    await world.close()
    const named = (name: string, id: string, channels?: string[]) => ({
      ...{ name, role: 'operator' as const, identities: [{ surface: 'test', externalId: id }] },
      ...(channels === undefined ? {} : { channels }),
    })
    const lea = { ...named('Lea Example', 'lea', ['leads']), email: 'lea@example.com' }
    const configured = [lea, named('Ada Example', 'ada', ['dock']), named('Bo Example', 'bo')]
    world = await createShiftWorld(database.url, {}, { configured, defaultRole: 'operator' })
    await world.unbooked()
    const home = async (surface: string, externalId: string, email: string | null = null) =>
      (await world.host.home({ surface, externalId, displayName: externalId, email })).summary
    expect(await home('test', 'lea')).toBe('0 yours, 0 open in your channels.')
    expect(await home('test', 'ada')).toBe('0 yours, 1 open in your channels.')
    expect(await home('test', 'bo')).toBe('0 yours, 1 open.')
    // One human on another surface, by the address; the second time no address comes with it.
    for (const email of ['lea@example.com', null]) {
      expect(await home('chat', 'T1:l', email)).toBe('0 yours, 0 open in your channels.')
    }
  })
})
