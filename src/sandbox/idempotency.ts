import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Journal } from './journal.ts'
import type { SystemName } from './steps.ts'
import type { StoredDocument } from './store.ts'

const answeredSchema = z.object({
  at: z.number(),
  request: z.string(),
  status: z.number(),
  body: z.unknown(),
})
type Answered = z.infer<typeof answeredSchema>

const KEEP_MS = 24 * 60 * 60 * 1000

/** The answers that each system has given to calls with an idempotency key: the same key gets the same answer. */
export type Idempotency = {
  /** `other`: the key was used before, for a different call. */
  find(system: SystemName, key: string, request: string): Answered | 'other' | undefined
  keep(system: SystemName, key: string, request: string, answer: { status: number; body: unknown }): void
  tidy(): void
}

export const createIdempotency = (deps: {
  journal: Journal
  documents: StoredDocument[]
  now(): Date
}): Idempotency => {
  const answered = new Map(
    deps.documents
      .filter((d) => d.collection === 'idempotency')
      .map((d) => [d.id, answeredSchema.parse(d.body)] as const),
  )
  const idOf = (system: SystemName, key: string) => `${system} ${key}`
  const hash = (request: string) => createHash('sha256').update(request).digest('base64url')
  return {
    find(system, key, request) {
      const found = answered.get(idOf(system, key))
      return found && found.request !== hash(request) ? 'other' : found
    },
    keep(system, key, request, { status, body }) {
      const answer = { at: deps.now().getTime(), request: hash(request), status, body }
      answered.set(idOf(system, key), answer)
      deps.journal.put('idempotency', idOf(system, key), answer)
    },
    tidy() {
      const oldest = deps.now().getTime() - KEEP_MS
      for (const [id, { at }] of answered) {
        if (at >= oldest) continue
        answered.delete(id)
        deps.journal.drop('idempotency', id)
      }
    },
  }
}
