import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { Keep } from '../../app/keep.ts'
import type { Activity } from './activity.ts'
import { channelOf } from './ref.ts'

/** Where Teams wants to be called: it differs by tenant and region, and may change, so every activity refreshes it. */
const place = z.object({ serviceUrl: z.string() })
const person = z.object({
  serviceUrl: z.string(),
  /** What Teams calls the person to this bot (`29:…`). */
  userId: z.string(),
  name: z.string(),
  /** The chat between Baton and the person; null until there is one. */
  chat: z.string().nullable(),
})
export type KnownPerson = z.infer<typeof person>

/** Teams' own entry for whoever has not been heard of yet; it passes calls on to the tenant's region. */
const GLOBAL_SERVICE = 'https://smba.trafficmanager.net/teams/'

/** What Baton has learnt of a tenant from what it was sent: shared by all replicas, and there after a restart. */
export class Directory {
  readonly #keep: Keep['plain']
  readonly #tenantId: string
  readonly #isLocal: boolean

  constructor(keep: Keep, tenantId: string, isLocal: boolean) {
    this.#keep = keep.plain
    this.#tenantId = tenantId
    this.#isLocal = isLocal
  }

  externalId(aad: string): string {
    return `${this.#tenantId}:${aad}`
  }

  /** Takes from an activity where it came from. */
  async learn({ serviceUrl, channel, conversation, from, place: where }: Activity): Promise<void> {
    await this.#put('tenant', this.#tenantId, { serviceUrl })
    if (channel !== null) await this.#put('channel', this.#key(channel), { serviceUrl })
    else if (where === 'group') await this.#put('channel', this.#key(channelOf(conversation)), { serviceUrl })
    if (from.aad === null || from.isBot) return
    const key = this.externalId(from.aad)
    const known = where === 'personal' ? null : await this.person(key)
    const chat = where === 'personal' ? conversation : (known?.chat ?? null)
    await this.#put('person', key, {
      serviceUrl,
      userId: from.id,
      name: from.name || (known?.name ?? ''),
      chat,
    })
  }

  /** Baton was taken out of a channel's team, or out of a person's chat. */
  async forget({ channel, from }: Activity): Promise<void> {
    if (channel !== null) await this.#keep.remove('channel', this.#key(channel))
    else if (from.aad !== null) await this.#keep.remove('person', this.externalId(from.aad))
  }

  /** Where to call about a channel; null where Baton has never been heard of and nobody is to be asked. */
  async serviceOf(channel: string): Promise<string | null> {
    const found =
      place.safeParse(await this.#keep.get('channel', this.#key(channel))).data ??
      place.safeParse(await this.#keep.get('tenant', this.#tenantId)).data
    return found?.serviceUrl ?? (this.#isLocal ? null : GLOBAL_SERVICE)
  }

  async person(externalId: string): Promise<KnownPerson | null> {
    return person.safeParse(await this.#keep.get('person', externalId)).data ?? null
  }

  async rememberChat(externalId: string, known: KnownPerson): Promise<void> {
    await this.#put('person', externalId, known)
  }

  #key(channel: string): string {
    return `${this.#tenantId}/${channel}`
  }

  /** What is there already is not written again. Read anew each time: another replica may have forgotten it. */
  async #put(kind: string, key: string, value: object): Promise<void> {
    if (isDeepStrictEqual(await this.#keep.get(kind, key), value)) return
    await this.#keep.put(kind, key, value)
  }
}
