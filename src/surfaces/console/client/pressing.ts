import type { WirePressAnswer, WirePressResult } from '../wire.ts'
import { ApiError } from './api.ts'
import { el } from './dom.ts'
import { type DrawnCard, drawCard, type Press } from './render.ts'

/** A drawn card whose buttons work: pressing, what was answered, and newer drawings taking over in place. */
export type Pressable = {
  /** Draws the card if it differs. `decided` = its version is another, so a form in it is about something newer. */
  show(json: object, decided: boolean): void
}

export type PressableParts = {
  /** Where the card and the answer are put. */
  element: HTMLElement
  press(press: Press): Promise<WirePressAnswer>
  runCommand(text: string): void
  /** After a press: has the newest card shown. */
  refresh(exception: string): Promise<void>
  /** Last touches to a fresh drawing. */
  polish?(card: HTMLElement): void
}

/** How an answer looks, and how long it stays at least although the card changes. */
const ANSWERS: Record<WirePressResult | 'failed', { look: string; ms: number; keepsForm: boolean }> = {
  acted: { look: 'working', ms: 1_500, keepsForm: false },
  awaiting_approval: { look: 'working', ms: 8_000, keepsForm: false },
  nothing_to_do: { look: 'calm', ms: 12_000, keepsForm: false },
  lost_race: { look: 'calm', ms: 12_000, keepsForm: false },
  not_allowed: { look: 'refused', ms: 12_000, keepsForm: true },
  stale: { look: 'calm', ms: 12_000, keepsForm: true },
  failed: { look: 'refused', ms: 12_000, keepsForm: true },
}

/** The card's own news follows a press soon; if none does, a spinner must not turn for ever. */
const WORKING_MS = 15_000

export const createPressable = (first: object, parts: PressableParts): Pressable => {
  const body = el('div', { class: 'card-body' })
  // Always there, so that screen readers notice when it gets its words.
  const answer = el('p', { class: 'answer', role: 'status' })
  let json = first
  let drawn: DrawnCard
  let busy = false
  let answerTimer: ReturnType<typeof setTimeout> | undefined
  let answeredUntil = 0

  const clearAnswer = (): void => {
    clearTimeout(answerTimer)
    answer.textContent = ''
  }

  const say = (look: string, message: string, ms: number): void => {
    clearTimeout(answerTimer)
    answer.className = `answer ${look}`
    answer.textContent = message
    answeredUntil = Date.now() + ms
    if (look === 'working') answerTimer = setTimeout(clearAnswer, WORKING_MS)
  }

  /** The card itself now says more than the answer did. */
  const outdateAnswer = (): void => {
    if (answer.textContent === '') return
    clearTimeout(answerTimer)
    answerTimer = setTimeout(clearAnswer, Math.max(0, answeredUntil - Date.now()))
  }

  const draw = (): void => {
    drawn = drawCard(json, {
      onPress: (press, button) => void onPress(press, button),
      onCommand: parts.runCommand,
    })
    parts.polish?.(drawn.element)
    body.replaceChildren(drawn.element)
  }

  const redraw = (keepsForm: boolean, decided: boolean): void =>
    keepFocus(parts.element, () => {
      const form = keepsForm ? drawn.openForm() : null
      draw()
      if (form === null) return
      if (!drawn.restoreForm(form)) {
        say('calm', 'This has changed meanwhile: what you were about to do is no longer offered.', 12_000)
      } else if (decided && !busy) {
        say('calm', 'This has changed while you were at it: look again before you go on.', 12_000)
      }
    })

  const onPress = async (press: Press, button: HTMLElement | null): Promise<void> => {
    if (busy) return
    busy = true
    clearAnswer()
    showBusy(parts.element, button)
    const { result, message } = await parts.press(press).catch((error: unknown) => ({
      result: 'failed' as const,
      message: error instanceof ApiError ? error.message : 'The press failed on this page. Reload it.',
    }))
    const { look, ms, keepsForm } = ANSWERS[result]
    say(look, message, ms)
    // A failed refresh leaves the card as it was; the stream brings the newest one.
    await parts.refresh(press.exception).catch(() => undefined)
    redraw(keepsForm, false)
    parts.element.removeAttribute('aria-busy')
    busy = false
  }

  parts.element.append(body, answer)
  draw()

  return {
    show: (next, decided) => {
      const same = JSON.stringify(next) === JSON.stringify(json)
      json = next
      // While a press is on its way the card stands still; it is drawn when the answer has come.
      if (same || busy) return
      outdateAnswer()
      redraw(true, decided)
    },
  }
}

/** The pressed button shows "…" at once; no button of the card takes another press meanwhile. */
const showBusy = (element: HTMLElement, pressed: HTMLElement | null): void => {
  element.setAttribute('aria-busy', 'true')
  if (pressed?.firstElementChild) pressed.firstElementChild.textContent = '…'
  // Not `disabled`: that would throw a keyboard reader off the button he is on.
  for (const button of element.querySelectorAll('.card-body button:not(:disabled)')) {
    button.setAttribute('aria-disabled', 'true')
  }
}

/** After a change, focus is on the same button as before, or on the card itself; never lost to the page. */
export const keepFocus = (element: HTMLElement, change: () => void): void => {
  const active = document.activeElement
  if (!(active instanceof HTMLElement) || active === element || !element.contains(active)) {
    change()
    return
  }
  const name = nameOf(active)
  const nth = buttonsNamed(element, name).indexOf(active)
  change()
  if (active.isConnected || element.contains(document.activeElement)) return
  const same = buttonsNamed(element, name)
  const successor = same[nth] ?? same[0] ?? element
  successor.focus({ preventScroll: true })
}

const buttonsNamed = (element: HTMLElement, name: string): HTMLElement[] =>
  Array.from(element.querySelectorAll<HTMLElement>('button:not(:disabled)')).filter((b) => nameOf(b) === name)

const nameOf = (element: HTMLElement): string =>
  element.dataset.name ?? element.getAttribute('aria-label') ?? element.textContent ?? ''
