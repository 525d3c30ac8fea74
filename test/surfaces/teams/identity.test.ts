import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { postCard, type Rig, startRig } from './rig.ts'

const BOOK = 'Book the receipt'

let rig: Rig
beforeEach(async () => {
  // The SDK writes every refused token to the console.
  vi.spyOn(console, 'error').mockImplementation(() => {})
  rig = await startRig()
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rig.stop()
})

it('the one who pressed is named in small letters, as baton.yml is read', async () => {
  const { teams, host, team } = rig
  const ola = teams.addPerson('Ola Example', { aadObjectId: 'ABCDEF12-2222-4333-8444-555555555555' })
  team.members.push(ola)
  await teams.press(await postCard(rig), BOOK, ola)
  expect(host.presses[0]?.identity.externalId).toBe(
    `${teams.tenantId.toLowerCase()}:abcdef12-2222-4333-8444-555555555555`,
  )
})

describe('the e-mail address', () => {
  const emails = (): unknown[] => rig.host.presses.map(({ identity }) => identity.email)

  it('that Teams could not say is asked for again soon, so that nobody loses a right for long', async () => {
    const { teams, mara } = rig
    const id = await postCard(rig)
    teams.fault('member', { is: 'status', status: 503, applied: false })
    await teams.press(id, BOOK, mara)
    teams.wait(10_000)
    await teams.press(id, BOOK, mara)
    expect(emails()).toEqual([undefined, mara.email])
  })

  it('that changed counts from ten minutes later on', async () => {
    await rig.stop()
    let now = Date.now()
    rig = await startRig({ clock: () => new Date(now) })
    const { teams, mara } = rig
    const id = await postCard(rig)
    const before = mara.email
    await teams.press(id, BOOK, mara)
    mara.email = 'mara.other@retail.example'
    await teams.press(id, BOOK, mara)
    now += 601_000
    await teams.press(id, BOOK, mara)
    expect(emails()).toEqual([before, before, 'mara.other@retail.example'])
  })

  it('of a guest is of another company, and vouched for by nobody here', async () => {
    const { teams, team } = rig
    const guest = teams.addPerson('Gil Example', { isGuest: true })
    team.members.push(guest)
    await teams.press(await postCard(rig), BOOK, guest)
    expect(emails()).toEqual([null])
  })
})

it('a guest is told apart from who belongs here, and who Teams says nothing of is not', async () => {
  const { teams, team, host, mara } = rig
  const guest = teams.addPerson('Gil Example', { isGuest: true })
  team.members.push(guest)
  const id = await postCard(rig)
  for (const person of [guest, mara]) await teams.press(id, BOOK, person)
  teams.fault('member', { is: 'status', status: 503, applied: false })
  await teams.press(id, BOOK, rig.jo)
  expect(host.presses.map(({ identity }) => identity.isOutsider)).toEqual([true, false, undefined])
})

it('a token that was given to Baton itself opens nothing: whoever Baton calls has seen one', async () => {
  const { teams, host, mara } = rig
  const delivery = await teams.press(await postCard(rig), BOOK, mara, { token: 'own' })
  expect(delivery.status).toBe(401)
  expect(host.presses).toEqual([])
})

it('what another tenant sends is refused, and nothing is learnt from it', async () => {
  const { teams, host, keep, mara } = rig
  const id = await postCard(rig)
  const own = teams.tenantId
  const jo = `${own}:${rig.jo.aadObjectId}`
  Object.assign(teams.world, { tenantId: '99999999-2222-4333-8444-555555555555' })
  const deliveries = [await teams.press(id, BOOK, mara), await teams.press(id, BOOK, rig.jo)]
  Object.assign(teams.world, { tenantId: own })
  expect(deliveries.map(({ status }) => status)).toEqual([403, 403])
  expect(host.presses).toEqual([])
  expect(await keep.plain.get('person', jo)).toBeNull()
})
