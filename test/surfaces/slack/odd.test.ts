import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testDatabase } from '../../support/database.ts'
import { createShiftWorld, type ShiftWorld } from '../../support/shift-world.ts'
import { MODES, postCard, type Rig, startRig } from './rig.ts'

/** What nobody planned for, against Baton itself: it is answered or left alone, and breaks nothing. */
describe.each(MODES)('over %s', (mode) => {
  const database = testDatabase()
  let world: ShiftWorld
  let rig: Rig

  beforeEach(async () => {
    world = await createShiftWorld(database.url)
    rig = await startRig(mode, {}, world.host)
  })
  afterEach(async () => {
    await rig.stop()
    await world.close()
  })

  const posts = () => rig.slack.calls('chat.postMessage')
  const answerTo = async (typed: string): Promise<string> => {
    const { slack, orders, mara } = rig
    await slack.command(`/baton ${typed}`, orders, mara)
    await slack.until('the answer', () => slack.see(orders, mara).length === 1)
    return slack.see(orders, mara)[0]?.text ?? ''
  }

  it.each([
    ['words that nobody knows', 'x'.repeat(20_000), /Not understood/],
    ['a number longer than any', `find ${'9'.repeat(20_000)}`, /not found/],
    ['a call to everybody', '<!channel> <!here> <@U1>', /do not know "(<!channel>|!channel)"/],
    ['capitals', 'HELP', /What you can ask/],
  ])('%s are answered to the one who typed, and call nobody', async (_what, text, answer) => {
    expect(await answerTo(text)).toMatch(answer)
    const [sent] = rig.slack.calls('response_url')
    expect(JSON.stringify(sent)).not.toMatch(/<[!@]/)
    expect(rig.logged).toEqual([])
  })

  it('a mention in a thread is answered in that thread', async () => {
    const { slack, orders, mara } = rig
    await slack.mention('open', orders, mara, { thread_ts: '1795486677.000001' })
    await slack.until('the answer', () => posts().length === 1)
    expect(posts()[0]).toMatchObject({ channel: orders.id, thread_ts: '1795486677.000001' })
  })

  it('an image without words, written to Baton, is answered with what can be asked', async () => {
    const { slack, mara } = rig
    await slack.writeDirect('', mara, { subtype: 'file_share', files: [{ id: 'F1', mimetype: 'image/png' }] })
    await slack.until('the answer', () => posts().length === 1)
    expect(JSON.stringify(posts()[0])).toContain('What you can ask')
  })

  it('what was edited, deleted, or written by an app directly to Baton is left alone', async () => {
    const { slack, mara } = rig
    const odd = [
      { subtype: 'message_changed' },
      { subtype: 'message_deleted' },
      { edited: { user: mara.id, ts: '1795486677.000002' } },
      { bot_id: 'B0OTHER' },
      { subtype: 'bot_message', bot_id: 'B0OTHER', user: undefined },
    ]
    for (const each of odd) await slack.writeDirect('open', mara, each)
    await rig.surface.stop()
    expect(posts()).toEqual([])
    expect(rig.logged).toEqual([])
  })

  it('a press in a channel that baton.yml does not name counts like any other', async () => {
    const { slack, deliver, mara } = rig
    const elsewhere = slack.addChannel('elsewhere')
    const card = await world.host.card(await world.unbooked())
    if (!card) throw new Error('there is an exception')
    await deliver.post(elsewhere.id, card)
    const ts = slack.see(elsewhere)[0]?.ts ?? ''
    expect((await slack.press(elsewhere, ts, 'Book the receipt', mara)).state).toBe('acked')
    await rig.surface.stop()
    expect((await world.interventions()).map(({ result }) => result)).toEqual(['acted'])
  })

  it('a menu entry that was picked is one press, and needs no form where the action has none', async () => {
    const { slack, orders, mara } = rig
    const exception = await world.unbooked()
    const card = await world.host.card(exception)
    if (!card) throw new Error('there is an exception')
    const ts = await postCard(rig, card)
    const inMenu = slack
      .see(orders)[0]
      ?.buttons.find((each) => each.inMenu && each.label.startsWith('Escalate'))
    expect(inMenu).toBeDefined()
    await slack.press(orders, ts, inMenu?.label ?? '', mara)
    await rig.surface.stop()
    expect((await world.interventions()).map(({ action, result }) => [action, result])).toEqual([
      ['escalate', 'acted'],
    ])
  })
})
