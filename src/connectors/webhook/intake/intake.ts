import { createHash } from 'node:crypto'
import type { ParsedSignal, RequestHead, Verified, WebhookIntake } from '../../../app/connector.ts'
import { type Json, readDocument } from '../mapping/document.ts'
import { factsIn, readInstant } from '../mapping/facts.ts'
import { holds } from '../mapping/path.ts'
import { checkEvent, eventIn } from './cloudevents.ts'
import type { IntakeConfig } from './config.ts'
import { verifyDelivery } from './verify.ts'

/** A key of the deliveries' table: long ones are kept as their hash. */
const MAX_KEY_CHARS = 200

const hashOf = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex')
const keyOf = (id: string): string => (id.length <= MAX_KEY_CHARS ? id : hashOf(id))

/** The id that the delivery names in its body; undefined where it names none. */
const idInBody = (config: IntakeConfig, body: Buffer): string | undefined => {
  const { delivery_id: declared } = config
  if (!declared || !('path' in declared)) return undefined
  try {
    const id = declared.path.of(readDocument(body))
    return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined
  } catch {
    return undefined
  }
}

const isIgnored = ({ ignore }: IntakeConfig, document: Json): boolean => {
  try {
    return ignore !== undefined && holds(ignore, document)
  } catch {
    return false
  }
}

/** What is sent to `/hooks/<system>`: verified as declared, and read by the declared mappings. */
export const createIntake = (config: IntakeConfig, now: () => Date): WebhookIntake => ({
  maxBytes: config.max_bytes,

  verify(head: RequestHead, raw: Buffer): Verified {
    const sender = verifyDelivery(config.verify, head, raw)
    if (!sender.ok) return sender
    const event = config.cloudevents ? eventIn(head.headers, raw) : null
    const body = event?.body ?? raw
    const kept = event ? { body } : {}
    const declared = config.delivery_id
    if (declared && 'header' in declared) {
      const id = head.headers[declared.header]
      return id
        ? { ok: true, deliveryKey: keyOf(id), ...kept }
        : { ok: false, status: 400, reason: `the delivery's id (${declared.header}) is missing` }
    }
    // An event is the same event where both its source and its id are the same.
    const id = idInBody(config, body) ?? sender.id ?? (event ? `${event.source} ${event.id}` : undefined)
    return { ok: true, deliveryKey: id === undefined || id === '' ? hashOf(raw) : keyOf(id), ...kept }
  },

  parse(body): ParsedSignal {
    const document = readDocument(body)
    if (isIgnored(config, document)) return { facts: [], bad: [] }
    if (config.cloudevents) checkEvent(document)
    const read = factsIn(config.facts, document, now())
    const sentAt = config.sent_at && readInstant(config.sent_at, document)
    return sentAt ? { ...read, sentAt } : read
  },
})
