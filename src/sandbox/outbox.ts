import { createHmac } from 'node:crypto'
import { z } from 'zod'
import type { Dice } from './dice.ts'
import type { FaultPlan, Trouble } from './faults.ts'
import type { Journal } from './journal.ts'
import type { Ledger } from './ledger.ts'
import { SYSTEMS, type SystemName } from './steps.ts'
import type { StoredDocument } from './store.ts'
import type { Timeline } from './timeline.ts'

/** Hands one webhook over and answers the HTTP status; throws when nobody answered. */
export type Deliver = (url: string, headers: Record<string, string>, body: string) => Promise<number>

const SEND_TIMEOUT_MS = 5_000

export const deliverByHttp: Deliver = async (url, headers, body) => {
  const signal = AbortSignal.timeout(SEND_TIMEOUT_MS)
  const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' })
  await response.body?.cancel()
  return response.status
}

/** Standard Webhooks: `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body` under the secret after `whsec_`. */
export const signWebhook = (secret: string, id: string, timestamp: number, body: string): string => {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}

/** Refused over and over by a receiver that is there: after so many attempts a webhook is given up. */
const MAX_REFUSALS = 10
/** So many wait for a receiver that is not there; the oldest are given up, because whoever polls can read them. */
const MAX_WAITING = 20_000
const FIRST_BACKOFF_MS = 500
const LONGEST_BACKOFF_MS = 30_000

const backoffMs = (failures: number): number =>
  Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures, 10))

const letterSchema = z.object({
  webhookId: z.string(),
  system: z.enum(SYSTEMS),
  event: z.string(),
  object: z.string(),
  data: z.unknown(),
  /** True time, ms: not sent before. */
  notBefore: z.number(),
  refusals: z.number(),
})
type Letter = z.infer<typeof letterSchema> & { n: number }

const countersSchema = z.object({ letters: z.number(), webhooks: z.record(z.string(), z.number()) })

/**
 * Webhooks on their way to Baton. Durable: a receiver that is down gets them later, in order. What a system sends is
 * stamped with that system's own clock at the moment of sending.
 */
export type Outbox = {
  push(system: SystemName, event: string, object: string, data: unknown): void
  /** The next webhooks of this system (or answers, `lose_answer`) go wrong in this way. */
  trouble(system: SystemName, what: Trouble): void
  /** Whether the next answer of this system's API is to be lost; asking uses it up. */
  losesAnswer(system: SystemName): boolean
  /** Sends what is due now, each system in order and apart from the others. Real time only. */
  wake(): void
  nextDue(): Date | null
  /** Sends what is due now, one after the other. */
  deliverDue(): Promise<void>
  /** Resolves when nothing is on the wire any more; sends nothing from then on. */
  stop(): Promise<void>
}

type Deps = {
  journal: Journal
  ledger: Ledger
  timeline: Timeline
  documents: StoredDocument[]
  dice(...names: (string | number)[]): Dice
  plan: FaultPlan
  pace: number
  /** Nobody is ever told; Baton polls. */
  silent: boolean
  /** Where Baton listens; null = not known yet. */
  target(): string | null
  secretOf(system: SystemName): string
  skewMs: Record<SystemName, number>
  deliver: Deliver
  /** Makes webhook ids of different worlds different. */
  worldId: string
}

export const createOutbox = (deps: Deps): Outbox => {
  const { journal, ledger, timeline, plan } = deps
  const letters = new Map<SystemName, Map<number, Letter>>(SYSTEMS.map((name) => [name, new Map()]))
  const troubles = new Map<SystemName, Trouble[]>(SYSTEMS.map((name) => [name, []]))
  const receiver = new Map(SYSTEMS.map((name) => [name, { failures: 0, blockedUntil: 0, busy: false }]))
  const saved = deps.documents.find((d) => d.collection === 'outbox_counters')
  const counters = saved ? countersSchema.parse(saved.body) : { letters: 0, webhooks: {} }
  const sending = new Set<Promise<void>>()
  let stopped = false

  for (const { collection, id, body } of deps.documents) {
    if (collection !== 'outbox') continue
    const letter = { n: Number(id), ...letterSchema.parse(body) }
    letters.get(letter.system)?.set(letter.n, letter)
  }
  for (const [name, list] of letters) {
    letters.set(name, new Map([...list].sort(([a], [b]) => a - b)))
  }

  const save = ({ n, ...letter }: Letter) => journal.put('outbox', String(n), letter)
  const remove = (letter: Letter) => {
    letters.get(letter.system)?.delete(letter.n)
    journal.drop('outbox', String(letter.n))
  }
  const giveUp = (letter: Letter) => {
    const { system, event, object, webhookId } = letter
    ledger.troubled({ system, what: 'given_up', event, object, webhookId })
    remove(letter)
  }
  const add = (letter: Omit<Letter, 'n'>) => {
    counters.letters += 1
    const added = { n: counters.letters, ...letter }
    const waiting = letters.get(letter.system)
    waiting?.set(added.n, added)
    save(added)
    const [oldest] = waiting?.values() ?? []
    if (waiting && oldest && waiting.size > MAX_WAITING) giveUp(oldest)
  }

  const take = (system: SystemName, wanted: (trouble: Trouble) => boolean): Trouble | null => {
    const list = troubles.get(system) ?? []
    const at = list.findIndex(wanted)
    return at < 0 ? null : (list.splice(at, 1)[0] ?? null)
  }

  const push: Outbox['push'] = (system, event, object, data) => {
    if (deps.silent) return
    const n = (counters.webhooks[system] ?? 0) + 1
    counters.webhooks[system] = n
    journal.put('outbox_counters', 'all', counters)
    const luck = deps.dice('webhook', system, n)
    const { drop, duplicate, delay } = plan.webhooks
    const share = luck.share()
    const drawn: Trouble | null =
      share < drop
        ? 'drop'
        : share < drop + duplicate
          ? 'duplicate'
          : share < drop + duplicate + delay
            ? 'delay'
            : null
    const trouble = take(system, (t) => t !== 'lose_answer') ?? drawn
    const webhookId = `msg_${deps.worldId}_${system}_${n}`
    const now = timeline.now().getTime()
    const later = now + luck.between(plan.delayFor) * deps.pace
    const letter = { webhookId, system, event, object, data, refusals: 0, notBefore: now }
    const note = (what: 'dropped' | 'duplicated' | 'delayed') =>
      ledger.troubled({ system, what, event, object, webhookId })
    switch (trouble) {
      case 'drop':
        return note('dropped')
      case 'duplicate':
        note('duplicated')
        add(letter)
        return add({ ...letter, notBefore: later })
      case 'delay':
        note('delayed')
        return add({ ...letter, notBefore: later })
      default:
        add(letter)
    }
  }

  const earliestFor = (letter: Letter): number =>
    Math.max(
      letter.notBefore,
      receiver.get(letter.system)?.blockedUntil ?? 0,
      timeline.upAgainAt(letter.system)?.getTime() ?? 0,
    )
  const nextOf = (system: SystemName): Letter | undefined => {
    // Nobody to send to yet: what waits goes on waiting.
    if (deps.target() === null) return undefined
    const now = timeline.now().getTime()
    if ((receiver.get(system)?.blockedUntil ?? 0) > now || timeline.upAgainAt(system)) return undefined
    for (const letter of letters.get(system)?.values() ?? []) {
      if (earliestFor(letter) <= now) return letter
    }
    return undefined
  }

  const send = async (letter: Letter): Promise<void> => {
    const { system, event, webhookId, data } = letter
    const state = receiver.get(system)
    const target = deps.target()
    if (!state || target === null) return
    const sentAt = new Date(timeline.now().getTime() + deps.skewMs[system])
    const timestamp = Math.floor(sentAt.getTime() / 1000)
    const body = JSON.stringify({ type: event, sent_at: sentAt.toISOString(), data })
    const headers = {
      'content-type': 'application/json',
      'webhook-id': webhookId,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signWebhook(deps.secretOf(system), webhookId, timestamp, body),
    }
    const status = await deps.deliver(`${target}/hooks/${system}`, headers, body).catch(() => 0)
    const now = timeline.now().getTime()
    if (status >= 200 && status < 300) {
      state.failures = 0
      remove(letter)
    } else if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
      letter.refusals += 1
      letter.notBefore = now + backoffMs(letter.refusals)
      if (letter.refusals < MAX_REFUSALS) return save(letter)
      giveUp(letter)
    } else {
      state.blockedUntil = now + backoffMs(state.failures)
      state.failures += 1
    }
  }

  const drive = async (system: SystemName): Promise<void> => {
    const state = receiver.get(system)
    if (!state || state.busy) return
    state.busy = true
    try {
      for (let letter = nextOf(system); letter && !stopped; letter = nextOf(system)) {
        // A webhook may leave only after the change it tells of is stored.
        await journal.saved()
        await send(letter)
      }
    } finally {
      state.busy = false
    }
  }

  return {
    push,
    trouble: (system, what) => troubles.get(system)?.push(what),
    losesAnswer(system) {
      if (take(system, (t) => t === 'lose_answer') === null) return false
      ledger.troubled({ system, what: 'answer_lost', event: 'answer', object: '', webhookId: null })
      return true
    },
    wake() {
      if (stopped) return
      for (const system of SYSTEMS) {
        // A store that fails is reported by the world's own tick; the webhooks stay and are sent later.
        const driven = drive(system).catch(() => undefined)
        sending.add(driven)
        driven.finally(() => sending.delete(driven))
      }
    },
    nextDue() {
      if (deps.target() === null) return null
      const times = [...letters.values()].flatMap((list) => [...list.values()].map(earliestFor))
      return times.length > 0 ? new Date(Math.min(...times)) : null
    },
    async deliverDue() {
      for (const system of SYSTEMS) await drive(system)
    },
    async stop() {
      stopped = true
      await Promise.all(sending)
    },
  }
}
