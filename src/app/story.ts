import { subjectName } from '../domain/keys.ts'
import type { Card, CardBlock } from './card.ts'
import { commandButton } from './command.ts'
import { noteLines } from './exception-context.ts'
import type { ActionRunRow, EpisodeRow, ExceptionDetail, InterventionRow } from './queries.ts'
import { count, elapsed } from './words.ts'

/** The latest of each: what a phone can still be scrolled through. */
const MOST_TOUCHES = 20
const MOST_RUNS = 10
const MOST_EPISODES = 5

const DID: Record<string, string> = {
  claim: 'took it',
  release: 'handed it back',
  assign: 'gave it to somebody',
  snooze: 'snoozed it',
  wake: 'brought it back',
  escalate: 'escalated it',
  dismiss: 'dismissed it',
  reopen: 'opened it again',
  note: 'left a note',
  fixed_by_hand: 'fixed it by hand',
  approve: 'approved what was asked for',
  decline: 'declined what was asked for',
  take_back: 'took back what had not begun',
}

const CAME_TO: Record<string, string> = {
  nothing_to_do: ': there was nothing to do',
  lost_race: ': somebody else was first',
  not_allowed: ': not allowed',
  stale: ': the card was out of date',
  awaiting_approval: ': it waits for approval',
}

const ago = (at: Date, now: Date): string => `${elapsed(at, now)} ago`

/** A button as its card called it, where it was pressed to any effect; else by the words of its id. */
const buttonWords = (action: string, runs: readonly ActionRunRow[]): string => {
  const [, undo = '', system = '', id = action] = /^(undo\.)?([^.]+)\.(.+)$/.exec(action) ?? []
  const run = runs.find((each) => each.system === system && each.action === id)
  return `${undo === '' ? '' : 'Undo: '}${run?.label ?? id.replaceAll('_', ' ')}`
}

const touchLine = (
  { at, person, kind, action, result, note, minutes }: InterventionRow,
  runs: readonly ActionRunRow[],
  now: Date,
): string => {
  const isDone = result === 'acted' || result === 'awaiting_approval'
  const pressed = `pressed "${buttonWords(action ?? '', runs)}"`
  const did =
    kind === 'off_chat' ? 'mended it in the system itself' : isDone ? (DID[action ?? ''] ?? pressed) : pressed
  const took = minutes === null ? '' : `, ${minutes} min`
  const said = note === null || kind === 'off_chat' ? '' : `: ${note}`
  return `${ago(at, now)}: ${person} ${did}${took}${CAME_TO[result ?? ''] ?? ''}${said}`
}

const runLine = (
  { label, system, requestedBy, outcome, state, verifiedAt, words, startedAt }: ActionRunRow,
  now: Date,
) =>
  `${ago(startedAt, now)}: ${label} on ${system} by ${requestedBy}: ${(outcome ?? state).replaceAll('_', ' ')}${verifiedAt ? ', verified' : ''}. ${words}`.trim()

const episodeLine = ({ openedAt, closedAt, closedAs, closedBy }: EpisodeRow, now: Date): string => {
  const opened = `Opened ${ago(openedAt, now)}`
  if (!closedAt) return `${opened}, and still open.`
  const how = closedBy === null || closedBy === '' ? '' : ` ${closedBy}`
  return `${opened}, ${closedAs ?? 'closed'} after ${elapsed(openedAt, closedAt)}.${how}`
}

const part = (title: string, lines: string[]): CardBlock[] =>
  lines.length === 0
    ? []
    : [{ kind: 'text', text: title }, ...lines.map((text): CardBlock => ({ kind: 'context', text }))]

/** "the latest 20 of 31", where there are more than are shown. */
const latest = (what: string, total: number, most: number): string =>
  total > most ? `${what} (the latest ${most} of ${total})` : what

/** Everything that happened to one exception, in plain sentences, newest first; and the notes of its gap. */
export const storyCard = (row: ExceptionDetail, episodes: EpisodeRow[]): Card => {
  const { asOf, interventions, actionRuns, gap, id } = row
  const touches = interventions.slice(-MOST_TOUCHES).reverse()
  const notes = gap?.notes ?? []
  const retire = notes.map((note) =>
    commandButton(`history ${id} retire ${note.id}`, `Retire the note of #${note.exception}`),
  )
  const title = `History of #${id}: ${row.title}`
  return {
    title,
    tone: 'neutral',
    summary: `${title} (${subjectName(row.subject.keys)}): ${count(row.episode, 'episode')}, ${count(interventions.length, 'touch', 'touches')}.`,
    blocks: [
      ...part(
        latest('Episodes', row.episode, MOST_EPISODES),
        episodes.slice(0, MOST_EPISODES).map((each) => episodeLine(each, asOf)),
      ),
      ...part(
        latest('What people did', interventions.length, MOST_TOUCHES),
        touches.map((each) => touchLine(each, actionRuns, asOf)),
      ),
      ...part(
        latest('What Baton did', actionRuns.length, MOST_RUNS),
        actionRuns.slice(0, MOST_RUNS).map((each) => runLine(each, asOf)),
      ),
      ...part('Notes that the cards of this kind show', noteLines(row)),
      { kind: 'buttons', buttons: [commandButton(`open ${id}`, `Show #${id}`), ...retire] },
    ],
  }
}
