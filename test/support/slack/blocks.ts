/**
 * Block Kit as Slack checks it, for the blocks and elements that Baton uses; anything else is refused, so that
 * nothing goes out unchecked. The limits are those of Slack's Block Kit reference, written here a second time on
 * purpose: a wrong number in the renderer's own table must not be right here too.
 */

export type Json = Record<string, unknown>

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What is wrong with the blocks of a message, in Slack's words; empty when they are accepted. */
export function checkBlocks(blocks: unknown): string[] {
  const found = newFindings()
  list(1, 50, messageBlock)(blocks, '/blocks', found)
  return found.problems
}

/** What is wrong with a modal, in Slack's words. */
export function checkView(view: unknown): string[] {
  const found = newFindings()
  modal(view, '/view', found)
  const asks = isObject(view) && Array.isArray(view.blocks) && view.blocks.some(isInput)
  if (asks && isObject(view) && view.submit === undefined)
    say(found, 'missing required field: submit', '/view')
  if (JSON.stringify(view).length > 250_000) say(found, 'view_too_large', '/view')
  return found.problems
}

/** What is wrong with an App Home. */
export function checkHome(view: unknown): string[] {
  const found = newFindings()
  home(view, '/view', found)
  if (JSON.stringify(view).length > 250_000) say(found, 'view_too_large', '/view')
  return found.problems
}

const isInput = (block: unknown): boolean => isObject(block) && block.type === 'input'

type Findings = { problems: string[]; actionIds: Set<unknown>; blockIds: Set<unknown>; tables: number }
type Rule = (value: unknown, at: string, found: Findings) => void

const newFindings = (): Findings => ({ problems: [], actionIds: new Set(), blockIds: new Set(), tables: 0 })

function say(found: Findings, words: string, at: string): void {
  found.problems.push(`${words} [json-pointer:${at}]`)
}

/** Slack stores text with `&`, `<` and `>` escaped, and measures it so. */
const storedLength = (text: string): number =>
  text
    .replace(/&(?!amp;|lt;|gt;)/g, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;').length

// Rules that others are made of.

const string =
  (max: number): Rule =>
  (value, at, found) => {
    if (typeof value !== 'string') say(found, 'must be a string', at)
    else if (storedLength(value) > max) say(found, `must be less than ${max + 1} characters`, at)
  }

/** Shown as it is, and measured so. */
const literal =
  (max: number): Rule =>
  (value, at, found) => {
    if (typeof value !== 'string') say(found, 'must be a string', at)
    else if (value.length > max) say(found, `must be less than ${max + 1} characters`, at)
  }

const filled =
  (max: number): Rule =>
  (value, at, found) => {
    string(max)(value, at, found)
    if (typeof value === 'string' && value.trim() === '') say(found, 'must be more than 0 characters', at)
  }

const boolean: Rule = (value, at, found) => {
  if (typeof value !== 'boolean') say(found, 'must be a boolean', at)
}

const integer =
  (min: number, max: number): Rule =>
  (value, at, found) => {
    if (!Number.isInteger(value)) say(found, 'must provide an integer', at)
    else if (Number(value) < min || Number(value) > max) say(found, `must be between ${min} and ${max}`, at)
  }

const numeric: Rule = (value, at, found) => {
  if (typeof value !== 'string' || !/^-?\d+(\.\d+)?$/.test(value)) say(found, 'must be a numeric string', at)
}

const word =
  (...words: string[]): Rule =>
  (value, at, found) => {
    if (!words.includes(String(value))) say(found, `must be one of ${words.join(', ')}`, at)
  }

const list =
  (min: number, max: number, each: Rule): Rule =>
  (value, at, found) => {
    if (!Array.isArray(value)) return say(found, 'must be an array', at)
    if (value.length < min) say(found, `no fewer than ${min} items allowed`, at)
    if (value.length > max) say(found, `no more than ${max} items allowed`, at)
    for (const [index, item] of value.entries()) each(item, `${at}/${index}`, found)
  }

/** All required fields, and none but the known ones. */
const object =
  (required: Record<string, Rule>, optional: Record<string, Rule> = {}): Rule =>
  (value, at, found) => {
    if (!isObject(value)) return say(found, 'must be an object', at)
    for (const key of Object.keys(required)) {
      if (value[key] === undefined) say(found, `missing required field: ${key}`, at)
    }
    for (const [key, field] of Object.entries(value)) {
      const rule = required[key] ?? optional[key]
      if (!rule) say(found, `invalid additional property: ${key}`, at)
      else if (field !== undefined) rule(field, `${at}/${key}`, found)
    }
  }

const byType =
  (rules: Record<string, Rule>): Rule =>
  (value, at, found) => {
    const rule = isObject(value) ? rules[String(value.type)] : undefined
    if (rule) rule(value, at, found)
    else say(found, `unsupported type: ${isObject(value) ? String(value.type) : typeof value}`, at)
  }

const unique =
  (ids: 'actionIds' | 'blockIds', name: string): Rule =>
  (value, at, found) => {
    filled(255)(value, at, found)
    if (found[ids].has(value)) say(found, `${name} already exists`, at)
    found[ids].add(value)
  }

// Text, elements and blocks, with their limits.

const plain = (max: number): Rule =>
  object({ type: word('plain_text'), text: filled(max) }, { emoji: boolean })

const text = (max: number): Rule =>
  byType({
    plain_text: plain(max),
    mrkdwn: object({ type: word('mrkdwn'), text: filled(max) }, { verbatim: boolean }),
  })

const actionId = unique('actionIds', 'action_id')
const blockId = { block_id: unique('blockIds', 'block_id') }
const style = word('primary', 'danger')
const confirm = object({ title: plain(100), text: text(300), confirm: plain(30), deny: plain(30) }, { style })
const option = object({ text: plain(75), value: filled(75) }, { description: plain(75) })

const button = object(
  { type: word('button'), action_id: actionId, text: plain(75) },
  { value: string(2000), url: string(3000), style, confirm },
)
const overflow = object(
  { type: word('overflow'), action_id: actionId, options: list(2, 5, option) },
  { confirm },
)
const select = object(
  { type: word('static_select'), action_id: actionId, options: list(1, 100, option) },
  { placeholder: plain(150), initial_option: option },
)
const textInputShape = object(
  { type: word('plain_text_input'), action_id: actionId },
  {
    multiline: boolean,
    min_length: integer(0, 3000),
    max_length: integer(1, 3000),
    placeholder: plain(150),
    initial_value: literal(3000),
  },
)
const textInput: Rule = (value, at, found) => {
  textInputShape(value, at, found)
  const initial = isObject(value) && typeof value.initial_value === 'string' ? value.initial_value : ''
  if (isObject(value) && typeof value.max_length === 'number' && initial.length > value.max_length)
    say(found, 'initial_value is longer than max_length', at)
}
const numberInput: Rule = (value, at, found) => {
  object(
    { type: word('number_input'), action_id: actionId, is_decimal_allowed: boolean },
    { min_value: numeric, max_value: numeric, placeholder: plain(150) },
  )(value, at, found)
  if (isObject(value) && Number(value.min_value) > Number(value.max_value)) {
    say(found, 'min_value must not exceed max_value', at)
  }
}

const header = object({ type: word('header'), text: plain(150) }, blockId)
const divider = object({ type: word('divider') }, blockId)
const context = object({ type: word('context'), elements: list(1, 10, text(3000)) }, blockId)
const actions = object(
  { type: word('actions'), elements: list(1, 25, byType({ button, overflow, static_select: select })) },
  blockId,
)
const section: Rule = (value, at, found) => {
  const accessory = byType({ button, overflow })
  const fields = list(1, 10, text(2000))
  object({ type: word('section') }, { ...blockId, text: text(3000), fields, accessory })(value, at, found)
  if (isObject(value) && value.text === undefined && value.fields === undefined) {
    say(found, 'must define either `text` or `fields`', at)
  }
}
const table: Rule = (value, at, found) => {
  const cell = object({ type: word('raw_text'), text: filled(2000) })
  object({ type: word('table'), rows: list(1, 100, list(1, 20, cell)) }, blockId)(value, at, found)
  found.tables += 1
  if (found.tables > 1) say(found, 'only one table is allowed', at)
  const rows = isObject(value) && Array.isArray(value.rows) ? value.rows : []
  if (new Set(rows.map((row) => (Array.isArray(row) ? row.length : 0))).size > 1) {
    say(found, 'rows differ in length', at)
  }
}
const element = byType({ plain_text_input: textInput, number_input: numberInput, static_select: select })
const input = object(
  { type: word('input'), label: plain(2000), element },
  { ...blockId, hint: plain(2000), optional: boolean },
)

const messageBlock = byType({ header, divider, section, context, actions, table })
const modal = object(
  {
    type: word('modal'),
    title: plain(24),
    blocks: list(1, 100, byType({ header, divider, section, context, actions, input })),
  },
  {
    submit: plain(24),
    close: plain(24),
    private_metadata: string(3000),
    callback_id: string(255),
    clear_on_close: boolean,
    notify_on_close: boolean,
  },
)
const home = object(
  { type: word('home'), blocks: list(1, 100, byType({ header, divider, section, context, actions, input })) },
  { private_metadata: string(3000), callback_id: string(255), external_id: string(255) },
)
