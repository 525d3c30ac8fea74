import type { Budget, DeliverCall } from '../../app/surface.ts'

/**
 * What Slack accepts, in one table. Lengths count characters after `&`, `<` and `>` were escaped. Source: the Block
 * Kit and Web API reference; the values marked «undocumented» were seen.
 */
export const LIMITS = {
  message: {
    blocks: 50,
    /** All blocks together, measured here as JSON. Slack refuses at about 13,200 characters (undocumented). */
    chars: 12_500,
    /** Slack takes 40,000; more than this is no notification. */
    text: 3000,
  },
  header: 150,
  /** `label`: our own, so that the value behind it is seen. */
  section: { text: 3000, fields: 10, field: 2000, label: 200 },
  /** A context element may hold 3000; a context line is read on a phone. */
  context: { elements: 10, text: 1000 },
  /** Slack takes 25 in one block. Five are one tidy row on a desktop, and cards keep to it. */
  actions: { elements: 5 },
  button: { text: 75, value: 2000 },
  /** `value` may hold 150 by the reference; 75 has always been safe. */
  option: { text: 75, value: 75 },
  overflow: { min: 2, max: 5 },
  confirm: { title: 100, text: 300, button: 30 },
  /** One for each message. `chars` is our own share of the whole message for its JSON. */
  table: { perMessage: 1, rows: 100, columns: 20, cell: 200, chars: 6000 },
  view: { blocks: 100, title: 24, button: 24, metadata: 3000 },
  /** An App Home. Slack takes 250,000 characters of a view; this much is read on a phone. */
  home: { blocks: 100, chars: 60_000 },
  /** How many are called at once: our own measure. */
  mentions: 20,
  input: { id: 255, label: 2000, text: 3000, options: 100 },
} as const

const perMinute = (calls: number): number => calls / 60_000

/**
 * How fast Baton calls, kept below what Slack takes in any minute (`capacity` and a minute's refill together): for
 * chat.postMessage one a second in each channel after a short burst, and several hundred a minute in all (taken as
 * 300); for chat.update and for chat.delete 50 a minute in the whole workspace.
 */
const RATES = {
  channelPost: { capacity: 3, perMs: 1 / 1000 },
  post: { capacity: 30, perMs: perMinute(240) },
  change: { capacity: 12, perMs: perMinute(36) },
} as const

/** What a call spends, the narrowest first. A direct message is a channel of its own. */
export function budgetsOf(call: DeliverCall, channel: string): Budget[] {
  switch (call) {
    case 'post':
    case 'reply':
    case 'notify':
      return [
        { key: `chat.postMessage ${channel}`, ...RATES.channelPost },
        { key: 'chat.postMessage', ...RATES.post },
      ]
    case 'update':
      return [{ key: 'chat.update', ...RATES.change }]
    case 'remove':
      return [{ key: 'chat.delete', ...RATES.change }]
  }
}
