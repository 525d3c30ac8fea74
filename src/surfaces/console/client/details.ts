import type { WireActionRun, WireExceptionDetail, WireIntervention } from '../wire.ts'
import { ApiError, api } from './api.ts'
import { byId, el } from './dom.ts'
import { timeElement } from './times.ts'
import { handoffWords, objectWord, roleWord, SEVERITIES, stateWords } from './words.ts'

export type Details = {
  show(id: string): Promise<void>
  /** Reads the shown exception again if it is this one. */
  refresh(id: string): void
}

/** One exception from the side: evidence, what was done, who touched it. Escape closes it. */
export const createDetails = (onClose: () => void): Details => {
  const dialog = byId('details', HTMLDialogElement)
  const body = byId('details-body', HTMLElement)
  let shown: string | null = null

  dialog.addEventListener('close', () => {
    if (shown !== null) returnFocus(shown)
    shown = null
    onClose()
  })
  byId('details-close', HTMLButtonElement).addEventListener('click', () => dialog.close())
  dialog.addEventListener('click', (event) => {
    // The backdrop is the dialog itself; its content lies in elements of its own.
    if (event.target === dialog) dialog.close()
  })

  const draw = async (id: string): Promise<void> => {
    try {
      const detail = await api.detail(id)
      if (shown === id) body.replaceChildren(...sectionsOf(detail))
    } catch (error) {
      if (shown === id) body.replaceChildren(el('p', { class: 'answer refused' }, wordsFor(error)))
    }
  }

  return {
    show: async (id) => {
      shown = id
      body.replaceChildren(el('p', { class: 'working' }, 'Reading…'))
      if (!dialog.open) dialog.showModal()
      await draw(id)
    },
    refresh: (id) => {
      if (shown === id) void draw(id)
    },
  }
}

/** The browser returns focus to the opener, unless the card was drawn anew meanwhile. */
const returnFocus = (id: string): void => {
  const { activeElement } = document
  if (activeElement !== document.body && activeElement?.closest('dialog') === null) return
  document.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"] [data-name=details]`)?.focus()
}

const wordsFor = (error: unknown): string =>
  error instanceof ApiError ? error.message : 'This cannot be shown. Reload the page.'

const sectionsOf = (detail: WireExceptionDetail): Node[] => {
  const state = stateWords(detail.state)
  const keys = detail.subject.keys.map((key) => `${roleWord(key.name)} ${key.value}`).join(', ')
  return [
    el('h2', { id: 'details-title' }, detail.title),
    el('p', { class: 'soft' }, `${keys} · ${handoffWords(detail.handoff)}, ${objectWord(detail.handoff)}`),
    facts([
      [
        'State',
        `${state.sign} ${state.word}${detail.episode > 1 ? `, for the ${ordinal(detail.episode)} time` : ''}`,
      ],
      ['Severity', `${SEVERITIES[detail.severity].sign} ${SEVERITIES[detail.severity].word}`],
      ['Now', detail.status],
      ['Taken by', detail.claimedBy ?? 'nobody'],
      ['Broken since', timeElement(detail.since, 'both')],
      ['Opened', timeElement(detail.openedAt, 'both')],
      ...(detail.closedAt === null ? [] : [['Closed', timeElement(detail.closedAt, 'both')] as const]),
      ['Evidence', detail.evidence],
      ['Channel', detail.channel === null ? 'none' : `${detail.channel}${because(detail.routeReason)}`],
      ['Contract', detail.contract],
    ]),
    ...why(detail),
    section('Systems', systems(detail)),
    section('Actions', timeline(detail.actionRuns.map(runEntry), 'No action has run yet.')),
    ...earning(detail),
    section('People', timeline(detail.interventions.map(touchEntry), 'Nobody has touched it yet.')),
  ]
}

const why = ({ meaning, hurts, fix }: WireExceptionDetail): Node[] => {
  const entries = [
    ['What it means', meaning],
    ['Whom it hurts', hurts],
    ['Usual fix', fix],
  ] as const
  const said = entries.filter(([, words]) => words !== '')
  return said.length === 0 ? [] : [section('Why it matters', facts(said))]
}

/** How far each action has come on this gap towards being left to automation. */
const earning = ({ history }: WireExceptionDetail): Node[] => {
  const entries = (history?.actions ?? []).flatMap(({ label, proven, needed }) =>
    needed === null || proven === 0
      ? []
      : [[label, `${Math.min(proven, needed)} of ${needed} verified runs that lasted`] as const],
  )
  return entries.length === 0 ? [] : [section('Towards automation', facts(entries))]
}

const because = (reason: string | null): string => (reason === null ? '' : `, by ${reason}`)

const ordinal = (count: number): string => {
  const suffixes: Record<string, string> = { one: 'st', two: 'nd', few: 'rd', other: 'th' }
  return `${count}${suffixes[new Intl.PluralRules('en', { type: 'ordinal' }).select(count)]}`
}

const section = (title: string, content: Node): HTMLElement => el('section', {}, el('h3', {}, title), content)

const facts = (entries: (readonly [string, string | Node])[]): HTMLElement =>
  el('dl', {}, ...entries.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]))

const systems = (detail: WireExceptionDetail): HTMLElement =>
  el(
    'ul',
    { class: 'entries' },
    ...detail.systems.map((side) =>
      el(
        'li',
        {},
        el('strong', {}, roleWord(side.role)),
        ` ${side.system}: ${side.state} `,
        el('span', { class: 'soft' }, `“${side.raw}”`),
        el(
          'div',
          { class: 'soft' },
          ...(side.at === null ? ['time not known'] : [timeElement(side.at, 'both')]),
        ),
      ),
    ),
  )

type Entry = { at: string; title: string; lines: (string | null)[] }

const runEntry = (run: WireActionRun): Entry => ({
  at: run.startedAt,
  title: `${run.label}: ${(run.outcome ?? run.state).replaceAll('_', ' ')}`,
  lines: [
    run.words === '' ? null : run.words,
    `${run.system}, asked for by ${run.requestedBy}${run.approvedBy === null ? '' : `, approved by ${run.approvedBy}`}`,
    run.verifiedAt === null ? 'not verified' : '✓ verified: the handoff is kept',
  ],
})

const touchEntry = (touch: WireIntervention): Entry => ({
  at: touch.at,
  title: [touch.person, (touch.action ?? touch.kind).replaceAll('_', ' '), touch.result?.replaceAll('_', ' ')]
    .filter((part) => part !== undefined && part !== null)
    .join(' · '),
  lines: [touch.note, touch.minutes === null ? null : `${touch.minutes} min hands-on`, `on ${touch.surface}`],
})

const timeline = (entries: Entry[], none: string): HTMLElement =>
  entries.length === 0
    ? el('p', { class: 'soft' }, none)
    : el('ol', { class: 'entries' }, ...entries.toSorted((a, b) => b.at.localeCompare(a.at)).map(entryItem))

const entryItem = ({ at, title, lines }: Entry): HTMLElement =>
  el(
    'li',
    {},
    el('strong', {}, title),
    ' ',
    timeElement(at, 'both'),
    ...lines.filter((line) => line !== null).map((line) => el('div', { class: 'soft' }, line)),
  )
