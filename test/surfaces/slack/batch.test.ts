import { afterEach, describe, expect, it } from 'vitest'
import { batchCard } from '../../../src/app/batch-card.ts'
import { batchOffered, batchStarted, member } from '../../support/batches.ts'
import { MODES, postCard, type Rig, startRig } from './rig.ts'

const NOW = new Date('2026-11-23T06:12:00Z')
const offer = batchCard(batchOffered([member(1), member(2)]), NOW)
const members = [
  member(1, { state: 'done' }),
  member(2, { state: 'failed', words: 'erp: <period> 11 & all is closed.' }),
  member(3, { state: 'waiting' }),
]
const running = batchCard(batchStarted(members), NOW)
const finished = batchCard(batchStarted(members.slice(0, 2), { state: 'finished', version: 3 }), NOW)

describe.each(MODES)('many at once over %s', (mode) => {
  let rig: Rig
  afterEach(() => rig.stop())

  it('is offered to the one who asked, pressed there, and said to have begun', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    host.onCommand = async () => ({ card: offer, text: 'for all 2' })
    host.onPress = async () =>
      host.answer('acted', 'Book the receipt: started for 2. Follow it in #receiving.', running)
    await slack.command('/baton fix receipt-booked', orders, mara)
    await slack.until('the offer', () => slack.see(orders, mara).length === 1)
    const ts = slack.see(orders, mara)[0]?.ts ?? ''
    expect((await slack.press(orders, ts, 'Book the receipt for 2', mara)).state).toBe('acked')
    expect(host.presses).toMatchObject([
      { exception: 'batch:7', action: 'erp.book_receipt', version: 1, values: {} },
    ])
    await slack.until('the answer', () => slack.see(orders, mara).length === 2)
    expect(slack.see(orders, mara).at(-1)).toMatchObject({
      ephemeral: true,
      text: 'Book the receipt: started for 2. Follow it in #receiving.',
    })
  })

  it('has one card, which is updated in place, and is stopped by its button without further words', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara, deliver } = rig
    const ts = await postCard(rig, running)
    expect(slack.see(orders, mara)[0]?.text).toContain('1 of 3 done, 1 failed, 1 to go')
    await slack.press(orders, ts, 'Stop', mara)
    expect(host.presses).toMatchObject([{ exception: 'batch:7', action: 'stop', version: 2 }])
    const posted = await deliver.post(orders.id, running)
    if (!posted.ok) throw new Error(posted.failure.words)
    expect(await deliver.update(posted.value, finished)).toEqual({ ok: true, value: null })
    expect(slack.see(orders, mara).at(-1)).toMatchObject({
      edited: true,
      buttons: [{ label: 'Try the one again', style: 'primary' }, { label: 'Show them one by one' }],
    })
    await rig.surface.stop()
    expect(slack.calls('response_url')).toEqual([])
  })

  it('on an old card puts the current one in its place', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    host.onPress = async () => host.answer('stale', 'The card has changed.', finished)
    const ts = await postCard(rig, running)
    await slack.press(orders, ts, 'Stop', mara)
    await slack.until('the answer', () => slack.see(orders, mara).length === 2)
    expect(slack.see(orders, mara)[0]).toMatchObject({ ts, edited: true })
    expect(slack.see(orders, mara)[0]?.text).toContain('1 of 2 done, 1 failed')
  })
})
