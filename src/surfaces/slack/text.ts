/** Text on its way into Slack and out of it. */

/** Invisible characters that reorder what is read: they can make a card say what it does not. */
const REORDERING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
const CONTROL = /[^\P{Cc}\n]/gu

const escapeCharacters = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

function clean(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(REORDERING, '')
    .replace(CONTROL, ' ')
    .trim()
}

/**
 * Makes any text safe to show: escaped, so that it can neither mention nor link, and at most `max` characters long,
 * cut with an ellipsis. Empty text becomes a dash, because Slack refuses empty text.
 */
export function shorten(text: string, max: number): string {
  return cut(clean(text), max, escapeCharacters)
}

/** The same in one line, for titles and labels. */
export const shortenLine = (text: string, max: number): string => shorten(text.replace(/\s+/g, ' '), max)

/** The same for the cells of a table, which Slack shows literally. */
export const shortenCell = (text: string, max: number): string =>
  cut(clean(text).replace(/\s+/g, ' '), max, escapeNothing)

const escapeNothing = (text: string): string => text

/** The same for what stands in a text field when it opens, literally and in lines; nothing for empty text. */
export const shortenInitial = (text: string, max: number): string =>
  clean(text) === '' ? '' : cut(clean(text), max, escapeNothing)

function cut(text: string, max: number, written: (text: string) => string): string {
  if (text === '') return '–'
  // Escaping only ever lengthens, so that most text needs no second look.
  if (text.length <= max) {
    const whole = written(text)
    if (whole.length <= max) return whole
  }
  let kept = ''
  for (const character of text) {
    const next = written(character)
    if (kept.length + next.length > max - 1) break
    kept += next
  }
  return `${kept.trimEnd()}…`
}

/** A time that Slack shows in the reader's own zone; where it cannot, in UTC. For mrkdwn only. */
export function localTime(at: Date, form = '{date_short_pretty} {time}'): string {
  if (Number.isNaN(at.getTime())) return 'at an unknown time'
  const seconds = Math.floor(at.getTime() / 1000)
  return `<!date^${seconds}^${form}|${utc(at)}>`
}

const utc = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`

/**
 * What a person typed, as they meant it: Slack escapes three characters, and wraps in angle brackets what it took
 * for a link, a phone number (an order number, say), a person or a channel.
 */
export function typed(text: string): string {
  return text
    .replace(/<([^<>|]*)(?:\|([^<>]*))?>/g, (_, target: string, label: string | undefined) => label ?? target)
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .trim()
}
