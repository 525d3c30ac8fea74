import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { exceptionCard } from '../slack/cards.ts'
import { type Rig, startRig } from './rig.ts'

let rig: Rig
beforeEach(async () => {
  rig = await startRig()
})
afterEach(() => rig.stop())

it('asked by mention is answered in its thread, without the mention in the question', async () => {
  const { teams, host, team, orders, mara } = rig
  await teams.install(team, mara)
  await teams.mention(orders, 'open high', mara)
  await teams.until('the answer', () => teams.see(orders).length === 2)
  expect(host.commands).toMatchObject([
    {
      identity: { externalId: `${teams.tenantId}:${mara.aadObjectId}`, displayName: 'Mara Example' },
      channel: orders.id,
      text: 'open high',
      interactionKey: expect.stringMatching(/^message:/),
    },
  ])
  const [asked, answer] = teams.see(orders)
  expect(answer).toMatchObject({ from: 'bot', root: asked?.id })
  expect(answer?.text).toContain('2 open')
})

it('is answered although Teams asks to come back later, while somebody waits for it', async () => {
  await rig.stop()
  const waits: number[] = []
  rig = await startRig({
    pause: async (ms) => {
      waits.push(ms)
      rig.teams.wait(ms)
    },
  })
  const { teams, team, orders, mara, logged } = rig
  await teams.install(team, mara)
  teams.fault('send', { is: 'throttled', retryAfterSeconds: 9 })
  await teams.mention(orders, 'open', mara)
  await teams.until('the answer', () => teams.see(orders).length === 2)
  expect(waits).toEqual([9_000])

  teams.fault('send', { is: 'throttled', retryAfterSeconds: 31 })
  await teams.mention(orders, 'open', mara)
  await vi.waitFor(() => expect(logged.join()).toContain('was not posted'))
  expect(waits).toEqual([9_000])
})

it('in the chat with Baton is answered there', async () => {
  const { teams, host, mara } = rig
  await teams.install(mara, mara)
  await teams.say('mine', mara)
  await teams.until('the answer', () => teams.see(mara).some(({ text }) => text.includes('2 open')))
  expect(host.commands).toMatchObject([{ channel: null, text: 'mine' }])
})

it('is answered once, though it is delivered twice', async () => {
  const { teams, host, mara } = rig
  await teams.install(mara, mara)
  const asked = await teams.say('mine', mara)
  await teams.redeliver(asked)
  await rig.surface.stop()
  expect(host.commands).toHaveLength(1)
})

it('shows home when Baton is installed for a person, and whenever they ask for it', async () => {
  const { teams, host, mara } = rig
  await teams.install(mara, mara)
  await teams.until('home', () => teams.see(mara).length === 1)
  expect(teams.see(mara)[0]?.text).toContain('Yours')
  await teams.say('home', mara)
  await teams.until('home again', () => teams.see(mara).length === 3)
  expect(host.homes.map(({ externalId }) => externalId)).toEqual(
    Array(2).fill(`${teams.tenantId}:${mara.aadObjectId}`),
  )
  expect(host.commands).toEqual([])
})

it('that fails is admitted, without the inner reason', async () => {
  const { teams, host, mara } = rig
  await teams.install(mara, mara)
  host.onCommand = async () => Promise.reject(new Error('relation "posts" does not exist'))
  await teams.say('open', mara)
  await teams.until('the answer', () => teams.see(mara).length === 3)
  expect(teams.see(mara).at(-1)?.text).toContain('Baton could not answer this just now.')
  expect(JSON.stringify(teams.see(mara))).not.toContain('relation')
})

it('whose answer is an exception gives the asker the current card whenever they look at it', async () => {
  const { teams, host, mara } = rig
  await teams.install(mara, mara)
  host.onCommand = async () => ({ card: exceptionCard(), text: 'the card' })
  await teams.say('open 41', mara)
  await teams.until('the answer', () => teams.see(mara).length === 3)
  const card = teams.card(teams.see(mara).at(-1)?.id ?? '')
  expect(card).toMatchObject({ refresh: { userIds: [mara.id] } })
})
