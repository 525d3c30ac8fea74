import type { Card, CardButton } from '../../app/card.ts'
import { UserError, wordsOf } from '../../app/errors.ts'
import type { Log } from '../../app/log.ts'

/** What chat platforms have in common in taking a press and answering it. */

export const NOT_RECORDED = 'Baton could not record this. Look at the card, then press again.'
export const NO_ANSWER = 'Baton could not answer this just now. Try again in a moment.'

/** What a person is told when Baton failed. Words of a UserError are meant for them; anything else is not. */
export const failureWords = (error: unknown, otherwise: string): string =>
  error instanceof UserError ? error.message : otherwise

/** Logs that something was not done: as an error only where Baton failed, and not where a person has to mend it. */
export const logFailure = (log: Log, error: unknown, about: object, message: string): void => {
  const level = error instanceof UserError ? 'info' : 'error'
  log[level]({ ...about, problem: wordsOf(error) }, message)
}

/** A card with what there is to say about it first. */
export const saying = (message: string, card: Card): Card => ({
  ...card,
  summary: message,
  blocks: [{ kind: 'text', text: message, tone: 'warning' }, ...card.blocks],
})

/** The button on the card as it is now, where it still asks for something. */
export const findOffer = (card: Card, action: string): CardButton | undefined =>
  card.blocks
    .flatMap((block) => (block.kind === 'buttons' ? block.buttons : []))
    .find(
      (each): each is CardButton =>
        each.kind === 'press' &&
        each.action === action &&
        each.enabled &&
        (each.inputs.length > 0 || each.confirm !== null),
    )
