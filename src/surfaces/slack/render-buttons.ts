import type { types } from '@slack/bolt'
import type { CardButton, CommandButton } from '../../app/card.ts'
import { type ButtonValue, encodeButton } from './button-value.ts'
import { LIMITS } from './limits.ts'
import { plain, plainLine } from './objects.ts'

/** Blocks that stay together. `first`: kept before others when a card is too long. */
export type Piece = { blocks: types.KnownBlock[]; first: boolean; buttons: number }

type AnyButton = CardButton | CommandButton

/** More buttons than this in a row are hard to choose from on a phone: the rest go into a menu. */
const IN_VIEW = 4

/** `value`: what it carries as a button; `entry`: as an entry of a menu. */
type Drawn = { label: string; value: string; entry: string; source: AnyButton }

/**
 * Buttons as rows of actions. Slack has no disabled buttons: those are listed with their reasons, like the reasons
 * of suggested ones.
 * @param own the exception whose post this is; null for anything else
 * @param before how many buttons the card has drawn already: action ids are unique within a message
 */
export function renderButtons(buttons: AnyButton[], own: string | null, before: number): Piece[] {
  const drawn = buttons
    .filter((each) => each.kind === 'command' || each.enabled)
    .map(
      (source): Drawn => ({
        label: source.label,
        value: encodeButton(carried(source, own, asksForm(source))),
        entry: encodeButton(carried(source, own, asksForm(source) || confirmOf(source) !== null)),
        source,
      }),
    )
  const sent = drawn.filter((each) => each.value.length <= LIMITS.button.value)
  const { inView, menus } = arrange(sent)
  const elements = [...inView.map((each) => button(each)), ...menus.map((entries) => menu(entries))].map(
    (element, index): types.Button | types.Overflow => ({ ...element, action_id: `baton:${before + index}` }),
  )
  const rows = chunk(elements, LIMITS.actions.elements).map(
    (row): Piece => ({
      blocks: [{ type: 'actions', elements: row }],
      first: true,
      buttons: row.reduce((sum, each) => sum + (each.type === 'overflow' ? each.options.length : 1), 0),
    }),
  )
  return [
    ...rows,
    ...remarks(
      buttons,
      drawn.filter((each) => !sent.includes(each)),
    ),
  ]
}

function carried(source: AnyButton, own: string | null, form: boolean): ButtonValue {
  if (source.kind === 'command') return { kind: 'command', text: source.text }
  const { exception, action, version } = source
  return { kind: form ? 'form' : 'press', exception, action, version, own: exception === own }
}

/**
 * The first few as buttons. Of the rest, and of those that belong into a menu, what a menu can carry goes there: into
 * as few of equal length as it takes. An entry that would be alone stays a button.
 */
function arrange(drawn: Drawn[]): { inView: Drawn[]; menus: Drawn[][] } {
  const { min, max } = LIMITS.overflow
  const main = drawn.filter((each) => each.source.place !== 'overflow')
  const rest = main.slice(IN_VIEW).filter((each) => confirmOf(each.source) === null && fitsMenu(each))
  const placed = drawn.filter((each) => each.source.place === 'overflow' && fitsMenu(each))
  const entries = [...rest.slice(0, max), ...placed]
  const inMenu = entries.length >= min ? entries : []
  const menus = Math.ceil(inMenu.length / max)
  return {
    inView: [...main, ...drawn.filter((each) => each.source.place === 'overflow')].filter(
      (each) => !inMenu.includes(each),
    ),
    menus: Array.from({ length: menus }, (_, i) =>
      inMenu.slice(Math.ceil((i * inMenu.length) / menus), Math.ceil(((i + 1) * inMenu.length) / menus)),
    ),
  }
}

const fitsMenu = (each: Drawn): boolean => each.entry.length <= LIMITS.option.value

const asksForm = (source: AnyButton): boolean => source.kind === 'press' && source.inputs.length > 0

/**
 * A form is its own confirmation: its words are shown in it. A menu asks about all of its entries or about none, so
 * that an entry to be confirmed opens a form of that question alone.
 */
const confirmOf = (source: AnyButton): CardButton['confirm'] =>
  source.kind === 'press' && !asksForm(source) ? source.confirm : null

function button(each: Drawn): types.Button {
  const style =
    each.source.kind === 'press' && each.source.style !== 'default' ? each.source.style : undefined
  const confirm = confirmOf(each.source)
  return {
    type: 'button',
    text: plainLine(each.label, LIMITS.button.text),
    value: each.value,
    ...(style ? { style } : {}),
    ...(confirm
      ? {
          confirm: {
            title: plainLine(confirm.title, LIMITS.confirm.title),
            text: plain(confirm.text, LIMITS.confirm.text),
            confirm: plainLine(confirm.yes, LIMITS.confirm.button),
            deny: plainLine('Back', LIMITS.confirm.button),
            ...(style ? { style } : {}),
          },
        }
      : {}),
  }
}

const menu = (entries: Drawn[]): types.Overflow => ({
  type: 'overflow',
  options: entries.map((each) => ({ text: plainLine(each.label, LIMITS.option.text), value: each.entry })),
})

/** What buttons cannot say: why one is suggested, why another is not offered now. */
function remarks(buttons: AnyButton[], unsendable: Drawn[]): Piece[] {
  const lines = [
    ...buttons.flatMap((each) => (each.kind === 'press' ? remark(each) : [])),
    ...unsendable.map((each) => `Too long for a button in Slack, use the console: ${each.label}`),
  ]
  return chunk(lines, LIMITS.context.elements).map((some) => ({
    blocks: [{ type: 'context', elements: some.map((line) => plainLine(line, LIMITS.context.text)) }],
    first: false,
    buttons: 0,
  }))
}

function remark(source: CardButton): string[] {
  if (source.enabled) return source.reason ? [`${source.label}: ${source.reason}`] : []
  return [`${source.label} is not possible now${source.reason ? `: ${source.reason}` : ''}`]
}

function chunk<T>(items: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  )
}
