import { actionsOf, inputsOf, partsOf } from './card-parts.ts'
import { isObject, type Json, listOf, textOf, within } from './json.ts'

/** A button as a person sees it. */
export type SeenButton = {
  label: string
  kind: 'execute' | 'submit' | 'dialog' | 'shows' | 'other'
  verb: string
  style: string | null
  enabled: boolean
  inMenu: boolean
  /** The label of the button that must be pressed first, to show this one. */
  under: string | null
}

/** What a card looks like to a person. */
export type Seen = {
  /** Everything readable before a button shows more, one line for each text. */
  text: string
  buttons: SeenButton[]
  /** Labels of the inputs, also of those that a button shows. */
  inputs: string[]
  /** Alternative texts of the images. */
  images: string[]
  /** The ids of the people whom the card mentions. */
  mentions: string[]
  /** Texts in which Teams would make a link of what is written. */
  links: string[]
}

/** What markdown hides: a backslash before a sign, and the signs of a mention. */
const readable = (text: string): string =>
  text.replaceAll(/<\/?at>/g, '').replaceAll(/\\([\\`*_{}[\]()#+\-.!~>|<&:])/g, '$1')

const wordsOf = (part: Json): string[] => [
  textOf(part.text),
  ...listOf(part.facts).map((each) => `${textOf(each.title)}: ${textOf(each.value)}`),
]

export function lookAtCard(card: Json): Seen {
  const words = partsOf(card).flatMap(wordsOf)
  const actions = actionsOf(card)
  const all = [card, ...actions.flatMap(({ action }) => (isObject(action.card) ? [action.card] : []))]
  return {
    text: words
      .filter((each) => each !== '')
      .map(readable)
      .join('\n'),
    buttons: actions.map(({ action, shownBy }) => ({
      label: textOf(action.title),
      kind: kindOf(action),
      verb: textOf(action.verb),
      style: typeof action.style === 'string' ? action.style : null,
      enabled: action.isEnabled !== false,
      inMenu: action.mode === 'secondary',
      under: shownBy && textOf(shownBy.title),
    })),
    inputs: inputsOf(all).map((each) => textOf(each.label)),
    images: all
      .flatMap(partsOf)
      .filter((each) => each.type === 'Image')
      .map((each) => textOf(each.altText)),
    mentions: listOf(within(card, 'msteams').entities).map((each) => textOf(within(each, 'mentioned').id)),
    links: words.filter((each) => /(?<!\\)\[[^\]]*\]\([^)]*\)/.test(each)),
  }
}

function kindOf(action: Json): SeenButton['kind'] {
  switch (action.type) {
    case 'Action.Execute':
      return 'execute'
    case 'Action.ShowCard':
      return 'shows'
    case 'Action.Submit':
      return within(action.data, 'msteams').type === 'task/fetch' ? 'dialog' : 'submit'
    default:
      return 'other'
  }
}
