import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { contractConfig } from '../../../src/app/contract-config.ts'
import { mailConfig } from '../../../src/connectors/mail/config.ts'
import { createMailConnector } from '../../../src/connectors/mail/index.ts'
import { testDatabase } from '../../support/database.ts'
import { startBadServer, startMailServer } from '../../support/mail/server.ts'
import { createWorld, fulfillment, MINUTE, type World } from '../../support/world.ts'

const database = testDatabase()
const HELD = contractConfig.parse({
  id: 'held',
  title: 'Held for its address',
  handoff: { from: 'storefront', to: 'wms', object: 'address' },
  subject: 'fulfillment',
  grace: '0s',
  leave: { object: { role: 'wms', type: 'fulfillment', states: ['held'] } },
  actions: ['ask_customer', 'notify_customer'],
})

let world: World
beforeEach(async () => {
  world = await createWorld(database.url, { contracts: [HELD] })
})
const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  await world.close()
  await Promise.all(opened.splice(0).map((server) => server.close()))
})

/** An order is held, and a person writes to its customer by this server. */
const write = async (
  server: { url: string; close(): Promise<void> },
  action = 'ask_customer',
): Promise<void> => {
  opened.push(server)
  const settings = { url: server.url, from: 'desk@shop.example', desks: { customer: {} } }
  const config = mailConfig.parse({ ...settings, requireTls: false, timeoutMs: 300 })
  world.setup.connectors.push(createMailConnector({ ...config, name: 'letters' }, { now: world.clock }))
  await world.poll(world.wms)
  await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'held' })
  const values = { private_to: 'jo.doe@example.com', subject: 'Your order 1', text: 'Where to?' }
  const { id } = await world.exception('held')
  await world.press('ada', id, `letters.${action}`, { values })
  await world.work()
}
const run = async () => (await world.runs())[0]
/** Everything that the database holds, as text. */
const everything = async (): Promise<string> => {
  const schemas = await world.rows(sql`select table_schema as schema, table_name as name
    from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'`)
  expect(schemas.length).toBeGreaterThan(10)
  const rows = await Promise.all(
    schemas.map(({ schema, name }) => world.rows(sql.raw(`select * from "${schema}"."${name}"`))),
  )
  return JSON.stringify(rows)
}

describe('a letter to a customer', () => {
  it('is asked and waits, and where it went is kept nowhere', async () => {
    const box = await startMailServer()
    await write(box)
    expect(box.mails.map(({ to }) => to)).toEqual([['jo.doe@example.com']])
    expect(await run()).toMatchObject({
      state: 'settling',
      outcome: 'requested',
      words: 'Mailed to the customer.',
      values: { subject: 'Your order 1', text: 'Where to?' },
    })
    expect(await everything()).not.toContain('jo.doe')
  })

  it('is credited when the order goes on', async () => {
    await write(await startMailServer())
    world.pass(10 * MINUTE)
    await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'ready' })
    expect(await world.exception('held')).toMatchObject({ state: 'resolved' })
    expect(await run()).toMatchObject({ outcome: 'requested', verified_at: expect.anything() })
  })

  it('of which nobody knows whether it went out is sent once, and says where to look', async () => {
    const server = await startBadServer('message', 'cut')
    await write(server)
    for (let n = 0; n < 5; n++) {
      world.pass(MINUTE)
      await world.work()
    }
    expect(server.took()).toBe(1)
    expect(await run()).toMatchObject({
      state: 'finished',
      outcome: 'unknown',
      words: expect.stringContaining('look into the sent mail'),
    })
    expect(await everything()).not.toContain('jo.doe')
  })

  it('waits while the mail server is away, and goes out once when it is back', async () => {
    const box = await startMailServer()
    const port = Number(new URL(box.url).port)
    await box.close()
    await write(box)
    expect(await run()).toMatchObject({ state: 'queued', values: { private_to: 'jo.doe@example.com' } })
    const again = await startMailServer({ port })
    opened.push(again)
    for (let n = 0; n < 10; n++) {
      world.pass(MINUTE)
      await world.work()
    }
    expect(again.mails).toHaveLength(1)
    expect(await run()).toMatchObject({ state: 'settling', outcome: 'requested' })
    expect(await everything()).not.toContain('jo.doe')
  })

  it('that the server refuses is over, and forgets the address too', async () => {
    const refuses = { to: 'jo.doe@example.com', code: 550, words: '<jo.doe@example.com> unknown' }
    await write(await startMailServer({ refuses }))
    expect(await run()).toMatchObject({ state: 'finished', outcome: 'refused' })
    expect(await everything()).not.toContain('jo.doe')
  })
})

describe('news for a customer', () => {
  it('is over when the mail server has it, and says no more than that', async () => {
    await write(await startMailServer(), 'notify_customer')
    expect(await run()).toMatchObject({
      state: 'finished',
      outcome: 'done',
      words: 'Handed to the mail server at 06:00.',
      verified_at: null,
    })
    expect(await world.exception('held')).toMatchObject({
      state: 'open',
      status: 'Write to the customer: tell the news: Handed to the mail server at 06:00.',
    })
    expect(await everything()).not.toContain('jo.doe')
  })

  it('has no part in what mends the order afterwards', async () => {
    await write(await startMailServer(), 'notify_customer')
    await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'ready' })
    expect(await world.exception('held')).toMatchObject({ state: 'healed' })
    expect(await run()).toMatchObject({ verified_at: null })
  })

  it('leaves it open where nobody knows whether the server has it', async () => {
    await write(await startBadServer('message', 'cut'), 'notify_customer')
    expect(await run()).toMatchObject({ state: 'finished', outcome: 'unknown' })
  })
})
