import { z } from 'zod'
import { CONTEXT_HOURS, measure } from '../domain/drag.ts'
import { readings, subjectName } from '../domain/keys.ts'
import {
  handoffName,
  ROLES,
  SEVERITIES,
  type Severity,
  type SubjectKind,
  type Timeline,
} from '../domain/model.ts'
import { ruleFor } from '../domain/route.ts'
import { createBatchQueries, offersOf } from './ask-batches.ts'
import type { Mention } from './card.ts'
import type { OwedItem } from './desk.ts'
import { actionView } from './gap-actions.ts'
import { graceLines } from './grace-desk.ts'
import { claimEnd } from './lease.ts'
import type { Clock, ClockText, Reader } from './ports.ts'
import type {
  ExceptionDetail,
  ExceptionFilter,
  ExceptionRow,
  OfferedAction,
  Queries,
  SystemSide,
} from './queries.ts'
import type { ExceptionHistory, ExceptionSource, SourceFilter, SubjectRecord } from './records.ts'
import { saveBy } from './save-by.ts'
import { CHAIN, sideBySide } from './sides.ts'
import { mentionsOf, onceEach } from './telling.ts'
import { planToday } from './today.ts'
import type { Setup } from './world.ts'

export type ConfiguredChannel = { id: string; title: string; on: Record<string, string> }

const MAX_PAGE = 200
/** Of one exception's past: more than anybody reads. */
const MOST_EPISODES = 20

const sidesOf = (subject: SubjectRecord): SystemSide[] =>
  subject.objects
    .map((o) => {
      const entered = o.enteredAt[o.state]
      const at = entered === undefined || o.type === 'inventory' ? o.occurredAt : new Date(entered)
      const { system, role, type, externalId, state, rawState: raw, quantities } = o
      return { system, role, type, externalId, state, raw, at, quantities }
    })
    .sort((a, b) => CHAIN.indexOf(a.role) - CHAIN.indexOf(b.role) || (a.type < b.type ? -1 : 1))

const namedContracts = z.object({
  id: z.string(),
  title: z.string(),
  meaning: z.string().default(''),
  hurts: z.string().default(''),
  fix: z.string().default(''),
  handoff: z.object({ from: z.enum(ROLES), to: z.enum(ROLES), object: z.string() }),
})
type NamedContract = z.infer<typeof namedContracts>

/** A page's cursor: the rank, time (ms) and id of its last item. */
const cursor = /^(\d)\.(\d{1,15})\.(\d{1,15})$/

const parseAfter = (text: string | null): SourceFilter['after'] => {
  const [, rank, ms, id] = cursor.exec(text ?? '') ?? []
  return rank === undefined || ms === undefined || id === undefined
    ? null
    : { rank: Number(rank), at: new Date(Number(ms)), id }
}

/** Goods that are missing or stuck: whoever decides about them must know which orders wait for them. */
const GOODS: readonly SubjectKind[] = ['stock', 'receipt', 'purchase', 'transfer']

/** Whether other orders that need the same goods are part of the question: of goods, or of what goods may explain. */
const needsGoods =
  ({ contracts }: Setup) =>
  (id: string): boolean => {
    const contract = contracts.find((candidate) => candidate.id === id)
    const roots = contracts.filter((candidate) => contract?.foldsUnder.includes(candidate.id))
    return [contract, ...roots].some((each) => each !== undefined && GOODS.includes(each.subject))
  }

/** Open ones are listed worst first, all others by time alone. */
const rankOf = (state: ExceptionFilter['state'], severity: Severity): number =>
  state === 'open' ? SEVERITIES.indexOf(severity) : 0

/**
 * Answers questions from the store. Offers and titles are computed here and not stored, so that a card can never
 * show an action that a press would not find.
 */
export const createQueries = (
  reader: Reader,
  setup: Setup,
  channels: ConfiguredChannel[],
  clock: Clock,
  clockText: ClockText,
): Queries => {
  const imported = new Map<Timeline, NamedContract[]>()

  /** What is shown of the contract; an import's own contracts are asked for once. */
  const namedContract = async (timeline: Timeline, id: string): Promise<NamedContract | undefined> => {
    if (timeline === 'live') return setup.contracts.find((c) => c.id === id)
    const known =
      imported.get(timeline) ?? z.array(namedContracts).parse(await reader.importedContracts(timeline))
    imported.set(timeline, known)
    return known.find((c) => c.id === id)
  }

  const titleOf = async (timeline: Timeline, id: string): Promise<string> =>
    (await namedContract(timeline, id))?.title ?? `${id} (no longer configured)`

  const contractOf = (id: string) => setup.contracts.find((contract) => contract.id === id)

  const rowOf = async (source: ExceptionSource): Promise<ExceptionRow> => {
    const { exception, subject, names, root, consequences } = source
    const { timeline } = subject
    const named = await namedContract(timeline, exception.contract)
    const { claimedBy, claimedAt } = exception
    return {
      ...exception,
      id: exception.id ?? '',
      timeline,
      handoff: named?.handoff ?? { from: 'integration', to: 'integration', object: exception.contract },
      title: await titleOf(timeline, exception.contract),
      saveBy: saveBy(setup, contractOf(exception.contract), exception.promiseAt),
      subject: { id: subject.id, kind: subject.kind, keys: subject.keys },
      systems: sidesOf(subject),
      claimedBy:
        claimedBy !== null && claimedAt
          ? {
              id: claimedBy,
              name: names.get(claimedBy) ?? 'someone',
              at: claimedAt,
              until: timeline === 'live' ? claimEnd(setup, exception.channel, claimedAt) : null,
            }
          : null,
      root: root && {
        id: root.id,
        title: await titleOf(timeline, root.contract),
        name: subjectName(root.keys),
      },
      consequenceCount: consequences,
      actions: offersOf({ setup, clock, clockText }, source).map(shown),
    }
  }

  const contextOf = async ({ asOf, context, subject, exception }: ExceptionHistory) => {
    const {
      meaning = '',
      hurts = '',
      fix = '',
    } = (await namedContract(subject.timeline, exception.contract)) ?? {}
    const { consequences, orders, openings, gap } = context
    const first = await Promise.all(
      consequences.first.map(async ({ keys, contract, ...rest }) => ({
        ...rest,
        title: await titleOf(subject.timeline, contract),
        name: subjectName(keys),
      })),
    )
    return {
      asOf,
      meaning,
      hurts,
      fix,
      consequences: { ...consequences, first },
      orders: orders && {
        ...orders,
        first: orders.first.map(({ keys, ...rest }) => ({ ...rest, name: subjectName(keys) })),
      },
      openings,
      gap: gap && {
        ...gap,
        actions: gap.actions.map((did) => actionView(setup, did)),
      },
    }
  }

  /** The rule's people, and whoever was given it; once it is over, nobody. */
  const tellOf = async ({ exception, assigned }: ExceptionHistory): Promise<ExceptionDetail['tell']> => {
    if (exception.state !== 'open') return { own: [], raised: [] }
    const rule = ruleFor(setup.routing.rules, exception.routeReason)
    const given = assigned.map(
      ({ surface, externalId: id, name }): Mention => ({ surface, id, kind: 'person', name }),
    )
    const told = await mentionsOf(reader, { own: rule?.tell ?? [], raised: rule?.escalate?.tell ?? [] })
    return { own: onceEach([...told.own, ...given]), raised: told.raised }
  }

  const detailOf = async (source: ExceptionHistory): Promise<ExceptionDetail> => {
    const row = await rowOf(source)
    const { interventions, runs } = source
    const contract = setup.contracts.find((c) => c.id === source.exception.contract)
    return {
      ...row,
      ...(await contextOf(source)),
      columns: sideBySide(contract, source.subject.objects),
      evidence: source.exception.evidence,
      routeReason: source.exception.routeReason,
      graceWords: source.exception.graceWords,
      tell: await tellOf(source),
      interventions,
      actionRuns: runs.map(({ requestedByName, approvedByName, ...run }) => ({
        ...run,
        requestedBy: requestedByName,
        approvedBy: approvedByName,
      })),
    }
  }

  const wordsOf = (words: string[]) =>
    words.map((text) => ({
      text,
      contracts: setup.contracts
        .filter((c) =>
          `${c.id} ${c.title} ${handoffName(c.handoff)} ${c.subject}`
            .toLowerCase()
            .includes(text.toLowerCase()),
        )
        .map((c) => c.id),
    }))

  const list = async (filter: ExceptionFilter, subjectIds: string[] | null) => {
    const limit = Math.min(Math.max(filter.limit, 1), MAX_PAGE)
    const { sources, total } = await reader.exceptions({
      state: filter.state,
      timeline: filter.timeline,
      after: parseAfter(filter.after),
      limit,
      channel: filter.channel ?? null,
      words: wordsOf(filter.words ?? []),
      claimedBy: filter.claimedBy ?? null,
      handledBy: filter.handledBy ?? null,
      subjectIds,
      contract: null,
      ...(filter.snoozed === undefined ? {} : { snoozed: filter.snoozed }),
    })
    const items = await Promise.all(sources.map(rowOf))
    const last = items.at(-1)
    const at = last && (filter.state === 'closed' ? (last.closedAt ?? last.openedAt) : last.openedAt)
    const more = last && at && items.length === limit
    return {
      items,
      total,
      next: more ? `${rankOf(filter.state, last.severity)}.${at.getTime()}.${last.id}` : null,
    }
  }

  return {
    ...createBatchQueries({ reader, setup, clock, clockText }, wordsOf),

    listExceptions: (filter) => list(filter, null),

    async getException(id) {
      const isId = /^\d{1,15}$/.test(id)
      const source = isId ? await reader.exception(id, clock(), needsGoods(setup)) : null
      return source && detailOf(source)
    },

    async findExceptions(text, limit) {
      const rules = setup.connectors.flatMap(({ keys }) => keys ?? [])
      const written = readings(text.trim().replace(/^#/, ''), rules)
      const found = await Promise.all(written.map((value) => reader.subjectsByValue(value, limit)))
      const byId = new Map(found.flat().map((subject) => [subject.id, subject]))
      const subjects = [...byId.values()].slice(0, limit)
      const ids = subjects.map(({ id }) => id)
      const { items } = await list({ state: 'all', timeline: 'any', after: null, limit }, ids)
      return {
        subjects: subjects.map((s) => ({
          id: s.id,
          kind: s.kind,
          keys: s.keys,
          systems: sidesOf(s),
          timeline: s.timeline,
        })),
        exceptions: items,
      }
    },

    async drag(period) {
      const context = CONTEXT_HOURS * 3_600_000
      const around = {
        from: new Date(period.from.getTime() - context),
        to: new Date(period.to.getTime() + context),
      }
      const [touches, orders, falseAlarms] = await Promise.all([
        reader.touches(around),
        reader.orders(period),
        reader.falseAlarms(),
      ])
      return measure(touches, { period, orders, falseAlarms })
    },

    async desk(asked) {
      const { mine, approvals, channels: open } = await reader.desk(asked)
      const rows = async ({ sources, total }: typeof mine) => ({
        items: await Promise.all(sources.map(rowOf)),
        total,
      })
      return { mine: await rows(mine), approvals: await rows(approvals), channels: await rows(open) }
    },

    async today(until, cards) {
      const now = clock()
      const byContract = ({ contract, promiseAt }: OwedItem): Date =>
        saveBy(setup, contractOf(contract), promiseAt) ?? promiseAt
      const plan = planToday(await reader.owed(now), byContract, { now, until }, cards)
      const ids = plan.slots.flatMap(({ first }) => first.map(({ id }) => id))
      const rows = new Map<string, ExceptionRow>()
      for (const source of await reader.exceptionsById(ids)) {
        const row = await rowOf(source)
        rows.set(row.id, row)
      }
      // What was closed between the two looks is not shown; whoever asks again is told the count anew.
      const slots = plan.slots.map((slot) => ({
        ...slot,
        first: slot.first.flatMap(({ id, ...saving }) => {
          const exception = rows.get(id)
          return exception?.state === 'open' ? [{ ...saving, exception }] : []
        }),
      }))
      return { ...plan, slots }
    },

    async handover(id) {
      const source = await reader.handover(id)
      if (!source) return null
      const { channel, endedAt, revision, items, notes } = source
      const rows = await Promise.all(
        (await reader.exceptionsById(items.map(({ exception }) => exception))).map(rowOf),
      )
      const shown = items.flatMap(({ exception, had }) => {
        const row = rows.find((each) => each.id === exception)
        return row ? [{ row, had, notes: notes.filter((note) => note.exception === exception) }] : []
      })
      return { id, channel, endedAt, revision, items: shown }
    },

    followUp: (id) => reader.followUp(id),

    episodes: (id) => (/^\d{1,15}$/.test(id) ? reader.episodes(id, MOST_EPISODES) : Promise.resolve([])),

    waiting: () => reader.waiting(),

    graces: () => graceLines(setup, reader, clock()),

    async channels() {
      const open = await reader.openByChannel()
      return channels.map(({ id, title, on }) => ({
        id,
        title,
        open: open.get(id) ?? 0,
        surfaces: Object.keys(on),
      }))
    },
  }
}

const shown = ({
  id,
  label,
  enabled,
  reason,
  style,
  confirm,
  inputs,
  place,
}: OfferedAction): OfferedAction => ({
  id,
  label,
  enabled,
  reason,
  style,
  confirm,
  inputs,
  ...(place === undefined ? {} : { place }),
})
