import { afterEach, beforeEach, expect, it } from 'vitest'
import { exceptionCard } from '../slack/cards.ts'
import { memoryKeep, postCard, type Rig, startRig } from './rig.ts'

let rig: Rig
beforeEach(async () => {
  rig = await startRig({ requestMs: 300 })
})
afterEach(() => rig.stop())

const posted = async ({ deliver, orders }: Rig): Promise<string> => {
  const made = await deliver.post(orders.id, exceptionCard())
  if (!made.ok) throw new Error(made.failure.words)
  return made.value
}

it('posts, changes in place, answers below, and removes', async () => {
  const { teams, deliver, orders } = rig
  await postCard(rig)
  const ref = await posted(rig)
  expect(teams.see(orders).at(-1)).toMatchObject({
    root: null,
    summary: expect.stringContaining('Receipt 1001'),
  })

  expect(await deliver.update(ref, exceptionCard({ title: 'Booked' }, 4))).toEqual({ ok: true, value: null })
  expect(teams.see(orders).at(-1)).toMatchObject({ edited: true, text: expect.stringContaining('Booked') })

  const reply = await deliver.reply(ref, exceptionCard({ title: 'Done' }))
  expect(reply.ok).toBe(true)
  expect(teams.see(orders).at(-1)?.root).toBe(ref.split('|')[1])

  expect(await deliver.remove(ref)).toEqual({ ok: true, value: null })
  expect(await deliver.update(ref, exceptionCard())).toMatchObject({ ok: false, failure: { is: 'gone' } })
})

it('writes to a person, in the one chat there is', async () => {
  const { teams, deliver, mara } = rig
  await teams.install(mara, mara)
  await teams.until('home', () => teams.see(mara).length === 1)
  const who = `${teams.tenantId}:${mara.aadObjectId}`
  expect(await deliver.notify(who, exceptionCard())).toMatchObject({ ok: true })
  expect(teams.see(mara)).toHaveLength(2)
})

it('tells that a person without the app cannot be written to', async () => {
  const { teams, deliver, team, jo, mara } = rig
  await teams.install(team, mara)
  const told = await deliver.notify(`${teams.tenantId}:${jo.aadObjectId}`, exceptionCard())
  expect(told).toMatchObject({ ok: false, failure: { is: 'channel_unusable' } })
})

it('knows after a restart where to write, and in channels that it was never addressed in', async () => {
  const keep = memoryKeep()
  await rig.stop()
  rig = await startRig({}, {}, keep)
  const { teams, deliver, team, mara } = rig
  await teams.install(team, mara)
  const other = teams.addChannel('warehouse', team)
  expect(await deliver.post(other.id, exceptionCard())).toMatchObject({ ok: true })
  expect(teams.see(other)).toHaveLength(1)
})

it('mentions whom the card tells, in Teams alone, and gives them the current card when they look', async () => {
  const { teams, orders, mara, jo } = rig
  const tell = [
    {
      surface: 'teams',
      id: `${teams.tenantId}:${mara.aadObjectId}`,
      kind: 'person' as const,
      name: mara.name,
    },
    { surface: 'slack', id: 'T1:U1', kind: 'person' as const, name: 'Sam Example' },
  ]
  await postCard(rig, exceptionCard({ tell }))
  const [seen] = teams.see(orders)
  expect(seen?.mentions).toEqual([mara.aadObjectId])
  expect(seen?.text).toContain('Mara Example')
  expect(seen?.text).not.toContain('Sam Example')
  expect(JSON.stringify(teams.card(seen?.id ?? ''))).not.toContain(jo.id)
  expect(teams.card(seen?.id ?? '')).toMatchObject({ refresh: { userIds: [mara.id] } })
})

it.each([
  [
    { is: 'throttled', retryAfterSeconds: 7 },
    { is: 'later', retryAfterMs: 7_000, limited: true },
  ],
  [
    { is: 'throttled', retryAfterSeconds: null },
    { is: 'later', limited: true },
  ],
  [{ is: 'precondition_failed' }, { is: 'later', limited: true }],
  [{ is: 'status', status: 502, applied: true }, { is: 'ambiguous' }],
  [{ is: 'status', status: 408, applied: true }, { is: 'ambiguous' }],
  [{ is: 'accepted' }, { is: 'ambiguous' }],
  [{ is: 'reset', applied: true }, { is: 'ambiguous' }],
  [{ is: 'hang', applied: true }, { is: 'ambiguous' }],
  [{ is: 'too_big' }, { is: 'rejected' }],
  [{ is: 'writes_blocked' }, { is: 'channel_unusable' }],
] as const)('tries a post once, and says what %o means for it', async (fault, failure) => {
  const { teams, deliver, orders, team, mara } = rig
  await teams.install(team, mara)
  teams.fault('create', fault)
  expect(await deliver.post(orders.id, exceptionCard())).toMatchObject({ ok: false, failure })
  expect(teams.calls('create')).toHaveLength(1)
})

it('tells a channel that is gone, and a team that Baton was taken out of, from a message that is gone', async () => {
  const { teams, deliver, orders, team, mara } = rig
  await teams.install(team, mara)
  const ref = await posted(rig)
  teams.fault('update', { is: 'activity_not_found' })
  expect(await deliver.update(ref, exceptionCard())).toMatchObject({ failure: { is: 'gone' } })
  await teams.uninstall(team, mara)
  expect(await deliver.post(orders.id, exceptionCard())).toMatchObject({
    failure: { is: 'channel_unusable' },
  })
  await teams.install(team, mara)
  await teams.deleteChannel(orders, mara)
  expect(await deliver.post(orders.id, exceptionCard())).toMatchObject({
    failure: { is: 'channel_unusable' },
  })
})

it('is locked out when the credentials are worth nothing any more, and the doctor says so', async () => {
  const { teams, surface, deliver, orders, team, mara } = rig
  await teams.install(team, mara)
  await expect(surface.probe()).resolves.toContain(teams.appId)
  teams.tokens.revoked = true
  expect(await deliver.post(orders.id, exceptionCard())).toMatchObject({ failure: { is: 'locked_out' } })
  await expect(surface.probe()).rejects.toThrow(/MICROSOFT_APP_PASSWORD/)
})

it('never sends more within its budgets than Teams takes', () => {
  for (const { key, capacity, perMs } of rig.deliver.budgets('update', '19:x@thread.tacv2')) {
    const [, calls = 0, seconds = 0] = /(\d+)in(\d+)s$/.exec(key)?.map(Number) ?? []
    expect(capacity).toBeGreaterThanOrEqual(1)
    expect(capacity + perMs * seconds * 1_000).toBeLessThanOrEqual(calls)
  }
})
