import { expect, it } from 'vitest'
import { sdkLogger } from '../../../src/surfaces/slack/client.ts'
import { exceptionCard } from './cards.ts'
import { MODES, postCard, recordingLog, startRig } from './rig.ts'

it.each(MODES)(
  'over %s the log holds no token, no address that works like one, and no content',
  async (mode) => {
    const rig = await startRig(mode)
    const { slack, host, orders, mara, deliver, logged } = rig
    const ts = await postCard(rig)
    host.onPress = async () => Promise.reject(new Error('the database is away'))
    await slack.press(orders, ts, 'Book the receipt', mara)
    await slack.until('the answer', () => slack.see(orders, mara).length === 2)
    slack.fault('response_url', { is: 'status', status: 500, applied: false })
    slack.fault('response_url', { is: 'status', status: 500, applied: false })
    await slack.command('/baton find 1001', orders, mara)
    await slack.until('both tries', () => slack.calls('response_url').length === 3)
    slack.fault('chat.postMessage', { is: 'reset', applied: false })
    await deliver.post(orders.id, exceptionCard())
    slack.fault('chat.postMessage', { is: 'error', error: 'invalid_blocks' })
    await slack.mention('find 1001', orders, mara)
    await slack.until('the refusal', () => slack.server.faults.length === 0)
    await rig.stop()

    const log = logged.join('\n')
    expect(logged.length).toBeGreaterThan(3)
    for (const secret of [slack.botToken, slack.appToken, slack.signingSecret])
      expect(log).not.toContain(secret)
    expect(log).not.toMatch(/xox|xapp|ticket=|\/actions\//)
    expect(log).not.toMatch(/1001|find|mara/)
  },
)

it('tokens and addresses in what the SDK logs are blotted out, and its debug lines are dropped', () => {
  const { log, logged } = recordingLog()
  const sdk = sdkLogger(log)
  sdk.debug('http request body: {"text":"Receipt 1001"}')
  sdk.info('anything')
  sdk.warn(
    'could not open',
    'wss://wss-primary.slack.test/link/?ticket=1-2',
    new Error('xapp-1-A-2 and xoxb-3-4 failed'),
  )
  sdk.error(new Error('https://hooks.slack.test/actions/T1/2/3 answered 500'))
  expect(logged.map((line) => JSON.parse(line).message)).toEqual([
    'could not open [address] [token] and [token] failed',
    '[address] answered 500',
  ])
})
