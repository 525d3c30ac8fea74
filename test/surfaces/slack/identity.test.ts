import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Identity } from '../../../src/app/surface.ts'
import { createSlack } from '../../../src/surfaces/slack/index.ts'
import { type SlackDouble, startSlackDouble } from '../../support/slack/double.ts'
import type { Channel, User } from '../../support/slack/world.ts'
import { configFor, declared, FakeHost, NO_KEEP, QUICK, recordingLog } from './rig.ts'

describe('who somebody is', () => {
  let slack: SlackDouble
  let host: FakeHost
  let orders: Channel
  let stop: () => Promise<void>
  let now = Date.now()

  const start = async (scopes = declared().scopes): Promise<void> => {
    slack = await startSlackDouble({ ...declared(), scopes })
    host = new FakeHost()
    const deps = { log: recordingLog().log, keep: NO_KEEP, clock: () => new Date(now), timing: QUICK }
    const surface = createSlack(configFor(slack, 'socket'), host, deps)
    await surface.start()
    orders = slack.addChannel('orders')
    stop = surface.stop
  }
  beforeEach(() => start())
  afterEach(async () => {
    await stop()
    await slack.stop()
  })

  const asks = async (user: User): Promise<Identity | undefined> => {
    const before = slack.see(orders, user).length
    await slack.command('/baton open', orders, user)
    await slack.until('the answer', () => slack.see(orders, user).length > before)
    return host.commands.at(-1)?.identity
  }

  it('comes with the groups they are in, and the e-mail that Slack has seen confirmed', async () => {
    const mara = slack.addUser('mara', { email: 'mara@example.test' })
    const group = slack.addGroup('receiving', [mara])
    slack.addGroup('others', [])
    expect(await asks(mara)).toMatchObject({ email: 'mara@example.test', groups: [group.id] })
  })

  it.each([
    ['was never confirmed', { emailConfirmed: false }],
    ['is of a guest', { guest: true }],
    ['is of another workspace', { team: 'T0OTHER' }],
  ])('comes without an e-mail that %s', async (_why, more) => {
    const jo = slack.addUser('jo', { email: 'jo@example.test', ...more })
    expect(await asks(jo)).toMatchObject({ email: null, groups: [] })
  })

  it.each([
    ['a guest', { guest: true }, true],
    ['of another workspace', { team: 'T0OTHER' }, true],
    ['a member whose address was never confirmed', { emailConfirmed: false }, false],
  ])('is told to be an outsider or not: %s', async (_who, more, isOutsider) => {
    expect(await asks(slack.addUser('jo', { email: 'jo@example.test', ...more }))).toMatchObject({
      isOutsider,
    })
  })

  it('is asked once in ten minutes, and at once when the groups change', async () => {
    const mara = slack.addUser('mara')
    const group = slack.addGroup('receiving', [mara])
    await asks(mara)
    now += 9 * 60_000
    group.users = []
    expect((await asks(mara))?.groups).toEqual([group.id])
    expect(slack.calls('users.info')).toHaveLength(1)
    expect(slack.calls('usergroups.list')).toHaveLength(1)

    await slack.event({ type: 'subteam_members_changed', subteam_id: group.id })
    expect((await asks(mara))?.groups).toEqual([])
    group.users = [mara.id]
    now += 11 * 60_000
    expect((await asks(mara))?.groups).toEqual([group.id])
    expect(slack.calls('users.info')).toHaveLength(2)
  })

  it('is kept while Slack will not say, but for an hour at most', async () => {
    const mara = slack.addUser('mara', { email: 'mara@example.test' })
    const group = slack.addGroup('receiving', [mara])
    await asks(mara)
    const away = { is: 'status', status: 503, applied: false } as const
    now += 11 * 60_000
    for (const method of ['users.info', 'usergroups.list']) slack.fault(method, away)
    expect(await asks(mara)).toMatchObject({ email: 'mara@example.test', groups: [group.id] })
    now += 60 * 60_000
    for (const method of ['users.info', 'usergroups.list']) slack.fault(method, away)
    expect(await asks(mara)).toEqual({
      surface: 'slack',
      externalId: `T0BATON:${mara.id}`,
      displayName: 'mara',
    })
  })

  it('is without groups where Slack does not let Baton read them, and that is not asked again and again', async () => {
    await stop()
    await slack.stop()
    await start(declared().scopes.filter((scope) => scope !== 'usergroups:read'))
    const mara = slack.addUser('mara')
    expect(await asks(mara)).not.toHaveProperty('groups')
    await asks(mara)
    expect(slack.calls('usergroups.list')).toHaveLength(1)
  })
})
