import { commands } from '../../commands/index.ts'
import type { BatchOffered } from '../../src/app/batch-desk.ts'
import type { Card, CardBlock, CommandButton } from '../../src/app/card.ts'
import { batchOf } from '../../src/app/card-ref.ts'
import { cardText } from '../../src/app/card-text.ts'
import type { GraceDecided, GraceDecision } from '../../src/app/grace-desk.ts'
import type { PeopleDesk } from '../../src/app/people-desk.ts'
import type {
  ChannelSummary,
  EpisodeRow,
  ExceptionDetail,
  ExceptionRow,
  FoundExceptions,
  GraceLine,
  Group,
  Queries,
  Waiting,
} from '../../src/app/queries.ts'
import { runCommand } from '../../src/app/run-command.ts'
import type { SubjectDesk } from '../../src/app/split.ts'
import type { Today } from '../../src/app/today.ts'
import { measure, type Touch } from '../../src/domain/drag.ts'
import { handoffName, type Person } from '../../src/domain/model.ts'

/** Commands against a small world in memory: what somebody types, and what they then read. */

/** Monday morning, six o'clock in Berlin. */
export const NOW = new Date('2026-11-23T05:00:00Z')

export const operator: Person = { id: '1', name: 'Ada Example', role: 'operator' }
export const lead: Person = { id: '2', name: 'Bo Example', role: 'lead' }

export const admin: Person = { id: '3', name: 'Cy Example', role: 'admin' }

export const exception = (id: string, over: Partial<ExceptionRow> = {}): ExceptionRow => ({
  id,
  timeline: 'live',
  version: 1,
  revision: 1,
  state: 'open',
  episode: 1,
  contract: 'receipt-booked',
  handoff: { from: 'wms', to: 'erp', object: 'receipt' },
  title: `Receipt R-${id} is in the WMS, not in the ERP`,
  severity: 'medium',
  subject: { id: `s${id}`, kind: 'receipt', keys: [{ name: 'receipt', value: `R-${id}`, kind: 'identity' }] },
  systems: [],
  since: new Date('2026-11-23T02:00:00Z'),
  dueAt: new Date('2026-11-23T03:00:00Z'),
  openedAt: new Date('2026-11-23T03:00:00Z'),
  closedAt: null,
  valueMinor: null,
  currency: null,
  promiseAt: null,
  saveBy: null,
  channel: 'receiving',
  claimedBy: null,
  snoozedUntil: null,
  root: null,
  consequenceCount: 0,
  status: 'Open.',
  actions: [],
  ...over,
})

type World = {
  episodes?: EpisodeRow[]
  /** Notes that can be retired; each that was is taken out. */
  notes?: Set<string>
  /** Who is who, and what is done about it; without it, nobody is known. */
  people?: Partial<PeopleDesk>
  /** What is done to subjects; without it, nobody may. */
  desk?: Partial<SubjectDesk>
  rows?: ExceptionRow[]
  details?: ExceptionDetail[]
  /** Exception ids by the person who handled them. */
  handled?: Record<string, string[]>
  subjects?: FoundExceptions['subjects']
  channels?: ChannelSummary[]
  waiting?: Waiting[]
  touches?: Touch[]
  orders?: number
  graces?: GraceLine[]
  /** What is open, by contract; words are looked for in its id and title. */
  groups?: Group[]
  today?: Today
  /** What is offered for many at once, and what was asked for; the card of an offered batch. */
  offered?: BatchOffered
  asked?: { contract: string; words: string[] }[]
  batchCard?: Card
  /** What becomes of a decision about a proposed grace; each is kept in `decisions`. */
  decided?: GraceDecided
  decisions?: GraceDecision[]
}

const untouched = async (): Promise<never> => {
  throw new Error('This world lets nobody change its subjects')
}
const noPeople: PeopleDesk = { list: async () => [], planLink: untouched, link: untouched, unlink: untouched }
const noDesk: SubjectDesk = { planSplit: untouched, split: untouched, join: untouched, unmap: untouched }

const hasKey = (keys: { value: string }[], text: string) =>
  keys.some(({ value }) => value.toLowerCase() === text.toLowerCase())

const queriesOf = (world: World): Queries => ({
  listExceptions: async (filter) => {
    const matching = (world.rows ?? []).filter((row) => {
      const said = [row.title, handoffName(row.handoff), row.contract, row.severity].join(' ').toLowerCase()
      return (
        row.state === filter.state &&
        (filter.timeline === 'any' || row.timeline === filter.timeline) &&
        (filter.snoozed === undefined || (filter.snoozed === 'only') === (row.snoozedUntil !== null)) &&
        (filter.channel === undefined || row.channel === filter.channel) &&
        (filter.words ?? []).every((word) => said.includes(word)) &&
        (filter.handledBy === undefined || world.handled?.[filter.handledBy]?.includes(row.id) === true)
      )
    })
    const start = Number(filter.after ?? '0')
    const end = start + filter.limit
    const next = end < matching.length ? `${end}` : null
    return { items: matching.slice(start, end), next, total: matching.length }
  },
  getException: async (id) => world.details?.find((detail) => detail.id === id) ?? null,
  findExceptions: async (text, limit) => ({
    subjects: (world.subjects ?? []).filter(({ keys }) => hasKey(keys, text)),
    exceptions: (world.rows ?? []).filter(({ subject }) => hasKey(subject.keys, text)).slice(0, limit),
  }),
  drag: async (period) => measure(world.touches ?? [], { period, orders: world.orders ?? 0 }),
  channels: async () => world.channels ?? [],
  waiting: async () => world.waiting ?? [],
  graces: async () => world.graces ?? [],
  groups: async (words) =>
    (world.groups ?? []).filter(({ contract, title }) =>
      words.every((word) => `${contract} ${title}`.toLowerCase().includes(word)),
    ),
  candidates: async () => ({ candidates: [], total: 0 }),
  batch: async () => null,
  handover: async () => null,
  followUp: async () => null,
  episodes: async () => world.episodes ?? [],
  batches: async () => [],
  group: async () => null,
  desk: async () => {
    throw new Error('No command asks for a desk')
  },
  today: async () =>
    world.today ?? {
      slots: [],
      later: { total: 0, from: null },
      missed: 0,
      unpromised: 0,
      snoozed: 0,
      isCut: false,
    },
})

/** What `asker` gets for typing `text` on Monday morning. */
export const say = async (text: string, world: World = {}, asker: Person = lead) => {
  const { card, command } = await runCommand(commands, text, {
    asker,
    channel: null,
    now: NOW,
    zone: 'Europe/Berlin',
    queries: queriesOf(world),
    subjects: { ...noDesk, ...world.desk },
    people: { ...noPeople, ...world.people },
    batches: {
      offer: async (contract, words) => {
        world.asked?.push({ contract, words })
        return world.offered ?? { is: 'nothing', open: 0, alone: [], leftOut: [] }
      },
    },
    retireNote: async (note) => world.notes?.delete(note) ?? false,
    decideGrace: async (decision) => {
      world.decisions?.push(decision)
      return world.decided ?? { is: 'nothing' }
    },
    cardOf: async (id) => {
      if (batchOf(id) !== null) return world.batchCard ?? null
      const row = world.rows?.find((candidate) => candidate.id === id)
      return row
        ? { title: row.title, tone: 'warning', summary: row.title, blocks: [], exception: row }
        : null
    },
  })
  return { card, command, text: cardText(card), buttons: buttonsOf(card) }
}

const buttonsOf = (card: Card): CommandButton[] =>
  card.blocks
    .flatMap((block: CardBlock) => (block.kind === 'buttons' ? block.buttons : []))
    .filter((button) => button.kind === 'command')

/** Presses the command button with this label, as any surface would: by asking its text. */
export const pressed = async (
  label: string,
  from: { buttons: CommandButton[] },
  world: World,
  asker = lead,
) => {
  const button = from.buttons.find((candidate) => candidate.label === label)
  if (!button) throw new Error(`no button "${label}", only: ${from.buttons.map((b) => b.label).join(', ')}`)
  return say(button.text, world, asker)
}
