import { batchButtons, RETRY, STOP } from './batch-press.ts'
import type { BatchDetail, BatchMember, MemberState } from './batch-records.ts'
import type { Card, CardBlock, CardButton, Tone } from './card.ts'
import { batchRef } from './card-ref.ts'
import { commandButton } from './command.ts'
import { money } from './exception-context.ts'
import { count, elapsed, listed } from './words.ts'

/** Rows of a table on one card: the rest is counted. */
const ROWS = 10
/** Names that stand behind one reason. */
const NAMES = 5

type Member = BatchDetail['members'][number]

const upperFirst = (text: string): string => (text[0] ?? '').toUpperCase() + text.slice(1)

const first = <T>(all: readonly T[]): string =>
  all.length > ROWS ? ` (the first ${ROWS} of ${all.length})` : ''

/** "Bo Example is on it: receipt R1, receipt R2 and 3 more", a line for each reason. */
export const reasonLines = (members: readonly Pick<BatchMember, 'name' | 'words'>[]): string[] => {
  const byReason = new Map<string, string[]>()
  for (const { name, words } of members) byReason.set(words, [...(byReason.get(words) ?? []), name])
  return [...byReason].map(([words, names]) => {
    const more = names.length > NAMES ? [`${names.length - NAMES} more`] : []
    return `${upperFirst(words)}: ${listed([...names.slice(0, NAMES), ...more])}`
  })
}

const leftOut = (what: string, members: readonly Member[]): CardBlock[] =>
  members.length === 0
    ? []
    : [
        { kind: 'text', text: `${what}: ${members.length}` },
        ...reasonLines(members).map((text): CardBlock => ({ kind: 'context', text })),
      ]

const buttonsOf = (detail: BatchDetail): CardBlock => {
  const pressable = batchButtons({ batch: detail, members: detail.members }).map(
    ({ action, label, offer }, place): CardButton => ({
      kind: 'press',
      exception: batchRef(detail.id),
      action,
      version: detail.version,
      label,
      style: action === STOP ? 'danger' : (offer && place === 0) || action === RETRY ? 'primary' : 'default',
      enabled: true,
      reason: null,
      confirm: null,
      inputs: [],
    }),
  )
  return {
    kind: 'buttons',
    buttons: [...pressable, commandButton(`open ${detail.contract}`, 'Show them one by one')],
  }
}

/** What could be done by one press, for whom, and who is left out. */
const offerCard = (detail: BatchDetail, now: Date): Card => {
  const { title, members, offers } = detail
  const [suggested] = offers
  const able = members.filter(({ actions }) => actions.includes(suggested?.action ?? ''))
  const others = members.filter((member) => !able.includes(member))
  const whom = others.length === 0 ? `all ${able.length}` : `${able.length} of ${members.length}`
  const text = `${suggested?.label ?? 'Nothing'} for ${whom}. Each one is checked again right before anything is sent, and read back after it.`
  return {
    ...frame(detail, `${title}: ${members.length} open`, 'warning', `${title}: ${text}`),
    blocks: [
      { kind: 'text', text },
      {
        kind: 'table',
        title: `These would be done${first(able)}`,
        columns: ['', 'Broken for', 'Value'],
        rows: able
          .slice(0, ROWS)
          .map(({ name, since, valueMinor, currency }) => [
            name,
            elapsed(since, now),
            valueMinor === null || currency === null ? '–' : money({ minor: valueMinor, currency }),
          ]),
      },
      ...leftOut('Left out', others),
      buttonsOf(detail),
    ],
  }
}

const frame = (detail: BatchDetail, title: string, tone: Tone, summary: string): Omit<Card, 'blocks'> => ({
  title,
  tone,
  summary,
  exception: { id: batchRef(detail.id), version: detail.version, state: detail.state },
})

/** States that are named in the line of progress, as they are called there. */
const COUNTED: [MemberState, string][] = [
  ['failed', 'failed'],
  ['unknown', 'unclear'],
  ['unproven', 'not verified'],
  ['skipped', 'skipped'],
  ['stopped', 'left as they are'],
]

/** "7 of 12 done, 1 failed, 4 to go" */
export const progressWords = (members: readonly Pick<BatchMember, 'state'>[]): string => {
  const inState = (...states: MemberState[]) => members.filter(({ state }) => states.includes(state)).length
  const meant = members.length - inState('left_out')
  const toGo = inState('waiting', 'running')
  const parts = COUNTED.flatMap(([state, words]) => {
    const n = inState(state)
    return n === 0 ? [] : [`${n} ${words}`]
  })
  return [`${inState('done')} of ${meant} done`, ...parts, ...(toGo > 0 ? [`${toGo} to go`] : [])].join(', ')
}

/** How far it has come, what went wrong and why, and what can be done about that. */
const progressCard = (detail: BatchDetail): Card => {
  const { members, chosen, title, state, startedBy, stoppedBy, startedAt } = detail
  const inState = (...states: MemberState[]) => members.filter((member) => states.includes(member.state))
  const wrong = inState('failed', 'unknown', 'unproven')
  const words = progressWords(members)
  const isOver = state === 'finished'
  const label = chosen?.label ?? 'Many at once'
  const waits = isOver ? undefined : inState('running').find((member) => member.waits)
  const under = inState('running').length
  const notes = [
    ...(stoppedBy === null ? [] : [`Stopped by ${stoppedBy}: what had not begun is left as it was.`]),
    ...(waits ? [waits.status] : []),
    ...(inState('unknown').length > 0
      ? ['Where it is unclear what the system did, look there first: that is not tried again from here.']
      : []),
  ]
  const tone: Tone = wrong.length > 0 ? 'warning' : isOver ? 'good' : 'neutral'
  return {
    ...frame(detail, `${label}: ${words}`, tone, `${label}, ${title}: ${words}.`),
    blocks: [
      { kind: 'text', text: `${title}: ${words}.${under > 0 ? ` ${count(under, 'run')} under way.` : ''}` },
      ...notes.map((text): CardBlock => ({ kind: 'text', text })),
      ...(wrong.length === 0
        ? []
        : [
            {
              kind: 'table' as const,
              title: `What went wrong${first(wrong)}`,
              columns: ['', 'Why'],
              rows: wrong.slice(0, ROWS).map((member) => [member.name, member.words]),
            },
          ]),
      ...leftOut('Skipped', inState('skipped')),
      ...leftOut('Left out from the start', inState('left_out')),
      buttonsOf(detail),
      ...(startedAt ? [{ kind: 'time' as const, label: `Started by ${startedBy}`, at: startedAt }] : []),
      { kind: 'context', text: `Each one has a card of its own, with its own history and its own Undo.` },
    ],
  }
}

/** The card of a batch, as it stands. */
export const batchCard = (detail: BatchDetail, now: Date): Card =>
  detail.state === 'offered' ? offerCard(detail, now) : progressCard(detail)
