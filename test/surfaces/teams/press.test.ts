import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { UserError } from '../../../src/app/errors.ts'
import type { PressAnswer } from '../../../src/app/surface.ts'
import { levelsOf } from '../../support/levels.ts'
import { exceptionCard, listCard } from '../slack/cards.ts'
import { held, postCard, type Rig, startRig } from './rig.ts'

let rig: Rig
beforeEach(async () => {
  rig = await startRig()
})
afterEach(() => rig.stop())

it('reaches Baton with the exception, the action, the version, the message, and who pressed by the directory', async () => {
  const { teams, host, orders, mara } = rig
  const id = await postCard(rig)

  const delivery = await teams.press(id, 'Book the receipt', mara)

  expect(delivery).toMatchObject({ status: 200 })
  expect(host.presses).toEqual([
    {
      identity: {
        surface: 'teams',
        externalId: `${teams.tenantId}:${mara.aadObjectId}`,
        displayName: 'Mara Example',
        email: mara.email,
        isOutsider: false,
      },
      exception: '41',
      action: 'erp.book_receipt',
      version: 3,
      values: {},
      formOpenedAt: null,
      interactionKey: expect.stringMatching(/^press:/),
      post: { ref: `${orders.id};messageid=${id}|${id}`, redraws: false },
    },
  ])
})

it('shows the one who pressed what the card is now, at once, and nobody else', async () => {
  const { teams, host, orders, mara, jo } = rig
  const now = exceptionCard({ title: 'Receipt 1001 is being booked', blocks: [] }, 4)
  host.onPress = async () => host.answer('acted', 'Started.', now)
  const id = await postCard(rig)
  await teams.press(id, 'Book the receipt', mara)
  expect(teams.see(orders, mara)[0]?.text).toContain('is being booked')
  expect(teams.see(orders, jo)[0]?.text).not.toContain('is being booked')
})

it.each(['awaiting_approval', 'nothing_to_do', 'lost_race', 'not_allowed', 'stale'] as const)(
  'with the result %s is explained to the one who pressed, on the current card',
  async (result) => {
    const { teams, host, orders, mara, jo } = rig
    host.onPress = async () => host.answer(result, 'Because <at>Everyone</at> *of* this.')
    const id = await postCard(rig)
    await teams.press(id, 'Book the receipt', mara)
    const [seen] = teams.see(orders, mara)
    expect(seen?.text).toContain('Because')
    expect(seen?.text).toContain('*of* this')
    expect(seen?.mentions).toEqual([])
    expect(seen?.buttons.map(({ label }) => label)).toContain('Book the receipt')
    expect(teams.see(orders, jo)[0]?.text).not.toContain('Because')
  },
)

it('in a list tells what came of it, and leaves the list alone', async () => {
  const { teams, host, mara } = rig
  host.onCommand = async () => ({ card: listCard, text: 'list' })
  await teams.install(mara, mara)
  await teams.say('open', mara)
  await teams.until('the list', () => teams.see(mara).some(({ text }) => text.includes('2 open')))
  const list = teams.see(mara).find(({ text }) => text.includes('2 open'))
  const delivery = await teams.press(list?.id ?? '', 'Book the receipt', mara)
  expect(delivery.told).toBe('Booked.')
  expect(teams.see(mara, mara).find(({ id }) => id === list?.id)?.text).toContain('2 open')
})

it('sent again, under the same or another id, has the same key; a later one is new', async () => {
  const { teams, host, mara, jo } = rig
  const id = await postCard(rig)
  const first = await teams.press(id, 'Book the receipt', mara)
  await teams.redeliver(first, 'same')
  await teams.redeliver(first, 'new')
  const keys = host.presses.map(({ interactionKey }) => interactionKey)
  expect(new Set(keys).size).toBe(1)
  teams.wait(61_000)
  await teams.press(id, 'Book the receipt', mara)
  await teams.press(id, 'Book the receipt', jo)
  expect(new Set(host.presses.map(({ interactionKey }) => interactionKey)).size).toBe(3)
})

it('is answered before Teams gives up, and told in the chat later, when recording it takes long', async () => {
  await rig.stop()
  rig = await startRig({ ackMs: 30 })
  const { teams, host, mara } = rig
  const recorded = held<PressAnswer>()
  const id = await postCard(rig)
  await teams.install(mara, mara)
  await teams.until('the home card', () => teams.see(mara).length === 1)
  host.onPress = () => recorded.promise
  const delivery = await teams.press(id, 'Book the receipt', mara)
  expect(delivery.told).toMatch(/^Still being recorded/)
  recorded.resolve(host.answer('lost_race', 'Jo was first.'))
  await teams.until('the answer', () => teams.see(mara).length === 2)
  expect(teams.see(mara).at(-1)?.text).toContain('Jo was first.')
})

it('that could not be recorded is admitted, without the inner reason', async () => {
  const { teams, host, mara } = rig
  host.onPress = async () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.7:5432'))
  const id = await postCard(rig)
  const delivery = await teams.press(id, 'Book the receipt', mara)
  expect(delivery.told).toBe('Baton could not record this. Look at the card, then press again.')
})

it('that a person can mend is answered with what to mend', async () => {
  const { teams, host, mara } = rig
  host.onPress = async () => Promise.reject(new UserError('There is no exception 41.'))
  const id = await postCard(rig)
  expect((await teams.press(id, 'Book the receipt', mara)).told).toBe('There is no exception 41.')
  expect(levelsOf(rig, 'A press was not recorded')).toEqual(['info'])
})

it('of a command button is answered in the chat with Baton, not to the channel', async () => {
  const { teams, host, orders, mara } = rig
  const id = await postCard(rig, listCard)
  await teams.install(mara, mara)
  await teams.until('the home card', () => teams.see(mara).length === 1)
  host.onCommand = async () => ({ card: exceptionCard(), text: 'the card' })
  const delivery = await teams.press(id, 'Show #41', mara)
  expect(delivery.told).toBe('The answer is in your chat with Baton.')
  expect(host.commands).toMatchObject([{ text: 'open 41', channel: orders.id }])
  expect(teams.see(mara).at(-1)?.text).toContain('Receipt 1001 is not in the ERP')
  expect(teams.see(orders)).toHaveLength(1)
})

it('of a command button by somebody without such a chat is answered in place of the card, for them alone', async () => {
  const { teams, host, orders, mara, jo } = rig
  const id = await postCard(rig, listCard)
  host.onCommand = async () => ({ card: exceptionCard(), text: 'the card' })
  await teams.press(id, 'Show #41', mara)
  expect(teams.see(orders, mara)[0]?.text).toContain('Receipt 1001 is not in the ERP')
  expect(teams.see(orders, jo)[0]?.text).toContain('2 open')
})

it('of nobody: a client that may show an old card asks for the current one, and no press is logged', async () => {
  const { teams, host, orders, mara } = rig
  const tell = [{ surface: 'teams', id: `x:${mara.aadObjectId}`, kind: 'person' as const, name: mara.name }]
  const id = await postCard(rig, exceptionCard({ tell }))
  await teams.press(id, 'Book the receipt', mara)
  const { refresh } = z
    .object({ refresh: z.object({ action: z.record(z.string(), z.unknown()) }) })
    .parse(teams.card(id, mara))
  host.onCard = async () => exceptionCard({ title: 'Receipt 1001 was booked', blocks: [] }, 4)
  const { activity } = teams.deliveries.at(-1) ?? {}
  const again = { ...activity, value: { action: refresh.action, trigger: 'automatic' } }
  const answered = await teams.send(again)
  expect(JSON.stringify(answered.body)).toContain('was booked')
  expect(host.presses).toHaveLength(1)
  expect(teams.see(orders)).toHaveLength(1)
})
