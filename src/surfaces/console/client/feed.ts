import type { WireCard, WireChange } from '../wire.ts'
import { ApiError, api, type CardFilter } from './api.ts'
import { type CardView, type CardViewParts, createCardView } from './card-view.ts'
import { announce, byId, el } from './dom.ts'
import { keepPlace } from './scroll.ts'
import { headline, SEVERITIES } from './words.ts'

/** A card that closes before the reader's eyes stays open this long, and longer while he is in it. */
const FOLD_AFTER_MS = 30_000

/** More changes than this at once are read as one list. */
const LIST_INSTEAD = 12

export type Feed = {
  show(filter: CardFilter): Promise<void>
  /** Reads everything shown again, in place. */
  reload(): Promise<void>
  onChange(change: WireChange): void
  /** Moves the keyboard to the next (1) or previous (-1) card. */
  step(direction: 1 | -1): void
}

type FeedParts = Omit<CardViewParts, 'refresh'> & {
  /** The words of an empty feed, for this filter. */
  emptyWords(filter: CardFilter): { title: string; text: string }
  onCount(open: number): void
}

/** The cards of one channel: worst first, then newest; live, and steady under the reader's eyes. */
export const createFeed = (parts: FeedParts): Feed => {
  const scroller = byId('feed', HTMLElement)
  const list = byId('cards', HTMLElement)
  const done = byId('done', HTMLDetailsElement)
  const doneList = byId('done-cards', HTMLElement)
  const empty = byId('empty', HTMLElement)
  const more = byId('more', HTMLButtonElement)
  const newer = byId('newer', HTMLButtonElement)
  const views = new Map<string, CardView>()
  /** Where each card was put, which a card that closes in place keeps. */
  const ranks = new Map<string, Rank>()
  const unseenAbove = new Set<string>()
  let filter: CardFilter = { state: 'open', channel: null }
  let next: string | null = null
  /** Counts `show` calls: an answer to an older question is thrown away. */
  let asked = 0

  const matches = (card: WireCard): boolean =>
    (filter.channel === null || card.channel === filter.channel) &&
    (filter.state === 'all' || (filter.state === 'open') === (card.state === 'open'))

  const place = (view: CardView): void => {
    const { id } = view.current()
    const own = rankOf(view.current())
    ranks.set(id, own)
    const after = Array.from(list.children).find((child) => {
      const rank = child === view.element ? undefined : ranks.get(idOf(child))
      return rank !== undefined && compare(own, rank) < 0
    })
    if (view.element.nextElementSibling !== (after ?? null) || view.element.parentElement !== list) {
      list.insertBefore(view.element, after ?? null)
    }
  }

  const add = (card: WireCard): void => {
    const view = createCardView(card, { ...parts, refresh })
    if (card.state !== 'open') view.fold(true)
    views.set(card.id, view)
    place(view)
  }

  const drop = (id: string): void => {
    views.get(id)?.element.remove()
    views.delete(id)
    ranks.delete(id)
  }

  /** Folds a card that closed while it was shown, once the reader has left it. */
  const foldLater = (id: string): void => {
    setTimeout(() => {
      const view = views.get(id)
      if (view === undefined || view.current().state === 'open') return
      if (view.isInUse()) return foldLater(id)
      keepPlace(scroller, list, () => {
        view.fold(true)
        doneList.prepend(view.element)
        settle()
      })
    }, FOLD_AFTER_MS)
  }

  const apply = (card: WireCard): void => {
    const view = views.get(card.id)
    if (view === undefined) {
      if (!matches(card)) return
      add(card)
      unseenAbove.add(card.id)
      announce(`New: ${headline(card)}`)
      return
    }
    const closedNow = view.current().state === 'open' && card.state !== 'open'
    view.update(card)
    const reopened = card.state === 'open' && view.element.parentElement !== list
    if (reopened) view.fold(false)
    const moved = compare(ranks.get(card.id) ?? rankOf(card), rankOf(card)) !== 0
    if (reopened || (moved && card.state === 'open' && !view.isInUse())) place(view)
    if (closedNow && filter.state === 'open') foldLater(card.id)
    if (filter.channel !== null && card.channel !== filter.channel) drop(card.id)
  }

  /** Everything beside the cards that depends on which there are. */
  const settle = (): void => {
    const folded = doneList.childElementCount
    done.hidden = folded === 0
    byId('done-count', HTMLElement).textContent = String(folded)
    more.hidden = next === null
    empty.hidden = list.childElementCount > 0 || next !== null
    if (!empty.hidden) {
      const { title, text } = parts.emptyWords(filter)
      empty.replaceChildren(el('strong', {}, title), el('span', {}, text))
    }
    parts.onCount([...views.values()].filter((view) => view.current().state === 'open').length)
  }

  const applyAll = (cards: WireCard[]): void => {
    keepPlace(scroller, list, () => {
      for (const card of cards) apply(card)
      settle()
    })
    showNewer()
  }

  const showNewer = (): void => {
    const edge = scroller.getBoundingClientRect().top
    const isAbove = (id: string): boolean =>
      (views.get(id)?.element.getBoundingClientRect().bottom ?? edge) < edge
    for (const id of unseenAbove) if (!isAbove(id)) unseenAbove.delete(id)
    newer.hidden = unseenAbove.size === 0
    newer.textContent = `↑ ${unseenAbove.size} new`
  }
  scroller.addEventListener('scroll', showNewer, { passive: true })
  newer.addEventListener('click', () => {
    scroller.scrollTo({ top: 0 })
    list.querySelector<HTMLElement>('.card')?.focus({ preventScroll: true })
  })

  const refresh = async (id: string): Promise<void> => {
    const question = asked
    try {
      const card = await api.card(id)
      if (question === asked) applyAll([card])
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error
      keepPlace(scroller, list, () => {
        drop(id)
        settle()
      })
    }
  }

  const reload = async (): Promise<void> => {
    const question = asked
    const page = await api.cards(filter, null)
    if (question !== asked) return
    const listed = new Set(page.items.map((card) => card.id))
    applyAll(page.items)
    // Shown, and not on the first page any more: closed, moved, or further down.
    const missing = [...views.keys()].filter((id) => !listed.has(id))
    await Promise.all(missing.slice(0, 100).map((id) => refresh(id).catch(() => undefined)))
  }

  const pending = createPending(async (ids) => {
    if (ids.length > LIST_INSTEAD) return reload()
    await Promise.all(ids.map((id) => refresh(id)))
  })

  more.addEventListener('click', async () => {
    const question = asked
    more.disabled = true
    const page = await api.cards(filter, next).catch(() => null)
    more.disabled = false
    if (page === null || question !== asked) return
    next = page.next
    applyAll(page.items)
  })

  return {
    show: async (wanted) => {
      filter = wanted
      const question = ++asked
      scroller.setAttribute('aria-busy', 'true')
      const page = await api.cards(filter, null).finally(() => scroller.removeAttribute('aria-busy'))
      if (question !== asked) return
      views.clear()
      ranks.clear()
      unseenAbove.clear()
      list.replaceChildren()
      doneList.replaceChildren()
      next = page.next
      for (const card of page.items) add(card)
      settle()
      showNewer()
      scroller.scrollTop = 0
    },
    reload,
    onChange: (change) => {
      const elsewhere = filter.channel !== null && change.channel !== filter.channel
      if (!elsewhere || views.has(change.exception)) pending.add(change.exception)
    },
    step: (direction) => {
      const cards = Array.from(list.querySelectorAll<HTMLElement>(':scope > .card'))
      const current = cards.findIndex((card) => card.contains(document.activeElement))
      const target = cards[current < 0 ? (direction === 1 ? 0 : cards.length - 1) : current + direction]
      target?.focus({ preventScroll: true })
      target?.scrollIntoView({ block: 'nearest' })
    },
  }
}

const idOf = (element: Element): string => (element instanceof HTMLElement ? (element.dataset.id ?? '') : '')

type Rank = readonly [number, number, number]

const rankOf = (card: WireCard): Rank =>
  card.state === 'open'
    ? [0, SEVERITIES[card.severity].rank, -Date.parse(card.openedAt)]
    : [1, 0, -Date.parse(card.closedAt ?? card.openedAt)]

const compare = (a: Rank, b: Rank): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]

/** Gathers ids while a reading is under way, so that a busy exception is read as often as the network allows. */
const createPending = (read: (ids: string[]) => Promise<void>) => {
  const waiting = new Set<string>()
  let reading = false
  const run = async (): Promise<void> => {
    reading = true
    while (waiting.size > 0) {
      const ids = [...waiting]
      waiting.clear()
      // A reading that fails is made good by the reload that follows every lost connection.
      await read(ids).catch(() => undefined)
    }
    reading = false
  }
  return {
    add: (id: string): void => {
      waiting.add(id)
      if (!reading) void run()
    },
  }
}
