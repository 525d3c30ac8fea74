import type { types } from '@slack/bolt'
import type { Card, CardButton } from '../../app/card.ts'
import { UserError, wordsOf } from '../../app/errors.ts'
import type { PressAnswer } from '../../app/surface.ts'
import { failureWords, type Handling, replaceCard, showCard, tell } from './answer.ts'
import type { ButtonValue } from './button-value.ts'
import { refusalOf } from './errors.ts'
import { renderForm, renderOutcome } from './form.ts'
import { type Outcome, outcomeOf, within } from './outcome.ts'
import type { Pressed, Submitted } from './payload.ts'

type Decision = Exclude<ButtonValue, { kind: 'command' }>
export type FormResponse =
  | { response_action: 'update'; view: types.ModalView }
  | { response_action: 'errors'; errors: Record<string, string> }

const NOT_RECORDED = 'Baton could not record this. Look at the card, then press again.'

/**
 * A press: recorded first, acknowledged then. When recording takes long, it is acknowledged all the same before
 * Slack gives up, and answered when it is done.
 */
export async function press(
  pressed: Pressed,
  button: Decision,
  ack: () => Promise<void>,
  { host, log, ackMs }: Handling,
): Promise<void> {
  const { identity, key } = pressed
  const { exception, action, version } = button
  const recorded = outcomeOf(
    host.press({ identity, exception, action, version, values: {}, formOpenedAt: null, interactionKey: key }),
  )
  await within(recorded, ackMs)
  await ack()
  const outcome = await recorded
  if (!outcome.ok) {
    log.error(
      { surface: 'slack', exception, action, problem: wordsOf(outcome.error) },
      'A press was not recorded',
    )
    return tell(failureWords(outcome.error, NOT_RECORDED), pressed.responseUrl, log)
  }
  const { result, message, card } = outcome.value
  // The exception's own post is redrawn by the dispatcher. Anything else shows no change by itself.
  if (result === 'acted' && button.own) return
  if (result === 'stale' && !button.own) return showCard(saying(message, card), pressed.responseUrl, log)
  if (result === 'stale') await replaceCard(card, pressed.responseUrl, log)
  await tell(message, pressed.responseUrl, log)
}

const saying = (message: string, card: Card): Card => ({
  ...card,
  summary: message,
  blocks: [{ kind: 'text', text: message, tone: 'warning' }, ...card.blocks],
})

/**
 * A press that asks for values: opens a form on what the exception is now. Where the card no longer offers the
 * action, it is an ordinary press, so that it is logged and answered like one.
 */
export async function openForm(
  pressed: Pressed,
  button: Decision,
  ack: () => Promise<void>,
  handling: Handling,
): Promise<void> {
  const { host, web, log } = handling
  const { exception, action } = button
  // Acknowledged first: nothing is decided yet, and the trigger lives for three seconds.
  await ack()
  const openedAt = new Date()
  const current = await outcomeOf(host.card(exception))
  if (!current.ok) {
    log.error({ surface: 'slack', exception, action, problem: wordsOf(current.error) }, 'A card was not read')
    return tell(
      failureWords(current.error, 'Baton could not open the form. Press again.'),
      pressed.responseUrl,
      log,
    )
  }
  const card = current.value
  const offered = card && findOffer(card, action)
  if (!card || !offered) return press(pressed, button, async () => {}, handling)

  const { own } = button
  const context = {
    exception,
    action,
    version: offered.version,
    own,
    openedAt,
    responseUrl: pressed.responseUrl,
  }
  const opened = await outcomeOf(
    web.views.open({ trigger_id: pressed.triggerId, view: renderForm(card, offered, context) }),
  )
  if (opened.ok) return
  const refused = refusalOf(opened.error)
  // The same press was delivered twice: the form is open already.
  if (refused?.error === 'exchanged_trigger_id') return
  log.warn(
    { surface: 'slack', exception, action, problem: refused ?? wordsOf(opened.error) },
    'A form was not opened',
  )
  await tell('Slack did not open the form in time. Press again.', pressed.responseUrl, log)
}

const findOffer = (card: Card, action: string): CardButton | undefined =>
  card.blocks
    .flatMap((block) => (block.kind === 'buttons' ? block.buttons : []))
    .find(
      (each): each is CardButton =>
        each.kind === 'press' && each.action === action && each.enabled && each.inputs.length > 0,
    )

/** A form that was sent: recorded first, acknowledged then, and answered in the form itself. */
export async function submit(
  submitted: Submitted,
  ack: (response?: FormResponse) => Promise<void>,
  { host, web, log, ackMs }: Handling,
): Promise<void> {
  const { identity, key, context, values } = submitted
  const { exception, action, version, openedAt } = context
  const recorded = outcomeOf(
    host.press({ identity, exception, action, version, values, formOpenedAt: openedAt, interactionKey: key }),
  )
  const early = await within(recorded, ackMs)
  await ack(early ? formResponse(submitted, early) : say('Still being recorded…'))
  const outcome = await recorded
  if (!outcome.ok) {
    log.error(
      { surface: 'slack', exception, action, problem: wordsOf(outcome.error) },
      'A form was not recorded',
    )
  }
  if (!early) await sayLate(submitted, outcome, web, log)
  const stale = outcome.ok && outcome.value.result === 'stale' && context.own
  if (stale && context.responseUrl) await replaceCard(outcome.value.card, context.responseUrl, log)
}

/** A form that becomes a sentence. */
export const say = (words: string): FormResponse => ({
  response_action: 'update',
  view: renderOutcome(words),
})

const wordsFor = (outcome: Outcome<PressAnswer>): string =>
  outcome.ok ? outcome.value.message : failureWords(outcome.error, NOT_RECORDED)

/** How the form answers: it closes, it keeps what was typed and shows what is wrong with it, or it says why not. */
function formResponse(
  { context, firstField }: Submitted,
  outcome: Outcome<PressAnswer>,
): FormResponse | undefined {
  if (outcome.ok && outcome.value.result === 'acted' && context.own) return undefined
  if (!outcome.ok && outcome.error instanceof UserError && firstField) {
    return { response_action: 'errors', errors: { [firstField]: outcome.error.message } }
  }
  return say(wordsFor(outcome))
}

async function sayLate(
  { viewId, context }: Submitted,
  outcome: Outcome<PressAnswer>,
  web: Handling['web'],
  log: Handling['log'],
): Promise<void> {
  const words = wordsFor(outcome)
  const updated = await outcomeOf(web.views.update({ view_id: viewId, view: renderOutcome(words) }))
  // The form was closed meanwhile.
  if (!updated.ok && context.responseUrl) await tell(words, context.responseUrl, log)
}
