import { createShiftWorld, type ShiftWorld } from '../../support/shift-world.ts'
import type { Delivery } from '../../support/teams/deliver.ts'
import type { SeenMessage } from '../../support/teams/double.ts'
import type { Person } from '../../support/teams/world.ts'
import { key, MINUTE } from '../../support/world.ts'
import { postCard, type Rig, startRig } from './rig.ts'

/** Teams' surface in front of the real Baton: its store, its presses, its cards. */
export type Crew = Rig & {
  world: ShiftWorld
  /** Posts the card of this exception, as it is now, and answers the message's id. */
  post(exception: string): Promise<string>
  /** The card of the message as this person sees it. */
  shown(message: string, person: Person): SeenMessage
  /** Stock that differs between two systems, and whose mending a lead must approve; answers its exception's id. */
  drift(): Promise<string>
}

export async function startCrew(databaseUrl: string): Promise<Crew> {
  const world = await createShiftWorld(databaseUrl)
  const rig = await startRig()
  rig.host.onPress = world.host.press
  rig.host.onCard = world.host.card
  rig.host.onCommand = world.host.command
  const stock = (units: number) => ({
    type: 'inventory' as const,
    externalId: 'S1',
    keys: [key('stock', 'S1@A')],
    state: 'counted',
    quantities: { on_hand: units },
  })
  return {
    ...rig,
    world,
    post: async (exception) => {
      const card = await world.host.card(exception)
      if (!card) throw new Error(`there is no exception ${exception}`)
      return postCard(rig, card)
    },
    shown: (message, person) => {
      const found = rig.teams.see(rig.orders, person).find((each) => each.id === message)
      if (!found) throw new Error(`${person.name} sees no message ${message}`)
      return found
    },
    drift: async () => {
      await world.say(world.wms, stock(10))
      await world.say(world.erp, stock(8))
      await world.later(30 * MINUTE)
      return (await world.exception('stock-agrees')).id
    },
    stop: async () => {
      await rig.stop()
      await world.close()
    },
  }
}

/** Each intervention's action and result, in the order of the log. */
export const logOf = async ({ world }: Crew): Promise<unknown[]> =>
  (await world.interventions()).map(({ action, result }) => [action, result])

export const wasAnswered = (deliveries: Delivery[]): boolean =>
  deliveries.every((each) => each.state === 'answered' && each.status === 200)
