import { type FoundAction, inputsOf } from './card-parts.ts'
import { isObject, type Json, listOf, textOf } from './json.ts'
import type { Person } from './world.ts'

/** What a person types into the inputs of a card, by their labels. */
export type Typed = Record<string, string | number | boolean>

/**
 * The data that goes with a pressed button: its own, with what was typed merged over it, as Teams does. Throws where
 * Teams would keep the person in the card, or where the card does not ask for what is typed.
 */
export function dataWith({ action, holders }: FoundAction, typed: Typed, person: Person): Json {
  const own = isObject(action.data) ? action.data : {}
  if (action.associatedInputs === 'none') return own
  const inputs = inputsOf(holders)
  const unknown = Object.keys(typed).filter((label) => !inputs.some((each) => each.label === label))
  if (unknown.length > 0) throw new Error(`the card does not ask for ${unknown.join(', ')}`)
  const filled = inputs.map((input): [string, string | number] => [
    textOf(input.id),
    typedValue(input, typed[textOf(input.label)], person),
  ])
  return { ...own, ...Object.fromEntries(filled) }
}

function typedValue(
  input: Json,
  typed: string | number | boolean | undefined,
  person: Person,
): string | number {
  const label = textOf(input.label)
  const value = String(typed ?? input.value ?? '')
  if (value === '' && input.isRequired === true) throw new Error(`the card will not go without «${label}»`)
  switch (input.type) {
    case 'Input.ChoiceSet': {
      if (value === '') return ''
      const choices = listOf(input.choices)
      const chosen = choices.find((each) => each.title === value || each.value === value)
      if (!chosen) throw new Error(`«${label}» does not offer «${value}»`)
      return textOf(chosen.value)
    }
    case 'Input.Number':
      return value === '' ? '' : numberOf(input, label, value, person)
    case 'Input.Toggle':
      return typed === true || value === textOf(input.valueOn)
        ? textOf(input.valueOn) || 'true'
        : textOf(input.valueOff) || 'false'
    default:
      if (typeof input.maxLength === 'number' && value.length > input.maxLength)
        throw new Error(`«${label}» is too long`)
      if (typeof input.regex === 'string' && value !== '' && !new RegExp(input.regex).test(value))
        throw new Error(`«${label}» does not take «${value}»`)
      return value
  }
}

/** Phones send numbers as text. (Seen, not documented.) */
function numberOf(input: Json, label: string, value: string, person: Person): string | number {
  const number = Number(value)
  if (Number.isNaN(number)) throw new Error(`«${label}» takes a number`)
  const tooSmall = typeof input.min === 'number' && number < input.min
  const tooLarge = typeof input.max === 'number' && number > input.max
  if (tooSmall || tooLarge) throw new Error(`«${label}» is out of range`)
  return person.client === 'phone' ? value : number
}
