/**
 * The text and the press data of an Adaptive Card, both directions, so that the one who writes and the one who
 * reads cannot drift apart. Pure and without imports: Teams uses it on the server, the console in the browser.
 *
 * TextBlocks and FactSets are Markdown on every host. Baton never means Markdown: every character that could
 * format, link, mention or insert a date is escaped, so an unescaped one is always Baton's own.
 */

// C0 and C1 controls except newline, direction overrides, and the byte order mark: none has a visible meaning.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
const INVISIBLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/g

/** Plain text without control characters, direction overrides and halves of characters; newlines stay. */
export const cleanText = (text: string): string =>
  text
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replace(/\t/g, ' ')
    .replace(INVISIBLE, '')
    .replace(/\p{Surrogate}/gu, '\ufffd')

/** Shortens to at most `max` UTF-16 units, the last of them an ellipsis, without halving a character. */
export const cutText = (text: string, max: number): string => {
  if (text.length <= max) return text
  if (max <= 1) return text.length > 0 && max === 1 ? '…' : ''
  return `${text.slice(0, max - 1).replace(/\p{Surrogate}$/u, '')}…`
}

/**
 * For places that are plain text but where the Adaptive Cards library still expands `{{DATE(...)}}`: labels,
 * choices; and where Teams might read `<at>` as a mention. A word joiner is invisible and stops both.
 */
export const plainText = (text: string): string =>
  cleanText(text)
    .replace(/\s*\n\s*/g, ' ')
    .replace(/\{(?=\{)/g, '{\u2060')
    .replace(/<(?=\/?at\b)/gi, '<\u2060')

/**
 * Escapes text for a Markdown TextBlock: the reader sees exactly `cleanText(text)`, with line breaks as paragraphs.
 * Besides Markdown's own characters this breaks what hosts turn into links by themselves (`https://`, `www.`,
 * `name@host`, `shop.example`).
 */
export const escapeMarkdown = (text: string): string =>
  cleanText(text)
    .split(/\n+/)
    .map((line) =>
      line
        .replace(/[\\`*_[\]<>&~|{}@]/g, '\\$&')
        .replace(/:(?=\/\/)/g, '\\:')
        .replace(/(?<=[\p{L}\p{N}])\.(?=\p{L})/gu, '\\.')
        .replace(/^(\s*)([-+#=])/, '$1\\$2')
        .replace(/^(\s*\d+)([.)])/, '$1\\$2')
        .replace(/^\s+/, (spaces) => '\u00a0'.repeat(spaces.length)),
    )
    .join('\n\n')

/** A time that the host shows in the reader's zone. The library knows no fractions of a second. */
export const timeText = (at: Date): string => {
  const iso = isoSeconds(at)
  return iso === null ? 'unknown time' : `{{DATE(${iso}, SHORT)}} {{TIME(${iso})}}`
}

/** The time of day alone. */
export const clockText = (at: Date): string => {
  const iso = isoSeconds(at)
  return iso === null ? 'unknown time' : `{{TIME(${iso})}}`
}

const isoSeconds = (at: Date): string | null => {
  if (Number.isNaN(at.getTime())) return null
  const iso = at.toISOString().replace(/\.\d+Z$/, 'Z')
  return /^\d{4}-/.test(iso) ? iso : null
}

/**
 * Turns Baton's own times into `<2026-01-31T06:00:00Z>`, which `textParts` understands and the library's own
 * formatter leaves alone. System text cannot forge one: its `<` and `{` arrive escaped.
 */
export const markTimes = (text: string): string =>
  text.replace(/\{\{DATE\(([^,()]+), SHORT\)\}\} \{\{TIME\(\1\)\}\}/g, '<$1>')

export type TextPart =
  | { kind: 'text'; text: string }
  | { kind: 'break' }
  /** ISO 8601 instant. */
  | { kind: 'time'; iso: string }

/** Reads what `escapeMarkdown`, `timeText` and `markTimes` wrote. */
export const textParts = (text: string): TextPart[] => {
  const parts: TextPart[] = []
  const pattern = /<(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)>|(\n+)|\\([!-/:-@[-`{-~])|([^<\n\\]+|[<\\])/g
  for (const [, iso, newlines, escaped, plain] of text.matchAll(pattern)) {
    if (iso !== undefined) parts.push({ kind: 'time', iso })
    else if (newlines !== undefined) parts.push({ kind: 'break' })
    else {
      const last = parts.at(-1)
      const piece = escaped ?? plain ?? ''
      if (last?.kind === 'text') last.text += piece
      else parts.push({ kind: 'text', text: piece })
    }
  }
  return parts
}

export type PressData = { exception: string; action: string; version: number }

/** Input ids must be unique on the whole card, and must not overwrite the press data they are merged into. */
export const inputId = (press: { exception: string; action: string }, input: string): string =>
  `value:${press.exception}:${press.action}:${input}`

/** The press in an Action.Execute's data, with the inputs that the host merged into it; null when it is none. */
export const readPress = (data: unknown): (PressData & { values: Record<string, string> }) | null => {
  if (typeof data !== 'object' || data === null) return null
  const fields = new Map<string, unknown>(Object.entries(data))
  const [exception, action, version] = ['exception', 'action', 'version'].map((name) => fields.get(name))
  if (typeof exception !== 'string' || typeof action !== 'string' || typeof version !== 'number') return null
  const prefix = inputId({ exception, action }, '')
  const values: Record<string, string> = {}
  for (const [name, value] of fields) {
    if (name.startsWith(prefix) && typeof value === 'string') values[name.slice(prefix.length)] = value
  }
  return { exception, action, version, values }
}

/** The command text in an Action.Execute's data; null when it is none. */
export const readCommand = (data: unknown): string | null => {
  if (typeof data !== 'object' || data === null || !('command' in data)) return null
  return typeof data.command === 'string' ? data.command : null
}
