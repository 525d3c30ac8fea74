import { afterEach, beforeEach, expect, it } from 'vitest'
import { UserError } from '../../../src/app/errors.ts'
import { readSubmission } from '../../../src/surfaces/teams/dialog.ts'
import { exceptionCard } from '../slack/cards.ts'
import { held, postCard, type Rig, startRig } from './rig.ts'

let rig: Rig
let id: string
beforeEach(async () => {
  rig = await startRig()
  id = await postCard(rig)
})
afterEach(() => rig.stop())

it('opens on what the exception is now, and is recorded with what was typed and when it was opened', async () => {
  const { teams, host, mara } = rig
  host.onCard = async () => exceptionCard({ summary: 'It was booked twice meanwhile.' }, 5)
  const openedAt = new Date(teams.clock.now())
  await teams.openDialog(id, 'Fixed by hand', mara)
  expect(teams.dialogOf(mara)).toMatchObject({ title: 'Fixed by hand', inputs: ['How long? (min)'] })
  expect(teams.dialogOf(mara)?.text).toContain('booked twice meanwhile')
  expect(host.presses).toEqual([])

  teams.wait(90_000)
  await teams.submitDialog(mara, { 'How long? (min)': 12 })
  expect(host.presses).toMatchObject([
    { exception: '41', action: 'fixed_by_hand', version: 5, values: { minutes: 12 }, formOpenedAt: openedAt },
  ])
  expect(teams.dialogOf(mara)).toBeNull()
})

it('that says it was opened at a time which no clock shows is no form', () => {
  const data = { exception: '41', action: 'a', version: 1, on: 'post', numbers: [] }
  expect(readSubmission({ ...data, openedAt: 8.64e15 })).not.toBeNull()
  expect(readSubmission({ ...data, openedAt: 8.64e15 + 1 })).toBeNull()
  expect(readSubmission({ ...data, openedAt: -1 })).toBeNull()
})

it('takes the numbers of a phone, which come as text', async () => {
  const { teams, host, mara } = rig
  mara.client = 'phone'
  await teams.openDialog(id, 'Fixed by hand', mara)
  await teams.submitDialog(mara, { 'How long? (min)': 7 })
  expect(host.presses[0]?.values).toEqual({ minutes: 7 })
})

it.each([
  ['7,5', 7.5],
  [' 12 ', 12],
  // A thousand, or one: nobody can tell, so that Baton asks again.
  ['1,000', '1,000'],
  ['1,000,000', '1,000,000'],
  ['seven', 'seven'],
])('reads the number %j as %j', (typed, read) => {
  const data = { exception: '41', action: 'a', version: 1, on: 'post', openedAt: 0, numbers: ['n'] }
  expect(readSubmission({ ...data, 'value:41:a:n': typed })?.values).toEqual({ n: read })
})

it('that is wrong is answered before Teams gives up, though the card cannot be read again', async () => {
  await rig.stop()
  rig = await startRig({ ackMs: 100 })
  const { teams, host, mara } = rig
  await teams.openDialog(await postCard(rig), 'Fixed by hand', mara)
  host.onPress = async () => Promise.reject(new UserError('Write at most a day.'))
  host.onCard = () => held<null>().promise
  expect((await teams.submitDialog(mara, { 'How long? (min)': 3 })).told).toBe('Write at most a day.')
})

it('asks before a risky press, and does nothing before it is said yes to', async () => {
  const { teams, host, mara } = rig
  await teams.openDialog(id, 'Cancel the order', mara)
  expect(teams.dialogOf(mara)?.text).toContain('This cannot be taken back.')
  expect(host.presses).toEqual([])
  await teams.submitDialog(mara, {}, 'Cancel it')
  expect(host.presses).toMatchObject([{ action: 'shop.cancel', values: {} }])
})

it('keeps what was typed and says what is wrong with it', async () => {
  const { teams, host, mara } = rig
  host.onPress = async () => Promise.reject(new UserError('Write at most a day.'))
  await teams.openDialog(id, 'Fixed by hand', mara)
  await teams.submitDialog(mara, { 'How long? (min)': 1440 })
  expect(teams.dialogOf(mara)?.text).toContain('Write at most a day.')
  expect(JSON.stringify(teams.dialogOf(mara)?.card)).toContain('"value":1440')
})

it('says what became of it where that was not what was asked for', async () => {
  const { teams, host, mara } = rig
  host.onPress = async () => host.answer('lost_race', 'Jo Example was first.')
  await teams.openDialog(id, 'Fixed by hand', mara)
  expect((await teams.submitDialog(mara, { 'How long? (min)': 3 })).told).toBe('Jo Example was first.')
})

it('sent again by Teams has the same key; another form has another', async () => {
  const { teams, host, mara } = rig
  await teams.openDialog(id, 'Fixed by hand', mara)
  const sent = await teams.submitDialog(mara, { 'How long? (min)': 3 })
  await teams.redeliver(sent, 'new')
  teams.wait(1_000)
  await teams.openDialog(id, 'Fixed by hand', mara)
  await teams.submitDialog(mara, { 'How long? (min)': 3 })
  const [first, again, other] = host.presses.map(({ interactionKey }) => interactionKey)
  expect(again).toBe(first)
  expect(other).not.toBe(first)
})

it('of what is no longer offered is an ordinary press, logged and answered as one', async () => {
  const { teams, host, mara } = rig
  host.onCard = async () => exceptionCard({ blocks: [] }, 4)
  host.onPress = async () => host.answer('nothing_to_do', 'It healed at 06:30.')
  const opened = await teams.press(id, 'Dismiss', mara)
  expect(opened.told).toBe('It healed at 06:30.')
  expect(host.presses).toMatchObject([{ action: 'dismiss', version: 3, formOpenedAt: null }])
})

it('that cannot be opened says so', async () => {
  const { teams, host, mara } = rig
  host.onCard = async () => Promise.reject(new Error('the database is away'))
  expect((await teams.press(id, 'Dismiss', mara)).told).toBe('Baton could not open the form. Press again.')
})
