import type { WireFact } from '../../../app/connector.ts'
import type { Key } from '../../../domain/model.ts'
import { documentOf, type Json } from '../mapping/document.ts'
import { holds, type Path } from '../mapping/path.ts'

type Stated = Pick<
  WireFact,
  'externalId' | 'state' | 'rawState' | 'keys' | 'quantities' | 'attributes' | 'occurredAt'
>

/** Keys by name; articles are always a list, because an object may well have several. */
const keysView = (keys: Key[]): Record<string, string | string[]> => {
  const view: Record<string, string | string[]> = {}
  for (const { name, value } of keys) {
    const known = view[name]
    if (name === 'sku') view[name] = [...(Array.isArray(known) ? known : []), value]
    else view[name] ??= value
  }
  return view
}

/** An object as the expressions of an action see it; `found` tells it from one that is not there. */
export const viewOf = (object: Stated): { [name: string]: Json } => ({
  found: true,
  id: object.externalId,
  state: object.state,
  raw: object.rawState,
  keys: keysView(object.keys),
  quantities: object.quantities,
  attributes: object.attributes,
  at: object.occurredAt.toISOString(),
})

export const ABSENT: { [name: string]: Json } = { found: false, keys: {}, quantities: {}, attributes: {} }

/** Whether it holds; what cannot be judged (a sum over words) does not. */
export const isSo = (condition: Path | undefined, scope: Json): boolean => {
  if (!condition) return false
  try {
    return holds(condition, documentOf(scope))
  } catch {
    return false
  }
}

/** What is found, where that is a plain value; undefined otherwise. */
export const valueAt = (path: Path, scope: Json): string | number | boolean | undefined => {
  try {
    const found = path.of(documentOf(scope))
    return typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean'
      ? found
      : undefined
  } catch {
    return undefined
  }
}
