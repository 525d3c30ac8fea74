/** Numbers and times as people read them, in English, the same on every surface. */

const ENGLISH = 'en-US'

/** `1,234`. */
export const wholeNumber = (value: number): string => Math.round(value).toLocaleString(ENGLISH)

/** `1 order`, `1,234 orders`. */
export const count = (value: number, noun: string, plural = `${noun}s`): string =>
  `${wholeNumber(value)} ${value === 1 ? noun : plural}`

/** A figure with about three digits that carry meaning: `0.04`, `3.25`, `41.7`, `1,204`. */
export const figure = (value: number): string => {
  const size = Math.abs(value)
  const digits = size < 10 ? 2 : size < 100 ? 1 : 0
  return value.toLocaleString(ENGLISH, { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** Hours of work: `under 1 min`, `12 min`, `3.25 h`. */
export const workHours = (hours: number): string => {
  if (hours === 0) return '0 h'
  const minutes = Math.round(hours * 60)
  if (minutes < 1) return 'under 1 min'
  return minutes < 60 ? `${minutes} min` : `${figure(Math.max(1, hours))} h`
}

/** `37%`; `under 1%` and `over 99%` where rounding would say none or all. */
export const share = (part: number, whole: number): string => {
  if (whole <= 0 || part <= 0) return '0%'
  const percent = Math.round((100 * part) / whole)
  if (percent < 1) return 'under 1%'
  return percent > 99 && part < whole ? 'over 99%' : `${percent}%`
}

/** How long ago something began: `under 1 min`, `12 min`, `3 h`, `5 days`. */
export const elapsed = (from: Date, to: Date): string => {
  const minutes = Math.floor((to.getTime() - from.getTime()) / 60_000)
  if (minutes < 1) return 'under 1 min'
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h` : count(Math.floor(hours / 24), 'day')
}

export const upperFirst = (text: string): string => (text[0] ?? '').toUpperCase() + text.slice(1)

/** How much of a deadline is left: `5 h left`, `20 min too late`. */
export const timeLeft = (at: Date, now: Date): string =>
  at > now ? `${elapsed(now, at)} left` : `${elapsed(at, now)} too late`

/** How long until then, to the minute while that decides: `12 min`, `2 h 10 min`, `3 days`. */
export const countdown = (from: Date, to: Date): string => {
  const minutes = Math.floor((to.getTime() - from.getTime()) / 60_000)
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  return hours < 1 || hours >= 24 || rest === 0 ? elapsed(from, to) : `${hours} h ${rest} min`
}

/** How long something takes: `40 s`, `61 min`, `2.5 h`, `3 days`. */
export const lasting = (ms: number): string => {
  const seconds = ms / 1_000
  const rounded = (value: number): string => String(Number(value.toFixed(1)))
  if (seconds < 119.5) return `${Math.round(seconds)} s`
  if (seconds < 119.5 * 60) return `${Math.round(seconds / 60)} min`
  return seconds < 48 * 3_600 ? `${rounded(seconds / 3_600)} h` : `${rounded(seconds / 86_400)} days`
}

/** `a`, `a and b`, `a, b and c`. */
export const listed = (words: readonly string[], last = 'and'): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`

/** What somebody typed, quoted and short enough to say back. */
export const quoted = (text: string): string => `"${text.length > 60 ? `${text.slice(0, 59)}…` : text}"`
