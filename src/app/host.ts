import type { Card } from './card.ts'
import { cardText } from './card-text.ts'
import type { Command } from './command.ts'
import { exceptionCard } from './exception-card.ts'
import { decideGrace } from './grace-desk.ts'
import { type People, personBehind } from './people.ts'
import type { Clock, Store } from './ports.ts'
import type { PressDeps } from './press.ts'
import { createPress } from './press.ts'
import type { Queries } from './queries.ts'
import { runCommand } from './run-command.ts'
import { createSubjectDesk } from './split.ts'
import type { SurfaceHost } from './surface.ts'

export type HostDeps = {
  press: PressDeps
  store: Store
  people: People
  clock: Clock
  commands: readonly Command[]
  queries: Queries
  /** IANA zone in which "today" is meant. */
  zone: string
}

/** In place of a card that cannot be shown now. */
const unshown = (id: string, message: string): Card => ({
  title: `Exception ${id}`,
  tone: 'neutral',
  summary: message,
  blocks: [
    {
      kind: 'text',
      text: `${message} The card cannot be shown at the moment; "open ${id}" asks for it again.`,
    },
  ],
})

/** What every surface may ask of Baton: the same answers everywhere, in the same words. */
export const createHost = ({
  press: pressDeps,
  store,
  people,
  clock,
  commands,
  queries,
  zone,
}: HostDeps): SurfaceHost => {
  const press = createPress(pressDeps)
  const subjects = createSubjectDesk(pressDeps)
  const card = async (exception: string): Promise<Card | null> => {
    const detail = await queries.getException(exception)
    return detail && exceptionCard(detail)
  }
  return {
    queries,
    card,

    async press(input) {
      const { result, message } = await press(input)
      // The press is stored: a card that cannot be read now must not make it look as if it were not.
      const current = await card(input.exception).catch(() => null)
      return { result, message, card: current ?? unshown(input.exception, message) }
    },

    async command({ identity, channel, text, interactionKey }) {
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
        cardOf: card,
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
