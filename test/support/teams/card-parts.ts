import { isObject, type Json, listOf } from './json.ts'

/** An action, and the cards that hold it, the outermost first: their inputs are sent with it. */
export type FoundAction = { action: Json; holders: Json[]; shownBy: Json | null }

/** Every action of a card, also of the cards that its buttons show. */
export const actionsOf = (card: Json): FoundAction[] => actionsIn(card, [card], null)

function actionsIn(card: Json, holders: Json[], shownBy: Json | null): FoundAction[] {
  const here = partsOf(card).flatMap((part) => [
    ...listOf(part.actions),
    ...(isObject(part.selectAction) ? [part.selectAction] : []),
  ])
  return here.flatMap((action) => [
    { action, holders, shownBy },
    ...(isObject(action.card) ? actionsIn(action.card, [...holders, action.card], action) : []),
  ])
}

/** Every input of these cards themselves. */
export const inputsOf = (cards: Json[]): Json[] =>
  cards.flatMap((card) => partsOf(card).filter((part) => String(part.type).startsWith('Input.')))

/** A card and its elements, at any depth, without the cards that buttons show. */
export const partsOf = (card: Json): Json[] => [
  card,
  ...['body', 'items', 'columns', 'rows', 'cells'].flatMap((key) => listOf(card[key]).flatMap(partsOf)),
]
