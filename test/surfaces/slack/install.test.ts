import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Keep } from '../../../src/app/keep.ts'
import type { Surface } from '../../../src/app/surface.ts'
import { cipherOf } from '../../../src/db/cipher.ts'
import { type Connection, connect } from '../../../src/db/connect.ts'
import { createKeep } from '../../../src/db/keep.ts'
import { readSlackConfig } from '../../../src/surfaces/slack/config.ts'
import { createSlack } from '../../../src/surfaces/slack/index.ts'
import { testDatabase } from '../../support/database.ts'
import { type SlackDouble, startSlackDouble } from '../../support/slack/double.ts'
import { exceptionCard } from './cards.ts'
import { declared, FakeHost, MODES, type Mode, QUICK, recordingLog } from './rig.ts'

const HOUR = 3_600_000

describe.each(MODES)('Baton installed in several workspaces over %s', (mode) => {
  const database = testDatabase()
  let slack: SlackDouble
  let connection: Connection
  let keep: Keep
  let now: number
  const stops: (() => Promise<void>)[] = []

  beforeEach(async () => {
    connection = connect(database.url)
    await connection.db.execute('truncate surface_keep')
    keep = createKeep(connection.db, 'slack', cipherOf(randomBytes(32).toString('base64')))
    slack = await startSlackDouble(declared())
    slack.addTeam('T1NORTH', 'North')
    slack.addTeam('T2SOUTH', 'South')
    slack.addTeam('T3STRANGE', 'Strange')
    now = slack.clock.now()
  })
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop()
    await slack.stop()
    await connection.close()
  })

  type Replica = { surface: Surface; host: FakeHost; url: string; logged: string[] }

  const start = async (kept = keep, by: Mode = mode, workspaces = 'T1NORTH,T2SOUTH'): Promise<Replica> => {
    const config = readSlackConfig({
      SLACK_CLIENT_ID: slack.client.id,
      SLACK_CLIENT_SECRET: slack.client.secret,
      SLACK_STATE_SECRET: 'a state secret',
      SLACK_WORKSPACES: workspaces,
      SLACK_API_URL: slack.apiUrl,
      ...(by === 'socket'
        ? { SLACK_APP_TOKEN: slack.appToken }
        : { SLACK_SIGNING_SECRET: slack.signingSecret }),
    })
    if (!config) throw new Error('it is configured')
    const host = new FakeHost()
    const { log, logged } = recordingLog()
    const surface = createSlack(config, host, { log, keep: kept, clock: () => new Date(now), timing: QUICK })
    const app = express()
    surface.routes(app)
    const server = createServer(app)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    stops.push(async () => {
      await surface.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    await surface.start()
    if (by === 'http') await slack.deliverOverHttp(`${url}/slack/events`)
    return { surface, host, url, logged }
  }

  /** What an admin's browser does: begins at Baton, admits it at Slack, and comes back. */
  const install = async (
    { url }: Replica,
    team: string,
    change: { state?: string; code?: string; cookie?: string } = {},
  ): Promise<{ status: number; words: string; code: string }> => {
    const begun = await fetch(`${url}/slack/install`, { redirect: 'manual' })
    const at = new URL(begun.headers.get('location') ?? '')
    expect(at.origin + at.pathname).toBe(`${new URL(slack.apiUrl).origin}/oauth/v2/authorize`)
    expect(at.searchParams.get('scope')?.split(',')).toEqual(declared().scopes)
    const code = change.code ?? slack.grants.code(team)
    const state = change.state ?? at.searchParams.get('state') ?? ''
    const cookie = change.cookie ?? begun.headers.get('set-cookie')?.split(';')[0] ?? ''
    const back = await fetch(`${url}/slack/oauth_redirect?${new URLSearchParams({ code, state })}`, {
      headers: { cookie },
    })
    return { status: back.status, words: await back.text(), code }
  }

  const deliverOf = ({ surface }: Replica): NonNullable<Surface['deliver']> => {
    if (!surface.deliver) throw new Error('Slack can post')
    return surface.deliver
  }

  it('keeps tokens encrypted, posts with that of the channel’s workspace, and hears every workspace', async () => {
    const baton = await start()
    expect(await install(baton, 'T1NORTH')).toMatchObject({
      status: 200,
      words: expect.stringContaining('North'),
    })
    expect(await install(baton, 'T2SOUTH')).toMatchObject({ status: 200 })

    const north = slack.addChannel('north', { team: 'T1NORTH' })
    const south = slack.addChannel('south', { team: 'T2SOUTH' })
    const posted = await deliverOf(baton).post(`T2SOUTH/${south.id}`, exceptionCard())
    if (!posted.ok) throw new Error(posted.failure.words)
    expect(posted.value).toMatch(/^T2SOUTH\//)
    expect(await deliverOf(baton).update(posted.value, exceptionCard({ title: 'Later' }))).toMatchObject({
      ok: true,
    })
    expect(slack.see(south)[0]?.text).toContain('Later')
    // The token of one workspace is worth nothing in another.
    expect(await deliverOf(baton).post(`T1NORTH/${south.id}`, exceptionCard())).toMatchObject({
      failure: { is: 'channel_unusable' },
    })
    expect(await deliverOf(baton).post(south.id, exceptionCard())).toMatchObject({
      failure: { is: 'channel_unusable', words: expect.stringContaining('T…/C…') },
    })

    const mara = slack.addUser('mara', { team: 'T1NORTH', email: 'mara@example.test' })
    await slack.command('/baton open', north, mara)
    await slack.until('the answer', () => slack.see(north, mara).length === 1)
    expect(baton.host.commands).toMatchObject([
      {
        channel: `T1NORTH/${north.id}`,
        identity: { externalId: `T1NORTH:${mara.id}`, email: 'mara@example.test' },
      },
    ])
    const rows = await connection.db.execute('select * from surface_keep')
    const stored = JSON.stringify([...rows])
    for (const { token } of slack.grants.all) expect(stored).not.toContain(token)
    expect(baton.logged.join('')).not.toMatch(/xoxb-/)
  })

  it('admits no workspace that is not named, and hands its token back', async () => {
    const baton = await start()
    const { status, words } = await install(baton, 'T3STRANGE')
    expect(status).toBe(403)
    expect(words).toContain('SLACK_WORKSPACES')
    expect(slack.grantsOf('T3STRANGE')).toMatchObject([{ revoked: true }])
    expect(await keep.secret.list('installation')).toEqual([])
  })

  it('serves a workspace no longer that SLACK_WORKSPACES does not name any more', async () => {
    const before = await start()
    await install(before, 'T1NORTH')
    await install(before, 'T2SOUTH')
    await before.surface.stop()
    const baton = await start(keep, mode, 'T1NORTH')
    const south = slack.addChannel('south', { team: 'T2SOUTH' })
    expect(await deliverOf(baton).post(`T2SOUTH/${south.id}`, exceptionCard())).toMatchObject({
      failure: { is: 'channel_unusable', words: expect.stringContaining('SLACK_WORKSPACES') },
    })
    expect(await baton.surface.probe()).not.toContain('T2SOUTH')
  })

  it('takes a code once, and only with the state of the same browser', async () => {
    const baton = await start()
    const { code } = await install(baton, 'T1NORTH')
    expect((await install(baton, 'T1NORTH', { code })).status).toBe(400)
    expect((await install(baton, 'T1NORTH', { state: 'made.up.state' })).status).toBe(400)
    expect((await install(baton, 'T1NORTH', { cookie: '' })).status).toBe(400)
    expect(slack.grantsOf('T1NORTH')).toHaveLength(1)
  })

  it('renews a token once, though two replicas find it ending at the same moment', async () => {
    slack.grants.rotation = true
    const one = await start()
    const two = await start()
    await install(one, 'T1NORTH')
    const north = slack.addChannel('north', { team: 'T1NORTH' })
    const channel = `T1NORTH/${north.id}`
    expect(await deliverOf(two).post(channel, exceptionCard())).toMatchObject({ ok: true })

    slack.wait(12 * HOUR)
    now += 12 * HOUR
    const posts = await Promise.all([one, two].map((each) => deliverOf(each).post(channel, exceptionCard())))
    expect(posts).toMatchObject([{ ok: true }, { ok: true }])
    expect(slack.grants.renewals).toBe(1)

    // Again, with what the first renewal left behind: the old refresh token is dead.
    slack.wait(12 * HOUR)
    now += 12 * HOUR
    expect(await deliverOf(two).post(channel, exceptionCard())).toMatchObject({ ok: true })
    expect(slack.grants.renewals).toBe(2)
  })

  it('uses the old token while it lives when Slack does not renew it, and says when it never will', async () => {
    slack.grants.rotation = true
    const baton = await start()
    await install(baton, 'T1NORTH')
    const channel = `T1NORTH/${slack.addChannel('north', { team: 'T1NORTH' }).id}`
    slack.wait(12 * HOUR - 300_000)
    now += 12 * HOUR - 300_000
    slack.fault('oauth.v2.access', { is: 'status', status: 503, applied: false })
    expect(await deliverOf(baton).post(channel, exceptionCard())).toMatchObject({ ok: true })
    for (const grant of slack.grants.all) grant.refresh = null
    expect(await deliverOf(baton).post(channel, exceptionCard())).toMatchObject({
      failure: { is: 'channel_unusable', words: expect.stringContaining('install Baton again') },
    })
  })

  it.each([
    ['app_uninstalled', {}],
    ['tokens_revoked', { tokens: { bot: ['U0BATON'] } }],
  ])(
    'on %s forgets that workspace, says so where cards should have gone, and serves the others',
    async (type, more) => {
      const baton = await start()
      await install(baton, 'T1NORTH')
      await install(baton, 'T2SOUTH')
      const north = slack.addChannel('north', { team: 'T1NORTH' })
      const south = slack.addChannel('south', { team: 'T2SOUTH' })
      for (const grant of slack.grantsOf('T1NORTH')) grant.revoked = true
      expect(await deliverOf(baton).post(`T1NORTH/${north.id}`, exceptionCard())).toMatchObject({
        failure: { is: 'channel_unusable', words: expect.stringContaining('the token was revoked') },
      })
      await slack.event({ type, ...more }, 'T1NORTH')
      await baton.surface.stop()
      expect((await keep.secret.list('installation')).map(({ key }) => key)).toEqual(['T2SOUTH'])
      expect(await deliverOf(baton).post(`T1NORTH/${north.id}`, exceptionCard())).toMatchObject({
        failure: { is: 'channel_unusable', words: expect.stringContaining('install it at /slack/install') },
      })
      expect(await deliverOf(baton).post(`T2SOUTH/${south.id}`, exceptionCard())).toMatchObject({ ok: true })
    },
  )

  it('does not start without a key to encrypt tokens with, and says how to make one', async () => {
    await expect(start(createKeep(connection.db, 'slack', cipherOf(undefined)))).rejects.toThrow(
      'BATON_ENCRYPTION_KEY is missing: tokens are only ever kept encrypted. Make one: openssl rand -base64 32',
    )
  })

  it('is seen by the doctor, with where it is installed', async () => {
    const baton = await start()
    expect(await baton.surface.probe()).toContain('no workspace yet: open /slack/install')
    await install(baton, 'T1NORTH')
    expect(await baton.surface.probe()).toContain('installed in North (T1NORTH)')
  })
})
