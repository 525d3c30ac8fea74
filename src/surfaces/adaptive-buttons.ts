import type { CardButton, CardInput, CommandButton } from '../app/card.ts'
import {
  type Element,
  type Execute,
  type Fit,
  type InputElement,
  LIMITS,
  type OpenDialog,
  plain,
  type ShowCard,
  some,
  type TextBlock,
  text,
  textBlock,
} from './adaptive-shape.ts'
import { cleanText, cutText, escapeMarkdown, inputId } from './adaptive-text.ts'

/** The buttons of a card as an action set, each with its question or form, and the reasons written out below. */
export const renderButtons = (all: (CardButton | CommandButton)[], fit: Fit): Element[] => {
  const actions = all.map((button, index) => ({
    ...(button.kind === 'press' ? pressAction(button, fit) : commandAction(button, fit)),
    ...(index < LIMITS.primaryButtons && button.place !== 'overflow' ? {} : { mode: 'secondary' as const }),
  }))
  const reasons = all.flatMap((button) => (button.kind === 'press' ? reasonOf(button, fit) : []))
  return [{ type: 'ActionSet', actions }, ...reasons]
}

/** Tooltips do not exist on phones, so the reason is written out as well. */
const reasonOf = (button: CardButton, fit: Fit): TextBlock[] => {
  if (button.enabled && button.reason === null) return []
  const label = text(button.label, LIMITS.buttonLabel, fit)
  const reason = text(button.reason ?? 'not possible at the moment', LIMITS.reason, fit)
  const words = button.enabled ? `${label}: ${reason}` : `${label} (off): ${reason}`
  return [textBlock(words, { size: 'small', isSubtle: true, spacing: 'small' })]
}

const commandAction = (button: CommandButton, fit: Fit): Execute => ({
  type: 'Action.Execute',
  verb: 'command',
  title: plain(button.label, LIMITS.buttonLabel, fit),
  data: { command: button.text },
})

const STYLES = { primary: { style: 'positive' }, danger: { style: 'destructive' }, default: {} } as const

const pressAction = (button: CardButton, fit: Fit): Execute | ShowCard | OpenDialog => {
  const title = plain(button.label, LIMITS.buttonLabel, fit)
  const look = {
    title,
    ...STYLES[button.style],
    ...(button.reason === null ? {} : { tooltip: plain(button.reason, LIMITS.reason, fit) }),
  }
  const data = { exception: button.exception, action: button.action, version: button.version }
  const execute: Execute = { type: 'Action.Execute', verb: 'press', ...look, data }
  if (!button.enabled) return { ...execute, isEnabled: false }
  if (button.confirm === null && button.inputs.length === 0) return execute
  if (fit.asks === 'in_dialog') {
    return { type: 'Action.Submit', ...look, data: { ...data, msteams: { type: 'task/fetch' } } }
  }
  return {
    type: 'Action.ShowCard',
    ...look,
    card: { type: 'AdaptiveCard', body: formBody(button, fit), actions: [finalAction(button, execute, fit)] },
  }
}

const finalAction = (button: CardButton, execute: Execute, fit: Fit): Execute =>
  button.confirm === null
    ? execute
    : { ...execute, title: plain(button.confirm.yes, LIMITS.buttonLabel, fit) }

/** Adaptive Cards have no confirmation of their own: the question and the inputs open below the button, or in a dialog. */
export const formBody = (button: CardButton, fit: Fit): (TextBlock | InputElement)[] => [
  ...(button.confirm === null
    ? []
    : [
        textBlock(text(button.confirm.title, LIMITS.title, fit), { weight: 'bolder' }),
        textBlock(text(button.confirm.text, LIMITS.context, fit), { spacing: 'small' }),
      ]),
  ...button.inputs.map((input) => inputElement(button, input, fit)),
]

const inputElement = (button: CardButton, input: CardInput, fit: Fit): InputElement => {
  const label = plain(input.label, LIMITS.inputLabel, fit)
  const common = { id: inputId(button, input.id), isRequired: input.required }
  switch (input.kind) {
    case 'text':
      return {
        type: 'Input.Text',
        ...common,
        label,
        errorMessage: `${escapeMarkdown(label)} is needed.`,
        maxLength: input.maxLength,
        isMultiline: input.maxLength > 120,
        ...(input.initial === undefined ? {} : { value: cutText(cleanText(input.initial), input.maxLength) }),
      }
    case 'number':
      return {
        type: 'Input.Number',
        ...common,
        label: input.unit === '' ? label : `${label} (${plain(input.unit, LIMITS.inputLabel, fit)})`,
        errorMessage: `A number from ${input.min} to ${input.max}.`,
        min: input.min,
        max: input.max,
      }
    case 'choice':
      return {
        type: 'Input.ChoiceSet',
        ...common,
        label,
        errorMessage: 'Choose one.',
        style: 'compact',
        choices: some(input.options, LIMITS.options, fit).map((option) => ({
          title: plain(option.label.trim() === '' ? option.value : option.label, LIMITS.option, fit),
          value: option.value,
        })),
      }
  }
}
