import { describe, expect, it } from 'vitest'
import { readSlackConfig } from '../../../src/surfaces/slack/config.ts'

const BOT = { SLACK_BOT_TOKEN: 'xoxb-1' }
const INSTALL = { SLACK_CLIENT_ID: '1.2', SLACK_CLIENT_SECRET: 'c', SLACK_STATE_SECRET: 's' }

describe('the Slack settings', () => {
  it('may all be absent, or empty as in a copied .env: then there is no Slack', () => {
    expect(readSlackConfig({})).toBeNull()
    expect(readSlackConfig({ SLACK_BOT_TOKEN: '', SLACK_APP_TOKEN: ' ' })).toBeNull()
  })

  it('with an app-level token mean Socket Mode, also beside a signing secret', () => {
    expect(readSlackConfig({ ...BOT, SLACK_APP_TOKEN: 'xapp-1', SLACK_SIGNING_SECRET: 's' })).toEqual({
      access: { by: 'token', botToken: 'xoxb-1' },
      apiUrl: 'https://slack.com/api/',
      receive: { by: 'socket', appToken: 'xapp-1' },
    })
  })

  it('with a signing secret alone mean HTTP mode, at any address that is set', () => {
    const env = { ...BOT, SLACK_SIGNING_SECRET: 's', SLACK_API_URL: 'http://127.0.0.1:4000/api' }
    expect(readSlackConfig(env)).toEqual({
      access: { by: 'token', botToken: 'xoxb-1' },
      apiUrl: 'http://127.0.0.1:4000/api/',
      receive: { by: 'http', signingSecret: 's' },
    })
  })

  it('with a client id mean installing in several workspaces, those that are named', () => {
    const env = { ...INSTALL, SLACK_WORKSPACES: 'T1, E2', SLACK_APP_TOKEN: 'xapp-1' }
    expect(readSlackConfig(env)?.access).toEqual({
      by: 'install',
      clientId: '1.2',
      clientSecret: 'c',
      stateSecret: 's',
      workspaces: ['T1', 'E2'],
    })
  })

  it.each([
    [BOT, /set SLACK_APP_TOKEN \(Socket Mode\) or SLACK_SIGNING_SECRET \(HTTP mode\)/],
    [{ SLACK_APP_TOKEN: 'xapp-1' }, /^SLACK_BOT_TOKEN is missing/],
    [{ SLACK_BOT_TOKEN: 'xoxp-1', SLACK_APP_TOKEN: 'xapp-1' }, /^SLACK_BOT_TOKEN is not a bot token/],
    [{ ...BOT, SLACK_APP_TOKEN: 'xoxb-1' }, /^SLACK_APP_TOKEN is not an app-level token/],
    [{ ...BOT, SLACK_CLIENT_ID: '1.2' }, /both set: keep the token for one workspace/],
    [{ SLACK_CLIENT_ID: '1.2', SLACK_APP_TOKEN: 'xapp-1' }, /^SLACK_CLIENT_SECRET is missing/],
    [{ ...INSTALL, SLACK_STATE_SECRET: '' }, /^SLACK_STATE_SECRET is missing/],
    [INSTALL, /^SLACK_CLIENT_ID is set, but not how Slack reaches Baton/],
    [{ ...INSTALL, SLACK_WORKSPACES: 'acme' }, /^SLACK_WORKSPACES is not a list of workspace ids/],
    [{ ...BOT, SLACK_SIGNING_SECRET: 's', SLACK_API_URL: 'slack.com' }, /^SLACK_API_URL is not an http/],
  ])('that are wrong (%o) are named, with the fix, and without their value', (env, words) => {
    expect(() => readSlackConfig(env)).toThrow(words)
    expect(() => readSlackConfig(env)).not.toThrow(/xoxp-1|xapp-1/)
  })
})
