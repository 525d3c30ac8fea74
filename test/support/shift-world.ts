import { commands } from '../../commands/index.ts'
import { createQueries } from '../../src/app/ask.ts'
import { worktimesOf } from '../../src/app/calendar.ts'
import { calendarConfig } from '../../src/app/calendar-config.ts'
import { cardText } from '../../src/app/card-text.ts'
import { createHost } from '../../src/app/host.ts'
import type { People } from '../../src/app/same-person.ts'
import type { SurfaceHost } from '../../src/app/surface.ts'
import { tend } from '../../src/app/tend.ts'
import type { Setup } from '../../src/app/world.ts'
import { createReader } from '../../src/db/reader.ts'
import { createWorld, HOUR, PEOPLE, receipt, type World } from './world.ts'

/** One shift a day, from six to two. */
const EARLY = calendarConfig.parse({ hours: { 'mon-fri': '06:00-14:00' } })

export const urgent = {
  name: 'receipts',
  if: { contract: ['receipt-booked'] },
  channel: 'dock',
  tell: [{ surface: 'chat', id: 'G1', kind: 'group' as const, name: 'dock crew' }],
  escalate: {
    to: 'leads',
    tell: [{ surface: 'chat', id: 'lea', kind: 'person' as const, name: 'Lea Example' }],
    afterMs: HOUR / 2,
  },
}

export type ShiftWorld = Awaited<ReturnType<typeof createShiftWorld>>

/** A world with people, shifts and one channel rule, and everything that a surface may ask of it. */
export const createShiftWorld = async (url: string, over: Partial<Setup> = {}, people: People = PEOPLE) => {
  const world: World = await createWorld(url, {
    calendars: worktimesOf({ early: EARLY }, 'UTC'),
    shifts: { channels: new Map(), others: 'early' },
    people: people.configured,
    routing: { rules: [urgent], defaultChannel: 'orders' },
    ...over,
  })
  const { store, setup, clock, clockText, base } = world
  const queries = createQueries(createReader(world.connection.db), setup, [], clock, clockText)
  const host: SurfaceHost = createHost({
    press: { ...base, people },
    ...{ store, people, clock, commands, queries, zone: 'UTC', channelNamed: () => null },
  })
  return {
    ...world,
    queries,
    host,
    tend: () => tend(base),
    /** A receipt that was never booked; answers its exception's id. */
    async unbooked(name = 'R1'): Promise<string> {
      await world.say(world.erp, { ...receipt(name), state: 'open' })
      await world.say(world.wms, { ...receipt(name), state: 'received' })
      await world.later(HOUR)
      const [last] = (await world.exceptions()).slice(-1)
      return String(last?.id)
    },
    /** The card of this name as people read it. */
    async text(ref: string): Promise<string> {
      const card = await host.card(ref)
      return card ? cardText(card) : ''
    },
    async postsOf(card: string) {
      return (await world.posts()).filter((post) => String(post.card).startsWith(card))
    },
    /** A press on any card, as its first enabled button of this label sends it. */
    async click(who: string, ref: string, label: string) {
      const card = await host.card(ref)
      const button = card?.blocks
        .flatMap((block) => (block.kind === 'buttons' ? block.buttons : []))
        .find((each) => each.label === label)
      if (button?.kind !== 'press') throw new Error(`${ref} has no button "${label}"`)
      const { exception, action, version } = button
      const identity = { surface: 'test', externalId: who, displayName: who }
      return () =>
        host.press({
          ...{ identity, exception, action, version, values: {} },
          ...{ formOpenedAt: null, interactionKey: null },
        })
    },
  }
}
