import type { types } from '@slack/bolt'
import type { Card } from '../../app/card.ts'
import { UserError, wordsOf } from '../../app/errors.ts'
import type { Delivered, PressAnswer, PressInput } from '../../app/surface.ts'
import { type Outcome, outcomeOf, within } from '../kit/outcome.ts'
import { failureWords, findOffer, logFailure, NOT_RECORDED, saying } from '../kit/pressing.ts'
import { type Answering, answering, answeringAtHome, type Handling } from './answer.ts'
import type { ButtonValue } from './button-value.ts'
import { IN_PLACE, respond } from './client.ts'
import { refusalOf } from './errors.ts'
import { renderForm, renderOutcome } from './form.ts'
import type { Pressed, Submitted } from './payload.ts'
import { decodeChannel, encodeRef } from './ref.ts'
import { renderCard } from './render.ts'

type Decision = Exclude<ButtonValue, { kind: 'command' }>
export type FormResponse =
  | { response_action: 'update'; view: types.ModalView }
  | { response_action: 'errors'; errors: Record<string, string> }

/**
 * A press: recorded first, acknowledged then, while its card is still being read. When recording takes long, it is
 * acknowledged all the same before Slack gives up, and answered when it is done.
 */
export async function press(
  pressed: Pressed,
  button: Decision,
  ack: () => Promise<void>,
  handling: Handling,
): Promise<void> {
  const { host, log, ackMs, whoIs } = handling
  const { identity, key } = pressed
  const { exception, action, version } = button
  const post = postOf(pressed, button, handling)
  let onStored = (): void => {}
  const stored = new Promise<void>((resolve) => {
    onStored = resolve
  })
  const recorded = outcomeOf(
    whoIs(identity).then((known) =>
      host.press(
        {
          identity: known,
          exception,
          action,
          version,
          values: {},
          formOpenedAt: null,
          interactionKey: key,
          ...noted(post),
        },
        onStored,
      ),
    ),
  )
  await Promise.race([stored, within(recorded, ackMs)])
  await ack()
  const outcome = await recorded
  const to = answerTo(pressed, handling)
  if (!outcome.ok) {
    logFailure(log, outcome.error, { surface: 'slack', exception, action }, 'A press was not recorded')
    return to.tell(failureWords(outcome.error, NOT_RECORDED))
  }
  const { result, message, card } = outcome.value
  if (post) await redraw(exception, post, handling)
  // The exception's own post has been redrawn, or will be by the dispatcher. Anything else shows no change by itself.
  if (result === 'acted' && button.own) return
  // The App Home is drawn anew whatever came of it.
  if (result === 'stale' && !button.own && pressed.homeHash === null) return to.show(saying(message, card))
  await to.tell(message)
}

/** The post that was pressed, and the way to redraw it that costs no `chat.update`; null where there is none. */
type PressedMessage = { ref: string; responseUrl: string | null }

/** An answer beside a post is no post. */
function postOf(
  { channel, ts, responseUrl }: Pick<Pressed, 'channel' | 'ts' | 'responseUrl'>,
  { own }: { own: boolean },
  { nameOf }: Handling,
): PressedMessage | null {
  if (!own || channel === null || ts === null) return null
  return { ref: encodeRef({ ...decodeChannel(nameOf(channel)), ts }), responseUrl }
}

const noted = (post: PressedMessage | null): Pick<PressInput, 'post'> =>
  post ? { post: { ref: post.ref, redraws: post.responseUrl !== null } } : {}

/** A post that is not redrawn now is left to the dispatcher. */
async function redraw(exception: string, post: PressedMessage, { host, log }: Handling): Promise<void> {
  const { responseUrl } = post
  if (responseUrl === null) return
  const write = async (card: Card): Promise<Delivered<null>> => {
    await respond(responseUrl, renderCard(card, 'post'), IN_PLACE)
    return { ok: true, value: null }
  }
  const done = await outcomeOf(host.redraw(exception, 'slack', write, post.ref))
  if (done.ok) return
  log.warn({ surface: 'slack', exception, problem: wordsOf(done.error) }, 'A pressed card was not redrawn')
}

/** Where the one who pressed looks for an answer. */
export const answerTo = (pressed: Pressed, handling: Handling): Answering =>
  pressed.homeHash === null
    ? answering(pressed, handling)
    : answeringAtHome(pressed.identity, pressed.homeHash, handling)

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
  const to = answerTo(pressed, handling)
  const current = await outcomeOf(host.card(exception))
  if (!current.ok) {
    log.error({ surface: 'slack', exception, action, problem: wordsOf(current.error) }, 'A card was not read')
    return to.tell(failureWords(current.error, 'Baton could not open the form. Press again.'))
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
    channel: pressed.channel,
    ts: pressed.ts,
    thread: pressed.thread,
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
  await to.tell('Slack did not open the form in time. Press again.')
}

/** A form that was sent: recorded first, acknowledged then, and answered in the form itself. */
export async function submit(
  submitted: Submitted,
  ack: (response?: FormResponse) => Promise<void>,
  handling: Handling,
): Promise<void> {
  const { host, log, ackMs, whoIs } = handling
  const { identity, key, context, values } = submitted
  const { exception, action, version, openedAt } = context
  const post = postOf(context, context, handling)
  const recorded = outcomeOf(
    whoIs(identity).then((known) =>
      host.press({
        identity: known,
        exception,
        action,
        version,
        values,
        formOpenedAt: openedAt,
        interactionKey: key,
        ...noted(post),
      }),
    ),
  )
  const early = await within(recorded, ackMs)
  await ack(early ? formResponse(submitted, early) : say('Still being recorded…'))
  const outcome = await recorded
  if (!outcome.ok) {
    logFailure(log, outcome.error, { surface: 'slack', exception, action }, 'A form was not recorded')
  }
  if (!early) await sayLate(submitted, outcome, handling)
  if (outcome.ok && post) await redraw(exception, post, handling)
  // Opened from the App Home, which shows no change by itself. The form has said what came of it.
  const { homes, web } = handling
  if (context.channel === null) await homes.show({ identity, whoIs, web, hash: null, notice: null })
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
  { identity, viewId, context }: Submitted,
  outcome: Outcome<PressAnswer>,
  handling: Handling,
): Promise<void> {
  const words = wordsFor(outcome)
  const view = renderOutcome(words)
  const updated = await outcomeOf(handling.web.views.update({ view_id: viewId, view }))
  if (updated.ok) return
  // The form was closed meanwhile.
  const to =
    context.channel === null
      ? answeringAtHome(identity, null, handling)
      : answering({ identity, ...context }, handling)
  await to.tell(words)
}
