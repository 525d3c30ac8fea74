import type { PollPage, WireFact } from '../../../src/app/connector.ts'
import { shopifyConfig } from '../../../src/connectors/shopify/config.ts'
import { createShopifyConnector } from '../../../src/connectors/shopify/index.ts'
import type { Key, ObjectState, SubjectKind, SubjectView } from '../../../src/domain/model.ts'
import { fold } from '../../../src/domain/object.ts'
import { object, type Told } from '../../support/objects.ts'
import { SECRET, SHOP, type ShopDouble, TOKEN } from '../../support/shopify/double.ts'

/** A connector to the double whose waiting is the double's own time. */
export const connect = (double: ShopDouble, over: object = {}) =>
  createShopifyConnector(
    {
      ...shopifyConfig.parse({
        shop: SHOP,
        token: TOKEN,
        webhookSecrets: [SECRET],
        url: double.url,
        ...over,
      }),
      name: 'shop',
    },
    {
      now: () => double.world.now(),
      retryMs: 1,
      async sleep(ms, signal) {
        signal.throwIfAborted()
        double.world.advance(ms)
      },
    },
  )

/** Everything that the poller reads from the start. */
export const pollAll = async (double: ShopDouble, over: object = {}): Promise<WireFact[]> => {
  const { poll } = connect(double, over)
  const facts: WireFact[] = []
  let cursor: string | null = null
  for (let more = true; more; ) {
    const page: PollPage | undefined = await poll?.changes(cursor, AbortSignal.timeout(20_000))
    if (!page) throw new Error('no poller')
    facts.push(...page.facts)
    cursor = page.cursor
    more = page.more
  }
  return facts
}

export const objectsFrom = (facts: WireFact[], at: Date): ObjectState[] => {
  const objects = new Map<string, ObjectState>()
  for (const wire of facts) {
    const id = `${wire.type} ${wire.externalId}`
    const fact = { ...wire, system: 'shop', role: 'storefront' as const, receivedAt: at }
    objects.set(id, fold(objects.get(id), fact).object)
  }
  return [...objects.values()]
}

/** What the shop says that bears this identity key, with what other systems say about it. */
export const subjectOf = async (
  double: ShopDouble,
  kind: SubjectKind,
  key: Pick<Key, 'name' | 'value'>,
  others: Told[] = [],
): Promise<SubjectView> => {
  const identity: Key = { ...key, kind: 'identity' }
  const own = objectsFrom(await pollAll(double), double.world.now()).filter(({ keys }) =>
    keys.some((k) => k.kind === 'identity' && k.name === key.name && k.value === key.value),
  )
  const objects = [...own, ...others.map((told) => object({ ...told, keys: [identity] }))]
  const orderClass = own.find((o) => o.orderClass)?.orderClass ?? 'consumer'
  return { id: '41', timeline: 'live', kind, keys: [identity], orderClass, objects }
}
