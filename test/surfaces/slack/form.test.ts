import { afterEach, describe, expect, it, vi } from 'vitest'
import { UserError } from '../../../src/app/errors.ts'
import type { PressAnswer } from '../../../src/app/surface.ts'
import { levelsOf } from '../../support/levels.ts'
import { BOOK, button, exceptionCard } from './cards.ts'
import { held, MODES, postCard, type Rig, startRig } from './rig.ts'

/** Presses a button that asks for values, and waits for its form. */
async function open(rig: Rig, label: string): Promise<string> {
  const { slack, orders, mara } = rig
  const ts = await postCard(rig)
  await slack.press(orders, ts, label, mara)
  await slack.until('the form opens', () => slack.viewOf(mara) !== null)
  return ts
}

describe.each(MODES)('a form over %s', (mode) => {
  let rig: Rig
  afterEach(() => rig.stop())

  it('opens before anything is decided, and asks what the action needs', async () => {
    rig = await startRig(mode)
    const { slack, host, mara } = rig
    await open(rig, 'Dismiss')
    expect(slack.viewOf(mara)).toMatchObject({
      title: 'Dismiss',
      text: 'Receipt 1001: received by wms, not booked by erp for 3 h',
      submit: 'Send',
      inputs: [
        { label: 'Why?', optional: false, options: ['Expected', 'Known, in hand'] },
        { label: 'Anything to add', optional: true, kind: 'plain_text_input' },
      ],
    })
    expect(host.presses).toEqual([])
  })

  it('presses with its values and with the time at which it was opened, then closes', async () => {
    rig = await startRig(mode)
    const { slack, host, mara } = rig
    const before = Date.now()
    await open(rig, 'Dismiss')
    const after = Date.now()

    const delivery = await slack.submit(mara, { 'Why?': 'Known, in hand', 'Anything to add': 'Ask Jo & Lee' })

    expect(delivery.state).toBe('acked')
    expect(host.presses).toMatchObject([
      {
        identity: { externalId: `T0BATON:${mara.id}` },
        exception: '41',
        action: 'dismiss',
        version: 3,
        values: { reason: 'known', note: 'Ask Jo & Lee' },
        interactionKey: expect.stringContaining('form:'),
      },
    ])
    const openedAt = host.presses[0]?.formOpenedAt?.getTime() ?? 0
    expect(openedAt).toBeGreaterThanOrEqual(before)
    expect(openedAt).toBeLessThanOrEqual(after)
    expect(slack.viewOf(mara)).toBeNull()
  })

  it('opens with the words that are to be edited, and sends them as they stand', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    const initial = 'Hello,\n\nplease trace parcel <1Z> & tell us.'
    const subject = { kind: 'text' as const, id: 'subject', label: 'Subject', required: true, maxLength: 120 }
    const message = { ...subject, id: 'text', label: 'Message', maxLength: 3000, initial }
    const write = button('mail.open_trace', 'Write', { inputs: [subject, message] })
    const card = exceptionCard({ blocks: [{ kind: 'buttons', buttons: [write] }] })
    host.onCard = async () => card
    const ts = await postCard(rig, card)
    await slack.press(orders, ts, 'Write', mara)
    await slack.until('the form opens', () => slack.viewOf(mara) !== null)
    expect(slack.viewOf(mara)?.inputs.map((input) => input.initial)).toEqual([undefined, initial])
    await slack.submit(mara, { Subject: 'Parcel 1Z' })
    expect(host.presses[0]?.values).toEqual({ subject: 'Parcel 1Z', text: initial })
  })

  it('takes numbers as numbers, and leaves out what was left empty', async () => {
    rig = await startRig(mode)
    const { slack, host, mara } = rig
    await open(rig, 'Fixed by hand')
    expect(slack.viewOf(mara)?.inputs[0]?.label).toBe('How long? (min)')
    expect(() => slack.submit(mara, { 'How long? (min)': '2000' })).toThrow('out of range')
    await slack.submit(mara, { 'How long? (min)': '25' })
    expect(host.presses[0]?.values).toEqual({ minutes: 25 })
  })

  it('stands for the card as it is when the form opens, not for the older one that was pressed', async () => {
    rig = await startRig(mode)
    const { slack, host, mara } = rig
    host.onCard = async () => exceptionCard({ summary: 'Jo is on it' }, 5)
    await open(rig, 'Dismiss')
    expect(slack.viewOf(mara)?.text).toBe('Jo is on it')
    await slack.submit(mara, { 'Why?': 'Expected' })
    expect(host.presses[0]?.version).toBe(5)
  })

  it('does not open when the action is no longer offered: the press is recorded and answered', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    const now = exceptionCard({ blocks: [] }, 4)
    host.onCard = async () => now
    host.onPress = async () => host.answer('lost_race', 'Jo dismissed it.', now)
    const ts = await postCard(rig)

    await slack.press(orders, ts, 'Dismiss', mara)
    await slack.until('the answer', () => slack.see(orders, mara).length === 2)

    expect(slack.viewOf(mara)).toBeNull()
    expect(host.presses).toMatchObject([{ action: 'dismiss', version: 3, values: {} }])
    expect(slack.see(orders, mara).at(-1)?.text).toBe('Jo dismissed it.')
  })

  it('says in the form why nothing was done, and puts the current card into the channel', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    const now = exceptionCard({ title: 'Receipt 1001 was booked', blocks: [] }, 4)
    host.onPress = async () => host.answer('stale', 'The card has changed.', now)
    await open(rig, 'Dismiss')

    await slack.submit(mara, { 'Why?': 'Expected' })
    await slack.until('the new card', () => slack.see(orders)[0]?.edited === true)

    expect(slack.viewOf(mara)).toMatchObject({ text: 'The card has changed.', submit: null, inputs: [] })
    expect(slack.see(orders)[0]?.text).toContain('Receipt 1001 was booked')
  })

  it('names the post that opened it, so that it is redrawn by its one writer, and adopted if nobody remembers it', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    const redrawn: unknown[] = []
    host.onRedraw = async (card, surface, _write, ref) => {
      redrawn.push({ card, surface, ref })
    }
    await open(rig, 'Dismiss')
    const ref = `${orders.id}:${slack.see(orders)[0]?.ts}`
    await slack.submit(mara, { 'Why?': 'Expected' })
    await rig.surface.stop()
    expect(host.presses[0]?.post).toEqual({ ref, redraws: true })
    expect(redrawn).toEqual([{ card: '41', surface: 'slack', ref }])
  })

  it('opened from a reply says in the form what came of it', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    host.onCommand = async () => ({ card: exceptionCard(), text: 'the card' })
    host.onPress = async () => host.answer('acted', 'Dismissed.')
    await slack.command('/baton open 41', orders, mara)
    await slack.until('the card', () => slack.see(orders, mara).length === 1)
    await slack.press(orders, slack.see(orders, mara)[0]?.ts ?? '', 'Dismiss', mara)
    await slack.until('the form opens', () => slack.viewOf(mara) !== null)
    await slack.submit(mara, { 'Why?': 'Expected' })
    expect(slack.viewOf(mara)).toMatchObject({ text: 'Dismissed.', submit: null })
  })

  it('keeps what was typed when a person can mend it, and says what is wrong', async () => {
    rig = await startRig(mode)
    const { slack, host, mara } = rig
    host.onPress = async () => Promise.reject(new UserError('"Dismiss" needs: Why?'))
    await open(rig, 'Dismiss')
    await slack.submit(mara, { 'Why?': 'Expected' })
    expect(slack.viewOf(mara)?.inputs[0]).toMatchObject({ id: 'reason', error: '"Dismiss" needs: Why?' })
    await vi.waitFor(() => expect(levelsOf(rig, 'A form was not recorded')).toEqual(['info']))
  })

  it('is answered in time when recording takes long, and says later what came of it', async () => {
    rig = await startRig(mode, { ackMs: 30 })
    const { slack, host, mara } = rig
    const recorded = held<PressAnswer>()
    host.onPress = () => recorded.promise
    await open(rig, 'Dismiss')

    expect((await slack.submit(mara, { 'Why?': 'Expected' })).state).toBe('acked')
    expect(slack.viewOf(mara)?.text).toBe('Still being recorded…')

    recorded.resolve(host.answer('acted', 'Dismissed.'))
    await slack.until('the outcome', () => slack.viewOf(mara)?.text === 'Dismissed.')
  })

  it('tells in the channel what came of it when it was closed meanwhile', async () => {
    rig = await startRig(mode, { ackMs: 30 })
    const { slack, host, orders, mara } = rig
    const recorded = held<PressAnswer>()
    host.onPress = () => recorded.promise
    await open(rig, 'Dismiss')
    await slack.submit(mara, { 'Why?': 'Expected' })
    slack.closeView(mara)

    recorded.resolve(host.answer('acted', 'Dismissed.'))
    await slack.until('the outcome', () => slack.see(orders, mara).length === 2)
    expect(slack.see(orders, mara).at(-1)).toMatchObject({ ephemeral: true, text: 'Dismissed.' })
  })

  it('that opens too late for Slack asks to press again', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    const card = held<void>()
    host.onCard = async () => {
      await card.promise
      return exceptionCard()
    }
    const ts = await postCard(rig)
    await slack.press(orders, ts, 'Dismiss', mara)
    slack.wait(3_001)
    card.resolve()
    await slack.until('the answer', () => slack.see(orders, mara).length === 2)
    expect(slack.see(orders, mara).at(-1)?.text).toBe('Slack did not open the form in time. Press again.')
  })

  it('asks for confirmation in its own words instead of asking twice', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    const confirm = { title: 'Reship?', text: 'A second parcel leaves the house.', yes: 'Reship it' }
    const inputs = [{ kind: 'text', id: 'why', label: 'Why?', required: true, maxLength: 80 }] as const
    const reship = button('wms.reship', 'Reship', { confirm, inputs: [...inputs] })
    const card = exceptionCard({ blocks: [{ kind: 'buttons', buttons: [BOOK, reship] }] })
    host.onCard = async () => card
    const ts = await postCard(rig, card)
    await slack.press(orders, ts, 'Reship', mara)
    await slack.until('the form opens', () => slack.viewOf(mara) !== null)
    expect(slack.viewOf(mara)).toMatchObject({ submit: 'Reship it' })
    expect(slack.viewOf(mara)?.text).toContain('A second parcel leaves the house.')
  })
})

describe('a press that opens a form, delivered twice', () => {
  it('opens one form and complains about nothing', async () => {
    const rig = await startRig('socket')
    const { slack, orders, mara } = rig
    const ts = await postCard(rig)
    const press = await slack.press(orders, ts, 'Dismiss', mara)
    await slack.redeliver(press)
    await slack.until('both tries', () => slack.calls('views.open').length === 2)
    await rig.surface.stop()
    expect(slack.world.views).toHaveLength(1)
    expect(slack.see(orders, mara)).toHaveLength(1)
    await rig.stop()
  })
})
