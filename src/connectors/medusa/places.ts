import type { MedusaClient } from './client.ts'
import type { MedusaConfig } from './config.ts'
import type { Reader } from './facts.ts'

/** The shop's places, and how its rows are read with them. */
export type Places = { locations: string[]; reader: Reader }

/** Reads the shop's stock locations, each time anew: they are few, and one may be added or get another name. */
export const createPlaces =
  (client: MedusaClient, { locations: codes, channels, holdMetadataKey }: MedusaConfig) =>
  async (signal: AbortSignal): Promise<Places> => {
    const names = await client.locations(signal)
    const placeOf = (id: string): string => {
      const name = names.get(id)
      // A location that was deleted still stands on old fulfillments.
      return codes[id] ?? (name === undefined ? id : (codes[name] ?? name))
    }
    return { locations: [...names.keys()].sort(), reader: { channels, holdMetadataKey, placeOf } }
  }
