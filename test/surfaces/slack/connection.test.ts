import { afterEach, describe, expect, it, vi } from 'vitest'
import { UserError } from '../../../src/app/errors.ts'
import { createSlack } from '../../../src/surfaces/slack/index.ts'
import { type SlackDouble, startSlackDouble } from '../../support/slack/double.ts'
import {
  configFor,
  declared,
  FakeHost,
  MODES,
  NO_KEEP,
  postCard,
  QUICK,
  type Rig,
  recordingLog,
  startRig,
} from './rig.ts'

const WRONG_TOKEN = { access: { by: 'token', botToken: 'xoxb-wrong' } as const }

describe('the Socket Mode connection', () => {
  let rig: Rig
  afterEach(() => rig.stop())

  /** That the connection is up is seen by a press that arrives. */
  async function pressArrives(): Promise<void> {
    const { slack, host, orders, mara } = rig
    const before = host.presses.length
    const ts = await postCard(rig)
    expect((await slack.press(orders, ts, 'Book the receipt', mara)).state).toBe('acked')
    expect(host.presses).toHaveLength(before + 1)
  }

  const reconnected = (): Promise<void> =>
    rig.slack.until('a second connection', () => rig.slack.greeted === 2 && rig.slack.sockets === 1)

  it('moves at once when Slack asks it to', async () => {
    rig = await startRig('socket')
    const { slack } = rig
    const opened = slack.calls('apps.connections.open').length
    slack.refreshSockets()
    await reconnected()
    expect(slack.calls('apps.connections.open')).toHaveLength(opened + 1)
    await pressArrives()
  })

  it('comes back after the network dropped it', async () => {
    rig = await startRig('socket')
    const { slack } = rig
    slack.dropSockets()
    await reconnected()
    await pressArrives()
  })

  it('survives failures to reconnect that would end the process, and recovers', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    rig = await startRig('socket')
    const { slack, logged } = rig
    slack.fault('apps.connections.open', { is: 'status', status: 503, applied: false })
    slack.fault('apps.connections.open', { is: 'reset', applied: false })
    slack.fault('apps.connections.open', { is: 'error', error: 'invalid_auth' })
    slack.fault('apps.connections.open', { is: 'rate_limited', retryAfterSeconds: 0 })
    slack.dropSockets()
    await reconnected()
    await pressArrives()
    expect(unhandled).not.toHaveBeenCalled()
    expect(logged.filter((line) => line.includes('The Slack connection failed'))).toHaveLength(4)
    process.off('unhandledRejection', unhandled)
  })

  it('does not take a silent line for a connection', async () => {
    rig = await startRig('socket', { helloMs: 50 })
    const { slack, logged } = rig
    slack.silentSockets = 1
    slack.dropSockets()
    await reconnected()
    await pressArrives()
    expect(logged.join('\n')).toContain('did not say hello')
  })

  it('a press that nobody receives is seen as an error by the person', async () => {
    rig = await startRig('socket')
    const { slack, orders, mara } = rig
    const ts = await postCard(rig)
    await rig.surface.stop()
    await slack.until('it is gone', () => slack.sockets === 0)
    expect(await slack.press(orders, ts, 'Book the receipt', mara)).toMatchObject({
      state: 'failed',
      failure: 'no_connection',
    })
  })
})

describe('stopping', () => {
  it.each(MODES)('over %s lets a press that is under way finish and be answered', async (mode) => {
    const rig = await startRig(mode)
    const { slack, host, orders, mara } = rig
    const ts = await postCard(rig)
    let stopping: Promise<void> = Promise.resolve()
    host.onPress = async () => {
      stopping = rig.surface.stop()
      return host.answer('not_allowed', 'Only leads may do that.')
    }
    expect((await slack.press(orders, ts, 'Book the receipt', mara)).state).toBe('acked')
    await stopping
    expect(slack.see(orders, mara).at(-1)?.text).toBe('Only leads may do that.')
    await rig.stop()
  })
})

describe('starting', () => {
  let slack: SlackDouble
  afterEach(() => slack.stop())

  it.each(MODES)(
    'over %s with a token that Slack does not accept says what to mend, and leaves nothing running',
    async (mode) => {
      slack = await startSlackDouble(declared())
      const config = { ...configFor(slack, mode), ...WRONG_TOKEN }
      const surface = createSlack(config, new FakeHost(), {
        log: recordingLog().log,
        keep: NO_KEEP,
        timing: QUICK,
      })
      await expect(surface.start()).rejects.toThrow(
        new UserError(
          'Slack refuses SLACK_BOT_TOKEN: the token is not valid: copy it again from the settings of the app',
        ),
      )
      expect(slack.sockets).toBe(0)
    },
  )

  it('with a wrong app-level token names that one', async () => {
    slack = await startSlackDouble(declared())
    const config = {
      ...configFor(slack, 'socket'),
      receive: { by: 'socket', appToken: 'xapp-wrong' } as const,
    }
    const timing = { ...QUICK, pauseMs: 1, maxPauseMs: 1 }
    const surface = createSlack(config, new FakeHost(), { log: recordingLog().log, keep: NO_KEEP, timing })
    await expect(surface.start()).rejects.toThrow('Slack refuses SLACK_APP_TOKEN: the token is not valid')
    // It does not go on knocking: in twenty round trips there was time for several tries.
    for (let i = 0; i < 20; i += 1) await fetch(`${slack.apiUrl}auth.test`, { method: 'POST' })
    expect(slack.calls('apps.connections.open').length).toBeLessThanOrEqual(2)
  })

  it('while Slack is down succeeds, and connects when it is back', async () => {
    slack = await startSlackDouble(declared())
    slack.fault('auth.test', { is: 'status', status: 503, applied: false })
    slack.fault('apps.connections.open', { is: 'error', error: 'internal_error' })
    const { log, logged } = recordingLog()
    const surface = createSlack(configFor(slack, 'socket'), new FakeHost(), {
      log,
      keep: NO_KEEP,
      timing: QUICK,
    })
    await surface.start()
    expect(logged.join('\n')).toContain('Slack cannot be reached; Baton keeps trying')
    await slack.until('it connects', () => slack.sockets === 1)
    await surface.stop()
  })

  it('without a scope says which one, and goes on', async () => {
    slack = await startSlackDouble({ ...declared(), scopes: ['chat:write', 'commands'] })
    const { log, logged } = recordingLog()
    const surface = createSlack(configFor(slack, 'socket'), new FakeHost(), {
      log,
      keep: NO_KEEP,
      timing: QUICK,
    })
    await surface.start()
    expect(logged.join('\n')).toContain('the app lacks app_mentions:read')
    expect(slack.sockets).toBe(1)
    await surface.stop()
  })
})

describe('the probe of baton doctor', () => {
  let slack: SlackDouble
  afterEach(() => slack.stop())
  const probe = async (mode: 'socket' | 'http', change: object = {}): Promise<string> =>
    createSlack({ ...configFor(slack, mode), ...change }, new FakeHost(), {
      log: recordingLog().log,
      keep: NO_KEEP,
      timing: QUICK,
    }).probe()

  it('names the bot, the workspace and the mode', async () => {
    slack = await startSlackDouble(declared())
    expect(await probe('socket')).toBe('Slack: @baton in Example Retail, Socket Mode')
    expect(await probe('http')).toBe('Slack: @baton in Example Retail, HTTP mode at /slack/events')
    expect(slack.sockets).toBe(0)
  })

  it('names what to mend', async () => {
    slack = await startSlackDouble({ ...declared(), scopes: ['commands'] })
    await expect(probe('http')).rejects.toThrow('the app lacks app_mentions:read, chat:write')
    await expect(probe('http', WRONG_TOKEN)).rejects.toThrow('SLACK_BOT_TOKEN')
    await expect(probe('http', { apiUrl: 'http://127.0.0.1:9/api/' })).rejects.toThrow(
      'Slack cannot be reached at http://127.0.0.1:9/api/',
    )
  })
})
