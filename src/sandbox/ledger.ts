import { z } from 'zod'
import { FAULTS, isFault, type PlantedKind } from './faults.ts'
import type { Journal } from './journal.ts'
import type { StoredDocument } from './store.ts'

const authorSchema = z.object({ kind: z.enum(['integration', 'person']), name: z.string() })
/** Who did something: an integration (Baton is the one named `baton`) or a person at the system's own screen. */
export type Author = z.infer<typeof authorSchema>

const plantedSchema = z.object({
  id: z.string(),
  kind: z.string(),
  benign: z.boolean(),
  plantedAt: z.string(),
  /** Named and normalised as Baton's keys are: order `1001`, stock `MUG-RED@MAIN`, receipt `PO-2001/R1`. */
  keys: z.record(z.string(), z.string()),
  /** The contract that should be found broken; null for what is no fault. */
  expectedContract: z.string().nullable(),
  /** The obvious fix is accepted by the system and does not help. */
  stubborn: z.boolean(),
  /** Units, where the fault has a size, and the system that holds the wrong number. */
  units: z.number().nullable(),
  wrongIn: z.string().nullable(),
  /** From here on the break can be seen in the systems. */
  brokenAt: z.string().nullable(),
  fixedAt: z.string().nullable(),
  fixedBy: authorSchema.nullable(),
})
export type Planted = z.infer<typeof plantedSchema>

const effectSchema = z.object({
  at: z.string(),
  system: z.string(),
  action: z.string(),
  object: z.string(),
  idempotencyKey: z.string(),
})
/** A call that changed something. The same key never has two. */
export type Effect = z.infer<typeof effectSchema>

const troubledSchema = z.object({
  at: z.string(),
  system: z.string(),
  what: z.enum(['dropped', 'duplicated', 'delayed', 'given_up', 'answer_lost']),
  event: z.string(),
  object: z.string(),
  webhookId: z.string().nullable(),
})
/** A webhook or an answer that did not go its way. */
export type Troubled = z.infer<typeof troubledSchema>

const outageSchema = z.object({ system: z.string(), from: z.string(), to: z.string() })
export type Outage = z.infer<typeof outageSchema>

export type LedgerPage = {
  /** The world's true time. */
  now: string
  faults: Planted[]
  lookalikes: Planted[]
  effects: Effect[]
  webhooks: Troubled[]
  outages: Outage[]
}

/** What each of the long lists keeps; open faults are always kept. */
const KEEP = 20_000

/**
 * What the world knows and Baton should find out: everything planted, everything mended, every call that had an
 * effect, every webhook that was tampered with. Times are true, not a system's.
 */
export type Ledger = {
  plant(what: {
    kind: PlantedKind
    keys: Record<string, string>
    stubborn?: boolean
    units?: number
    wrongIn?: string
  }): Planted
  get(id: string): Planted | undefined
  /** The unfixed entry of this kind on this object, if one was planted. */
  has(kind: PlantedKind, key: string): Planted | undefined
  /** All unfixed entries on this object, the oldest first. */
  on(key: string): Planted[]
  broke(entry: Planted): void
  fixed(entry: Planted, by: Author): void
  addKey(entry: Planted, name: string, value: string): void
  openFaults(): Planted[]
  /** How many have been planted so far, of either sort. */
  planted(): number
  effect(effect: Omit<Effect, 'at'>): void
  troubled(what: Omit<Troubled, 'at'>): void
  outage(outage: Outage): void
  page(): LedgerPage
}

type Kept<T> = { add(item: T): void; all(): T[] }

const keptList = <T>(
  collection: string,
  schema: z.ZodType<T>,
  journal: Journal,
  documents: StoredDocument[],
): Kept<T> => {
  const items = new Map(
    documents
      .filter((d) => d.collection === collection)
      .map((d) => [Number(d.id), schema.parse(d.body)] as const)
      .sort(([a], [b]) => a - b),
  )
  let last = Math.max(0, ...items.keys())
  return {
    all: () => [...items.values()],
    add(item) {
      last += 1
      items.set(last, item)
      journal.put(collection, String(last), item)
      for (const oldest of items.keys()) {
        if (items.size <= KEEP) break
        items.delete(oldest)
        journal.drop(collection, String(oldest))
      }
    },
  }
}

export const createLedger = (deps: {
  journal: Journal
  documents: StoredDocument[]
  now(): Date
}): Ledger => {
  const { journal, documents } = deps
  const planted = new Map<string, Planted>()
  /** By each of their keys. */
  const unfixed = new Map<string, Set<Planted>>()
  const openFaults = new Set<Planted>()
  const effects = keptList('ledger_effect', effectSchema, journal, documents)
  const webhooks = keptList('ledger_webhook', troubledSchema, journal, documents)
  const outages = keptList('ledger_outage', outageSchema, journal, documents)
  let last = 0

  const now = () => deps.now().toISOString()
  const numberOf = (entry: Planted) => Number(entry.id.slice(2))
  const leave = (entry: Planted) => {
    openFaults.delete(entry)
    for (const key of Object.values(entry.keys)) {
      const there = unfixed.get(key)
      there?.delete(entry)
      if (there?.size === 0) unfixed.delete(key)
    }
  }
  const remember = (entry: Planted) => {
    planted.set(entry.id, entry)
    if (entry.fixedAt !== null) return leave(entry)
    if (!entry.benign) openFaults.add(entry)
    for (const key of Object.values(entry.keys)) unfixed.set(key, (unfixed.get(key) ?? new Set()).add(entry))
  }
  const save = (entry: Planted) => {
    remember(entry)
    journal.put('ledger_planted', entry.id, entry)
  }
  const forgetOldest = () => {
    for (const entry of planted.values()) {
      if (planted.size <= KEEP) return
      if (entry.fixedAt === null && !entry.benign) continue
      planted.delete(entry.id)
      leave(entry)
      journal.drop('ledger_planted', entry.id)
    }
  }
  const restored = documents
    .filter((d) => d.collection === 'ledger_planted')
    .map((d) => plantedSchema.parse(d.body))
    .sort((a, b) => numberOf(a) - numberOf(b))
  for (const entry of restored) {
    remember(entry)
    last = numberOf(entry)
  }

  return {
    plant({ kind, keys, stubborn = false, units, wrongIn }) {
      last += 1
      const entry: Planted = {
        id: `F-${last}`,
        kind,
        benign: !isFault(kind),
        plantedAt: now(),
        keys,
        expectedContract: isFault(kind) ? FAULTS[kind].contract : null,
        stubborn,
        units: units ?? null,
        wrongIn: wrongIn ?? null,
        brokenAt: null,
        fixedAt: null,
        fixedBy: null,
      }
      save(entry)
      forgetOldest()
      return entry
    },
    get: (id) => planted.get(id),
    has: (kind, key) => [...(unfixed.get(key) ?? [])].find((entry) => entry.kind === kind),
    on: (key) => [...(unfixed.get(key) ?? [])],
    broke(entry) {
      entry.brokenAt ??= now()
      save(entry)
    },
    fixed(entry, by) {
      entry.fixedAt = now()
      entry.fixedBy = by
      save(entry)
    },
    addKey(entry, name, value) {
      entry.keys[name] = value
      save(entry)
    },
    openFaults: () => [...openFaults],
    planted: () => last,
    effect: (effect) => effects.add({ at: now(), ...effect }),
    troubled: (what) => webhooks.add({ at: now(), ...what }),
    outage: (outage) => outages.add(outage),
    page() {
      const all = [...planted.values()]
      return structuredClone({
        now: now(),
        faults: all.filter((entry) => !entry.benign),
        lookalikes: all.filter((entry) => entry.benign),
        effects: effects.all(),
        webhooks: webhooks.all(),
        outages: outages.all(),
      })
    },
  }
}
