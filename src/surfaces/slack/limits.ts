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
  section: { text: 3000, fields: 10, field: 2000 },
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
  input: { id: 255, label: 2000, text: 3000, options: 100 },
} as const
