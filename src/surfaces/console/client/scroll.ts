/**
 * Cards come and go above the reader; what he looks at must not move under his finger. Browsers' own scroll
 * anchoring is switched off on the feed (not all have it), and this does it for all of them.
 */

/** Within this long after the last touch, click or key the reader is taken to be busy with what he sees. */
const BUSY_MS = 2500

/** At the very top and at rest, the newest should come into view instead. */
const TOP_PX = 4

let lastUse = Number.NEGATIVE_INFINITY

/** Notices when the reader is busy in this element. */
export const watchUse = (element: HTMLElement): void => {
  for (const event of ['pointermove', 'pointerdown', 'keydown', 'focusin'] as const) {
    element.addEventListener(
      event,
      () => {
        lastUse = performance.now()
      },
      { passive: true },
    )
  }
}

/** A click this soon after things moved was meant for what stood there before. */
const MISSED_MS = 400

let lastShift = Number.NEGATIVE_INFINITY

/** Drops pointer clicks that were aimed at something that has just moved away. */
export const dropMissedClicks = (element: HTMLElement): void => {
  element.addEventListener(
    'click',
    (event) => {
      if (event.detail === 0 || performance.now() - lastShift > MISSED_MS) return
      event.stopPropagation()
      event.preventDefault()
    },
    { capture: true },
  )
}

/** Changes the list so that what the reader looks at stays where it is on the screen. */
export const keepPlace = (scroller: HTMLElement, list: HTMLElement, change: () => void): void => {
  const atRest = scroller.scrollTop <= TOP_PX && performance.now() - lastUse > BUSY_MS
  const anchor = anchorIn(scroller, list)
  const before = anchor?.getBoundingClientRect().top
  change()
  if (!anchor?.isConnected || before === undefined) return
  if (!atRest) scroller.scrollTop += anchor.getBoundingClientRect().top - before
  if (Math.abs(anchor.getBoundingClientRect().top - before) > 2) lastShift = performance.now()
}

/** The card the reader is in, or else the first one in view. */
const anchorIn = (scroller: HTMLElement, list: HTMLElement): Element | null => {
  const cards = Array.from(list.children)
  const edge = scroller.getBoundingClientRect().top
  const used = cards.find((card) => card.matches(':hover') || card.contains(document.activeElement))
  return used ?? cards.find((card) => card.getBoundingClientRect().bottom > edge) ?? null
}
