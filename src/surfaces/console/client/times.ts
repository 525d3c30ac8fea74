/** Times in the reader's own zone and language: how long ago, with the full instant at hand. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** How far `at` lies from `now`, both in ms: "now", "12 min ago", "in 3 h". */
export const relativeTime = (at: number, now: number): string => {
  const distance = Math.abs(now - at)
  if (distance < MINUTE) return 'now'
  const words =
    distance < HOUR
      ? `${Math.floor(distance / MINUTE)} min`
      : distance < 2 * DAY
        ? `${Math.floor(distance / HOUR)} h`
        : `${Math.floor(distance / DAY)} d`
  return at < now ? `${words} ago` : `in ${words}`
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short', hour: 'numeric', minute: '2-digit' })
const date = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: 'numeric',
  minute: '2-digit',
})
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' })

/** The clock time, with the day where it is not today. */
export const clockTime = (at: number, now: number): string => {
  if (new Date(at).toDateString() === new Date(now).toDateString()) return clock.format(at)
  return (Math.abs(now - at) < 6 * DAY ? weekday : date).format(at)
}

/** `age` = "12 min ago"; `both` = "06:10, 12 min ago". */
export type TimeForm = 'age' | 'both'

/** A `<time>` that keeps ticking, with the full instant as its title. */
export const timeElement = (iso: string, form: TimeForm): HTMLTimeElement => {
  const element = document.createElement('time')
  element.dateTime = iso
  element.dataset.form = form
  showTime(element, Date.now())
  return element
}

/** Writes the words of one `<time>`; also of those that came as HTML with `datetime` and `data-form` alone. */
export const showTime = (element: HTMLTimeElement, now: number): void => {
  const at = Date.parse(element.dateTime)
  if (Number.isNaN(at)) return
  const age = relativeTime(at, now)
  const parts = element.dataset.form === 'both' ? [clockTime(at, now), age] : [age]
  // "12 min ago" stays on one line; between the two a narrow column may break.
  const words = parts.map((part) => part.replaceAll(' ', '\u00a0')).join(', ')
  if (element.textContent !== words) element.textContent = words
  if (element.title === '') element.title = full.format(at)
}

/** Keeps every age on the page true. */
export const tickTimes = (): void => {
  setInterval(() => {
    const now = Date.now()
    for (const element of document.querySelectorAll<HTMLTimeElement>('time[data-form]'))
      showTime(element, now)
  }, 15_000)
}
