import type { Card } from '../../app/card.ts'
import { UserError, wordsOf } from '../../app/errors.ts'
import type { PressAnswer, PressInput } from '../../app/surface.ts'
import { type Outcome, outcomeOf, within } from '../kit/outcome.ts'
import { failureWords, findOffer, logFailure, NOT_RECORDED, saying } from '../kit/pressing.ts'
import { Recent } from '../kit/recent.ts'
import { type Actor, asCard, asWords, type Handling, type InvokeAnswer, keyOf } from './answer.ts'
import { type DialogAnswer, renderDialog, type Submitted, sayInDialog } from './dialog.ts'
import type { PressedButton } from './press-data.ts'
import { encodeRef } from './ref.ts'
import { renderTeamsCard, wordsCard } from './render.ts'

const STILL = 'Still being recorded. Baton writes to you when it is done.'
const GONE = 'This is no longer there.'

/** Teams sends an invoke again after 10 to 15 s, sometimes under a new id. */
const AGAIN_MS = 60_000
const REMEMBERED = 5_000

/**
 * What the same press is known by, whichever activity brings it: who pressed what, on which version. A press within a
 * minute after it is the same one sent again; a later one is new (what was refused then may be possible now). Where
 * the second reaches another replica at the turn of a minute it has another key, and is stale by then: still once.
 */
export const createPressKeys = (clock: () => Date): ((actor: Actor, button: PressedButton) => string) => {
  const firsts = new Recent<number>(REMEMBERED)
  return ({ identity }, { exception, action, version }) => {
    const business = keyOf('press', identity.externalId, exception, action, String(version))
    const now = clock().getTime()
    const known = firsts.get(business)
    const first = known !== undefined && now - known < AGAIN_MS ? known : now
    if (first === now) firsts.set(business, now)
    return `${business}:${Math.floor(first / AGAIN_MS)}`
  }
}

const inputOf = (
  { identity, activity }: Actor,
  { exception, action, version, on }: PressedButton,
  more: Pick<PressInput, 'values' | 'formOpenedAt' | 'interactionKey'>,
): PressInput => {
  const { conversation, message } = activity
  const post = on === 'post' && message ? { ref: encodeRef({ conversation, message }), redraws: false } : null
  return { identity, exception, action, version, ...more, ...(post ? { post } : {}) }
}

/** What is left of the time in which Teams wants its answer, in ms. */
const untilAck = (ackMs: number): (() => number) => {
  const startedAt = performance.now()
  return () => Math.max(0, ackMs - (performance.now() - startedAt))
}

/** Records a press. What takes longer than Teams waits goes on, and the person is told in their chat with Baton. */
const record = async (
  actor: Actor,
  input: PressInput,
  { host, calls, log, ackMs, track }: Handling,
): Promise<Outcome<PressAnswer> | null> => {
  const recorded = outcomeOf(host.press(input))
  const { exception, action } = input
  track(recorded)
  const early = await within(recorded, ackMs)
  const logged = (outcome: Outcome<PressAnswer>): void => {
    if (outcome.ok) return
    logFailure(log, outcome.error, { surface: 'teams', exception, action }, 'A press was not recorded')
  }
  if (early) logged(early)
  else {
    const late = recorded.then(async (outcome) => {
      logged(outcome)
      const told = await calls.notify(actor.identity.externalId, wordsCard(wordsFor(outcome)))
      if (!told.ok)
        log.warn({ surface: 'teams', failure: told.failure.is }, 'A late answer was not delivered')
    })
    track(late)
  }
  return early
}

const wordsFor = (outcome: Outcome<PressAnswer>): string =>
  outcome.ok ? outcome.value.message : failureWords(outcome.error, NOT_RECORDED)

/** A press that needs nothing more: recorded first, answered then. */
export async function press(
  actor: Actor,
  button: PressedButton,
  interactionKey: string,
  handling: Handling,
): Promise<InvokeAnswer> {
  const input = inputOf(actor, button, { values: {}, formOpenedAt: null, interactionKey })
  const outcome = await record(actor, input, handling)
  if (!outcome) return asWords(STILL)
  if (!outcome.ok) return asWords(wordsFor(outcome))
  const { result, message, card } = outcome.value
  // A list is of many: only where its button is old, the card that the person has to decide on takes its place.
  if (button.on === 'list')
    return result === 'stale' ? asCard(drawn(saying(message, card), actor)) : asWords(message)
  const silent = button.on === 'post' && result === 'acted'
  const as = button.on === 'post' ? 'post' : 'reply'
  return asCard(drawn(silent ? card : saying(message, card), actor, as))
}

const drawn = (card: Card, { activity }: Actor, as: 'post' | 'reply' = 'reply') =>
  renderTeamsCard({ ...card, tell: [] }, as, [activity.from.id])

/** A card as it is now, for a client that may show an old one. */
export async function refresh(
  ref: string,
  as: 'post' | 'reply',
  actor: Actor,
  { host, ackMs, log }: Handling,
): Promise<InvokeAnswer> {
  const current = await within(outcomeOf(host.card(ref)), ackMs)
  if (current?.ok && current.value) return asCard(drawn(current.value, actor, as))
  if (current && !current.ok)
    log.error({ surface: 'teams', card: ref, problem: wordsOf(current.error) }, 'A card was not read')
  return asWords(current?.ok ? GONE : 'Baton could not read this just now.')
}

/**
 * A press that asks for something first: opens a dialog on what the exception is now. Where the card no longer offers
 * the action, it is an ordinary press, so that it is logged and answered like one.
 */
export async function openDialog(
  actor: Actor,
  button: PressedButton,
  interactionKey: string,
  handling: Handling,
): Promise<DialogAnswer> {
  const { host, log, clock, ackMs } = handling
  const left = untilAck(ackMs)
  const openedAt = clock()
  const { exception, action } = button
  const current = await within(outcomeOf(host.card(exception)), ackMs)
  if (!current?.ok) {
    const problem = current ? wordsOf(current.error) : 'it took too long'
    log.error({ surface: 'teams', exception, action, problem }, 'A form was not opened')
    return sayInDialog(failureWords(current?.error, 'Baton could not open the form. Press again.'))
  }
  const offered = current.value && findOffer(current.value, action)
  if (current.value && offered) {
    return renderDialog(current.value, offered, { ...button, version: offered.version }, openedAt)
  }
  const input = inputOf(actor, button, { values: {}, formOpenedAt: null, interactionKey })
  const outcome = await record(actor, input, { ...handling, ackMs: left() })
  return sayInDialog(outcome ? wordsFor(outcome) : STILL)
}

/** A form that was sent: it closes, it keeps what was typed and shows what is wrong with it, or it says what became of it. */
export async function submit(
  actor: Actor,
  { button, openedAt, values }: Submitted,
  handling: Handling,
): Promise<DialogAnswer> {
  const left = untilAck(handling.ackMs)
  const { exception, action, version, on } = button
  const who = actor.identity.externalId
  const content = JSON.stringify(Object.entries(values).sort())
  const interactionKey = keyOf(
    'form',
    who,
    exception,
    action,
    String(version),
    openedAt.toISOString(),
    content,
  )
  const input = inputOf(actor, button, { values, formOpenedAt: openedAt, interactionKey })
  const outcome = await record(actor, input, handling)
  if (!outcome) return sayInDialog(STILL)
  if (outcome.ok && outcome.value.result === 'acted' && on === 'post') return null
  if (!outcome.ok && outcome.error instanceof UserError) {
    const read = await within(outcomeOf(handling.host.card(exception)), left())
    const current = read?.ok ? read.value : null
    const offered = current && findOffer(current, action)
    if (current && offered && offered.inputs.length > 0) {
      return renderDialog(current, offered, button, openedAt, { values, words: outcome.error.message })
    }
  }
  return sayInDialog(wordsFor(outcome))
}
