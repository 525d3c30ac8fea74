import type { WireCard } from '../wire.ts'
import { announce, el, unseen } from './dom.ts'
import { createPressable, keepFocus, type PressableParts } from './pressing.ts'
import { timeElement } from './times.ts'
import { handoffWords, headline, objectWord, SEVERITIES, stateWords } from './words.ts'

export type CardViewParts = Pick<PressableParts, 'press' | 'runCommand' | 'refresh'> & {
  showDetails(id: string): void
}

/** One exception in the feed: a frame of ours around its Adaptive Card. */
export type CardView = {
  element: HTMLElement
  current(): WireCard
  /** Draws what has changed, in place: focus, an open form and what was typed in it stay. */
  update(next: WireCard): void
  /** Folded to one line, which opens again by its own button. */
  fold(folded: boolean): void
  /** The reader is in it, by pointer or keyboard. */
  isInUse(): boolean
}

export const createCardView = (first: WireCard, parts: CardViewParts): CardView => {
  let card = first
  const head = el('header', { class: 'card-head' })
  const element = el('article', { class: 'card', 'data-id': first.id, tabindex: -1 }, head)

  const isFolded = (): boolean => element.classList.contains('folded')

  const drawHead = (): void => {
    element.setAttribute('aria-label', `${stateWords(card.state).word}: ${headline(card)}`)
    element.dataset.severity = card.severity
    element.dataset.state = card.state
    head.replaceChildren(...headOf(card, { fold, showDetails: parts.showDetails, folded: isFolded() }))
  }

  const fold = (folded: boolean): void => {
    keepFocus(element, () => {
      element.classList.toggle('folded', folded)
      drawHead()
    })
  }

  drawHead()
  const pressable = createPressable(first.card, { ...parts, element, polish: withoutSign })

  return {
    element,
    current: () => card,
    fold,
    isInUse: () => element.matches(':hover') || element.contains(document.activeElement),
    update: (next) => {
      const before = card
      card = next
      pressable.show(next.card, next.version !== before.version)
      keepFocus(element, drawHead)
      if (before.state === 'open' && next.state !== 'open') {
        announce(`${stateWords(next.state).word}: ${headline(next)}`)
      }
    },
  }
}

/** The frame says the tone in words already, and screen readers would read the sign aloud. */
const withoutSign = (card: HTMLElement): void => {
  const words = card.querySelector('[role=heading]')?.firstChild
  if (words instanceof Text) words.data = words.data.replace(/^[✓▲◆] /, '')
}

type HeadParts = { fold(folded: boolean): void; showDetails(id: string): void; folded: boolean }

const headOf = (card: WireCard, parts: HeadParts): Node[] => {
  const { sign, word } = card.state === 'open' ? SEVERITIES[card.severity] : stateWords(card.state)
  const chip = el('span', { class: 'chip' }, el('span', { 'aria-hidden': true }, `${sign} `), word)
  const details = el(
    'button',
    { type: 'button', class: 'quiet', 'data-name': 'details' },
    'Details',
    unseen(` of ${headline(card)}`),
  )
  details.addEventListener('click', () => parts.showDetails(card.id))
  const age = timeElement(card.closedAt ?? card.openedAt, 'age')
  if (card.state === 'open') {
    const object = el('span', { class: 'object' }, `, ${objectWord(card.handoff)}`)
    return [chip, el('span', { class: 'handoff' }, handoffWords(card.handoff), object), age, details]
  }
  const toggle = el(
    'button',
    { type: 'button', class: 'fold', 'data-name': 'fold', 'aria-expanded': String(!parts.folded) },
    parts.folded ? headline(card) : 'Fold away',
  )
  toggle.addEventListener('click', () => parts.fold(!parts.folded))
  return [chip, toggle, age, details]
}
