import { cleanText, cutText, escapeMarkdown, type PressData, plainText } from './adaptive-text.ts'

/** The parts of Adaptive Cards 1.5 that Baton uses, what one card may hold, and how text is fitted into it. */

/**
 * What one card may hold, in characters unless named otherwise. Only the size is a platform's limit (Teams refuses
 * messages over 100 KB, UTF-16, reference/teams.md; 80 KB leaves room for the envelope); the rest keep a card
 * readable on a phone. Buttons are never dropped, so `blocks` does not count them.
 */
export const LIMITS = {
  bytes: 80 * 1024,
  title: 200,
  text: 4000,
  context: 1000,
  blocks: 60,
  facts: 30,
  factLabel: 80,
  factValue: 500,
  systems: 12,
  systemDetails: 8,
  columns: 8,
  rows: 60,
  cell: 200,
  buttonLabel: 60,
  reason: 300,
  inputLabel: 120,
  options: 60,
  option: 100,
  /** Buttons shown before the host's overflow menu; Teams shows six at most. */
  primaryButtons: 5,
} as const

export type Style = 'default' | 'good' | 'warning' | 'attention'
export type TextBlock = {
  type: 'TextBlock'
  text: string
  wrap: true
  style?: 'heading'
  size?: 'small' | 'medium'
  weight?: 'bolder'
  color?: Style
  isSubtle?: true
  spacing?: 'none' | 'small'
}
type TableCell = { type: 'TableCell'; items: TextBlock[] }
export type Table = {
  type: 'Table'
  showGridLines: false
  columns: { width: number; horizontalCellContentAlignment?: 'right' }[]
  rows: { type: 'TableRow'; cells: TableCell[] }[]
}
export type FactSet = { type: 'FactSet'; facts: { title: string; value: string }[] }
export type Container = { type: 'Container'; style: Style; bleed: true; items: TextBlock[] }
export type InputElement = { id: string; label: string; isRequired: boolean; errorMessage: string } & (
  | { type: 'Input.Text'; maxLength: number; isMultiline: boolean; value?: string }
  | { type: 'Input.Number'; min: number; max: number }
  | { type: 'Input.ChoiceSet'; style: 'compact'; choices: { title: string; value: string }[] }
)
export type ActionLook = {
  title: string
  style?: 'positive' | 'destructive'
  tooltip?: string
  isEnabled?: false
  mode?: 'secondary'
}
export type Execute = ActionLook & {
  type: 'Action.Execute'
  verb: 'press' | 'command'
  data: PressData | { command: string }
}
/** Teams opens a dialog for it: Baton is asked for its form when it is pressed. */
export type OpenDialog = ActionLook & {
  type: 'Action.Submit'
  data: PressData & { msteams: { type: 'task/fetch' } }
}
export type ShowCard = ActionLook & {
  type: 'Action.ShowCard'
  card: { type: 'AdaptiveCard'; body: (TextBlock | InputElement)[]; actions: Execute[] }
}
export type ActionSet = { type: 'ActionSet'; actions: (Execute | ShowCard | OpenDialog)[] }
export type Element = TextBlock | Table | FactSet | Container | ActionSet

export type AdaptiveCardJson = {
  type: 'AdaptiveCard'
  $schema: 'http://adaptivecards.io/schemas/adaptive-card.json'
  version: '1.5'
  fallbackText: string
  msteams: { width: 'Full' }
  body: Element[]
}

/**
 * What the host of a card takes: its size; where a form or a question opens: below its button in the card, or in a
 * dialog of the host's own; and whether its times run, so that a deadline always says how much is left.
 */
export type CardHost = {
  size: (card: AdaptiveCardJson) => number
  bytes: number
  asks: 'in_card' | 'in_dialog'
  times: 'run' | 'stand'
}

/** The share of each limit that may be used; `cut` remembers that something was left out. */
export type Fit = { share: number; cut: boolean } & Pick<CardHost, 'asks' | 'times'>

const limited = (max: number, fit: Fit): number => Math.max(1, Math.floor(max * fit.share))

/** Markdown-safe text, cut to its share. */
export const text = (words: string, max: number, fit: Fit): string => {
  const clean = cleanText(words)
  const kept = cutText(clean, limited(max, fit))
  if (kept !== clean) fit.cut = true
  return escapeMarkdown(kept)
}

/** Labels and titles of controls: never shortened below their limit, or nobody could tell them apart. */
export const plain = (words: string, max: number, fit: Fit): string => {
  const clean = plainText(words)
  const kept = cutText(clean, max)
  if (kept !== clean) fit.cut = true
  // Teams refuses a whole card for one control without a name.
  return kept.trim() === '' ? '…' : kept
}

/** The first items, as many as their share allows. */
export const some = <T>(items: readonly T[], max: number, fit: Fit): T[] => {
  const kept = items.slice(0, limited(max, fit))
  if (kept.length < items.length) fit.cut = true
  return kept
}

export const textBlock = (
  words: string,
  look: Omit<TextBlock, 'type' | 'text' | 'wrap'> = {},
): TextBlock => ({
  type: 'TextBlock',
  text: words,
  wrap: true,
  ...look,
})
