import { afterEach, describe, expect, it, vi } from 'vitest'
import { UserError } from '../../../src/app/errors.ts'
import { levelsOf } from '../../support/levels.ts'
import { listCard } from './cards.ts'
import { MODES, type Rig, startRig } from './rig.ts'

describe.each(MODES)('a command over %s', (mode) => {
  let rig: Rig
  afterEach(() => rig.stop())

  it('typed as /baton is answered to the one who asked, and to nobody else', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    const jo = slack.addUser('jo')

    const delivery = await slack.command('/baton find AT&T <9>', orders, mara)
    await slack.until('the answer', () => slack.see(orders, mara).length === 1)

    expect(delivery).toMatchObject({ state: 'acked', attempts: [{ retry: 0 }] })
    expect(host.commands).toEqual([
      {
        identity: {
          surface: 'slack',
          externalId: `T0BATON:${mara.id}`,
          displayName: 'mara',
          email: null,
          groups: [],
          isOutsider: false,
        },
        channel: orders.id,
        text: 'find AT&T <9>',
        interactionKey: expect.stringContaining('command:'),
      },
    ])
    expect(slack.see(orders, mara)[0]).toMatchObject({ ephemeral: true, fallback: '2 open exceptions' })
    expect(slack.see(orders, mara)[0]?.buttons.map((each) => each.label)).toContain('Show #41')
    expect(slack.see(orders, jo)).toEqual([])
  })

  it('typed in a direct message stands in no channel', async () => {
    rig = await startRig(mode)
    const { slack, host, mara } = rig
    const direct = slack.addChannel('mara', { id: 'D1' })
    await slack.command('/baton mine', direct, mara)
    await slack.until('the answer', () => slack.see(direct, mara).length === 1)
    expect(host.commands[0]?.channel).toBeNull()
  })

  it('that fails says so without the inner reason; what a person can mend is named', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    const failures = [new Error('relation "facts" does not exist'), new UserError('Usage: find <order>')]
    host.onCommand = async () => {
      throw failures.shift()
    }
    await slack.command('/baton find', orders, mara)
    await slack.until('the first answer', () => slack.see(orders, mara).length === 1)
    await slack.command('/baton find', orders, mara)
    await slack.until('the second answer', () => slack.see(orders, mara).length === 2)
    expect(slack.see(orders, mara).map((each) => each.text)).toEqual([
      'Baton could not answer this just now. Try again in a moment.',
      'Usage: find <order>',
    ])
    expect(levelsOf(rig, 'A command was not answered')).toEqual(['error', 'info'])
  })

  it('asked by a mention is answered in its thread, where everyone sees it', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    await slack.mention('find <tel:4155550123|4155550123> &amp; more', orders, mara)
    await slack.until('the answer', () => slack.see(orders).length === 2)

    expect(host.commands).toMatchObject([{ text: 'find 4155550123 & more', channel: orders.id }])
    const [question, answer] = slack.see(orders)
    expect(answer).toMatchObject({ from: 'app', thread: question?.ts, ephemeral: false })
    expect(answer?.text).toContain('2 open')
  })

  it('asked by a mention is answered although Slack asks to come back later, while somebody waits for it', async () => {
    const waits: number[] = []
    rig = await startRig(mode, {
      pause: async (ms) => {
        waits.push(ms)
        rig.slack.wait(ms)
      },
    })
    const { slack, orders, mara, logged } = rig
    slack.fault('chat.postMessage', { is: 'rate_limited', retryAfterSeconds: 7 })
    slack.fault('chat.postMessage', { is: 'rate_limited', retryAfterSeconds: 11 })
    await slack.mention('open', orders, mara)
    await slack.until('the answer', () => slack.see(orders).length === 2)
    expect(waits).toEqual([7_000, 11_000])

    slack.fault('chat.postMessage', { is: 'rate_limited', retryAfterSeconds: 31 })
    await slack.mention('open', orders, mara)
    await vi.waitFor(() => expect(logged.join()).toContain('was not posted'))
    expect(waits).toEqual([7_000, 11_000])
  })

  it('asked by a mention is answered once at most where nobody knows whether the answer arrived', async () => {
    rig = await startRig(mode)
    const { slack, orders, mara, logged } = rig
    slack.fault('chat.postMessage', { is: 'status', status: 500, applied: true })
    await slack.mention('open', orders, mara)
    await vi.waitFor(() => expect(logged.join()).toContain('was not posted'))
    expect(slack.see(orders)).toHaveLength(2)
  })

  it('asked by a mention names the person, though a mention says only their id', async () => {
    rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    await slack.mention('open', orders, mara)
    await slack.until('the answer', () => slack.see(orders).length === 2)
    expect(host.commands.map((each) => each.identity.displayName)).toEqual(['mara'])
  })

  it('written to Baton directly is answered there, and Baton never answers itself', async () => {
    rig = await startRig(mode)
    const { slack, host, mara } = rig
    await slack.writeDirect('find 1001', mara)
    const direct = slack.world.direct(mara)
    await slack.until('the answer', () => slack.see(direct, mara).length === 2)
    await slack.writeDirect('2 open', mara, { bot_id: 'B0BATON' })
    await slack.writeDirect('deleted', mara, { subtype: 'message_deleted' })
    await rig.surface.stop()
    expect(host.commands).toMatchObject([
      { text: 'find 1001', channel: null, identity: { displayName: 'mara' } },
    ])
    expect(slack.see(direct, mara)[1]).toMatchObject({ from: 'app', thread: null })
  })

  it('whose card Slack refuses is still answered in words', async () => {
    rig = await startRig(mode)
    const { slack, orders, mara } = rig
    slack.fault('response_url', { is: 'status', status: 400, applied: false })
    await slack.command('/baton open', orders, mara)
    await slack.until('the answer', () => slack.see(orders, mara).length === 1)
    expect(slack.see(orders, mara)[0]?.text).toBe(listCard.summary)
  })
})

describe('a mention', () => {
  it('delivered twice is answered once', async () => {
    const rig = await startRig('socket')
    const { slack, host, orders, mara } = rig
    const first = await slack.mention('open', orders, mara)
    await slack.redeliver(first)
    await slack.until('the answer', () => slack.see(orders).length === 2)
    await rig.surface.stop()
    expect(host.commands).toHaveLength(1)
    expect(slack.see(orders)).toHaveLength(2)
    await rig.stop()
  })

  it('of another app, or an edited one, is not answered', async () => {
    const rig = await startRig('socket')
    const { slack, host, orders, mara } = rig
    await slack.mention('open', orders, mara, { bot_id: 'B9' })
    await slack.mention('open', orders, mara, { edited: { user: mara.id, ts: '1.000001' } })
    await rig.surface.stop()
    expect(host.commands).toEqual([])
    await rig.stop()
  })
})
