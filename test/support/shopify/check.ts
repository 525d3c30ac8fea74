import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  getNamedType,
  isCompositeType,
  isLeafType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import type { AdminSchema } from './schema.ts'

/** What the schema does not enforce and Shopify does when it runs a document. */

/** The scopes of which the document needs one each, as `place: scope | scope`, that are not among the granted ones. */
export const missingScopes = (
  document: DocumentNode,
  { schema, scopesOf }: AdminSchema,
  granted: Set<string>,
): string[] => {
  const missing = new Set<string>()
  const need = (place: string) => {
    const scopes = scopesOf(place)
    if (scopes.length > 0 && !scopes.some((scope) => granted.has(scope)))
      missing.add(`${place}: ${scopes.join(' | ')}`)
  }
  const types = new TypeInfo(schema)
  visit(
    document,
    visitWithTypeInfo(types, {
      Field(node) {
        const parent = types.getParentType()
        if (parent) need(`${parent.name}.${node.name.value}`)
        const type = getNamedType(types.getType())
        if (type && isCompositeType(type)) need(type.name)
      },
    }),
  )
  return [...missing]
}

/** Mutations without the key that they need, or with an empty one. */
export const missingKeys = (
  document: DocumentNode,
  { needsKey }: AdminSchema,
  variables: Record<string, unknown> | null,
): string[] => {
  const missing: string[] = []
  visit(document, {
    OperationDefinition({ operation, selectionSet }) {
      if (operation !== 'mutation') return
      for (const selection of selectionSet.selections) {
        if (selection.kind !== Kind.FIELD || !needsKey.has(selection.name.value)) continue
        const directive = selection.directives?.find(({ name }) => name.value === 'idempotent')
        const value = directive?.arguments?.find(({ name }) => name.value === 'key')?.value
        const key =
          value?.kind === Kind.VARIABLE
            ? variables === null
              ? 'given later'
              : variables[value.name.value]
            : value?.kind === Kind.STRING
              ? value.value
              : ''
        if (typeof key !== 'string' || key.trim() === '') missing.push(selection.name.value)
      }
    },
  })
  return missing
}

/**
 * What Shopify reckons a document at before it runs: a point for each object, pages times their size, ten for a
 * mutation (shopify.dev, API limits: calculated query cost).
 */
export const costOf = (
  document: DocumentNode,
  operation: OperationDefinitionNode,
  { schema }: AdminSchema,
  variables: Record<string, unknown>,
): number => {
  const fragments = new Map(
    document.definitions.flatMap((d): [string, FragmentDefinitionNode][] =>
      d.kind === Kind.FRAGMENT_DEFINITION ? [[d.name.value, d]] : [],
    ),
  )
  const sizeOf = (field: FieldNode): number => {
    const value = field.arguments?.find(({ name }) => name.value === 'first' || name.value === 'last')?.value
    if (value?.kind === Kind.INT) return Number(value.value)
    return value?.kind === Kind.VARIABLE ? Number(variables[value.name.value] ?? 1) : 1
  }
  const ofSet = (set: SelectionSetNode, typeName: string): number => {
    const type = schema.getType(typeName)
    let total = 0
    for (const selection of set.selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        total += ofSet(selection.selectionSet, selection.typeCondition?.name.value ?? typeName)
      } else if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = fragments.get(selection.name.value)
        if (fragment) total += ofSet(fragment.selectionSet, fragment.typeCondition.name.value)
      } else if (type && 'getFields' in type && selection.selectionSet) {
        const field = type.getFields()[selection.name.value]
        if (!field) continue
        const named = getNamedType(field.type)
        if (isLeafType(named) || named.name === 'PageInfo') continue
        const inner = ofSet(selection.selectionSet, named.name)
        // The connection itself costs nothing; its `nodes` count once, and then times the page.
        total += named.name.endsWith('Connection') ? sizeOf(selection) * inner : 1 + inner
      }
    }
    return total
  }
  const isMutation = operation.operation === 'mutation'
  const root = (isMutation ? schema.getMutationType() : schema.getQueryType())?.name ?? ''
  return Math.max(1, ofSet(operation.selectionSet, root)) + (isMutation ? 10 : 0)
}

/** Deprecated fields that a document asks for. */
export const deprecatedIn = (document: DocumentNode, { schema }: AdminSchema): string[] => {
  const found: string[] = []
  const types = new TypeInfo(schema)
  visit(
    document,
    visitWithTypeInfo(types, {
      Field() {
        const field = types.getFieldDef()
        if (field?.deprecationReason) found.push(`${types.getParentType()?.name}.${field.name}`)
      },
      Argument() {
        const argument = types.getArgument()
        if (argument?.deprecationReason) found.push(argument.name)
      },
      ObjectField() {
        const type = types.getInputType()
        if (type && 'deprecationReason' in type && type.deprecationReason) found.push(String(type))
      },
    }),
  )
  return found
}

export const errorOf = (message: string, code: string, more: object = {}) =>
  new GraphQLError(message, { extensions: { code, ...more } }).toJSON()
