import { z } from 'zod'
import type { SandboxStore } from '../../../src/sandbox/store.ts'

const counter = z.object({ sequence: z.number().default(0) })
const outage = z.object({ system: z.string(), to: z.iso.datetime() })

/**
 * A sandbox's store that keeps nothing but what a simulation needs to know: how many changes each system has seen, and
 * when one that is down comes back (in ms).
 */
export const watchingStore = () => {
  const sequences = new Map<string, number>()
  const outages = new Map<string, number>()
  const store: SandboxStore = {
    load: async () => [],
    async write(changes) {
      for (const { collection, id, body } of changes) {
        if (collection === 'counter') sequences.set(id, counter.parse(body).sequence)
        if (collection !== 'ledger_outage') continue
        const { system, to } = outage.parse(body)
        outages.set(system, Math.max(outages.get(system) ?? 0, Date.parse(to)))
      }
    },
  }
  return {
    store,
    sequenceOf: (system: string): number => sequences.get(system) ?? 0,
    upAgainAt: (system: string): number => outages.get(system) ?? Number.NEGATIVE_INFINITY,
  }
}

export type Watching = Omit<ReturnType<typeof watchingStore>, 'store'>
