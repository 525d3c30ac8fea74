import Mustache from 'mustache'
import { closest } from '../../../app/closest.ts'

/** What a template may name, with the values of one call. */
export type Values = Record<string, string | number | boolean>

/** A value for a JSON body: texts in it are templates. */
export type Body = string | number | boolean | null | Body[] | { [name: string]: Body }

/**
 * What is wrong with a template, or null. Only `{{name}}` is known: no sections, no partials, and no `{{{name}}}`, which
 * would go in as it is.
 */
export const flawIn = (template: string, known: readonly string[]): string | null => {
  let tokens: ReturnType<typeof Mustache.parse>
  try {
    tokens = Mustache.parse(template)
  } catch (error) {
    return `"${template}" is no template: ${error instanceof Error ? error.message : String(error)}`
  }
  for (const [kind, name] of tokens) {
    if (kind === 'text') continue
    if (kind !== 'name') return `"${template}": a template knows only {{name}}, and always escapes it`
    if (known.includes(name)) continue
    const near = closest(name, known)
    return `"${template}": there is no {{${name}}} here; ${near ? `did you mean {{${near}}}?` : `known are ${known.join(', ')}`}`
  }
  return null
}

/** The names in a template. */
const namesIn = (template: string): string[] =>
  Mustache.parse(template).flatMap(([kind, name]) => (kind === 'name' ? [name] : []))

/** Every template in a body, with its path. */
export const templatesIn = (body: Body, at: (string | number)[] = []): [(string | number)[], string][] => {
  if (typeof body === 'string') return [[at, body]]
  if (typeof body !== 'object' || body === null) return []
  return Array.isArray(body)
    ? body.flatMap((each, index) => templatesIn(each, [...at, index]))
    : Object.entries(body).flatMap(([name, each]) => templatesIn(each, [...at, name]))
}

/** A value cannot be put where it was meant to go; nothing was sent. */
export class TemplateError extends Error {}

const rendered = (template: string, values: Values, escaped: (text: string) => string): string => {
  const missing = namesIn(template).find((name) => !Object.hasOwn(values, name))
  if (missing !== undefined) throw new TemplateError(`there is no value for {{${missing}}}`)
  return Mustache.render(template, { ...values }, undefined, { escape: (value) => escaped(String(value)) })
}

/**
 * A path with its values, each of which stays one segment: it can neither open another nor leave its own. Throws
 * TemplateError for one that would be empty, or would name a folder above.
 */
export const renderPath = (template: string, values: Values): string => {
  const path = rendered(template, values, segmentOf)
  const segments = path.split('/').slice(1)
  if (template.endsWith('/')) segments.pop()
  if (segments.some((segment) => /^(\.|%2e){0,2}$/i.test(segment)))
    throw new TemplateError(`the path ${path} has a part that is empty or only dots`)
  return path
}

const segmentOf = (text: string): string => {
  try {
    return encodeURIComponent(text)
  } catch {
    // Half a character cannot be written in an address.
    throw new TemplateError('a value holds broken characters')
  }
}

/** A query's value or a text in JSON: whoever puts it there escapes it. */
export const renderText = (template: string, values: Values): string =>
  rendered(template, values, (text) => text)

/** A header's value. Throws TemplateError for what cannot stand in one: a line break would begin another header. */
export const renderHeader = (template: string, values: Values): string => {
  const text = renderText(template, values)
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(text))
    throw new TemplateError('a header holds no line breaks or such')
  return text
}

/** A body with its values. What is a value alone keeps its kind: `'{{units}}'` is a number where units is one. */
export const renderBody = (body: Body, values: Values): Body => {
  if (typeof body === 'string') {
    const only = /^\{\{\s*([^{}\s]+)\s*\}\}$/.exec(body)?.[1]
    if (only !== undefined && Object.hasOwn(values, only)) return values[only] ?? null
    return renderText(body, values)
  }
  if (typeof body !== 'object' || body === null) return body
  if (Array.isArray(body)) return body.map((each) => renderBody(each, values))
  return Object.fromEntries(Object.entries(body).map(([name, each]) => [name, renderBody(each, values)]))
}
