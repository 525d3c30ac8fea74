import { createBatchDesk } from './batch-desk.ts'
import { createBatchPress } from './batch-press.ts'
import type { Card } from './card.ts'
import { createCardOf } from './card-of.ts'
import { batchOf, escalationOf, handoverOf } from './card-ref.ts'
import { cardText } from './card-text.ts'
import type { Command } from './command.ts'
import { decideGrace } from './grace-desk.ts'
import { takenOver } from './handover.ts'
import { homeCard } from './home.ts'
import { channelsOf, type People, personBehind } from './people.ts'
import { createPeopleDesk } from './people-desk.ts'
import type { Clock, Store } from './ports.ts'
import type { PressDeps } from './press.ts'
import { createPress } from './press.ts'
import type { Queries } from './queries.ts'
import { createRedraw } from './redraw.ts'
import { runCommand } from './run-command.ts'
import { createSubjectDesk } from './split.ts'
import { storable } from './storable.ts'
import type { PressInput, SurfaceHost } from './surface.ts'
import { showHandovers } from './tend.ts'

export type HostDeps = {
  press: PressDeps
  store: Store
  people: People
  clock: Clock
  commands: readonly Command[]
  queries: Queries
  /** IANA zone in which "today" is meant. */
  zone: string
  /** What Baton calls a channel of a surface; null for one that it does not know. */
  channelNamed: (surface: string, native: string) => string | null
}

/** In place of a card that cannot be shown now. */
const unshown = (ref: string, message: string): Card => {
  const [title, again] =
    batchOf(ref) === null ? [`Exception ${ref}`, `; "open ${ref}" asks for it again`] : ['Many at once', '']
  const text = `${message} The card cannot be shown at the moment${again}.`
  return { title, tone: 'neutral', summary: message, blocks: [{ kind: 'text', text }] }
}

/** Which exception a press is about: that of the card, or one of those that a handover lists. */
const aimed = (input: PressInput): PressInput =>
  handoverOf(input.exception) === null
    ? { ...input, exception: escalationOf(input.exception) ?? input.exception }
    : { ...input, ...takenOver(input.action) }

/**
 * What every surface may ask of Baton: the same answers everywhere, in the same words. Texts come from people and from
 * platforms, so that they are made storable before anything is done with them.
 */
export const createHost = ({
  press: pressDeps,
  store,
  people,
  clock,
  commands,
  queries,
  zone,
  channelNamed,
}: HostDeps): SurfaceHost => {
  const pressException = createPress(pressDeps)
  const pressBatch = createBatchPress(pressDeps)
  const subjects = createSubjectDesk(pressDeps)
  const peopleDesk = createPeopleDesk({ store, people, clock })
  const cardOf = createCardOf(queries, clock)
  const card = async (ref: string): Promise<Card | null> => (await cardOf(storable(ref)))?.card ?? null
  return {
    queries,
    card,
    redraw: createRedraw({ store, clock, cardOf }),

    async press(given, onStored) {
      const input = storable(given)
      const batch = batchOf(input.exception)
      const { result, message } =
        batch === null ? await pressException(aimed(input), input.exception) : await pressBatch(batch, input)
      onStored?.()
      // Whoever took something over from a handover sees that at once; the others within seconds.
      if (handoverOf(input.exception) !== null) await showHandovers(pressDeps).catch(() => {})
      // The press is stored: a card that cannot be read now must not make it look as if it were not.
      const current = await card(input.exception).catch(() => null)
      return { result, message, card: current ?? unshown(input.exception, message) }
    },

    async home(given) {
      const identity = storable(given)
      const now = clock()
      const owner = await store.transaction(async (tx) => ({
        person: await personBehind(tx, people, identity, now),
        channels: await channelsOf(tx, people, identity),
      }))
      return homeCard(owner, queries, now)
    },

    async command(given) {
      const { identity, channel, text, interactionKey } = storable(given)
      const now = clock()
      const asker = await store.transaction((tx) => personBehind(tx, people, identity, now))
      const by = { person: asker, surface: identity.surface, interactionKey }
      const answer = await runCommand(commands, text, {
        asker,
        channel,
        now,
        zone,
        queries,
        subjects,
        people: peopleDesk,
        batches: createBatchDesk(
          { store, setup: pressDeps.setup, clock, queries },
          asker,
          channel === null ? null : channelNamed(identity.surface, channel),
        ),
        cardOf: card,
        retireNote: (note) => store.transaction((tx) => tx.retireNote(note, asker.id, now)),
        decideGrace: (decision) =>
          store.transaction((tx) => decideGrace(tx, pressDeps.setup, decision, by, now)),
      })
      if (answer.command !== null) {
        const { command } = answer
        await store.transaction((tx) =>
          tx.logCommand({ at: now, person: asker, command, surface: identity.surface, interactionKey }),
        )
      }
      return { card: answer.card, text: cardText(answer.card) }
    },
  }
}
