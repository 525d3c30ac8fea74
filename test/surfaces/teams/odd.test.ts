import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testDatabase } from '../../support/database.ts'
import type { Json } from '../../support/teams/json.ts'
import { type Crew, logOf, startCrew } from './crew.ts'

/** What nobody planned for, against Baton itself: it is answered or left alone, and breaks nothing. */
const database = testDatabase()
let crew: Crew
beforeEach(async () => {
  crew = await startCrew(database.url)
})
afterEach(() => crew.stop())

const BOOK = 'Book the receipt'
/** The last activity that Teams sent, to be sent again in another form. */
const last = (): Json => {
  const { activity } = crew.teams.deliveries.at(-1) ?? {}
  if (!activity) throw new Error('nothing was sent')
  return activity
}

describe('what somebody types', () => {
  beforeEach(async () => {
    const { teams, team, mara } = crew
    await teams.install(team, mara)
    await teams.install(mara, mara)
    await teams.until('the home card', () => teams.see(mara).length === 1)
  })
  const answerTo = async (text: string): Promise<string> => {
    const { teams, mara } = crew
    const before = teams.see(mara).length
    await teams.say(text, mara)
    await teams.until('the answer', () => teams.see(mara).length === before + 2)
    return teams.see(mara).at(-1)?.text ?? ''
  }

  it.each([
    ['nothing that is known', 'x'.repeat(20_000), /^▲ Not understood/],
    ['a number longer than any', `find ${'9'.repeat(20_000)}`, /not found/],
    [
      'Markdown and a date of the card’s own language',
      '**open** {{DATE(2020-01-01T00:00:00Z)}}',
      /do not know "\*\*open\*\*"/,
    ],
    ['capitals', 'HELP', /^What you can ask/],
  ])('%s is answered within the limits of Teams', async (_what, text, answer) => {
    expect(await answerTo(text)).toMatch(answer)
    expect(crew.logged).toEqual([])
  })

  it('is not answered when it was edited, comes from another bot, or from nobody of the directory', async () => {
    const { teams, orders, mara, surface } = crew
    await teams.mention(orders, 'open', mara)
    await teams.until('the answer', () => teams.see(orders).length === 2)
    const said = last()
    const odd = [
      { ...said, id: '1', type: 'messageUpdate' },
      { ...said, id: '2', from: { id: '28:other', name: 'Another bot', role: 'bot' } },
      { ...said, id: '3', from: { id: '29:nobody', name: 'Nobody' } },
    ]
    for (const each of odd) expect((await teams.send(each)).status).toBe(200)
    await surface.stop()
    expect(teams.see(orders)).toHaveLength(2)
  })

  it('as an image without words is answered with what can be asked', async () => {
    const { teams, orders, mara } = crew
    await teams.mention(orders, 'open', mara)
    await teams.until('the answer', () => teams.see(orders).length === 2)
    const { text: _text, ...said } = last()
    const attachments = [{ contentType: 'image/png', contentUrl: 'https://retail.example/a.png' }]
    await teams.send({ ...said, id: 'an image', attachments })
    await teams.until('the answer', () => teams.see(orders).length === 3)
    expect(teams.see(orders).at(-1)?.text).toMatch(/^What you can ask/)
  })

  it('under a post is answered under that post', async () => {
    const { teams, orders, mara } = crew
    const id = await crew.post(await crew.world.unbooked())
    await teams.mention(orders, 'open', mara, id)
    await teams.until('the answer', () => teams.see(orders).length === 3)
    expect(teams.see(orders).at(-1)).toMatchObject({ root: id, from: 'bot' })
  })
})

describe('a press', () => {
  it('in a channel that baton.yml does not name counts like any other', async () => {
    const { teams, deliver, world, team, mara } = crew
    const elsewhere = teams.addChannel('elsewhere', team)
    const card = await world.host.card(await world.unbooked())
    if (!card) throw new Error('there is an exception')
    await teams.install(team, mara)
    await deliver.post(elsewhere.id, card)
    await teams.press(teams.see(elsewhere)[0]?.id ?? '', BOOK, mara)
    expect(await logOf(crew)).toEqual([['erp.book_receipt', 'acted']])
  })

  it.each([
    { exception: '99999999999999' },
    { exception: '1; drop table exceptions' },
    { exception: 'batch:1' },
    { exception: 'handover:1' },
    { exception: 'group:1' },
    { exception: '' },
  ])('on something that is not there, $exception, is answered in words and does nothing', async (over) => {
    const { teams, world, mara } = crew
    const id = await crew.post(await world.unbooked())
    await teams.press(id, 'History', mara)
    const delivery = await teams.send(pressOf(last(), { action: 'claim', version: 1, ...over }))
    expect(delivery.status).toBe(200)
    expect(JSON.stringify(delivery.body)).toMatch(/There is no exception|too old|only buttons|older Baton/)
    expect((await logOf(crew)).filter((each) => String(each).startsWith('claim'))).toEqual([])
  })

  it.each([
    { action: '__proto__' },
    { action: 'constructor' },
    { action: 'erp.no_such_action' },
    { version: -1 },
    { version: 1e15 },
  ])('with made-up data, %j, is logged as stale and does nothing', async (over) => {
    const { teams, world, mara } = crew
    const exception = await world.unbooked()
    const id = await crew.post(exception)
    await teams.press(id, 'History', mara)
    const delivery = await teams.send(pressOf(last(), { exception, action: 'claim', version: 1, ...over }))
    expect(delivery.status).toBe(200)
    expect((await world.interventions()).at(-1)).toMatchObject({ kind: 'press', result: 'stale' })
    expect(await world.runs()).toEqual([])
  })

  it('names nobody else, whatever its data claims', async () => {
    const { teams, world, mara, jo } = crew
    const exception = await world.unbooked()
    const id = await crew.post(exception)
    await teams.press(id, 'History', mara)
    const { version } = (await world.exceptions())[0] ?? {}
    const claims = { user: jo.aadObjectId, from: jo.id, identity: `${teams.tenantId}:${jo.aadObjectId}` }
    await teams.send(pressOf(last(), { exception, action: 'claim', version, ...claims }))
    expect((await world.exceptions())[0]?.status).toBe('Mara Example is on it.')
  })
})

/** An activity made into a press of the test's own making. */
const pressOf = (activity: Json, data: Json): Json => ({
  ...activity,
  id: 'made up',
  type: 'invoke',
  name: 'adaptiveCard/action',
  value: {
    action: { type: 'Action.Execute', verb: 'press', data: { on: 'post', ...data } },
    trigger: 'manual',
  },
})
