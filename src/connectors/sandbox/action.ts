import { z } from 'zod'
import type { Acted, ActionTarget, RoutingAction } from '../../app/connector.ts'
import { type ObjectAction, objectAction } from '../kit/action.ts'
import type { SandboxClient } from './client.ts'

type Spec = Omit<ObjectAction, 'readObject' | 'send'> & {
  /** Read at `/<on>/<id>`, changed at `/<on>/<id>/<verb>`. */
  on: string
  verb: string
  body?(target: ActionTarget): unknown
}

/** A routing action on one object of a sandbox system. */
export const sandboxAction = (client: SandboxClient, system: string, spec: Spec): RoutingAction => {
  const { on, verb, body, ...action } = spec
  return objectAction(system, {
    ...action,
    readObject: ({ target, signal }) => client.object(on, target.externalId, signal),
    send: ({ target, signal }, key) =>
      client.post([on, target.externalId, verb], body?.(target) ?? {}, key, signal),
  })
}

const waiting = z.object({ answer_within_s: z.number().positive() })

/** Somebody else was asked, and the system says by when they answer. */
export const requestedUntil =
  (system: string, now: () => Date, words: string) =>
  (answer: unknown): Acted => {
    const asked = waiting.safeParse(answer)
    if (!asked.success) return { is: 'accepted', words: `${system} accepted it.` }
    return { is: 'requested', words, until: new Date(now().getTime() + asked.data.answer_within_s * 1000) }
  }
