import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { buildClientSchema, type GraphQLSchema, type IntrospectionQuery } from 'graphql'

const FILE = new URL('../../fixtures/shopify/admin_2026-10.json.gz', import.meta.url)

/** The fixture as it is: the introspection of the Admin API, and the scopes that its types and fields need. */
type Fixture = {
  data: IntrospectionQuery
  offline_scopes: { items: { type: string; typeName: string; fieldName?: string; offlineScopes: string[] }[] }
}

export type AdminSchema = {
  schema: GraphQLSchema
  /** Any one of these scopes opens the type, or the field `Type.field`; none named = open to all. */
  scopesOf(name: string): string[]
  /** Mutations whose documentation says that an idempotency key is required. */
  needsKey: Set<string>
}

let loaded: AdminSchema | undefined

/** The real schema of the Admin API, 2026-10; read once for each process. */
export const adminSchema = (): AdminSchema => {
  if (loaded) return loaded
  const { data, offline_scopes }: Fixture = JSON.parse(gunzipSync(readFileSync(FILE)).toString())
  const schema = buildClientSchema(data)
  const scopes = new Map(
    offline_scopes.items.map((item) => [
      item.type === 'type' ? item.typeName : `${item.typeName}.${item.fieldName}`,
      item.offlineScopes,
    ]),
  )
  const mutations = Object.values(schema.getMutationType()?.getFields() ?? {})
  loaded = {
    schema,
    scopesOf: (name) => scopes.get(name) ?? [],
    needsKey: new Set(
      mutations.flatMap(({ name, description }) =>
        /idempotency key is required/i.test(description ?? '') ? [name] : [],
      ),
    ),
  }
  return loaded
}
