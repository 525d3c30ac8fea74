import type { Action, AdaptiveCard, HostConfig, Input } from 'adaptivecards'
import {
  markTimes,
  type PressData,
  readCommand,
  readPress,
  type TextPart,
  textParts,
} from '../../adaptive-text.ts'
import { HOST_CONFIG } from './host-config.ts'
import { showTime } from './times.ts'

/** Adaptive Card JSON > DOM, by Microsoft's library with this page's look. */

export type Press = PressData & {
  values: Record<string, string | number>
  /** Null where the button needed no form. */
  formOpenMs: number | null
}

export type CardHandlers = {
  onPress(press: Press, button: HTMLElement | null): void
  onCommand(text: string): void
}

/** A drawn card. `openForm` and `typed` let a newer drawing take over where the reader was. */
export type DrawnCard = {
  element: HTMLElement
  openForm(): OpenForm | null
  restoreForm(form: OpenForm): boolean
}

/** `button` names the exception and action whose form it is. */
export type OpenForm = { button: string; openedAt: number; values: string[]; focused: number | null }

let config: HostConfig | null = null

const hostConfig = (): HostConfig => {
  if (config !== null) return config
  AdaptiveCards.GlobalSettings.setTabIndexAtCardRoot = false
  AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
    result.outputHtml = htmlOf(text)
    result.didProcess = true
  }
  config = new AdaptiveCards.HostConfig(HOST_CONFIG)
  return config
}

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** Baton’s cards hold no formatting, only escaped text, line breaks and times: so that is all that becomes HTML. */
const htmlOf = (text: string): string => textParts(text).map(partHtml).join('')

const partHtml = (part: TextPart): string => {
  switch (part.kind) {
    case 'text':
      return escapeHtml(part.text)
    case 'break':
      return '<br>'
    case 'time':
      return `<time datetime="${escapeHtml(part.iso)}" data-form="both"></time>`
  }
}

/** Text properties hold times in the library's own form, and buttons an overflow that this page has no need of. */
const prepared = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(prepared)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([name]) => name !== 'mode')
  return Object.fromEntries(
    entries.map(([name, inner]) => [
      name,
      name === 'data' ? inner : typeof inner === 'string' ? markTimes(inner) : prepared(inner),
    ]),
  )
}

export const drawCard = (json: object, handlers: CardHandlers): DrawnCard => {
  const card = new AdaptiveCards.AdaptiveCard()
  card.hostConfig = hostConfig()
  const forms = trackForms(card)
  card.onExecuteAction = (action) => {
    if (!(action instanceof AdaptiveCards.ExecuteAction)) return
    const command = readCommand(action.data)
    if (command !== null) handlers.onCommand(command)
    const press = readPress(action.data)
    if (press === null) return
    const values = typedValues(press.values, formOf(card, keyOf(press))?.card.getAllInputs() ?? [])
    handlers.onPress(
      { ...press, values, formOpenMs: forms.openMs(keyOf(press)) },
      action.renderedElement ?? null,
    )
  }
  card.parse(prepared(json))
  const element = card.render() ?? document.createElement('div')
  finish(element)
  return { element, openForm: forms.current, restoreForm: forms.restore }
}

/** What the library leaves undone: words in the times, signs on form buttons, wide tables that scroll by themselves. */
const finish = (element: HTMLElement): void => {
  for (const time of element.querySelectorAll('time')) showTime(time, Date.now())
  for (const table of element.querySelectorAll<HTMLElement>('[role=table]')) {
    const columns = table.querySelector('[role=row]')?.childElementCount ?? 0
    if (columns < 5) continue
    table.classList.add('wide')
    table.style.setProperty('--columns', String(columns))
    table.tabIndex = 0
  }
}

/** The library hands every input over as a string; numbers are numbers to Baton. */
const typedValues = (values: Record<string, string>, inputs: Input[]): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const input = inputs.find((candidate) => candidate.id?.endsWith(`:${name}`))
      return [name, input instanceof AdaptiveCards.NumberInput ? Number(value) : value]
    }),
  )

const keyOf = (press: PressData): string => `${press.exception} ${press.action}`

/** Which button it is, the one that opens a form included: the form's own press tells. */
const buttonOf = (action: Action): string | null => {
  if (action instanceof AdaptiveCards.ExecuteAction) {
    const press = readPress(action.data)
    return press === null ? null : keyOf(press)
  }
  if (!(action instanceof AdaptiveCards.ShowCardAction)) return null
  const inner = action.card
    .getAllActions()
    .find((candidate) => candidate instanceof AdaptiveCards.ExecuteAction)
  return inner === undefined ? null : buttonOf(inner)
}

const formOf = (card: AdaptiveCard, button: string) =>
  card
    .getAllActions()
    .filter((candidate) => candidate instanceof AdaptiveCards.ShowCardAction)
    .find((candidate) => buttonOf(candidate) === button)

const controlsIn = (form: HTMLElement | undefined) =>
  Array.from(
    form?.querySelectorAll<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>(
      'input, textarea, select',
    ) ?? [],
  )

/** Which form is open and since when: the time in it is measured hands-on time. */
const trackForms = (card: AdaptiveCard) => {
  let open: { button: string; openedAt: number } | null = null
  let restoring = false

  card.onInlineCardExpanded = (form, isExpanded) => {
    const button = buttonOf(form)
    if (button === null || restoring) return
    if (!isExpanded) {
      if (open?.button === button) open = null
      return
    }
    open = { button, openedAt: performance.now() }
    controlsIn(form.card.renderedElement)[0]?.focus()
  }

  return {
    openMs: (button: string): number | null =>
      open?.button === button ? Math.round(performance.now() - open.openedAt) : null,
    current: (): OpenForm | null => {
      if (open === null) return null
      const controls = controlsIn(formOf(card, open.button)?.card.renderedElement)
      const focused = controls.findIndex((control) => control.matches(':focus'))
      return {
        ...open,
        values: controls.map((control) => control.value),
        focused: focused < 0 ? null : focused,
      }
    },
    /** Opens the same form with what was typed; false when the card offers it no more. */
    restore: (form: OpenForm): boolean => {
      const action = formOf(card, form.button)
      if (action === undefined || !action.isEffectivelyEnabled()) return false
      restoring = true
      action.execute()
      restoring = false
      open = { button: form.button, openedAt: form.openedAt }
      const controls = controlsIn(action.card.renderedElement)
      form.values.forEach((value, index) => {
        const control = controls[index]
        if (control !== undefined) control.value = value
      })
      if (form.focused !== null) controls[form.focused]?.focus({ preventScroll: true })
      return true
    },
  }
}
