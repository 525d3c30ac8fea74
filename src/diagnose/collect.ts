import type { WireFact } from '../app/connector.ts'
import type { Stated } from '../domain/diagnosis/case.ts'
import type { Role } from '../domain/model.ts'

/** What an export states, fact by fact, with what lies behind each. */
type Statement = {
  fact: WireFact & { system: string; role: Role }
  background: {
    dimensions: Record<string, string[]>
    instants: { attribute: string; lines: string; atMs: number[] }[]
  }
}

/** Takes the whole export into memory, as a diagnosis needs it: "received" is when it happened. */
export const collect = async (statements: AsyncIterable<Statement>): Promise<Stated[]> => {
  const stated: Stated[] = []
  for await (const { fact, background } of statements) {
    const { role, type } = fact
    stated.push({
      fact: { ...fact, receivedAt: fact.occurredAt },
      dimensions: background.dimensions,
      deadlines: background.instants.map((each) => ({ ...each, role, type })),
    })
  }
  return stated
}
