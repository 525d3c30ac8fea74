import type * as Library from 'adaptivecards'

/** Microsoft's renderer, loaded before the page's modules by its own script tag. */
declare global {
  const AdaptiveCards: typeof Library
}
