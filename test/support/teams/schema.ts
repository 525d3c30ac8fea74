import { isObject } from './json.ts'

/** Rules that a strict reader of JSON is made of: every required field, and none but the known ones. */

/** What a reading of one document found, and what it remembers on the way. */
export type Findings = { problems: string[]; ids: Set<string> }
export type Rule = (value: unknown, at: string, found: Findings) => void
export type Fields = Record<string, Rule>

export const say = (found: Findings, at: string, words: string): void => {
  found.problems.push(`${at}: ${words}`)
}

export const string: Rule = (value, at, found) => {
  if (typeof value !== 'string') say(found, at, 'must be a string')
}

export const filled: Rule = (value, at, found) => {
  string(value, at, found)
  if (typeof value === 'string' && value.trim() === '') say(found, at, 'must not be empty')
}

export const boolean: Rule = (value, at, found) => {
  if (typeof value !== 'boolean') say(found, at, 'must be a boolean')
}

export const number: Rule = (value, at, found) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) say(found, at, 'must be a number')
}

export const positive: Rule = (value, at, found) => {
  number(value, at, found)
  if (typeof value === 'number' && value <= 0) say(found, at, 'must be above zero')
}

export const matching =
  (pattern: RegExp, wanted: string): Rule =>
  (value, at, found) => {
    if (typeof value !== 'string' || !pattern.test(value)) say(found, at, `must be ${wanted}`)
  }

export const word = (...words: string[]): Rule =>
  matching(new RegExp(`^(${words.join('|')})$`), `one of ${words.join(', ')}`)

export const list =
  (min: number, max: number, each: Rule): Rule =>
  (value, at, found) => {
    if (!Array.isArray(value)) {
      say(found, at, 'must be an array')
      return
    }
    if (value.length < min) say(found, at, `must have at least ${min} items`)
    if (value.length > max) say(found, at, `must have at most ${max} items`)
    for (const [index, item] of value.entries()) each(item, `${at}/${index}`, found)
  }

export const either =
  (...rules: Rule[]): Rule =>
  (value, at, found) => {
    const tries = rules.map((rule) => {
      const attempt: Findings = { problems: [], ids: new Set(found.ids) }
      rule(value, at, attempt)
      return attempt
    })
    const first = tries.find((each) => each.problems.length === 0)
    if (!first) found.problems.push(...(tries[0]?.problems ?? []))
    else for (const id of first.ids) found.ids.add(id)
  }

/** Any object at all. */
export const anyObject: Rule = (value, at, found) => {
  if (!isObject(value)) say(found, at, 'must be an object')
}

/** All required fields, and none but the known ones. */
export const object =
  (required: Fields, optional: Fields = {}): Rule =>
  (value, at, found) => {
    if (!isObject(value)) {
      say(found, at, 'must be an object')
      return
    }
    for (const key of Object.keys(required)) {
      if (value[key] === undefined) say(found, at, `lacks ${key}`)
    }
    for (const [key, field] of Object.entries(value)) {
      const rule = required[key] ?? optional[key]
      if (!rule) say(found, at, `has an unknown field ${key}`)
      else if (field !== undefined) rule(field, `${at}/${key}`, found)
    }
  }

/** The rule is chosen by `type`; `rules` is asked when it is needed, so that rules may hold one another. */
export const byType =
  (rules: () => Record<string, Rule>): Rule =>
  (value, at, found) => {
    const type = isObject(value) ? String(value.type) : typeof value
    const rule = isObject(value) ? rules()[type] : undefined
    if (rule) rule(value, at, found)
    else say(found, at, `has an unknown type ${type}`)
  }

/** Every id once in the whole document. */
export const uniqueId: Rule = (value, at, found) => {
  filled(value, at, found)
  if (typeof value !== 'string') return
  if (found.ids.has(value)) say(found, at, `the id ${value} is there twice`)
  found.ids.add(value)
}
