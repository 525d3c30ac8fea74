import { subjectName } from '../domain/keys.ts'
import { reasonOf } from '../domain/route.ts'
import { type Candidate, calledBy, whyAlone } from './batch-plan.ts'
import type { BatchDetail } from './batch-records.ts'
import { draftOf, viewOf } from './draft.ts'
import { WORST_SHOWN } from './group-card.ts'
import { LINES_A_LIST } from './group-list-card.ts'
import type { GroupLine } from './group-records.ts'
import { type Offer, offersFor } from './offers.ts'
import type { Clock, ClockText, Reader } from './ports.ts'
import type { Group, Queries } from './queries.ts'
import { unreachableWords } from './reach.ts'
import type { ExceptionSource, SourceFilter } from './records.ts'
import { mentionsOf } from './telling.ts'
import type { Setup } from './world.ts'

/** The most that one press handles, and what a card can still be worked through. */
const MOST_MEMBERS = 200
/** A batch is shown for so long after its end, in ms, and so many of them at most. */
const SHOWN_MS = 3_600_000
const MOST_SHOWN = 20

type Parts = { reader: Reader; setup: Setup; clock: Clock; clockText: ClockText }

/** What the card of an exception offers now. */
export const offersOf = (
  { setup, clock, clockText }: Omit<Parts, 'reader'>,
  { exception, subject, past, unreachable }: ExceptionSource,
): Offer[] => {
  const contract = setup.contracts.find((c) => c.id === exception.contract)
  const now = clock()
  const around = { now, clockText, past, unreachable: unreachableWords(unreachable, clockText, now) }
  return offersFor(exception, contract, viewOf(draftOf(subject)), setup, around)
}

const candidateOf = (parts: Omit<Parts, 'reader'>, source: ExceptionSource): Candidate => {
  const { exception, subject, names, root } = source
  const { claimedBy, run } = exception
  return {
    id: exception.id ?? '',
    version: exception.version,
    name: subjectName(subject.keys),
    channel: exception.channel,
    since: exception.since,
    valueMinor: exception.valueMinor,
    claimedBy: claimedBy === null ? null : { id: claimedBy, name: names.get(claimedBy) ?? 'someone' },
    root: root?.id ?? null,
    running: run?.label ?? null,
    offers: offersOf(parts, source).filter(({ id }) => calledBy(parts.setup, id) !== null),
  }
}

/** What a press may do for many of this contract, whatever each of them would offer at this moment. */
const togetherOn = (setup: Setup, id: string): string[] => {
  const contract = setup.contracts.find((candidate) => candidate.id === id)
  const actions = setup.connectors.flatMap((connector) => connector.actions)
  const labels = (contract?.actions ?? []).flatMap((wanted) =>
    actions
      .filter((action) => action.id === wanted && whyAlone(action, { inputs: [] }, setup) === null)
      .map(({ label }) => label),
  )
  return [...new Set(labels)]
}

const open = (words: SourceFilter['words'], contract: string | null): SourceFilter => ({
  state: 'open',
  timeline: 'live',
  limit: MOST_MEMBERS,
  after: null,
  channel: null,
  words,
  claimedBy: null,
  handledBy: null,
  subjectIds: null,
  contract,
  snoozed: 'hide',
})

/** Questions about many exceptions at once, and about what was done for them. */
export const createBatchQueries = (
  parts: Parts,
  wordsOf: (words: string[]) => SourceFilter['words'],
): Pick<Queries, 'groups' | 'candidates' | 'batch' | 'batches' | 'group'> => {
  const { reader, setup, clock } = parts
  const titleOf = (contract: string): string =>
    setup.contracts.find(({ id }) => id === contract)?.title ?? `${contract} (no longer configured)`
  const detail = async (id: string): Promise<BatchDetail | null> => {
    const batch = await reader.batch(id)
    return batch && { ...batch, title: titleOf(batch.contract) }
  }
  return {
    async groups(words) {
      const counted = await reader.countByContract(open(wordsOf(words), null))
      return counted.map(
        ({ contract, count }): Group => ({
          contract,
          title: titleOf(contract),
          open: count,
          together: togetherOn(setup, contract),
        }),
      )
    },

    async candidates(contract, words) {
      const { sources, total } = await reader.exceptions(open(wordsOf(words), contract))
      return { candidates: sources.map((source) => candidateOf(parts, source)), total }
    },

    batch: detail,

    async group(id, list = 0) {
      const lines = { from: Math.max(0, list - 1) * LINES_A_LIST, to: list * LINES_A_LIST }
      const found = await reader.group(id, clock(), WORST_SHOWN, lines)
      if (!found) return null
      const { contract, handoff } = found.parts
      const title =
        contract === undefined ? (handoff ?? 'Exceptions that opened together') : titleOf(contract)
      const named = ({ keys, ...line }: GroupLine) => ({ ...line, name: subjectName(keys) })
      const rules = setup.routing.rules.filter((rule) => found.routeReasons.includes(reasonOf(rule)))
      const tell = await mentionsOf(reader, {
        own: rules.flatMap((rule) => rule.tell ?? []),
        raised: rules.flatMap(({ escalate }) => (escalate?.to === found.escalatedTo ? escalate.tell : [])),
      })
      return {
        ...found,
        title,
        worst: found.worst.map(named),
        lines: found.lines.map(named),
        listed: found.listed.length,
        tell,
      }
    },

    async batches() {
      const since = new Date(clock().getTime() - SHOWN_MS)
      const found = await Promise.all((await reader.recentBatches(since, MOST_SHOWN)).map(detail))
      return found.filter((batch) => batch !== null)
    },
  }
}
