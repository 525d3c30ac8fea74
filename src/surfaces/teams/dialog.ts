import { z } from 'zod'
import type { Card, CardButton } from '../../app/card.ts'
import { formBody } from '../adaptive-buttons.ts'
import { textBlock } from '../adaptive-shape.ts'
import { cutText, inputId, plainText } from '../adaptive-text.ts'
import { LIMITS } from './limits.ts'
import { type PressedButton, readButton } from './press-data.ts'
import { CARD_TYPE, shownText } from './render.ts'

/** What a dialog answers: a form, words, or nothing, which closes it. */
export type DialogAnswer =
  | { task: { type: 'continue'; value: { title: string; width: string; height: string; card: object } } }
  | { task: { type: 'message'; value: string } }
  | null

export type Values = Record<string, string | number>
/** A form that was sent: which press it is, when it was opened, what was filled in. */
export type Submitted = { button: PressedButton; openedAt: Date; values: Values }

export const sayInDialog = (words: string): DialogAnswer => ({
  task: { type: 'message', value: cutText(plainText(words), LIMITS.dialog.intro) },
})

/**
 * The form, or the question, of a button. It shows what the exception is now, so that nobody decides on an older card
 * than the one the form stands for.
 * @param again what was typed and what was wrong with it, when it is asked a second time
 */
export function renderDialog(
  card: Card,
  button: CardButton,
  pressed: PressedButton,
  openedAt: Date,
  again?: { values: Values; words: string },
): DialogAnswer {
  const fit = { share: 1, cut: false, asks: 'in_card', times: 'stand' } as const
  const typed = again?.values ?? {}
  const body = formBody(button, fit).map((element, index) => {
    if (!('id' in element)) return element
    const input = button.inputs[index - (button.confirm === null ? 0 : 2)]
    const value = input && typed[input.id]
    return value === undefined
      ? element
      : { ...element, value: element.type === 'Input.Number' ? value : String(value) }
  })
  const { exception, action, version, on } = pressed
  const numbers = button.inputs.flatMap(({ kind, id }) => (kind === 'number' ? [id] : []))
  const content = {
    type: 'AdaptiveCard',
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    version: '1.5',
    body: [
      textBlock(shownText(card.summary || card.title, LIMITS.dialog.intro)),
      ...(again
        ? [textBlock(`▲ ${shownText(again.words, LIMITS.dialog.intro)}`, { color: 'attention' })]
        : []),
      ...body,
    ],
    actions: [
      {
        type: 'Action.Submit',
        title: cutText(plainText(button.confirm?.yes ?? 'Send'), 60),
        ...(button.style === 'danger' ? { style: 'destructive' } : { style: 'positive' }),
        data: { exception, action, version, on, openedAt: openedAt.getTime(), numbers },
      },
    ],
  }
  return {
    task: {
      type: 'continue',
      value: {
        title: cutText(plainText(button.label), LIMITS.dialog.title) || 'Baton',
        width: 'medium',
        height: button.inputs.length > 2 ? 'large' : 'medium',
        card: { contentType: CARD_TYPE, content },
      },
    },
  }
}

/** Milliseconds; the latest that a Date can be. */
const LAST_TIME = 8.64e15

const sent = z.looseObject({
  openedAt: z.int().min(0).max(LAST_TIME),
  numbers: z.array(z.string()).default([]),
})

/**
 * Reads what `renderDialog` sent out and a person filled in; null for anything else. Empty fields are left out. Phones
 * send numbers as text.
 */
export function readSubmission(data: unknown): Submitted | null {
  const button = readButton(data)
  const form = sent.safeParse(data)
  if (!button || !form.success) return null
  const prefix = inputId(button, '')
  const values: Values = {}
  for (const [name, value] of Object.entries(form.data)) {
    if (!name.startsWith(prefix)) continue
    const id = name.slice(prefix.length)
    if (typeof value === 'number') values[id] = value
    if (typeof value !== 'string' || value.trim() === '') continue
    values[id] = form.data.numbers.includes(id) ? numberIn(value) : value
  }
  return { button, openedAt: new Date(form.data.openedAt), values }
}

/** With a comma as people write it too, but `1,000` may be a thousand or one: what is no number stays as typed. */
const numberIn = (typed: string): number | string => {
  if (/^\s*[-+]?\d{1,3}(,\d{3})+\s*$/.test(typed)) return typed
  const number = Number(typed.replace(',', '.'))
  return Number.isFinite(number) ? number : typed
}
