import { afterEach, describe, expect, it } from 'vitest'
import { UserError } from '../../../src/app/errors.ts'
import type { PressAnswer } from '../../../src/app/surface.ts'
import { levelsOf } from '../../support/levels.ts'
import { exceptionCard, listCard } from './cards.ts'
import { held, MODES, postCard, type Rig, startRig } from './rig.ts'

describe.each(MODES)('a press over %s', (mode) => {
  let rig: Rig
  afterEach(() => rig.stop())

  it('reaches Baton with the exception, the action, the version of the card and who pressed', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    const ts = await postCard(rig)

    const delivery = await slack.press(orders, ts, 'Book the receipt', mara)

    expect(delivery.state).toBe('acked')
    expect(host.presses).toEqual([
      {
        identity: {
          surface: 'slack',
          externalId: `T0BATON:${mara.id}`,
          displayName: 'mara',
          email: null,
          groups: [],
          isOutsider: false,
        },
        exception: '41',
        action: 'erp.book_receipt',
        version: 3,
        values: {},
        formOpenedAt: null,
        post: { ref: `${rig.orders.id}:${ts}`, redraws: true },
        interactionKey: expect.stringContaining(ts),
      },
    ])
  })

  it('is acknowledged only after Baton has recorded it', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    const asked = held<void>()
    const recorded = held<PressAnswer>()
    host.onPress = () => {
      asked.resolve()
      return recorded.promise
    }
    const ts = await postCard(rig)

    const pressing = slack.press(orders, ts, 'Book the receipt', mara)
    await asked.promise
    // A whole round trip later nothing has come back for the press.
    await slack.command('/baton open', orders, mara)
    expect(slack.deliveries[0]?.state).toBe('waiting')

    recorded.resolve(host.answer('acted', 'Booked.'))
    expect((await pressing).state).toBe('acked')
  })

  it('is acknowledged once it is stored, while its card is still being read', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    const read = held<PressAnswer>()
    host.onPress = (_input, onStored) => {
      onStored?.()
      return read.promise
    }
    const ts = await postCard(rig)

    expect((await slack.press(orders, ts, 'Book the receipt', mara)).state).toBe('acked')
    read.resolve(host.answer('acted', 'Booked.'))
  })

  it('is acknowledged before Slack gives up, and answered later, when recording it takes long', async () => {
    rig = await startRig(mode, { ackMs: 30 })
    const { slack, host, orders, mara } = rig
    const recorded = held<PressAnswer>()
    host.onPress = () => recorded.promise
    const ts = await postCard(rig)

    expect((await slack.press(orders, ts, 'Book the receipt', mara)).state).toBe('acked')
    expect(slack.see(orders, mara)).toHaveLength(1)

    recorded.resolve(host.answer('lost_race', 'Jo booked it a moment ago.'))
    await slack.until('the answer', () => slack.see(orders, mara).length === 2)
    expect(slack.see(orders, mara).at(-1)?.text).toBe('Jo booked it a moment ago.')
  })

  it('that was done says nothing more: the card itself will', async () => {
    rig = await startRig(mode)
    const { slack, orders, mara } = rig
    const ts = await postCard(rig)
    await slack.press(orders, ts, 'Book the receipt', mara)
    await rig.surface.stop()
    expect(slack.calls('response_url')).toEqual([])
  })

  it.each(['awaiting_approval', 'nothing_to_do', 'lost_race', 'not_allowed'] as const)(
    'with the result %s is explained to the one who pressed, and to nobody else',
    async (result) => {
      rig = await startRig(mode)
      const { slack, host, orders, mara } = rig
      const jo = slack.addUser('jo')
      host.onPress = async () => host.answer(result, 'Because <of> this & that.')
      const ts = await postCard(rig)

      await slack.press(orders, ts, 'Book the receipt', mara)
      await slack.until('the answer', () => slack.see(orders, mara).length === 2)

      expect(slack.see(orders, mara).at(-1)).toMatchObject({
        ephemeral: true,
        text: 'Because <of> this & that.',
      })
      expect(slack.see(orders, jo)).toHaveLength(1)
    },
  )

  it('on an old card puts the current card in its place, and says so', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    const now = exceptionCard({ title: 'Receipt 1001 was booked', blocks: [] }, 4)
    host.onPress = async () => host.answer('stale', 'The card has changed.', now)
    const ts = await postCard(rig)

    await slack.press(orders, ts, 'Book the receipt', mara)
    await slack.until('the answer', () => slack.see(orders, mara).length === 2)

    const [card, answer] = slack.see(orders, mara)
    expect(card).toMatchObject({ ts, edited: true, buttons: [] })
    expect(card?.text).toContain('Receipt 1001 was booked')
    expect(answer).toMatchObject({ ephemeral: true, text: 'The card has changed.' })
  })

  it('that could not be recorded is admitted, without the inner reason', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    host.onPress = async () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.7:5432'))
    const ts = await postCard(rig)

    expect((await slack.press(orders, ts, 'Book the receipt', mara)).state).toBe('acked')
    await slack.until('the answer', () => slack.see(orders, mara).length === 2)
    expect(slack.see(orders, mara).at(-1)?.text).toBe(
      'Baton could not record this. Look at the card, then press again.',
    )
    expect(levelsOf(rig, 'A press was not recorded')).toEqual(['error'])
  })

  it('that a person can mend is answered with what to mend', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    host.onPress = async () => Promise.reject(new UserError('There is no exception 41.'))
    const ts = await postCard(rig)
    await slack.press(orders, ts, 'Book the receipt', mara)
    await slack.until('the answer', () => slack.see(orders, mara).length === 2)
    expect(slack.see(orders, mara).at(-1)?.text).toBe('There is no exception 41.')
    expect(levelsOf(rig, 'A press was not recorded')).toEqual(['info'])
  })

  it('in a list always tells what came of it, for the list does not change by itself', async () => {
    rig = await startRig(mode)
    const { slack, orders, mara } = rig
    await slack.command('/baton open', orders, mara)
    await slack.until('the list', () => slack.see(orders, mara).length === 1)
    const list = slack.see(orders, mara)[0]

    await slack.press(orders, list?.ts ?? '', 'Book the receipt', mara)
    await slack.until('the answer', () => slack.see(orders, mara).length === 2)

    expect(slack.see(orders, mara).map((each) => each.text)).toEqual([list?.text, 'Booked.'])
  })

  it("on an exception's card that a mention brought up tells what came of it, for no dispatcher knows it", async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    host.onCommand = async () => ({ card: exceptionCard(), text: 'the card' })
    await slack.mention('open 41', orders, mara)
    await slack.until('the card', () => slack.see(orders).length === 2)
    await slack.press(orders, slack.see(orders)[1]?.ts ?? '', 'Book the receipt', mara)
    await slack.until('the answer', () => slack.see(orders, mara).length === 3)
    expect(slack.see(orders, mara).at(-1)).toMatchObject({ ephemeral: true, text: 'Booked.' })
  })

  it('on an old list shows the current card beside it, and leaves the list alone', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    host.onPress = async () => host.answer('stale', 'The card has changed.', exceptionCard({}, 4))
    await slack.command('/baton open', orders, mara)
    await slack.until('the list', () => slack.see(orders, mara).length === 1)

    await slack.press(orders, slack.see(orders, mara)[0]?.ts ?? '', 'Book the receipt', mara)
    await slack.until('the answer', () => slack.see(orders, mara).length === 2)

    const [list, card] = slack.see(orders, mara)
    expect(list?.text).toContain('2 open')
    expect(card?.text).toContain('The card has changed.')
    expect(card?.buttons.map((each) => each.label)).toContain('Book the receipt')
  })

  it('of a risky action is confirmed in Slack before it is sent', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    const ts = await postCard(rig)
    expect(() => slack.press(orders, ts, 'Cancel the order', mara)).toThrow('This cannot be taken back.')
    await slack.press(orders, ts, 'Cancel the order', mara, true)
    expect(host.presses[0]?.action).toBe('shop.cancel')
  })

  it('of a command button runs the command, and answers the one who pressed', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    const ts = await postCard(rig, listCard)
    host.onCommand = async () => ({ card: exceptionCard(), text: 'the card' })

    await slack.press(orders, ts, 'Show #41', mara)
    await slack.until('the answer', () => slack.see(orders, mara).length === 2)

    expect(host.commands).toMatchObject([{ text: 'open 41', channel: orders.id }])
    expect(slack.see(orders, mara).at(-1)).toMatchObject({ ephemeral: true })
    expect(slack.see(orders, mara).at(-1)?.text).toContain('Receipt 1001 is not in the ERP')
  })

  it('of a button that this version does not know is answered with what to type', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    const stranger = {
      type: 'button',
      action_id: 'old',
      text: { type: 'plain_text', text: 'Old' },
      value: 'x:1',
    }
    const blocks = [{ type: 'actions', elements: [stranger] }]
    const common = { channel: orders.id, from: 'app', thread: null, visibleTo: null }
    const { ts } = slack.world.post({ ...common, text: 'old', blocks })

    expect((await slack.press(orders, ts, 'Old', mara)).state).toBe('acked')
    await slack.until('the answer', () => slack.see(orders, mara).length === 2)
    expect(slack.see(orders, mara).at(-1)?.text).toContain('/baton open')
    expect(host.presses).toEqual([])
  })
})

describe.each(MODES)('a press in a thread over %s', (mode) => {
  let rig: Rig
  afterEach(() => rig.stop())

  /** Mara asked by a mention, and has the answer in the thread of her message. */
  const asked = async () => {
    rig = await startRig(mode)
    const { slack, orders, mara } = rig
    await slack.mention('open', orders, mara)
    await slack.until('the answer', () => slack.see(orders).length === 2)
    const [question, list] = slack.see(orders)
    if (!question || !list) throw new Error('she was answered')
    return { thread: question.ts, ts: list.ts }
  }
  const lastSeen = () => rig.slack.see(rig.orders, rig.mara).at(-1)

  it('is answered in that thread, to the one who pressed, and so is a press on that answer', async () => {
    const { thread, ts } = await asked()
    const { slack, orders, mara } = rig
    const jo = slack.addUser('jo')
    await slack.press(orders, ts, 'Show #41', mara)
    await slack.until('the answer', () => slack.see(orders, mara).length === 3)
    expect(lastSeen()).toMatchObject({ ephemeral: true, thread })
    expect(slack.see(orders, jo)).toHaveLength(2)

    await slack.press(orders, lastSeen()?.ts ?? '', 'Show #41', mara)
    await slack.until('the second answer', () => slack.see(orders, mara).length === 4)
    expect(lastSeen()).toMatchObject({ ephemeral: true, thread })
  })

  it('is answered in that thread although the response URL does not take it', async () => {
    const { thread, ts } = await asked()
    const { slack, orders, mara } = rig
    for (let i = 0; i < 2; i++) slack.fault('response_url', { is: 'status', status: 500, applied: false })
    await slack.press(orders, ts, 'Show #41', mara)
    await slack.until('the answer', () => slack.see(orders, mara).length === 3)
    expect(lastSeen()).toMatchObject({ ephemeral: true, thread, text: '2 open exceptions' })
  })

  it('on the message from which a thread hangs is answered in the channel', async () => {
    await asked()
    const { slack, orders, mara } = rig
    const ts = await postCard(rig)
    const parent = slack.world.message(orders.id, ts)
    if (!parent) throw new Error('the card was posted')
    parent.thread = ts
    rig.host.onPress = async () => rig.host.answer('stale', 'The card has changed.')
    await slack.press(orders, ts, 'Book the receipt', mara)
    await slack.until('the answer', () => lastSeen()?.ephemeral === true)
    expect(lastSeen()).toMatchObject({ text: 'The card has changed.', thread: null })
  })
})

describe('a press delivered twice', () => {
  it('carries the same key, and another press another one', async () => {
    const rig = await startRig('socket')
    const { slack, host, orders, mara } = rig
    const ts = await postCard(rig)
    const first = await slack.press(orders, ts, 'Book the receipt', mara)
    await slack.redeliver(first)
    await slack.press(orders, ts, 'Book the receipt', mara)

    const keys = host.presses.map((each) => each.interactionKey)
    expect(keys[1]).toBe(keys[0])
    expect(keys[2]).not.toBe(keys[0])
    await rig.stop()
  })
})
