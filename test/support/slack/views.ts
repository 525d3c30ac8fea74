import { isObject, type Json } from './blocks.ts'
import { look } from './see.ts'

type SeenInput = {
  id: string
  label: string
  kind: string
  optional: boolean
  options: string[]
  /** What stands in it before anybody types; absent where nothing does. */
  initial?: string
  error: string | null
}

/** A form as a person sees it. */
export type SeenView = {
  title: string
  /** Everything that is not an input. */
  text: string
  submit: string | null
  close: string | null
  inputs: SeenInput[]
}

const textOf = (value: unknown): string =>
  isObject(value) ? look([{ type: 'section', text: value }], '').text : ''
const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : [])
const elementOf = (block: Json): Json => (isObject(block.element) ? block.element : {})

export function seeView(view: Json): SeenView {
  const blocks = listOf(view.blocks)
  const errors = isObject(view.errors) ? view.errors : {}
  return {
    title: textOf(view.title),
    text: look(
      blocks.filter((block) => block.type !== 'input'),
      '',
    ).text,
    submit: view.submit === undefined ? null : textOf(view.submit),
    close: view.close === undefined ? null : textOf(view.close),
    inputs: blocks
      .filter((block) => block.type === 'input')
      .map((block) => ({
        id: String(block.block_id),
        label: textOf(block.label),
        kind: String(elementOf(block).type),
        optional: block.optional === true,
        options: listOf(elementOf(block).options).map((option) => textOf(option.text)),
        ...initialOf(elementOf(block)),
        error:
          typeof errors[String(block.block_id)] === 'string' ? String(errors[String(block.block_id)]) : null,
      })),
  }
}

const initialOf = ({ initial_value: initial }: Json): { initial?: string } =>
  typeof initial === 'string' ? { initial } : {}

/** The `state.values` of a filled form; throws where Slack would keep the person in the form. */
export function readForm(view: Json, values: Record<string, string>): Json {
  const inputs = listOf(view.blocks).filter((block) => block.type === 'input')
  const unknown = Object.keys(values).filter(
    (label) => !inputs.some((block) => textOf(block.label) === label),
  )
  if (unknown.length > 0) throw new Error(`the form does not ask for ${unknown.join(', ')}`)
  return Object.fromEntries(
    inputs.map((block) => {
      const element = elementOf(block)
      const label = textOf(block.label)
      const value = values[label] ?? initialOf(element).initial ?? ''
      if (value === '' && block.optional !== true) throw new Error(`the form will not go without «${label}»`)
      return [String(block.block_id), { [String(element.action_id)]: stateOf(element, label, value) }]
    }),
  )
}

function stateOf(element: Json, label: string, value: string): Json {
  if (element.type === 'static_select') {
    const option = listOf(element.options).find((each) => textOf(each.text) === value)
    if (value !== '' && !option) throw new Error(`«${label}» does not offer «${value}»`)
    return { type: element.type, selected_option: option ?? null }
  }
  if (element.type === 'number_input' && value !== '') {
    const number = Number(value)
    if (Number.isNaN(number)) throw new Error(`«${label}» takes a number`)
    if (element.is_decimal_allowed !== true && !Number.isInteger(number))
      throw new Error(`«${label}» takes whole numbers`)
    if (number < Number(element.min_value) || number > Number(element.max_value))
      throw new Error(`«${label}» is out of range`)
  }
  if (typeof element.max_length === 'number' && value.length > element.max_length)
    throw new Error(`«${label}» is too long`)
  return { type: element.type, value: value === '' ? null : value }
}
