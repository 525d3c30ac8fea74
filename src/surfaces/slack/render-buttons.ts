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

type Drawn = { label: string; value: string; source: AnyButton }

/**
 * Buttons as rows of actions. Slack has no disabled buttons: those are listed with their reasons, like the reasons
 * of suggested ones.
 * @param own the exception whose post this is; null for anything else
 * @param before how many buttons the card has drawn already: action ids are unique within a message
 */
export function renderButtons(buttons: AnyButton[], own: string | null, before: number): Piece[] {
  const drawn = buttons
    .filter((each) => each.kind === 'command' || each.enabled)
    .map((source): Drawn => ({ label: source.label, value: encodeButton(carried(source, own)), source }))
  const sent = drawn.filter((each) => each.value.length <= LIMITS.button.value)
  const { inView, inMenu } = arrange(sent)
  const elements: types.ActionsBlockElement[] = inView.map((each, index) =>
    button(each, `baton:${before + index}`),
  )
  if (inMenu.length > 0) elements.push(menu(inMenu, `baton:${before + inView.length}`))
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

function carried(source: AnyButton, own: string | null): ButtonValue {
  if (source.kind === 'command') return { kind: 'command', text: source.text }
  const { exception, action, version } = source
  const kind = source.inputs.length > 0 ? 'form' : 'press'
  return { kind, exception, action, version, own: exception === own }
}

/** The first few as buttons; of the rest, what a menu can carry goes into one menu. */
function arrange(drawn: Drawn[]): { inView: Drawn[]; inMenu: Drawn[] } {
  const inMenu = drawn.slice(IN_VIEW).filter(fitsMenu).slice(0, LIMITS.overflow.max)
  const menu = inMenu.length >= LIMITS.overflow.min ? inMenu : []
  return { inView: drawn.filter((each) => !menu.includes(each)), inMenu: menu }
}

/** A menu entry cannot ask for confirmation by itself (a form asks anyway), and holds less. */
const fitsMenu = (each: Drawn): boolean =>
  confirmOf(each.source) === null && each.value.length <= LIMITS.option.value

/** A form is its own confirmation: its words are shown in it. */
const confirmOf = (source: AnyButton): CardButton['confirm'] =>
  source.kind === 'press' && source.inputs.length === 0 ? source.confirm : null

function button(each: Drawn, actionId: string): types.Button {
  const style =
    each.source.kind === 'press' && each.source.style !== 'default' ? each.source.style : undefined
  const confirm = confirmOf(each.source)
  return {
    type: 'button',
    action_id: actionId,
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

const menu = (entries: Drawn[], actionId: string): types.Overflow => ({
  type: 'overflow',
  action_id: actionId,
  options: entries.map((each) => ({ text: plainLine(each.label, LIMITS.option.text), value: each.value })),
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
