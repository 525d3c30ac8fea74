import type { types } from '@slack/bolt'
import { z } from 'zod'
import type { Card, CardButton, CardInput } from '../../app/card.ts'
import { LIMITS } from './limits.ts'
import { plainLine, section } from './objects.ts'
import { shortenInitial } from './text.ts'
import { parseJson } from './wire.ts'

/** The `callback_id` of every form. */
export const FORM = 'baton:form'

/** What a form carries through Slack: what it is about, when it was opened, and where to answer. */
export type FormContext = {
  exception: string
  action: string
  version: number
  own: boolean
  openedAt: Date
  /** The channel of the card that opened it; null for the App Home. */
  channel: string | null
  /** The message that opened it; null for the App Home. */
  ts: string | null
  /** The thread of that message; null where it stands in the channel itself. */
  thread: string | null
  /** The response URL of the press that opened it; null when there was none, or it was too long to carry. */
  responseUrl: string | null
}

const wire = z.tuple([
  z.string(),
  z.string(),
  z.int(),
  z.boolean(),
  z.number(),
  z.string().nullable(),
  z.string().nullable(),
  z.string().nullable(),
  // A form that an older Baton opened has none.
  z.string().nullable().optional(),
])

/** The one form of a form's `private_metadata`. */
export function encodeContext(context: FormContext): string {
  const { exception, action, version, own, openedAt, channel, ts, thread, responseUrl } = context
  const list = (url: string | null): string =>
    JSON.stringify([exception, action, version, own, openedAt.getTime(), channel, ts, url, thread])
  const whole = list(responseUrl)
  return whole.length <= LIMITS.view.metadata ? whole : list(null)
}

/** Reads what `encodeContext` wrote; null for anything else. */
export function decodeContext(text: string): FormContext | null {
  const parsed = wire.safeParse(parseJson(text))
  if (!parsed.success) return null
  const [exception, action, version, own, openedAt, channel, ts, responseUrl, thread = null] = parsed.data
  return { exception, action, version, own, openedAt: new Date(openedAt), channel, ts, thread, responseUrl }
}

/**
 * The form that asks for a button's inputs. It shows what the exception is now, so that nobody decides on an older
 * card than the one the form stands for.
 */
export function renderForm(card: Card, button: CardButton, context: FormContext): types.ModalView {
  const intro = [
    section(card.summary || card.title),
    ...(button.confirm ? [section(button.confirm.text)] : []),
  ]
  return {
    type: 'modal',
    callback_id: FORM,
    private_metadata: encodeContext(context),
    title: plainLine(button.label, LIMITS.view.title),
    submit: plainLine(button.confirm?.yes ?? 'Send', LIMITS.view.button),
    close: plainLine('Cancel', LIMITS.view.button),
    blocks: [...intro, ...button.inputs.slice(0, LIMITS.view.blocks - intro.length).map(input)],
  }
}

/** What a form becomes when there is something to say after it was sent. */
export function renderOutcome(words: string): types.ModalView {
  return {
    type: 'modal',
    callback_id: FORM,
    title: plainLine('Baton', LIMITS.view.title),
    close: plainLine('Close', LIMITS.view.button),
    blocks: [section(words)],
  }
}

function input(field: CardInput): types.InputBlock {
  const unit = field.kind === 'number' && field.unit ? ` (${field.unit})` : ''
  return {
    type: 'input',
    block_id: field.id.slice(0, LIMITS.input.id),
    label: plainLine(`${field.label}${unit}`, LIMITS.input.label),
    optional: !field.required,
    element: element(field),
  }
}

function element(field: CardInput): types.InputBlockElement {
  const action_id = field.id.slice(0, LIMITS.input.id)
  switch (field.kind) {
    case 'text': {
      const max_length = Math.max(1, Math.min(field.maxLength, LIMITS.input.text))
      const initial_value = shortenInitial(field.initial ?? '', max_length)
      return {
        type: 'plain_text_input',
        action_id,
        max_length,
        multiline: field.maxLength > 120,
        ...(initial_value === '' ? {} : { initial_value }),
      }
    }
    case 'number':
      return {
        type: 'number_input',
        action_id,
        is_decimal_allowed: !(Number.isInteger(field.min) && Number.isInteger(field.max)),
        min_value: String(field.min),
        max_value: String(field.max),
      }
    case 'choice':
      return {
        type: 'static_select',
        action_id,
        options: field.options
          .filter((option) => option.value !== '' && option.value.length <= LIMITS.option.value)
          .slice(0, LIMITS.input.options)
          .map((option) => ({ text: plainLine(option.label, LIMITS.option.text), value: option.value })),
      }
  }
}

const state = z.record(
  z.string(),
  z.record(
    z.string(),
    z.object({
      type: z.string(),
      value: z.string().nullish(),
      selected_option: z.object({ value: z.string() }).nullish(),
    }),
  ),
)

export type FormValues = Record<string, string | number>

/**
 * What was filled in, by input id (empty fields are left out), and the first field, for showing what is wrong.
 * Null when Slack sent something unreadable.
 */
export function readForm(sent: unknown): { values: FormValues; firstField: string | null } | null {
  const parsed = state.safeParse(sent)
  if (!parsed.success) return null
  const values: FormValues = {}
  for (const [id, elements] of Object.entries(parsed.data)) {
    for (const { type, value, selected_option } of Object.values(elements)) {
      const given = type === 'static_select' ? selected_option?.value : value
      if (given === undefined || given === null || given === '') continue
      values[id] = type === 'number_input' ? Number(given) : given
    }
  }
  return { values, firstField: Object.keys(parsed.data)[0] ?? null }
}
