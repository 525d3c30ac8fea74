import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Delivered, DeliveryFailure } from '../../../src/app/surface.ts'
import { createSlack } from '../../../src/surfaces/slack/index.ts'
import type { Fault } from '../../support/slack/server.ts'
import { exceptionCard } from './cards.ts'
import { configFor, FakeHost, NO_KEEP, QUICK, type Rig, recordingLog, startRig } from './rig.ts'

let rig: Rig
beforeEach(async () => {
  rig = await startRig('http')
})
afterEach(() => rig.stop())

const failureOf = (delivered: Delivered<unknown>): DeliveryFailure => {
  if (delivered.ok) throw new Error('it was delivered')
  return delivered.failure
}

const refOf = (delivered: Delivered<string>): string => {
  if (!delivered.ok) throw new Error(delivered.failure.words)
  return delivered.value
}

describe('posting a card', () => {
  it('shows it to everyone in the channel, with its buttons', async () => {
    const { deliver, orders, slack, mara } = rig
    expect((await deliver.post(orders.id, exceptionCard())).ok).toBe(true)
    const [card] = slack.see(orders, mara)
    expect(card?.text).toContain('🔴 Receipt 1001 is not in the ERP')
    expect(card?.fallback).toBe('Receipt 1001: received by wms, not booked by erp for 3 h')
    expect(card?.buttons.map((each) => each.label)).toEqual([
      'Book the receipt',
      'Cancel the order',
      'Dismiss',
      'Fixed by hand',
    ])
  })

  it('names the channel by its id, also when it was given by name', async () => {
    const { deliver, orders, slack } = rig
    const ref = refOf(await deliver.post('#orders', exceptionCard()))
    expect(ref).toBe(`${orders.id}:${slack.see(orders)[0]?.ts}`)
  })
})

describe('updating a card', () => {
  it('changes it in place', async () => {
    const { deliver, orders, slack } = rig
    const ref = refOf(await deliver.post(orders.id, exceptionCard()))
    const done = exceptionCard({ title: 'Receipt 1001 was booked', tone: 'good', blocks: [] }, 4)
    expect(await deliver.update(ref, done)).toEqual({ ok: true, value: null })
    expect(slack.see(orders)).toHaveLength(1)
    expect(slack.see(orders)[0]).toMatchObject({ edited: true, buttons: [] })
    expect(slack.see(orders)[0]?.text).toBe('✅ Receipt 1001 was booked')
  })

  it('that somebody deleted says that it is gone', async () => {
    const { deliver, orders, slack } = rig
    const ref = refOf(await deliver.post(orders.id, exceptionCard()))
    slack.deleteMessage(orders, slack.see(orders)[0]?.ts ?? '')
    expect(failureOf(await deliver.update(ref, exceptionCard())).is).toBe('gone')
  })

  it('that is no Slack message says that it is gone, and asks Slack nothing', async () => {
    expect(failureOf(await rig.deliver.update('19:abc@thread', exceptionCard())).is).toBe('gone')
    expect(rig.slack.calls('chat.update')).toEqual([])
  })
})

describe('a channel that cannot be written to', () => {
  it.each([
    ['nowhere', {}, 'Slack knows no such channel'],
    ['archived', { archived: true }, 'the channel is archived'],
    ['not-invited', { botIsMember: false }, 'type /invite @Baton there'],
    ['private', { private: true, botIsMember: false }, 'Baton was not invited'],
  ])('(%s) is named as such, with what to do', async (name, state, words) => {
    const { deliver, slack } = rig
    if (name !== 'nowhere') slack.addChannel(name, state)
    const failure = failureOf(await deliver.post(name, exceptionCard()))
    expect(failure.is).toBe('channel_unusable')
    expect(failure.words).toContain(words)
  })

  it('is noticed on an update as well', async () => {
    const { deliver, orders } = rig
    const ref = refOf(await deliver.post(orders.id, exceptionCard()))
    orders.archived = true
    expect(failureOf(await deliver.update(ref, exceptionCard())).is).toBe('channel_unusable')
  })
})

describe('Slack being slow, down or full', () => {
  it('asks the dispatcher to wait exactly as long as Slack says, and does not wait itself', async () => {
    const { deliver, orders, slack } = rig
    slack.fault('chat.postMessage', { is: 'rate_limited', retryAfterSeconds: 17 })
    const failure = failureOf(await deliver.post(orders.id, exceptionCard()))
    expect(failure).toMatchObject({ is: 'later', retryAfterMs: 17_000 })
    expect(slack.calls('chat.postMessage')).toHaveLength(1)
  })

  it('one busy channel does not hold up another', async () => {
    const { deliver, orders, slack } = rig
    const returns = slack.addChannel('returns')
    const results: boolean[] = []
    for (let i = 0; i < 6; i += 1) results.push((await deliver.post(orders.id, exceptionCard())).ok)
    expect(results).toContain(false)
    expect((await deliver.post(returns.id, exceptionCard())).ok).toBe(true)
  })

  const uncertain: [string, Fault][] = [
    ['a 500 after it was accepted', { is: 'status', status: 500, applied: true }],
    ['a 503 before', { is: 'status', status: 503, applied: false }],
    ['a connection cut after it was accepted', { is: 'reset', applied: true }],
    ['fatal_error', { is: 'error', error: 'fatal_error' }],
  ]
  it.each(uncertain)(
    '%s leaves it open whether the card is there, and is never tried again here',
    async (_, fault) => {
      const { deliver, orders, slack } = rig
      slack.fault('chat.postMessage', fault)
      expect(failureOf(await deliver.post(orders.id, exceptionCard())).is).toBe('ambiguous')
      expect(slack.calls('chat.postMessage')).toHaveLength(1)
      expect(slack.see(orders)).toHaveLength('applied' in fault && fault.applied ? 1 : 0)
    },
  )

  it('an answer that never comes is given up, and leaves it open as well', async () => {
    const { slack, orders } = rig
    slack.fault('chat.postMessage', { is: 'hang', applied: true })
    const { log } = recordingLog()
    const quick = createSlack(configFor(slack, 'http'), new FakeHost(), {
      log,
      keep: NO_KEEP,
      timing: { requestMs: 50 },
    })
    const failure = failureOf(
      (await quick.deliver?.post(orders.id, exceptionCard())) ?? { ok: true, value: '' },
    )
    expect(failure.is).toBe('ambiguous')
  })

  it('nobody listening there means that nothing was sent', async () => {
    const closed = createServer()
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
    const { port } = closed.address() as AddressInfo
    await new Promise((resolve) => closed.close(resolve))
    const { log } = recordingLog()
    const access = { by: 'token', botToken: 'xoxb-1' } as const
    const config = { access, apiUrl: `http://127.0.0.1:${port}/api/` }
    const nowhere = createSlack({ ...config, receive: { by: 'http', signingSecret: 'x' } }, new FakeHost(), {
      log,
      keep: NO_KEEP,
      timing: QUICK,
    })
    const failure = failureOf((await nowhere.deliver?.post('C1', exceptionCard())) ?? { ok: true, value: '' })
    expect(failure).toMatchObject({ is: 'later', words: 'Slack cannot be reached' })
  })
})

describe('what an admin or a developer must look at', () => {
  it('a revoked token is named, with the way out', async () => {
    const { deliver, orders, slack } = rig
    slack.revokeTokens()
    const failure = failureOf(await deliver.post(orders.id, exceptionCard()))
    expect(failure.is).toBe('locked_out')
    expect(failure.words).toContain('the token was revoked: reinstall the app')
  })

  it('a card that Slack finds fault with is refused with the rule that was broken, and without its content', async () => {
    const { deliver, orders, slack, logged } = rig
    slack.refuseBlocks('must be less than 151 characters [json-pointer:/blocks/0/text/text]')
    const failure = failureOf(await deliver.post(orders.id, exceptionCard()))
    expect(failure).toEqual({
      is: 'rejected',
      words:
        'Slack refused it: invalid_blocks; must be less than 151 characters [json-pointer:/blocks/0/text/text]',
    })
    expect(logged.join('\n')).not.toContain('Receipt 1001')
  })
})
