import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Surface } from '../../../src/app/surface.ts'
import { createKeep } from '../../../src/db/keep.ts'
import { createSlack } from '../../../src/surfaces/slack/index.ts'
import { testDatabase } from '../../support/database.ts'
import { createShiftWorld, type ShiftWorld } from '../../support/shift-world.ts'
import type { User } from '../../support/slack/world.ts'
import { configFor, MODES, postCard, QUICK, type Rig, recordingLog, startRig } from './rig.ts'

const BOOK = 'Book the receipt'

/** Two processes of Baton over one database, both connected to Slack: nobody chooses which of them hears a press. */
describe.each(MODES)('two replicas over %s', (mode) => {
  const database = testDatabase()
  let world: ShiftWorld
  let rig: Rig
  let jo: User
  let ts: string
  let other: { surface: Surface; url: string; stop(): Promise<void> }

  beforeEach(async () => {
    world = await createShiftWorld(database.url)
    rig = await startRig(mode, {}, world.host, createKeep(world.connection.db, 'slack', null))
    jo = rig.slack.addUser('jo')
    other = await second(rig, world)
    const card = await world.host.card(await world.unbooked())
    if (!card) throw new Error('there is an exception')
    ts = await postCard(rig, card)
  })
  afterEach(async () => {
    await other.stop()
    await rig.stop()
    await world.close()
  })

  const second = async (
    { slack, logged }: Rig,
    { host, connection }: ShiftWorld,
    sockets = 2,
  ): Promise<typeof other> => {
    const { log } = recordingLog()
    const surface = createSlack(configFor(slack, mode), host, {
      log,
      keep: createKeep(connection.db, 'slack', null),
      timing: QUICK,
    })
    const app = express()
    surface.routes(app)
    const server = createServer(app)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await surface.start()
    if (mode === 'socket') await slack.until('all connect', () => slack.sockets === sockets)
    expect(logged).toEqual([])
    return {
      surface,
      url: `http://127.0.0.1:${port}/slack/events`,
      stop: async () => {
        await surface.stop()
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      },
    }
  }
  /** Over sockets Slack takes them by turns; over HTTP whoever spreads the requests decides. */
  const toTheOther = async (): Promise<void> => {
    if (mode === 'http') await rig.slack.deliverOverHttp(other.url)
  }
  const bothStop = () => Promise.all([rig.surface.stop(), other.surface.stop()])
  const results = async () => (await world.interventions()).map(({ result }) => result)
  const toldTo = (user: User): string[] =>
    rig.slack.see(rig.orders, user).flatMap((each) => (each.ephemeral ? [each.text] : []))

  it('two who press at once, each at another one: one wins, the other is told by name and time, it is done once', async () => {
    const { slack, orders, mara } = rig
    const first = slack.press(orders, ts, BOOK, mara)
    await toTheOther()
    const both = await Promise.all([first, slack.press(orders, ts, BOOK, jo)])
    expect(both.map(({ state }) => state)).toEqual(['acked', 'acked'])
    await slack.until('the loser hears', () => toldTo(mara).length + toldTo(jo).length === 1)
    expect([...toldTo(mara), ...toldTo(jo)]).toEqual([
      expect.stringMatching(/^(mara|jo) was first: .* at \d\d:\d\d/),
    ])
    expect((await results()).sort()).toEqual(['acted', 'lost_race'])
    expect(await world.runs()).toHaveLength(1)
  })

  it('a press that is delivered again to the other one is one press, also while the first has it in hand', async () => {
    const { slack, orders, mara } = rig
    const pressing = slack.press(orders, ts, BOOK, mara)
    const [sent] = slack.deliveries.slice(-1)
    if (!sent) throw new Error('something was sent')
    await toTheOther()
    // While the first is open Slack gives it an envelope of its own.
    await Promise.all([pressing, slack.deliverer.deliver(sent.kind, sent.payload)])
    await slack.redeliver(sent)
    await bothStop()
    expect(await results()).toEqual(['acted'])
    expect(await world.runs()).toHaveLength(1)
    expect(toldTo(mara)).toEqual([])
  })

  it('an old card at the other one does nothing, and the person is told that it has changed', async () => {
    const { slack, orders, mara } = rig
    await slack.press(orders, ts, "I'm on it", mara)
    await toTheOther()
    // Nothing redraws this message: the card that mara still sees is the one from before.
    await slack.press(orders, ts, BOOK, mara)
    await slack.until('the answer', () => toldTo(mara).length === 1)
    expect(toldTo(mara)).toEqual(['The card has changed since; here is the current one. Nothing was done.'])
    expect(await results()).toEqual(['acted', 'stale'])
    expect(await world.runs()).toEqual([])
  })

  it('a form that one of them opened is taken by the other one: what it stands for is in the form', async () => {
    const { slack, orders, mara } = rig
    await slack.press(orders, ts, 'Dismiss', mara)
    await slack.until('the form opens', () => slack.viewOf(mara) !== null)
    await toTheOther()
    await slack.submit(mara, { 'Why?': 'Known, being handled elsewhere' })
    expect(slack.viewOf(mara)).toBeNull()
    expect(await results()).toEqual(['acted'])
  })

  it('a form that is delivered again to the other one is one press, and gets the same answer', async () => {
    const { slack, orders, mara } = rig
    await slack.press(orders, ts, 'Dismiss', mara)
    await slack.until('the form opens', () => slack.viewOf(mara) !== null)
    const first = await slack.submit(mara, { 'Why?': 'Known, being handled elsewhere' })
    await toTheOther()
    const second = await slack.deliverer.deliver(first.kind, first.payload)
    expect(second).toMatchObject({ state: 'acked', ack: first.ack })
    expect(await results()).toEqual(['acted'])
  })

  it('a mention that is delivered again to the other one is answered once, also while the first has it in hand', async () => {
    const { slack, orders, mara } = rig
    const inThreads = () => slack.see(orders).filter(({ thread }) => thread !== null)
    const asking = slack.mention('open', orders, mara)
    const [sent] = slack.deliveries.slice(-1)
    if (!sent) throw new Error('something was sent')
    await toTheOther()
    await Promise.all([asking, slack.deliverer.deliver(sent.kind, sent.payload)])
    await slack.redeliver(sent)
    await bothStop()
    expect(inThreads()).toHaveLength(1)
  })

  it('a mention that is delivered again after a restart is not answered again, and the next one is', async () => {
    const { slack, orders, mara } = rig
    const inThreads = () => slack.see(orders).filter(({ thread }) => thread !== null)
    const first = await slack.mention('open', orders, mara)
    await slack.until('the answer', () => inThreads().length === 1)
    await bothStop()
    if (mode === 'socket') await slack.until('both are gone', () => slack.sockets === 0)
    await other.stop()
    other = await second(rig, world, 1)
    await toTheOther()
    await slack.redeliver(first)
    await slack.mention('mine', orders, mara)
    await slack.until('the next answer', () => inThreads().length === 2)
    await other.surface.stop()
    expect(inThreads()).toHaveLength(2)
  })

  it('a command that is delivered again to the other one is answered there too, and is one command', async () => {
    const { slack, orders, mara } = rig
    const first = await slack.command('/baton open', orders, mara)
    await slack.until('the answer', () => toldTo(mara).length === 1)
    await toTheOther()
    const second = await slack.deliverer.deliver(first.kind, first.payload)
    await slack.until('the second answer', () => toldTo(mara).length === 2)
    expect(second.state).toBe('acked')
    expect(toldTo(mara)[1]).toBe(toldTo(mara)[0])
    // Asking is written down as well, without a result: once.
    expect(await results()).toEqual([null])
    expect(await world.runs()).toEqual([])
  })

  it('one that stops leaves the other one at work', async () => {
    const { slack, orders, mara } = rig
    await toTheOther()
    await rig.surface.stop()
    if (mode === 'socket') await slack.until('one is left', () => slack.sockets === 1)
    expect((await slack.press(orders, ts, BOOK, mara)).state).toBe('acked')
    await other.surface.stop()
    expect(await results()).toEqual(['acted'])
  })
})
