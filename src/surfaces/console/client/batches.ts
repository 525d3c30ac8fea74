import type { WireBatch } from '../wire.ts'
import { ApiError, api } from './api.ts'
import { announce, byId, el, unseen } from './dom.ts'
import { createPressable, type Pressable, type PressableParts } from './pressing.ts'
import { timeElement } from './times.ts'

type View = { element: HTMLElement; pressable: Pressable; batch: WireBatch }

export type Batches = {
  /** Reads what is under way, and what has ended a short while ago. */
  reload(): Promise<void>
  /** Draws one, new or in place, and brings it to the reader's eyes. */
  show(batch: WireBatch): void
  /** One has changed: it is read again, in place. */
  onChange(id: string, channel: string | null): void
}

type BatchesParts = Pick<PressableParts, 'press' | 'runCommand'> & {
  /** The channel that is shown; null = all. */
  channel(): string | null
}

/** What was pressed for many at once, above the exceptions, newest first: its card says how far it has come. */
export const createBatches = (parts: BatchesParts): Batches => {
  const list = byId('batches', HTMLElement)
  const views = new Map<string, View>()
  /** Put away by the reader: they come back only when they go on. */
  const closed = new Map<string, number>()

  const read = async (id: string): Promise<void> => {
    const batch = await api.batch(id).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return null
      throw error
    })
    if (batch) draw(batch)
    else drop(id)
  }

  const drop = (id: string): void => {
    views.get(id)?.element.remove()
    views.delete(id)
  }

  const add = (batch: WireBatch): void => {
    const close = el('button', { type: 'button', class: 'quiet' }, 'Close', unseen(' this group'))
    const head = el(
      'header',
      { class: 'card-head' },
      el('span', { class: 'asked' }, 'Many at once'),
      timeElement(batch.startedAt ?? new Date().toISOString(), 'age'),
      close,
    )
    const element = el('article', { class: 'card', 'aria-label': 'Many at once', tabindex: -1 }, head)
    const pressable = createPressable(batch.card, {
      element,
      press: parts.press,
      runCommand: parts.runCommand,
      refresh: () => read(batch.id),
    })
    close.addEventListener('click', () => {
      closed.set(batch.id, views.get(batch.id)?.batch.version ?? batch.version)
      drop(batch.id)
    })
    views.set(batch.id, { element, pressable, batch })
    list.prepend(element)
  }

  const draw = (batch: WireBatch): void => {
    const shown = parts.channel()
    if (batch.state === 'offered' || (shown !== null && shown !== batch.channel)) {
      drop(batch.id)
      return
    }
    if (closed.get(batch.id) === batch.version) return
    const view = views.get(batch.id)
    if (!view) {
      add(batch)
      return
    }
    const ended = view.batch.state !== 'finished' && batch.state === 'finished'
    const decided = view.batch.version !== batch.version
    view.batch = batch
    view.pressable.show(batch.card, decided)
    if (ended) announce(view.element.querySelector('[role=heading]')?.textContent ?? 'Done')
  }

  return {
    reload: async () => {
      const { items } = await api.batches()
      for (const id of views.keys()) if (!items.some((batch) => batch.id === id)) drop(id)
      // The newest is put in last, which is on top.
      for (const batch of [...items].reverse()) draw(batch)
    },
    show: (batch) => {
      draw(batch)
      views.get(batch.id)?.element.focus({ preventScroll: false })
    },
    onChange: (id, channel) => {
      const shown = parts.channel()
      // What fails here is made good by the reload that follows every lost connection.
      if (shown === null || shown === channel || views.has(id)) void read(id).catch(() => undefined)
    },
  }
}
