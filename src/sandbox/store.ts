/** One thing the sandbox remembers. A `body` of null means: delete this document. */
export type StoredDocument = { collection: string; id: string; body: unknown }

/** Where the sandbox keeps its world. `write` is all or nothing; a later write of the same document replaces it. */
export type SandboxStore = {
  load(): Promise<StoredDocument[]>
  write(changes: StoredDocument[]): Promise<void>
}

/** Forgets everything with the process. Bodies pass through JSON, as they do in a database. */
export const memoryStore = (): SandboxStore => {
  const documents = new Map<string, string>()
  return {
    async load() {
      return [...documents].map(([name, body]) => {
        const [collection = '', id = ''] = name.split('\n')
        return { collection, id, body: JSON.parse(body) }
      })
    },
    async write(changes) {
      for (const { collection, id, body } of changes) {
        const name = `${collection}\n${id}`
        if (body === null) documents.delete(name)
        else documents.set(name, JSON.stringify(body))
      }
    },
  }
}
