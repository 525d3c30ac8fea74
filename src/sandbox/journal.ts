import type { SandboxStore, StoredDocument } from './store.ts'

/** Collects what has changed in memory and writes it in groups. */
export type Journal = {
  put(collection: string, id: string, body: unknown): void
  drop(collection: string, id: string): void
  /** Resolves when everything changed before this call is stored. No answer and no webhook leaves earlier. */
  saved(): Promise<void>
}

/**
 * Changes are made in one go (no step of the world awaits anything), and a write begins between two such goes: what
 * is stored is always a whole moment of the world. A failed write keeps its changes for the next one.
 */
export const createJournal = (store: SandboxStore): Journal => {
  let changed = new Map<string, StoredDocument>()
  let writing: Promise<void> = Promise.resolve()
  let next: Promise<void> | null = null

  const write = async () => {
    next = null
    const taken = changed
    changed = new Map()
    try {
      await store.write(structuredClone([...taken.values()]))
    } catch (error) {
      changed = new Map([...taken, ...changed])
      throw error
    }
  }
  const note = (document: StoredDocument) => {
    changed.set(`${document.collection}\n${document.id}`, document)
  }
  return {
    put: (collection, id, body) => note({ collection, id, body }),
    drop: (collection, id) => note({ collection, id, body: null }),
    saved() {
      if (changed.size === 0) return writing
      if (!next) {
        const before = writing
        next = before.catch(() => undefined).then(write)
        writing = next
      }
      return next
    },
  }
}
