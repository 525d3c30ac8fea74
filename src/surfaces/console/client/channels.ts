import type { WireChannel } from '../wire.ts'
import { api } from './api.ts'
import { byId, el, unseen } from './dom.ts'

/** Counts are read again at most this often. */
const GATHER_MS = 700

export type Channels = {
  /** Reads names and counts again, soon. */
  refresh(): void
  select(channel: string | null): void
  title(channel: string | null): string
}

/** The channels at the left (a strip at the top on a phone), each with how much is open in it. */
export const createChannels = (onRead: () => void): Channels => {
  const list = byId('channels', HTMLElement)
  let channels: WireChannel[] = []
  let selected: string | null = null
  let readSoon = false

  const draw = (): void => {
    const focused = document.activeElement instanceof HTMLAnchorElement ? document.activeElement.hash : null
    const open = channels.reduce((sum, channel) => sum + channel.open, 0)
    const entries = [{ id: null, title: 'All channels', open }, ...channels]
    list.replaceChildren(...entries.map((entry) => el('li', {}, entryOf(entry, selected))))
    for (const link of list.querySelectorAll('a'))
      if (link.hash === focused) link.focus({ preventScroll: true })
  }

  const read = async (): Promise<void> => {
    readSoon = false
    // A failure shows as the lost connection that it is; the counts are read again after it.
    const answer = await api.channels().catch(() => null)
    if (answer === null) return
    channels = answer.items
    draw()
    onRead()
  }

  return {
    refresh: () => {
      if (readSoon) return
      readSoon = true
      setTimeout(read, channels.length === 0 ? 0 : GATHER_MS)
    },
    select: (channel) => {
      selected = channel
      draw()
      list.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    },
    title: (id) =>
      id === null ? 'All channels' : (channels.find((channel) => channel.id === id)?.title ?? id),
  }
}

const entryOf = (
  entry: { id: string | null; title: string; open: number },
  selected: string | null,
): HTMLAnchorElement => {
  const count = el(
    'span',
    { class: entry.open === 0 ? 'count none' : 'count' },
    String(entry.open),
    unseen(' open'),
  )
  const hash = entry.id === null ? '#' : `#channel=${encodeURIComponent(entry.id)}`
  const current = entry.id === selected ? 'page' : null
  return el(
    'a',
    { href: hash, 'aria-current': current },
    el('span', { class: 'name' }, entry.title),
    ' ',
    count,
  )
}
