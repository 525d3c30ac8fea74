import { compile, getRegisteredFunctions, TreeInterpreter } from '@jmespath-community/jmespath'
import { z } from 'zod'
import { closest } from '../../../app/closest.ts'
import { wordsOf } from '../../../app/errors.ts'
import type { Json } from './document.ts'

/**
 * A JMESPath expression, compiled once. It only ever reads, and ends on every document: there are no loops in it but
 * those over the document itself.
 */
export type Path = {
  text: string
  /** What is found; null where there is nothing. Throws where the expression does not fit (a sum over words). */
  of(document: Json): unknown
}

type Node = ReturnType<typeof compile>

/** Every function that an expression calls. The parser takes any name, and only a call would show a slip. */
const functionsIn = (node: unknown): string[] => {
  if (typeof node !== 'object' || node === null) return []
  const own = 'type' in node && node.type === 'Function' && 'name' in node ? [String(node.name)] : []
  return [...own, ...Object.values(node).flatMap(functionsIn)]
}

const compiled = (text: string): Node => {
  const node = compile(text)
  const known = getRegisteredFunctions()
  const unknown = functionsIn(node).find((name) => !known.some((each) => each === name))
  if (unknown === undefined) return node
  const near = closest(unknown, known)
  throw new Error(`it knows no ${unknown}()${near ? `; did you mean ${near}()?` : ''}`)
}

/** An expression as it is written in `baton.yml`. */
export const path = z
  .string()
  .min(1)
  .transform((text, context): Path => {
    try {
      const node = compiled(text)
      return { text, of: (document) => TreeInterpreter.search(node, document) ?? null }
    } catch (error) {
      const words = wordsOf(error).replace(/^Syntax error: /, '')
      const help =
        "write JMESPath: lines[].sku, sum(lines[].shipped), state == 'held' (texts in single quotes)"
      context.addIssue({ code: 'custom', message: `"${text}" is no path: ${words}; ${help}` })
      return z.NEVER
    }
  })

/** Whether a condition holds: JMESPath's own truth, in which nothing, an empty text and an empty list are false. */
export const holds = (condition: Path, document: Json): boolean => {
  const found = condition.of(document)
  if (found === null || found === false || found === '') return false
  return typeof found !== 'object' || Object.keys(found).length > 0
}
