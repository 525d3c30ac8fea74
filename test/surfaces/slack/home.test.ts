import { afterEach, describe, expect, it } from 'vitest'
import { UserError } from '../../../src/app/errors.ts'
import { homeCard } from './cards.ts'
import { held, MODES, type Rig, startRig } from './rig.ts'

describe.each(MODES)('the App Home over %s', (mode) => {
  let rig: Rig
  afterEach(() => rig.stop())

  const opened = async (): Promise<Rig> => {
    rig = await startRig(mode)
    await rig.slack.openHome(rig.mara)
    await rig.slack.until('the home', () => rig.slack.homeOf(rig.mara) !== null)
    return rig
  }

  it('shows what is the person’s when they open it, and nothing for another tab', async () => {
    const { slack, host, mara } = await opened()
    expect(slack.homeOf(mara)?.text).toContain('Mine: #41 Receipt 1001 is not in the ERP')
    expect(host.homes).toMatchObject([{ externalId: `T0BATON:${mara.id}`, displayName: 'mara' }])
    await slack.openHome(mara, 'messages')
    await rig.surface.stop()
    expect(slack.calls('views.publish')).toHaveLength(1)
  })

  it('is drawn anew after a press in it, with what came of it first', async () => {
    const { slack, host, mara } = await opened()
    host.onHome = async () => ({ ...homeCard, title: 'All done', blocks: [] })
    expect((await slack.pressHome(mara, 'Book the receipt')).state).toBe('acked')
    await slack.until('the new home', () => slack.homeOf(mara)?.text.startsWith('Booked.') === true)
    expect(slack.homeOf(mara)?.text).toContain('All done')
    expect(host.presses).toMatchObject([{ exception: '41', action: 'erp.book_receipt', version: 3 }])
  })

  it('opens a form, and is drawn anew when it was sent', async () => {
    const { slack, host, mara } = await opened()
    await slack.pressHome(mara, 'Dismiss')
    await slack.until('the form', () => slack.viewOf(mara) !== null)
    host.onHome = async () => ({ ...homeCard, title: 'All done', blocks: [] })
    await slack.submit(mara, { 'Why?': 'Expected' })
    await slack.until('the new home', () => slack.homeOf(mara)?.text.includes('All done') === true)
    expect(host.presses).toMatchObject([{ action: 'dismiss', values: { reason: 'expected' } }])
  })

  it('answers a command under Messages', async () => {
    const { slack, mara } = await opened()
    await slack.pressHome(mara, 'Show #41')
    await slack.until('the notice', () => slack.homeOf(mara)?.text.startsWith('The answer is under') === true)
    expect(slack.see(slack.world.direct(mara), mara)[0]?.text).toContain('2 open')
  })

  it('drawn by another process meanwhile is read again, and ends up newest', async () => {
    const { slack, host, mara } = await opened()
    let reads = 0
    host.onHome = async () => {
      reads += 1
      if (reads === 1) slack.world.publishHome(mara.id, { type: 'home', blocks: [] })
      return { ...homeCard, title: `Read ${reads}`, blocks: [] }
    }
    await slack.pressHome(mara, 'Book the receipt')
    await slack.until('the newest', () => slack.homeOf(mara)?.text.includes('Read 2') === true)
  })

  it('pressed three times at once is drawn at most twice more, last of all as it is then', async () => {
    const { slack, host, mara } = await opened()
    const first = held<void>()
    let reads = 0
    host.onHome = async () => {
      reads += 1
      const title = `Read ${reads}`
      if (reads === 1) await first.promise
      return { ...homeCard, title, blocks: [] }
    }
    await Promise.all([1, 2, 3].map(() => slack.pressHome(mara, 'Book the receipt')))
    first.resolve()
    await rig.surface.stop()
    expect(reads).toBeLessThanOrEqual(3)
    expect(slack.homeOf(mara)?.text).toContain(`Read ${reads}`)
  })

  it('of somebody whom Baton does not know says what to do about it', async () => {
    rig = await startRig(mode)
    rig.host.onHome = async () => Promise.reject(new UserError('Baton does not know you.'))
    await rig.slack.openHome(rig.mara)
    await rig.slack.until('the home', () => rig.slack.homeOf(rig.mara) !== null)
    expect(rig.slack.homeOf(rig.mara)?.text).toContain('Baton does not know you.')
  })
})
