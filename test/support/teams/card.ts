import { actionsOf, inputsOf } from './card-parts.ts'
import { checkImageUrl } from './image.ts'
import { isObject, type Json, listOf, textOf, within } from './json.ts'
import {
  anyObject,
  boolean,
  byType,
  either,
  type Fields,
  type Findings,
  filled,
  list,
  matching,
  number,
  object,
  positive,
  type Rule,
  say,
  string,
  uniqueId,
  word,
} from './schema.ts'

/**
 * Adaptive Cards 1.5 as Teams shows them, for the elements that Baton uses; anything else is refused, so that
 * nothing goes out unchecked. The limits are written here a second time on purpose: a wrong number in the
 * renderer's own table must not be right here too.
 */

export const CARD_TYPE = 'application/vnd.microsoft.card.adaptive'

/** Teams shows six buttons of one set; the rest are lost unless they are `mode: secondary`. */
const PRIMARY_ACTIONS = 6
const REFRESH_USERS = 60

/** What is wrong with a card in a message, each with its place in the card; empty when Teams shows it. */
export function checkCard(card: unknown): string[] {
  const found: Findings = { problems: [], ids: new Set() }
  messageCard(card, '', found)
  if (isObject(card)) {
    checkActions(card, found)
    const entities = listOf(within(card, 'msteams').entities)
    found.problems.push(...checkMentions(textsOf(card), entities, '/msteams/entities'))
  }
  return found.problems
}

/** What is wrong with a card in a dialog: there, only Action.Submit comes back. */
export function checkDialogCard(card: unknown): string[] {
  const wrong = isObject(card) ? actionsOf(card).filter(({ action }) => action.type === 'Action.Execute') : []
  return [
    ...checkCard(card),
    ...wrong.map(({ action }) => `: ${textOf(action.title)}: a dialog sends only Action.Submit`),
  ]
}

/** Every `<at>` has its entity, and every entity its `<at>`: anything else is shown as raw text, or refused. */
export function checkMentions(texts: string[], entities: Json[], at: string): string[] {
  const found: Findings = { problems: [], ids: new Set() }
  for (const [index, entity] of entities.entries()) mention(entity, `${at}/${index}`, found)
  const named = new Set(entities.map((each) => textOf(each.text)))
  const written = new Set(texts.flatMap((each) => each.match(/<at>.*?<\/at>/gs) ?? []))
  for (const each of written) if (!named.has(each)) say(found, at, `no entity for ${each}`)
  for (const each of named) if (!written.has(each)) say(found, at, `no text says ${each}`)
  return found.problems
}

/** Rules between an action and the rest of its card, which no single field can show. */
function checkActions(card: Json, found: Findings): void {
  for (const { action, holders } of actionsOf(card)) {
    if (action.type === 'Action.ShowCard' && holders.length > 1)
      say(found, '', `${textOf(action.title)}: a shown card cannot show another`)
    // What a person types is merged into the action's data, and wins.
    const typed = inputsOf(holders).map((each) => textOf(each.id))
    for (const id of typed)
      if (isObject(action.data) && action.data[id] !== undefined)
        say(found, '', `${textOf(action.title)}: the input ${id} overwrites its data`)
  }
}

const textsOf = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.flatMap(textsOf)
  if (!isObject(value)) return []
  const own = value.type === 'TextBlock' ? [textOf(value.text)] : []
  const facts = value.type === 'FactSet' ? listOf(value.facts).map((each) => textOf(each.value)) : []
  return [...own, ...facts, ...Object.values(value).flatMap(textsOf)]
}

const type = (name: string): Fields => ({ type: word(name) })
const colors = word('default', 'dark', 'light', 'accent', 'good', 'warning', 'attention')
const styles = word('default', 'emphasis', 'good', 'attention', 'warning', 'accent')
const alignment = word('left', 'center', 'right')
const vertical = word('top', 'center', 'bottom')
const common: Fields = {
  id: uniqueId,
  isVisible: boolean,
  separator: boolean,
  spacing: word('default', 'none', 'small', 'medium', 'large', 'extraLarge', 'padding'),
  height: word('auto', 'stretch'),
}
const url = matching(/^https?:\/\/\S+$/, 'an address')

const mention = object({
  type: word('mention'),
  text: matching(/^<at>[^<>]+<\/at>$/, 'a name within <at> and </at>'),
  mentioned: object({ id: filled, name: filled }, { type: word('person', 'team', 'channel', 'tag') }),
})

// Actions.

const actionLook: Fields = {
  id: uniqueId,
  style: word('default', 'positive', 'destructive'),
  tooltip: filled,
  isEnabled: boolean,
  mode: word('primary', 'secondary'),
  iconUrl: (value, at, found) => checkImageUrl(value, at, found),
}
const title: Fields = { title: filled }
const associatedInputs = word('auto', 'none')
const data: Rule = (value, at, found) => {
  anyObject(value, at, found)
  if (isObject(value) && value.msteams !== undefined) say(found, at, 'msteams belongs to Action.Submit')
}
const msteamsData = byType(() => ({
  'task/fetch': object(type('task/fetch')),
  messageBack: object(type('messageBack'), { text: string, displayText: string, value: () => {} }),
  imBack: object({ ...type('imBack'), value: filled }),
  signin: object({ ...type('signin'), value: url }),
  invoke: object({ ...type('invoke'), value: () => {} }),
}))
const submitData: Rule = (value, at, found) => {
  anyObject(value, at, found)
  if (isObject(value) && value.msteams !== undefined) msteamsData(value.msteams, `${at}/msteams`, found)
}
const execute = object(
  { ...type('Action.Execute'), ...title, verb: filled },
  { ...actionLook, data, associatedInputs },
)
const action = byType(() => ({
  'Action.Execute': execute,
  'Action.Submit': object(
    { ...type('Action.Submit'), ...title },
    { ...actionLook, data: submitData, associatedInputs },
  ),
  'Action.OpenUrl': object({ ...type('Action.OpenUrl'), ...title, url }, actionLook),
  'Action.ToggleVisibility': object(
    { ...type('Action.ToggleVisibility'), ...title, targetElements: list(1, 50, filled) },
    actionLook,
  ),
  'Action.ShowCard': object({ ...type('Action.ShowCard'), ...title, card: shownCard }, actionLook),
}))
const actions: Rule = (value, at, found) => {
  list(1, 50, action)(value, at, found)
  const primary = listOf(value).filter((each) => each.mode !== 'secondary')
  if (primary.length > PRIMARY_ACTIONS)
    say(found, at, `shows ${PRIMARY_ACTIONS} buttons; more must be secondary`)
}

// Inputs. One without an id is never sent, and one without a label cannot be read aloud.

const input: Fields = { id: uniqueId, label: filled }
const inputLook: Fields = { ...common, isRequired: boolean, errorMessage: filled }
const askedFor =
  (required: Fields, optional: Fields): Rule =>
  (value, at, found) => {
    object({ ...input, ...required }, { ...inputLook, id: input.id ?? uniqueId, ...optional })(
      value,
      at,
      found,
    )
    if (isObject(value) && value.isRequired === true && value.errorMessage === undefined)
      say(found, at, 'is required, and has no errorMessage to say so')
  }
const choices: Rule = (value, at, found) => {
  list(1, 500, object({ title: filled, value: filled }))(value, at, found)
  const values = listOf(value).map((each) => each.value)
  if (new Set(values).size < values.length) say(found, at, 'two choices share a value')
}
const inputText: Rule = (value, at, found) => {
  askedFor(type('Input.Text'), {
    isMultiline: boolean,
    maxLength: positive,
    placeholder: string,
    regex: filled,
    style: word('text', 'tel', 'url', 'email', 'password'),
    value: string,
  })(value, at, found)
  if (isObject(value) && typeof value.maxLength === 'number' && textOf(value.value).length > value.maxLength)
    say(found, at, 'begins longer than its maxLength')
}
const inputNumber: Rule = (value, at, found) => {
  askedFor(type('Input.Number'), { min: number, max: number, placeholder: string, value: number })(
    value,
    at,
    found,
  )
  if (isObject(value) && Number(value.min) > Number(value.max)) say(found, at, 'min is above max')
}
const day = matching(/^\d{4}-\d{2}-\d{2}$/, 'a day like 2026-11-23')
const time = matching(/^\d{2}:\d{2}$/, 'a time like 06:30')

// Elements.

const textBlock = object(
  { ...type('TextBlock'), text: string },
  {
    ...common,
    wrap: boolean,
    style: word('default', 'heading', 'columnHeader'),
    size: word('default', 'small', 'medium', 'large', 'extraLarge'),
    weight: word('default', 'lighter', 'bolder'),
    color: colors,
    fontType: word('default', 'monospace'),
    horizontalAlignment: alignment,
    isSubtle: boolean,
    maxLines: positive,
  },
)
const image = object(
  { ...type('Image'), url: (value, at, found) => checkImageUrl(value, at, found), altText: filled },
  {
    ...common,
    height: matching(/^(auto|stretch|\d+px)$/, 'auto, stretch or pixels'),
    width: matching(/^\d+px$/, 'pixels'),
    size: word('auto', 'stretch', 'small', 'medium', 'large'),
    style: word('default', 'person'),
    horizontalAlignment: alignment,
    backgroundColor: filled,
    msteams: object({ allowExpand: boolean }),
    selectAction: action,
  },
)
const items = list(0, 500, (value, at, found) => element(value, at, found))
const box: Fields = {
  style: styles,
  bleed: boolean,
  minHeight: matching(/^\d+px$/, 'pixels'),
  verticalContentAlignment: vertical,
  rtl: boolean,
  selectAction: action,
}
const width = either(word('auto', 'stretch'), matching(/^\d+px$/, 'pixels'), positive)
const cell = object({ ...type('TableCell'), items }, box)
const table: Rule = (value, at, found) => {
  const column = object(
    { width },
    { horizontalCellContentAlignment: alignment, verticalCellContentAlignment: vertical },
  )
  const row = object(
    { ...type('TableRow'), cells: list(1, 50, cell) },
    { style: styles, horizontalCellContentAlignment: alignment, verticalCellContentAlignment: vertical },
  )
  object(
    { ...type('Table'), columns: list(1, 50, column), rows: list(1, 300, row) },
    { ...common, firstRowAsHeader: boolean, showGridLines: boolean, gridStyle: styles },
  )(value, at, found)
  const columns = isObject(value) ? listOf(value.columns).length : 0
  for (const [index, each] of listOf(isObject(value) ? value.rows : []).entries())
    if (listOf(each.cells).length !== columns)
      say(found, `${at}/rows/${index}`, `must have a cell for each of ${columns} columns`)
}
const element: Rule = byType(() => ({
  TextBlock: textBlock,
  Image: image,
  Container: object({ ...type('Container'), items }, { ...common, ...box }),
  ColumnSet: object(
    {
      ...type('ColumnSet'),
      columns: list(1, 50, object(type('Column'), { ...common, ...box, width, items })),
    },
    { ...common, ...box, horizontalAlignment: alignment },
  ),
  FactSet: object(
    { ...type('FactSet'), facts: list(1, 100, object({ title: string, value: string })) },
    common,
  ),
  Table: table,
  ActionSet: object({ ...type('ActionSet'), actions }, { ...common, horizontalAlignment: alignment }),
  'Input.Text': inputText,
  'Input.Number': inputNumber,
  'Input.ChoiceSet': askedFor(
    { ...type('Input.ChoiceSet'), choices },
    {
      isMultiSelect: boolean,
      style: word('compact', 'expanded', 'filtered'),
      value: string,
      placeholder: string,
      wrap: boolean,
    },
  ),
  'Input.Toggle': askedFor(
    { ...type('Input.Toggle'), title: filled },
    { value: string, valueOn: filled, valueOff: filled, wrap: boolean },
  ),
  'Input.Date': askedFor(type('Input.Date'), { value: day, min: day, max: day, placeholder: string }),
  'Input.Time': askedFor(type('Input.Time'), { value: time, min: time, max: time, placeholder: string }),
}))

// Cards.

const inner: Fields = {
  body: items,
  actions,
  $schema: word('http://adaptivecards.io/schemas/adaptive-card.json'),
  style: styles,
  minHeight: matching(/^\d+px$/, 'pixels'),
}
function shownCard(value: unknown, at: string, found: Findings): void {
  object(type('AdaptiveCard'), { ...inner, version: word('1.5') })(value, at, found)
}
const messageCard = object(
  // Teams shows nothing of a card above 1.5.
  { ...type('AdaptiveCard'), version: word('1.[0-5]') },
  {
    ...inner,
    fallbackText: string,
    speak: string,
    lang: filled,
    rtl: boolean,
    verticalContentAlignment: vertical,
    metadata: object({ webUrl: url }),
    msteams: object({}, { width: word('Full'), entities: list(0, 100, anyObject) }),
    refresh: object(
      { action: execute },
      { userIds: list(1, REFRESH_USERS, matching(/^29:/, 'an id that Teams gave')), expires: filled },
    ),
  },
)
