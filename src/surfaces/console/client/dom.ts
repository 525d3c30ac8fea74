/** Small helpers around the DOM. Text always goes in as text: nothing here parses HTML. */

type Attributes = Record<string, string | number | boolean | null | undefined>

/** Creates an element; `null`, `undefined` and `false` attributes are left out, `true` becomes an empty one. */
export const el = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] => {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue
    element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(...children)
  return element
}

/** The element of the page's own HTML with this id; throws when the page and its script do not fit together. */
export const byId = <T extends HTMLElement>(id: string, type: new () => T): T => {
  const element = document.getElementById(id)
  if (!(element instanceof type)) throw new Error(`The page has no ${type.name} #${id}`)
  return element
}

/** Text that only screen readers meet. */
export const unseen = (text: string): HTMLSpanElement => el('span', { class: 'unseen' }, text)

const announcer = (): HTMLElement => byId('announcer', HTMLElement)
let waiting: string[] = []

/** Tells screen readers, politely; what comes in one moment is told together. */
export const announce = (text: string): void => {
  waiting.push(text)
  if (waiting.length > 1) return
  setTimeout(() => {
    const [first = '', ...rest] = waiting
    announcer().textContent =
      rest.length < 3 ? [first, ...rest].join('. ') : `${first}, and ${rest.length} more changes`
    waiting = []
  }, 250)
}
