import { z } from 'zod'

/**
 * The keys that a schema knows at a path, so that an unknown key can be answered with the right one. Every branch of
 * a union counts. An empty list means: any key, or none can be told.
 */
export const knownKeys = (schema: z.core.$ZodType, path: (string | number)[]): string[] => {
  const [part, ...rest] = path
  const found = inside(schema).flatMap((inner) => {
    if (inner instanceof z.ZodObject) {
      const shape = new Map(Object.entries<z.core.$ZodType>(inner.shape))
      if (part === undefined) return [...shape.keys()]
      const next = shape.get(String(part))
      return next ? knownKeys(next, rest) : []
    }
    if (inner instanceof z.ZodRecord) {
      if (part !== undefined) return knownKeys(inner.valueType, rest)
      return inner.keyType instanceof z.ZodEnum ? inner.keyType.options.map(String) : []
    }
    if (inner instanceof z.ZodArray && part !== undefined) return knownKeys(inner.element, rest)
    return []
  })
  return [...new Set(found)]
}

/** Looks through the wrappers that change nothing about a schema's keys. */
const inside = (schema: z.core.$ZodType): z.core.$ZodType[] => {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return inside(schema.unwrap())
  }
  // What is prepared in one step and read in the next has its keys in both; a step that transforms has none.
  if (schema instanceof z.ZodPipe) return [...inside(schema.in), ...inside(schema.out)]
  if (schema instanceof z.ZodLazy) return inside(schema.unwrap())
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => inside(option))
  return [schema]
}
