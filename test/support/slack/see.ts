import { isObject, type Json } from './blocks.ts'

/** A button or menu entry as a person sees it. */
export type SeenButton = {
  label: string
  style: string | null
  /** The words of the confirmation that Slack asks first; null = none. */
  confirm: string | null
  inMenu: boolean
  value: string
  actionId: string
  blockId: string
}

/** What blocks look like to a person, and what Slack would make of their text. */
export type Seen = {
  /** Everything readable, one line for each text. */
  text: string
  buttons: SeenButton[]
  /** Mentions of people, groups or channels that Slack would resolve and notify. */
  mentions: string[]
  links: string[]
  /** mrkdwn texts with characters that Slack would format. */
  formatted: string[]
}

const decode = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')

const textOf = (value: unknown): string =>
  isObject(value) && typeof value.text === 'string' ? value.text : ''
const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : [])

/** Reads mrkdwn the way Slack does: `<...>` sequences first, then formatting, then (unless verbatim) bare links. */
function readMarkdown(text: string, verbatim: boolean, seen: Seen): string {
  const plain = text.replace(/<([^<>]*)>/g, (_, inner: string) => {
    const [target = '', label] = inner.split('|')
    if (target.startsWith('!date^')) return label ?? ''
    if (/^[@#!]/.test(target)) seen.mentions.push(target)
    else seen.links.push(target)
    return label ?? target
  })
  if (/[*_~`]|^&gt;/m.test(plain)) seen.formatted.push(text)
  if (!verbatim) {
    seen.links.push(...(plain.match(/\bhttps?:\/\/\S+/g) ?? []))
    seen.mentions.push(...(plain.match(/@(?:channel|here|everyone)\b/g) ?? []))
  }
  return decode(plain)
}

function readText(value: unknown, seen: Seen): string {
  if (!isObject(value)) return ''
  return value.type === 'mrkdwn'
    ? readMarkdown(textOf(value), value.verbatim === true, seen)
    : decode(textOf(value))
}

function buttonsOf(element: Json, blockId: string, seen: Seen): SeenButton[] {
  const common = {
    actionId: String(element.action_id),
    blockId,
    style: typeof element.style === 'string' ? element.style : null,
    confirm: isObject(element.confirm)
      ? `${readText(element.confirm.title, seen)}: ${readText(element.confirm.text, seen)}`
      : null,
  }
  if (element.type === 'button') {
    return [
      { ...common, label: readText(element.text, seen), value: String(element.value ?? ''), inMenu: false },
    ]
  }
  return listOf(element.options).map((option) => ({
    ...common,
    label: readText(option.text, seen),
    value: String(option.value),
    inMenu: true,
  }))
}

/** What a person sees of these blocks; without blocks, of the text. */
export function look(blocks: unknown, fallback: string): Seen {
  const seen: Seen = { text: '', buttons: [], mentions: [], links: [], formatted: [] }
  const lines: string[] = []
  const all = listOf(blocks)
  // A notification is made from the fallback text, and mentions in it notify people, blocks or not.
  if (all.length > 0) seen.mentions.push(...(fallback.match(/<[@#!][^>]*>/g) ?? []))
  else lines.push(readMarkdown(fallback, false, seen))
  for (const block of all) {
    lines.push(readText(block.text, seen), readText(block.label, seen))
    for (const field of listOf(block.fields)) lines.push(readText(field, seen))
    for (const row of Array.isArray(block.rows) ? block.rows : [])
      lines.push(listOf(row).map(textOf).join(' | '))
    for (const element of [
      ...listOf(block.elements),
      ...(isObject(block.accessory) ? [block.accessory] : []),
    ]) {
      if (element.type === 'plain_text' || element.type === 'mrkdwn') lines.push(readText(element, seen))
      else seen.buttons.push(...buttonsOf(element, String(block.block_id ?? ''), seen))
    }
  }
  seen.text = lines.filter((line) => line !== '').join('\n')
  return seen
}
