import type { WireBatch } from '../wire.ts'
import { ApiError, api, batchOf } from './api.ts'
import { announce, byId, el, unseen } from './dom.ts'
import { createPressable, type Pressable, type PressableParts } from './pressing.ts'
import { timeElement } from './times.ts'

/** Older answers make room for newer ones. */
const MAX_ANSWERS = 5

type AnswersParts = {
  press: PressableParts['press']
  /** The channel in which commands are asked; null = all. */
  channel(): string | null
  /** A batch that was offered here has begun: it has a place of its own in the feed. */
  showBatch(batch: WireBatch): void
}

/** Commands and what they answered, as cards above the exceptions, newest first. */
export const createAnswers = (parts: AnswersParts): { run(text: string): Promise<void> } => {
  const list = byId('answers', HTMLElement)
  const scroller = byId('feed', HTMLElement)

  const run = async (text: string): Promise<void> => {
    const waiting = el('p', { class: 'answer working' }, 'Asking…')
    const close = el('button', { type: 'button', class: 'quiet' }, 'Close', unseen(` the answer to ${text}`))
    const asked = el('span', { class: 'asked' }, text)
    const head = el(
      'header',
      { class: 'card-head' },
      asked,
      timeElement(new Date().toISOString(), 'age'),
      close,
    )
    const element = el(
      'article',
      { class: 'card reply', 'aria-label': `Answer to ${text}`, tabindex: -1 },
      head,
      waiting,
    )
    close.addEventListener('click', () => {
      element.remove()
      byId('command-text', HTMLInputElement).focus()
    })
    list.prepend(element)
    while (list.childElementCount > MAX_ANSWERS) list.lastElementChild?.remove()
    scroller.scrollTo({ top: 0 })
    try {
      const reply = await api.command({ channel: parts.channel(), text })
      waiting.remove()
      showReply(reply.card, element)
      announce(reply.text)
    } catch (error) {
      const words = error instanceof ApiError ? error.message : 'The answer cannot be shown. Reload the page.'
      waiting.className = 'answer refused'
      waiting.textContent = words
      announce(words)
    }
  }

  const showReply = (card: object, element: HTMLElement): void => {
    const pressable: Pressable = createPressable(card, {
      element,
      press: parts.press,
      runCommand: (text) => void run(text),
      refresh: async (exception) => {
        const id = batchOf(exception)
        if (id !== null) {
          const batch = await api.batch(id)
          pressable.show(batch.card, true)
          if (batch.state === 'offered') return
          parts.showBatch(batch)
          element.remove()
          return
        }
        // An answer about one exception turns into its newest card; a list stays the answer that it was.
        if (exceptionsIn(card).size === 1) pressable.show((await api.card(exception)).card, true)
      },
    })
  }

  return { run }
}

/** The exceptions that the card's buttons are about. */
const exceptionsIn = (value: unknown): Set<string> => {
  if (typeof value !== 'object' || value === null) return new Set()
  const own = 'exception' in value && typeof value.exception === 'string' ? [value.exception] : []
  return new Set([...own, ...Object.values(value).flatMap((inner) => [...exceptionsIn(inner)])])
}
