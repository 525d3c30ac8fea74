import { sql } from 'drizzle-orm'
import { commands } from '../../commands/index.ts'
import { createQueries } from '../../src/app/ask.ts'
import type { Card, CardButton } from '../../src/app/card.ts'
import { cardText } from '../../src/app/card-text.ts'
import { createHost } from '../../src/app/host.ts'
import type { PressAnswer } from '../../src/app/surface.ts'
import { createReader } from '../../src/db/reader.ts'
import type { Manner } from './fake-system.ts'
import { createWorld, HOUR, PEOPLE, receipt } from './world.ts'

export type BatchWorld = Awaited<ReturnType<typeof createBatchWorld>>

const CHANNELS = ['orders', 'receiving'].map((id) => ({
  id,
  title: `#${id}`,
  on: { chat: `#${id}`, test: `native-${id}` },
}))

/** The world of `createWorld` with a host before it: what people type and press, and what they then read. */
export const createBatchWorld = async (url: string, over: Parameters<typeof createWorld>[1] = {}) => {
  const world = await createWorld(url, over)
  const queries = createQueries(
    createReader(world.connection.db),
    world.setup,
    CHANNELS,
    world.clock,
    world.clockText,
  )
  const host = createHost({
    ...world.base,
    press: { ...world.base, people: PEOPLE },
    people: PEOPLE,
    commands,
    queries,
    zone: 'UTC',
    channelNamed: (surface, native) =>
      CHANNELS.find(({ on }) => Object.entries(on).some(([s, n]) => s === surface && n === native))?.id ??
      null,
  })
  const identity = (who: string) => ({ surface: 'test', externalId: who, displayName: who })

  /** How the ERP takes the booking of each receipt; it obeys where nothing is said. */
  const manners = new Map<string, Manner>()
  const [book] = world.erp.actions
  if (!book) throw new Error('the ERP books receipts')
  // Only what can be taken back is done for many at once.
  book.undo = { action: 'unbook_receipt' }
  const act = book.act
  book.act = (input, key) => {
    world.erp.manner = manners.get(input.target.externalId) ?? 'obeys'
    return act(input, key)
  }

  return {
    ...world,
    queries,
    host,
    manners,
    /** Receipts R1 to Rn, in the warehouse and not in the ERP for over an hour. */
    async broken(n: number): Promise<void> {
      for (let i = 1; i <= n; i++) {
        await world.say(world.erp, { ...receipt(`R${i}`), state: 'open' })
        await world.say(world.wms, { ...receipt(`R${i}`), state: 'received' })
      }
      await world.later(HOUR)
    },
    /** The exception about this receipt. */
    async about(name: string): Promise<string> {
      const [row] = await world.rows(sql`
        select e.id::text from exceptions e join subject_keys k on k.subject_id = e.subject_id where k.value = ${name}`)
      return String(row?.id)
    },
    async ask(who: string, text: string, channel: string | null = null): Promise<Card> {
      return (await host.command({ identity: identity(who), channel, text, interactionKey: null })).card
    },
    /** Presses the button of this card whose label begins so. */
    async pressOn(who: string, card: Card, label: string, key: string | null = null): Promise<PressAnswer> {
      const button = buttonsOf(card).find((each) => each.label.startsWith(label))
      if (!button) throw new Error(`no button "${label}", only: ${buttonsOf(card).map((b) => b.label)}`)
      const { exception, action, version } = button
      return host.press({
        identity: identity(who),
        exception,
        action,
        version,
        values: {},
        formOpenedAt: null,
        interactionKey: key,
      })
    },
    async card(ref = 'batch:1'): Promise<Card> {
      const card = await host.card(ref)
      if (!card) throw new Error(`no card ${ref}`)
      return card
    },
    text: async (ref = 'batch:1'): Promise<string> => {
      const card = await host.card(ref)
      return card ? cardText(card) : ''
    },
    members: (batch = 1) =>
      world.rows(sql`select * from batch_members where batch_id = ${batch} order by place`),
    batches: () => world.rows(sql`select * from batches order by id`),
  }
}

export const buttonsOf = (card: Card): CardButton[] =>
  card.blocks
    .flatMap((block) => (block.kind === 'buttons' ? block.buttons : []))
    .filter((button) => button.kind === 'press')
